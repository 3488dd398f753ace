"""Where embeddings lie on the sphere: alignment, uniformity and the modality gap."""

import math

import torch
from jaxtyping import Float
from scipy.special import hyp0f1
from torch import Tensor

from cmlearn._validate import require, require_counts, require_ndim

__all__ = ["alignment", "modality_gap", "uniformity", "uniformity_of_random_points"]


def alignment(
    a: Float[Tensor, "batch dim"], b: Float[Tensor, "batch dim"], *, power: float = 2.0
) -> Float[Tensor, ""]:
    r"""Mean distance of matched pairs: $\frac{1}{N} \sum_i \lVert a_i - b_i \rVert^\alpha$.

    0 is perfect; unit vectors that are orthogonal to their partners give 2. [wang2020understanding]

    Args:
        a: unit vectors of one modality.
        b: unit vectors of the other, row by row the partners of `a`.
        power: $\alpha > 0$.

    Returns:
        The mean, differentiable.

    Raises:
        ValueError: if the shapes differ or `power` is not positive.

    Example:
        >>> import torch
        >>> round(alignment(torch.eye(3), torch.eye(3).roll(1, dims=0)).item(), 4)
        2.0
    """
    require_ndim(a, 2, "a")
    require(b.shape == a.shape, "b", f"shape {tuple(a.shape)}, as `a`", tuple(b.shape))
    require(power > 0, "power", "a positive number", power)
    return torch.linalg.vector_norm(a - b, dim=1).pow(power).mean()


def uniformity(x: Float[Tensor, "batch dim"], *, t: float = 2.0) -> Float[Tensor, ""]:
    r"""How evenly points cover the sphere: $\log \operatorname{mean}_{i<j} e^{-t \lVert x_i - x_j \rVert^2}$.

    0 when all points coincide; the lower, the more even. `uniformity_of_random_points` gives the value that
    evenly random points have. [wang2020understanding]

    Args:
        x: unit vectors, at least two.
        t: $t > 0$; larger values look at closer pairs.

    Returns:
        The logarithm of the mean, differentiable.

    Raises:
        ValueError: if there are fewer than two points or `t` is not positive.

    Example:
        >>> import torch
        >>> round(uniformity(torch.eye(3)).item(), 4)  # every squared distance is 2
        -4.0
    """
    require_ndim(x, 2, "x")
    require(len(x) >= 2, "x", "at least two points", len(x))
    require(t > 0, "t", "a positive number", t)
    squared = torch.pdist(x).square()
    return torch.logsumexp(-t * squared, dim=0) - math.log(len(squared))


def uniformity_of_random_points(dim: int, *, t: float = 2.0) -> float:
    r"""The value that `uniformity` tends to for points drawn evenly from the unit sphere of $\mathbb{R}^d$.

    For two such points $\lVert x - y \rVert^2 = 2 - 2 x^\top y$, and averaging $e^{2t\,x^\top y}$ over
    the sphere gives $-2t + \log {}_0F_1(; d/2; t^2)$. It falls towards $-2t$ as $d$ grows.
    [wang2020understanding]

    Args:
        dim: $d \ge 1$, the dimension of the space around the sphere.
        t: $t > 0$, as in `uniformity`.

    Returns:
        The expected value, in closed form.

    Raises:
        ValueError: if `dim` is below 1 or `t` is not positive.

    Example:
        >>> round(uniformity_of_random_points(128), 3)
        -3.938
    """
    require_counts(dim=dim)
    require(t > 0, "t", "a positive number", t)
    return float(math.log(hyp0f1(dim / 2, t**2)) - 2 * t)


def modality_gap(a: Float[Tensor, "a_batch dim"], b: Float[Tensor, "b_batch dim"]) -> Float[Tensor, ""]:
    r"""Distance between the centres of two modalities: $\lVert \bar a - \bar b \rVert$.

    Between 0 and 2 for unit vectors. The two batches need not be paired. [liang2022mind]

    Args:
        a: unit vectors of one modality.
        b: unit vectors of the other.

    Returns:
        The distance, differentiable.

    Raises:
        ValueError: if a batch is empty or the dimensions differ.

    Example:
        >>> import torch
        >>> round(modality_gap(torch.eye(2), -torch.eye(2)).item(), 4)
        1.4142
    """
    require_ndim(a, 2, "a")
    require_ndim(b, 2, "b")
    require(len(a) > 0, "a", "at least one row", "none")
    require(len(b) > 0, "b", "at least one row", "none")
    require(a.shape[1] == b.shape[1], "b", f"dimension {a.shape[1]}, as in `a`", b.shape[1])
    return torch.linalg.vector_norm(a.mean(dim=0) - b.mean(dim=0))
