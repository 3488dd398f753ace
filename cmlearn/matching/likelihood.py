r"""How likely a Boltzmann machine finds its data: exactly, bounded, and estimated.

Everything hangs on $Z$, a sum over all states. Half of the layers can be summed in closed form; the states of
the other half are listed where they are few (`exact_log_z`), and sampled where they are many (`ais_log_z`).
[neal2001annealed], [salakhutdinov2008quantitative]
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cmlearn._validate import require
from cmlearn.matching.boltzmann import BoltzmannMachine, Layers

__all__ = [
    "AISEstimate",
    "ais_log_z",
    "exact_log_z",
    "log_likelihood",
    "negative_free_energy",
    "variational_bound",
]

_MOST_UNITS = 20


def negative_free_energy(
    machine: BoltzmannMachine, states: Sequence[Float[Tensor, "batch _"]], summed: int = 1
) -> Float[Tensor, " batch"]:
    r"""Log of the unnormalised probability of every second layer, the others summed out.

    $$\log \sum_{s_\text{odd}} e^{-E(s)} = \sum_{k\ \text{even}} b_k^\top s_k
      + \sum_{k\ \text{odd}} \sum_j \log\big(1 + e^{a_{kj}}\big)$$

    with $a_k$ the total input of layer $k$.

    Args:
        machine: any.
        states: one (batch, units) tensor a layer; only the layers that stay are used.
        summed: 1 sums the odd layers, 0 the even ones.

    Example:
        >>> import torch
        >>> machine = BoltzmannMachine.random([2, 3], scale=0.0)
        >>> negative_free_energy(machine, [torch.ones(1, 2), torch.empty(1, 3)]).exp().round().item()  # 2³
        8.0
    """
    inside = [
        F.softplus(machine.total_input(layer, states)).sum(dim=1) for layer in range(summed, len(states), 2)
    ]
    fields = [states[layer] @ machine.biases[layer] for layer in range(1 - summed, len(states), 2)]
    return sum(inside + fields)  # type: ignore[return-value]


def exact_log_z(machine: BoltzmannMachine) -> Float[Tensor, ""]:
    r"""$\log Z$ by listing all states of the even layers, or of the odd ones if those are fewer.

    Differentiable, so its gradient is the exact expectation of `BoltzmannMachine.moments`.

    Args:
        machine: at most 20 units in one of the two halves.

    Raises:
        ValueError: if both halves have more units.

    Example:
        >>> machine = BoltzmannMachine.random([2, 3], scale=0.0)
        >>> exact_log_z(machine).exp().round().item()  # 2⁵ states of equal weight 1
        32.0
    """
    sizes = machine.sizes
    listed = 0 if sum(sizes[0::2]) <= sum(sizes[1::2]) else 1
    states = _all_states(machine, range(listed, len(sizes), 2))
    return negative_free_energy(machine, states, summed=1 - listed).logsumexp(dim=0)


def log_likelihood(
    machine: BoltzmannMachine,
    visible: Mapping[int, Float[Tensor, "batch _"]],
    log_z: Float[Tensor, ""] | float,
) -> Float[Tensor, " batch"]:
    r"""$\log p$ of visible states, summing over all others.

    Odd layers are summed in closed form, the free even layers by listing: nothing is listed for an RBM, $h^2$
    for a two-layer DBM, the joint layer for a multimodal one.

    Args:
        machine: at most 20 units in the layers to list.
        visible: even layers to their states, (batch, units), of zeros and ones.
        log_z: $\log Z$, exact or estimated.

    Raises:
        ValueError: if an odd layer is visible, or more than 20 units have to be listed.

    Example:
        >>> import torch
        >>> machine = BoltzmannMachine.random([2, 3], scale=0.0)
        >>> log_likelihood(machine, {0: torch.ones(1, 2)}, exact_log_z(machine)).exp().item()
        0.25
    """
    require(all(layer % 2 == 0 for layer in visible), "visible", "even layers", sorted(visible))
    free = [layer for layer in range(0, len(machine.sizes), 2) if layer not in visible]
    listed = _all_states(machine, free)
    batch, count = len(next(iter(visible.values()))), len(listed[0])
    states = [state.repeat(batch, 1) for state in listed]
    for layer, values in visible.items():
        states[layer] = values.repeat_interleave(count, dim=0)
    return negative_free_energy(machine, states).view(batch, count).logsumexp(dim=1) - log_z


def variational_bound(
    machine: BoltzmannMachine,
    visible: Mapping[int, Float[Tensor, "batch _"]],
    log_z: Float[Tensor, ""] | float,
    steps: int = 10,
) -> Float[Tensor, " batch"]:
    r"""A lower bound of $\log p(v)$: mean energy plus entropy of the mean-field posterior.

    $$\log p(v) \ge -E(v, \mu) + \sum_j H(\mu_j) - \log Z, \qquad H(\mu) = -\mu\log\mu - (1-\mu)\log(1-\mu)$$

    The gap is the divergence of the mean-field posterior from the true one. [salakhutdinov2009deep]

    Args:
        machine: any.
        visible: layers to their states, (batch, units), of zeros and ones.
        log_z: $\log Z$, exact or estimated.
        steps: sweeps of mean field.

    Example:
        >>> import torch
        >>> machine = BoltzmannMachine.random([2, 3], scale=0.0)  # an RBM: the bound is exact
        >>> variational_bound(machine, {0: torch.ones(1, 2)}, exact_log_z(machine)).exp().item()
        0.25
    """
    means = machine.mean_field(visible, steps)
    hidden = [mean for layer, mean in enumerate(means) if layer not in visible]
    entropy = [(torch.special.entr(mean) + torch.special.entr(1 - mean)).sum(dim=1) for mean in hidden]
    return -machine.energy(means) + sum(entropy) - log_z


class AISEstimate(NamedTuple):
    r"""An estimate of $\log Z$.

    Attributes:
        log_z: the estimate.
        low: $\log$ of the mean weight minus two standard errors; minus infinity where that is below zero.
        high: $\log$ of the mean weight plus two standard errors.
    """

    log_z: float
    low: float
    high: float


@torch.no_grad()
def ais_log_z(
    machine: BoltzmannMachine,
    *,
    temperatures: int = 1000,
    chains: int = 200,
    base: Mapping[int, Float[Tensor, " units"]] | None = None,
    generator: torch.Generator | None = None,
) -> AISEstimate:
    r"""Annealed importance sampling: walk from a machine with known $Z$ to this one.

    The first machine $p_0$ has no weights, only biases, so $\log Z_0 = \sum \log(1 + e^{b})$ and its samples
    are exact. In between, weights are $\beta W$ and biases interpolated, $0 = \beta_0 < \dots < \beta_T = 1$.
    A chain that moves by one Gibbs sweep a temperature collects

    $$\log w = \sum_{t=1}^{T} \log p^*_t(x_{t-1}) - \log p^*_{t-1}(x_{t-1}), \qquad
      \mathbb{E}[w] = Z / Z_0,$$

    with $p^*$ the unnormalised probability of the even layers. The *weight* is unbiased; its logarithm is too
    low on average, and badly so where few chains carry the mean.
    [neal2001annealed], [salakhutdinov2008quantitative]

    Args:
        machine: any.
        temperatures: $T$.
        chains: how many independent weights.
        base: biases of the first machine by layer, zero where left out; those of the data's means help.
        generator: draws the samples.

    Raises:
        ValueError: if there are fewer than one temperature or two chains.

    Example:
        >>> import torch
        >>> generator = torch.Generator().manual_seed(0)
        >>> machine = BoltzmannMachine.random([6, 4], scale=1.0, generator=generator)
        >>> estimate = ais_log_z(machine, generator=generator)
        >>> estimate.low < exact_log_z(machine).item() < estimate.high
        True
    """
    enough = temperatures >= 1 and chains >= 2
    require(enough, "temperatures, chains", "at least 1 and 2", (temperatures, chains))
    base = base or {}
    start = [base.get(layer, torch.zeros_like(bias)) for layer, bias in enumerate(machine.biases)]
    cold = _between(machine, start, 0.0)
    states = cold.gibbs(cold.draw(chains, generator), generator=generator)
    log_weight = torch.zeros(chains, device=start[0].device, dtype=torch.float64)
    for step in range(1, temperatures + 1):
        warmer = _between(machine, start, step / temperatures)
        log_weight += negative_free_energy(warmer, states) - negative_free_energy(cold, states)
        states = warmer.gibbs(states, generator=generator)
        cold = warmer
    log_z_start = sum(F.softplus(bias.double()).sum().item() for bias in start)
    return _summary(log_weight, log_z_start)


def _between(
    machine: BoltzmannMachine, start: Sequence[Float[Tensor, " _"]], beta: float
) -> BoltzmannMachine:
    """The machine at inverse temperature `beta` of the path."""
    weights = [beta * weight for weight in machine.weights]
    biases = [torch.lerp(first, bias, beta) for first, bias in zip(start, machine.biases, strict=True)]
    return BoltzmannMachine(weights, biases)


def _summary(log_weight: Float[Tensor, " chain"], log_z_start: float) -> AISEstimate:
    largest = log_weight.max().item()
    weight = (log_weight - largest).exp()
    mean, error = weight.mean(), weight.std() / len(weight) ** 0.5
    ends = torch.stack([mean, mean - 2 * error, mean + 2 * error])
    return AISEstimate(*(ends.clamp(min=0).log() + largest + log_z_start).tolist())


def _all_states(machine: BoltzmannMachine, layers: Sequence[int]) -> Layers:
    """Every combination of the units of some layers; the other layers are zero."""
    sizes = machine.sizes
    units = sum(sizes[layer] for layer in layers)
    require(units <= _MOST_UNITS, "machine", f"at most {_MOST_UNITS} units to list", units)
    bias = machine.biases[0]
    codes = torch.arange(2**units, device=bias.device)
    bits = (codes[:, None] >> torch.arange(units, device=bias.device) & 1).to(bias.dtype)
    columns = iter(torch.split(bits, [sizes[layer] for layer in layers], dim=1) if units else [])
    empty = [bits.new_zeros(len(bits), size) for size in sizes]
    return [next(columns) if layer in layers else empty[layer] for layer in range(len(sizes))]
