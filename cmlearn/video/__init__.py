"""Space and time: what it takes for a model of clips to use the order of their frames."""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.video.classification import clip_accuracy as clip_accuracy
    from cmlearn.video.classification import clip_loss as clip_loss
    from cmlearn.video.classification import clip_scores as clip_scores
    from cmlearn.video.convlstm import ConvLSTM as ConvLSTM
    from cmlearn.video.convlstm import ConvLSTMCell as ConvLSTMCell
    from cmlearn.video.convlstm import ConvLSTMState as ConvLSTMState
    from cmlearn.video.convlstm import FrameForecaster as FrameForecaster
    from cmlearn.video.continuous_attention import ContinuousAttention as ContinuousAttention
    from cmlearn.video.continuous_attention import ContinuousContext as ContinuousContext
    from cmlearn.video.continuous_attention import RadialBasis as RadialBasis
    from cmlearn.video.continuous_attention import gaussian_density as gaussian_density
    from cmlearn.video.continuous_attention import moments as moments
    from cmlearn.video.continuous_attention import parabola_density as parabola_density
    from cmlearn.video.continuous_attention import ridge_operator as ridge_operator
    from cmlearn.video.cost import Cost as Cost
    from cmlearn.video.cost import count_cost as count_cost
    from cmlearn.video.frames import as_clips as as_clips
    from cmlearn.video.frames import reverse_frames as reverse_frames
    from cmlearn.video.frames import shuffle_frames as shuffle_frames
    from cmlearn.video.moving_digits import MovingClips as MovingClips
    from cmlearn.video.moving_digits import MovingDigits as MovingDigits
    from cmlearn.video.moving_digits import bounce as bounce
    from cmlearn.video.moving_digits import digit_pictures as digit_pictures
    from cmlearn.video.probes import OrderProbe as OrderProbe
    from cmlearn.video.probes import probe_order as probe_order

_NAMES = {
    "clip_accuracy": "classification",
    "clip_loss": "classification",
    "clip_scores": "classification",
    "ConvLSTM": "convlstm",
    "ConvLSTMCell": "convlstm",
    "ConvLSTMState": "convlstm",
    "FrameForecaster": "convlstm",
    "ContinuousAttention": "continuous_attention",
    "ContinuousContext": "continuous_attention",
    "RadialBasis": "continuous_attention",
    "gaussian_density": "continuous_attention",
    "moments": "continuous_attention",
    "parabola_density": "continuous_attention",
    "ridge_operator": "continuous_attention",
    "Cost": "cost",
    "count_cost": "cost",
    "as_clips": "frames",
    "reverse_frames": "frames",
    "shuffle_frames": "frames",
    "MovingClips": "moving_digits",
    "MovingDigits": "moving_digits",
    "bounce": "moving_digits",
    "digit_pictures": "moving_digits",
    "OrderProbe": "probes",
    "probe_order": "probes",
}
_MODULES = {*_NAMES.values()}

__all__ = sorted({*_NAMES, *_MODULES})
__getattr__, __dir__ = lazy(__name__, _NAMES, _MODULES)
