"""Hyperspherical layers against their definition patch by patch, and what must hold exactly on a sphere."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cmlearn.matching.hypersphere import (
    OPERATORS,
    AngularSoftmax,
    SphereConv2d,
    SphereLinear,
    angle,
    angular_response,
    angular_softmax,
    cosine_conv2d,
    cosine_linear,
)

STEEPNESS = [1e-3, 0.05, 0.3, 1.0, 30.0]
POLES = torch.tensor([0.0, math.pi / 2, math.pi])

each_operator = pytest.mark.parametrize("operator", OPERATORS)


def layers(operator: str) -> list[tuple[nn.Module, Tensor]]:
    """A layer of each kind, and something to put in."""
    return [
        (SphereLinear(6, 4, operator=operator), torch.randn(5, 6)),
        (SphereConv2d(3, 4, 3, stride=2, padding=1, operator=operator), torch.randn(5, 3, 7, 8)),
    ]


# The operators.


@each_operator
@pytest.mark.parametrize("k", STEEPNESS)
def test_an_operator_is_1_0_and_minus_1_at_the_poles_and_the_equator(operator: str, k: float) -> None:
    ends = angular_response(POLES, operator, k=k)
    torch.testing.assert_close(ends, torch.tensor([1.0, 0, -1]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("k", [0.05, 0.3, 1.0, 30.0])
def test_the_sigmoid_is_the_published_formula(k: float) -> None:
    theta = torch.linspace(0, math.pi, 50, dtype=torch.float64)
    end, here = math.exp(-math.pi / (2 * k)), (theta / k - math.pi / (2 * k)).exp()
    published = (1 + end) / (1 - end) * (1 - here) / (1 + here)
    torch.testing.assert_close(angular_response(theta, "sigmoid", k=k), published)


def test_the_sigmoid_lies_between_a_step_and_the_line() -> None:
    theta = torch.linspace(0, math.pi, 40, dtype=torch.float64)  # without a right angle
    step = (math.pi / 2 - theta).sign()
    torch.testing.assert_close(angular_response(theta, "sigmoid", k=1e-3), step)
    line = angular_response(theta, "linear")
    torch.testing.assert_close(angular_response(theta, "sigmoid", k=1e3), line, rtol=0, atol=1e-6)
    torch.testing.assert_close(line, 1 - 2 * theta / math.pi)


@each_operator
def test_an_operator_is_odd_about_the_right_angle_and_falls_even_beyond_pi(operator: str) -> None:
    theta = torch.linspace(0, math.pi, 101, dtype=torch.float64)
    g = angular_response(theta, operator)
    torch.testing.assert_close(g, -g.flip(0))
    further = angular_response(torch.linspace(0, 4 * math.pi, 1001, dtype=torch.float64), operator)
    assert (further.diff() <= 0).all()
    assert further.diff().abs().max() < 0.03  # no jump where the pieces of the cosine meet


# The angle and its slope.


def test_the_angle_is_the_arc_cosine() -> None:
    cosine = torch.linspace(-1, 1, 101, dtype=torch.float64)
    torch.testing.assert_close(angle(cosine), cosine.acos())
    assert angle(torch.tensor([1 + 1e-6, -1 - 1e-6])).tolist() == [0, POLES[2].item()]


def test_the_slope_is_exact_away_from_the_poles_in_first_and_second_order() -> None:
    cosine = torch.linspace(-0.99, 0.99, 11, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(angle, cosine)
    assert torch.autograd.gradgradcheck(angle, cosine)


@each_operator
@pytest.mark.parametrize("sign", [1, -1])
def test_gradients_are_finite_at_the_poles_and_zero_by_symmetry(operator: str, sign: int) -> None:
    layer = SphereLinear(6, 1, operator=operator)
    x = (3 * sign * layer.weight).detach().requires_grad_()
    y = layer(x)
    y.sum().backward()
    torch.testing.assert_close(y, torch.full((1, 1), float(sign)))
    for gradient in (x.grad, layer.weight.grad):
        assert gradient is not None
        assert gradient.abs().max() < 1e-3  # rounding, times the largest slope
    assert all(p.grad is not None and p.grad.isfinite().all() for p in layer.parameters())


def test_near_the_pole_the_gradient_of_the_angle_is_never_longer_than_the_true_one() -> None:
    for turn in [0, 1e-7, 1e-5, 1e-3, 1e-2, 1, math.pi - 1e-5, math.pi]:
        x = torch.tensor([[math.cos(turn), math.sin(turn)]], dtype=torch.float64, requires_grad=True)
        angle(cosine_linear(x, torch.tensor([[1.0, 0]], dtype=torch.float64))).sum().backward()
        assert x.grad is not None
        length = x.grad.norm().item()  # the true one is 1 / |x| = 1
        assert length <= 1 + 1e-6
        assert length == pytest.approx(min(1, math.sin(turn) / 1e-3), abs=1e-6)


# The layers.


@each_operator
def test_convolution_equals_its_definition_patch_by_patch(operator: str) -> None:
    layer = SphereConv2d(3, 4, 3, stride=2, padding=1, operator=operator, dtype=torch.float64)
    nn.init.normal_(layer.bias)
    x = torch.randn(2, 3, 6, 7, dtype=torch.float64)
    padded = F.pad(x, [1] * 4)
    y = layer(x)
    for n in range(2):
        for o in range(4):
            for i in range(y.shape[2]):
                for j in range(y.shape[3]):
                    patch = padded[n, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3].flatten()
                    w = layer.weight[o].flatten()
                    theta = (patch @ w / (patch.norm() * w.norm())).acos()
                    expected = angular_response(theta, operator) + layer.bias[o]
                    torch.testing.assert_close(y[n, o, i, j], expected)


def test_the_cosine_convolution_is_a_plain_one_between_unit_vectors() -> None:
    x, weight = torch.randn(2, 3, 9, 8), torch.randn(5, 3, 3, 3)
    patches = F.normalize(F.unfold(x, 3, padding=1, stride=2), dim=1)
    filters = F.normalize(weight.flatten(1))
    expected = (filters @ patches).unflatten(2, (5, 4))
    torch.testing.assert_close(cosine_conv2d(x, weight, stride=2, padding=1), expected)
    whole = F.conv2d(F.normalize(x.flatten(1)).view_as(x), F.normalize(torch.ones(1, 3, 9, 8), dim=(1, 2, 3)))
    torch.testing.assert_close(cosine_conv2d(x, torch.ones(1, 3, 9, 8)), whole, rtol=1e-4, atol=1e-6)


def test_a_window_as_large_as_the_picture_is_a_linear_layer() -> None:
    x, weight = torch.randn(2, 3, 4, 4), torch.randn(5, 3, 4, 4)
    torch.testing.assert_close(
        cosine_conv2d(x, weight).flatten(1), cosine_linear(x.flatten(1), weight.flatten(1))
    )
    torch.testing.assert_close(
        cosine_linear(x.flatten(1), weight.flatten(1)),
        F.cosine_similarity(x.flatten(1)[:, None], weight.flatten(1), dim=2),
    )


@each_operator
@pytest.mark.parametrize("scale", [1e-30, 1e-6, 0.3, 7.0, 1e30])
def test_rescaling_the_input_or_a_weight_changes_nothing(operator: str, scale: float) -> None:
    for layer, x in layers(operator):
        expected = layer(x)
        torch.testing.assert_close(layer(scale * x), expected, rtol=1e-4, atol=1e-5)
        with torch.no_grad():
            layer.weight[1] *= scale
        torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-5)


@each_operator
def test_rescaling_by_a_power_of_two_changes_not_one_bit(operator: str) -> None:
    for layer, x in layers(operator):
        assert torch.equal(layer(2.0**-20 * x), layer(x))


def test_rescaling_one_patch_changes_no_answer_to_it() -> None:
    x, weight = torch.rand(1, 3, 6, 6), torch.randn(4, 3, 3, 3)
    brighter = x.clone()
    brighter[..., 3:] *= 100
    torch.testing.assert_close(
        cosine_conv2d(x, weight, stride=3), cosine_conv2d(brighter, weight, stride=3), rtol=1e-4, atol=1e-6
    )


@each_operator
def test_zero_patches_and_padding_answer_0_and_send_no_gradient(operator: str) -> None:
    layer = SphereConv2d(2, 3, 3, padding=4, operator=operator)
    x = torch.zeros(2, 2, 5, 5)
    x[0, 0, 2, 2] = 1.0  # one bright pixel in one of two pictures
    x.requires_grad_()
    y = layer(x)
    sees_it = F.max_pool2d(F.pad(x, [4] * 4), 3, 1)[:, :1].broadcast_to(2, 3, 11, 11) > 0
    assert (y[~sees_it] == 0).all()
    assert (y[sees_it] != 0).all()
    y.square().sum().backward()
    assert x.grad is not None
    assert (x.grad[1] == 0).all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in layer.parameters())
    assert x.grad.isfinite().all()


def test_a_patch_too_faint_for_the_picture_counts_as_zero() -> None:
    x, weight = torch.zeros(1, 1, 1, 3, dtype=torch.float64), torch.ones(1, 1, 1, 1, dtype=torch.float64)
    x[..., :] = torch.tensor([1.0, 1e-11, 1e-13])
    assert cosine_conv2d(x, weight).flatten().tolist() == pytest.approx([1, 1, 0])


@each_operator
def test_layer_gradients_equal_finite_differences(operator: str) -> None:
    layer = SphereConv2d(2, 2, 2, operator=operator, dtype=torch.float64)
    x = torch.randn(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, x)
    names, values = zip(*layer.named_parameters(), strict=True)

    def call(*weights: Tensor) -> Tensor:
        return torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), x.detach())

    assert torch.autograd.gradcheck(call, tuple(v.detach().requires_grad_() for v in values))


@each_operator
def test_the_gradient_is_at_right_angles_to_the_weight_so_that_plain_steps_only_lengthen_it(
    operator: str,
) -> None:
    for layer, x in layers(operator):
        layer(x).square().sum().backward()
        w, gradient = layer.weight.detach().flatten(1), layer.weight.grad
        assert gradient is not None
        g = gradient.flatten(1)
        torch.testing.assert_close((w * g).sum(1), torch.zeros(len(w)), rtol=0, atol=1e-4)
        step = w - 0.5 * g
        torch.testing.assert_close(step.norm(dim=1) ** 2, w.norm(dim=1) ** 2 + 0.25 * g.norm(dim=1) ** 2)


def test_the_gradient_shrinks_as_the_weight_grows() -> None:
    layer, x = SphereConv2d(3, 4, 3), torch.randn(2, 3, 6, 6)
    gradients = []
    for _ in range(2):
        layer.zero_grad()
        layer(x).square().sum().backward()
        assert layer.weight.grad is not None
        gradients.append(layer.weight.grad.clone())
        layer.weight.data.mul_(10)
    torch.testing.assert_close(gradients[0], 10 * gradients[1])


def test_k_starts_where_asked_and_is_learned_and_only_the_sigmoid_has_it() -> None:
    layer = SphereLinear(6, 4, operator="sigmoid", k=0.7)
    assert layer.k is not None
    torch.testing.assert_close(layer.k, torch.full((4,), 0.7))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
    (-layer(torch.randn(50, 6)).square().sum()).backward()  # steeper is larger
    optimizer.step()
    assert (layer.k < 0.7).all()
    assert SphereLinear(6, 4).k is None


@pytest.mark.parametrize(("log_k", "k"), [(-1e4, 0.01), (1e4, 100.0)])
def test_k_stays_between_a_step_and_a_line_however_far_it_is_pushed(log_k: float, k: float) -> None:
    layer = SphereLinear(6, 4, operator="sigmoid")
    assert layer.log_k is not None
    nn.init.constant_(layer.log_k, log_k)
    torch.testing.assert_close(layer.k, torch.full((4,), k))
    layer(torch.randn(5, 6)).sum().backward()
    assert layer.log_k.grad is not None
    assert (layer.log_k.grad == 0).all()


def test_low_precision_is_computed_in_float32_and_returned_as_it_came() -> None:
    x = torch.randn(2, 3, 8, 8)
    for layer in (SphereConv2d(3, 4, 3, operator="linear"), SphereConv2d(3, 4, 3)):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            torch.testing.assert_close(layer(x), layer.float()(x))
            assert layer(x.bfloat16()).dtype == torch.bfloat16
        half = SphereConv2d(3, 4, 3, dtype=torch.bfloat16)
        assert half(x.bfloat16()).dtype == torch.bfloat16


# The loss.


def loss_by_hand(
    features: Tensor, weight: Tensor, labels: Tensor, operator: str, margin: float, k: float
) -> Tensor:
    total = torch.zeros((), dtype=features.dtype)
    for x, label in zip(features, labels, strict=True):
        exponents = []
        for j, w in enumerate(weight):
            theta = (x @ w / (x.norm() * w.norm())).acos() * (margin if j == label else 1)
            exponents.append((x.norm() * angular_response(theta[None], operator, k=k)[0]).exp())
        total -= (exponents[label] / sum(exponents)).log() / len(features)
    return total


@each_operator
@pytest.mark.parametrize("margin", [1.0, 1.7, 4.0])
def test_the_loss_equals_its_definition_in_value_and_gradient(operator: str, margin: float) -> None:
    weight = torch.randn(5, 6, dtype=torch.float64, requires_grad=True)
    features = (3 * torch.randn(4, 6, dtype=torch.float64)).requires_grad_()
    labels = torch.tensor([0, 3, 3, 1])
    loss = angular_softmax(features, weight, labels, operator=operator, margin=margin, k=0.4)
    naive = loss_by_hand(features, weight, labels, operator, margin, 0.4)
    torch.testing.assert_close(loss, naive)
    found, expected = (torch.autograd.grad(value, (features, weight)) for value in (loss, naive))
    torch.testing.assert_close(found, expected)


def test_with_cosine_and_no_margin_the_loss_is_cross_entropy_with_unit_weights() -> None:
    features, weight, labels = 3 * torch.randn(8, 6), torch.randn(5, 6), torch.randint(5, (8,))
    expected = F.cross_entropy(features @ F.normalize(weight).T, labels)
    torch.testing.assert_close(angular_softmax(features, weight, labels), expected)


def test_a_margin_makes_the_task_harder_and_features_of_length_zero_know_nothing() -> None:
    features, weight, labels = 3 * torch.randn(8, 6), torch.randn(5, 6), torch.randint(5, (8,))
    losses = [angular_softmax(features, weight, labels, margin=float(m)).item() for m in (1, 2, 4)]
    assert losses == sorted(losses)
    zero = torch.zeros(8, 6, requires_grad=True)
    loss = angular_softmax(zero, weight, labels, operator="linear", margin=2.0)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(5))
    assert zero.grad is not None
    assert zero.grad.isfinite().all()


@each_operator
def test_the_module_holds_the_weights_and_decides_without_the_margin(operator: str) -> None:
    module = AngularSoftmax(6, 5, operator=operator, margin=2.0, k=0.4)
    features, labels = torch.randn(8, 6), torch.randint(5, (8,))
    weight = module.respond.weight
    expected = angular_softmax(features, weight, labels, operator=operator, margin=2.0, k=0.4)
    torch.testing.assert_close(module(features, labels), expected)
    no_margin = angular_softmax(features, weight, labels, operator=operator, k=0.4)
    torch.testing.assert_close(F.cross_entropy(module.scores(features), labels), no_margin)


# Bad input.


@pytest.mark.errors
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SphereLinear(0, 3), "sizes"),
        (lambda: SphereConv2d(3, 4, 0), "sizes"),
        (lambda: SphereConv2d(3, 4, 3, stride=0), "stride"),
        (lambda: SphereConv2d(3, 4, 3, padding=-1), "padding"),
        (lambda: SphereConv2d(3, 4, 3, operator="sine"), "operator"),
        (lambda: SphereLinear(3, 4, k=0.0), "`k`"),
        (lambda: AngularSoftmax(3, 4, margin=0.5), "margin"),
        (lambda: angular_response(POLES, "sine"), "operator"),
        (lambda: angular_response(POLES, "sigmoid", k=-1.0), "`k`"),
        (lambda: SphereLinear(3, 4)(torch.ones(2, 5)), "`x`"),
        (lambda: SphereConv2d(3, 4, 3)(torch.ones(3, 8, 8)), "`x`"),
        (lambda: SphereConv2d(3, 4, 3)(torch.ones(1, 2, 8, 8)), "`x`"),
        (lambda: angular_softmax(torch.ones(3), torch.ones(2, 3), torch.zeros(1).long()), "features"),
        (lambda: angular_softmax(torch.ones(2, 3), torch.ones(2, 3), torch.zeros(1).long()), "labels"),
        (lambda: angular_softmax(torch.ones(1, 3), torch.ones(2, 4), torch.zeros(1).long()), "`x`"),
        (
            lambda: angular_softmax(torch.ones(1, 3), torch.ones(2, 3), torch.zeros(1).long(), margin=0.5),
            "margin",
        ),
    ],
)
def test_bad_input_is_named(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
