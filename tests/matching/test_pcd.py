"""Persistent chains give the exact gradient on average, and learning with them ends where it ends."""

import pytest
import torch

from cmlearn.matching.boltzmann import BoltzmannMachine, mirrored
from cmlearn.matching.likelihood import exact_log_z, log_likelihood, variational_bound
from cmlearn.matching.pcd import pcd_step, train_pcd
from tests.matching.tiny_machines import SHAPES, VISIBLE, machine

PATTERNS = torch.tensor([[0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]], dtype=torch.float64)


def parameters(model: BoltzmannMachine) -> list[torch.Tensor]:
    return [*model.weights, *model.biases]


@pytest.mark.parametrize("sizes", SHAPES)
def test_step_is_the_exact_gradient_on_average(sizes: list[int]) -> None:
    """Of the likelihood for an RBM, of the variational bound for deeper machines.

    With learning rate 1 a step's change *is* its estimate. 200 steps from one machine, each with 100 chains
    that carry on; the means must be within five standard errors, from 20 groups of steps.
    """
    model = machine(sizes)
    generator = torch.Generator().manual_seed(4)
    data = {layer: model.draw(30, generator)[layer] for layer in VISIBLE[len(sizes)]}
    for p in parameters(model):
        p.requires_grad_()
    objective = variational_bound(model, data, exact_log_z(model), steps=30).mean()
    exact = torch.autograd.grad(objective, parameters(model))
    start = [p.detach().clone() for p in parameters(model)]
    count = len(model.weights)
    still = BoltzmannMachine(start[:count], start[count:])
    chains = still.gibbs(still.draw(100, generator), steps=50, generator=generator)
    estimates = []
    for _ in range(200):
        moved = BoltzmannMachine([p.clone() for p in start[:count]], [p.clone() for p in start[count:]])
        chains = pcd_step(moved, data, chains, learning_rate=1.0, mean_field_steps=30, generator=generator)
        estimates.append([p - old for p, old in zip(parameters(moved), start, strict=True)])
    for found, expected in zip(zip(*estimates, strict=True), exact, strict=True):
        groups = torch.stack(found).view(20, 10, *expected.shape).mean(dim=1)
        error = groups.std(dim=0) / 20**0.5
        assert ((groups.mean(dim=0) - expected).abs() < 5 * error).all()


def test_rbm_gradient_of_the_bound_is_that_of_the_likelihood() -> None:
    model = machine([4, 3])
    for p in parameters(model):
        p.requires_grad_()
    log_z = exact_log_z(model)
    likelihood = log_likelihood(model, {0: PATTERNS}, log_z).mean()
    bound = variational_bound(model, {0: PATTERNS}, exact_log_z(model), 1).mean()
    for one, other in zip(
        torch.autograd.grad(likelihood, parameters(model)),
        torch.autograd.grad(bound, parameters(model)),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def exact_ascent(model: BoltzmannMachine, steps: int, learning_rate: float) -> float:
    """Likelihood after gradient steps on the exact likelihood."""
    for p in parameters(model):
        p.requires_grad_()
    optimizer = torch.optim.SGD(parameters(model), lr=learning_rate, maximize=True)
    for _ in range(steps):
        optimizer.zero_grad()
        log_likelihood(model, {0: PATTERNS}, exact_log_z(model)).mean().backward()
        optimizer.step()
    return log_likelihood(model, {0: PATTERNS}, exact_log_z(model)).mean().item()


@pytest.mark.parametrize("sizes", [[4, 5], [4, 4, 3]])
def test_training_nears_what_the_exact_gradient_reaches(sizes: list[int]) -> None:
    entropy = 1.0397  # of the data's distribution over patterns: (1/4, 1/2, 1/4)
    best = exact_ascent(machine(sizes, 0.1), 800, 0.5)
    assert -entropy - 0.1 < best < -entropy
    model = machine(sizes, 0.1)
    before = log_likelihood(model, {0: PATTERNS}, exact_log_z(model)).mean().item()
    generator = torch.Generator().manual_seed(5)
    train_pcd(
        model,
        {0: PATTERNS},
        epochs=1500,
        batch_size=4,
        learning_rate=0.5,
        chains=100,
        generator=generator,
    )
    after = log_likelihood(model, {0: PATTERNS}, exact_log_z(model)).mean().item()
    assert after > best - 0.15
    assert before < best - 0.5


def test_a_mirrored_machine_learns_as_one() -> None:
    model = mirrored((4, 3), generator=torch.Generator().manual_seed(0))
    first = [p.clone() for p in parameters(model)]
    visible = PATTERNS.float()
    train_pcd(model, {0: visible, 2: visible}, epochs=5, batch_size=2, learning_rate=0.1, chains=10)
    assert torch.equal(model.weights[0], model.weights[1].T)
    assert not torch.equal(model.weights[0], first[0])


def test_data_and_chains_are_left_alone() -> None:
    model, data = machine([4, 3]), PATTERNS.clone()
    chains = model.draw(5)
    before = [state.clone() for state in chains]
    pcd_step(model, {0: data}, chains)
    assert torch.equal(data, PATTERNS)
    assert all(torch.equal(a, b) for a, b in zip(chains, before, strict=True))


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    settings = {"epochs": 1, "batch_size": 2, "learning_rate": 0.1, "chains": 2}
    with pytest.raises(ValueError, match="`data`: expected layers with equally many samples"):
        train_pcd(machine([4, 3, 4]), {0: PATTERNS, 2: PATTERNS[:2]}, **settings)
    with pytest.raises(ValueError, match="`epochs, batch_size, chains`: expected numbers >= 1"):
        train_pcd(machine([4, 3]), {0: PATTERNS}, **settings | {"chains": 0})
