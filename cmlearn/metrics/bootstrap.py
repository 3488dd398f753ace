"""The paired bootstrap: is one system better than another on the same queries?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from cmlearn._arrays import as_array
from cmlearn._validate import require, require_ndim
from cmlearn.metrics._ties import ROUNDING


@dataclass(frozen=True)
class PairedBootstrap:
    """What `paired_bootstrap` found.

    Attributes:
        difference: mean of `a - b` over queries.
        low: lower end of the confidence interval.
        high: upper end of the confidence interval.
        p_value: two-sided, for the hypothesis that the means are equal.

    Example:
        >>> PairedBootstrap(difference=0.1, low=0.05, high=0.15, p_value=0.01).low > 0
        True
    """

    difference: float
    low: float
    high: float
    p_value: float


def paired_bootstrap(
    a: ArrayLike,
    b: ArrayLike,
    *,
    resamples: int = 10_000,
    confidence: float = 0.95,
    generator: np.random.Generator | None = None,
) -> PairedBootstrap:
    """Compare two systems on the same queries by drawing queries with replacement [koehn2004statistical].

    Both systems keep their values for a drawn query. The interval holds the middle `confidence` of the
    resampled mean differences. The p value is the share of resamples that stray from the observed difference
    by at least its size, with one added to both counts so that it is never zero.

    Args:
        a: one value per query, such as `recall_at_k(..., per_query=True)`.
        b: the other system's values for the same queries.
        resamples: how many times the queries are drawn.
        confidence: the interval's coverage, between 0 and 1.
        generator: draws the queries; None follows `cm.seed_everything`.

    Raises:
        ValueError: if `a` and `b` are not finite vectors of one length of at least 2, or an option is out of
            range.

    Example:
        >>> result = paired_bootstrap([1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0])
        >>> result.difference, result.low <= 0.25 <= result.high
        (0.25, True)
    """
    differences = _checked_pairs(a, b)
    require(resamples >= 1, "resamples", "at least 1", resamples)
    require(0 < confidence < 1, "confidence", "a number between 0 and 1", confidence)
    if generator is None:
        generator = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002 (seeded by seed_everything)
    size = differences.size
    means = np.array([differences[generator.integers(size, size=size)].mean() for _ in range(resamples)])
    difference = differences.mean()
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    strays = np.abs(means - difference) >= abs(difference) - ROUNDING
    return PairedBootstrap(
        float(difference), float(low), float(high), float((strays.sum() + 1) / (resamples + 1))
    )


def _checked_pairs(a: ArrayLike, b: ArrayLike) -> Float[np.ndarray, " query"]:
    first, second = as_array(a), as_array(b)
    require_ndim(first, 1, "a")
    require(first.size >= 2, "a", "values of at least two queries", f"{first.size}")
    require(second.shape == first.shape, "b", f"the shape of `a`, {first.shape}", second.shape)
    differences = first.astype(float) - second.astype(float)
    require(bool(np.isfinite(differences).all()), "a and b", "finite values", differences)
    return differences
