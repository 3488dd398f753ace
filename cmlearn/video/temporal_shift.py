r"""The temporal shift module: a net of frames that reads time at the price of a copy.

A net that reads each frame alone cannot tell their order. The temporal shift lends every frame some channels
of the frame before it and some of the frame after it; the next convolution, which mixes channels anyway, then
mixes moments. No parameter is added and no multiplication. It stands inside the residual branch, so that the
frame's own features pass by it unharmed. [lin2019tsm]

Without the shift, the same net is a temporal segment network: frames scored one by one, and their scores
averaged. [wang2016temporal]
"""

from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from cmlearn._validate import require, require_counts, require_ndim

__all__ = ["ShiftNet", "TemporalShift", "shift_channels"]


def shift_channels(
    x: Shaped[Tensor, "clip time channel height width"], share: int = 8
) -> Shaped[Tensor, "clip time channel height width"]:
    r"""Move the first $C / \text{share}$ channels one frame on, and the next as many one frame back.

    $$y_{t,c} = \begin{cases} x_{t-1,c} & c \le C / \text{share} \\
      x_{t+1,c} & C / \text{share} < c \le 2 C / \text{share} \\ x_{t,c} & \text{else} \end{cases}$$

    for the $C$ channels, with zeros where there is no such frame. [lin2019tsm]

    Args:
        x: feature maps of frames.
        share: one in how many channels moves each way.

    Raises:
        ValueError: if `x` has not five axes, or `share` is not in 2..C.

    Example:
        >>> import torch
        >>> x = torch.arange(1, 4).view(1, 3, 1, 1, 1).expand(1, 3, 3, 1, 1)  # three frames, three channels
        >>> shift_channels(x, share=3)[0, :, :, 0, 0].T.tolist()
        [[0, 1, 2], [2, 3, 0], [1, 2, 3]]
    """
    require_ndim(x, 5, "x")
    require(2 <= share <= x.shape[2], "share", f"2 to {x.shape[2]}, the number of channels", share)
    fold = x.shape[2] // share
    moved = torch.zeros_like(x)
    moved[:, 1:, :fold] = x[:, :-1, :fold]
    moved[:, :-1, fold : 2 * fold] = x[:, 1:, fold : 2 * fold]
    moved[:, :, 2 * fold :] = x[:, :, 2 * fold :]
    return moved


class TemporalShift(nn.Module):
    """`shift_channels` for nets of frames, which hold the frames of all clips in one batch.

    Args:
        frames: frames of a clip.
        share: one in how many channels moves each way.

    Raises:
        ValueError: if `frames` or `share` is out of range.

    Example:
        >>> import torch
        >>> TemporalShift(frames=4)(torch.zeros(2 * 4, 16, 8, 8)).shape
        torch.Size([8, 16, 8, 8])
    """

    def __init__(self, frames: int, share: int = 8) -> None:
        super().__init__()
        require_counts(frames=frames)
        require(share >= 2, "share", "2 or more", share)
        self.frames, self.share = frames, share

    def forward(
        self, x: Float[Tensor, "frames channel height width"]
    ) -> Float[Tensor, "frames channel height width"]:
        """Shift within each clip.

        Args:
            x: feature maps of the frames of clip 1, then of clip 2, and so on.

        Raises:
            ValueError: if `x` is not made of whole clips.
        """
        whole = len(x) % self.frames == 0
        require(whole, "x", f"clips of {self.frames} frames", f"{len(x)} frames")
        return shift_channels(x.reshape(-1, self.frames, *x.shape[1:]), self.share).flatten(0, 1)

    def extra_repr(self) -> str:
        """The settings."""
        return f"frames={self.frames}, share={self.share}"


class ShiftNet(nn.Module):
    """A residual net of frames whose scores are averaged over the clip, with or without temporal shift.

    `shift=True` is TSM [lin2019tsm], `shift=False` is TSN [wang2016temporal]: equal parameters, equal
    operations. TSN gives the same scores for every order of the frames.

    Args:
        classes: the number of classes.
        frames: frames of a clip.
        width: channels of the first stage; each of the three stages doubles them and halves the picture.
        shift: whether each residual branch begins with a shift.
        share: one in how many channels moves each way.
        device: where the parameters live.
        dtype: their type.

    Raises:
        ValueError: if `frames`, `share` or `width` is out of range.

    Example:
        >>> import torch
        >>> from cmlearn.video import count_cost
        >>> clips = torch.zeros(2, 3, 4, 32, 32)
        >>> ShiftNet(classes=6)(clips).shape
        torch.Size([2, 6])
        >>> count_cost(ShiftNet(6), clips) == count_cost(ShiftNet(6, shift=False), clips)
        True
    """

    def __init__(
        self,
        classes: int,
        *,
        frames: int = 4,
        width: int = 16,
        shift: bool = True,
        share: int = 8,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require(width >= share, "width", f"at least share={share}", width)
        self.frames = frames
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        mixer = TemporalShift(frames, share) if shift else nn.Identity()
        self.net = nn.Sequential(
            nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False, **place),
            nn.BatchNorm2d(width, **place),
            nn.ReLU(),
            *(_Block(width << stage, mixer, **place) for stage in range(3)),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(width << 3, classes, **place),
        )

    def forward(self, clips: Float[Tensor, "clip 3 frame height width"]) -> Float[Tensor, "clip class"]:
        """The mean of the frames' scores.

        Args:
            clips: in [-1, 1], as `as_clips` makes them.

        Raises:
            ValueError: if a clip has another number of frames.
        """
        got = clips.shape[2]
        require(got == self.frames, "clips", f"{self.frames} frames each", got)
        frames = clips.transpose(1, 2).flatten(0, 1)
        return self.net(frames).view(len(clips), self.frames, -1).mean(dim=1)


class _Block(nn.Module):
    """Twice the channels at half the size: a shifted branch of two convolutions, and a way round it."""

    def __init__(self, width: int, mixer: nn.Module, **place: Any) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            mixer,
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=False, **place),
            nn.BatchNorm2d(2 * width, **place),
            nn.ReLU(),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1, bias=False, **place),
            nn.BatchNorm2d(2 * width, **place),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(width, 2 * width, 1, stride=2, bias=False, **place), nn.BatchNorm2d(2 * width, **place)
        )

    def forward(
        self, x: Float[Tensor, "frames width height_ width_"]
    ) -> Float[Tensor, "frames channel half_height half_width"]:
        return torch.relu(self.shortcut(x) + self.branch(x))
