"""Simulated checks: paired answers drawn by the thousand, decided by the shipped boundaries.

`decide` uses the same tail and the same levels as `gatekeeper.statistics.assess`; a test holds
the two equal. Equal counts are computed once, so a cell of 2,000 checks takes about a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rivals import tango

from gatekeeper.statistics import MeanTest, look_schedule
from gatekeeper.statistics.assessment import boundaries
from gatekeeper.statistics.null_tail import Array, lattice_step, lower_tail, upper_tail

PAIRED = np.array([-1.0, 0.0, 1.0])
BINARY = np.array([0.0, 1.0])
LOOK_EVERY = 25


@dataclass(frozen=True)
class Outcome:
    """What became of many checks of one kind; shares and sample counts."""

    passed: float
    failed: float
    mean_samples: float
    median_samples: float


@dataclass(frozen=True)
class Cell:
    """One situation: at most `horizon` samples, `flips` of them change, mean `effect`."""

    horizon: int
    flips: float
    margin: float
    effect: float

    @property
    def shares(self) -> tuple[float, float, float]:
        """Shares of lost, unchanged and gained samples."""
        lost, gained = (self.flips - self.effect) / 2, (self.flips + self.effect) / 2
        return lost, 1 - lost - gained, gained


def looks_of(horizon: int) -> NDArray[np.int64]:
    return np.array(look_schedule(horizon, LOOK_EVERY))


def draw(
    seed: int, checks: int, looks: NDArray[np.int64], shares: tuple[float, ...] | Array
) -> Array:
    """Counts (checks, looks, values) of how often each value was seen so far."""
    random = np.random.default_rng(seed)
    steps = np.diff(looks, prepend=0)
    new = [random.multinomial(step, shares, size=checks) for step in steps]
    return np.cumsum(np.stack(new, axis=1), axis=1).astype(np.float64)


def decide(
    values: Array, counts: Array, looks: NDArray[np.int64], limit: float, alpha: float = 0.05
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The shipped test: (checks, looks) booleans, shown to be above and below the limit."""
    low, high = (-1.0, 1.0) if values.min() < 0 else (0.0, 1.0)
    step = lattice_step(values)
    test = MeanTest(limit, alpha, low, high)
    passing, failing = boundaries(test, tuple(looks.tolist()), int(looks[-1]))
    above = _once(lambda c: upper_tail(values, c, limit, low, step), counts)
    below = _once(lambda c: lower_tail(values, c, limit, high, step), counts)
    return above <= passing, below <= failing


def _once(tail: Callable[[Array], Array], counts: Array) -> Array:
    flat = np.ascontiguousarray(counts.reshape(-1, counts.shape[-1]))
    unique, back = np.unique(flat, axis=0, return_inverse=True)
    return np.asarray(tail(unique)[back.ravel()].reshape(counts.shape[:-1]))


def settle(above: NDArray[np.bool_], below: NDArray[np.bool_], looks: NDArray[np.int64]) -> Outcome:
    """The first look that shows something ends a check."""
    never = len(looks)
    up = np.where(above.any(axis=1), above.argmax(axis=1), never)
    down = np.where(below.any(axis=1), below.argmax(axis=1), never)
    used = looks[np.minimum(np.minimum(up, down), never - 1)]
    return Outcome(
        passed=float((up < down).mean()),
        failed=float((down < up).mean()),
        mean_samples=float(used.mean()),
        median_samples=float(np.median(used)),
    )


@dataclass(frozen=True)
class Characteristics:
    """One row of the table: the shipped test and the fixed-N reference in one cell."""

    cell: Cell
    at_limit: Outcome
    unchanged: Outcome
    fixed_at_limit: float
    fixed_unchanged: float


def characteristics(cell: Cell, checks: int, seed: int) -> Characteristics:
    """Run `checks` checks at the limit (mean d = -margin) and as many without any loss."""
    looks = looks_of(cell.horizon)
    limit = -cell.margin
    null = draw(seed, checks, looks, Cell(cell.horizon, cell.flips, cell.margin, limit).shares)
    same = draw(seed + 1, checks, looks, Cell(cell.horizon, cell.flips, cell.margin, 0.0).shares)
    return Characteristics(
        cell=cell,
        at_limit=settle(*decide(PAIRED, null, looks, limit), looks),
        unchanged=settle(*decide(PAIRED, same, looks, limit), looks),
        fixed_at_limit=float(tango(null, limit, 0.05)[0].mean()),
        fixed_unchanged=float(tango(same, limit, 0.05)[0].mean()),
    )


def largest_by_luck(alpha: float, checks: int) -> float:
    """Alpha and two standard errors of a simulation: more than this is no luck."""
    return float(alpha + 2 * np.sqrt(alpha * (1 - alpha) / checks))
