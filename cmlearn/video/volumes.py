r"""Constructed volumes: blobs in noise, with exact masks, a chosen share of foreground, and two contrasts.

In each volume there is one *target*, an ellipsoid, and one *decoy* of the same kind and size. In the first
contrast both are bright; in the second the target is bright and the decoy is dark. So the first contrast
shows blobs, and only the second says which of the two is meant. From the first alone the best answer is to
take both, with a Dice coefficient of 2/3.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from cmlearn._validate import require, require_counts

__all__ = ["BlobVolumes", "blob_volumes"]

_CONTRAST = 2.0


class BlobVolumes(NamedTuple):
    """Volumes and what is in them.

    Attributes:
        volume: two contrasts as channels; the ground has mean 0.
        target: the voxels of the target, the mask to find.
        decoy: the voxels of the decoy.

    Example:
        >>> import torch
        >>> empty = torch.zeros(1, 1, 4, 4, 4, dtype=torch.bool)
        >>> BlobVolumes(torch.zeros(1, 2, 4, 4, 4), empty, empty).target.shape
        torch.Size([1, 1, 4, 4, 4])
    """

    volume: Float[Tensor, "volume 2 depth height width"]
    target: Bool[Tensor, "volume 1 depth height width"]
    decoy: Bool[Tensor, "volume 1 depth height width"]


def blob_volumes(
    count: int,
    side: int = 16,
    *,
    share: float = 0.02,
    noise: float = 1.0,
    generator: torch.Generator | None = None,
) -> BlobVolumes:
    r"""Draw volumes of which target and decoy each fill a chosen share.

    A blob has a centre $c$ and axes $\rho$ in random ratios, of product 1. It holds the voxels $x$ with the
    smallest $\sum_a ((x_a - c_a) / \rho_a)^2$, exactly `round(share * side ** 3)` of them. The two lie in
    different halves of the volume.

    Args:
        count: volumes.
        side: voxels along each axis, even.
        share: of the voxels, for each of the two.
        noise: standard deviation of the noise on every voxel and contrast; blobs stand out by 2.
        generator: draws everything, on the CPU; `None` is PyTorch's own.

    Raises:
        ValueError: if `count` is less than 1, `side` is odd or less than 8, `share` is above 0.04 or less
            than one voxel, or `noise` is negative.

    Example:
        >>> import torch
        >>> drawn = blob_volumes(4, 16, share=0.01, generator=torch.Generator().manual_seed(0))
        >>> drawn.volume.shape, drawn.target.sum((1, 2, 3, 4)).tolist()
        (torch.Size([4, 2, 16, 16, 16]), [41, 41, 41, 41])
    """
    require_counts(count=count)
    require(side >= 8 and side % 2 == 0, "side", "an even number, 8 or more", side)
    require(share <= 0.04 and round(share * side**3) >= 1, "share", "one voxel to 0.04", share)
    require(noise >= 0, "noise", "0 or more", noise)
    blobs = _blobs(count, side, round(share * side**3), generator)
    target, decoy = blobs[:, :1], blobs[:, 1:]
    both = torch.cat([target.float() + decoy.float(), target.float() - decoy.float()], dim=1)
    volume = _CONTRAST * both + noise * torch.randn(both.shape, generator=generator)
    return BlobVolumes(volume, target, decoy)


def _blobs(
    count: int, side: int, voxels: int, generator: torch.Generator | None
) -> Bool[Tensor, "volume 2 depth height width"]:
    """Target and decoy: in each half of a volume, the voxels nearest to an ellipsoid's centre."""
    axes = 0.9 + 0.2 * torch.rand(count, 2, 3, generator=generator)
    axes = axes / axes.prod(2, keepdim=True) ** (1 / 3)
    low, size = _halves(count, side, generator)
    reach = axes * (3 * voxels / (4 * math.pi)) ** (1 / 3)
    place = torch.rand(count, 2, 3, generator=generator)
    centre = low + reach - 0.5 + place * (size - 2 * reach).clamp(min=0)
    line = torch.arange(float(side))
    voxel = torch.stack(torch.meshgrid(line, line, line, indexing="ij"), -1)
    low, size, centre, axes = (x[:, :, None, None, None] for x in (low, size, centre, axes))
    distance = ((voxel - centre) / axes).square().sum(-1)
    inside = ((voxel >= low) & (voxel < low + size)).all(-1)
    distance = distance.masked_fill(~inside, math.inf).flatten(2)
    nearest = distance.argsort(2)[..., :voxels]
    blobs = torch.zeros_like(distance, dtype=torch.bool).scatter(2, nearest, True)
    return blobs.view(count, 2, side, side, side)


def _halves(
    count: int, side: int, generator: torch.Generator | None
) -> tuple[Float[Tensor, "volume 2 axis"], Float[Tensor, "volume 2 axis"]]:
    """Lowest corner and size of two halves of each volume, cut across an axis drawn by lot."""
    cut = torch.nn.functional.one_hot(torch.randint(3, (count,), generator=generator), 3)[:, None]
    first = torch.randint(2, (count, 1, 1), generator=generator)
    upper = torch.cat([first, 1 - first], dim=1)
    return (upper * cut * side / 2).float(), (side - cut * side / 2).float().expand(count, 2, 3)
