"""The rule that refuses a channel's name and the event that records it agree on every name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gatekeeper.errors import RegistryError
from gatekeeper.registry.events import BASE, ChannelName
from gatekeeper.registry.move_rules import check_channel_name

RECORDED = TypeAdapter(ChannelName)


def allowed(name: str) -> bool:
    try:
        check_channel_name(name)
    except RegistryError:
        return False
    return True


def recordable(name: str) -> bool:
    try:
        RECORDED.validate_python(name)
    except ValidationError:
        return False
    return True


@given(st.text("ab09._-A/ \n\r", max_size=70) | st.text(max_size=4))
def test_a_name_that_may_be_moved_can_be_recorded_and_no_other(name: str) -> None:
    assert allowed(name) == (recordable(name) and name != BASE)


@pytest.mark.parametrize("name", ["production\n", "production\r\n", "", ".hidden", "a" * 65])
def test_what_would_be_another_file_name_is_refused(name: str) -> None:
    assert not allowed(name)
    assert not recordable(name)
