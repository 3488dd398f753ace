"""Machines small enough for a sum over all their states."""

from itertools import product

import torch

from cmlearn.matching.boltzmann import BoltzmannMachine

SHAPES = ([4, 3], [4, 3, 2], [3, 2, 3, 2, 3])
VISIBLE = {2: (0,), 3: (0,), 5: (0, 4)}  # visible layers by number of layers


def machine(sizes: list[int], scale: float = 0.8, seed: int = 0) -> BoltzmannMachine:
    """Of moderate couplings and biases, in float64."""
    generator = torch.Generator().manual_seed(seed)
    made = BoltzmannMachine.random(sizes, scale=scale, generator=generator, dtype=torch.float64)
    for bias in made.biases:
        bias.copy_(0.5 * torch.randn(bias.shape, generator=generator, dtype=torch.float64))
    return made


def every_state(sizes: list[int]) -> list[torch.Tensor]:
    """All states of all units, layer by layer, by counting in binary."""
    table = torch.tensor(list(product([0.0, 1.0], repeat=sum(sizes))), dtype=torch.float64)
    return list(table.split(sizes, dim=1))
