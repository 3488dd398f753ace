"""ConvLSTM against an LSTM with peepholes, the plain loop, and its symmetries."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cmlearn.video import ConvLSTM, ConvLSTMCell, ConvLSTMState, FrameForecaster


def layer(*sizes: int, **options: int) -> ConvLSTM:
    """A layer in float64 whose peepholes and biases are not zero."""
    made = ConvLSTM(*sizes, dtype=torch.float64, **options)
    nn.init.normal_(made.cell.peephole)
    nn.init.normal_(made.cell.state.bias)
    return made


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def peephole_lstm(layer: ConvLSTM, series: np.ndarray) -> np.ndarray:
    """The equations with matrices and vectors, one series at a time."""
    middle, channels = layer.input.kernel_size[0] // 2, layer.cell.peephole.shape[1]
    to_state = layer.cell.state.kernel_size[0] // 2
    w_x = layer.input.weight.detach().numpy()[:, :, middle, middle]
    w_h = layer.cell.state.weight.detach().numpy()[:, :, to_state, to_state]
    bias, peep = layer.cell.state.bias.detach().numpy(), layer.cell.peephole.detach().numpy()[..., 0, 0]
    out = []
    for one in series:
        h = c = np.zeros(channels)
        for x in one:
            i, f, g, o = np.split(w_x @ x + w_h @ h + bias, 4)
            i, f = sigmoid(i + peep[0] * c), sigmoid(f + peep[1] * c)
            c = f * c + i * np.tanh(g)
            h = sigmoid(o + peep[2] * c) * np.tanh(c)
            out.append(h)
    return np.array(out).reshape(*series.shape[:2], channels)


@pytest.mark.parametrize("kernels", [(1, 1), (3, 5)])
def test_on_a_map_of_one_place_it_is_a_peephole_lstm(kernels):
    made = layer(3, 4, kernel=kernels[0], state_kernel=kernels[1])
    series = torch.randn(2, 7, 3, dtype=torch.float64)
    hidden, _ = made(series.transpose(1, 2)[..., None, None])
    expected = peephole_lstm(made, series.numpy())
    np.testing.assert_allclose(hidden[..., 0, 0].transpose(1, 2).detach(), expected, atol=1e-13)


def test_without_peepholes_it_is_the_lstm_of_pytorch():
    made, lstm = layer(3, 4, kernel=1, state_kernel=1), nn.LSTM(3, 4, batch_first=True, dtype=torch.float64)
    nn.init.zeros_(made.cell.peephole)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(made.input.weight[..., 0, 0])
        lstm.weight_hh_l0.copy_(made.cell.state.weight[..., 0, 0])
        lstm.bias_ih_l0.copy_(made.cell.state.bias)
        lstm.bias_hh_l0.zero_()
    series = torch.randn(2, 7, 3, dtype=torch.float64)
    expected, (_, cell) = lstm(series)
    hidden, state = made(series.transpose(1, 2)[..., None, None])
    torch.testing.assert_close(hidden[..., 0, 0].transpose(1, 2), expected)
    torch.testing.assert_close(state.cell[..., 0, 0], cell[0])


def test_state_kernels_of_one_run_an_lstm_at_every_place():
    made = layer(3, 4, kernel=1, state_kernel=1)
    clips = torch.randn(2, 3, 6, 4, 5, dtype=torch.float64)
    places = clips.permute(0, 3, 4, 2, 1).flatten(0, 2)
    expected = peephole_lstm(made, places.numpy()).reshape(2, 4, 5, 6, 4)
    np.testing.assert_allclose(made(clips)[0].detach().permute(0, 3, 4, 2, 1), expected, atol=1e-13)


def plain(layer: ConvLSTM, clips: torch.Tensor) -> torch.Tensor:
    """Equations (3) of the paper, everything frame by frame and gate by gate."""
    w_x, w_h = layer.input.weight.chunk(4), layer.cell.state.weight.chunk(4)
    bias, (peep_i, peep_f, peep_o) = layer.cell.state.bias.chunk(4), layer.cell.peephole
    h = c = clips.new_zeros(len(clips), len(bias[0]), *clips.shape[3:])
    out = []
    for x in clips.unbind(2):
        i, f, g, o = (
            F.conv2d(x, a, padding=a.shape[-1] // 2) + F.conv2d(h, b, d, padding=b.shape[-1] // 2)
            for a, b, d in zip(w_x, w_h, bias, strict=True)
        )
        i, f = torch.sigmoid(i + peep_i * c), torch.sigmoid(f + peep_f * c)
        c = f * c + i * torch.tanh(g)
        h = torch.sigmoid(o + peep_o * c) * torch.tanh(c)
        out.append(h)
    return torch.stack(out, dim=2)


@pytest.mark.parametrize("kernels", [(1, 3), (3, 1), (5, 3)])
def test_all_frames_at_once_equal_the_plain_loop_in_value_and_gradient(kernels):
    made = layer(2, 3, kernel=kernels[0], state_kernel=kernels[1])
    clips = torch.randn(2, 2, 5, 6, 7, dtype=torch.float64, requires_grad=True)
    learned = [clips, *made.parameters()]
    fast, slow = made(clips)[0], plain(made, clips)
    torch.testing.assert_close(fast, slow)
    weight = torch.randn_like(slow)
    fast_gradient = torch.autograd.grad((fast * weight).sum(), learned)
    torch.testing.assert_close(fast_gradient, torch.autograd.grad((slow * weight).sum(), learned))


def test_the_gradient_is_that_of_finite_differences():
    made = layer(1, 2)
    clips = torch.randn(1, 1, 3, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: made(x)[0], clips)


def test_away_from_the_borders_it_commutes_with_shifts():
    made = layer(1, 3)
    nn.init.zeros_(made.cell.state.bias)  # a silent map then stays silent, as beyond the border
    clip = torch.zeros(1, 1, 4, 24, 24, dtype=torch.float64)
    clip[..., 9:13, 9:13] = torch.randn(4, 4, 4, dtype=torch.float64)
    shifted = made(clip.roll((3, -2), dims=(3, 4)))[0]
    torch.testing.assert_close(shifted, made(clip)[0].roll((3, -2), dims=(3, 4)))


def test_at_the_border_it_does_not():
    made = layer(1, 3)
    clip = torch.zeros(1, 1, 4, 8, 8, dtype=torch.float64)
    clip[..., 2:6, 2:6] = torch.randn(4, 4, 4, dtype=torch.float64)
    apart = made(clip.roll(2, dims=4))[0] - made(clip)[0].roll(2, dims=4)
    assert apart.abs().max() > 1e-3


@pytest.mark.parametrize("state_kernel", [1, 3, 5])
def test_news_travels_through_the_state_as_far_as_its_kernel_reaches(state_kernel):
    made = layer(1, 2, kernel=1, state_kernel=state_kernel)
    clip = torch.zeros(1, 1, 4, 25, 25, dtype=torch.float64)
    touched = clip.clone()
    touched[0, 0, 0, 12, 12] = 1
    changed = (made(touched)[0] - made(clip)[0]).abs().amax((0, 1)) > 0
    for time in range(4):
        reach = time * (state_kernel // 2)
        expected = torch.zeros(25, 25, dtype=torch.bool)
        expected[12 - reach : 13 + reach, 12 - reach : 13 + reach] = True
        assert torch.equal(changed[time], expected)


def test_a_clip_in_pieces_is_the_clip():
    made = layer(2, 3)
    clips = torch.randn(2, 2, 6, 5, 5, dtype=torch.float64)
    whole, last = made(clips)
    first, state = made(clips[:, :, :4])
    then, end = made(clips[:, :, 4:], state)
    torch.testing.assert_close(torch.cat([first, then], dim=2), whole)
    torch.testing.assert_close(end, last)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_forecaster_hands_its_states_over_in_reverse(layers):
    model = FrameForecaster(1, 3, 4, layers=layers, patch=2, dtype=torch.float64)
    clips = torch.rand(2, 1, 5, 6, 8, dtype=torch.float64)
    hidden, states = F.pixel_unshuffle(clips[:, 0], 2).unflatten(1, (5, 4)).transpose(1, 2), []
    for encoder in model.encoder:
        hidden, state = encoder(hidden)
        states.append(state)
    hidden, _ = model.first(torch.zeros(2, 12, 4, 3, 4, dtype=torch.float64), states[-1])
    maps = [hidden]
    for k, forecaster in enumerate(model.forecaster):
        hidden, _ = forecaster(hidden, states[-2 - k])
        maps.append(hidden)
    expected = F.pixel_shuffle(model.head(torch.cat(maps, dim=1)).transpose(1, 2), 2).transpose(1, 2)
    torch.testing.assert_close(model(clips), expected)


def test_with_one_patch_a_frame_it_is_the_fully_connected_lstm():
    model = FrameForecaster(1, 6, 2, kernel=1, state_kernel=1, patch=4, dtype=torch.float64)
    encoder, forecaster = (nn.LSTM(16, 6, batch_first=True, dtype=torch.float64) for _ in range(2))
    with torch.no_grad():
        encoder.weight_ih_l0.copy_(model.encoder[0].input.weight[..., 0, 0])
        encoder.weight_hh_l0.copy_(model.encoder[0].cell.state.weight[..., 0, 0])
        forecaster.weight_hh_l0.copy_(model.first.state.weight[..., 0, 0])
        for lstm, cell in ((encoder, model.encoder[0].cell), (forecaster, model.first)):
            lstm.bias_ih_l0.copy_(cell.state.bias)
            lstm.bias_hh_l0.zero_()
    clips = torch.rand(3, 1, 5, 4, 4, dtype=torch.float64)
    _, state = encoder(clips.flatten(2).transpose(1, 2).reshape(3, 5, 16))
    hidden, _ = forecaster(torch.zeros(3, 2, 16, dtype=torch.float64), state)
    expected = F.linear(hidden, model.head.weight[:, :, 0, 0, 0], model.head.bias).unflatten(2, (1, 4, 4))
    torch.testing.assert_close(model(clips), expected.transpose(1, 2))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: ConvLSTM(0, 4), "in_channels"),
        (lambda: ConvLSTM(1, 0), "channels"),
        (lambda: ConvLSTM(1, 4, kernel=2), "kernel"),
        (lambda: ConvLSTM(1, 4, state_kernel=4), "state_kernel"),
        (lambda: ConvLSTMCell(4, -1), "kernel"),
        (lambda: ConvLSTM(2, 4)(torch.zeros(1, 3, 2, 4, 4)), "clips"),
        (lambda: ConvLSTM(2, 4)(torch.zeros(1, 2, 0, 4, 4)), "clips"),
        (lambda: ConvLSTM(2, 4)(torch.zeros(1, 2, 4, 4)), "clips"),
        (lambda: ConvLSTMCell(4)(torch.zeros(1, 4, 2, 4, 4)), "drive"),
        (lambda: ConvLSTMCell(4)(torch.zeros(1, 16, 4, 4)), "drive"),
        (lambda: ConvLSTMCell(4)(torch.zeros(1, 16, 2, 4, 4), zeros(1, 4, 5, 5)), "state"),
        (lambda: FrameForecaster(1, 4, 0), "steps"),
        (lambda: FrameForecaster(1, 4, 1, layers=0), "layers"),
        (lambda: FrameForecaster(1, 4, 1, patch=0), "patch"),
        (lambda: FrameForecaster(1, 4, 1, patch=3)(torch.zeros(1, 1, 2, 8, 8)), "clips"),
        (lambda: FrameForecaster(1, 4, 1)(torch.zeros(1, 3, 2, 8, 8)), "clips"),
    ],
)
def test_bad_input_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def zeros(*shape: int) -> ConvLSTMState:
    return ConvLSTMState(torch.zeros(shape), torch.zeros(shape))
