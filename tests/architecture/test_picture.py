"""The picture of the floors is drawn from the code, and is the one that the code gives now."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

import architecture
from house.imports import circles, longest_chain, without_shortcuts
from house.layout import lay_out
from house.plan import read_plan

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_up_to_date() -> None:
    picture = architecture.PICTURE.read_text(encoding="utf-8")
    assert picture == architecture.current_picture(), "the house has changed: make architecture"


def test_every_room_is_in_the_picture() -> None:
    plan = read_plan(ROOT / "pyproject.toml")
    assert plan is not None
    labels = {node.text for node in ET.parse(architecture.PICTURE).iter(f"{SVG}text")}
    assert {f"{room}/" for room in plan.rooms} <= labels | {
        f"{(label or '').removesuffix('.py')}/" for label in labels
    }


def test_the_picture_can_be_read_in_the_light_and_in_the_dark() -> None:
    assert "prefers-color-scheme: dark" in architecture.PICTURE.read_text(encoding="utf-8")


def test_an_arrow_that_a_longer_way_replaces_is_not_drawn() -> None:
    arrows = {"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset()}
    assert without_shortcuts(arrows) == {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset()}


def test_a_circle_is_found_and_counts_as_one_floor() -> None:
    arrows = {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("b"), "d": frozenset()}
    assert circles(arrows) == [("b", "c")]
    assert longest_chain(arrows) == 2


def test_rooms_of_one_floor_do_not_overlap() -> None:
    floors = [["a"], ["b", "c", "d"], ["e"]]
    arrows = {"a": frozenset("bcd"), "b": frozenset("e"), "c": frozenset("e"), "d": frozenset("e")}
    widths = dict.fromkeys("abcde", 50.0)
    placed = lay_out(floors, arrows, widths).centres
    middle = sorted(placed[room] for room in "bcd")
    assert all(right - left >= 50 for left, right in itertools.pairwise(middle))
