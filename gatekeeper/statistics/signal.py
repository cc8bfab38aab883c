"""Can anything be lost here at all? Is the base better than guessing?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatekeeper.statistics.betting import log_capital_above

__all__ = ["has_signal"]


def has_signal(scores: NDArray[np.float64], chance: float, alpha: float) -> bool:
    """Is the mean of the base's scores in [0, 1] shown to be above `chance`?

    Exact binomial tail for scores of 0 and 1, the betting test for others.
    """
    if not len(scores):
        return False
    if np.isin(scores, (0.0, 1.0)).all():
        from scipy.special import bdtrc

        right = int(scores.sum())
        return right > 0 and (chance <= 0 or float(bdtrc(right - 1, len(scores), chance)) <= alpha)
    distinct, counts = np.unique(scores, return_counts=True)
    capital = log_capital_above(distinct, counts.astype(np.float64), chance, 0.0)
    return bool(capital >= np.log(1.0 / alpha)) if chance > 0 else bool(scores.mean() > 0)
