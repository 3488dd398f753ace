r"""C3D: a net whose kernels reach over time as they reach over a picture.

A 3-D convolution slides a kernel of $d \times k \times k$ numbers a pair of channels over time, height and
width. With $d = 1$ it is a 2-D convolution of each frame by itself; with $d > 1$ its output at one moment
depends on the moments beside it. C3D is a VGG net made of such layers, all of them $3 \times 3 \times 3$.
[tran2015learning]; 3-D convolutions for actions are older [ji2013convolutional].
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cmlearn._validate import require

__all__ = ["C3D", "PUBLISHED_HIDDEN", "PUBLISHED_STAGES"]

PUBLISHED_STAGES = ((64,), (128,), (256, 256), (512, 512), (512, 512))
PUBLISHED_HIDDEN = (4096, 4096)


class C3D(nn.Module):
    r"""Stages of 3-D convolutions, a max-pool after each, and fully connected layers.

    One convolution, at channel $o$, time $t$ and place $(y, x)$, before its ReLU:

    $$z_{o,t,y,x} = b_o + \sum_{i} \sum_{\tau, u, v} w_{o,i,\tau,u,v}\; x_{i,\, t+\tau,\, y+u,\, x+v}$$

    Stride 1 and padding keep all sizes. The first pool takes the largest of 1 x 2 x 2 numbers, the others of
    2 x 2 x 2, rounding up, so 16 frames of 112 x 112 become 1 x 4 x 4. The defaults are the published net:
    27.66 million numbers in its convolutions, 78.41 million in all with 101 classes. [tran2015learning]

    Args:
        classes: how many classes.
        shape: a clip's channels, frames, height and width.
        stages: the channels of the convolutions of each stage.
        hidden: sizes of the fully connected layers before the last one.
        depth: how many frames a kernel sees, an odd number.
        convolution: called as `torch.nn.Conv3d` is, for each layer.
        pool_time: whether pools after the first merge moments; without it every stage keeps all frames.
        average: read the mean over all moments and places, not each of them.
        norm: batch normalisation after each convolution; the published net has none.
        dropout: probability in front of each fully connected layer but the first.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if a size is not positive, a stage is empty, or `depth` is even.

    Example:
        >>> import torch
        >>> model = C3D(6, shape=(3, 4, 32, 32), stages=((8,), (16,), (32,)), hidden=())
        >>> model(torch.randn(2, 3, 4, 32, 32)).shape
        torch.Size([2, 6])
        >>> sum(p.numel() for p in C3D(101, device="meta").parameters())
        78409573
    """

    def __init__(
        self,
        classes: int,
        *,
        shape: tuple[int, int, int, int] = (3, 16, 112, 112),
        stages: Sequence[Sequence[int]] = PUBLISHED_STAGES,
        hidden: Sequence[int] = PUBLISHED_HIDDEN,
        depth: int = 3,
        convolution: Callable[..., nn.Module] = nn.Conv3d,
        pool_time: bool = True,
        average: bool = False,
        norm: bool = False,
        dropout: float = 0.5,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require(depth % 2 == 1, "depth", "an odd number", depth)
        require(min(map(len, stages), default=0) > 0, "stages", "one or more convolutions each", stages)
        sizes = (classes, *shape, *(width for stage in stages for width in stage), *hidden)
        require(min(sizes) >= 1, "classes, shape, stages, hidden", "positive sizes", sizes)
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        layers: list[nn.Module] = []
        channels, places = shape[0], list(shape[1:])
        for number, widths in enumerate(stages):
            for width in widths:
                layers += _convolve(channels, width, depth, convolution, norm, place)
                channels = width
            window = (2 if pool_time and number > 0 else 1, 2, 2)
            layers.append(nn.MaxPool3d(window, ceil_mode=True))
            places = [-(-size // step) for size, step in zip(places, window, strict=True)]
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool3d(1) if average else nn.Identity()
        self.classify = _head(
            channels if average else channels * prod(places), hidden, classes, dropout, place
        )

    def forward(self, clips: Float[Tensor, "clip channel time height width"]) -> Float[Tensor, "clip class"]:
        """Class scores.

        Args:
            clips: of the shape that the net was made for; with `average`, of any times and sizes.

        Returns:
            One row of scores a clip.
        """
        return self.classify(self.pool(self.features(clips)).flatten(1))


def _convolve(
    inputs: int,
    outputs: int,
    depth: int,
    convolution: Callable[..., nn.Module],
    norm: bool,
    place: dict[str, Any],
) -> list[nn.Module]:
    """A convolution that keeps all sizes, and its ReLU."""
    layer = convolution(inputs, outputs, (depth, 3, 3), padding=(depth // 2, 1, 1), bias=not norm, **place)
    return [layer, *([nn.BatchNorm3d(outputs, **place)] if norm else []), nn.ReLU()]


def _head(
    inputs: int, hidden: Sequence[int], classes: int, dropout: float, place: dict[str, Any]
) -> nn.Sequential:
    """Fully connected layers, with a ReLU and dropout between them."""
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(inputs, width, **place), nn.ReLU(), nn.Dropout(dropout)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, classes, **place))
