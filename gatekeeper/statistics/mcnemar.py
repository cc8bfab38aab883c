"""McNemar's exact test: two candidates, right or wrong on the same samples, their number fixed.

Only samples on which the two differ count; under "no difference" each is a fair coin.
Source: McNemar (Psychometrika, 1947), exact binomial form; the interval is that of Clopper and
Pearson (Biometrika, 1934) for the coin, scaled to the share of samples that differ, so that it
excludes zero exactly when the test rejects.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ExactDifference", "mcnemar"]


@dataclass(frozen=True, slots=True)
class ExactDifference:
    """Second minus first, as a share of all samples, with a two-sided p-value and interval."""

    estimate: float
    low: float
    high: float
    p_value: float


def mcnemar(only_first: int, only_second: int, samples: int, *, alpha: float) -> ExactDifference:
    """Is the second right more often than the first?

    `only_first` and `only_second` count the samples that only one of them got right. The interval
    has level 1 - alpha and is conditional on how many samples differ. Raises ValueError when the
    counts do not fit.
    """
    from scipy.special import betaincinv
    from scipy.stats import binomtest

    differing = only_first + only_second
    if min(only_first, only_second) < 0 or differing > samples or samples < 1:
        raise ValueError("the counts of differing samples do not fit the number of samples")
    if not differing:
        return ExactDifference(0.0, 0.0, 0.0, 1.0)

    def difference(share: float) -> float:
        return (2.0 * share - 1.0) * differing / samples

    low = betaincinv(only_second, only_first + 1, alpha / 2) if only_second else 0.0
    high = betaincinv(only_second + 1, only_first, 1 - alpha / 2) if only_first else 1.0
    return ExactDifference(
        estimate=(only_second - only_first) / samples,
        low=difference(float(low)),
        high=difference(float(high)),
        p_value=float(binomtest(only_second, differing).pvalue),
    )
