"""Retrieval metrics with exact ties, their chance levels, and a paired bootstrap.

A score matrix holds one row per query and one column per item; higher is better. `relevant` marks the right
answers of every query; left out, item *i* answers query *i*. When captions share pictures,
`relevant = picture_of_caption[:, None] == np.arange(n_pictures)`.

Equal scores have no order. A metric here is then the expected value over all orders of the tied items, in
closed form, so that a model which gives every item the same score gets exactly the chance level.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, overload

import numpy as np
from jaxtyping import Bool, Float, Int, Num
from numpy.typing import ArrayLike

from cmlearn._arrays import as_array
from cmlearn._validate import require, require_ndim, require_type

__all__ = [
    "PairedBootstrap",
    "chance_mean_average_precision",
    "chance_mean_rank",
    "chance_mean_reciprocal_rank",
    "chance_median_rank",
    "chance_ndcg",
    "chance_recall_at_k",
    "mean_average_precision",
    "mean_rank",
    "mean_reciprocal_rank",
    "median_rank",
    "ndcg",
    "paired_bootstrap",
    "rank_of",
    "recall_at_k",
]

_ROUNDING = 1e-12


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
    scores, relevant = _checked(scores, relevant)
    _require_k(k, scores.shape[1])
    return _averaged(_hit_probability(_first_hits(scores, relevant), k), per_query)


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
    return _expected_rank(_first_hits(*_checked(scores, relevant)))


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
    scores, relevant = _checked(scores, relevant)
    return _median(_first_hits(scores, relevant), scores.shape[1])


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
    return _averaged(_expected_reciprocal(_first_hits(*_checked(scores, relevant))), per_query)


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
    scores, relevant = _checked(scores, relevant)
    harmonic = _running_sum(1 / np.arange(1, scores.shape[1] + 1))
    values = [
        _average_precision(_tied_levels(row, chosen), harmonic)
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
    gains = _checked_gains(relevance)
    scores, relevant = _checked(scores, gains > 0, "relevance")
    discounts = _running_sum(_discounts(scores.shape[1], k))
    values = [
        _discounted_gain(_tied_items(row, chosen), gain[chosen], discounts) / _ideal(gain, discounts)
        for row, chosen, gain in zip(scores, relevant, gains, strict=True)
    ]
    return _averaged(np.array(values), per_query)


def chance_recall_at_k(n_items: int, k: int, n_relevant: ArrayLike = 1) -> float:
    """Recall@K of a random order: `1 - C(n - r, k) / C(n, k)`.

    Args:
        n_items: the number of items `n` that are ranked.
        k: how many items a query may return, from 1 to `n_items`.
        n_relevant: relevant items `r` of a query; a sequence, one per query, gives their mean chance.

    Raises:
        ValueError: if `k` or `n_relevant` is not from 1 to `n_items`.

    Example:
        >>> round(chance_recall_at_k(300, k=3), 4)
        0.01
        >>> chance_recall_at_k(4, k=2, n_relevant=2)  # 1 - 1/6
        0.8333333333333334
    """
    hits = _all_tied(n_items, n_relevant)
    _require_k(k, n_items)
    return float(_hit_probability(hits, k).mean())


def chance_mean_rank(n_items: int, n_relevant: ArrayLike = 1) -> float:
    """Mean rank of the best relevant item in a random order: `(n + 1) / (r + 1)`.

    Args:
        n_items: the number of items `n` that are ranked.
        n_relevant: relevant items `r` of a query; a sequence, one per query, gives their mean chance.

    Raises:
        ValueError: if `n_relevant` is not from 1 to `n_items`.

    Example:
        >>> chance_mean_rank(99)
        50.0
    """
    return float(_expected_rank(_all_tied(n_items, n_relevant)).mean())


def chance_median_rank(n_items: int, n_relevant: ArrayLike = 1) -> float:
    """Median rank of the best relevant item in a random order; `(n + 1) / 2` for one relevant item.

    Args:
        n_items: the number of items `n` that are ranked.
        n_relevant: relevant items of a query; a sequence, one per query, gives the median over all queries.

    Raises:
        ValueError: if `n_relevant` is not from 1 to `n_items`.

    Example:
        >>> chance_median_rank(300)
        150.5
        >>> chance_median_rank(300, n_relevant=10)
        20.0
    """
    return _median(_all_tied(n_items, n_relevant), n_items)


def chance_mean_reciprocal_rank(n_items: int, n_relevant: ArrayLike = 1) -> float:
    """Mean reciprocal rank of a random order; `H_n / n` for one relevant item, `H_n = 1 + 1/2 + ... + 1/n`.

    Args:
        n_items: the number of items `n` that are ranked.
        n_relevant: relevant items of a query; a sequence, one per query, gives their mean chance.

    Raises:
        ValueError: if `n_relevant` is not from 1 to `n_items`.

    Example:
        >>> chance_mean_reciprocal_rank(2)
        0.75
    """
    return float(_expected_reciprocal(_all_tied(n_items, n_relevant)).mean())


def chance_mean_average_precision(n_items: int, n_relevant: ArrayLike = 1) -> float:
    """Mean average precision of a random order: `(H_n + (r - 1) (n - H_n) / (n - 1)) / n` [bestgen2015exact].

    `H_n = 1 + 1/2 + ... + 1/n` is the harmonic number. It exceeds the share of relevant items, `r / n`.

    Args:
        n_items: the number of items `n` that are ranked.
        n_relevant: relevant items `r` of a query; a sequence, one per query, gives their mean chance.

    Raises:
        ValueError: if `n_relevant` is not from 1 to `n_items`.

    Example:
        >>> chance_mean_average_precision(2)
        0.75
    """
    relevant = _all_tied(n_items, n_relevant).relevant
    harmonic = (1 / np.arange(1, n_items + 1)).sum()
    return float(((harmonic + (relevant - 1) * (n_items - harmonic) / max(n_items - 1, 1)) / n_items).mean())


def chance_ndcg(relevance: ArrayLike, k: int | None = None) -> float:
    """NDCG of a random order: the mean gain at every rank over the best order's gain.

    Args:
        relevance: `(query, item)` or `(item,)`, zero or more, with at least one item above zero per query.
        k: the number of ranks that count; None means all.

    Raises:
        ValueError: for a wrong shape, a negative relevance, a query without a relevant item, or `k` out of
            range.

    Example:
        >>> round(chance_ndcg([1, 0, 0, 0]), 3)
        0.64
    """
    gains = _checked_gains(np.atleast_2d(as_array(relevance)))
    return ndcg(np.zeros_like(gains), gains, k)


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
    means = np.array([generator.choice(differences, differences.size).mean() for _ in range(resamples)])
    difference = differences.mean()
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    strays = np.abs(means - difference) >= abs(difference) - _ROUNDING
    return PairedBootstrap(
        float(difference), float(low), float(high), float((strays.sum() + 1) / (resamples + 1))
    )


class _Ties(NamedTuple):
    """Groups of tied items: how many items lie above, are in the group, and are in it and relevant."""

    above: Int[np.ndarray, " group"]
    tied: Int[np.ndarray, " group"]
    relevant: Int[np.ndarray, " group"]


def _first_hits(scores: Num[np.ndarray, "query item"], relevant: Bool[np.ndarray, "query item"]) -> _Ties:
    """The group that holds the best relevant item, for every query."""
    best = np.where(relevant, scores, _lowest(scores.dtype)).max(axis=1, keepdims=True)
    ties = scores == best
    above = np.count_nonzero(scores > best, axis=1)
    return _Ties(above, np.count_nonzero(ties, axis=1), np.count_nonzero(ties & relevant, axis=1))


def _tied_items(row: Num[np.ndarray, " item"], chosen: Bool[np.ndarray, " item"]) -> _Ties:
    """The group that each relevant item of one query lies in."""
    ordered, wanted = np.sort(row), row[chosen]
    upper = np.searchsorted(ordered, wanted, side="right")
    tied = upper - np.searchsorted(ordered, wanted, side="left")
    return _Ties(row.size - upper, tied, np.ones_like(tied))


def _tied_levels(row: Num[np.ndarray, " item"], chosen: Bool[np.ndarray, " item"]) -> _Ties:
    """The groups of one query that hold relevant items, best first."""
    above, tied, _ = _tied_items(row, chosen)
    above, first, relevant = np.unique(above, return_index=True, return_counts=True)
    return _Ties(above, tied[first], relevant)


def _all_tied(n_items: int, n_relevant: ArrayLike) -> _Ties:
    """Every item tied: what a random order is."""
    require(n_items >= 1, "n_items", "at least 1", n_items)
    relevant = np.atleast_1d(as_array(n_relevant))
    ok = np.issubdtype(relevant.dtype, np.integer) and relevant.min() >= 1 and relevant.max() <= n_items
    require(bool(ok), "n_relevant", f"whole numbers from 1 to n_items = {n_items}", n_relevant)
    return _Ties(np.zeros_like(relevant), np.full_like(relevant, n_items), relevant)


def _hit_probability(first: _Ties, k: int) -> Float[np.ndarray, " query"]:
    """Chance of a relevant item in the top `k`; `C(t - r, d) / C(t, d)` is `prod_i (t - d - i) / (t - i)`."""
    drawn = np.clip(k - first.above, 0, first.tied)
    miss = np.ones(drawn.shape)
    for i in range(first.relevant.max()):
        more = i < first.relevant
        miss[more] *= np.maximum(first.tied - drawn - i, 0)[more] / (first.tied - i)[more]
    return 1 - miss


def _expected_rank(first: _Ties) -> Float[np.ndarray, " query"]:
    return first.above + (first.tied + 1) / (first.relevant + 1)


def _expected_reciprocal(first: _Ties) -> Float[np.ndarray, " query"]:
    """`sum_j P(first = j) / (a + j)`; `P(first > j) = (1 - r / t) (1 - r / (t - 1)) ...` has `j` factors."""
    values = 1 / (first.above + 1.0)
    for query in np.flatnonzero(first.tied > 1):
        above, tied, relevant = (int(counts[query]) for counts in first)
        later = np.cumprod(1 - relevant / np.arange(tied, relevant - 1, -1))
        arrival = -np.diff(later, prepend=1.0)
        values[query] = (arrival / (above + 1 + np.arange(arrival.size))).sum()
    return values


def _median(first: _Ties, n_items: int) -> float:
    """Middle of the ranks at which recall reaches one half and at which it exceeds one half."""

    def recall(k: int) -> float:
        return float(_hit_probability(first, k).mean())

    ranks = range(1, n_items + 1)
    low = bisect_left(ranks, 0.5 - _ROUNDING, key=recall)
    high = bisect_right(ranks, 0.5 + _ROUNDING, key=recall)
    return (ranks[low] + ranks[high]) / 2


def _average_precision(groups: _Ties, harmonic: Float[np.ndarray, " item"]) -> float:
    above, tied, relevant = groups
    better = np.cumsum(relevant) - relevant
    span = harmonic[above + tied] - harmonic[above]
    together = (relevant - 1) / np.maximum(tied - 1, 1)
    precision = (better + 1) * span + together * (tied - (above + 1) * span)
    return float((relevant / tied * precision).sum() / relevant.sum())


def _discounted_gain(
    groups: _Ties, gains: Float[np.ndarray, " group"], discounts: Float[np.ndarray, " rank"]
) -> float:
    above, tied, _ = groups
    return float((gains * (discounts[above + tied] - discounts[above]) / tied).sum())


def _ideal(gains: Float[np.ndarray, " item"], discounts: Float[np.ndarray, " rank"]) -> float:
    return float(np.sort(gains)[::-1] @ np.diff(discounts))


def _discounts(n_items: int, k: int | None) -> Float[np.ndarray, " item"]:
    if k is not None:
        _require_k(k, n_items)
    ranks = np.arange(1, n_items + 1)
    return np.where(ranks <= (k or n_items), 1 / np.log2(1 + ranks), 0.0)


def _running_sum(values: Float[np.ndarray, " item"]) -> Float[np.ndarray, " one_more"]:
    return np.concatenate([[0.0], np.cumsum(values)])


def _averaged(values: Float[np.ndarray, " query"], per_query: bool) -> Any:
    return values if per_query else float(values.mean())


def _lowest(dtype: np.dtype[Any]) -> Any:
    return -np.inf if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).min


def _numbers(values: ArrayLike, argument: str) -> Num[np.ndarray, "query item"]:
    array = as_array(values)
    require(array.dtype.kind in "iuf", argument, "real numbers", f"dtype {array.dtype}")
    require_ndim(array, 2, argument)
    require(array.size > 0, argument, "at least one query and one item", f"shape {array.shape}")
    require(not np.isnan(array).any(), argument, "no NaN", f"{np.isnan(array).sum()} NaN")
    return array


def _checked(
    scores: ArrayLike, relevant: ArrayLike | None, argument: str = "relevant"
) -> tuple[Num[np.ndarray, "query item"], Bool[np.ndarray, "query item"]]:
    table = _numbers(scores, "scores")
    if relevant is None:
        square = table.shape[0] == table.shape[1]
        require(square, "scores", "a square matrix where `relevant` is not given", f"shape {table.shape}")
        return table, np.eye(len(table), dtype=bool)
    marks = as_array(relevant)
    require(marks.dtype == bool, argument, "dtype bool", f"dtype {marks.dtype}")
    require(marks.shape == table.shape, argument, f"the shape of `scores`, {table.shape}", marks.shape)
    empty = np.flatnonzero(~marks.any(axis=1))
    require(empty.size == 0, argument, "a relevant item for every query", f"none for queries {empty[:5]}")
    return table, marks


def _checked_gains(relevance: ArrayLike) -> Float[np.ndarray, "query item"]:
    gains = _numbers(relevance, "relevance").astype(float)
    require(
        bool((gains >= 0).all() and np.isfinite(gains).all()),
        "relevance",
        "finite, zero or more",
        gains.min(),
    )
    empty = np.flatnonzero(~gains.any(axis=1))
    require(empty.size == 0, "relevance", "a relevant item for every query", f"none for queries {empty[:5]}")
    return gains


def _checked_pairs(a: ArrayLike, b: ArrayLike) -> Float[np.ndarray, " query"]:
    first, second = as_array(a), as_array(b)
    require_ndim(first, 1, "a")
    require(first.size >= 2, "a", "values of at least two queries", f"{first.size}")
    require(second.shape == first.shape, "b", f"the shape of `a`, {first.shape}", second.shape)
    differences = first.astype(float) - second.astype(float)
    require(bool(np.isfinite(differences).all()), "a and b", "finite values", differences)
    return differences


def _require_k(k: int, n_items: int) -> None:
    require_type(k, int, "k")
    require(1 <= k <= n_items, "k", f"a whole number from 1 to the number of items, {n_items}", k)
