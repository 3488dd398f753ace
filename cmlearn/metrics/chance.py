"""Chance levels: what a random order scores, in closed form."""

import numpy as np
from numpy.typing import ArrayLike

from cmlearn._arrays import as_array
from cmlearn.metrics._checks import check_gains, require_k
from cmlearn.metrics._ties import (
    all_tied,
    expected_rank,
    expected_reciprocal,
    hit_probability,
    median_of_ranks,
)
from cmlearn.metrics.ranking import ndcg


def chance_recall_at_k(n_items: int, k: int, n_relevant: int | ArrayLike = 1) -> float:
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
    hits = all_tied(n_items, n_relevant)
    require_k(k, n_items)
    return float(hit_probability(hits, k).mean())


def chance_mean_rank(n_items: int, n_relevant: int | ArrayLike = 1) -> float:
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
    return float(expected_rank(all_tied(n_items, n_relevant)).mean())


def chance_median_rank(n_items: int, n_relevant: int | ArrayLike = 1) -> float:
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
    return median_of_ranks(all_tied(n_items, n_relevant), n_items)


def chance_mean_reciprocal_rank(n_items: int, n_relevant: int | ArrayLike = 1) -> float:
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
    return float(expected_reciprocal(all_tied(n_items, n_relevant)).mean())


def chance_mean_average_precision(n_items: int, n_relevant: int | ArrayLike = 1) -> float:
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
    relevant = all_tied(n_items, n_relevant).relevant
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
    gains = check_gains(np.atleast_2d(as_array(relevance)))
    return ndcg(np.zeros_like(gains), gains, k)
