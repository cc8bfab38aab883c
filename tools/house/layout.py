"""Where each room and each arrow goes in the picture of the floors.

The layered drawing of Sugiyama, Tagawa and Toda (1981): the floors are given, long arrows pass each
floor through a slot of their own, the order on a floor is chosen for few crossings, and places are
chosen for straight lines. Everything is deterministic: the same graph gives the same picture.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Layout", "Route", "lay_out"]

GAP = 20.0
SLOT = 8.0
RESTARTS = 60
SWEEPS = 12

Place = tuple[str, str | None]
"""A room, or the slot of an arrow (from, to) that passes a floor."""


@dataclass(frozen=True)
class Route:
    """One arrow: the centre of its way on each floor from the upper room to the lower one."""

    above: str
    below: str
    first_floor: int
    """Index of the upper room's floor; 0 is the highest."""
    centres: tuple[float, ...]


@dataclass(frozen=True)
class Layout:
    """Centres of the rooms along the x axis, from 0 to `width`, and the ways of the arrows."""

    centres: dict[str, float]
    routes: tuple[Route, ...]
    width: float


def lay_out(
    floors: Sequence[Sequence[str]],
    arrows: Mapping[str, frozenset[str]],
    widths: Mapping[str, float],
) -> Layout:
    """Place rooms that stand on given floors, highest first. Arrows lead downwards only."""
    height = {room: i for i, rooms in enumerate(floors) for room in rooms}
    pairs = sorted((a, b) for a, targets in arrows.items() for b in targets)
    ways = {pair: _way(pair, height) for pair in pairs}
    layers: list[list[Place]] = [[(room, None) for room in rooms] for rooms in floors]
    for pair, way in ways.items():
        for i, place in enumerate(way[1:-1], height[pair[0]] + 1):
            layers[i].append(place)
    lines = [(a, b) for way in ways.values() for a, b in itertools.pairwise(way)]
    layers = _fewest_crossings(layers, lines)
    size = {p: SLOT if p[1] else widths[p[0]] for layer in layers for p in layer}
    centres = _straight(layers, lines, size)
    left = min(x - size[p] / 2 for p, x in centres.items())
    right = max(x + size[p] / 2 for p, x in centres.items())
    return Layout(
        centres={p[0]: x - left for p, x in centres.items() if p[1] is None},
        routes=tuple(
            Route(a, b, height[a], tuple(centres[p] - left for p in way))
            for (a, b), way in ways.items()
        ),
        width=right - left,
    )


def _way(pair: tuple[str, str], height: Mapping[str, int]) -> list[Place]:
    above, below = pair
    slots = height[below] - height[above] - 1
    return [(above, None), *((f"{above}@{i}", below) for i in range(slots)), (below, None)]


def _neighbours(lines: Sequence[tuple[Place, Place]]) -> dict[Place, list[Place]]:
    found: dict[Place, list[Place]] = {}
    for a, b in lines:
        found.setdefault(a, []).append(b)
        found.setdefault(b, []).append(a)
    return found


def _fewest_crossings(
    layers: list[list[Place]], lines: Sequence[tuple[Place, Place]]
) -> list[list[Place]]:
    """Barycentre sweeps from several beginnings; the best order wins."""
    beside, chance = _neighbours(lines), random.Random(0)
    best, fewest = layers, _crossings(layers, lines)
    for restart in range(RESTARTS):
        order = [list(layer) for layer in layers]
        if restart:
            for layer in order:
                chance.shuffle(layer)
        for sweep in range(SWEEPS):
            downwards = sweep % 2 == 0
            numbers = range(1, len(order)) if downwards else range(len(order) - 2, -1, -1)
            for i in numbers:
                fixed = order[i - 1 if downwards else i + 1]
                at = {place: n for n, place in enumerate(fixed)}
                now = {place: n for n, place in enumerate(order[i])}

                def middle(place: Place, at: dict[Place, int] = at, now: dict[Place, int] = now):
                    near = [at[other] for other in beside.get(place, ()) if other in at]
                    return (sum(near) / len(near) if near else now[place], now[place])

                order[i].sort(key=middle)
            crossed = _crossings(order, lines)
            if crossed < fewest:
                best, fewest = [list(layer) for layer in order], crossed
    return best


def _crossings(layers: Sequence[Sequence[Place]], lines: Sequence[tuple[Place, Place]]) -> int:
    at = {place: (i, n) for i, layer in enumerate(layers) for n, place in enumerate(layer)}
    by_floor: dict[int, list[tuple[int, int]]] = {}
    for a, b in lines:
        by_floor.setdefault(at[a][0], []).append((at[a][1], at[b][1]))
    return sum(
        (a - c) * (b - d) < 0
        for found in by_floor.values()
        for n, (a, b) in enumerate(found)
        for c, d in found[n + 1 :]
    )


def _straight(
    layers: Sequence[Sequence[Place]],
    lines: Sequence[tuple[Place, Place]],
    size: Mapping[Place, float],
) -> dict[Place, float]:
    """Pull every place towards its neighbours, floor by floor, and keep the distances."""
    beside = _neighbours(lines)
    centres: dict[Place, float] = {}
    for layer in layers:
        x = 0.0
        for place in layer:
            centres[place] = x + size[place] / 2
            x += size[place] + GAP
        for place in layer:
            centres[place] -= x / 2
    for _ in range(200):
        for layer in layers:
            wanted = [_pulled(place, beside, centres) for place in layer]
            for place, x in zip(layer, _spaced(layer, wanted, size), strict=True):
                centres[place] = x
    return centres


def _pulled(
    place: Place, beside: Mapping[Place, Sequence[Place]], centres: Mapping[Place, float]
) -> tuple[float, float]:
    """Where a place would like to be, and how much: long arrows want to be straight."""
    weights = [(8.0 if place[1] and other[1] else 2.0 if place[1] or other[1] else 1.0, other)
               for other in beside.get(place, ())]  # fmt: skip
    total = sum(weight for weight, _ in weights)
    if not total:
        return centres[place], 0.1
    return sum(weight * centres[other] for weight, other in weights) / total, total


def _spaced(
    layer: Sequence[Place], wanted: Sequence[tuple[float, float]], size: Mapping[Place, float]
) -> list[float]:
    """Least weighted squares under the distances (pool adjacent violators)."""
    offsets, x = [], 0.0
    for n, place in enumerate(layer):
        x += 0.0 if n == 0 else (size[layer[n - 1]] + size[place]) / 2 + GAP
        offsets.append(x)
    blocks: list[list[float]] = []  # mean, weight, members
    for (want, weight), offset in zip(wanted, offsets, strict=True):
        blocks.append([want - offset, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, heavy, members = blocks.pop()
            before = blocks[-1]
            before[0] = (before[0] * before[1] + mean * heavy) / (before[1] + heavy)
            before[1] += heavy
            before[2] += members
    means = [mean for mean, _, members in blocks for _ in range(int(members))]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
