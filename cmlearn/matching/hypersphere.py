r"""Hyperspherical layers: the angle between a filter and what it looks at counts, their lengths do not.

`SphereConv2d` and `SphereLinear` give $g(\theta)$, where $\theta \in [0, \pi]$ is the angle between weight
and input and $g$ falls from 1 to -1: the cosine, a straight line, or a sigmoid whose steepness is learned.
`AngularSoftmax` is the loss that goes with them. [liu2017deep]

Three things have to be decided that the formula leaves open.

- *Zero input.* The angle to a zero vector is not defined. It counts as $\pi/2$, so that every operator gives
  0, as a plain convolution does, and no gradient flows. A place counts as zero where its norm is below
  $10^{-12}$ of the largest number in its example.
- *Padding* is zeros: at the border the angle is that of the part inside.
- *Slope.* The slope of the arc cosine is infinite at the poles, $\theta = 0$ and $\pi$, where the angle, as a
  function of the vectors, has a corner like that of $|x|$ at 0. `angle` caps the slope at 1000. The gradient
  on the vectors is then the true one, up to rounding, for $\sin\theta > 10^{-3}$, a shortened one nearer to
  the pole, and 0 at the pole itself, as PyTorch has it for $|x|$.

All of it is computed in float32 or wider, also under autocast.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from cmlearn._precision import full_precision, widen
from cmlearn._validate import require, require_choice, require_counts, require_ndim

__all__ = [
    "AngularSoftmax",
    "SphereConv2d",
    "SphereLinear",
    "angle",
    "angular_response",
    "angular_softmax",
    "cosine_conv2d",
    "cosine_linear",
]

OPERATORS = ("cosine", "linear", "sigmoid")

_LOG_K = (math.log(0.01), math.log(100))
_SMALLEST_SINE = 1e-3
_FAINTEST = 1e-12


def angle(cosine: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    r"""The angle of a cosine, $\theta = \arccos c$ in radians, with a finite slope everywhere.

    The value is exact and the slope is $-1 / \max(\sin\theta, 10^{-3})$. Cosines that rounding has put
    outside [-1, 1] count as -1 or 1.

    Args:
        cosine: cosines.

    Returns:
        Angles from 0 to pi.

    Example:
        >>> import torch
        >>> c = torch.tensor([1.0, 0.0, -1.0], requires_grad=True)
        >>> theta = angle(c)
        >>> theta
        tensor([0.0000, 1.5708, 3.1416], grad_fn=<_AngleBackward>)
        >>> theta.sum().backward()
        >>> c.grad.round()
        tensor([-1000.,    -1., -1000.])
    """
    return _Angle.apply(cosine)  # type: ignore[no-untyped-call]


def angular_response(
    theta: Float[Tensor, "*shape"], operator: str = "cosine", *, k: float | Float[Tensor, "..."] = 0.3
) -> Float[Tensor, "*shape"]:
    r"""The operator $g$: 1 at angle 0, 0 at a right angle, -1 at $\pi$.

    Cosine, linear and sigmoid are

    $$\cos\theta, \qquad 1 - \frac{2\theta}{\pi}, \qquad
      \frac{1 + e^{-\pi/2k}}{1 - e^{-\pi/2k}} \cdot
      \frac{1 - e^{\theta/k - \pi/2k}}{1 + e^{\theta/k - \pi/2k}}
      = \tanh\frac{\pi/2 - \theta}{2k} \Big/ \tanh\frac{\pi/2}{2k}.$$

    The sigmoid is a step for small $k$ and the line for large; its second form cannot overflow. Beyond $\pi$,
    where `angular_softmax` needs it, none of them rises: the cosine is joined from $(-1)^j \cos\theta - 2j$
    for $\theta \in [j\pi, (j + 1)\pi]$.
    [liu2017deep], [liu2017sphereface]

    Args:
        theta: angles in radians, 0 or more.
        operator: "cosine", "linear" or "sigmoid".
        k: $k > 0$, of the sigmoid only; a tensor is broadcast.

    Returns:
        The responses.

    Raises:
        ValueError: if the operator is unknown or `k` is a number and not positive.

    Example:
        >>> import torch
        >>> theta = torch.tensor([0, torch.pi / 4, torch.pi / 2, torch.pi])
        >>> angular_response(theta, "linear")
        tensor([ 1.0000,  0.5000,  0.0000, -1.0000])
        >>> angular_response(theta, "sigmoid", k=0.3)
        tensor([ 1.0000,  0.8733,  0.0000, -1.0000])
    """
    require_choice(operator, OPERATORS, "operator")
    require(isinstance(k, Tensor) or k > 0, "k", "a positive number", k)
    if operator == "cosine":
        turns = (theta.detach() / math.pi).floor()
        return (1 - 2 * turns.remainder(2)) * theta.cos() - 2 * turns
    right = math.pi / 2
    if operator == "linear":
        return 1 - theta / right
    k = torch.as_tensor(k, dtype=theta.dtype, device=theta.device)
    return ((right - theta) / (2 * k)).tanh() / (right / (2 * k)).tanh()


def cosine_linear(
    x: Float[Tensor, "*batch inputs"], weight: Float[Tensor, "outputs inputs"]
) -> Float[Tensor, "*batch outputs"]:
    r"""Cosines between vectors and weights.

    $$\cos\theta_{ij} = \frac{x_i^\top w_j}{\lVert x_i \rVert \lVert w_j \rVert}$$

    Rescaling a vector or a weight by any positive number changes nothing, up to rounding. A zero vector or
    weight gives 0.

    Args:
        x: vectors.
        weight: one weight vector a row.

    Returns:
        The cosines.

    Raises:
        ValueError: if the last dimensions differ.

    Example:
        >>> import torch
        >>> cosine_linear(torch.tensor([[3.0, 3.0], [0.0, 0.0]]), torch.eye(2))
        tensor([[0.7071, 0.7071],
                [0.0000, 0.0000]])
    """
    inputs = weight.shape[1]
    require(x.shape[-1] == inputs, "x", f"{inputs} numbers in the last dimension", x.shape[-1])
    return _unit(x, (-1,)) @ _unit(weight, (-1,)).T


def cosine_conv2d(
    x: Float[Tensor, "batch channel height width"],
    weight: Float[Tensor, "out channel rows columns"],
    *,
    stride: int = 1,
    padding: int = 0,
) -> Float[Tensor, "batch out out_height out_width"]:
    r"""Cosine between each filter and the patch that it looks at, a convolution over unit vectors.

    One convolution for the inner products, one sum over the window for the squared norms of the patches; the
    patches themselves are never gathered. Rescaling a picture, a patch or a filter by any positive number
    changes nothing, up to rounding. A zero patch or filter gives 0. [liu2017deep]

    Args:
        x: pictures or feature maps.
        weight: the filters.
        stride: step from patch to patch.
        padding: zeros on each side.

    Returns:
        The cosines.

    Raises:
        ValueError: if `x` is not four-dimensional or the channels differ.

    Example:
        >>> import torch
        >>> picture, filters = torch.rand(1, 3, 8, 8), torch.randn(4, 3, 3, 3)
        >>> out = cosine_conv2d(picture, filters)
        >>> out.shape, torch.allclose(cosine_conv2d(1e-6 * picture, filters), out, atol=1e-5)
        (torch.Size([1, 4, 6, 6]), True)
    """
    require_ndim(x, 4, "x")
    channels, window = weight.shape[1], weight.shape[2:]
    require(x.shape[1] == channels, "x", f"{channels} channels", x.shape[1])
    x = F.pad(_rescale(x, (1, 2, 3)), [padding] * 4)
    dots = F.conv2d(x, _unit(weight, (1, 2, 3)), stride=stride)
    squares = F.avg_pool2d(x.square().sum(1, keepdim=True), window, stride, divisor_override=1)
    return dots * _inverse_root(squares)


def angular_softmax(
    features: Float[Tensor, "batch dim"],
    weight: Float[Tensor, "class_ dim"],
    labels: Int[Tensor, "batch"],
    *,
    operator: str = "cosine",
    margin: float = 1.0,
    k: float | Float[Tensor, "..."] = 0.3,
) -> Float[Tensor, ""]:
    r"""Generalised angular softmax: the right class must win even with its angle multiplied by a margin.

    $$L = -\frac{1}{N} \sum_i \log
      \frac{e^{s_i}}{e^{s_i} + \sum_{j \ne y_i} e^{\lVert x_i \rVert g(\theta_{ij})}},
      \qquad s_i = \lVert x_i \rVert\, g(m \theta_{i, y_i})$$

    $\theta_{ij}$ is the angle between feature $x_i$ and the weight of class $j$. The length of a weight does
    not matter, that of a feature says how sure to be. With the cosine and $m = 1$ it is the cross-entropy of
    a linear layer with unit weights and no bias, with a larger $m$ the loss of SphereFace. Zero features give
    $\log C$ for $C$ classes. [liu2017deep], [liu2017sphereface]

    Args:
        features: one vector an example.
        weight: one vector a class.
        labels: the right classes.
        operator: "cosine", "linear" or "sigmoid", as in `angular_response`.
        margin: $m \ge 1$.
        k: $k > 0$, of the sigmoid only.

    Returns:
        The loss in nats, averaged over the batch.

    Raises:
        ValueError: if the shapes do not fit, the operator is unknown or `margin` is below 1.

    Example:
        >>> import torch
        >>> features, labels = 5 * torch.eye(2), torch.arange(2)
        >>> round(angular_softmax(features, torch.eye(2), labels).item(), 4)  # log(1 + e^-5)
        0.0067
    """
    require_ndim(features, 2, "features")
    require(len(labels) == len(features), "labels", f"{len(features)}, one a row of `features`", len(labels))
    require(margin >= 1, "margin", "a number >= 1", margin)
    with full_precision(features):
        features, weight = widen(features), widen(weight)
        theta = angle(cosine_linear(features, weight))
        factor = torch.ones_like(theta).scatter(1, labels[:, None], margin)
        scores = angular_response(factor * theta, operator, k=k)
        return F.cross_entropy(torch.linalg.vector_norm(features, dim=1, keepdim=True) * scores, labels)


class _Sphere(nn.Module):
    """Weight, operator and bias: what the two layers share."""

    def __init__(
        self,
        shape: tuple[int, ...],
        operator: str,
        k: float,
        bias: bool,
        factory: dict[str, Any],
    ) -> None:
        super().__init__()
        require(min(shape) >= 1, "sizes", "numbers >= 1", shape)
        require_choice(operator, OPERATORS, "operator")
        require(0.01 <= k <= 100, "k", "a number from 0.01 to 100", k)
        self.operator = operator
        self.weight = nn.Parameter(torch.empty(shape, **factory))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        learned = operator == "sigmoid"
        self.log_k = nn.Parameter(torch.full(shape[:1], math.log(k), **factory)) if learned else None
        self.bias = nn.Parameter(torch.zeros(shape[:1], **factory)) if bias else None

    @property
    def k(self) -> Float[Tensor, " out"] | None:
        """$k$ of each output, learned between 0.01, a step, and 100, a line; `None` without a sigmoid."""
        return None if self.log_k is None else widen(self.log_k).clamp(*_LOG_K).exp()

    def _respond(self, cosine: Float[Tensor, "*shape"], places: int) -> Float[Tensor, "*shape"]:
        """Operator and bias, with that many dimensions behind the one of the outputs."""
        behind = (-1, *[1] * places)
        if self.operator != "cosine":
            k = 1.0 if self.k is None else self.k.view(behind)
            cosine = angular_response(angle(cosine), self.operator, k=k)
        return cosine if self.bias is None else cosine + self.bias.view(behind)

    def extra_repr(self) -> str:
        """The sizes and the operator."""
        return f"{' x '.join(map(str, self.weight.shape))}, {self.operator}, bias={self.bias is not None}"


class SphereLinear(_Sphere):
    r"""A linear layer on the sphere: $g(\theta_j) + b_j$ for the angle between the input and weight $j$.

    [liu2017deep]

    Args:
        inputs: size of the input.
        outputs: size of the output.
        operator: "cosine", "linear" or "sigmoid", as in `angular_response`.
        k: where the sigmoid's $k$ starts; it is learned, one an output, as its logarithm.
        bias: whether to add $b$, which starts at 0.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if a size is not positive, `k` is outside 0.01 to 100 or the operator is unknown.

    Example:
        >>> import torch
        >>> layer, x = SphereLinear(6, 3), torch.randn(2, 6)
        >>> torch.allclose(layer(1000 * x), layer(x), atol=1e-6)
        True
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        operator: str = "cosine",
        k: float = 0.3,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__((outputs, inputs), operator, k, bias, {"device": device, "dtype": dtype})

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """Responses to the last dimension.

        Args:
            x: vectors.

        Returns:
            One number a weight, of the type of `x`.

        Raises:
            ValueError: if the last dimension is not that of the weights.
        """
        with full_precision(x):
            return self._respond(cosine_linear(widen(x), widen(self.weight)), 0).to(x.dtype)


class SphereConv2d(_Sphere):
    r"""A convolution on the sphere: $g(\theta) + b$ for the angle between each filter and each patch.

    In place of $w^\top x + b$. Responses stay between -1 and 1, and neither the length of a filter nor the
    contrast of a picture matters. [liu2017deep]

    Args:
        channels: channels of the input.
        out: how many filters.
        kernel_size: height and width of a filter.
        stride: step from patch to patch.
        padding: zeros on each side.
        operator: "cosine", "linear" or "sigmoid", as in `angular_response`.
        k: where the sigmoid's $k$ starts; it is learned, one a filter, as its logarithm.
        bias: whether to add $b$, which starts at 0.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if a size or `stride` is not positive, `padding` is negative, `k` is outside 0.01 to 100
            or the operator is unknown.

    Example:
        >>> import torch
        >>> layer, x = SphereConv2d(3, 8, 3, padding=1, operator="sigmoid"), torch.rand(2, 3, 32, 32)
        >>> layer(x).shape, torch.allclose(layer(x / 100), layer(x), atol=1e-5)
        (torch.Size([2, 8, 32, 32]), True)
    """

    def __init__(
        self,
        channels: int,
        out: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        operator: str = "cosine",
        k: float = 0.3,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        shape = (out, channels, kernel_size, kernel_size)
        super().__init__(shape, operator, k, bias, {"device": device, "dtype": dtype})
        require_counts(stride=stride)
        require(padding >= 0, "padding", "a number >= 0", padding)
        self.stride = stride
        self.padding = padding

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch out out_height out_width"]:
        """Responses to every patch.

        Args:
            x: pictures or feature maps.

        Returns:
            One map a filter, of the type of `x`.

        Raises:
            ValueError: if `x` is not four-dimensional or its channels are not those of the filters.
        """
        with full_precision(x):
            weight = widen(self.weight)
            cosine = cosine_conv2d(widen(x), weight, stride=self.stride, padding=self.padding)
            return self._respond(cosine, 2).to(x.dtype)


class AngularSoftmax(nn.Module):
    r"""The last layer of a sphere net together with its loss, `angular_softmax`.

    Calling it gives the loss. `scores` gives $\lVert x \rVert g(\theta_j)$, without the margin, to decide by.
    [liu2017deep]

    Args:
        dim: size of a feature.
        classes: how many classes.
        operator: "cosine", "linear" or "sigmoid", as in `angular_response`.
        margin: $m \ge 1$.
        k: where the sigmoid's $k$ starts; it is learned, one a class, as its logarithm.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if a size is not positive, `k` is outside 0.01 to 100, `margin` is below 1 or the operator
            is unknown.

    Example:
        >>> import torch
        >>> loss = AngularSoftmax(16, 5, operator="linear", margin=1.5)
        >>> features = torch.randn(8, 16)
        >>> loss(features, torch.randint(5, (8,))).shape, loss.scores(features).shape
        (torch.Size([]), torch.Size([8, 5]))
    """

    def __init__(
        self,
        dim: int,
        classes: int,
        *,
        operator: str = "cosine",
        margin: float = 1.0,
        k: float = 0.3,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require(margin >= 1, "margin", "a number >= 1", margin)
        self.margin = margin
        self.respond = SphereLinear(
            dim, classes, operator=operator, k=k, bias=False, device=device, dtype=dtype
        )

    def forward(
        self, features: Float[Tensor, "batch dim"], labels: Int[Tensor, " batch"]
    ) -> Float[Tensor, ""]:
        """The loss.

        Args:
            features: one vector an example.
            labels: the right classes.

        Returns:
            The loss in nats, averaged over the batch.

        Raises:
            ValueError: if the shapes do not fit.
        """
        layer = self.respond
        k = 1.0 if layer.k is None else layer.k
        return angular_softmax(
            features, layer.weight, labels, operator=layer.operator, margin=self.margin, k=k
        )

    def scores(self, features: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch class_"]:
        """Class scores of new examples.

        Args:
            features: one vector an example.

        Returns:
            One row of scores an example.

        Raises:
            ValueError: if the last dimension is not that of the weights.
        """
        return torch.linalg.vector_norm(features, dim=1, keepdim=True) * self.respond(features)


class _Angle(torch.autograd.Function):
    """The arc cosine with a capped slope."""

    @staticmethod
    def forward(ctx: Any, cosine: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The exact angle."""
        ctx.save_for_backward(cosine)
        return cosine.clamp(-1, 1).acos()

    @staticmethod
    def backward(ctx: Any, grad: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Minus one over the sine, or over the smallest sine."""
        (cosine,) = ctx.saved_tensors
        sine_squared = (1 - cosine) * (1 + cosine)
        return -grad * sine_squared.clamp(min=_SMALLEST_SINE**2).rsqrt()


def _unit(x: Float[Tensor, "*shape"], dims: tuple[int, ...]) -> Float[Tensor, "*shape"]:
    """Vectors of length 1; zero stays zero."""
    x = _rescale(x, dims)
    return x * _inverse_root(x.square().sum(dims, keepdim=True))


def _rescale(x: Float[Tensor, "*shape"], dims: tuple[int, ...]) -> Float[Tensor, "*shape"]:
    """Bring the largest number to 1, so that no square can overflow or vanish; cosines do not notice."""
    largest = x.detach().abs().amax(dims, keepdim=True)
    return x / largest.where(largest > 0, 1)


def _inverse_root(squares: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """One over the norm, and 0 with no gradient where there is next to nothing."""
    return squares.where(squares > _FAINTEST**2, torch.inf).rsqrt()
