"""A ConvLSTM layer with its input convolutions batched over time, beside two plain loops.

All compute the same numbers, and are checked to do so before the clock starts. The plain loop hands the layer
one frame at a time; the usual one joins frame and state, and convolves once a step; ours convolves all frames
with the input kernel first, so that its loop only holds the recurrent part. Forward and backward.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

import cmlearn as cm
from benchmarks._timing import compare
from cmlearn.video import ConvLSTM

CLIPS, FRAMES, CHANNELS = 8, 16, 16


def main() -> None:
    """Print one table for each size of map, then one with many input channels."""
    torch.manual_seed(0)
    for side in (4, 10, 20, 40):
        measure(side, in_channels=4)
    measure(10, in_channels=64)


def measure(side: int, in_channels: int) -> None:
    """Print one table."""
    layer = ConvLSTM(in_channels, CHANNELS).to(cm.device())
    clips = torch.randn(CLIPS, in_channels, FRAMES, side, side, device=cm.device())
    for way in (plain, joined):
        torch.testing.assert_close(way(layer, clips), batched(layer, clips), rtol=1e-4, atol=1e-5)
    ways = {
        "input convolutions batched": lambda: train(layer, batched(layer, clips)),
        "plain loop": lambda: train(layer, plain(layer, clips)),
        "plain loop, frame and state joined": lambda: train(layer, joined(layer, clips)),
    }
    title = f"ConvLSTM, {CLIPS} clips of {FRAMES} frames, {side} x {side}, {in_channels} input channels"
    compare(title, ways)


def batched(layer: ConvLSTM, clips: Tensor) -> Tensor:
    """All input convolutions in one call, as the layer does it."""
    hidden, _ = layer(clips)
    return hidden


def plain(layer: ConvLSTM, clips: Tensor) -> Tensor:
    """Everything frame by frame."""
    state, hidden = None, []
    for frame in clips.split(1, dim=2):
        out, state = layer(frame, state)
        hidden.append(out)
    return torch.cat(hidden, dim=2)


def joined(layer: ConvLSTM, clips: Tensor) -> Tensor:
    """One convolution a step, of frame and state together, as most implementations have it."""
    weight = torch.cat([layer.input.weight, layer.cell.state.weight], dim=1)
    peep_i, peep_f, peep_o = layer.cell.peephole
    h = c = clips.new_zeros(len(clips), CHANNELS, *clips.shape[3:])
    hidden = []
    for x in clips.unbind(2):
        gates = F.conv2d(torch.cat([x, h], dim=1), weight, layer.cell.state.bias, padding=1)
        i, f, g, o = gates.chunk(4, dim=1)
        c = torch.sigmoid(f + peep_f * c) * c + torch.sigmoid(i + peep_i * c) * torch.tanh(g)
        h = torch.sigmoid(o + peep_o * c) * torch.tanh(c)
        hidden.append(h)
    return torch.stack(hidden, dim=2)


def train(layer: ConvLSTM, hidden: Tensor) -> float:
    """A backward pass; the number at its end waits for a GPU."""
    layer.zero_grad()
    hidden.square().sum().backward()
    return layer.cell.peephole.grad.sum().item()
