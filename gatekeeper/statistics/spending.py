"""How the allowed error is spent over the looks, and the level that each look may use.

Each look is another chance to be wrong. A spending function says how much of alpha may be used up
after n of at most N samples; the level of each look then follows from the joint
distribution of the test statistic over the looks, which is that of a random walk.

Passing and failing spend differently, each chosen by the operating characteristics that it shows
(docs/decisions/0005-sequential-test.md): passing keeps most of alpha for the last look, so that
stopping early costs little power; failing spends early, so that a catastrophe is seen at once.

Sources: Lan and DeMets, "Discrete sequential boundaries for clinical trials" (Biometrika, 1983);
the recursion over looks is that of Armitage, McPherson and Rowe (JRSS A, 1969).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Side", "levels", "spent"]

Side = Literal["pass", "fail"]

_STEP = 0.04
_END = 8.0
_GRID: NDArray[np.float64] = np.arange(-_END, _END + _STEP / 2, _STEP)


def spent(side: Side, samples: int, horizon: int, start: float) -> float:
    """Share of alpha that may be used up after `samples` of at most `horizon`.

    `start` is the number of samples before which not even unchanged samples could pass: before it,
    passing spends next to nothing.
    """
    if samples >= horizon:
        return 1.0
    done = samples / horizon
    if side == "fail":
        return 0.6 * (1 - math.exp(-samples / 75)) + float(0.4 * done**5)
    if samples < start:
        return 0.02 * samples / start
    doublings = math.log(2 * samples / start) / math.log(2 * horizon / start)
    return 0.02 + 0.18 * doublings + float(0.8 * done**7)


@lru_cache(maxsize=4096)
def levels(
    side: Side,
    looks: tuple[int, ...],
    horizon: int,
    alpha: float,
    *,
    start: float = 0.0,
    end: int | None = None,
) -> tuple[float, ...]:
    """One-sided level of each look; all looks together are wrong with probability at most alpha.

    `looks` are increasing sample counts up to `horizon`. When the budget ended at `end`, before
    the horizon, the look at `end` may use all that is left.
    """
    from scipy.special import ndtr

    alive = np.exp(-(_GRID**2) / 2) / math.sqrt(2 * math.pi)  # density of z, not yet stopped
    found: list[float] = []
    used = 0.0
    for index, look in enumerate(looks):
        if index:
            alive = _moved(alive, kept=math.sqrt(looks[index - 1] / look))
        over = end is not None and look >= end
        allowed = alpha * (1.0 if over else spent(side, look, horizon, start))
        limit = _crossing(alive, allowed - used)
        found.append(float(ndtr(-limit)))
        used = max(used, allowed)
        alive = alive * np.clip((limit - _GRID) / _STEP + 0.5, 0.0, 1.0)
    return tuple(found)


def _moved(alive: NDArray[np.float64], kept: float) -> NDArray[np.float64]:
    """Density of z at the next look; the correlation of the two looks is `kept`."""
    spread = math.sqrt(1 - kept**2)
    here = alive > 1e-16
    steps = (_GRID[:, None] - kept * _GRID[here]) / spread
    weight = alive[here] * (_STEP / (spread * math.sqrt(2 * math.pi)))
    return np.asarray(np.exp(-(steps**2) / 2) @ weight, dtype=np.float64)


def _crossing(alive: NDArray[np.float64], allowed: float) -> float:
    """The z with exactly the allowed mass above it; the grid's end when none is allowed."""
    if allowed <= 1e-12:
        return _END
    above = np.cumsum(alive[::-1])[::-1] * _STEP  # mass above each grid point less half a step
    logs = np.log(np.maximum(above, 1e-300))
    return float(np.interp(-math.log(allowed), -logs, _GRID - _STEP / 2))
