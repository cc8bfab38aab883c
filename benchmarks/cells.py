"""The rows of every table of `benchmarks/decision.py`. Each function runs one cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rivals import (
    betting,
    exact_binomial,
    fixed_t,
    group_sequential,
    obrien_fleming,
    pocock,
    tango,
)
from simulation import BINARY, PAIRED, Cell, Outcome, decide, draw, looks_of, settle
from whole_policy import SCENARIOS, share_at_once, share_promoted

ALPHA = 0.05
HORIZONS = (200, 500, 2000, 5000)
MARGINS = (0.01, 0.02, 0.03, 0.05, 0.10)
FLIPS = (0.01, 0.02, 0.05, 0.10, 0.15, 0.30)
CELLS = tuple(Cell(n, f, m, 0.0) for n in HORIZONS for m in MARGINS for f in FLIPS if f >= m)
"""At least the margin must flip for the margin to be lost."""

METHODS = ("shipped", "betting", "O'Brien-Fleming, t", "Pocock, t", "fixed N, t", "fixed N, Tango")
SPEED = {
    "unchanged": Cell(2000, 0.05, 0.05, 0.0),
    "unchanged, many flips": Cell(2000, 0.15, 0.05, 0.0),
    "unchanged, small margin": Cell(2000, 0.15, 0.02, 0.0),
    "lost 15 points": Cell(2000, 0.15, 0.05, -0.15),
    "lost 15 points, 20% flips": Cell(2000, 0.20, 0.05, -0.15),
    "lost 15 points, 30% flips": Cell(2000, 0.30, 0.05, -0.15),
    "lost 20 points, 30% flips": Cell(2000, 0.30, 0.05, -0.20),
    "lost 10 points": Cell(2000, 0.15, 0.05, -0.10),
    "lost 10 points, small suite": Cell(500, 0.15, 0.05, -0.10),
    "at the margin": Cell(2000, 0.05, 0.05, -0.05),
    "at the margin, small suite": Cell(500, 0.05, 0.05, -0.05),
}
BARS = tuple((bar, n) for bar in (0.30, 0.50, 0.70, 0.85, 0.95) for n in (200, 500, 2000))
POOL = 400
POLICY = (*((name, None) for name in SCENARIOS), *((name, 1600) for name in list(SCENARIOS)[:2]))
"""Scenario and budget per suite; None when the budget does not bind."""
GRID = np.linspace(-1, 1, 41)


def by_method(cell: Cell, checks: int, seed: int) -> dict[str, Outcome]:
    """All methods on the same simulated checks."""
    looks, limit = looks_of(cell.horizon), -cell.margin
    counts = draw(seed, checks, looks, cell.shares)
    sequential = {
        "shipped": decide(PAIRED, counts, looks, limit),
        "betting": betting(counts, limit, ALPHA),
        "O'Brien-Fleming, t": group_sequential(counts, limit, obrien_fleming(looks, ALPHA)),
        "Pocock, t": group_sequential(counts, limit, pocock(looks, ALPHA)),
    }
    once = {
        "fixed N, t": fixed_t(counts, limit, ALPHA),
        "fixed N, Tango": tango(counts, limit, ALPHA),
    }
    found = {name: settle(*sides, looks) for name, sides in sequential.items()}
    for name, (above, below) in once.items():
        found[name] = settle(above[:, None], below[:, None], looks[-1:])
    return found


@dataclass(frozen=True)
class BarRow:
    """A bar on the candidate's own score."""

    bar: float
    horizon: int
    at_bar: Outcome
    score: float
    """A score that a fixed-N test would pass about four times in five."""
    better: Outcome
    exact: float


def bar_row(job: tuple[float, int], checks: int, seed: int) -> BarRow:
    bar, horizon = job
    looks = looks_of(horizon)
    score = min(0.995, bar + 2.5 * (bar * (1 - bar) / horizon) ** 0.5)
    at = draw(seed, checks, looks, (1 - bar, bar))
    better = draw(seed + 1, checks, looks, (1 - score, score))
    return BarRow(
        bar=bar,
        horizon=horizon,
        at_bar=settle(*decide(BINARY, at, looks, bar), looks),
        score=score,
        better=settle(*decide(BINARY, better, looks, bar), looks),
        exact=float(exact_binomial(better[:, -1, 1], horizon, bar, ALPHA).mean()),
    )


@dataclass(frozen=True)
class Graded:
    """Differences that are not right or wrong: F1, a probability, a share of points."""

    name: str
    width: float
    unchanged: float
    """Share of samples that stay exactly as they were."""
    lowest: float = -1.0

    def shares(self, mean: float) -> NDArray[np.float64]:
        """Shares over `GRID` with exactly this mean; single total changes make up the rest."""
        shape = np.exp(-((GRID / self.width) ** 2) / 2) * (self.lowest - 1e-9 <= GRID)
        shape = (1 - self.unchanged) * shape / shape.sum()
        shape[len(GRID) // 2] += self.unchanged
        end = 0 if mean < shape @ GRID else -1
        moved = (mean - shape @ GRID) / (GRID[end] - shape @ GRID)
        shape = (1 - moved) * shape
        shape[end] += moved
        return np.asarray(shape)


GRADED = (
    Graded("small changes everywhere", 0.08, 0.0),
    Graded("a tenth of the samples, much", 0.4, 0.9),
    Graded("small gains, rare total losses", 0.03, 0.5, lowest=0.0),
)


@dataclass(frozen=True)
class GradedRow:
    kind: Graded
    horizon: int
    margin: float
    at_limit: Outcome
    unchanged: Outcome


def graded_row(job: tuple[Graded, int, float], checks: int, seed: int) -> GradedRow:
    kind, horizon, margin = job
    looks = looks_of(horizon)

    def run(mean: float, seed: int) -> Outcome:
        counts = draw(seed, checks, looks, kind.shares(mean))
        return settle(*decide(GRID, counts, looks, -margin), looks)

    return GradedRow(kind, horizon, margin, run(-margin, seed), run(0.0, seed + 1))


GRADED_CELLS = tuple((kind, n, m) for kind in GRADED for n in (200, 1000) for m in (0.02, 0.05))


@dataclass(frozen=True)
class PolicyRow:
    """Checks of a whole policy: 8 capabilities, a bar and a gain."""

    name: str
    max_samples: int | None
    checks: int
    promoted: float


def policy_row(job: tuple[str, int | None], checks: int, seed: int) -> PolicyRow:
    """With a budget that binds every check runs through the shipped loop, so there are fewer."""
    name, most = job
    if most is None:
        return PolicyRow(name, None, checks, share_at_once(name, checks, pool=POOL, seed=seed))
    checks = min(checks, 100)
    share, _ = share_promoted(name, checks, max_samples=most, pool=POOL, first_seed=seed)
    return PolicyRow(name, most, checks, share)
