r"""Moving digits: real handwritten digits that fly straight and bounce, so that the future is known.

A constructed world: the pictures are real, their motion is a formula. A digit at place $p$ with speed $v$ is,
$t$ frames later, at $L - |((p + vt) \bmod 2L) - L|$ along each axis, where $L$ is the room that it has: a
straight line, folded at the walls. Moving MNIST is the large one. [srivastava2015unsupervised]
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from sklearn.datasets import load_digits
from torch import Tensor

from cmlearn._validate import require, require_choice, require_counts, require_ndim

__all__ = ["MovingClips", "MovingDigits", "bounce", "digit_pictures"]

TRAINING_DIGITS = 1297


class MovingClips(NamedTuple):
    """Clips and the truth about them.

    Attributes:
        clips: the frames, values from 0 to 1.
        corner: the top left corner of each digit in each frame: row, column.
        digit: which picture each one is.

    Example:
        >>> import torch
        >>> clips, corner, digit = MovingDigits(torch.ones(1, 2, 2), size=4).sample(1, frames=3, digits=1)
        >>> row, column = corner[0, 0, 2]
        >>> clips[0, 0, 2, row : row + 2, column : column + 2].tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """

    clips: Float[Tensor, "clip 1 time size size"]
    corner: Int[Tensor, "clip digit time 2"]
    digit: Int[Tensor, "clip digit"]


class MovingDigits:
    """A box in which pictures move.

    Speeds are drawn from whole numbers of pixels a frame, up to `speed` along each axis, never (0, 0). Where
    pictures overlap, the brighter pixel is seen. [srivastava2015unsupervised]

    Args:
        pictures: square pictures, from 0 to 1.
        size: side of the box.
        speed: the largest speed along an axis.

    Raises:
        ValueError: if the pictures are not square, do not fit into the box, or `speed` is less than 1.

    Example:
        >>> world = MovingDigits(digit_pictures("test"))
        >>> world.sample(3, frames=10, digits=2).clips.shape
        torch.Size([3, 1, 10, 20, 20])
    """

    def __init__(self, pictures: Float[Tensor, "picture side side"], size: int = 20, speed: int = 2) -> None:
        require_ndim(pictures, 3, "pictures")
        height, width = pictures.shape[1:]
        require(height == width, "pictures", "square ones", f"shape {tuple(pictures.shape)}")
        require(size > width, "size", f"more than the {width} pixels of a picture", size)
        require_counts(speed=speed)
        self.pictures, self.size, self.speed = pictures, size, speed

    def sample(
        self, count: int, *, frames: int, digits: int = 2, generator: torch.Generator | None = None
    ) -> MovingClips:
        """Draw clips.

        Args:
            count: how many.
            frames: frames a clip.
            digits: digits a clip.
            generator: draws everything, on the CPU; `None` is PyTorch's own.

        Raises:
            ValueError: if one of the numbers is less than 1.
        """
        require_counts(count=count, frames=frames, digits=digits)
        room = self.size - self.pictures.shape[1]
        which = torch.randint(len(self.pictures), (count, digits), generator=generator)
        start = torch.randint(room + 1, (count, digits, 2), generator=generator)
        corner = bounce(start, self._speeds(count, digits, generator), frames, room)
        return MovingClips(self._paint(which, corner), corner, which)

    def _speeds(
        self, count: int, digits: int, generator: torch.Generator | None
    ) -> Int[Tensor, "clip digit 2"]:
        """All pairs of speeds but (0, 0), equally likely."""
        side = 2 * self.speed + 1
        pair = torch.randint(side**2 - 1, (count, digits), generator=generator)
        pair = pair + (pair >= side**2 // 2)
        return torch.stack([pair // side, pair % side], dim=-1) - self.speed

    def _paint(
        self, which: Int[Tensor, "clip digit"], corner: Int[Tensor, "clip digit time 2"]
    ) -> Float[Tensor, "clip 1 time size size"]:
        count, digits, frames, _ = corner.shape
        side = torch.arange(self.pictures.shape[1])
        clip, time = torch.arange(count)[:, None, None, None], torch.arange(frames)[:, None, None]
        canvas = self.pictures.new_zeros(count, frames, self.size, self.size)
        for k in range(digits):
            rows = (corner[:, k, :, 0, None] + side)[..., None]
            columns = (corner[:, k, :, 1, None] + side)[:, :, None]
            picture = self.pictures[which[:, k]][:, None]
            canvas[clip, time, rows, columns] = torch.maximum(canvas[clip, time, rows, columns], picture)
        return canvas[:, None]


def bounce(
    start: Int[Tensor, "*many 2"], velocity: Int[Tensor, "*many 2"], frames: int, room: int
) -> Int[Tensor, "*many {frames} 2"]:
    r"""Places of things that fly straight and bounce off walls at 0 and at `room`.

    $L - |((p + vt) \bmod 2L) - L|$ for $t = 0, 1, \dots$, with $L$ = `room`.

    Args:
        start: $p$, from 0 to `room`.
        velocity: $v$, pixels a frame.
        frames: how many places to give, the start included.
        room: $L$, 1 or more.

    Raises:
        ValueError: if `room` is less than 1 or a start lies outside.

    Example:
        >>> import torch
        >>> bounce(torch.tensor([1, 2]), torch.tensor([2, -1]), 4, 3)[:, 0].tolist()  # along the rows
        [1, 3, 1, 1]
    """
    require_counts(room=room)
    inside = bool(((start >= 0) & (start <= room)).all())
    require(inside, "start", f"places from 0 to {room}", f"{start.min()} to {start.max()}")
    time = torch.arange(frames)[:, None]
    flown = start[..., None, :] + velocity[..., None, :] * time
    return room - (flown % (2 * room) - room).abs()


def digit_pictures(part: str) -> Float[Tensor, "picture 8 8"]:
    """Handwritten digits of 8 x 8 pixels, from 0 to 1: those of scikit-learn.

    The last 500 are for tests. Pictures by one hand lie next to each other in the set, so a cut in two pieces
    keeps most hands apart, where a random one would not.

    Args:
        part: "train" or "test".

    Raises:
        ValueError: if `part` is another word.

    Example:
        >>> digit_pictures("train").shape, digit_pictures("test").shape
        (torch.Size([1297, 8, 8]), torch.Size([500, 8, 8]))
    """
    require_choice(part, ("train", "test"), "part")
    pictures = torch.as_tensor(load_digits().images, dtype=torch.float32) / 16
    return pictures[:TRAINING_DIGITS] if part == "train" else pictures[TRAINING_DIGITS:]
