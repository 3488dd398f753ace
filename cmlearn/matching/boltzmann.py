r"""A Boltzmann machine in layers: the one energy behind RBM, DBM and multimodal DBM.

Units are binary and stand in layers; each layer is joined to the one before it and the one behind it, never
within itself. Two layers are a restricted Boltzmann machine, three a deep one with the data at one end, five
a multimodal one with data at *both* ends:

    RBM               v - h
    DBM               v - h1 - h2
    multimodal DBM    image - h - joint - h' - word

Odd layers see even layers only. Given the even ones, all odd units are independent, and the other way round:
a whole half of the machine is sampled, or updated in mean field, at once. [salakhutdinov2009deep]
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from cmlearn._validate import require

__all__ = ["BoltzmannMachine", "mirrored"]

Layers = list[Float[Tensor, "batch _"]]


@dataclass(frozen=True, eq=False)
class BoltzmannMachine:
    r"""Binary layers $s_0, \dots, s_L$, each joined to its neighbours, and the distribution that they define.

    $$E(s) = -\sum_{k=0}^{L} b_k^\top s_k - \sum_{k=0}^{L-1} s_k^\top W_k\, s_{k+1}, \qquad
      p(s) = \frac{e^{-E(s)}}{Z}, \qquad Z = \sum_s e^{-E(s)}$$

    The states of a machine are a list with one tensor a layer, (batch, units), of zeros and ones or of
    probabilities. [salakhutdinov2009deep]

    Args:
        weights: $W_k$, (units of layer k, units of layer k + 1), one a pair of neighbours.
        biases: $b_k$, (units of layer k,), one a layer.

    Raises:
        ValueError: if the shapes of weights and biases do not fit.

    Example:
        >>> import torch
        >>> machine = BoltzmannMachine([torch.tensor([[3.0], [4.0]])], [torch.zeros(2), torch.zeros(1)])
        >>> machine.energy([torch.tensor([[1.0, 1.0], [1.0, 0.0]]), torch.ones(2, 1)])
        tensor([-7., -3.])
    """

    weights: Sequence[Float[Tensor, "_ _"]]
    biases: Sequence[Float[Tensor, " _"]]

    def __post_init__(self) -> None:
        fitting = list(pairwise(self.sizes))
        got = [tuple(weight.shape) for weight in self.weights]
        require(len(fitting) > 0 and got == fitting, "weights", f"shapes {fitting}, one or more", got)

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        *,
        scale: float = 0.01,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> "BoltzmannMachine":
        """A machine with small random weights and no biases.

        Args:
            sizes: units in each layer, two layers or more.
            scale: standard deviation of the weights.
            generator: draws them.
            device: of all tensors.
            dtype: of all tensors.

        Raises:
            ValueError: if there are fewer than two layers, or an empty one.

        Example:
            >>> BoltzmannMachine.random([4, 3, 2]).sizes
            [4, 3, 2]
        """
        require(len(sizes) >= 2 and min(sizes) >= 1, "sizes", "two or more numbers >= 1", sizes)
        where: dict[str, Any] = {"device": device, "dtype": dtype}
        weights = [scale * torch.randn(pair, generator=generator, **where) for pair in pairwise(sizes)]
        return cls(weights, [torch.zeros(units, **where) for units in sizes])

    @property
    def sizes(self) -> list[int]:
        """Units in each layer."""
        return [bias.shape[0] for bias in self.biases]

    def energy(self, states: Sequence[Float[Tensor, "batch _"]]) -> Float[Tensor, " batch"]:
        """$E(s)$ of each row; for probabilities, the mean over independent units.

        Args:
            states: one (batch, units) tensor a layer.

        Raises:
            ValueError: if the number of layers or the units of one differ from the machine's.
        """
        self._require_states(states)
        pairs = zip(pairwise(states), self.weights, strict=True)
        bonds = [((below @ weight) * above).sum(dim=1) for (below, above), weight in pairs]
        fields = [state @ bias for state, bias in zip(states, self.biases, strict=True)]
        return -torch.stack(bonds + fields).sum(dim=0)

    def total_input(self, layer: int, states: Sequence[Float[Tensor, "batch _"]]) -> Float[Tensor, "batch _"]:
        r"""What a layer hears from its neighbours: $a_k = b_k + s_{k-1} W_{k-1} + s_{k+1} W_k^\top$.

        Given its neighbours, each unit of the layer is on with probability $\sigma(a)$.

        Args:
            layer: $k$.
            states: one (batch, units) tensor a layer; only the neighbours' are used.
        """
        heard = self.biases[layer]
        if layer > 0:
            heard = torch.addmm(heard, states[layer - 1], self.weights[layer - 1])
        if layer < len(self.weights):
            heard = torch.addmm(heard, states[layer + 1], self.weights[layer].T)
        return heard

    @torch.no_grad()
    def gibbs(
        self,
        states: Sequence[Float[Tensor, "batch _"]],
        *,
        clamped: Iterable[int] = (),
        steps: int = 1,
        generator: torch.Generator | None = None,
    ) -> Layers:
        """Block Gibbs sampling: all odd layers given the even ones, then all even layers given the odd ones.

        Args:
            states: where the chains stand, one (batch, units) tensor a layer; only the even layers matter.
            clamped: layers that keep their states.
            steps: sweeps over all layers.
            generator: draws the samples.

        Returns:
            The states after the last sweep, zeros and ones but for clamped layers.
        """
        return self._sweep(states, clamped, steps, lambda heard: _bernoulli(heard.sigmoid(), generator))

    @torch.no_grad()
    def mean_field(self, clamped: Mapping[int, Float[Tensor, "batch _"]], steps: int = 10) -> Layers:
        r"""Approximate the posterior of the free layers by independent units with means $\mu$.

        $$\mu_k \leftarrow \sigma\big(b_k + \mu_{k-1} W_{k-1} + \mu_{k+1} W_k^\top\big)$$

        The free layers start at 1/2. Each half sweep is an exact block maximisation of the variational bound
        (`cmlearn.matching.likelihood.variational_bound`), so the bound never falls. For an RBM given its
        visible units the answer is exact. [salakhutdinov2009deep]

        Args:
            clamped: layer to its known states, (batch, units).
            steps: sweeps over all layers.

        Returns:
            One (batch, units) tensor a layer: the clamped ones as they came, $\mu$ for the others.

        Raises:
            ValueError: if nothing is clamped, or what is clamped does not fit the machine.
        """
        known = len(clamped) > 0 and set(clamped) <= set(range(len(self.biases)))
        require(known, "clamped", f"one or more of the layers 0 to {len(self.biases) - 1}", sorted(clamped))
        given = next(iter(clamped.values()))
        half = [given.new_full((len(given), units), 0.5) for units in self.sizes]
        states = [clamped.get(layer, state) for layer, state in enumerate(half)]
        self._require_states(states)
        return self._sweep(states, clamped, steps, torch.sigmoid)

    @torch.no_grad()
    def draw(self, batch: int, generator: torch.Generator | None = None) -> Layers:
        """States of fair coins: where chains begin.

        Args:
            batch: how many.
            generator: draws the coins.
        """
        return [_bernoulli(torch.full_like(bias.expand(batch, -1), 0.5), generator) for bias in self.biases]

    def moments(self, states: Sequence[Float[Tensor, "batch _"]]) -> list[Float[Tensor, "..."]]:
        r"""$\langle s_k s_{k+1}^\top \rangle$ and $\langle s_k \rangle$.

        They are minus the gradient of the mean energy by each parameter. Their difference between data and
        model is the gradient of the log-likelihood.

        Args:
            states: one (batch, units) tensor a layer.

        Returns:
            The averages over the batch, in the order of `[*weights, *biases]`.
        """
        rows = states[0].shape[0]
        return [(a / rows).T @ b for a, b in pairwise(states)] + [state.mean(dim=0) for state in states]

    def _sweep(
        self,
        states: Sequence[Float[Tensor, "batch _"]],
        clamped: Iterable[int],
        steps: int,
        update: Callable[[Float[Tensor, "batch _"]], Float[Tensor, "batch _"]],
    ) -> Layers:
        states, clamped = list(states), set(clamped)
        odd_then_even = [*range(1, len(states), 2), *range(0, len(states), 2)]
        free = [layer for layer in odd_then_even if layer not in clamped]
        for _ in range(steps):
            for layer in free:
                states[layer] = update(self.total_input(layer, states))
        return states

    def _require_states(self, states: Sequence[Float[Tensor, "batch _"]]) -> None:
        got = [state.shape[-1] for state in states]
        require(got == self.sizes, "states", f"layers of {self.sizes} units", got)


def mirrored(
    sizes: tuple[int, int],
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> BoltzmannMachine:
    r"""The machine outside - centre - outside, whose two halves are one set of parameters.

    The centre hears everything twice, $\sigma(b + 2 s W)$, while the outside hears it once. That is the RBM
    with doubled input that pretrains a layer of a DBM: the second copy stands in for the neighbour that the
    centre will have later. Both weights share their memory, so a change of the one is a change of the
    other, and a learning step sums the gradients of both. [salakhutdinov2009deep]

    Args:
        sizes: units of an outer layer, and of the centre.
        generator: draws the first weights.
        device: of the parameters.

    Example:
        >>> machine = mirrored((4, 3))
        >>> machine.sizes
        [4, 3, 4]
        >>> machine.weights[0][1, 2] = 7.0
        >>> machine.weights[1][2, 1].item()
        7.0
    """
    half = BoltzmannMachine.random(sizes, generator=generator, device=device)
    weight, (outside, centre) = half.weights[0], half.biases
    return BoltzmannMachine([weight, weight.T], [outside, centre, outside])


def _bernoulli(
    probability: Float[Tensor, "batch _"], generator: torch.Generator | None
) -> Float[Tensor, "batch _"]:
    uniform = torch.rand(
        probability.shape, generator=generator, device=probability.device, dtype=probability.dtype
    )
    return torch.lt(uniform, probability, out=torch.empty_like(probability))
