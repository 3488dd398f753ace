"""Retrieval metrics with exact ties, their chance levels, and a paired bootstrap.

A score matrix holds one row per query and one column per item; higher is better. `relevant` marks the right
answers of every query; left out, item *i* answers query *i*. When captions share pictures,
`relevant = picture_of_caption[:, None] == np.arange(n_pictures)`.

Equal scores have no order. A metric here is then the expected value over all orders of the tied items, in
closed form, so that a model which gives every item the same score gets exactly the chance level.
"""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.metrics.bootstrap import PairedBootstrap as PairedBootstrap
    from cmlearn.metrics.bootstrap import paired_bootstrap as paired_bootstrap
    from cmlearn.metrics.chance import chance_mean_average_precision as chance_mean_average_precision
    from cmlearn.metrics.chance import chance_mean_rank as chance_mean_rank
    from cmlearn.metrics.chance import chance_mean_reciprocal_rank as chance_mean_reciprocal_rank
    from cmlearn.metrics.chance import chance_median_rank as chance_median_rank
    from cmlearn.metrics.chance import chance_ndcg as chance_ndcg
    from cmlearn.metrics.chance import chance_recall_at_k as chance_recall_at_k
    from cmlearn.metrics.ranking import mean_average_precision as mean_average_precision
    from cmlearn.metrics.ranking import mean_rank as mean_rank
    from cmlearn.metrics.ranking import mean_reciprocal_rank as mean_reciprocal_rank
    from cmlearn.metrics.ranking import median_rank as median_rank
    from cmlearn.metrics.ranking import ndcg as ndcg
    from cmlearn.metrics.ranking import rank_of as rank_of
    from cmlearn.metrics.ranking import recall_at_k as recall_at_k

_NAMES = {
    "PairedBootstrap": "bootstrap",
    "paired_bootstrap": "bootstrap",
    "chance_mean_average_precision": "chance",
    "chance_mean_rank": "chance",
    "chance_mean_reciprocal_rank": "chance",
    "chance_median_rank": "chance",
    "chance_ndcg": "chance",
    "chance_recall_at_k": "chance",
    "mean_average_precision": "ranking",
    "mean_rank": "ranking",
    "mean_reciprocal_rank": "ranking",
    "median_rank": "ranking",
    "ndcg": "ranking",
    "rank_of": "ranking",
    "recall_at_k": "ranking",
}

__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy(__name__, _NAMES)
