"""Metrics of a ranking, each the expected value over the orders of tied items."""

from typing import Any, Literal, overload

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from cmlearn.metrics._checks import check_gains, check_scores, require_k
from cmlearn.metrics._ties import (
    Ties,
    expected_rank,
    expected_reciprocal,
    first_hits,
    hit_probability,
    median_of_ranks,
    tied_levels,
)


@overload
def recall_at_k(
    scores: ArrayLike, k: int, relevant: ArrayLike | None = None, *, per_query: Literal[False] = False
) -> float: ...
@overload
def recall_at_k(
    scores: ArrayLike, k: int, relevant: ArrayLike | None = None, *, per_query: Literal[True]
) -> Float[np.ndarray, " query"]: ...
def recall_at_k(
    scores: ArrayLike, k: int, relevant: ArrayLike | None = None, *, per_query: bool = False
) -> float | Float[np.ndarray, " query"]:
    """Share of queries with a relevant item among the `k` highest scores [hodosh2013framing].

    With `a` items above the best relevant score and `t` items on it, `r` of them relevant, the top `k` holds
    `d = clip(k - a, 0, t)` of the tied items, and a query counts `1 - C(t - r, d) / C(t, d)`.

    Args:
        scores: `(query, item)`, higher is better.
        k: how many items a query may return, from 1 to the number of items.
        relevant: Bool `(query, item)`; None means the diagonal of a square score matrix.
        per_query: return one value per query instead of their mean.

    Raises:
        ValueError: for wrong shapes, a NaN score, a query without a relevant item, or `k` out of range.

    Example:
        >>> recall_at_k([[0.9, 0.1], [0.8, 0.3]], k=1)
        0.5
        >>> recall_at_k([[0.9, 0.1], [0.5, 0.5]], k=1, per_query=True)
        array([1. , 0.5])
    """
    scores, relevant = check_scores(scores, relevant)
    require_k(k, scores.shape[1])
    return _averaged(hit_probability(first_hits(scores, relevant), k), per_query)


def rank_of(scores: ArrayLike, relevant: ArrayLike | None = None) -> Float[np.ndarray, " query"]:
    """Expected rank of each query's best relevant item; 1 is best.

    With `a` items above the best relevant score and `t` items on it, `r` of them relevant:
    `a + (t + 1) / (r + 1)`.

    Args:
        scores: `(query, item)`, higher is better.
        relevant: Bool `(query, item)`; None means the diagonal of a square score matrix.

    Raises:
        ValueError: for wrong shapes, a NaN score, or a query without a relevant item.

    Example:
        >>> rank_of([[0.9, 0.1], [0.8, 0.3]])
        array([1., 2.])
        >>> rank_of([[0.5, 0.5], [0.5, 0.5]])
        array([1.5, 1.5])
    """
    return expected_rank(first_hits(*check_scores(scores, relevant)))


def mean_rank(scores: ArrayLike, relevant: ArrayLike | None = None) -> float:
    """Mean over queries of `rank_of`; 1 is best.

    Args:
        scores: `(query, item)`, higher is better.
        relevant: Bool `(query, item)`; None means the diagonal of a square score matrix.

    Raises:
        ValueError: for wrong shapes, a NaN score, or a query without a relevant item.

    Example:
        >>> mean_rank([[0.9, 0.1], [0.8, 0.3]])
        1.5
    """
    return float(rank_of(scores, relevant).mean())


def median_rank(scores: ArrayLike, relevant: ArrayLike | None = None) -> float:
    """Median rank of the best relevant item over queries and orders of tied items; 1 is best.

    It is the `k` at which `recall_at_k` passes one half. Without ties this is the usual median.

    Args:
        scores: `(query, item)`, higher is better.
        relevant: Bool `(query, item)`; None means the diagonal of a square score matrix.

    Raises:
        ValueError: for wrong shapes, a NaN score, or a query without a relevant item.

    Example:
        >>> median_rank([[3, 2, 1], [3, 2, 1], [3, 2, 1]])
        2.0
    """
    scores, relevant = check_scores(scores, relevant)
    return median_of_ranks(first_hits(scores, relevant), scores.shape[1])


@overload
def mean_reciprocal_rank(
    scores: ArrayLike, relevant: ArrayLike | None = None, *, per_query: Literal[False] = False
) -> float: ...
@overload
def mean_reciprocal_rank(
    scores: ArrayLike, relevant: ArrayLike | None = None, *, per_query: Literal[True]
) -> Float[np.ndarray, " query"]: ...
def mean_reciprocal_rank(
    scores: ArrayLike, relevant: ArrayLike | None = None, *, per_query: bool = False
) -> float | Float[np.ndarray, " query"]:
    """Mean of one over the rank of the best relevant item [mcsherry2008computing].

    With `a` items above the best relevant score and `t` items on it, `r` of them relevant, a query counts
    `sum_j P(j) / (a + j)`, where `P(j) = C(t - j, r - 1) / C(t, r)` is the chance that the first relevant
    item comes `j`-th among the `t`.

    Args:
        scores: `(query, item)`, higher is better.
        relevant: Bool `(query, item)`; None means the diagonal of a square score matrix.
        per_query: return one value per query instead of their mean.

    Raises:
        ValueError: for wrong shapes, a NaN score, or a query without a relevant item.

    Example:
        >>> mean_reciprocal_rank([[0.9, 0.1], [0.8, 0.3]])
        0.75
    """
    return _averaged(expected_reciprocal(first_hits(*check_scores(scores, relevant))), per_query)


@overload
def mean_average_precision(
    scores: ArrayLike, relevant: ArrayLike | None = None, *, per_query: Literal[False] = False
) -> float: ...
@overload
def mean_average_precision(
    scores: ArrayLike, relevant: ArrayLike | None = None, *, per_query: Literal[True]
) -> Float[np.ndarray, " query"]: ...
def mean_average_precision(
    scores: ArrayLike, relevant: ArrayLike | None = None, *, per_query: bool = False
) -> float | Float[np.ndarray, " query"]:
    """Mean over queries of the precision at each relevant item, averaged [mcsherry2008computing].

    A group of `t` tied items, `r` of them relevant, that starts below `a` items and `b` relevant ones, adds
    `sum_j r/t * (b + 1 + (j - 1) (r - 1) / (t - 1)) / (a + j)` over `j = 1..t`; the sum of all groups is
    divided by the number of relevant items. scikit-learn's `average_precision_score` differs only on ties: it
    gives all items of a group the precision at the group's end.

    Args:
        scores: `(query, item)`, higher is better.
        relevant: Bool `(query, item)`; None means the diagonal of a square score matrix.
        per_query: return one value per query instead of their mean.

    Raises:
        ValueError: for wrong shapes, a NaN score, or a query without a relevant item.

    Example:
        >>> mean_average_precision([[4, 3, 2, 1]], [[True, False, True, False]])  # (1/1 + 2/3) / 2
        0.8333333333333333
    """
    scores, relevant = check_scores(scores, relevant)
    harmonic = _running_sum(1 / np.arange(1, scores.shape[1] + 1))
    values = [
        _average_precision(tied_levels(row, chosen), harmonic)
        for row, chosen in zip(scores, relevant, strict=True)
    ]
    return _averaged(np.array(values), per_query)


@overload
def ndcg(
    scores: ArrayLike, relevance: ArrayLike, k: int | None = None, *, per_query: Literal[False] = False
) -> float: ...
@overload
def ndcg(
    scores: ArrayLike, relevance: ArrayLike, k: int | None = None, *, per_query: Literal[True]
) -> Float[np.ndarray, " query"]: ...
def ndcg(
    scores: ArrayLike, relevance: ArrayLike, k: int | None = None, *, per_query: bool = False
) -> float | Float[np.ndarray, " query"]:
    """Normalised discounted cumulative gain for graded relevance [jarvelin2002cumulated].

    `DCG = sum_i gain_i * discount_i`, divided by the DCG of the best order. The discount of rank `j` is `1 /
    log2(1 + j)`, 0 beyond `k`; tied items share the mean discount of the ranks they cover
    [mcsherry2008computing]. The gain is the relevance itself: pass `2.0**grades - 1` for the exponential
    form.

    Args:
        scores: `(query, item)`, higher is better.
        relevance: `(query, item)`, zero or more, with at least one item above zero per query.
        k: the number of ranks that count; None means all.
        per_query: return one value per query instead of their mean.

    Raises:
        ValueError: for wrong shapes, a NaN score, a negative relevance, a query without a relevant item, or
            `k` out of range.

    Example:
        >>> ndcg([[0.9, 0.5, 0.1]], [[3, 2, 0]])
        1.0
        >>> round(ndcg([[0.9, 0.5, 0.1]], [[0, 2, 3]], k=2), 3)
        0.296
    """
    gains = check_gains(relevance)
    scores, relevant = check_scores(scores, gains > 0, "relevance")
    discounts = _running_sum(_discounts(scores.shape[1], k))
    values = [
        _discounted_gain(tied_levels(row, gain), discounts) / _ideal(gain[chosen], discounts)
        for row, chosen, gain in zip(scores, relevant, gains, strict=True)
    ]
    return _averaged(np.array(values), per_query)


def _average_precision(groups: Ties, harmonic: Float[np.ndarray, " item"]) -> float:
    above, tied, relevant = groups
    better = np.cumsum(relevant) - relevant
    span = harmonic[above + tied] - harmonic[above]
    together = (relevant - 1) / np.maximum(tied - 1, 1)
    precision = (better + 1) * span + together * (tied - (above + 1) * span)
    return float((relevant / tied * precision).sum() / relevant.sum())


def _discounted_gain(groups: Ties, discounts: Float[np.ndarray, " rank"]) -> float:
    above, tied, gains = groups
    return float((gains * (discounts[above + tied] - discounts[above]) / tied).sum())


def _ideal(gains: Float[np.ndarray, " relevant"], discounts: Float[np.ndarray, " rank"]) -> float:
    return float(np.sort(gains)[::-1] @ np.diff(discounts[: gains.size + 1]))


def _discounts(n_items: int, k: int | None) -> Float[np.ndarray, " item"]:
    if k is not None:
        require_k(k, n_items)
    ranks = np.arange(1, n_items + 1)
    return np.where(ranks <= (k or n_items), 1 / np.log2(1 + ranks), 0.0)


def _running_sum(values: Float[np.ndarray, " item"]) -> Float[np.ndarray, " one_more"]:
    return np.concatenate([[0.0], np.cumsum(values)])


def _averaged(values: Float[np.ndarray, " query"], per_query: bool) -> Any:
    return values if per_query else float(values.mean())
