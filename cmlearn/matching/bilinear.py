r"""Bilinear pooling: every feature of one view times every feature of the other.

`BilinearPooling` is the layer of the bilinear CNN: outer products summed over places, a signed square root,
unit length. [lin2015bilinear] Its output has p q numbers. `CompactBilinear` keeps d of them: the *count
sketch* of an outer product is the circular convolution of the count sketches of its factors, so the p x q
matrix itself is never made. [pham2013fast], [gao2016compact], [fukui2016multimodal]
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cmlearn._precision import widen
from cmlearn._validate import require, require_counts

__all__ = [
    "BilinearCNN",
    "BilinearPooling",
    "CompactBilinear",
    "CountSketch",
    "bilinear_pool",
    "circular_convolution",
    "signed_sqrt",
]

_SMOOTHING = 1e-8


def bilinear_pool(
    a: Float[Tensor, "*batch place p"], b: Float[Tensor, "*batch place q"]
) -> Float[Tensor, "*batch p q"]:
    r"""Sum over places of the outer product of two local features.

    $$B = \sum_l f_A(l)\, f_B(l)^\top$$

    The order of the places does not matter, only which features meet at the same place. [lin2015bilinear]

    Args:
        a: features of one stream at each place.
        b: features of the other at the same places.

    Returns:
        One p x q matrix an example.

    Raises:
        ValueError: if the places or the batches differ.

    Example:
        >>> import torch
        >>> a, b = torch.randn(2, 49, 8), torch.randn(2, 49, 6)
        >>> bilinear_pool(a, b).shape
        torch.Size([2, 8, 6])
    """
    require(a.shape[:-1] == b.shape[:-1], "b", f"places {tuple(a.shape[:-1])} as in `a`", tuple(b.shape[:-1]))
    return a.transpose(-1, -2) @ b


def signed_sqrt(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    r"""Signed square root, which keeps a few strong features from drowning the rest.

    $$\operatorname{sign}(x) \sqrt{|x|}$$

    The slope of the root is infinite at 0; a shift of 1e-8 under the root makes it finite, and 0 stays 0.
    [lin2015bilinear]

    Args:
        x: any tensor.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import torch
        >>> signed_sqrt(torch.tensor([4.0, 0.0, -9.0]))
        tensor([ 1.9999,  0.0000, -2.9999])
    """
    return x.sign() * ((x.abs() + _SMOOTHING).sqrt() - _SMOOTHING**0.5)


def circular_convolution(
    a: Float[Tensor, "*batch d"], b: Float[Tensor, "*batch d"]
) -> Float[Tensor, "*batch d"]:
    r"""Circular convolution over the last dimension, as a product of Fourier transforms.

    $$(a * b)_k = \sum_j a_j\, b_{(k - j) \bmod d} = \mathcal{F}^{-1}(\mathcal{F} a \odot \mathcal{F} b)_k$$

    In float32 or wider, also under autocast.

    Args:
        a: one factor.
        b: the other.

    Returns:
        The convolution.

    Raises:
        ValueError: if the last dimensions differ.

    Example:
        >>> import torch
        >>> one_step_right = torch.tensor([0.0, 1.0, 0.0])
        >>> circular_convolution(torch.tensor([1.0, 2.0, 3.0]), one_step_right).round(decimals=3)
        tensor([3., 1., 2.])
    """
    require(a.shape[-1] == b.shape[-1], "b", f"{a.shape[-1]} numbers in the last dimension", b.shape[-1])
    spectrum = torch.fft.rfft(widen(a)) * torch.fft.rfft(widen(b))
    return torch.fft.irfft(spectrum, n=a.shape[-1])


class BilinearPooling(nn.Module):
    r"""Bilinear pooling, signed square root, unit length: one vector of p q numbers an example.

    $$z = \frac{y}{\lVert y \rVert}, \qquad y = \operatorname{sign}(B) \sqrt{|B|}, \qquad
      B = \sum_l f_A(l) f_B(l)^\top$$

    [lin2015bilinear]

    Example:
        >>> import torch
        >>> z = BilinearPooling()(torch.randn(2, 49, 8), torch.randn(2, 49, 6))
        >>> z.shape, z.norm(dim=1).round(decimals=3)
        (torch.Size([2, 48]), tensor([1., 1.]))
    """

    def forward(
        self, a: Float[Tensor, "batch place p"], b: Float[Tensor, "batch place q"]
    ) -> Float[Tensor, "batch _"]:
        """Pool two sets of local features.

        Args:
            a: features of one stream at each place.
            b: features of the other at the same places.

        Returns:
            Unit vectors.

        Raises:
            ValueError: if the places or the batches differ.
        """
        return F.normalize(signed_sqrt(bilinear_pool(a, b).flatten(1)), dim=1)


class BilinearCNN(nn.Module):
    """Two convolutional streams on one picture, bilinear pooling, and a linear classifier.

    The two streams may be one and the same module: the features are then paired with themselves.
    [lin2015bilinear]

    Args:
        stream_a: from pictures to a feature map, (batch, p, height, width).
        stream_b: from pictures to a feature map with the same places, (batch, q, height, width).
        features: p q, the size of the pooled vector.
        classes: how many classes.
        device: where the classifier's parameters live.
        dtype: the type of the classifier's parameters.

    Raises:
        ValueError: if `features` or `classes` is not positive.

    Example:
        >>> import torch
        >>> model = BilinearCNN(nn.Conv2d(3, 8, 3), nn.Conv2d(3, 6, 3), features=48, classes=5)
        >>> model(torch.randn(2, 3, 32, 32)).shape
        torch.Size([2, 5])
    """

    def __init__(
        self,
        stream_a: nn.Module,
        stream_b: nn.Module,
        *,
        features: int,
        classes: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require_counts(features=features, classes=classes)
        self.stream_a = stream_a
        self.stream_b = stream_b
        self.pool = BilinearPooling()
        self.classify = nn.Linear(features, classes, device=device, dtype=dtype)

    def forward(self, pictures: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch class"]:
        """Class scores.

        Args:
            pictures: what both streams read.

        Returns:
            One row of scores a picture.

        Raises:
            ValueError: if the two feature maps have different places.
        """
        a, b = self.stream_a(pictures), self.stream_b(pictures)
        return self.classify(self.pool(a.flatten(2).transpose(1, 2), b.flatten(2).transpose(1, 2)))


class CountSketch(nn.Module):
    r"""Random projection to d numbers that adds each input, with a random sign, to one random bin.

    $$\Psi(x)_k = \sum_{i :\, h(i) = k} s(i)\, x_i, \qquad
      h(i) \in \{1, \dots, d\}, \quad s(i) \in \{-1, 1\}$$

    Inner products survive on average, $\mathbb{E} \langle \Psi x, \Psi y \rangle = \langle x, y \rangle$,
    with a variance of at most $(\langle x, y \rangle^2 + \lVert x \rVert^2 \lVert y \rVert^2) / d$. Nothing
    is learned; the bins and signs are buffers, saved with the state. [charikar2002finding], [gao2016compact]

    Args:
        inputs: size of the input.
        d: size of the sketch.
        generator: what bins and signs are drawn from; `None` for PyTorch's own.
        device: where the bins and signs live.

    Raises:
        ValueError: if a size is not positive.

    Example:
        >>> import torch
        >>> CountSketch(1000, 64)(torch.randn(2, 1000)).shape
        torch.Size([2, 64])
    """

    bins: Tensor
    signs: Tensor

    def __init__(
        self,
        inputs: int,
        d: int,
        *,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        require_counts(inputs=inputs, d=d)
        self.d = d
        self.register_buffer("bins", torch.randint(d, (inputs,), generator=generator).to(device))
        self.register_buffer("signs", (2 * torch.randint(2, (inputs,), generator=generator) - 1).to(device))

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch d"]:
        """Sketch the last dimension.

        Args:
            x: vectors.

        Returns:
            Their sketches.

        Raises:
            ValueError: if the last dimension is not that of the sketch.
        """
        expected = len(self.bins)
        require(x.shape[-1] == expected, "x", f"{expected} numbers in the last dimension", x.shape[-1])
        return x.new_zeros(*x.shape[:-1], self.d).index_add(-1, self.bins, x * self.signs.to(x.dtype))


class CompactBilinear(nn.Module):
    r"""Multimodal compact bilinear pooling: the sketch of an outer product, without the product.

    With the bins $h(i, j) = h_a(i) + h_b(j) \bmod d$ and signs $s(i, j) = s_a(i) s_b(j)$, exactly

    $$\Psi(a \otimes b) = \Psi_a(a) * \Psi_b(b),$$

    a circular convolution, in $O(d \log d)$. With p = q = 2048 and d = 16,000, the paper's setting, that is
    16,000 numbers instead of 4,194,304. Sum over places afterwards for a compact bilinear CNN.
    [fukui2016multimodal], [gao2016compact]

    Args:
        p: size of the first vector.
        q: size of the second.
        d: size of the output.
        generator: what bins and signs are drawn from; `None` for PyTorch's own.
        device: where the bins and signs live.

    Raises:
        ValueError: if a size is not positive.

    Example:
        >>> import torch
        >>> CompactBilinear(512, 300, 1024)(torch.randn(2, 512), torch.randn(2, 300)).shape
        torch.Size([2, 1024])
    """

    def __init__(
        self,
        p: int,
        q: int,
        d: int,
        *,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        self.sketch_a = CountSketch(p, d, generator=generator, device=device)
        self.sketch_b = CountSketch(q, d, generator=generator, device=device)

    def forward(
        self, a: Float[Tensor, "*batch p"], b: Float[Tensor, "*batch q"]
    ) -> Float[Tensor, "*batch d"]:
        """Combine pairs of vectors.

        Args:
            a: vectors of one modality.
            b: vectors of the other, one for each of `a`.

        Returns:
            One vector a pair, float32 or wider.

        Raises:
            ValueError: if a last dimension is not that of its sketch.
        """
        return circular_convolution(self.sketch_a(widen(a)), self.sketch_b(widen(b)))
