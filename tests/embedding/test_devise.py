import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import nn

import cmlearn as cm
from cmlearn.embedding import DeViSE, hinge_rank, ridge_map


def naive_hinge_rank(
    outputs: torch.Tensor, words: torch.Tensor, target: torch.Tensor, margin: float
) -> torch.Tensor:
    total = torch.zeros((), dtype=outputs.dtype)
    for output, right in zip(outputs, target.tolist(), strict=True):
        for j, word in enumerate(words):
            if j != right:
                total = total + torch.clamp(margin - words[right] @ output + word @ output, min=0)
    return total / len(outputs)


@pytest.mark.parametrize("margin", [0.0, 0.1, 1.0])
def test_hinge_rank_and_its_gradient_agree_with_a_loop(margin: float) -> None:
    words = torch.randn(9, 4, dtype=torch.float64)
    target = torch.randint(9, (6,))
    outputs = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    fast = hinge_rank(outputs, words, target, margin=margin)
    slow = naive_hinge_rank(outputs, words, target, margin)
    torch.testing.assert_close(fast, slow)
    gradients = [torch.autograd.grad(loss, outputs)[0] for loss in (fast, slow)]
    torch.testing.assert_close(*gradients)


def test_hinge_rank_is_zero_exactly_if_every_margin_holds() -> None:
    words, target = torch.eye(3), torch.tensor([0, 1])
    outputs = torch.tensor([[1.5, 1.0, 0.0], [0.0, 2.0, 1.5]])  # both lead by 0.5, exact in binary
    assert hinge_rank(outputs, words, target, margin=0.5) == 0
    assert hinge_rank(outputs, words, target, margin=0.5 + 1e-6) > 0
    assert hinge_rank(outputs - torch.tensor([[0.01, 0, 0], [0, 0, 0]]), words, target, margin=0.5) > 0


def test_words_are_scaled_to_length_one_and_are_no_parameters() -> None:
    model = DeViSE(nn.Linear(5, 3), 7 * torch.randn(4, 3))
    torch.testing.assert_close(model.words.norm(dim=1), torch.ones(4))
    assert {name for name, _ in model.named_parameters()} == {"encoder.weight", "encoder.bias"}
    assert "words" in model.state_dict()


def test_training_satisfies_the_margins_of_separable_items() -> None:
    cm.seed_everything(0)
    x = 3 * torch.eye(6).repeat(20, 1) + 0.1 * torch.randn(120, 6)
    target = torch.arange(6).repeat(20)
    model = DeViSE(nn.Linear(6, 4, bias=False), torch.randn(6, 4))
    data = cm.DictDataset(x=x, target=target)
    cm.fit(model, lambda m, b: m.loss(b["x"], b["target"]), data, epochs=60, batch_size=40, lr=0.03)
    device = model.words.device
    assert model.loss(x.to(device), target.to(device)).item() < 1e-3
    assert ((model(x.to(device)) @ model.words.T).argmax(dim=1).cpu() == target).all()


@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
@pytest.mark.parametrize("items", [60, 5])  # more and fewer items than features
def test_ridge_agrees_with_scikit_learn(penalty: float, items: int) -> None:
    x, t = torch.randn(items, 8, dtype=torch.float64) + 2, torch.randn(items, 3, dtype=torch.float64) - 1
    fitted = ridge_map(x, t, penalty=penalty)
    sklearn = Ridge(alpha=penalty, solver="cholesky").fit(x.numpy(), t.numpy())
    np.testing.assert_allclose(fitted.weight.numpy(), sklearn.coef_, atol=1e-8)
    np.testing.assert_allclose(fitted.bias.numpy(), sklearn.intercept_, atol=1e-8)


def test_ridge_has_a_zero_gradient() -> None:
    x, t = torch.randn(40, 5, dtype=torch.float64), torch.randn(40, 2, dtype=torch.float64)
    fitted = ridge_map(x, t, penalty=2.0).requires_grad_()
    loss = (fitted(x) - t).square().sum() + 2.0 * fitted.weight.square().sum()
    for gradient in torch.autograd.grad(loss, list(fitted.parameters())):
        assert gradient.abs().max() < 1e-9


def test_a_rotation_of_the_word_space_rotates_the_ridge_map() -> None:
    x, t = torch.randn(40, 5, dtype=torch.float64), torch.randn(40, 4, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64)).Q
    plain, turned = ridge_map(x, t, penalty=1.0), ridge_map(x, t @ turn, penalty=1.0)
    torch.testing.assert_close(turned(x), plain(x) @ turn)


def test_ridge_keeps_the_precision_and_is_fixed() -> None:
    fitted = ridge_map(torch.randn(9, 5), torch.randn(9, 2), penalty=1.0)
    assert fitted.weight.dtype == torch.float32
    assert not any(p.requires_grad for p in fitted.parameters())


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    outputs, words, target = torch.randn(3, 4), torch.randn(5, 4), torch.tensor([0, 1, 2])
    for argument, call in {
        "outputs": lambda: hinge_rank(outputs[:0], words, target[:0]),
        "words": lambda: hinge_rank(outputs, words[:, :3], target),
        "target": lambda: hinge_rank(outputs, words, target[:2]),
        "margin": lambda: hinge_rank(outputs, words, target, margin=-0.1),
        "features": lambda: ridge_map(outputs[:0], words[:0], penalty=1.0),
        "targets": lambda: ridge_map(outputs, words, penalty=1.0),
        "penalty": lambda: ridge_map(outputs, outputs, penalty=0.0),
    }.items():
        with pytest.raises(ValueError, match=f"`{argument}`"):
            call()
    with pytest.raises(ValueError, match=r"rows of `words`, 0 to 4"):
        hinge_rank(outputs, words, torch.tensor([0, 1, 5]))
    with pytest.raises(ValueError, match="`margin`"):
        DeViSE(nn.Linear(4, 4), words, margin=-1.0)
    with pytest.raises(ValueError, match="`words`"):
        DeViSE(nn.Linear(4, 4), words[0])
