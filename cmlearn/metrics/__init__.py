"""Retrieval metrics with exact ties, their chance levels, and a paired bootstrap.

A score matrix holds one row per query and one column per item; higher is better. `relevant` marks the right
answers of every query; left out, item *i* answers query *i*. When captions share pictures,
`relevant = picture_of_caption[:, None] == np.arange(n_pictures)`.

Equal scores have no order. A metric here is then the expected value over all orders of the tied items, in
closed form, so that a model which gives every item the same score gets exactly the chance level.
"""

from cmlearn.metrics.bootstrap import PairedBootstrap, paired_bootstrap
from cmlearn.metrics.chance import (
    chance_mean_average_precision,
    chance_mean_rank,
    chance_mean_reciprocal_rank,
    chance_median_rank,
    chance_ndcg,
    chance_recall_at_k,
)
from cmlearn.metrics.ranking import (
    mean_average_precision,
    mean_rank,
    mean_reciprocal_rank,
    median_rank,
    ndcg,
    rank_of,
    recall_at_k,
)

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
