"""Tied items: where a group of equal scores lies, and what follows for the first relevant item."""

from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Num, Shaped
from numpy.typing import ArrayLike

from cmlearn._arrays import as_array
from cmlearn._validate import require

ROUNDING = 1e-12


class Ties(NamedTuple):
    """Groups of tied items: how many items lie above, are in the group, and are in it and relevant."""

    above: Int[np.ndarray, " group"]
    tied: Int[np.ndarray, " group"]
    relevant: Num[np.ndarray, " group"]


def first_hits(scores: Num[np.ndarray, "query item"], relevant: Bool[np.ndarray, "query item"]) -> Ties:
    """The group that holds the best relevant item, for every query."""
    queries, items = np.nonzero(relevant)
    values = scores[queries, items]
    best = np.maximum.reduceat(values, np.flatnonzero(np.diff(queries, prepend=-1)))
    above = np.count_nonzero(scores > best[:, None], axis=1)
    tied = np.count_nonzero(scores == best[:, None], axis=1)
    return Ties(above, tied, np.bincount(queries[values == best[queries]]))


def tied_levels(row: Num[np.ndarray, " item"], gains: Shaped[np.ndarray, " item"]) -> Ties:
    """The groups of one query that hold gains, best first; `relevant` is the sum of a group's gains."""
    chosen = gains > 0
    levels, level_of = np.unique(row[chosen], return_inverse=True)
    ordered = np.sort(row)
    upper = np.searchsorted(ordered, levels, side="right")
    tied = upper - np.searchsorted(ordered, levels, side="left")
    total = np.bincount(level_of, weights=gains[chosen])
    return Ties((row.size - upper)[::-1], tied[::-1], total[::-1])


def all_tied(n_items: int, n_relevant: int | ArrayLike) -> Ties:
    """Every item tied: what a random order is."""
    require(n_items >= 1, "n_items", "at least 1", n_items)
    relevant = np.atleast_1d(as_array(n_relevant))
    whole = relevant.dtype.kind in "iu" and relevant.size > 0
    ok = whole and relevant.min() >= 1 and relevant.max() <= n_items
    require(bool(ok), "n_relevant", f"whole numbers from 1 to n_items = {n_items}", n_relevant)
    counts = relevant.astype(int)
    return Ties(np.zeros_like(counts), np.full_like(counts, n_items), counts)


def hit_probability(first: Ties, k: int) -> Float[np.ndarray, " query"]:
    """Chance of a relevant item in the top `k`; `C(t - r, d) / C(t, d)` is `prod_i (t - d - i) / (t - i)`."""
    drawn = np.clip(k - first.above, 0, first.tied)
    miss = np.ones(drawn.shape)
    for i in range(first.relevant.max()):
        more = i < first.relevant
        miss[more] *= np.maximum(first.tied - drawn - i, 0)[more] / (first.tied - i)[more]
    return 1 - miss


def expected_rank(first: Ties) -> Float[np.ndarray, " query"]:
    """The rank of the first relevant item: the group's places, and the mean gap before one of r among t."""
    return first.above + (first.tied + 1) / (first.relevant + 1)


def expected_reciprocal(first: Ties) -> Float[np.ndarray, " query"]:
    """`sum_j P(first = j) / (a + j)`; `P(first > j) = (1 - r / t) (1 - r / (t - 1)) ...` has `j` factors."""
    values = 1 / (first.above + 1.0)
    for query in np.flatnonzero(first.tied > 1):
        above, tied, relevant = (int(counts[query]) for counts in first)
        later = np.cumprod(1 - relevant / np.arange(tied, relevant - 1, -1))
        arrival = -np.diff(later, prepend=1.0)
        values[query] = (arrival / (above + 1 + np.arange(arrival.size))).sum()
    return values


def median_of_ranks(first: Ties, n_items: int) -> float:
    """Middle of the ranks at which recall reaches one half and at which it exceeds one half."""

    def recall(k: int) -> float:
        """Share of queries answered in the top `k`, expected over orders."""
        return float(hit_probability(first, k).mean())

    ranks = range(1, n_items + 1)
    low = bisect_left(ranks, 0.5 - ROUNDING, key=recall)
    high = bisect_right(ranks, 0.5 + ROUNDING, key=recall)
    return (ranks[low] + ranks[high]) / 2
