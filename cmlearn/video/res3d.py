r"""3-D residual nets: each block adds to its input, so a deep net starts as a shallow one.

Res3D is the 18-layer residual net with $3 \times 3 \times 3$ kernels [tran2017convnet]; deeper ones are the
3-D ResNets of [hara2018can]; the block is that of [he2016deep]. `convolution` swaps the kernels, which gives
R(2+1)D in `cmlearn.video.r2plus1d`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cmlearn._validate import require

__all__ = ["BasicBlock3d", "Res3D"]


class BasicBlock3d(nn.Module):
    r"""Two 3-D convolutions whose result is added to what came in.

    $$y = \operatorname{ReLU}\big(s(x) + r(x)\big), \qquad
      r(x) = \mathrm{BN}_2\big(W_2 * \operatorname{ReLU}(\mathrm{BN}_1(W_1 * x))\big)$$

    The shortcut $s$ is the identity, or a $1 \times 1 \times 1$ convolution with batch normalisation where
    the sizes change. With `zero_init` the scale of $\mathrm{BN}_2$ starts at 0, and the block is
    $\operatorname{ReLU}(s(x))$: exactly the identity for $x \ge 0$, which is what blocks pass on.
    [he2016deep], [goyal2017accurate]

    Args:
        inputs: channels that come in.
        outputs: channels that go out.
        stride: by how much time, height and width shrink.
        convolution: called as `torch.nn.Conv3d` is, for both convolutions.
        shortcut: `False` for the plain block, $s = 0$.
        zero_init: start at the shortcut; needs one.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if `zero_init` is asked for without a shortcut: the block would put out nothing but 0.

    Example:
        >>> import torch
        >>> x = torch.rand(2, 4, 3, 8, 8)
        >>> torch.equal(BasicBlock3d(4, 4, zero_init=True)(x), x)
        True
        >>> BasicBlock3d(4, 8, stride=2)(x).shape
        torch.Size([2, 8, 2, 4, 4])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        stride: int = 1,
        convolution: Callable[..., nn.Module] = nn.Conv3d,
        shortcut: bool = True,
        zero_init: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require(shortcut or not zero_init, "zero_init", "False without a shortcut", zero_init)
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        last = nn.BatchNorm3d(outputs, **place)
        self.residual = nn.Sequential(
            convolution(inputs, outputs, (3, 3, 3), stride=stride, padding=1, bias=False, **place),
            nn.BatchNorm3d(outputs, **place),
            nn.ReLU(),
            convolution(outputs, outputs, (3, 3, 3), stride=1, padding=1, bias=False, **place),
            last,
        )
        self.shortcut = _shortcut(inputs, outputs, stride, place) if shortcut else None
        if zero_init:
            nn.init.zeros_(last.weight)

    def forward(
        self, x: Float[Tensor, "clip inputs time height width"]
    ) -> Float[Tensor, "clip outputs time2 height2 width2"]:
        """Add to the input, and cut off below 0.

        Args:
            x: a feature map.

        Returns:
            The next feature map.
        """
        change = self.residual(x)
        return torch.relu(change if self.shortcut is None else self.shortcut(x) + change)


class Res3D(nn.Module):
    """A stem, stages of residual blocks, the mean over all places, and a linear classifier.

    Each stage but the first halves time, height and width in its first block. The defaults are the published
    net of 18 layers, known as r3d_18: 33,371,472 parameters with 400 classes. [tran2017convnet]

    Args:
        classes: how many classes.
        widths: channels of each stage.
        blocks: blocks of each stage.
        stem: the first convolution, from the clip to `widths[0]` channels; `None` for the published one, of
            3 x 7 x 7 with stride 1 x 2 x 2, on three channels.
        convolution: called as `torch.nn.Conv3d` is, in the blocks.
        shortcut: `False` for the plain net of the same layers.
        zero_init: start every block at its shortcut.
        device: where the parameters live; a given `stem` brings its own.
        dtype: the type of the parameters.

    Raises:
        ValueError: if `widths` and `blocks` differ in length or are not positive, or if `zero_init` is asked
            for without shortcuts.

    Example:
        >>> import torch
        >>> model = Res3D(6, widths=(8, 16), blocks=(1, 1), stem=nn.Conv3d(3, 8, 3, padding=1, bias=False))
        >>> model(torch.randn(2, 3, 4, 32, 32)).shape
        torch.Size([2, 6])
        >>> sum(p.numel() for p in Res3D(400, device="meta").parameters())
        33371472
    """

    def __init__(
        self,
        classes: int,
        *,
        widths: Sequence[int] = (64, 128, 256, 512),
        blocks: Sequence[int] = (2, 2, 2, 2),
        stem: nn.Module | None = None,
        convolution: Callable[..., nn.Module] = nn.Conv3d,
        shortcut: bool = True,
        zero_init: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require(len(widths) == len(blocks), "blocks", f"one number for each of {len(widths)} stages", blocks)
        sizes = (classes, len(widths), *widths, *blocks)
        require(min(sizes) >= 1, "classes, widths, blocks", "positive numbers", sizes)
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        first = _published_stem(widths[0], place) if stem is None else stem
        self.stem = nn.Sequential(first, nn.BatchNorm3d(widths[0], **place), nn.ReLU())
        options = {"convolution": convolution, "shortcut": shortcut, "zero_init": zero_init, **place}
        layers, inputs = [], widths[0]
        for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            for number in range(count):
                stride = 2 if stage > 0 and number == 0 else 1
                layers.append(BasicBlock3d(inputs, width, stride=stride, **options))
                inputs = width
        self.blocks = nn.Sequential(*layers)
        self.classify = nn.Linear(inputs, classes, **place)

    def forward(self, clips: Float[Tensor, "clip channel time height width"]) -> Float[Tensor, "clip class"]:
        """Class scores.

        Args:
            clips: of any times and sizes.

        Returns:
            One row of scores a clip.
        """
        return self.classify(self.blocks(self.stem(clips)).mean(dim=(2, 3, 4)))


def _published_stem(outputs: int, place: dict[str, Any]) -> nn.Conv3d:
    return nn.Conv3d(3, outputs, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False, **place)


def _shortcut(inputs: int, outputs: int, stride: int, place: dict[str, Any]) -> nn.Module:
    if inputs == outputs and stride == 1:
        return nn.Identity()
    project = nn.Conv3d(inputs, outputs, 1, stride=stride, bias=False, **place)
    return nn.Sequential(project, nn.BatchNorm3d(outputs, **place))
