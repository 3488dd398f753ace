r"""(2+1)D convolutions: first over the picture, then over time, with a ReLU between.

A 3-D convolution from $N$ to $N'$ channels has $t d^2 N N'$ weights. Split it into a spatial one to $M$
channels and a temporal one from them, and there are $M (d^2 N + t N')$. The $M$ that makes both equal leaves
the budget as it was and adds a ReLU. [tran2018closer]; the same split is in P3D [qiu2017learning] and S3D
[xie2018rethinking].
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cmlearn._validate import require
from cmlearn.video.res3d import Res3D

__all__ = ["Conv2Plus1d", "R2Plus1D", "matched_middle"]


def matched_middle(inputs: int, outputs: int, *, depth: int = 3, size: int = 3) -> int:
    r"""How many channels between the two halves cost as many weights as the 3-D convolution has.

    $$M = \left\lfloor \frac{t\, d^2 N N'}{d^2 N + t N'} \right\rfloor$$

    [tran2018closer]

    Args:
        inputs: $N$, channels that come in.
        outputs: $N'$, channels that go out.
        depth: $t$, frames that the temporal kernel sees.
        size: $d$, width and height of the spatial kernel.

    Raises:
        ValueError: if a number is not positive.

    Example:
        >>> matched_middle(64, 64)
        144
    """
    numbers = (inputs, outputs, depth, size)
    require(min(numbers) >= 1, "inputs, outputs, depth, size", "positive numbers", numbers)
    return depth * size**2 * inputs * outputs // (size**2 * inputs + depth * outputs)


class Conv2Plus1d(nn.Module):
    r"""A spatial convolution, batch normalisation, a ReLU, and a temporal convolution.

    $$y = T * \operatorname{ReLU}(\mathrm{BN}(S * x)), \qquad
      S \in \mathbb{R}^{M \times N \times 1 \times d \times d}, \quad
      T \in \mathbb{R}^{N' \times M \times t \times 1 \times 1}$$

    It is called as `torch.nn.Conv3d` is, and takes its place. Without the ReLU it is one linear map, a 3-D
    convolution whose kernel has rank at most $M$ across (picture, time). [tran2018closer]

    Args:
        inputs: $N$, channels that come in.
        outputs: $N'$, channels that go out.
        kernel_size: $(t, d, d)$.
        stride: by how much (time, height, width) shrink, or one number for all three.
        padding: zeros around (time, height, width), or one number for all three.
        bias: whether the temporal convolution has one.
        middle: $M$; `None` for `matched_middle`.
        share: the part of the matched $M$ that is kept, rounded down; 0.5 costs half the weights.
        relu: `False` takes the ReLU away.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if the spatial kernel is not a square, or no middle channel is left.

    Example:
        >>> import torch
        >>> layer = Conv2Plus1d(8, 16, (3, 3, 3), stride=2, padding=1)
        >>> layer(torch.randn(2, 8, 4, 32, 32)).shape, layer.middle
        (torch.Size([2, 16, 2, 16, 16]), 28)
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel_size: tuple[int, int, int] = (3, 3, 3),
        *,
        stride: int | tuple[int, int, int] = 1,
        padding: int | tuple[int, int, int] = 0,
        bias: bool = False,
        middle: int | None = None,
        share: float = 1.0,
        relu: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        t, d, width = kernel_size
        require(d == width, "kernel_size", "a square over the picture", kernel_size)
        matched = matched_middle(inputs, outputs, depth=t, size=d) if middle is None else middle
        self.middle = int(share * matched)
        require(self.middle >= 1, "middle, share", "one or more middle channels", self.middle)
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        (over_time, *over_picture), (around_time, *around_picture) = _triple(stride), _triple(padding)
        self.spatial = nn.Conv3d(
            inputs,
            self.middle,
            (1, d, d),
            stride=(1, over_picture[0], over_picture[1]),
            padding=(0, around_picture[0], around_picture[1]),
            bias=False,
            **place,
        )
        self.norm = nn.BatchNorm3d(self.middle, **place)
        self.activation = nn.ReLU() if relu else nn.Identity()
        self.temporal = nn.Conv3d(
            self.middle,
            outputs,
            (t, 1, 1),
            stride=(over_time, 1, 1),
            padding=(around_time, 0, 0),
            bias=bias,
            **place,
        )

    def forward(
        self, x: Float[Tensor, "clip inputs time height width"]
    ) -> Float[Tensor, "clip outputs time2 height2 width2"]:
        """Convolve over the picture, then over time.

        Args:
            x: a feature map.

        Returns:
            The next feature map.
        """
        return self.temporal(self.activation(self.norm(self.spatial(x))))


class R2Plus1D(Res3D):
    """R(2+1)D: Res3D with every 3-D convolution split, and the published stem of 45 middle channels.

    Each convolution gets the middle channels that match *its* 3-D counterpart, as the paper's formula has it.
    torchvision's r2plus1d_18 gives both convolutions of a block those of the first, and has 31,505,325
    parameters with 400 classes where this net has 33,370,839. [tran2018closer]

    Args:
        classes: how many classes.
        **options: `widths`, `blocks`, `stem`, `shortcut`, `zero_init`, `device` and `dtype` of `Res3D`.

    Example:
        >>> import torch
        >>> stem = Conv2Plus1d(3, 8, padding=1)
        >>> model = R2Plus1D(6, widths=(8, 16), blocks=(1, 1), stem=stem)
        >>> model(torch.randn(2, 3, 4, 32, 32)).shape
        torch.Size([2, 6])
    """

    def __init__(self, classes: int, **options: Any) -> None:
        if options.get("stem") is None:
            place = {name: options[name] for name in ("device", "dtype") if name in options}
            outputs = options.get("widths", (64,))[0]
            options["stem"] = Conv2Plus1d(
                3, outputs, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), middle=45, **place
            )
        super().__init__(classes, convolution=Conv2Plus1d, **options)


def _triple(value: int | tuple[int, int, int]) -> tuple[int, int, int]:
    return (value, value, value) if isinstance(value, int) else value
