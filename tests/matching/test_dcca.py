"""The deep CCA loss against CCA itself, finite differences, and the cases where eigenvectors give NaN."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cmlearn.matching.cca import CCA
from cmlearn.matching.dcca import DCCAELoss, DCCALoss, DeepCCA, dcca_loss, dccae_loss


def codes(
    n: int = 200, p: int = 4, q: int = 3, device: object = "cpu", dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """Correlated codes with columns of very different size."""
    shared = torch.randn(n, 3, dtype=torch.float64)
    a = shared @ torch.randn(3, p, dtype=torch.float64) + torch.randn(n, p, dtype=torch.float64)
    b = shared @ torch.randn(3, q, dtype=torch.float64) + torch.randn(n, q, dtype=torch.float64)
    scale = torch.logspace(-1, 2, p, dtype=torch.float64)
    return (a * scale).to(device, dtype), (b - 5).to(device, dtype)


def naive_loss(a: Tensor, b: Tensor, eps: float) -> Tensor:
    """The textbook: inverse square roots from eigenvectors, then the trace norm."""

    def inverse_root(covariance: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh(
            covariance + eps * torch.eye(len(covariance), dtype=covariance.dtype)
        )
        return vectors @ torch.diag(values.rsqrt()) @ vectors.T

    a, b = a - a.mean(dim=0), b - b.mean(dim=0)
    a, b = a / (a.square().mean(dim=0) + eps).sqrt(), b / (b.square().mean(dim=0) + eps).sqrt()
    t = inverse_root(a.T @ a / len(a)) @ (a.T @ b / len(a)) @ inverse_root(b.T @ b / len(b))
    return -torch.linalg.svdvals(t).sum()


def gradients(loss: Tensor, *leaves: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(loss, leaves)


def test_value_is_the_sum_of_the_canonical_correlations() -> None:
    a, b = codes()
    expected = CCA().fit(a.numpy(), b.numpy()).correlations_.sum()
    assert dcca_loss(a, b, eps=1e-12).item() == pytest.approx(-expected, abs=1e-10)
    assert dcca_loss(a, b, eps=1e-6).item() == pytest.approx(-expected, abs=1e-4)


@pytest.mark.parametrize("eps", [1e-3, 0.1])
def test_value_and_gradient_equal_the_textbook_form(eps: float) -> None:
    a, b = (view.requires_grad_() for view in codes())
    ours, naive = dcca_loss(a, b, eps=eps), naive_loss(a, b, eps)
    torch.testing.assert_close(ours, naive)
    for one, other in zip(gradients(ours, a, b), gradients(naive, a, b), strict=True):
        torch.testing.assert_close(one, other)


def test_gradient_equals_finite_differences() -> None:
    a, b = (view.requires_grad_() for view in codes(n=12))
    assert torch.autograd.gradcheck(lambda a, b: dcca_loss(a, b, eps=1e-2), (a, b))


def test_invertible_maps_change_neither_value_nor_direction() -> None:
    a, b = codes()
    mapped = a @ torch.randn(4, 4, dtype=torch.float64) + 3
    torch.testing.assert_close(dcca_loss(mapped, b, eps=1e-12), dcca_loss(a, b, eps=1e-12))
    torch.testing.assert_close(dcca_loss(1000 * a, b), dcca_loss(a, b), atol=1e-2, rtol=0)


@pytest.mark.parametrize("constant", [0.0, 3.0])
def test_gradient_is_finite_on_a_collapsed_view_where_eigenvectors_give_nan(constant: float) -> None:
    a = torch.full((50, 4), constant, dtype=torch.float64, requires_grad=True)
    b = torch.randn(50, 3, dtype=torch.float64, requires_grad=True)
    naive = naive_loss(a, b, eps=1e-3)
    assert naive.isfinite()
    assert gradients(naive, a)[0].isnan().all()
    loss = dcca_loss(a, b)
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
    assert all(gradient.isfinite().all() for gradient in gradients(loss, a, b))


def test_a_collapsed_encoder_recovers() -> None:
    shared = torch.randn(200, 2)
    model = DeepCCA({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)})
    with torch.no_grad():
        model.encoders["a"].weight.mul_(1e-6)  # a nearly constant output
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        loss = dcca_loss(*model({"a": shared, "b": shared}).values())
        loss.backward()
        optimizer.step()
    assert loss.item() < -1.98


@pytest.mark.parametrize("shape", [(6, 4), (2, 1)])
def test_gradient_is_finite_with_few_rows_and_repeated_columns(shape: tuple[int, int]) -> None:
    a = torch.randn(shape).repeat(1, 3).requires_grad_()
    assert all(g.isfinite().all() for g in gradients(dcca_loss(a, a.detach().flip(1)), a))


def test_standardised_perfectly_correlated_codes_have_equal_singular_values_and_a_finite_gradient() -> None:
    a = torch.linalg.qr(torch.randn(64, 4, dtype=torch.float64))[0].requires_grad_()
    loss = dcca_loss(a, a.detach().clone(), eps=1e-12)
    assert loss.item() == pytest.approx(-4)
    assert gradients(loss, a)[0].isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_precision(dtype: torch.dtype, device: torch.device) -> None:
    if device.type == "mps" and dtype == torch.float64:
        pytest.skip("mps has no float64")
    wide = codes(n=500, device=device, dtype=torch.float32)
    a, b = (view.to(dtype).requires_grad_() for view in wide)
    loss = dcca_loss(a, b)
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    torch.testing.assert_close(loss.float(), dcca_loss(*wide), atol=0.02, rtol=0)
    assert all(g.isfinite().all() for g in gradients(loss, a, b))


def test_autocast_keeps_float32(device: torch.device) -> None:
    a, b = codes(device=device, dtype=torch.float32)
    plain = dcca_loss(a, b)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        torch.testing.assert_close(dcca_loss(a, b), plain)


def test_large_badly_scaled_float32_codes_do_not_break_the_factorisation(device: torch.device) -> None:
    a = torch.randn(100, 1, device=device) @ torch.randn(1, 64, device=device)  # rank one
    a = (a * torch.logspace(-3, 5, 64, device=device)).requires_grad_()
    loss = dcca_loss(a, torch.randn(100, 32, device=device))
    assert loss.isfinite()
    assert gradients(loss, a)[0].isfinite().all()


def test_linear_deep_cca_reaches_ccas_optimum() -> None:
    x, y = codes(n=400, p=8, q=6, dtype=torch.float32)
    x, y = (x - x.mean(0)) / x.std(0), (y - y.mean(0)) / y.std(0)
    model = DeepCCA({"x": nn.Linear(8, 3), "y": nn.Linear(6, 3)})
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = dcca_loss(*model({"x": x, "y": y}).values(), eps=1e-5)
        loss.backward()
        return loss

    optimizer.step(closure)
    best = CCA(3).fit(x.numpy(), y.numpy())
    with torch.no_grad():
        found = [code.numpy() for code in model({"x": x, "y": y}).values()]
    np.testing.assert_allclose(CCA().fit(*found).correlations_, best.correlations_, atol=2e-3)


def test_rows_in_another_order_have_the_same_loss() -> None:
    a, b = codes()
    order = torch.randperm(len(a))
    torch.testing.assert_close(dcca_loss(a[order], b[order]), dcca_loss(a, b))
    assert dcca_loss(a[order], b) > dcca_loss(a, b) + 0.5  # wrong pairs


def views(n: int = 40) -> dict[str, Tensor]:
    return {"a": torch.randn(n, 5), "b": torch.randn(n, 4)}


def autoencoder() -> DeepCCA:
    encoders = {"a": nn.Linear(5, 2), "b": nn.Linear(4, 2)}
    return DeepCCA(encoders, {"a": nn.Linear(2, 5), "b": nn.Linear(2, 4)})


def test_dccae_adds_the_squared_errors_of_both_views() -> None:
    batch, model = views(), autoencoder()
    codes = model(batch)
    rebuilt = model.rebuild(codes)
    errors = sum(((rebuilt[v][i] - batch[v][i]) ** 2).sum() / 40 for v in "ab" for i in range(40))
    expected = dcca_loss(codes["a"], codes["b"]) + 0.3 * errors
    torch.testing.assert_close(dccae_loss(codes, rebuilt, batch, weight=0.3), expected)
    torch.testing.assert_close(DCCAELoss(0.3)(codes, rebuilt, batch), expected)
    torch.testing.assert_close(DCCALoss(0.1)(codes["a"], codes["b"]), dcca_loss(*codes.values(), eps=0.1))


def test_every_parameter_learns_and_the_state_round_trips() -> None:
    batch, model = views(), autoencoder()
    codes = model(batch)
    dccae_loss(codes, model.rebuild(codes), batch).backward()
    assert all(
        p.grad is not None and p.grad.abs().sum() > 0 for p in model.encoders.parameters() if p.ndim == 2
    )
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.decoders.parameters())
    twin = autoencoder()
    twin.load_state_dict(model.state_dict())
    assert all(
        torch.equal(one, other) for one, other in zip(twin(batch).values(), codes.values(), strict=True)
    )


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    a, b = torch.randn(10, 3), torch.randn(10, 2)
    with pytest.raises(ValueError, match="`b`: expected 10 rows, as many as `a`, got 9"):
        dcca_loss(a, b[:9])
    with pytest.raises(ValueError, match="`a`: expected at least two rows, got 1"):
        dcca_loss(a[:1], b[:1])
    with pytest.raises(ValueError, match=r"`a`: expected 2 dimension\(s\)"):
        dcca_loss(a[0], b)
    with pytest.raises(ValueError, match="`eps`: expected a number > 0"):
        dcca_loss(a, b, eps=0)
    with pytest.raises(ValueError, match="`weight`: expected a number >= 0"):
        dccae_loss({"a": a, "b": b}, {"a": a, "b": b}, {"a": a, "b": b}, weight=-1)
    with pytest.raises(ValueError, match="`rebuilt`: expected the modalities"):
        dccae_loss({"a": a, "b": b}, {"a": a}, {"a": a, "b": b})
    with pytest.raises(ValueError, match="`encoders`: expected two modalities"):
        DeepCCA({"a": nn.Linear(3, 2)})
    with pytest.raises(ValueError, match="`decoders`: expected the modalities"):
        DeepCCA({"a": nn.Linear(3, 2), "b": nn.Linear(2, 2)}, {"a": nn.Linear(2, 3)})
    with pytest.raises(ValueError, match="`batch`: expected the modalities"):
        DeepCCA({"a": nn.Linear(3, 2), "b": nn.Linear(2, 2)})({"a": a})
