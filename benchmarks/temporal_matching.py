"""`cmlearn.video.SoftDTW` beside tslearn's: value and gradient for 64 pairs of 100 frames each, and for one.

Ours walks anti-diagonals, all pairs at once, in PyTorch; tslearn's walks cells, pair by pair, in compiled
loops. Many pairs favour ours, a single pair favours theirs. Both agree before the clock starts.
"""

import torch
from torch import Tensor, nn
from tslearn.metrics import SoftDTWLossPyTorch

from benchmarks._timing import compare
from cmlearn.video import SoftDTW

FRAMES, DIM = 100, 8


def main() -> None:
    """Print one table for many pairs and one for a single pair."""
    for pairs in (64, 1):
        x, y = torch.randn(2, pairs, FRAMES, DIM, generator=torch.Generator().manual_seed(0))
        ways = {
            "cmlearn": lambda x=x, y=y: gradient(SoftDTW(), x, y),
            "tslearn": lambda x=x, y=y: gradient(SoftDTWLossPyTorch(), x, y),
        }
        torch.testing.assert_close(ways["cmlearn"](), ways["tslearn"](), rtol=1e-2, atol=1e-2)
        compare(f"Soft-DTW, value and gradient, {pairs} pair(s), {FRAMES} x {FRAMES} frames", ways)


def gradient(loss: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Of the mean loss, by `x`."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(loss(x, y).mean(), x)[0]
