"""The temporal shift against loops and a convolution; its cost, which is none; what order does to the net."""

import pytest
import torch
import torch.nn.functional as F

from cmlearn.video import count_cost, probe_order, reverse_frames, shuffle_frames
from cmlearn.video.temporal_shift import ShiftNet, TemporalShift, shift_channels


def maps(clips: int = 2, time: int = 5, channel: int = 8) -> torch.Tensor:
    return torch.randn(clips, time, channel, 3, 4)


def clips(time: int = 4) -> torch.Tensor:
    return torch.randn(6, 3, time, 16, 16)


@pytest.mark.parametrize(("channel", "share"), [(8, 8), (16, 8), (9, 4), (3, 3), (4, 2)])
def test_it_moves_frames_as_the_loop_does(channel: int, share: int) -> None:
    x = maps(channel=channel)
    fold = channel // share
    expected = torch.zeros_like(x)
    for t in range(5):
        for c in range(channel):
            source = t - 1 if c < fold else t + 1 if c < 2 * fold else t
            if 0 <= source < 5:
                expected[:, t, c] = x[:, source, c]
    assert shift_channels(x, share).equal(expected)


def test_it_is_a_convolution_in_time_with_weights_of_zero_and_one() -> None:
    x = maps()
    kernel = torch.zeros(8, 1, 3)
    kernel[0, 0, 0] = kernel[1, 0, 2] = 1  # reads the frame before, the frame after
    kernel[2:, 0, 1] = 1
    flat = x.permute(0, 3, 4, 2, 1).flatten(0, 2)
    expected = F.conv1d(flat, kernel, padding=1, groups=8).unflatten(0, (2, 3, 4)).permute(0, 4, 3, 1, 2)
    torch.testing.assert_close(shift_channels(x), expected, rtol=0, atol=0)


def test_it_passes_gradients_to_where_values_came_from() -> None:
    x = maps().requires_grad_()
    weight = torch.randn_like(x)
    (gradient,) = torch.autograd.grad((shift_channels(x) * weight).sum(), x)
    swapped = weight[:, :, [1, 0, *range(2, 8)]]  # back is forth
    torch.testing.assert_close(gradient[:, :, [1, 0, *range(2, 8)]], shift_channels(swapped))


def test_it_stays_within_each_clip_and_leaves_its_input() -> None:
    x = maps()
    before = x.clone()
    torch.testing.assert_close(TemporalShift(5)(x.flatten(0, 1)), shift_channels(x).flatten(0, 1))
    assert x.equal(before)
    changed = x.clone()
    changed[1] = 0
    assert shift_channels(changed)[0].equal(shift_channels(x)[0])


def test_it_costs_no_operation_and_no_parameter() -> None:
    assert count_cost(TemporalShift(4), torch.zeros(8, 16, 8, 8)) == (0, 0)
    shifted, plain = (ShiftNet(6, shift=shift) for shift in (True, False))
    assert count_cost(shifted, clips()) == count_cost(plain, clips())
    assert count_cost(plain, clips()).flops > 0
    assert shifted.load_state_dict(plain.state_dict()).missing_keys == []


def test_without_the_shift_no_order_of_the_frames_matters() -> None:
    net, x = ShiftNet(6, shift=False).eval(), clips()
    for changed in (reverse_frames(x), shuffle_frames(x)):
        torch.testing.assert_close(net(changed), net(x), rtol=0, atol=1e-6)


def test_with_the_shift_order_matters() -> None:
    net, x = ShiftNet(6).eval(), clips()
    probe = probe_order(lambda c: net(c).square().mean().item(), x)
    assert len({round(value, 6) for value in probe}) == 3


def test_a_frame_reaches_as_many_others_as_there_are_blocks() -> None:
    """Each shift reads one frame further: three blocks, seven frames."""
    net = ShiftNet(2, frames=9).eval()
    taken: list[torch.Tensor] = []
    net.net[-1].register_forward_hook(lambda module, inputs, output: taken.append(output))
    x = clips(time=9).requires_grad_()
    net(x)
    middle = taken[0].unflatten(0, (6, 9))[:, 4].sum()
    (gradient,) = torch.autograd.grad(middle, x)
    assert gradient.abs().sum((0, 1, 3, 4)).gt(0).tolist() == [False, *[True] * 7, False]


def test_the_score_is_the_mean_of_the_scores_of_the_frames() -> None:
    net, x = ShiftNet(6, shift=False).eval(), clips()
    alone = ShiftNet(6, frames=1, shift=False).eval()
    alone.load_state_dict(net.state_dict())
    frames = torch.stack([alone(x[:, :, t : t + 1]) for t in range(4)])
    torch.testing.assert_close(net(x), frames.mean(0), rtol=0, atol=1e-6)


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="`x`: expected 5 dimension"):
        shift_channels(torch.zeros(4, 8, 3, 3))
    for share in (1, 9):
        with pytest.raises(ValueError, match="`share`: expected 2 to 8, the number of channels"):
            shift_channels(maps(), share)
    with pytest.raises(ValueError, match="`frames`: expected 1 or more"):
        TemporalShift(0)
    with pytest.raises(ValueError, match="`share`: expected 2 or more"):
        TemporalShift(4, 1)
    with pytest.raises(ValueError, match="`x`: expected clips of 4 frames, got 6 frames"):
        TemporalShift(4)(torch.zeros(6, 8, 2, 2))
    with pytest.raises(ValueError, match="`width`: expected at least share=8"):
        ShiftNet(6, width=4)
    with pytest.raises(ValueError, match="`clips`: expected 4 frames each, got 5"):
        ShiftNet(6)(clips(time=5))
