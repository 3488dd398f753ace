r"""A constructed task in which it is known exactly what the order of the frames is worth.

A real handwritten digit drifts left, right, up or down over a torus, from anywhere. Which way? Three levels
follow, for any model whatever:

- one frame shows a digit somewhere, whatever the direction: 1/4;
- the frames as a set show the axis, but a clip and its reversal, which drifts the other way, are the same
  set: at most 1/2;
- the frames in order: 1.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from cmlearn._validate import require, require_counts
from cmlearn.video.moving_digits import digit_pictures

__all__ = ["DIRECTIONS", "DriftingDigits", "drifting_digits"]

DIRECTIONS = ("left", "right", "up", "down")
_STEPS = ((0, -1), (0, 1), (-1, 0), (1, 0))


class DriftingDigits(NamedTuple):
    """Clips and the way they drift.

    Attributes:
        clip: ink from 0 to 1.
        direction: a position in `DIRECTIONS`.

    Example:
        >>> drifting_digits(5).direction.shape
        torch.Size([5])
    """

    clip: Float[Tensor, "clip 1 time size size"]
    direction: Int[Tensor, " clip"]


def drifting_digits(
    count: int,
    *,
    frames: int = 8,
    size: int = 16,
    speed: int = 1,
    part: str = "train",
    generator: torch.Generator | None = None,
) -> DriftingDigits:
    r"""Draw clips of digits that drift over a torus.

    With digit $g$, start $(a, b)$ and step $(p, q)$, all uniform, frame $t$ is $g$ shifted by
    $(a + tp, b + tq)$ modulo the size. Reversed, a clip drifts the opposite way.

    Args:
        count: how many clips.
        frames: frames of a clip.
        size: height and width; the digit has 8 x 8 pixels.
        speed: pixels a frame.
        part: `"train"` or `"test"`: digits by different writers.
        generator: draws everything, on the CPU; `None` is PyTorch's own.

    Raises:
        ValueError: if a number is too small, or `part` is unknown.

    Example:
        >>> import torch
        >>> clips = drifting_digits(100, generator=torch.Generator().manual_seed(0))
        >>> clips.clip.shape
        torch.Size([100, 1, 8, 16, 16])
        >>> ink = clips.clip.sum((3, 4))
        >>> torch.allclose(ink, ink[:, :, :1])  # nothing leaves the picture
        True
    """
    require(size >= 8, "size", "8 or more pixels", size)
    require_counts(count=count, frames=frames, speed=speed)
    digits = digit_pictures(part)
    shown = digits[torch.randint(len(digits), (count,), generator=generator)]
    direction = torch.randint(len(DIRECTIONS), (count,), generator=generator)
    start = torch.randint(size, (count, 1, 2), generator=generator)
    steps = torch.tensor(_STEPS)[direction][:, None]
    corner = start + speed * steps * torch.arange(frames)[None, :, None]
    canvas = F.pad(shown, (0, size - 8, 0, size - 8))
    return DriftingDigits(_shifted(canvas, corner)[:, None], direction)


def _shifted(
    canvas: Float[Tensor, "clip size size"], corner: Int[Tensor, "clip time 2"]
) -> Float[Tensor, "clip time size size"]:
    """The canvas rolled to each corner, round the torus."""
    size = canvas.shape[-1]
    source = (torch.arange(size) - corner[..., None]) % size  # (clip, time, 2, size)
    rows, columns = source[:, :, 0, :, None], source[:, :, 1, None, :]
    return canvas[torch.arange(len(canvas))[:, None, None, None], rows, columns]
