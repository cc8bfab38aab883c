"""Is there anything to lose here at all? Is the base better than guessing?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatekeeper.statistics.null_tail import lattice_step, upper_tail

__all__ = ["has_signal"]


def has_signal(scores: NDArray[np.float64], chance: float, alpha: float) -> bool:
    """Is the mean of the base's scores in [0, 1] shown to be above `chance`?

    Where guessing scores nothing (`chance` 0), one right answer shows it.
    """
    if not len(scores):
        return False
    if not 0 < chance < 1:
        return bool(scores.mean() > chance)
    distinct, counts = np.unique(scores, return_counts=True)
    step = lattice_step(np.append(distinct, (0.0, 1.0)))
    tail = upper_tail(distinct, counts[None].astype(np.float64), chance, 0.0, step)
    return bool(tail[0] <= alpha)
