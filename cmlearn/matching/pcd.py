r"""Learning in a Boltzmann machine: mean field on the data, persistent chains for the model.

The gradient of the log-likelihood is a difference of two averages, one with the data clamped, one with
nothing clamped. Mean field stands in for the first; for the second, Gibbs chains that are never restarted:
the parameters move slowly, so a chain that was near the old distribution is near the new one after a sweep.
[tieleman2008training], [salakhutdinov2009deep]
"""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from cmlearn._progress import progress
from cmlearn._validate import require
from cmlearn.matching.boltzmann import BoltzmannMachine

__all__ = ["pcd_step", "train_pcd"]


@torch.no_grad()
def pcd_step(
    machine: BoltzmannMachine,
    data: Mapping[int, Float[Tensor, "batch _"]],
    chains: Sequence[Float[Tensor, "chain _"]],
    *,
    learning_rate: float = 0.05,
    mean_field_steps: int = 10,
    gibbs_steps: int = 1,
    generator: torch.Generator | None = None,
) -> list[Float[Tensor, "chain _"]]:
    r"""One step up the gradient, in place.

    $$\Delta W_k = \eta\,\big( \langle \mu_k \mu_{k+1}^\top \rangle_\text{data}
      - \langle s_k s_{k+1}^\top \rangle_\text{chains} \big)$$

    The odd layers of the chains enter by their means given the even layers, which changes no expectation and
    lowers the variance. [tieleman2008training], [salakhutdinov2009deep]

    Args:
        machine: its parameters are changed.
        data: layer to states, (batch, units), in [0, 1].
        chains: states of the persistent chains, one (chain, units) tensor a layer.
        learning_rate: $\eta$.
        mean_field_steps: sweeps over the hidden layers of the data.
        gibbs_steps: sweeps of the chains.
        generator: draws the samples.

    Returns:
        Where the chains stand now.

    Example:
        >>> import torch
        >>> generator = torch.Generator().manual_seed(0)
        >>> machine = BoltzmannMachine.random([3, 2], generator=generator)
        >>> chains, data = machine.draw(100, generator), {0: torch.ones(10, 3)}
        >>> for _ in range(300):
        ...     chains = pcd_step(machine, data, chains, learning_rate=0.1, generator=generator)
        >>> chains[0].mean().item() > 0.9  # the model has learned that everything is on
        True
    """
    positive = machine.mean_field(data, mean_field_steps)
    chains = machine.gibbs(chains, steps=gibbs_steps, generator=generator)
    negative = [
        machine.total_input(layer, chains).sigmoid() if layer % 2 else state
        for layer, state in enumerate(chains)
    ]
    parameters = [*machine.weights, *machine.biases]
    for parameter, up, down in zip(
        parameters, machine.moments(positive), machine.moments(negative), strict=True
    ):
        parameter.add_(up - down, alpha=learning_rate)
    return chains


def train_pcd(
    machine: BoltzmannMachine,
    data: Mapping[int, Float[Tensor, "sample _"]],
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    chains: int,
    mean_field_steps: int = 10,
    generator: torch.Generator | None = None,
) -> list[Float[Tensor, "chain _"]]:
    """Pass over the data in random batches; the learning rate falls linearly to zero.

    Args:
        machine: its parameters are changed.
        data: layer to states, (sample, units), in [0, 1].
        epochs: passes over the data.
        batch_size: rows a step; the last batch of an epoch may be smaller.
        learning_rate: of the first step.
        chains: how many persistent chains.
        mean_field_steps: as in `pcd_step`.
        generator: draws the batches and the samples.

    Returns:
        Where the chains stand at the end.

    Raises:
        ValueError: if the layers hold different numbers of samples, or a setting is below 1.

    Example:
        >>> import torch
        >>> machine = BoltzmannMachine.random([3, 2])
        >>> ends = train_pcd(
        ...     machine, {0: torch.ones(20, 3)}, epochs=2, batch_size=10, learning_rate=0.1, chains=5
        ... )
        >>> [tuple(state.shape) for state in ends]
        [(5, 3), (5, 2)]
    """
    samples = _samples(data)
    require(
        min(epochs, batch_size, chains) >= 1,
        "epochs, batch_size, chains",
        "numbers >= 1",
        (epochs, batch_size, chains),
    )
    device = machine.biases[0].device
    states = machine.draw(chains, generator)
    for epoch in progress(range(epochs), desc="training", unit="epoch", leave=False):
        order = torch.randperm(samples, generator=generator, device=device)
        for rows in torch.split(order, batch_size):
            states = pcd_step(
                machine,
                {layer: values[rows] for layer, values in data.items()},
                states,
                learning_rate=learning_rate * (1 - epoch / epochs),
                mean_field_steps=mean_field_steps,
                generator=generator,
            )
    return states


def _samples(data: Mapping[int, Float[Tensor, "_ _"]]) -> int:
    lengths = {len(values) for values in data.values()}
    require(len(lengths) == 1, "data", "layers with equally many samples", sorted(lengths))
    return lengths.pop()
