"""Event files of any content: typed errors at most, and no promotion without a verdict."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from draws import draws
from hypothesis import given
from hypothesis import strategies as st
from strange_logs import CHANNELS, CHECKS, DIGESTS, bodies, json_values, read_everything, write_log

from gatekeeper.errors import GateError, RegistryError
from gatekeeper.registry import By, ChannelRules, Registry
from gatekeeper.registry.event_log import event_file
from gatekeeper.registry.events import CheckRecorded, RolledBack
from gatekeeper.registry.move_rules import permit_promotion
from gatekeeper.registry.sealed_json import seal
from gatekeeper.verdict import Decision

few = draws(40)


@contextmanager
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp())
    try:
        yield path
    finally:
        shutil.rmtree(path)


@few
@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_as_an_event_are_a_typed_error(data: bytes) -> None:
    with folder() as root:
        registry = write_log(root / "r", [])
        (registry.log.folder / event_file(1)).write_bytes(data)
        with pytest.raises(RegistryError):
            registry.state()
        assert registry.verify() != []


@few
@given(st.dictionaries(st.text(max_size=8), json_values, min_size=1, max_size=6))
def test_any_sealed_document_as_an_event_is_a_typed_error(document: dict[str, Any]) -> None:
    with folder() as root:
        registry = write_log(root / "r", [])
        (registry.log.folder / event_file(1)).write_bytes(seal(document)[0])
        with pytest.raises(RegistryError):
            registry.state()
        assert registry.verify() != []


@few
@given(bodies(), st.text(max_size=12))
def test_a_log_full_of_nonsense_can_be_read(events: list[dict[str, Any]], name: str) -> None:
    with folder() as root:
        registry = write_log(root / "r", events)
        read_everything(registry)
        for channel in CHANNELS:
            with pytest.raises(GateError):
                registry.promote(channel, name, by=By("ana", "now"))


@few
@given(bodies())
def test_no_log_permits_a_promotion_without_a_standing_verdict(
    events: list[dict[str, Any]],
) -> None:
    """Permission implies: the newest word on this digest is promote, and no rollback came after."""
    with folder() as root:
        registry = write_log(root / "r", events)
        try:
            state = registry.folded()
        except GateError:
            return
        for channel in CHANNELS:
            for wanted in (*DIGESTS, *CHECKS):
                try:
                    check = permit_promotion(state, channel, wanted, ChannelRules())
                except RegistryError:
                    continue
                assert check.decision is Decision.PROMOTE
                later = [event for event in state.events if event.sequence > check.sequence]
                assert not [
                    event
                    for event in later
                    if isinstance(event, RolledBack) and event.before == check.candidate
                ]
                assert not [
                    event
                    for event in later
                    if isinstance(event, CheckRecorded)
                    and event.candidate == check.candidate
                    and event.candidate_kind != "base"
                    and event.policy_name == check.policy_name
                    and event.decision is not Decision.PROMOTE
                ]
                with pytest.raises(GateError):
                    # And even then: no bytes, no promotion.
                    Registry.open(registry.root).promote(channel, wanted, by=By("ana", "now"))
