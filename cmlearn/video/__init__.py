"""Space and time: what it takes for a model of clips to use the order of their frames."""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.video.classification import clip_accuracy as clip_accuracy
    from cmlearn.video.classification import clip_loss as clip_loss
    from cmlearn.video.classification import clip_scores as clip_scores
    from cmlearn.video.cost import Cost as Cost
    from cmlearn.video.cost import count_cost as count_cost
    from cmlearn.video.frames import as_clips as as_clips
    from cmlearn.video.frames import reverse_frames as reverse_frames
    from cmlearn.video.frames import shuffle_frames as shuffle_frames
    from cmlearn.video.probes import OrderProbe as OrderProbe
    from cmlearn.video.probes import probe_order as probe_order

_NAMES = {
    "clip_accuracy": "classification",
    "clip_loss": "classification",
    "clip_scores": "classification",
    "Cost": "cost",
    "count_cost": "cost",
    "as_clips": "frames",
    "reverse_frames": "frames",
    "shuffle_frames": "frames",
    "OrderProbe": "probes",
    "probe_order": "probes",
}
_MODULES = {*_NAMES.values()}

__all__ = sorted({*_NAMES, *_MODULES})
__getattr__, __dir__ = lazy(__name__, _NAMES, _MODULES)
