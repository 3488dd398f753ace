r"""V-Net: segmentation of whole volumes, and the Dice loss.

An encoder-decoder of 3-D convolutions. Each stage is residual: its input is added to what its convolutions
make of it. Between stages, convolutions of 2 voxels with stride 2 halve the volume on the way down and double
it on the way up, where what the left side had at that size is laid beside it. [milletari2016vnet]

The Dice coefficient of probabilities and a mask has no term for background that is rightly left out, so a
small foreground is not outvoted.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from cmlearn._validate import require

__all__ = [
    "PUBLISHED_CONVOLUTIONS",
    "DiceLoss",
    "VNet",
    "dice_coefficient",
    "dice_gradient",
    "dice_loss",
    "foreground",
]

PUBLISHED_CONVOLUTIONS = (1, 2, 3, 3, 3)
"""Convolutions in each stage of the published network, from the input down; the right side mirrors them."""


def dice_coefficient(
    probabilities: Float[Tensor, "batch 1 *space"], mask: Bool[Tensor, "batch 1 *space"]
) -> Float[Tensor, " batch"]:
    r"""The Dice coefficient of each volume, with squares below.

    $$D = \frac{2 \sum_i p_i g_i}{\sum_i p_i^2 + \sum_i g_i^2}$$

    For a prediction of 0 and 1 it is twice the overlap over the sum of both sizes: 1 is perfect. A mask
    without foreground has D = 0 whatever the prediction, as in the formula. [milletari2016vnet]

    Args:
        probabilities: $p$, of foreground, in 0..1.
        mask: $g$.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> import torch
        >>> mask = torch.tensor([[[True, True, False, False]]])
        >>> dice_coefficient(torch.tensor([[[1.0, 0.0, 0.0, 0.0]]]), mask)  # 2 * 1 / (1 + 2)
        tensor([0.6667])
    """
    overlap, total = _overlap_and_total(probabilities, mask)
    return 2 * overlap / total


def dice_loss(
    probabilities: Float[Tensor, "batch 1 *space"], mask: Bool[Tensor, "batch 1 *space"]
) -> Float[Tensor, ""]:
    """One minus the Dice coefficient, the mean over the batch.

    [milletari2016vnet]

    Args:
        probabilities: of foreground, in 0..1.
        mask: the foreground.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> import torch
        >>> mask = torch.tensor([[[True, True, False, False]]])
        >>> dice_loss(mask.float(), mask)
        tensor(0.)
    """
    return 1 - dice_coefficient(probabilities, mask).mean()


def dice_gradient(
    probabilities: Float[Tensor, "batch 1 *space"], mask: Bool[Tensor, "batch 1 *space"]
) -> Float[Tensor, "batch 1 *space"]:
    r"""The derivative of each volume's Dice coefficient by its probabilities, by hand.

    $$\frac{\partial D}{\partial p_j} =
      2\, \frac{g_j \left(\sum_i p_i^2 + \sum_i g_i^2\right) - 2 p_j \sum_i p_i g_i}
               {\left(\sum_i p_i^2 + \sum_i g_i^2\right)^2}$$

    [milletari2016vnet]

    Args:
        probabilities: $p$, of foreground, in 0..1.
        mask: $g$.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> import torch
        >>> mask = torch.tensor([[[True, False]]])
        >>> dice_gradient(torch.tensor([[[0.5, 0.5]]]), mask)
        tensor([[[ 0.8889, -0.4444]]])
    """
    overlap, total = (x.view(-1, *[1] * (mask.ndim - 1)) for x in _overlap_and_total(probabilities, mask))
    return 2 * (mask * total - 2 * probabilities * overlap) / total**2


def foreground(scores: Float[Tensor, "batch 2 *space"]) -> Float[Tensor, "batch 1 *space"]:
    """The probability of foreground: the second part of the softmax of two scores.

    Args:
        scores: of background and foreground.

    Raises:
        ValueError: if there are not two scores.

    Example:
        >>> import torch
        >>> foreground(torch.zeros(1, 2, 3))
        tensor([[[0.5000, 0.5000, 0.5000]]])
    """
    require(scores.shape[1] == 2, "scores", "2 of them", scores.shape[1])
    return scores.softmax(1)[:, 1:]


class DiceLoss(nn.Module):
    """`dice_loss` of the `foreground` probability of scores, as a module.

    [milletari2016vnet]

    Example:
        >>> import torch
        >>> DiceLoss()(torch.zeros(3, 2, 4, 4, 4), torch.ones(3, 1, 4, 4, 4, dtype=torch.bool))
        tensor(0.2000)
    """

    def forward(
        self, scores: Float[Tensor, "batch 2 *space"], mask: Bool[Tensor, "batch 1 *space"]
    ) -> Float[Tensor, ""]:
        """The loss of a batch."""
        return dice_loss(foreground(scores), mask)


class VNet(nn.Module):
    r"""V-Net, an encoder-decoder for volumes.

    Left stage $l$ has $2^l w$ channels and some convolutions $C$ with PReLU between them; its output is
    $\operatorname{PReLU}(C(x) + x)$. The input is repeated to $w$ channels for the first sum. A right stage
    does the same to the doubled volume from below beside the left stage's output. The defaults are the
    published network, for volumes of 128 x 128 x 64 voxels. [milletari2016vnet]

    Open in the paper and chosen as in its authors' released network: the first stage's sum with the repeated
    input, sums on the right with all that the stage reads, one PReLU slope a channel, and no normalisation.

    Args:
        channels: contrasts of the input; a divisor of `width`.
        classes: scores for each voxel.
        width: $w$, channels of the first stage.
        convolutions: in each left stage; the right side mirrors all but the last.
        kernel: voxels along each axis, odd.

    Raises:
        ValueError: if `channels` does not divide `width`, `kernel` is even, or a stage has no convolution;
            from `forward`, if a side is not a multiple of 2 to the number of halvings.

    Example:
        >>> import torch
        >>> net = VNet(channels=2, width=4, convolutions=(1, 1, 1), kernel=3)
        >>> net(torch.zeros(1, 2, 16, 16, 8)).shape
        torch.Size([1, 2, 16, 16, 8])
    """

    def __init__(
        self,
        channels: int = 1,
        classes: int = 2,
        *,
        width: int = 16,
        convolutions: Sequence[int] = PUBLISHED_CONVOLUTIONS,
        kernel: int = 5,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        require(width % channels == 0, "channels", f"a divisor of the width {width}", channels)
        require(kernel % 2 == 1, "kernel", "an odd number", kernel)
        require(min(convolutions, default=0) >= 1, "convolutions", "1 or more in each stage", convolutions)
        widths = [width * 2**level for level in range(len(convolutions))]
        self.repeats = width // channels
        self.first = _Stage(width, convolutions[0], kernel, channels, **place)
        below = zip(pairwise(widths), convolutions[1:], strict=True)
        self.down = nn.ModuleList(
            nn.Sequential(_halve(narrow, wide, **place), _Stage(wide, count, kernel, **place))
            for (narrow, wide), count in below
        )
        up = [*zip(pairwise(widths), convolutions[:-1], strict=True)][::-1]
        inner = [2 * narrow for (narrow, _), _ in up]
        sources = [widths[-1], *inner]
        self.up = nn.ModuleList(
            _double(source, narrow, **place) for source, ((narrow, _), _) in zip(sources, up, strict=False)
        )
        self.right = nn.ModuleList(_Stage(2 * narrow, count, kernel, **place) for (narrow, _), count in up)
        self.head = nn.Conv3d(sources[-1], classes, 1, **place)
        self.apply(_initialise)

    def forward(
        self, volume: Float[Tensor, "batch channel depth height width"]
    ) -> Float[Tensor, "batch class depth height width"]:
        """Scores of every voxel."""
        factor = 2 ** len(self.down)
        fits = all(side % factor == 0 for side in volume.shape[2:])
        require(fits, "volume", f"sides that are multiples of {factor}", tuple(volume.shape[2:]))
        x = self.first(volume, volume.repeat(1, self.repeats, 1, 1, 1))
        left = [x]
        for down in self.down:
            left.append(down(left[-1]))
        x = left.pop()
        for up, right in zip(self.up, self.right, strict=True):
            x = right(torch.cat([up(x), left.pop()], dim=1))
        return self.head(x)


class _Stage(nn.Module):
    """Convolutions with PReLU between them, a sum with what came in, and a last PReLU."""

    def __init__(
        self, width: int, count: int, kernel: int, channels: int | None = None, **place: Any
    ) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for source in [channels or width, *[width] * (count - 1)]:
            parts += [nn.PReLU(width, **place)] if parts else []
            parts += [nn.Conv3d(source, width, kernel, padding=kernel // 2, **place)]
        self.convolutions = nn.Sequential(*parts)
        self.activation = nn.PReLU(width, **place)

    def forward(
        self,
        x: Float[Tensor, "batch channel depth height width"],
        added: Float[Tensor, "batch out depth height width"] | None = None,
    ) -> Float[Tensor, "batch out depth height width"]:
        """The stage's output; `added` replaces the input in the sum."""
        return self.activation(self.convolutions(x) + (x if added is None else added))


def _halve(source: int, width: int, **place: Any) -> nn.Sequential:
    return nn.Sequential(nn.Conv3d(source, width, 2, stride=2, **place), nn.PReLU(width, **place))


def _double(source: int, width: int, **place: Any) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose3d(source, width, 2, stride=2, **place), nn.PReLU(width, **place))


def _initialise(module: nn.Module) -> None:
    """Weights that keep the variance, biases 0."""
    if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _overlap_and_total(
    probabilities: Float[Tensor, "batch 1 *space"], mask: Bool[Tensor, "batch 1 *space"]
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Sums of p g, and of p² plus g, of each volume; the latter at least the smallest number there is."""
    same: Any = probabilities.shape == mask.shape
    require(same, "mask", f"shape {tuple(probabilities.shape)}", tuple(mask.shape))
    p, g = probabilities.flatten(1), mask.flatten(1)
    total = p.square().sum(1) + g.sum(1)
    return (p * g).sum(1), total.clamp(min=torch.finfo(total.dtype).tiny)
