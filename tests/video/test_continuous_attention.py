"""Closed-form contexts against quadrature, the ridge against scikit-learn, limits, and irregular streams."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad, quad
from scipy.stats import multivariate_normal
from sklearn.linear_model import Ridge

from cmlearn.video.continuous_attention import (
    ContinuousAttention,
    RadialBasis,
    gaussian_density,
    moments,
    parabola_density,
    ridge_operator,
)

MEANS, VARIANCES = [0.02, 0.3, 0.5, 0.97], [1e-4, 1e-3, 0.01, 0.3]


def line() -> RadialBasis:
    return RadialBasis.grid(5, [0.03, 0.2]).double()


def column(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)[:, None]


def expectations(
    basis: RadialBasis, density: str, mean: torch.Tensor, variance: torch.Tensor
) -> torch.Tensor:
    find = basis.gaussian_expectation if density == "gaussian" else basis.parabola_expectation
    return find(mean, variance[..., None])


def by_quadrature(basis: RadialBasis, density: str, mean: float, variance: float) -> list[float]:
    """The integral of density times basis function, over where the density is."""
    reach = math.sqrt(5 * variance) if density == "parabola" else 12 * math.sqrt(variance)

    def height(t: float) -> float:
        if density == "gaussian":
            return math.exp(-((t - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)
        return 3 / (4 * reach**3) * (reach**2 - (t - mean) ** 2)

    def bump(t: float, centre: float, width: float) -> float:
        return math.exp(-((t - centre) ** 2) / (2 * width**2)) / (width * math.sqrt(2 * math.pi))

    pairs = zip(basis.centres[:, 0].tolist(), basis.widths.tolist(), strict=True)
    return [
        quad(
            lambda t, c=c, w=w: height(t) * bump(t, c, w),
            mean - reach,
            mean + reach,
            points=sorted({mean, min(max(c, mean - reach), mean + reach)}),
            limit=500,
            epsabs=1e-12,
        )[0]
        for c, w in pairs
    ]


@pytest.mark.parametrize("density", ["gaussian", "parabola"])
@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("variance", VARIANCES)
def test_expectations_are_the_integrals(density, mean, variance):
    found = expectations(line(), density, column(mean), column(variance))[0]
    np.testing.assert_allclose(found, by_quadrature(line(), density, mean, variance), atol=1e-9)


@pytest.mark.parametrize("density", ["gaussian", "parabola"])
def test_gradients_are_those_of_the_integrals(density):
    mean, variance = column(0.4).requires_grad_(), column(0.01).requires_grad_()
    row = torch.linspace(-1, 1, 10, dtype=torch.float64)
    (expectations(line(), density, mean, variance)[0] @ row).backward()
    step = 1e-5

    def integral(m: float, v: float) -> float:
        return float(row.numpy() @ by_quadrature(line(), density, m, v))

    by_mean = (integral(0.4 + step, 0.01) - integral(0.4 - step, 0.01)) / (2 * step)
    by_variance = (integral(0.4, 0.01 + step) - integral(0.4, 0.01 - step)) / (2 * step)
    assert mean.grad.item() == pytest.approx(by_mean, abs=1e-6)
    assert variance.grad.item() == pytest.approx(by_variance, rel=1e-5)


@pytest.mark.parametrize("density", ["gaussian", "parabola"])
def test_automatic_gradients_are_right(density):
    mean, variance = column(0.1, 0.6).requires_grad_(), column(0.004, 0.05).requires_grad_()
    assert torch.autograd.gradcheck(lambda m, v: expectations(line(), density, m, v), (mean, variance))


def test_expectations_in_the_plane_are_the_integrals():
    basis = RadialBasis.grid(2, [0.2], space=2).double()
    mean = torch.tensor([0.3, 0.6], dtype=torch.float64)
    covariance = torch.tensor([[0.02, 0.008], [0.008, 0.01]], dtype=torch.float64)
    found = basis.gaussian_expectation(mean[None], covariance[None])[0]
    density = multivariate_normal(mean.numpy(), covariance.numpy())
    for value, centre in zip(found, basis.centres.numpy(), strict=True):
        bump = multivariate_normal(centre, 0.04 * np.eye(2))
        integral = dblquad(lambda y, x, b=bump: density.pdf([x, y]) * b.pdf([x, y]), -0.7, 1.3, -0.2, 1.4)[0]
        assert value.item() == pytest.approx(integral, abs=1e-6)


@pytest.mark.parametrize("variance", VARIANCES)
def test_densities_have_the_moments_they_are_named_by(variance):
    points = torch.linspace(-15, 15, 3_000_001, dtype=torch.float64)
    step = points[1] - points[0]
    mean = torch.tensor([0.4], dtype=torch.float64)
    heights = [
        gaussian_density(points[:, None], mean, torch.full((1, 1), variance).double()),
        parabola_density(points, mean, torch.tensor([variance]).double()),
    ]
    for height in heights:
        assert (height.sum() * step).item() == pytest.approx(1, abs=1e-6)
        assert ((points * height).sum() * step).item() == pytest.approx(0.4, abs=1e-6)
        assert (((points - 0.4) ** 2 * height).sum() * step).item() == pytest.approx(variance, rel=1e-4)


def test_the_parabola_is_the_papers_and_exactly_zero_outside():
    variance = torch.tensor([0.01], dtype=torch.float64)
    half = (5 * variance).sqrt()
    squared_scale = 2 * half**3 / 3
    threshold = -0.5 * (3 / (2 * squared_scale.sqrt())) ** (2 / 3)
    points = torch.linspace(-1, 1, 1001, dtype=torch.float64)
    papers = (-threshold - points**2 / (2 * squared_scale)).clamp(min=0)
    found = parabola_density(points, torch.zeros(1).double(), variance)
    torch.testing.assert_close(found, papers)
    assert torch.equal(found == 0, points.abs() >= half)


def test_a_narrow_density_gives_the_value_at_its_point():
    basis = line()
    for density in ("gaussian", "parabola"):
        found = expectations(basis, density, column(0.31), column(1e-7))
        torch.testing.assert_close(found, basis(column(0.31)), rtol=1e-3, atol=1e-6)


def test_the_basis_is_the_expectation_under_a_point():
    for basis in (line(), RadialBasis.grid(3, [0.2, 0.3], space=2).double()):
        points = torch.rand(7, basis.centres.shape[1]).double()
        at_points = basis.gaussian_expectation(points, torch.zeros_like(points).diag_embed())
        torch.testing.assert_close(basis(points), at_points)


def test_a_wide_basis_function_sees_the_mean_only():
    basis = RadialBasis(column(0.5), torch.tensor([50.0], dtype=torch.float64))
    at_mean = basis(column(0.3))
    for density in ("gaussian", "parabola"):
        torch.testing.assert_close(
            expectations(basis, density, column(0.3), column(0.01)), at_mean, rtol=1e-5, atol=0
        )


def test_the_function_is_that_of_ridge_regression():
    places, values = torch.rand(1, 30, 1).double(), torch.randn(1, 30, 4).double()
    operator = ridge_operator(line(), places, penalty=0.3)
    ridge = Ridge(alpha=0.3, fit_intercept=False).fit(line()(places)[0].numpy(), values[0].numpy())
    np.testing.assert_allclose((values.mT @ operator)[0], ridge.coef_, atol=1e-9)


def test_steps_that_are_masked_might_as_well_not_be_there():
    attend = ContinuousAttention(line(), density="parabola")
    places, values, scores = (
        torch.rand(1, 20, 1).double(),
        torch.randn(1, 20, 3).double(),
        torch.randn(1, 20).double(),
    )
    mask = torch.rand(1, 20) < 0.7
    masked = attend(values, scores, places, mask)
    absent = attend(values[mask][None], scores[mask][None], places[mask][None])
    for a, b in zip(masked, absent, strict=True):
        torch.testing.assert_close(a, b)
    assert (ridge_operator(line(), places, 0.1, mask)[~mask] == 0).all()


def test_the_context_is_the_integral_of_the_fitted_function():
    places, values, scores = (
        torch.rand(1, 40, 1).double(),
        torch.randn(1, 40, 2).double(),
        torch.randn(1, 40).double(),
    )
    for density in ("gaussian", "parabola"):
        found = ContinuousAttention(line(), density=density)(values, scores, places)
        B = (values.mT @ ridge_operator(line(), places, 0.1))[0].numpy()
        integrals = by_quadrature(line(), density, found.mean.item(), found.covariance.item())
        np.testing.assert_allclose(found.context[0], B @ integrals, atol=1e-6)


def test_moments_are_those_of_a_loop():
    weights, places = torch.rand(3, 6).softmax(1), torch.rand(3, 6, 2)
    mean, covariance = moments(weights, places)
    for i in range(3):
        m = sum(w * t for w, t in zip(weights[i], places[i], strict=True))
        c = sum(w * torch.outer(t - m, t - m) for w, t in zip(weights[i], places[i], strict=True))
        torch.testing.assert_close(mean[i], m)
        torch.testing.assert_close(covariance[i], c)


def test_samples_that_crowd_together_count_once():
    """Twice as many samples in one half change a mean of samples, not an integral."""
    basis = RadialBasis.grid(40, [0.05]).double()
    regular = torch.linspace(0, 1, 200, dtype=torch.float64)
    crowded = torch.cat([regular, torch.linspace(0, 0.5, 1000, dtype=torch.float64)])
    contexts = []
    for places in (regular, crowded):
        operator = ridge_operator(basis, places[None, :, None], penalty=0.01)
        B = (3 * places).sin()[None, None] @ operator
        contexts.append(B @ basis.gaussian_expectation(column(0.5), column(0.01)[..., None])[..., None])
    assert abs(contexts[0] - contexts[1]).item() < 1e-3
    assert abs((3 * regular).sin().mean() - (3 * crowded).sin().mean()) > 0.03


def test_one_precision_in_the_planes_attention():
    attend = ContinuousAttention(RadialBasis.grid(4, [0.2], space=2))
    axis = torch.linspace(0, 1, 5)
    places = torch.cartesian_prod(axis, axis)[None]
    found = attend(torch.randn(1, 25, 3), torch.zeros(1, 25), places)
    torch.testing.assert_close(found.mean, torch.full((1, 2), 0.5))
    torch.testing.assert_close(found.covariance[0], (0.125 + 1e-4) * torch.eye(2))


@pytest.mark.errors
def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="`density`"):
        ContinuousAttention(line(), density="laplace")
    with pytest.raises(ValueError, match="`density`"):
        ContinuousAttention(RadialBasis.grid(3, [0.1], space=2), density="parabola")
    with pytest.raises(ValueError, match="`penalty`"):
        ContinuousAttention(line(), penalty=0)
    with pytest.raises(ValueError, match="`floor`"):
        ContinuousAttention(line(), floor=0)
    with pytest.raises(ValueError, match="`penalty`"):
        ridge_operator(line(), torch.rand(1, 3, 1), penalty=-1)
    with pytest.raises(ValueError, match="`widths`"):
        RadialBasis(torch.zeros(2, 1), torch.tensor([0.1, 0.0]))
    with pytest.raises(ValueError, match="`widths`"):
        RadialBasis(torch.zeros(2, 1), torch.ones(3))
    with pytest.raises(ValueError, match="`centres`"):
        RadialBasis(torch.zeros(2), torch.ones(2))
    with pytest.raises(ValueError, match="`per_axis`"):
        RadialBasis.grid(1, [0.1])
    with pytest.raises(ValueError, match="`space`"):
        RadialBasis.grid(3, [0.1], space=3)


@pytest.mark.errors
def test_a_stream_without_observations_is_refused():
    with pytest.raises(ValueError, match="`mask`"):
        ContinuousAttention(line())(
            torch.zeros(1, 2, 3), torch.zeros(1, 2), torch.rand(1, 2, 1), torch.zeros(1, 2, dtype=torch.bool)
        )
