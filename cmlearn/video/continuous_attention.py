r"""Continuous attention: a density over time, or over the image plane, in place of a weight for each sample.

A stream is observed at some places $t_l$ (in [0, 1], or in the unit square) as vectors $h_l$. Ridge
regression turns it into a function $V(t) = B\,\psi(t)$ on fixed radial basis functions $\psi$. Attention is
then a probability density $p$ over *all* places, and the context is an integral, known in closed form:

$$c = \int p(t)\, V(t)\, dt = B\; \mathbb{E}_p[\psi(t)].$$

`gaussian_density` is the continuous softmax, `parabola_density` the continuous sparsemax, which is exactly
zero outside an interval. [martins2020sparse]
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from cmlearn._precision import full_precision, widen
from cmlearn._validate import require, require_choice

__all__ = [
    "ContinuousAttention",
    "ContinuousContext",
    "RadialBasis",
    "gaussian_density",
    "moments",
    "parabola_density",
    "ridge_operator",
]


def gaussian_density(
    points: Float[Tensor, "*#batch space"],
    mean: Float[Tensor, "*#batch space"],
    covariance: Float[Tensor, "*#batch space space"],
) -> Float[Tensor, "*batch"]:
    r"""The normal density $\mathcal{N}(t; \mu, \Sigma)$: continuous softmax of a quadratic score.

    Args:
        points: where, in one or two dimensions.
        mean: $\mu$.
        covariance: $\Sigma$, positive definite.

    Example:
        >>> import torch
        >>> standard = gaussian_density(torch.zeros(1), torch.zeros(1), torch.eye(1))
        >>> round(standard.item(), 4)
        0.3989
    """
    factor = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(factor, (points - mean)[..., None], upper=False)[..., 0]
    log_volume = (
        factor.diagonal(dim1=-2, dim2=-1).log().sum(-1) + points.shape[-1] * math.log(2 * math.pi) / 2
    )
    return torch.exp(-white.square().sum(-1) / 2 - log_volume)


def parabola_density(
    points: Float[Tensor, "*batch"], mean: Float[Tensor, "*#batch"], variance: Float[Tensor, "*#batch"]
) -> Float[Tensor, "*batch"]:
    r"""The truncated parabola $p(t) = \frac{3}{4a^3} \left[a^2 - (t - \mu)^2\right]_+$: continuous sparsemax.

    Its variance is $a^2 / 5$; this is the density that [martins2020sparse] writes as
    $[-\tau - (t - \mu)^2 / 2\sigma^2]_+$, with $\sigma^2 = 2a^3/3$. It is zero where $|t - \mu| \ge a$.

    Args:
        points: where.
        mean: $\mu$.
        variance: $a^2/5$, above 0.

    Example:
        >>> import torch
        >>> parabola_density(torch.tensor([0.0, 1.0, 2.0]), torch.zeros(1), torch.tensor([0.2]))
        tensor([0.7500, 0.0000, 0.0000])
    """
    half = (5 * variance).sqrt()
    return 0.75 / half**3 * (half.square() - (points - mean).square()).clamp(min=0)


class RadialBasis(nn.Module):
    r"""Gaussian bumps $\psi_j(t) = \mathcal{N}(t; \mu_j, \sigma_j^2 I)$, and their expectations.

    $$\mathbb{E}_{t \sim \mathcal{N}(\mu, \Sigma)}[\psi_j(t)]
      = \mathcal{N}(\mu; \mu_j, \Sigma + \sigma_j^2 I),$$

    because the sum of two independent normal variables is normal. The expectation under a truncated
    parabola is made of error functions. [martins2020sparse]

    Args:
        centres: $\mu_j$, in one or two dimensions.
        widths: $\sigma_j$, above 0.

    Raises:
        ValueError: if there is not one positive width a centre.

    Example:
        >>> import torch
        >>> basis = RadialBasis.grid(5, [0.1, 0.2])
        >>> basis(torch.tensor([[0.3]])).shape
        torch.Size([1, 10])
        >>> basis.gaussian_expectation(torch.tensor([[0.5]]), torch.tensor([[[0.01]]])).shape
        torch.Size([1, 10])
    """

    centres: Float[Tensor, "basis space"]
    widths: Float[Tensor, " basis"]

    def __init__(self, centres: Float[Tensor, "basis space"], widths: Float[Tensor, " basis"]) -> None:
        super().__init__()
        require(centres.ndim == 2, "centres", "shape (basis, space)", tuple(centres.shape))
        require(
            widths.shape == centres.shape[:1],
            "widths",
            f"one for each of {len(centres)} centres",
            widths.shape,
        )
        require(bool((widths > 0).all()), "widths", "positive numbers", widths.min().item())
        self.register_buffer("centres", centres)
        self.register_buffer("widths", widths)

    @classmethod
    def grid(cls, per_axis: int, widths: Sequence[float], space: int = 1) -> "RadialBasis":
        """Centres on a regular grid over [0, 1] or the unit square, once for each width.

        Args:
            per_axis: centres along one axis.
            widths: the widths; every centre has them all.
            space: 1 or 2 dimensions.

        Raises:
            ValueError: if there are fewer than two centres, no width, or other dimensions.

        Example:
            >>> RadialBasis.grid(4, [0.1], space=2).centres.shape
            torch.Size([16, 2])
        """
        require(per_axis >= 2, "per_axis", "2 or more", per_axis)
        require(len(widths) > 0, "widths", "one or more", "none")
        require_choice(space, (1, 2), "space")
        axis = torch.linspace(0, 1, per_axis)
        places = torch.cartesian_prod(*[axis] * space).view(-1, space)
        return cls(places.repeat(len(widths), 1), torch.tensor(widths).repeat_interleave(len(places)))

    def forward(self, points: Float[Tensor, "*batch space"]) -> Float[Tensor, "*batch basis"]:
        """The values of all basis functions at some places."""
        squares = (points[..., None, :] - self.centres).square().sum(-1)
        volume = (math.sqrt(2 * math.pi) * self.widths) ** self.centres.shape[1]
        return torch.exp(-squares / (2 * self.widths.square())) / volume

    def gaussian_expectation(
        self, mean: Float[Tensor, "*batch space"], covariance: Float[Tensor, "*#batch space space"]
    ) -> Float[Tensor, "*batch basis"]:
        """The expectations under a normal density, in closed form.

        Args:
            mean: of the density.
            covariance: of the density.
        """
        own = self.widths.square()[:, None].expand_as(self.centres).diag_embed()
        return gaussian_density(mean[..., None, :], self.centres, covariance[..., None, :, :] + own)

    def parabola_expectation(
        self, mean: Float[Tensor, "*batch 1"], variance: Float[Tensor, "*batch 1 1"]
    ) -> Float[Tensor, "*batch basis"]:
        r"""The expectations under a truncated parabola, in closed form; in one dimension only.

        With $\delta = \mu - \mu_j$, $z_\pm = (\delta \pm a) / \sigma_j$, and $\phi, \Phi$ the standard normal
        density and distribution function,

        $$\tfrac{3}{4a^3} \left[ (a^2 - \delta^2) I_0 + 2 \sigma_j \delta I_1 - \sigma_j^2 I_2 \right],$$
        $$I_0 = \Phi(z_+) - \Phi(z_-), \quad I_1 = \phi(z_-) - \phi(z_+), \quad
          I_2 = I_0 + z_- \phi(z_-) - z_+ \phi(z_+).$$

        Terms that nearly cancel are added in double precision.

        Args:
            mean: of the density.
            variance: of the density, above 0.
        """
        width, centre = self.widths.double(), self.centres[:, 0].double()
        delta = mean.double() - centre
        half = (5 * variance.double()[..., 0]).sqrt()
        low, high = (delta - half) / width, (delta + half) / width
        zeroth = torch.special.ndtr(high) - torch.special.ndtr(low)
        first = _bell(low) - _bell(high)
        second = zeroth + low * _bell(low) - high * _bell(high)
        total = (
            (half.square() - delta.square()) * zeroth + 2 * width * delta * first - width.square() * second
        )
        return (0.75 / half**3 * total).to(mean.dtype)


def _bell(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The standard normal density."""
    return torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)


def ridge_operator(
    basis: RadialBasis,
    places: Float[Tensor, "batch step space"],
    penalty: float,
    mask: Bool[Tensor, "batch step"] | None = None,
) -> Float[Tensor, "batch step basis"]:
    r"""The matrix $G$ that turns observations into a function, $B = H^\top G$, by multivariate ridge.

    $$B = \arg\min_B \sum_l \lVert h_l - B \psi(t_l) \rVert^2 + \lambda \lVert B \rVert^2, \qquad
      G = F^\top (F F^\top + \lambda I)^{-1}, \quad F = [\psi(t_1), \dots, \psi(t_L)].$$

    $G$ depends on the places only, not on the values: it can be computed once. The places need not be
    regular.

    Args:
        basis: the basis functions.
        places: $t_l$.
        penalty: $\lambda$, above 0.
        mask: which steps were observed; `None` for all. Others get rows of zeros.

    Raises:
        ValueError: if the penalty is not above 0.

    Example:
        >>> import torch
        >>> basis = RadialBasis.grid(20, [0.05])
        >>> places = torch.rand(1, 200, 1)
        >>> B = (6 * places).sin().mT @ ridge_operator(basis, places, penalty=0.1)  # (batch, dim, basis)
        >>> value = B @ basis(torch.tensor([0.4]))
        >>> abs(value.item() - math.sin(6 * 0.4)) < 0.01
        True
    """
    require(penalty > 0, "penalty", "a number above 0", penalty)
    design = basis(places)
    if mask is not None:
        design = design * mask[..., None]
    gram = design.mT @ design + penalty * torch.eye(
        design.shape[-1], dtype=design.dtype, device=design.device
    )
    return torch.cholesky_solve(design.mT, torch.linalg.cholesky(gram)).mT


def moments(
    weights: Float[Tensor, "batch step"], places: Float[Tensor, "batch step space"]
) -> tuple[Float[Tensor, "batch space"], Float[Tensor, "batch space space"]]:
    r"""Mean and covariance of weights on places: what a discrete attention says about a density.

    $$\mu = \sum_l \alpha_l t_l, \qquad \Sigma = \sum_l \alpha_l (t_l - \mu)(t_l - \mu)^\top.$$

    Args:
        weights: $\alpha$, zero or more, summing to one.
        places: $t_l$.

    Example:
        >>> import torch
        >>> moments(torch.tensor([[0.5, 0.5]]), torch.tensor([[[0.2], [0.6]]]))
        (tensor([[0.4000]]), tensor([[[0.0400]]]))
    """
    mean = (weights[..., None] * places).sum(1)
    centred = places - mean[:, None]
    return mean, (weights[..., None] * centred).mT @ centred


class ContinuousContext(NamedTuple):
    """What continuous attention returns.

    Attributes:
        context: $c$, the integral of the value function under the density.
        mean: of the density.
        covariance: of the density.

    Example:
        >>> import torch
        >>> ContinuousContext(torch.zeros(1, 3), torch.full((1, 1), 0.5), torch.full((1, 1, 1), 0.01)).mean
        tensor([[0.5000]])
    """

    context: Float[Tensor, "batch dim"]
    mean: Float[Tensor, "batch space"]
    covariance: Float[Tensor, "batch space space"]


class ContinuousAttention(nn.Module):
    r"""Attention by a density whose mean and covariance come from scores of the observed steps.

    Softmax turns the scores into weights, `moments` turns the weights into $\mu$ and $\Sigma$, and the
    context is $c = B\,\mathbb{E}_p[\psi]$ with $B$ from `ridge_operator`. There is nothing to learn in it;
    what it is given learns through it. [martins2020sparse]

    Args:
        basis: the basis functions.
        density: `"gaussian"` or, in one dimension, `"parabola"`.
        penalty: $\lambda$ of the ridge.
        floor: added to the variance in every direction, so that a density never becomes a point.

    Raises:
        ValueError: if the density is unknown, or is a parabola in two dimensions, or a number is not above 0.

    Example:
        >>> import torch
        >>> attend = ContinuousAttention(RadialBasis.grid(10, [0.1]), density="parabola")
        >>> places = torch.rand(2, 30, 1).sort(dim=1).values
        >>> attend(torch.randn(2, 30, 8), torch.zeros(2, 30), places).context.shape
        torch.Size([2, 8])
    """

    def __init__(
        self, basis: RadialBasis, *, density: str = "gaussian", penalty: float = 0.1, floor: float = 1e-4
    ) -> None:
        super().__init__()
        require_choice(density, ("gaussian", "parabola"), "density")
        flat = density == "parabola" and basis.centres.shape[1] > 1
        require(not flat, "density", "'gaussian' in two dimensions", repr(density))
        require(penalty > 0, "penalty", "a number above 0", penalty)
        require(floor > 0, "floor", "a number above 0", floor)
        self.basis, self.density, self.penalty, self.floor = basis, density, penalty, floor

    def forward(
        self,
        values: Float[Tensor, "batch step dim"],
        scores: Float[Tensor, "batch step"],
        places: Float[Tensor, "batch step space"],
        mask: Bool[Tensor, "batch step"] | None = None,
    ) -> ContinuousContext:
        """Attend.

        Args:
            values: $h_l$.
            scores: the higher, the more the density leans to a step.
            places: $t_l$.
            mask: which steps were observed; `None` for all.

        Raises:
            ValueError: if nothing of a stream was observed.
        """
        if mask is not None:
            require(bool(mask.any(1).all()), "mask", "an observed step in each stream", "none")
            scores = scores.masked_fill(~mask, -math.inf)
        with full_precision(values):
            values, scores, places = widen(values), widen(scores), widen(places)
            mean, spread = moments(scores.softmax(1), places)
            covariance = spread + self.floor * torch.eye(mean.shape[1], dtype=mean.dtype, device=mean.device)
            operator = ridge_operator(self.basis, places, self.penalty, mask)
            context = values.mT @ (operator @ self._expectation(mean, covariance)[..., None])
        return ContinuousContext(context[..., 0], mean, covariance)

    def _expectation(
        self, mean: Float[Tensor, "batch space"], covariance: Float[Tensor, "batch space space"]
    ) -> Float[Tensor, "batch basis"]:
        if self.density == "gaussian":
            return self.basis.gaussian_expectation(mean, covariance)
        return self.basis.parabola_expectation(mean, covariance)
