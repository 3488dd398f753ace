"""V-Net and the Dice loss: the published layout counted by hand, the gradient by three routes."""

import pytest
import torch
import torch.nn.functional as F

from cmlearn.video import count_cost
from cmlearn.video.vnet import (
    PUBLISHED_CONVOLUTIONS,
    DiceLoss,
    VNet,
    dice_coefficient,
    dice_gradient,
    dice_loss,
    foreground,
)


def example(*shape: int, share: float = 0.2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    probabilities = torch.rand(*shape, generator=generator, dtype=torch.float64)
    return probabilities, torch.rand(*shape, generator=generator) < share


def small(**changes: object) -> VNet:
    settings = {"channels": 2, "width": 4, "convolutions": (1, 2, 1), "kernel": 3, **changes}
    return VNet(**settings)  # type: ignore[arg-type]


def dice_by_loops(p: torch.Tensor, g: torch.Tensor) -> list[float]:
    found = []
    for volume, mask in zip(p.flatten(1).tolist(), g.flatten(1).tolist(), strict=True):
        overlap = sum(a for a, inside in zip(volume, mask, strict=True) if inside)
        found.append(2 * overlap / (sum(a * a for a in volume) + sum(mask)))
    return found


def test_dice_is_its_formula() -> None:
    p, g = example(3, 1, 4, 5, 6)
    expected = torch.tensor(dice_by_loops(p, g), dtype=torch.float64)
    torch.testing.assert_close(dice_coefficient(p, g), expected)
    torch.testing.assert_close(dice_loss(p, g), 1 - expected.mean())


def test_dice_of_hard_predictions_is_overlap_over_sizes() -> None:
    mask = torch.tensor([1, 1, 1, 0, 0, 0]).bool().view(1, 1, 6)
    found = torch.tensor([0.0, 1, 1, 1, 1, 0]).view(1, 1, 6)
    assert dice_coefficient(found, mask).item() == pytest.approx(2 * 2 / (4 + 3))
    assert dice_coefficient(mask.float(), mask).item() == 1
    assert dice_coefficient(1 - mask.float(), mask).item() == 0


def test_dice_agrees_with_monais_formula() -> None:
    """`DiceLoss(squared_pred=True, smooth_nr=0, smooth_dr=0)`: 1 - 2 |p g| / (|p²| + |g²|) a volume."""
    p, g = example(4, 1, 3, 3, 3)
    truth = g.double()
    axes = (2, 3, 4)
    monai = 1 - 2 * (p * truth).sum(axes) / ((p**2).sum(axes) + (truth**2).sum(axes))
    torch.testing.assert_close(dice_loss(p, g), monai.mean())


@pytest.mark.parametrize("share", [0.01, 0.2, 0.9])
def test_the_gradient_by_hand_is_that_of_autograd(share: float) -> None:
    p, g = example(2, 1, 5, 5, 5, share=share)
    p.requires_grad_()
    (by_autograd,) = torch.autograd.grad(dice_coefficient(p, g).sum(), p)
    torch.testing.assert_close(dice_gradient(p.detach(), g), by_autograd, rtol=0, atol=1e-12)


def test_the_gradient_by_hand_is_that_of_finite_differences() -> None:
    p, g = example(1, 1, 3, 3, 3)
    step, gradient = 1e-5, torch.zeros_like(p)
    for i in range(p.numel()):
        nudge = torch.zeros_like(p).view(-1)
        nudge[i] = step
        nudge = nudge.view_as(p)
        rise = dice_coefficient(p + nudge, g) - dice_coefficient(p - nudge, g)
        gradient.view(-1)[i] = rise.item() / (2 * step)
    torch.testing.assert_close(dice_gradient(p, g), gradient, rtol=0, atol=1e-9)
    assert torch.autograd.gradcheck(lambda x: dice_loss(x, g), p.clone().requires_grad_())


def test_background_rightly_left_out_changes_nothing() -> None:
    p, g = example(2, 1, 4, 4, 4)
    padded = F.pad(p, (0, 20)), F.pad(g, (0, 20))
    torch.testing.assert_close(dice_coefficient(*padded), dice_coefficient(p, g))


def test_an_empty_mask_has_dice_0_and_no_gradient() -> None:
    p = torch.rand(1, 1, 8, requires_grad=True)
    empty = torch.zeros(1, 1, 8, dtype=torch.bool)
    loss = dice_loss(p, empty)
    loss.backward()
    assert loss.item() == 1
    assert p.grad is not None
    assert not p.grad.any()
    assert dice_loss(torch.zeros(1, 1, 8), empty).item() == 1  # 0 / 0


def test_two_scores_make_a_sigmoid_of_their_difference() -> None:
    scores, mask = torch.randn(3, 2, 4, 4, 4), torch.rand(3, 1, 4, 4, 4) < 0.3
    expected = (scores[:, 1:] - scores[:, :1]).sigmoid()
    torch.testing.assert_close(foreground(scores), expected)
    torch.testing.assert_close(DiceLoss()(scores, mask), dice_loss(expected, mask))


def parameters_by_hand(width: int, convolutions: tuple[int, ...], kernel: int, channels: int) -> int:
    def conv(source: int, out: int, size: int) -> int:
        return source * out * size**3 + out

    def stage(source: int, out: int, count: int) -> int:
        """Convolutions, with a slope a channel after each."""
        return conv(source, out, kernel) + (count - 1) * conv(out, out, kernel) + count * out

    total = stage(channels, width, convolutions[0])
    for level, count in enumerate(convolutions[1:], start=1):
        wide = width * 2**level
        total += conv(wide // 2, wide, 2) + wide + stage(wide, wide, count)
    source = width * 2 ** (len(convolutions) - 1)
    for level in reversed(range(len(convolutions) - 1)):
        narrow = width * 2**level
        total += conv(source, narrow, 2) + narrow + stage(2 * narrow, 2 * narrow, convolutions[level])
        source = 2 * narrow
    return total + conv(source, 2, 1)


def test_the_published_network_has_the_parameters_of_its_layout() -> None:
    with torch.device("meta"):
        cost = count_cost(VNet(), torch.zeros(1, 1, 128, 128, 64))
    assert cost.parameters == parameters_by_hand(16, PUBLISHED_CONVOLUTIONS, 5, 1) == 65_175_314


def test_the_published_stages_have_the_published_sizes() -> None:
    with torch.device("meta"):
        net = VNet()
        sizes = {}
        for name in ("first", *(f"{side}.{i}" for side in ("down", "right") for i in range(4))):
            keep = lambda module, args, out, name=name: sizes.update({name: tuple(out.shape[1:])})  # noqa: E731
            net.get_submodule(name).register_forward_hook(keep)
        out = net(torch.zeros(1, 1, 128, 128, 64))
    left = [(16 * 2**i, 128 >> i, 128 >> i, 64 >> i) for i in range(5)]
    assert [*sizes.values()][:5] == left
    assert [*sizes.values()][5:] == [(2 * c, d, h, w) for c, d, h, w in left[3::-1]]
    assert out.shape == (1, 2, 128, 128, 64)


@pytest.mark.parametrize("convolutions", [(1,), (2, 1), (1, 2, 3)])
def test_small_networks_have_the_parameters_of_their_layout(convolutions: tuple[int, ...]) -> None:
    net = small(convolutions=convolutions)
    assert sum(p.numel() for p in net.parameters()) == parameters_by_hand(4, convolutions, 3, 2)
    assert net(torch.zeros(1, 2, 8, 8, 4)).shape == (1, 2, 8, 8, 4)


def test_a_stage_of_zeros_passes_its_input_on() -> None:
    net = small(convolutions=(2,))
    with torch.no_grad():
        for conv in net.first.convolutions[::2]:
            conv.weight.zero_()
    volume = torch.rand(1, 2, 4, 4, 4)
    torch.testing.assert_close(net.first(volume, volume.repeat(1, 2, 1, 1, 1)), volume.repeat(1, 2, 1, 1, 1))


def test_a_skip_carries_what_the_way_down_loses() -> None:
    """With the lower stage cut off, the input still reaches the output at full size."""
    net = small(convolutions=(1, 1)).double()
    with torch.no_grad():
        net.up[0][0].weight.zero_()
    volume = torch.randn(1, 2, 8, 8, 8, dtype=torch.float64, requires_grad=True)
    net(volume)[0, 1, 4, 4, 4].backward()
    assert volume.grad is not None
    reached = volume.grad[0, 0].nonzero()
    assert (reached.amin(0) == 2).all()
    assert (reached.amax(0) == 6).all()


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="`channels`"):
        small(channels=3)
    with pytest.raises(ValueError, match="`kernel`"):
        small(kernel=4)
    with pytest.raises(ValueError, match="`convolutions`"):
        small(convolutions=(1, 0))
    with pytest.raises(ValueError, match="`convolutions`"):
        small(convolutions=())
    with pytest.raises(ValueError, match="`volume`: expected sides that are multiples of 4"):
        small()(torch.zeros(1, 2, 8, 8, 6))
    with pytest.raises(ValueError, match="`mask`"):
        dice_loss(torch.zeros(1, 1, 4), torch.zeros(1, 1, 5, dtype=torch.bool))
    with pytest.raises(ValueError, match="`scores`"):
        foreground(torch.zeros(1, 3, 4))
