"""What a stack of convolutions sees: the formulas beside gradients, SciPy and exact shifts."""

import itertools

import numpy as np
import pytest
import scipy.signal
import torch
from torch import nn

from cmlearn.video.convnet import (
    TDNN,
    ConvLayer,
    ConvNet,
    convolutions,
    dilated_layers,
    effective_width,
    gradient_energy,
    path_counts,
    profile_width,
    receptive_field,
)


def random_stacks(count: int) -> list[list[ConvLayer]]:
    rng = np.random.default_rng(0)
    return [
        [ConvLayer(*(int(n) for n in rng.integers(1, (6, 4, 4)))) for _ in range(rng.integers(1, 5))]
        for _ in range(count)
    ]


def ones(stack: nn.Sequential) -> nn.Sequential:
    """The stack with all weights 1."""
    for parameter in stack.parameters():
        nn.init.ones_(parameter)
    return stack


def seen_by_brute_force(layers: list[ConvLayer]) -> set[int]:
    """Input positions of output 0, one layer after the other from the top."""
    places = {0}
    for layer in reversed(layers):
        places = {p * layer.stride + j * layer.dilation for p in places for j in range(layer.kernel)}
    return places


@pytest.mark.parametrize("layers", random_stacks(40), ids=str)
def test_paths_are_those_that_can_be_walked(layers: list[ConvLayer]) -> None:
    counts = path_counts(layers)
    assert set(np.flatnonzero(counts)) == seen_by_brute_force(layers)
    assert len(counts) == receptive_field(layers)
    assert counts[0] == counts[-1] == 1
    assert counts.sum() == np.prod([layer.kernel for layer in layers])
    assert profile_width(counts) == pytest.approx(effective_width(layers))


@pytest.mark.parametrize("layers", random_stacks(40), ids=str)
def test_the_gradient_of_a_stack_of_ones_is_the_path_counts(layers: list[ConvLayer]) -> None:
    stack = ones(convolutions(1, layers, width=1, dims=1, padding="none", activation=nn.Identity)).double()
    series = torch.zeros(1, 1, receptive_field(layers), dtype=torch.float64)
    assert stack(series).shape[2] == 1
    np.testing.assert_allclose(gradient_energy(stack, series).sqrt(), path_counts(layers))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize(
    "layers", [[ConvLayer(3), ConvLayer(2, 2), ConvLayer(3)], [ConvLayer(3, 1, 2), ConvLayer(2)]], ids=str
)
def test_the_gradient_is_not_0_exactly_where_there_is_a_path(dims: int, layers: list[ConvLayer]) -> None:
    side = receptive_field(layers)
    stack = convolutions(2, layers, width=4, dims=dims, padding="none", activation=nn.Tanh).double()
    seen = gradient_energy(stack, torch.randn(3, 2, *[side] * dims, dtype=torch.float64)) > 0
    comb = torch.as_tensor(path_counts(layers) > 0)
    for index in itertools.product(range(side), repeat=dims):
        assert seen[index] == all(comb[i] for i in index)


@pytest.mark.parametrize(
    "layers", [[ConvLayer(3)] * 4, dilated_layers(3), [ConvLayer(3), ConvLayer(3, 2), ConvLayer(3)]], ids=str
)
def test_the_squared_gradient_of_random_stacks_follows_the_path_counts(
    layers: list[ConvLayer],
) -> None:
    torch.manual_seed(0)
    series = torch.zeros(1, 1, receptive_field(layers))
    energy = torch.zeros(series.shape[2])
    for _ in range(400):
        stack = convolutions(1, layers, width=16, dims=1, padding="none", activation=nn.Identity)
        energy += gradient_energy(stack, series)
    expected = path_counts(layers) / path_counts(layers).sum()
    np.testing.assert_allclose(energy / energy.sum(), expected, atol=0.15 * expected.max())
    assert profile_width(energy) == pytest.approx(effective_width(layers), rel=0.05)


def test_the_width_of_a_plain_stack_grows_as_the_root_of_its_depth() -> None:
    widths = [effective_width([ConvLayer(5)] * depth) for depth in (1, 4, 16)]
    np.testing.assert_allclose(widths, np.sqrt(2) * np.array([1, 2, 4]))


def test_many_layers_give_a_bell() -> None:
    layers = [ConvLayer(3)] * 60
    profile = path_counts(layers) / 3.0**60
    place = np.arange(len(profile)) - 60
    variance = effective_width(layers) ** 2
    bell = np.exp(-(place**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    np.testing.assert_allclose(profile, bell, atol=0.01 * bell.max())


@pytest.mark.parametrize("kernel", [2, 3, 5])
def test_dilations_that_grow_as_the_kernel_reach_each_step_once(kernel: int) -> None:
    assert path_counts(dilated_layers(4, kernel, base=kernel)).tolist() == [1] * kernel**4


def test_strides_multiply() -> None:
    """Stages of 1, 2, 3, 3 and 3 convolutions of 5, and one of 2 with stride 2 before each further stage.

    5; 5 + 1 + 2 (4 · 2); 22 + 2 + 3 (4 · 4); 72 + 4 + 3 (4 · 8); 172 + 8 + 3 (4 · 16).
    """
    layers: list[ConvLayer] = []
    seen = []
    for convs in (1, 2, 3, 3, 3):
        layers += [ConvLayer(2, 2)] * bool(layers) + [ConvLayer(5)] * convs
        seen.append(receptive_field(layers))
    assert seen == [5, 22, 72, 172, 372]


def test_a_convolution_is_scipys_correlation() -> None:
    stack = convolutions(
        1, [ConvLayer(3), ConvLayer(3)], width=1, padding="none", activation=nn.Identity
    ).double()
    picture = torch.randn(1, 1, 9, 8, dtype=torch.float64)
    expected = picture[0, 0].numpy()
    for conv in (stack[0], stack[2]):
        expected = scipy.signal.correlate(expected, conv.weight[0, 0].detach().numpy(), mode="valid")
    np.testing.assert_allclose(stack(picture)[0, 0].detach(), expected)


def shifted(dims: int, places: tuple[int, ...], x: torch.Tensor) -> torch.Tensor:
    return x.roll(places, tuple(range(2, 2 + dims)))


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_shifts_pass_through_circular_padding(dims: int) -> None:
    net = ConvNet(
        2, 3, [ConvLayer(3), ConvLayer(3, dilation=2)], width=4, dims=dims, padding="circular"
    ).double()
    x = torch.randn(2, 2, *[8] * dims, dtype=torch.float64)
    places = (3, 1, 2)[:dims]
    torch.testing.assert_close(net.maps(shifted(dims, places, x)), shifted(dims, places, net.maps(x)))
    torch.testing.assert_close(net(shifted(dims, places, x)), net(x))


def test_zero_padding_breaks_the_shift_only_near_the_border() -> None:
    layers = [ConvLayer(3)] * 3
    reach = receptive_field(layers) // 2
    net = ConvNet(1, 2, layers, dims=1).double()
    x = torch.randn(1, 1, 30, dtype=torch.float64)
    wrong = (net.maps(x.roll(1, 2)) - net.maps(x).roll(1, 2)).abs().amax((0, 1)) > 1e-9
    assert wrong[: reach + 1].any()
    assert wrong[-reach:].any()
    assert not wrong[reach + 1 : -reach].any()


def test_a_stride_passes_only_its_multiples() -> None:
    net = ConvNet(
        1, 2, [ConvLayer(3), ConvLayer(3, stride=2), ConvLayer(3, stride=2)], dims=1, padding="circular"
    ).double()
    x = torch.randn(1, 1, 32, dtype=torch.float64)
    torch.testing.assert_close(net.maps(x.roll(4, 2)), net.maps(x).roll(1, 2))
    torch.testing.assert_close(net(x.roll(8, 2)), net(x))
    assert (net(x.roll(1, 2)) - net(x)).abs().max() > 1e-4


@pytest.mark.parametrize("padding", ["zeros", "circular"])
def test_a_padded_place_is_at_the_centre_of_what_it_sees(padding: str) -> None:
    layers = dilated_layers(3)
    stack = convolutions(1, layers, width=2, dims=1, padding=padding, activation=nn.Tanh)
    seen = gradient_energy(stack, torch.randn(4, 1, 41)).nonzero().flatten()
    assert (seen.min(), seen.max()) == (20 - 7, 20 + 7)


def test_scores_are_the_mean_of_the_maps_and_another_place_can_be_asked() -> None:
    net = TDNN(6, 7, depth=3, base=1)
    series = torch.randn(2, 6, 20)
    torch.testing.assert_close(net(series), net.maps(series).mean(2))
    seen = gradient_energy(net.maps, series, at=[2]).nonzero().flatten()
    assert seen.tolist() == [0, 1, 2, 3, 4, 5]
    assert net.layers == (ConvLayer(3),) * 3


def test_an_empty_stack_sees_one_step() -> None:
    assert receptive_field([]) == 1
    assert path_counts([]).tolist() == [1]
    assert effective_width([]) == 0


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="stride=0"):
        receptive_field([ConvLayer(3, stride=0)])
    with pytest.raises(ValueError, match="`layers`: expected odd"):
        convolutions(1, [ConvLayer(2)])
    with pytest.raises(ValueError, match="`padding`"):
        convolutions(1, [ConvLayer(3)], padding="same")
    with pytest.raises(ValueError, match="`dims`"):
        ConvNet(1, 2, [ConvLayer(3)], dims=4)
    with pytest.raises(ValueError, match="`base`"):
        dilated_layers(3, base=0)
    with pytest.raises(ValueError, match="`profile`: expected one axis"):
        profile_width(np.ones((2, 2)))
    with pytest.raises(ValueError, match="`profile`: expected weights"):
        profile_width([0.0, 0.0])
    with pytest.raises(ValueError, match="`at`"):
        gradient_energy(nn.Conv1d(1, 1, 3), torch.zeros(1, 1, 5), at=[3])
