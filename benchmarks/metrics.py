"""`cmlearn.metrics` beside ranx: 5,000 queries, 5,000 items, ten graded relevant items a query, one thread.

ranx counts a ranking, `cmlearn.metrics` takes scores: so ranx is timed with and without the sorting.
"""

import numba
import numpy as np
from ranx import metrics as ranx

from benchmarks._timing import compare
from cmlearn import metrics

QUERIES = ITEMS = 5000
RELEVANT = 10


def main() -> None:
    """Print one table a metric."""
    numba.set_num_threads(1)
    rng = np.random.default_rng(0)
    scores = rng.permuted(np.tile(np.arange(ITEMS, dtype=np.float32), (QUERIES, 1)), axis=1)
    grades = np.zeros((QUERIES, ITEMS))
    grades[:, :RELEVANT] = rng.integers(1, 4, (QUERIES, RELEVANT))
    right = ranking(grades, RELEVANT)
    ranked = ranking(scores, ITEMS)
    tasks = {
        "recall@10": (lambda: metrics.recall_at_k(scores, 10, grades > 0), ranx.hit_rate, 10),
        "mean reciprocal rank": (
            lambda: metrics.mean_reciprocal_rank(scores, grades > 0),
            ranx.reciprocal_rank,
            0,
        ),
        "mean average precision": (
            lambda: metrics.mean_average_precision(scores, grades > 0),
            ranx.average_precision,
            0,
        ),
        "nDCG": (lambda: metrics.ndcg(scores, grades), ranx.ndcg, 0),
    }
    for name, (ours, theirs, k) in tasks.items():
        np.testing.assert_allclose(ours(), theirs(right, ranked, k).mean())
        ways = {
            "cmlearn, from scores": ours,
            "ranx, from scores": lambda theirs=theirs, k=k: theirs(right, ranking(scores, ITEMS), k),
            "ranx, from a ranking": lambda theirs=theirs, k=k: theirs(right, ranked, k),
        }
        compare(f"{name}, {QUERIES} x {ITEMS}", ways, repeats=3)


def ranking(values: np.ndarray, top: int) -> np.ndarray:
    """Items and values of each row, best first: what ranx counts."""
    order = np.argsort(-values, axis=1)[:, :top]
    return np.stack([order, np.take_along_axis(values, order, axis=1)], axis=2)
