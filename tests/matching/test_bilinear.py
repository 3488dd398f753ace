"""Bilinear pooling against loops, compact bilinear pooling against the sketch of the outer product itself."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from cmlearn.matching.bilinear import (
    BilinearCNN,
    BilinearPooling,
    CompactBilinear,
    CountSketch,
    bilinear_pool,
    circular_convolution,
    signed_sqrt,
)


def local_features(places: int = 6, p: int = 4, q: int = 3) -> tuple[Tensor, Tensor]:
    return torch.randn(5, places, p, dtype=torch.float64), torch.randn(5, places, q, dtype=torch.float64)


# Bilinear pooling.


def test_pool_is_the_sum_of_outer_products() -> None:
    a, b = local_features()
    naive = torch.zeros(5, 4, 3, dtype=torch.float64)
    for n in range(5):
        for place in range(6):
            for i in range(4):
                for j in range(3):
                    naive[n, i, j] += a[n, place, i] * b[n, place, j]
    torch.testing.assert_close(bilinear_pool(a, b), naive)
    torch.testing.assert_close(bilinear_pool(a, b), torch.einsum("nlp,nlq->npq", a, b))


def test_order_of_the_places_does_not_matter_but_their_pairing_does() -> None:
    a, b = local_features()
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(bilinear_pool(a[:, order], b[:, order]), bilinear_pool(a, b))
    assert not torch.allclose(bilinear_pool(a[:, order], b), bilinear_pool(a, b))


def test_signed_root_keeps_sign_and_zero_and_takes_the_root() -> None:
    x = torch.tensor([4.0, -9.0, 0.0, 1e-3], dtype=torch.float64)
    torch.testing.assert_close(signed_sqrt(x), x.sign() * x.abs().sqrt(), atol=2e-4, rtol=0)
    assert signed_sqrt(x)[2] == 0
    torch.testing.assert_close(signed_sqrt(-x), -signed_sqrt(x))


def test_gradient_of_the_root_is_finite_at_zero() -> None:
    x = torch.zeros(3, requires_grad=True)
    signed_sqrt(x).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_layer_is_pool_root_and_unit_length() -> None:
    a, b = local_features()
    pooled = bilinear_pool(a, b).flatten(1)
    rooted = signed_sqrt(pooled)
    torch.testing.assert_close(BilinearPooling()(a, b), rooted / rooted.norm(dim=1, keepdim=True))


def test_layer_gradient_equals_finite_differences() -> None:
    a, b = (x[:2].requires_grad_() for x in local_features())
    assert torch.autograd.gradcheck(BilinearPooling(), (a, b))


def test_bilinear_cnn_trains_every_parameter_and_shuffled_places_change_nothing() -> None:
    stream = nn.Sequential(nn.Conv2d(3, 5, 1), nn.Tanh())  # 1 x 1: a place sees itself only
    model = BilinearCNN(stream, nn.Conv2d(3, 4, 1), features=20, classes=3)
    pictures = torch.randn(2, 3, 6, 6)
    scores = model(pictures)
    shuffled = pictures.flatten(2)[..., torch.randperm(36)].unflatten(2, (6, 6))
    torch.testing.assert_close(model(shuffled), scores)
    nn.functional.cross_entropy(scores, torch.tensor([0, 2])).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_xor_needs_the_product() -> None:
    corners = torch.tensor([[-1.0, -1], [-1, 1], [1, -1], [1, 1]], dtype=torch.float64)
    target = torch.tensor([-1.0, 1, 1, -1], dtype=torch.float64)  # one of the two, not both
    ones = torch.ones(4, 1, dtype=torch.float64)
    a, b = torch.cat([corners[:, :1], ones], dim=1), torch.cat([corners[:, 1:], ones], dim=1)
    concatenated = torch.cat([a, b], dim=1)
    outer = bilinear_pool(a[:, None], b[:, None]).flatten(1)
    best = [x @ torch.linalg.pinv(x) @ target for x in (concatenated, outer)]
    torch.testing.assert_close(best[0], torch.zeros(4, dtype=torch.float64))  # knows nothing
    torch.testing.assert_close(best[1], target)


# Count sketches.


def test_sketch_is_a_signed_sum_by_bin() -> None:
    sketch, x = CountSketch(50, 7), torch.randn(3, 50, dtype=torch.float64)
    naive = torch.zeros(3, 7, dtype=torch.float64)
    for i in range(50):
        naive[:, sketch.bins[i]] += sketch.signs[i] * x[:, i]
    torch.testing.assert_close(sketch(x), naive)


def test_convolution_equals_its_definition() -> None:
    a, b = torch.randn(2, 3, 9, dtype=torch.float64)
    naive = torch.zeros(3, 9, dtype=torch.float64)
    for k in range(9):
        for j in range(9):
            naive[:, k] += a[:, j] * b[:, (k - j) % 9]
    torch.testing.assert_close(circular_convolution(a, b), naive)
    spectrum = np.fft.fft(a.numpy()) * np.fft.fft(b.numpy())
    torch.testing.assert_close(circular_convolution(a, b).numpy(), np.fft.ifft(spectrum).real)


@pytest.mark.parametrize("d", [16, 17])
def test_compact_bilinear_is_the_sketch_of_the_outer_product(d: int) -> None:
    model = CompactBilinear(12, 9, d)
    a, b = torch.randn(4, 12, dtype=torch.float64), torch.randn(4, 9, dtype=torch.float64)
    of_outer = CountSketch(12 * 9, d)
    of_outer.bins = ((model.sketch_a.bins[:, None] + model.sketch_b.bins) % d).flatten()
    of_outer.signs = (model.sketch_a.signs[:, None] * model.sketch_b.signs).flatten()
    outer = (a[:, :, None] * b[:, None]).flatten(1)
    torch.testing.assert_close(model(a, b), of_outer(outer))


def test_sum_over_places_is_the_sketch_of_the_bilinear_pool() -> None:
    a, b = local_features()
    model = CompactBilinear(4, 3, 8)
    rows = torch.stack([sum(model(a[n, place], b[n, place]) for place in range(6)) for n in range(5)])
    torch.testing.assert_close(model(a, b).sum(dim=1), rows)


def test_inner_products_are_unbiased_with_the_variance_of_the_theory() -> None:
    x, y = torch.randn(2, 40, dtype=torch.float64)
    products = {
        d: torch.stack([sketch(x) @ sketch(y) for sketch in (CountSketch(40, d) for _ in range(1500))])
        for d in (16, 64)
    }
    for d, sample in products.items():
        cross = (x**2).sum() * (y**2).sum() + (x @ y) ** 2 - 2 * (x**2 * y**2).sum()
        variance = (cross / d).item()
        assert abs(sample.mean() - x @ y) < 4 * (variance / 1500) ** 0.5
        assert sample.var().item() == pytest.approx(variance, rel=0.25)


def test_compact_inner_products_approach_the_products_of_inner_products() -> None:
    a, c = torch.nn.functional.normalize(torch.randn(2, 30, dtype=torch.float64), dim=1)
    b, e = torch.nn.functional.normalize(torch.randn(2, 20, dtype=torch.float64), dim=1)
    spread = {}
    for d in (32, 512):
        models = [CompactBilinear(30, 20, d) for _ in range(400)]
        found = torch.stack([model(a, b) @ model(c, e) for model in models])
        assert abs(found.mean() - (a @ c) * (b @ e)) < 4 * found.std() / 400**0.5
        spread[d] = found.var().item()
    assert spread[32] / spread[512] == pytest.approx(16, rel=0.4)  # variance falls as 1 / d


class LargestTensor(TorchDispatchMode):
    """Notes the most numbers that any tensor made inside holds."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        sizes = [leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        self.numbers = max([self.numbers, *sizes])
        return result


def test_outer_product_is_never_made() -> None:
    model = CompactBilinear(1000, 800, 2048)
    a, b = torch.randn(4, 1000, requires_grad=True), torch.randn(4, 800, requires_grad=True)
    with LargestTensor() as largest:
        model(a, b).square().sum().backward()
    assert largest.numbers <= 2 * 4 * 2048  # real and imaginary parts
    with LargestTensor() as largest:
        bilinear_pool(a[:, None], b[:, None])
    assert largest.numbers == 4 * 1000 * 800


def test_gradient_equals_finite_differences() -> None:
    model = CompactBilinear(5, 4, 6)
    a = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    b = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(model, (a, b))


def test_bins_travel_with_the_state_and_follow_the_generator() -> None:
    a, b = torch.randn(2, 12), torch.randn(2, 9)
    one, other = CompactBilinear(12, 9, 16), CompactBilinear(12, 9, 16)
    assert not torch.equal(one(a, b), other(a, b))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(a, b), other(a, b))
    twins = [CompactBilinear(12, 9, 16, generator=torch.Generator().manual_seed(1)) for _ in range(2)]
    assert torch.equal(twins[0](a, b), twins[1](a, b))
    assert not list(one.parameters())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_transforms_stay_in_float32(dtype: torch.dtype, device: torch.device) -> None:
    model = CompactBilinear(12, 9, 16, device=device)
    a, b = torch.randn(2, 12, device=device), torch.randn(2, 9, device=device)
    expected = model(a, b)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        torch.testing.assert_close(model(a, b), expected)
    low = model(a.to(dtype), b.to(dtype))
    assert low.dtype == torch.float32
    torch.testing.assert_close(low, expected, atol=0.2, rtol=0.05)


# Bad input.


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    a, b = torch.randn(2, 6, 4), torch.randn(2, 5, 3)
    with pytest.raises(ValueError, match=r"`b`: expected places \(2, 6\) as in `a`, got \(2, 5\)"):
        bilinear_pool(a, b)
    with pytest.raises(ValueError, match="`b`: expected 4 numbers in the last dimension, got 3"):
        circular_convolution(a, b)
    with pytest.raises(ValueError, match="`x`: expected 7 numbers in the last dimension, got 4"):
        CountSketch(7, 8)(a)
    with pytest.raises(ValueError, match="`d`: expected 1 or more, got 0"):
        CompactBilinear(4, 3, 0)
    with pytest.raises(ValueError, match="`inputs`: expected 1 or more, got 0"):
        CountSketch(0, 8)
    with pytest.raises(ValueError, match="`classes`: expected 1 or more, got 0"):
        BilinearCNN(nn.Identity(), nn.Identity(), features=4, classes=0)
