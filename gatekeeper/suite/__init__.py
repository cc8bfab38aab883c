"""Suites: which tasks measure which capability, read and pinned. Nothing is rendered or scored."""

from gatekeeper.suite.suite import (
    BUILTIN_FOLDER,
    MEASURED_NAME,
    Capability,
    Suite,
    TaskRef,
    content_digest,
    find_suites,
    load_suite,
    pin_suite,
)

__all__ = [
    "BUILTIN_FOLDER",
    "MEASURED_NAME",
    "Capability",
    "Suite",
    "TaskRef",
    "content_digest",
    "find_suites",
    "load_suite",
    "pin_suite",
]
