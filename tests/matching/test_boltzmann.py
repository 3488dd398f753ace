"""The layered machine against brute force over all its states, and its samplers against exact averages."""

import numpy as np
import pytest
import torch

from cmlearn.matching.boltzmann import BoltzmannMachine, mirrored
from tests.matching.tiny_machines import SHAPES, every_state, machine


def naive_energy(model: BoltzmannMachine, states: list[torch.Tensor], row: int) -> float:
    """One unit and one pair at a time."""
    total = 0.0
    for k, bias in enumerate(model.biases):
        for i in range(len(bias)):
            total -= float(bias[i] * states[k][row, i])
            for j in range(len(model.biases[k + 1]) if k < len(model.weights) else 0):
                total -= float(states[k][row, i] * model.weights[k][i, j] * states[k + 1][row, j])
    return total


@pytest.mark.parametrize("sizes", SHAPES)
def test_energy_is_that_of_a_loop_over_pairs(sizes: list[int]) -> None:
    model = machine(sizes)
    states = every_state(sizes)
    rows = torch.randperm(len(states[0]))[:20]
    energy = model.energy(states)
    for row in rows.tolist():
        assert energy[row].item() == pytest.approx(naive_energy(model, states, row))


@pytest.mark.parametrize("sizes", SHAPES)
def test_total_input_is_the_log_odds_of_a_unit_given_all_others(sizes: list[int]) -> None:
    model = machine(sizes)
    states = every_state(sizes)
    for layer in range(len(sizes)):
        on, off = ([*states[:layer], states[layer].clone(), *states[layer + 1 :]] for _ in range(2))
        on[layer][:, 0], off[layer][:, 0] = 1.0, 0.0
        odds = model.energy(off) - model.energy(on)
        torch.testing.assert_close(model.total_input(layer, states)[:, 0], odds)


@pytest.mark.parametrize("sizes", SHAPES)
def test_moments_are_minus_the_gradient_of_the_mean_energy(sizes: list[int]) -> None:
    model = machine(sizes)
    states = [torch.rand(10, n, dtype=torch.float64) for n in sizes]
    parameters = [p.requires_grad_() for p in (*model.weights, *model.biases)]
    gradient = torch.autograd.grad(-model.energy(states).mean(), parameters)
    for moment, expected in zip(model.moments(states), gradient, strict=True):
        torch.testing.assert_close(moment, expected)


@pytest.mark.parametrize("sizes", SHAPES)
def test_gibbs_chains_reach_the_exact_averages(sizes: list[int]) -> None:
    """Independent chains, so the standard error is that of independent samples; five of them are allowed."""
    model = machine(sizes)
    states = every_state(sizes)
    weight = torch.softmax(-model.energy(states), dim=0)
    generator = torch.Generator().manual_seed(1)
    chains = model.gibbs(model.draw(20_000, generator), steps=60, generator=generator)
    for layer, sampled in enumerate(chains):
        exact = weight @ states[layer]
        error = (exact * (1 - exact) / len(sampled)).sqrt()
        assert ((sampled.mean(dim=0) - exact).abs() < 5 * error).all()
        assert set(sampled.unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("sizes", SHAPES[1:])
def test_clamped_chains_reach_the_exact_posterior(sizes: list[int]) -> None:
    model = machine(sizes)
    given = torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64)[: sizes[0]]
    states = every_state(sizes)
    agrees = (states[0] == given).all(dim=1)
    weight = torch.softmax(-model.energy(states), dim=0) * agrees
    generator = torch.Generator().manual_seed(2)
    start = model.draw(20_000, generator)
    start[0] = given.expand(20_000, -1)
    chains = model.gibbs(start, clamped=[0], steps=60, generator=generator)
    assert (chains[0] == given).all()
    for layer in range(1, len(sizes)):
        exact = weight @ states[layer] / weight.sum()
        error = (exact * (1 - exact) / 20_000).sqrt()
        assert ((chains[layer].mean(dim=0) - exact).abs() < 5 * error).all()


def test_sweep_order_is_odd_layers_then_even_ones() -> None:
    model = machine([3, 2, 3])
    for parameter in (*model.weights, *model.biases):
        parameter *= 1e6  # sampling is thresholding
    start = model.draw(5)
    after = model.gibbs(start)
    h1 = (model.total_input(1, start) > 0).double()
    torch.testing.assert_close(after[1], h1)
    torch.testing.assert_close(after[0], (model.total_input(0, [h1, h1, h1]) > 0).double())


def test_mean_field_of_an_rbm_is_exact_after_one_step() -> None:
    model = machine([4, 3])
    visible = torch.tensor([[1.0, 0.0, 1.0, 1.0]], dtype=torch.float64)
    states = every_state([4, 3])
    weight = torch.softmax(-model.energy(states), dim=0) * (states[0] == visible).all(dim=1)
    torch.testing.assert_close(
        model.mean_field({0: visible}, steps=1)[1][0], weight @ states[1] / weight.sum()
    )


def test_mean_field_without_couplings_above_is_exact() -> None:
    model = machine([4, 3, 2])
    model.weights[1].zero_()
    means = model.mean_field({0: torch.ones(1, 4, dtype=torch.float64)}, steps=1)
    torch.testing.assert_close(means[2][0], model.biases[2].sigmoid())


def test_mirrored_halves_are_one_set_of_parameters() -> None:
    model = mirrored((4, 3))
    model.weights[0][1, 2] += 5.0
    model.biases[2][0] += 7.0
    assert model.weights[1][2, 1] == model.weights[0][1, 2]
    assert model.biases[0][0] == 7.0
    visible = torch.rand(6, 4)
    doubled = (model.biases[1] + 2 * visible @ model.weights[0]).sigmoid()
    torch.testing.assert_close(model.mean_field({0: visible, 2: visible}, steps=1)[1], doubled)
    centre = torch.rand(6, 3)
    single = (model.biases[0] + centre @ model.weights[1]).sigmoid()
    torch.testing.assert_close(model.mean_field({1: centre}, steps=1)[0], single)


def test_energy_runs_on_the_suites_device(device: torch.device) -> None:
    model = BoltzmannMachine.random([4, 3, 2], device=device, generator=torch.Generator(device=device))
    assert model.energy(model.gibbs(model.draw(5))).device.type == device.type


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="`sizes`: expected two or more numbers >= 1"):
        BoltzmannMachine.random([4])
    with pytest.raises(ValueError, match=r"`weights`: expected shapes \[\(4, 3\)\]"):
        BoltzmannMachine([torch.zeros(3, 4)], [torch.zeros(4), torch.zeros(3)])
    model = BoltzmannMachine.random([4, 3])
    with pytest.raises(ValueError, match=r"`states`: expected layers of \[4, 3\] units, got \[4, 2\]"):
        model.energy([torch.ones(1, 4), torch.ones(1, 2)])
    with pytest.raises(ValueError, match="`clamped`: expected one or more of the layers 0 to 1"):
        model.mean_field({2: torch.ones(1, 2)})
    with pytest.raises(ValueError, match="`clamped`"):
        model.mean_field({})


def test_machines_with_the_same_seed_are_the_same() -> None:
    first, second = (machine([4, 3], seed=7) for _ in range(2))
    np.testing.assert_array_equal(first.weights[0], second.weights[0])
