"""Clips as tensors, and the two changes to the order of their frames that every video lesson applies.

A clip is laid out as PyTorch's 3-D convolutions read it: `(clip, channel, time, height, width)`.
"""

import torch
from jaxtyping import Float, Shaped, UInt8
from numpy.typing import ArrayLike
from torch import Tensor

from cmlearn._validate import require

__all__ = ["as_clips", "reverse_frames", "shuffle_frames"]


def as_clips(frames: ArrayLike) -> Float[Tensor, "clip channel time height width"]:
    """Pictures in 0..255 as clips in [-1, 1], the channels before the time.

    Args:
        frames: shape `(clip, time, height, width, channel)`, whole numbers in 0..255.

    Raises:
        ValueError: if `frames` has not five axes, or is not made of 8-bit numbers.

    Example:
        >>> import numpy as np
        >>> as_clips(np.zeros((2, 4, 32, 32, 3), np.uint8)).shape
        torch.Size([2, 3, 4, 32, 32])
    """
    pictures: UInt8[Tensor, "clip time height width channel"] = torch.as_tensor(frames)
    require(pictures.ndim == 5, "frames", "five axes", f"shape {tuple(pictures.shape)}")
    require(pictures.dtype == torch.uint8, "frames", "8-bit numbers", pictures.dtype)
    return pictures.permute(0, 4, 1, 2, 3).float() / 127.5 - 1


def reverse_frames(clips: Shaped[Tensor, "clip ..."], dim: int = 2) -> Shaped[Tensor, "clip ..."]:
    """The clips played backwards.

    Args:
        clips: clips, or other series, of which `dim` is the axis of time.
        dim: the axis of time.

    Raises:
        ValueError: if `dim` is the axis of the clips, or is not there.

    Example:
        >>> import torch
        >>> reverse_frames(torch.arange(3).view(1, 1, 3)).flatten().tolist()
        [2, 1, 0]
    """
    return clips.flip(_time_axis(clips, dim))


def shuffle_frames(
    clips: Shaped[Tensor, "clip ..."], dim: int = 2, generator: torch.Generator | None = None
) -> Shaped[Tensor, "clip ..."]:
    """The clips with their frames in an order of their own each, all orders equally likely.

    Args:
        clips: clips, or other series, of which `dim` is the axis of time.
        dim: the axis of time.
        generator: draws the orders, on the CPU; `None` is PyTorch's own.

    Raises:
        ValueError: if `dim` is the axis of the clips, or is not there.

    Example:
        >>> import torch
        >>> shuffled = shuffle_frames(torch.arange(6).view(2, 1, 3))
        >>> shuffled.sort().values.flatten().tolist()
        [0, 1, 2, 3, 4, 5]
    """
    dim = _time_axis(clips, dim)
    order = torch.rand(len(clips), clips.shape[dim], generator=generator).argsort(1).to(clips.device)
    shape = [1] * clips.ndim
    shape[0], shape[dim] = order.shape
    return clips.gather(dim, order.view(shape).expand_as(clips))


def _time_axis(clips: Shaped[Tensor, "clip ..."], dim: int) -> int:
    """The axis of time, counted from the front."""
    require(-clips.ndim <= dim < clips.ndim, "dim", f"an axis of {clips.ndim}", dim)
    require(dim % clips.ndim > 0, "dim", "another axis than that of the clips", dim)
    return dim % clips.ndim
