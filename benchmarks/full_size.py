"""One training step of the video models at their published size, on random input, batch of one.

Each runs in a process of its own (Linux, macOS). Prints parameters, operations, seconds and the peak of
memory: that of the process on a CPU, of the device on a GPU, where bfloat16 stands beside float32. The memory
holds weights, gradients, momentum, and what is saved for the backward pass.
"""

import multiprocessing
import resource
import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter

import torch
from torch import Tensor, nn

import cmlearn as cm
from cmlearn.video import C3D, STAM, R2Plus1D, Res3D, STResNet, TimeSformer, VNet, count_cost

FRAMES = (3, 16, 112, 112)
MODELS: dict[str, tuple[Callable[..., nn.Module], tuple[int, ...]]] = {
    "C3D": (partial(C3D, 101), FRAMES),
    "Res3D": (partial(Res3D, 101), FRAMES),
    "R(2+1)D": (partial(R2Plus1D, 101), FRAMES),
    "TimeSformer": (TimeSformer, (3, 8, 224, 224)),
    "STAM": (STAM, (3, 16, 224, 224)),
    "V-Net": (VNet, (1, 128, 128, 64)),
    "ST-ResNet": (STResNet, (2, 32, 32)),
}


def main() -> None:
    """Print one line for each model and precision."""
    half = [False, True] if cm.device().type == "cuda" else [False]
    print(f"\nOne step at full size, batch of one, on {cm.device()}")
    print(f"  {'':12} {'precision':9} {'parameters':>12} {'GFLOP':>7} {'seconds':>8} {'peak GiB':>9}")
    for name in MODELS:
        for bfloat16 in half:
            process = multiprocessing.get_context("spawn").Process(target=measure, args=(name, bfloat16))
            process.start()
            process.join()
            if process.exitcode:
                print(f"  {name:12} stopped with exit code {process.exitcode}")


def measure(name: str, bfloat16: bool) -> None:
    """One step after a warm-up, printed as a line."""
    build, shape = MODELS[name]
    device = cm.device()
    model = build(device=device).train()
    inputs = random_inputs(model, shape, device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            loss = model(inputs).float().square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()  # waits for a GPU

    step()
    start = perf_counter()
    step()
    seconds = perf_counter() - start
    peak = peak_memory(device) / 2**30
    cost = count_cost(build(device="meta"), random_inputs(model, shape, torch.device("meta")))
    precision = "bfloat16" if bfloat16 else "float32"
    print(
        f"  {name:12} {precision:9} {cost.parameters:12,} {cost.flops / 1e9:7.1f} {seconds:8.2f} {peak:9.2f}",
        flush=True,
    )


def random_inputs(
    model: nn.Module, shape: tuple[int, ...], device: torch.device
) -> Tensor | dict[str, Tensor]:
    """A batch of one; for ST-ResNet, the frames of each branch."""
    if isinstance(model, STResNet):
        return {b: torch.randn(1, n, *shape, device=device) for b, n in model.lengths.items()}
    return torch.randn(1, *shape, device=device)


def peak_memory(device: torch.device) -> int:
    """Bytes: of the device on a GPU, of this process elsewhere."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
