"""What a score matrix, its relevance and a cut-off must look like."""

import numpy as np
from jaxtyping import Bool, Float, Num
from numpy.typing import ArrayLike

from cmlearn._arrays import as_array
from cmlearn._validate import require, require_ndim, require_type


def check_scores(
    scores: ArrayLike, relevant: ArrayLike | None, argument: str = "relevant"
) -> tuple[Num[np.ndarray, "query item"], Bool[np.ndarray, "query item"]]:
    """The scores, and which items are relevant; the diagonal where that is not given."""
    table = _numbers(scores, "scores")
    if relevant is None:
        square = table.shape[0] == table.shape[1]
        require(square, "scores", "a square matrix where `relevant` is not given", f"shape {table.shape}")
        return table, np.eye(len(table), dtype=bool)
    marks = as_array(relevant)
    require(marks.dtype == bool, argument, "dtype bool", f"dtype {marks.dtype}")
    require(marks.shape == table.shape, argument, f"the shape of `scores`, {table.shape}", marks.shape)
    _require_answers(marks, argument)
    return table, marks


def check_gains(relevance: ArrayLike) -> Float[np.ndarray, "query item"]:
    """Graded relevance, finite and not negative, with a gain for every query."""
    gains = _numbers(relevance, "relevance").astype(float)
    ok = bool(gains.min() >= 0 and np.isfinite(gains.max()))
    require(ok, "relevance", "finite, zero or more", f"values from {gains.min()} to {gains.max()}")
    _require_answers(gains > 0, "relevance")
    return gains


def require_k(k: int, n_items: int) -> None:
    """Raise unless `k` is a whole number of items."""
    require_type(k, int, "k")
    require(1 <= k <= n_items, "k", f"a whole number from 1 to the number of items, {n_items}", k)


def _require_answers(marks: Bool[np.ndarray, "query item"], argument: str) -> None:
    empty = np.flatnonzero(~marks.any(axis=1))
    require(empty.size == 0, argument, "a relevant item for every query", f"none for queries {empty[:5]}")


def _numbers(values: ArrayLike, argument: str) -> Num[np.ndarray, "query item"]:
    array = as_array(values)
    require(array.dtype.kind in "iuf", argument, "real numbers", f"dtype {array.dtype}")
    require_ndim(array, 2, argument)
    require(array.size > 0, argument, "at least one query and one item", f"shape {array.shape}")
    require(not np.isnan(array).any(), argument, "no NaN", f"{np.isnan(array).sum()} NaN")
    return array
