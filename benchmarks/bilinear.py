"""`CompactBilinear` beside the outer product that it avoids: p = q = 2,048 and d = 16,000, as in the paper.

Two ways to the same 16,000 numbers a pair: sketch both vectors and convolve, or make the outer product and
add it up by bin. Times in turn in this process; the peak memory of a forward and backward pass in a fresh
process for each way, since a peak never goes down.
"""

import resource
import subprocess
import sys
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks._timing import compare
from cmlearn.matching import CompactBilinear

P = Q = 2048
D = 16_000
BATCH = 16


def main() -> None:
    """Print a table of memory and one of times."""
    # First the memory: a process starts with the peak of the one that started it.
    megabytes = {name: in_fresh_process(name) for name in ("nothing", *WAYS)}
    model, a, b = setting()
    torch.testing.assert_close(compact(model, a, b), through_outer(model, a, b), atol=1e-3, rtol=1e-3)
    ways = {name: lambda way=way: way(model, a, b) for name, way in WAYS.items()}
    compare(f"compact bilinear pooling, batch {BATCH}, {P} x {Q} to {D}", ways, repeats=3)
    print("\npeak memory of forward and backward, above a process that does nothing")
    first = megabytes["cmlearn, compact"] - megabytes["nothing"]
    for name in WAYS:
        more = megabytes[name] - megabytes["nothing"]
        print(f"  {name:<25}  {more:8.0f} MB  {more / first:7.1f} x")


def setting() -> tuple[CompactBilinear, Tensor, Tensor]:
    """The sketches and a batch of pairs."""
    torch.manual_seed(0)
    a, b = torch.randn(BATCH, P, requires_grad=True), torch.randn(BATCH, Q, requires_grad=True)
    return CompactBilinear(P, Q, D), a, b


def compact(model: CompactBilinear, a: Tensor, b: Tensor) -> Tensor:
    """Without the outer product."""
    return model(a, b)


def through_outer(model: CompactBilinear, a: Tensor, b: Tensor) -> Tensor:
    """The outer product, with the signs, added up by bin."""
    one, other = model.sketch_a, model.sketch_b
    bins = (one.bins[:, None] + other.bins).remainder(D).flatten()
    outer = torch.einsum("np,nq->npq", a * one.signs, b * other.signs)
    return a.new_zeros(len(a), D).index_add(1, bins, outer.flatten(1))


WAYS: dict[str, Callable[[CompactBilinear, Tensor, Tensor], Tensor]] = {
    "cmlearn, compact": compact,
    "through the outer product": through_outer,
}


def in_fresh_process(name: str) -> float:
    """Peak resident megabytes of one way."""
    code = f"from benchmarks.bilinear import peak_megabytes; print(peak_megabytes({name!r}))"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)


def peak_megabytes(name: str) -> float:
    """Of this process, after one forward and backward pass."""
    model, a, b = setting()
    if name in WAYS:
        WAYS[name](model, a, b).square().sum().backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
