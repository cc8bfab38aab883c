"""Decide recorded checks again: the same evidence under another policy, or the same one.

Possible because the verdict is a pure function and the evidence contains the paired samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatekeeper.decision.decide import decide
from gatekeeper.verdict import Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck

if TYPE_CHECKING:
    from gatekeeper.errors import GateError
    from gatekeeper.policy import LoadedPolicy
    from gatekeeper.registry import Registry

__all__ = ["Change", "replay"]


@dataclass(frozen=True)
class Change:
    """One recorded check, its verdict then, and the verdict under the other policy."""

    check: RecordedCheck
    after: Verdict
    serves: tuple[str, ...] = ()
    """Channels that serve the candidate because of this check."""


def replay(registry: Registry, loaded: LoadedPolicy, skipped: list[GateError]) -> Iterator[Change]:
    """Decide every recorded check under `loaded`, oldest first, but for those `skipped`."""
    state = registry.state()
    for check in registry.load_checks(state.checks, skipped):
        after = decide(check.evidence, loaded, check.verdict.history)
        serves = tuple(
            name
            for name, channel in state.channels.items()
            if channel.serving.check_id == check.check_id
        )
        yield Change(check, after, serves)
