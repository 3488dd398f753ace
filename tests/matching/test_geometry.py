"""Alignment, uniformity and the modality gap against loops and closed forms."""

import math

import pytest
import torch
import torch.nn.functional as F

from cmlearn.matching import alignment, modality_gap, uniformity, uniformity_of_random_points


def points(n: int, dim: int) -> torch.Tensor:
    return F.normalize(torch.randn(n, dim, dtype=torch.float64))


def test_alignment_and_uniformity_equal_naive_loops(device: torch.device) -> None:
    a, b = points(7, 4).to(device), points(7, 4).to(device)
    distances = [(a[i] - b[i]).norm().item() ** 3 for i in range(7)]
    assert alignment(a, b, power=3.0).item() == pytest.approx(sum(distances) / 7)
    kernel = [math.exp(-2 * (a[i] - a[j]).norm().item() ** 2) for i in range(7) for j in range(i)]
    assert uniformity(a).item() == pytest.approx(math.log(sum(kernel) / 21))


@pytest.mark.parametrize("dim", [2, 3, 10, 128])
@pytest.mark.parametrize("t", [0.5, 2.0])
def test_random_points_have_the_closed_form_uniformity(dim: int, t: float) -> None:
    expected = uniformity_of_random_points(dim, t=t)
    assert uniformity(points(3000, dim), t=t).item() == pytest.approx(expected, abs=0.02)


def test_the_closed_form_on_two_points_and_in_three_dimensions() -> None:
    """On a line the points are 1 and -1; in space the inner product is uniform on [-1, 1]."""
    assert uniformity_of_random_points(1, t=0.7) == pytest.approx(math.log((1 + math.exp(-2.8)) / 2))
    assert uniformity_of_random_points(3) == pytest.approx(math.log(math.exp(-4) * math.sinh(4) / 4))


def test_the_gap_is_the_distance_of_the_centres() -> None:
    a, b = points(20, 5), points(30, 5)
    expected = sum((a[:, k].mean() - b[:, k].mean()).item() ** 2 for k in range(5)) ** 0.5
    assert modality_gap(a, b).item() == pytest.approx(expected)
    assert modality_gap(a, a.flip(0)).item() == pytest.approx(0, abs=1e-12)


def test_a_rotation_of_the_space_changes_nothing() -> None:
    a, b = points(20, 5), points(20, 5)
    turn, _ = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64))
    for measure in (alignment, modality_gap):
        assert measure(a @ turn, b @ turn).item() == pytest.approx(measure(a, b).item())
    assert uniformity(a @ turn).item() == pytest.approx(uniformity(a).item())


@pytest.mark.parametrize("measure", [alignment, modality_gap, lambda a, b: uniformity(torch.cat([a, b]))])
def test_gradients_equal_finite_differences(measure) -> None:
    assert torch.autograd.gradcheck(measure, (points(5, 3).requires_grad_(), points(5, 3).requires_grad_()))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: alignment(torch.ones(3, 2), torch.ones(4, 2)), r"`b`: expected shape \(3, 2\)"),
        (lambda: alignment(torch.ones(3, 2), torch.ones(3, 2), power=0), "`power`"),
        (lambda: uniformity(torch.ones(1, 2)), "`x`: expected at least two points, got 1"),
        (lambda: uniformity(torch.ones(3)), "`x`: expected 2 dimension"),
        (lambda: uniformity(torch.ones(3, 2), t=0), "`t`"),
        (lambda: uniformity_of_random_points(0), "`dim`"),
        (lambda: uniformity_of_random_points(3, t=-1), "`t`"),
        (lambda: modality_gap(torch.ones(0, 2), torch.ones(3, 2)), "`a`: expected at least one row"),
        (lambda: modality_gap(torch.ones(2, 2), torch.ones(3, 4)), "`b`: expected dimension 2"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
