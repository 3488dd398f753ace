"""log Z, likelihood and bound against brute force over all states; AIS against the exact value."""

import pytest
import torch

from cmlearn.matching.boltzmann import BoltzmannMachine
from cmlearn.matching.likelihood import (
    ais_log_z,
    exact_log_z,
    log_likelihood,
    negative_free_energy,
    variational_bound,
)
from tests.matching.tiny_machines import SHAPES, VISIBLE, every_state, machine


@pytest.mark.parametrize("sizes", [*SHAPES, [2, 9], [9, 2], [2, 5, 2]])
def test_exact_log_z_is_the_sum_over_all_states(sizes: list[int]) -> None:
    model = machine(sizes)
    brute = (-model.energy(every_state(sizes))).logsumexp(dim=0)
    torch.testing.assert_close(exact_log_z(model), brute)


@pytest.mark.parametrize("sizes", SHAPES)
def test_gradient_of_log_z_is_the_exact_average_of_the_moments(sizes: list[int]) -> None:
    model = machine(sizes)
    states = every_state(sizes)
    weight = torch.softmax(-model.energy(states), dim=0)
    parameters = [p.requires_grad_() for p in (*model.weights, *model.biases)]
    gradient = torch.autograd.grad(exact_log_z(model), parameters)
    for k in range(len(model.weights)):
        expected = torch.einsum("s,si,sj->ij", weight, states[k], states[k + 1])
        torch.testing.assert_close(gradient[k], expected)
    for bias, state in zip(gradient[len(model.weights) :], states, strict=True):
        torch.testing.assert_close(bias, weight @ state)


@pytest.mark.parametrize("sizes", SHAPES)
def test_log_likelihood_sums_over_the_hidden_states(sizes: list[int]) -> None:
    model = machine(sizes)
    states = every_state(sizes)
    visible = VISIBLE[len(sizes)]
    shown = torch.cat([states[layer] for layer in visible], dim=1)
    patterns = shown.unique(dim=0)
    minus_energy = -model.energy(states)
    brute = torch.stack([minus_energy[(shown == row).all(dim=1)].logsumexp(dim=0) for row in patterns])
    given = dict(zip(visible, patterns.split([sizes[layer] for layer in visible], dim=1), strict=True))
    found = log_likelihood(model, given, exact_log_z(model))
    torch.testing.assert_close(found, brute - exact_log_z(model))
    assert found.exp().sum().item() == pytest.approx(1)


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("scale", [0.8, 3.0])
def test_bound_is_below_the_likelihood_and_rises(sizes: list[int], scale: float) -> None:
    model = machine(sizes, scale)
    generator = torch.Generator().manual_seed(3)
    given = {layer: model.draw(50, generator)[layer] for layer in VISIBLE[len(sizes)]}
    log_z = exact_log_z(model)
    exact = log_likelihood(model, given, log_z)
    bounds = torch.stack([variational_bound(model, given, log_z, steps) for steps in range(15)])
    assert (bounds <= exact + 1e-9).all()
    assert (bounds.diff(dim=0) >= -1e-9).all()


def test_bound_of_an_rbm_is_the_likelihood() -> None:
    model = machine([4, 3])
    given = {0: model.draw(20)[0]}
    log_z = exact_log_z(model)
    torch.testing.assert_close(variational_bound(model, given, log_z, 1), log_likelihood(model, given, log_z))


def test_gap_of_the_bound_is_a_divergence() -> None:
    model = machine([4, 3, 2], scale=2.0)
    given = {0: torch.tensor([[1.0, 0.0, 1.0, 0.0]], dtype=torch.float64)}
    means = model.mean_field(given, 7)
    states = every_state([4, 3, 2])
    agrees = (states[0] == given[0]).all(dim=1)
    posterior = torch.softmax(-model.energy(states)[agrees], dim=0)
    hidden = torch.cat([state[agrees] for state in states[1:]], dim=1)
    mean = torch.cat(means[1:], dim=1)
    factored = (hidden * mean + (1 - hidden) * (1 - mean)).prod(dim=1)
    divergence = (factored * (factored / posterior).log()).sum()
    log_z = exact_log_z(model)
    gap = log_likelihood(model, given, log_z) - variational_bound(model, given, log_z, 7)
    assert gap.item() == pytest.approx(divergence.item())


@pytest.mark.parametrize("sizes", [*SHAPES, [10, 6], [8, 5, 3]])
def test_ais_is_near_the_exact_log_z(sizes: list[int]) -> None:
    """Twice the interval of two standard errors, for three machines and as many seeds."""
    for seed in range(3):
        model = machine(sizes, scale=1.2, seed=seed)
        estimate = ais_log_z(model, generator=torch.Generator().manual_seed(seed), temperatures=150)
        exact = exact_log_z(model).item()
        assert estimate.log_z - 2 * (estimate.log_z - estimate.low) < exact
        assert exact < estimate.log_z + 2 * (estimate.high - estimate.log_z)
        assert abs(estimate.log_z - exact) < 0.2


def test_ais_weights_are_unbiased_at_any_number_of_temperatures() -> None:
    model = machine([4, 3], scale=1.0)
    exact = exact_log_z(model).item()
    for temperatures in (1, 3):
        estimate = ais_log_z(
            model, temperatures=temperatures, chains=100_000, generator=torch.Generator().manual_seed(0)
        )
        assert estimate.low - 0.02 < exact < estimate.high + 0.02


def test_ais_from_the_right_biases_is_exact_without_couplings() -> None:
    model = machine([4, 3], scale=0.0)
    estimate = ais_log_z(model, temperatures=5, base=dict(enumerate(model.biases)))
    assert estimate.log_z == pytest.approx(exact_log_z(model).item())
    assert estimate.low == pytest.approx(estimate.high)


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="`machine`: expected at most 20 units to list, got 21"):
        exact_log_z(BoltzmannMachine.random([21, 22]))
    model = BoltzmannMachine.random([4, 3, 2])
    with pytest.raises(ValueError, match="`visible`: expected even layers"):
        log_likelihood(model, {1: torch.ones(1, 3)}, 0.0)
    with pytest.raises(ValueError, match="`temperatures, chains`"):
        ais_log_z(model, temperatures=0)


def test_negative_free_energy_sums_out_either_half() -> None:
    model = machine([3, 2, 3])
    states = every_state([3, 2, 3])
    for summed in (0, 1):
        kept = states[1] if summed == 0 else torch.cat(states[0::2], dim=1)
        one = (kept == kept[5]).all(dim=1)
        brute = (-model.energy(states))[one].logsumexp(dim=0)
        torch.testing.assert_close(negative_free_energy(model, states, summed)[5], brute)
