r"""Convolutional networks, and how far they see.

An output of a stack of convolutions is tied to the input by *paths*: at every layer, one of the kernel's
positions. Count the paths to each input position, and you have what the stack can see (where there is a path
at all), how far (the receptive field, the span of those positions) and how strongly (a random stack's squared
gradient is proportional to the number of paths). Many layers of one kind give a bell around the centre, whose
width grows as the root of the depth, while the span grows as the depth itself.
[lecun1998gradient], [luo2016understanding]

`ConvNet` shares its weights over one, two or three axes; `TDNN` is the one over time, with dilation.
[waibel1989phoneme], [yu2016multi]
"""

import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from operator import mul
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor, nn

from cmlearn._validate import require, require_choice, require_counts

__all__ = [
    "TDNN",
    "ConvLayer",
    "ConvNet",
    "convolutions",
    "dilated_layers",
    "effective_width",
    "gradient_energy",
    "path_counts",
    "profile_width",
    "receptive_field",
]

_CONVOLUTION: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


class ConvLayer(NamedTuple):
    """One convolution or pooling, along one axis.

    Attributes:
        kernel: positions that one output reads.
        stride: steps between two outputs.
        dilation: steps between two positions of the kernel.

    Example:
        >>> ConvLayer(3, dilation=2)
        ConvLayer(kernel=3, stride=1, dilation=2)
    """

    kernel: int
    stride: int = 1
    dilation: int = 1


def dilated_layers(depth: int, kernel: int = 3, base: int = 2) -> list[ConvLayer]:
    r"""Layers whose dilation grows as $b^0, b^1, b^2$ and so on.

    A kernel of $b$ then reaches every step by exactly one path. [yu2016multi]

    Args:
        depth: how many.
        kernel: positions that each reads.
        base: $b$; 1 gives a plain stack.

    Raises:
        ValueError: if one of them is less than 1.

    Example:
        >>> [layer.dilation for layer in dilated_layers(4)]
        [1, 2, 4, 8]
    """
    require_counts(depth=depth, kernel=kernel, base=base)
    return [ConvLayer(kernel, dilation=base**level) for level in range(depth)]


def receptive_field(layers: Sequence[ConvLayer]) -> int:
    r"""The span of input positions that one output can depend on, in steps of the input.

    $$r = 1 + \sum_l (k_l - 1)\, d_l \prod_{i < l} s_i$$

    with kernels $k_l$, dilations $d_l$ and strides $s_i$. Between its ends there may be positions that no
    path reaches: `path_counts` says which.

    Args:
        layers: from the input to the output.

    Raises:
        ValueError: if a number in `layers` is less than 1.

    Example:
        >>> receptive_field([ConvLayer(3)] * 5), receptive_field(dilated_layers(5))
        (11, 63)
        >>> receptive_field([ConvLayer(5), ConvLayer(2, stride=2), ConvLayer(5), ConvLayer(5)])
        22
    """
    return 1 + sum((layer.kernel - 1) * step for layer, step in zip(layers, _steps(layers), strict=True))


def path_counts(layers: Sequence[ConvLayer]) -> Float[np.ndarray, " offset"]:
    r"""The number of paths from one output to each input position of its receptive field.

    A path takes one of $k_l$ positions at each layer, $d_l \prod_{i<l} s_i$ input steps apart. The counts are
    therefore the convolution of one comb a layer. They are the gradient of a stack whose weights are all 1;
    for independent weights of mean 0 and equal variance in a layer, without activations, they are
    proportional to the expected *squared* gradient. [luo2016understanding]

    Args:
        layers: from the input to the output.

    Returns:
        One count for each of the `receptive_field(layers)` positions; exact up to 2⁵³.

    Raises:
        ValueError: if a number in `layers` is less than 1.

    Example:
        >>> path_counts([ConvLayer(3)] * 2)
        array([1., 2., 3., 2., 1.])
        >>> path_counts(dilated_layers(3, kernel=2))  # every position is a binary number
        array([1., 1., 1., 1., 1., 1., 1., 1.])
        >>> path_counts([ConvLayer(3, dilation=2)])  # holes
        array([1., 0., 1., 0., 1.])
    """
    counts = np.ones(1)
    for layer, step in zip(layers, _steps(layers), strict=True):
        comb = np.zeros((layer.kernel - 1) * step + 1)
        comb[::step] = 1
        counts = np.convolve(counts, comb)
    return counts


def effective_width(layers: Sequence[ConvLayer]) -> float:
    r"""The standard deviation of `path_counts`, in steps of the input: how wide a random stack looks.

    A random path makes an independent, uniform choice at each layer, so the variances add up:

    $$\sigma^2 = \sum_l \frac{k_l^2 - 1}{12} \Big(d_l \prod_{i<l} s_i\Big)^2.$$

    For $n$ equal layers of stride and dilation 1 it is $\sigma = \sqrt{n (k^2 - 1) / 12}$.
    [luo2016understanding]

    Args:
        layers: from the input to the output.

    Raises:
        ValueError: if a number in `layers` is less than 1.

    Example:
        >>> [round(effective_width([ConvLayer(3)] * depth), 6) for depth in (6, 24)]
        [2.0, 4.0]
    """
    steps = _steps(layers)
    variances = ((k.kernel**2 - 1) / 12 * step**2 for k, step in zip(layers, steps, strict=True))
    return math.sqrt(sum(variances))


def profile_width(profile: ArrayLike) -> float:
    """The standard deviation of the position under weights, such as a row of `gradient_energy`.

    Args:
        profile: weights of the positions, (position,), zero or more.

    Raises:
        ValueError: if `profile` has not one axis, or its weights are negative or all zero.

    Example:
        >>> profile_width([0, 1, 0, 1, 0])
        1.0
    """
    weights = np.asarray(profile, dtype=float)
    require(weights.ndim == 1, "profile", "one axis", f"shape {weights.shape}")
    usable = bool((weights >= 0).all() and weights.sum() > 0)
    require(usable, "profile", "weights of 0 or more, not all of them 0", weights)
    weights = weights / weights.sum()
    position = np.arange(len(weights))
    return float(np.sqrt(weights @ (position - weights @ position) ** 2))


def gradient_energy(
    model: Callable[[Float[Tensor, "batch channel *space"]], Float[Tensor, "batch out *place"]],
    inputs: Float[Tensor, "batch channel *space"],
    at: Sequence[int] | None = None,
) -> Float[Tensor, " *space"]:
    r"""How strongly one output depends on each input position: the mean squared gradient.

    $$e_i = \operatorname{mean}_{n, c} \Big(\frac{\partial}{\partial x_{nci}} \sum_o y_{n o p}\Big)^2$$

    over the examples $n$ and input channels $c$, for the output place $p$ and all its channels $o$. Where it
    is not 0 is what that output sees. [luo2016understanding]

    Args:
        model: from inputs to outputs that still have places.
        inputs: where the gradient is taken.
        at: the place of the output; `None` is the middle.

    Raises:
        ValueError: if `at` is not a place of the output.

    Example:
        >>> import torch
        >>> double = torch.nn.Conv1d(1, 1, 3, dilation=2)
        >>> (gradient_energy(double, torch.randn(1, 1, 5)) > 0).tolist()
        [True, False, True, False, True]
    """
    inputs = inputs.detach().requires_grad_()
    outputs = model(inputs)
    space = outputs.shape[2:]
    place: tuple[int, ...] = tuple(size // 2 for size in space) if at is None else tuple(at)
    inside = len(place) == len(space) and all(0 <= p < n for p, n in zip(place, space, strict=True))
    require(inside, "at", f"a place in {tuple(space)}", place)
    one: Any = (..., *place)
    (gradient,) = torch.autograd.grad(outputs[one].sum(), inputs)
    return gradient.square().mean((0, 1))


def convolutions(
    channels: int,
    layers: Sequence[ConvLayer],
    *,
    width: int = 16,
    dims: int = 2,
    padding: str = "zeros",
    activation: Callable[[], nn.Module] = nn.ReLU,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> nn.Sequential:
    """Convolutions with an activation after each, all of one width.

    Weights start as normal with variance 2 / fan-in, biases at 0: what passes keeps its size at any depth.

    Args:
        channels: of the input.
        layers: the same along every axis.
        width: channels of every output.
        dims: axes: 1 for series, 2 for pictures, 3 for clips and volumes.
        padding: `"zeros"` and `"circular"` keep places at the centres of what they see; `"none"` gives only
            outputs whose whole receptive field lies inside the input.
        activation: makes what stands after each convolution, such as `nn.Identity`.
        device: of the weights.
        dtype: of the weights.

    Raises:
        ValueError: if `dims` or `padding` is another, a number in `layers` is less than 1, or a padded kernel
            is even.

    Example:
        >>> import torch
        >>> stack = convolutions(3, [ConvLayer(3), ConvLayer(3, stride=2)], width=8)
        >>> stack(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 8, 16, 16])
    """
    require_choice(dims, _CONVOLUTION, "dims")
    require_choice(padding, ("zeros", "circular", "none"), "padding")
    _steps(layers)
    parts: list[nn.Module] = []
    for layer in layers:
        odd = padding == "none" or layer.kernel % 2 == 1
        require(odd, "layers", "odd kernels where there is padding", layer)
        conv = _CONVOLUTION[dims](
            channels,
            width,
            layer.kernel,
            layer.stride,
            padding=0 if padding == "none" else layer.dilation * (layer.kernel // 2),
            dilation=layer.dilation,
            padding_mode="zeros" if padding == "none" else padding,
            device=device,
            dtype=dtype,
        )
        nn.init.kaiming_normal_(conv.weight)
        nn.init.zeros_(conv.bias)
        parts += [conv, activation()]
        channels = width
    return nn.Sequential(*parts)


class ConvNet(nn.Module):
    r"""A convolutional network: features by convolutions, scores at each place, their mean over the places.

    $$h_l = \operatorname{ReLU}(W_l * h_{l-1} + b_l), \qquad
      y = \frac{1}{|P|} \sum_{p \in P} \left(V h_L(p) + c\right)$$

    `maps` gives the scores of each place before the mean; each sees `receptive_field(net.layers)` steps of
    the input. With circular padding and stride 1, shifting the input shifts the maps and leaves $y$ as it is.
    [lecun1998gradient]

    Args:
        channels: of the input.
        classes: scores at each place.
        layers: the convolutions, the same along every axis.
        width: channels of every layer.
        dims: axes: 1 for series, 2 for pictures, 3 for clips and volumes.
        padding: `"zeros"`, `"circular"` or `"none"`, as in `convolutions`.

    Raises:
        ValueError: as `convolutions`.

    Example:
        >>> import torch
        >>> net = ConvNet(3, 8, [ConvLayer(3), ConvLayer(3, stride=2), ConvLayer(3)])
        >>> net(torch.zeros(5, 3, 32, 32)).shape, receptive_field(net.layers)
        (torch.Size([5, 8]), 9)
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        layers: Sequence[ConvLayer],
        *,
        width: int = 16,
        dims: int = 2,
        padding: str = "zeros",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        self.layers = tuple(layers)
        self.features = convolutions(channels, layers, width=width, dims=dims, padding=padding, **place)
        self.head = _CONVOLUTION[dims](width, classes, 1, **place)

    def maps(self, x: Float[Tensor, "batch channel *space"]) -> Float[Tensor, "batch class *place"]:
        """Scores of each place."""
        return self.head(self.features(x))

    def forward(self, x: Float[Tensor, "batch channel *space"]) -> Float[Tensor, "batch class"]:
        """Scores of the whole input."""
        return self.maps(x).flatten(2).mean(2)


class TDNN(ConvNet):
    r"""A time-delay neural network: a `ConvNet` over time, whose layers look $b^l$ steps apart.

    Each layer reads the steps $t - d, t, t + d$ (for a kernel of 3) of the layer below, with the same weights
    at every $t$; the evidence of all steps is averaged. The delays of the original were next to each other,
    which is `base=1`; growing ones reach further with as many weights. [waibel1989phoneme], [yu2016multi]

    Args:
        channels: of the series.
        classes: scores at each step.
        depth: layers.
        kernel: steps that each layer reads.
        base: growth $b$ of the delay from layer to layer.
        width: channels of every layer.
        padding: as in `convolutions`.

    Raises:
        ValueError: as `dilated_layers` and `convolutions`.

    Example:
        >>> import torch
        >>> net = TDNN(6, 7, depth=5)
        >>> net(torch.zeros(2, 6, 100)).shape, receptive_field(net.layers)
        (torch.Size([2, 7]), 63)
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        depth: int = 4,
        *,
        kernel: int = 3,
        base: int = 2,
        width: int = 16,
        padding: str = "zeros",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        layers = dilated_layers(depth, kernel, base)
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        super().__init__(channels, classes, layers, width=width, dims=1, padding=padding, **place)


def _steps(layers: Sequence[ConvLayer]) -> list[int]:
    """The distance of two neighbouring kernel positions of each layer, in steps of the input."""
    for layer in layers:
        require(min(layer) >= 1, "layers", "numbers of 1 or more", layer)
    strides = accumulate((layer.stride for layer in layers), mul, initial=1)
    return [layer.dilation * stride for layer, stride in zip(layers, strides, strict=False)]
