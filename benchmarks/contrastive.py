"""InfoNCE and SigLIP, value and gradient: plain, by chunks, and as PyTorch's cross-entropy would be written.

Memory is the most that tensors held at once, as PyTorch's allocator counted it. The process may hold more:
with the default settings of glibc, freed blocks are not always handed back to the system.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

from benchmarks._timing import compare
from cmlearn.matching import info_nce, siglip

BATCH, DIM, CHUNK = 4096, 128, 256
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def cross_entropy(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """InfoNCE as it is often written."""
    logits = a @ b.T / 0.07
    partner = torch.arange(len(a))
    return (F.cross_entropy(logits, partner) + F.cross_entropy(logits.T, partner)) / 2


WAYS: dict[str, Loss] = {
    "F.cross_entropy, twice": cross_entropy,
    "info_nce": info_nce,
    f"info_nce, chunk={CHUNK}": lambda a, b: info_nce(a, b, chunk=CHUNK),
    "siglip": siglip,
    f"siglip, chunk={CHUNK}": lambda a, b: siglip(a, b, chunk=CHUNK),
}


def main() -> None:
    """Print one table of times and one of memory."""
    torch.set_num_threads(1)
    a, b = pairs(BATCH)
    torch.testing.assert_close(info_nce(a, b, chunk=CHUNK), cross_entropy(a, b))
    ways = {name: lambda loss=loss: step(loss, a, b) for name, loss in WAYS.items()}
    compare(f"Contrastive losses with gradient, {BATCH} pairs of {DIM} numbers", ways, repeats=3)
    sizes = (BATCH // 2, BATCH, 2 * BATCH)
    print("\nPeak memory in MiB by batch " + "".join(f"{n:>9,}" for n in sizes))
    for name, loss in WAYS.items():
        print(f"  {name:<26}" + "".join(f"{peak_mib(loss, n):9.0f}" for n in sizes))


def pairs(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two batches of unit vectors that want a gradient."""
    generator = torch.Generator().manual_seed(0)
    a, b = (F.normalize(torch.randn(n, DIM, generator=generator)).requires_grad_() for _ in range(2))
    return a, b


def step(loss: Loss, a: torch.Tensor, b: torch.Tensor) -> None:
    """Value and gradient."""
    torch.autograd.grad(loss(a, b), (a, b))


def peak_mib(loss: Loss, n: int) -> float:
    """Highest running sum of what one step allocated and freed."""
    a, b = pairs(n)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step(loss, a, b)
    events = [e for e in profiler.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = torch.tensor([e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())]).cumsum(0)
    return held.max().item() / 2**20
