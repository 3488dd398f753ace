"""Space and time: what it takes for a model of clips to use the order of their frames."""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.video.c3d import C3D as C3D
    from cmlearn.video.c3d import PUBLISHED_HIDDEN as PUBLISHED_HIDDEN
    from cmlearn.video.c3d import PUBLISHED_STAGES as PUBLISHED_STAGES
    from cmlearn.video.classification import clip_accuracy as clip_accuracy
    from cmlearn.video.classification import clip_loss as clip_loss
    from cmlearn.video.classification import clip_scores as clip_scores
    from cmlearn.video.continuous_attention import ContinuousAttention as ContinuousAttention
    from cmlearn.video.continuous_attention import ContinuousContext as ContinuousContext
    from cmlearn.video.continuous_attention import RadialBasis as RadialBasis
    from cmlearn.video.continuous_attention import gaussian_density as gaussian_density
    from cmlearn.video.continuous_attention import moments as moments
    from cmlearn.video.continuous_attention import parabola_density as parabola_density
    from cmlearn.video.continuous_attention import ridge_operator as ridge_operator
    from cmlearn.video.convlstm import ConvLSTM as ConvLSTM
    from cmlearn.video.convlstm import ConvLSTMCell as ConvLSTMCell
    from cmlearn.video.convlstm import ConvLSTMState as ConvLSTMState
    from cmlearn.video.convlstm import FrameForecaster as FrameForecaster
    from cmlearn.video.convnet import TDNN as TDNN
    from cmlearn.video.convnet import ConvLayer as ConvLayer
    from cmlearn.video.convnet import ConvNet as ConvNet
    from cmlearn.video.convnet import convolutions as convolutions
    from cmlearn.video.convnet import dilated_layers as dilated_layers
    from cmlearn.video.convnet import effective_width as effective_width
    from cmlearn.video.convnet import gradient_energy as gradient_energy
    from cmlearn.video.convnet import path_counts as path_counts
    from cmlearn.video.convnet import profile_width as profile_width
    from cmlearn.video.convnet import receptive_field as receptive_field
    from cmlearn.video.cost import Cost as Cost
    from cmlearn.video.cost import count_cost as count_cost
    from cmlearn.video.drift import DIRECTIONS as DIRECTIONS
    from cmlearn.video.drift import DriftingDigits as DriftingDigits
    from cmlearn.video.drift import drifting_digits as drifting_digits
    from cmlearn.video.frames import as_clips as as_clips
    from cmlearn.video.frames import reverse_frames as reverse_frames
    from cmlearn.video.frames import shuffle_frames as shuffle_frames
    from cmlearn.video.grid_flow import BRANCHES as BRANCHES
    from cmlearn.video.grid_flow import GridFlow as GridFlow
    from cmlearn.video.grid_flow import branch_frames as branch_frames
    from cmlearn.video.grid_flow import branch_lags as branch_lags
    from cmlearn.video.grid_flow import constructed_flow as constructed_flow
    from cmlearn.video.moving_digits import MovingClips as MovingClips
    from cmlearn.video.moving_digits import MovingDigits as MovingDigits
    from cmlearn.video.moving_digits import bounce as bounce
    from cmlearn.video.moving_digits import digit_pictures as digit_pictures
    from cmlearn.video.probes import OrderProbe as OrderProbe
    from cmlearn.video.probes import probe_order as probe_order
    from cmlearn.video.r2plus1d import Conv2Plus1d as Conv2Plus1d
    from cmlearn.video.r2plus1d import R2Plus1D as R2Plus1D
    from cmlearn.video.r2plus1d import matched_middle as matched_middle
    from cmlearn.video.res3d import BasicBlock3d as BasicBlock3d
    from cmlearn.video.res3d import Res3D as Res3D
    from cmlearn.video.space_time_attention import SCHEMES as SCHEMES
    from cmlearn.video.space_time_attention import STAM as STAM
    from cmlearn.video.space_time_attention import SelfAttention as SelfAttention
    from cmlearn.video.space_time_attention import TimeSformer as TimeSformer
    from cmlearn.video.space_time_attention import attention_pairs as attention_pairs
    from cmlearn.video.spectral_temporal import GrowthCurves as GrowthCurves
    from cmlearn.video.spectral_temporal import GrowthSeries as GrowthSeries
    from cmlearn.video.spectral_temporal import TempCNN as TempCNN
    from cmlearn.video.st_resnet import PUBLISHED_LENGTHS as PUBLISHED_LENGTHS
    from cmlearn.video.st_resnet import ResidualUnit as ResidualUnit
    from cmlearn.video.st_resnet import STResNet as STResNet
    from cmlearn.video.temporal_matching import SoftDTW as SoftDTW
    from cmlearn.video.temporal_matching import expected_alignment as expected_alignment
    from cmlearn.video.temporal_matching import soft_dtw as soft_dtw
    from cmlearn.video.temporal_matching import soft_dtw_divergence as soft_dtw_divergence
    from cmlearn.video.temporal_matching import squared_distances as squared_distances
    from cmlearn.video.temporal_matching import temporal_similarity as temporal_similarity
    from cmlearn.video.temporal_shift import ShiftNet as ShiftNet
    from cmlearn.video.temporal_shift import TemporalShift as TemporalShift
    from cmlearn.video.temporal_shift import shift_channels as shift_channels
    from cmlearn.video.vnet import PUBLISHED_CONVOLUTIONS as PUBLISHED_CONVOLUTIONS
    from cmlearn.video.vnet import DiceLoss as DiceLoss
    from cmlearn.video.vnet import VNet as VNet
    from cmlearn.video.vnet import dice_coefficient as dice_coefficient
    from cmlearn.video.vnet import dice_gradient as dice_gradient
    from cmlearn.video.vnet import dice_loss as dice_loss
    from cmlearn.video.vnet import foreground as foreground
    from cmlearn.video.volumes import BlobVolumes as BlobVolumes
    from cmlearn.video.volumes import blob_volumes as blob_volumes

_NAMES = {
    "C3D": "c3d",
    "PUBLISHED_HIDDEN": "c3d",
    "PUBLISHED_STAGES": "c3d",
    "clip_accuracy": "classification",
    "clip_loss": "classification",
    "clip_scores": "classification",
    "ContinuousAttention": "continuous_attention",
    "ContinuousContext": "continuous_attention",
    "RadialBasis": "continuous_attention",
    "gaussian_density": "continuous_attention",
    "moments": "continuous_attention",
    "parabola_density": "continuous_attention",
    "ridge_operator": "continuous_attention",
    "ConvLSTM": "convlstm",
    "ConvLSTMCell": "convlstm",
    "ConvLSTMState": "convlstm",
    "FrameForecaster": "convlstm",
    "TDNN": "convnet",
    "ConvLayer": "convnet",
    "ConvNet": "convnet",
    "convolutions": "convnet",
    "dilated_layers": "convnet",
    "effective_width": "convnet",
    "gradient_energy": "convnet",
    "path_counts": "convnet",
    "profile_width": "convnet",
    "receptive_field": "convnet",
    "Cost": "cost",
    "count_cost": "cost",
    "DIRECTIONS": "drift",
    "DriftingDigits": "drift",
    "drifting_digits": "drift",
    "as_clips": "frames",
    "reverse_frames": "frames",
    "shuffle_frames": "frames",
    "BRANCHES": "grid_flow",
    "GridFlow": "grid_flow",
    "branch_frames": "grid_flow",
    "branch_lags": "grid_flow",
    "constructed_flow": "grid_flow",
    "MovingClips": "moving_digits",
    "MovingDigits": "moving_digits",
    "bounce": "moving_digits",
    "digit_pictures": "moving_digits",
    "OrderProbe": "probes",
    "probe_order": "probes",
    "Conv2Plus1d": "r2plus1d",
    "R2Plus1D": "r2plus1d",
    "matched_middle": "r2plus1d",
    "BasicBlock3d": "res3d",
    "Res3D": "res3d",
    "SCHEMES": "space_time_attention",
    "STAM": "space_time_attention",
    "SelfAttention": "space_time_attention",
    "TimeSformer": "space_time_attention",
    "attention_pairs": "space_time_attention",
    "GrowthCurves": "spectral_temporal",
    "GrowthSeries": "spectral_temporal",
    "TempCNN": "spectral_temporal",
    "PUBLISHED_LENGTHS": "st_resnet",
    "ResidualUnit": "st_resnet",
    "STResNet": "st_resnet",
    "SoftDTW": "temporal_matching",
    "expected_alignment": "temporal_matching",
    "soft_dtw": "temporal_matching",
    "soft_dtw_divergence": "temporal_matching",
    "squared_distances": "temporal_matching",
    "temporal_similarity": "temporal_matching",
    "ShiftNet": "temporal_shift",
    "TemporalShift": "temporal_shift",
    "shift_channels": "temporal_shift",
    "PUBLISHED_CONVOLUTIONS": "vnet",
    "DiceLoss": "vnet",
    "VNet": "vnet",
    "dice_coefficient": "vnet",
    "dice_gradient": "vnet",
    "dice_loss": "vnet",
    "foreground": "vnet",
    "BlobVolumes": "volumes",
    "blob_volumes": "volumes",
}
_MODULES = {*_NAMES.values()}

__all__ = sorted({*_NAMES, *_MODULES})
__getattr__, __dir__ = lazy(__name__, _NAMES, _MODULES)
