r"""ConvLSTM: an LSTM whose state is a map, and whose transitions are convolutions.

An LSTM that reads frames flattens them: every number of its state depends on every pixel, and what it
learned in one corner it must learn again in the next. ConvLSTM keeps the state as a map of `channels` numbers
a place, and lets a place see only its neighbours. With $\ast$ a convolution, $\odot$ the product entry by
entry,

$$i_t = \sigma(W_{xi} \ast x_t + W_{hi} \ast h_{t-1} + w_{ci} \odot c_{t-1} + b_i), \quad
  f_t = \sigma(W_{xf} \ast x_t + W_{hf} \ast h_{t-1} + w_{cf} \odot c_{t-1} + b_f),$$
$$c_t = f_t \odot c_{t-1} + i_t \odot \tanh(W_{xc} \ast x_t + W_{hc} \ast h_{t-1} + b_c),$$
$$o_t = \sigma(W_{xo} \ast x_t + W_{ho} \ast h_{t-1} + w_{co} \odot c_t + b_o), \quad
  h_t = o_t \odot \tanh c_t.$$

Only $h_{t-1}$ and $c_{t-1}$ have to wait for the step before. `ConvLSTM` therefore convolves all frames with
$W_x$ at once, and `ConvLSTMCell`, the loop, holds the recurrent part only. [shi2015convolutional]
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cmlearn._validate import require, require_counts, require_ndim

__all__ = ["ConvLSTM", "ConvLSTMCell", "ConvLSTMState", "FrameForecaster"]


class ConvLSTMState(NamedTuple):
    """What a ConvLSTM hands from one frame to the next.

    Attributes:
        hidden: $h_t$, what the layer shows to others.
        cell: $c_t$, what it remembers.

    Example:
        >>> import torch
        >>> ConvLSTMState(torch.zeros(2, 4, 5, 5), torch.zeros(2, 4, 5, 5)).cell.shape
        torch.Size([2, 4, 5, 5])
    """

    hidden: Float[Tensor, "batch channel height width"]
    cell: Float[Tensor, "batch channel height width"]


class ConvLSTMCell(nn.Module):
    r"""The recurrent part of a ConvLSTM: state convolution, peepholes, and the loop over time.

    The peepholes $w_{ci}, w_{cf}, w_{co}$ are one number a channel and gate, the same at each place, so that
    a map may have any size and the layer commutes with shifts. They and the biases begin at 0, the forget
    gate's biases at 1, so that a new layer remembers. [shi2015convolutional], [gers2000learning]

    Args:
        channels: numbers a place in $h$ and in $c$.
        kernel: side of the state kernel $W_h$, odd.

    Raises:
        ValueError: if `channels` is less than 1 or `kernel` is not odd; when called, if the shapes do not
            fit.

    Example:
        >>> import torch
        >>> cell = ConvLSTMCell(4)
        >>> seen = ConvLSTMState(*torch.randn(2, 1, 4, 6, 6))
        >>> hidden, state = cell(torch.zeros(1, 16, 3, 6, 6), seen)  # three steps without any input
        >>> hidden.shape, torch.equal(hidden[:, :, -1], state.hidden)
        (torch.Size([1, 4, 3, 6, 6]), True)
    """

    def __init__(
        self,
        channels: int,
        kernel: int = 3,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require_counts(channels=channels)
        _check_kernel(kernel, "kernel")
        self.state = nn.Conv2d(
            channels, 4 * channels, kernel, padding=kernel // 2, device=device, dtype=dtype
        )
        self.peephole = nn.Parameter(torch.zeros(3, channels, 1, 1, device=device, dtype=dtype))
        bias = torch.zeros(4, channels, device=device, dtype=dtype)
        bias[1] = 1
        self.state.bias = nn.Parameter(bias.flatten())

    def forward(
        self,
        drive: Float[Tensor, "batch gate time height width"],
        state: ConvLSTMState | None = None,
    ) -> tuple[Float[Tensor, "batch channel time height width"], ConvLSTMState]:
        r"""Run over all frames.

        Args:
            drive: $W_x \ast x_t$ of each frame: four maps a channel, for $i$, $f$, the candidate, $o$.
            state: what went before; `None` is zeros.

        Returns:
            $h_t$ of each frame, and the last state.
        """
        require_ndim(drive, 5, "drive")
        gates = self.state.out_channels
        require(drive.shape[1] == gates, "drive", f"{gates} channels", f"shape {tuple(drive.shape)}")
        state = self._start(drive) if state is None else self._checked(state, drive)
        hidden = []
        for step in drive.unbind(2):
            state = self._step(step, state)
            hidden.append(state.hidden)
        return torch.stack(hidden).permute(1, 2, 0, 3, 4), state

    def _step(self, drive: Float[Tensor, "batch gate height width"], state: ConvLSTMState) -> ConvLSTMState:
        hidden, cell = state
        peep_i, peep_f, peep_o = self.peephole
        i, f, candidate, o = (drive + self.state(hidden)).chunk(4, dim=1)
        i, f = torch.sigmoid(i + peep_i * cell), torch.sigmoid(f + peep_f * cell)
        cell = f * cell + i * torch.tanh(candidate)
        o = torch.sigmoid(o + peep_o * cell)
        return ConvLSTMState(o * torch.tanh(cell), cell)

    def _checked(
        self, state: ConvLSTMState, drive: Float[Tensor, "batch gate time height width"]
    ) -> ConvLSTMState:
        batch, gates, _, height, width = drive.shape
        wanted = (batch, gates // 4, height, width)
        for part in state:
            require(part.shape == wanted, "state", f"maps of shape {wanted}", tuple(part.shape))
        return state

    def _start(self, drive: Float[Tensor, "batch gate time height width"]) -> ConvLSTMState:
        batch, gates, _, height, width = drive.shape
        nothing = drive.new_zeros(batch, gates // 4, height, width)
        return ConvLSTMState(nothing, nothing)


class ConvLSTM(nn.Module):
    r"""One layer of ConvLSTM over a clip.

    The input convolution is done for all frames in one call, before the loop: the numbers are those of a
    loop that does everything frame by frame, sooner. On maps of 1 x 1 it is an LSTM with peepholes; without
    borders in reach it commutes with shifts. [shi2015convolutional]

    Args:
        in_channels: channels of a frame.
        channels: channels of the state.
        kernel: side of the input kernel $W_x$, odd.
        state_kernel: side of the state kernel $W_h$, odd; with 1, places never hear of each other through
            the state.

    Raises:
        ValueError: if a number of channels is less than 1 or a kernel is not odd; when called, if the clip
            has other channels.

    Example:
        >>> import torch
        >>> layer = ConvLSTM(3, 8)
        >>> clip = torch.randn(2, 3, 5, 16, 16)
        >>> hidden, state = layer(clip)
        >>> hidden.shape
        torch.Size([2, 8, 5, 16, 16])
        >>> first, state = layer(clip[:, :, :2])  # the same in two pieces
        >>> then, state = layer(clip[:, :, 2:], state)
        >>> torch.allclose(hidden, torch.cat([first, then], dim=2), atol=1e-6)
        True
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        kernel: int = 3,
        state_kernel: int = 3,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require_counts(in_channels=in_channels, channels=channels)
        _check_kernel(kernel, "kernel")
        _check_kernel(state_kernel, "state_kernel")
        self.input = nn.Conv2d(
            in_channels,
            4 * channels,
            kernel,
            padding=kernel // 2,
            bias=False,
            device=device,
            dtype=dtype,
        )
        self.cell = ConvLSTMCell(channels, state_kernel, device=device, dtype=dtype)

    def forward(
        self,
        clips: Float[Tensor, "batch in_channel time height width"],
        state: ConvLSTMState | None = None,
    ) -> tuple[Float[Tensor, "batch channel time height width"], ConvLSTMState]:
        """Read clips.

        Args:
            clips: one or more frames.
            state: what went before; `None` is zeros.

        Returns:
            $h_t$ of each frame, and the last state.
        """
        _check_clips(clips, self.input.in_channels)
        frames = clips.permute(2, 0, 1, 3, 4)  # the time first: the frames of a step lie together in memory
        drive = self.input(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        return self.cell(drive.permute(1, 2, 0, 3, 4), state)


class FrameForecaster(nn.Module):
    r"""Encoder and forecaster of ConvLSTM layers: reads a few frames, and says what the next ones will be.

    The encoder is a stack of layers over the frames seen. Its last states, the highest layer's first, are
    the first states of a second stack. That one gets no frames: it unrolls what it was handed. A 1 x 1
    convolution of all its hidden maps gives the frames.

    Frames may be cut into patches first: `patch` x `patch` pixels become the channels of one place, which is
    cheaper. With one patch as large as the frame the maps are 1 x 1, and this is the fully connected LSTM
    forecaster. [shi2015convolutional], [srivastava2015unsupervised]

    Args:
        in_channels: channels of a frame.
        channels: channels of each layer.
        steps: how many frames to forecast.
        layers: layers of the encoder, and of the forecaster.
        kernel: side of the input kernels, odd.
        state_kernel: side of the state kernels, odd.
        patch: side of the patches; height and width must be multiples of it.

    Raises:
        ValueError: if a number is less than 1 or a kernel is not odd; when called, if the clip has other
            channels, or does not divide into patches.

    Example:
        >>> import torch
        >>> model = FrameForecaster(1, 8, steps=3, patch=2)
        >>> model(torch.rand(4, 1, 5, 20, 20)).shape
        torch.Size([4, 1, 3, 20, 20])
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        steps: int,
        *,
        layers: int = 1,
        kernel: int = 3,
        state_kernel: int = 3,
        patch: int = 1,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require_counts(steps=steps, layers=layers, patch=patch, in_channels=in_channels)
        self.in_channels, self.steps, self.patch = in_channels, steps, patch
        pixels = in_channels * patch**2
        place: dict[str, Any] = {"device": device, "dtype": dtype}

        def layer(width: int) -> ConvLSTM:
            return ConvLSTM(width, channels, kernel=kernel, state_kernel=state_kernel, **place)

        self.encoder = nn.ModuleList(layer(channels if i else pixels) for i in range(layers))
        self.first = ConvLSTMCell(channels, state_kernel, **place)
        self.forecaster = nn.ModuleList(layer(channels) for _ in range(layers - 1))
        self.head = nn.Conv3d(layers * channels, pixels, 1, **place)

    def forward(
        self, clips: Float[Tensor, "batch channel time height width"]
    ) -> Float[Tensor, "batch channel step height width"]:
        """The next frames, as logits where pixels are probabilities, or as they are.

        Args:
            clips: the frames seen.
        """
        _check_clips(clips, self.in_channels)
        hidden, states = _to_patches(clips, self.patch), []
        for layer in self.encoder:
            hidden, state = layer(hidden)
            states.append(state)
        return _from_patches(self.head(self._unroll(states)), self.patch)

    def _unroll(self, states: list[ConvLSTMState]) -> Float[Tensor, "batch all_channel step height width"]:
        top, *below = reversed(states)
        silence = top.hidden.new_zeros(()).expand(
            len(top.hidden), self.first.state.out_channels, self.steps, *top.hidden.shape[2:]
        )
        hidden, _ = self.first(silence, top)
        maps = [hidden]
        for layer, state in zip(self.forecaster, below, strict=True):
            hidden, _ = layer(hidden, state)
            maps.append(hidden)
        return torch.cat(maps, dim=1)


def _to_patches(
    clips: Float[Tensor, "batch channel time height width"], patch: int
) -> Float[Tensor, "batch pixel time row column"]:
    sides = clips.shape[3:]
    require(all(side % patch == 0 for side in sides), "clips", f"sides in {patch}s", f"{tuple(sides)}")
    return F.pixel_unshuffle(clips.transpose(1, 2), patch).transpose(1, 2)


def _from_patches(
    maps: Float[Tensor, "batch pixel time row column"], patch: int
) -> Float[Tensor, "batch channel time height width"]:
    return F.pixel_shuffle(maps.transpose(1, 2), patch).transpose(1, 2)


def _check_clips(clips: Tensor, channels: int) -> None:
    require_ndim(clips, 5, "clips")
    require(clips.shape[1] == channels, "clips", f"{channels} channel(s)", f"shape {tuple(clips.shape)}")
    require(clips.shape[2] >= 1, "clips", "one frame or more", f"shape {tuple(clips.shape)}")


def _check_kernel(kernel: int, argument: str) -> None:
    require(kernel >= 1 and kernel % 2 == 1, argument, "an odd number", kernel)
