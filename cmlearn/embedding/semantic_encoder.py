r"""One interface to meaning as a vector: anything goes in, a unit vector of a shared space comes out.

`SemanticEncoder` puts the promise on top of any encoder: length 1 or an error, so that the inner product of
two codes is the cosine of their angle, whatever they are codes of. Pictures and names have their encoders in
`cmlearn.matching`; here are the two that were missing. `SentenceEncoder` looks up word vectors and averages
them, `SeriesEncoder` reads recordings of different lengths, from sensors or of a moving hand.
[kiros2014unifying], [reimers2019sentence]
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor, nn

from cmlearn._arrays import as_array
from cmlearn._precision import full_precision, widen
from cmlearn._validate import require, require_counts, require_ndim, require_type
from cmlearn.embedding.word_vectors import WordVectors

__all__ = ["SemanticEncoder", "SentenceEncoder", "SeriesEncoder", "pad_series"]

_WORD = re.compile(r"\w+(?:'\w+)*")


class SemanticEncoder(nn.Module):
    r"""An encoder whose codes have length 1: $z = f(x) / \lVert f(x) \rVert$.

    `forward` is for training, with gradients. `encode` is for use: it takes things as they are and returns
    their codes on the CPU. Codes of two `SemanticEncoder`s of the same dimension are compared by `a @ b.T`.

    Args:
        encoder: a module, or a lookup, that returns one vector a row.
        prepare: turns things into what `encoder` reads; `None` where they are tensors already.

    Raises:
        ValueError: from `forward` and `encode`, if a vector has no direction: it is zero or not finite.

    Example:
        >>> import torch
        >>> words = WordVectors(["cat", "dog"], [[3.0, 4.0], [1.0, 0.0]])
        >>> text = SemanticEncoder(SentenceEncoder(words))
        >>> picture = SemanticEncoder(nn.Linear(5, 2))
        >>> (text.encode(["a cat", "dog"]) @ picture.encode(torch.randn(3, 5)).T).shape
        torch.Size([2, 3])
    """

    def __init__(
        self,
        encoder: Callable[[Any], Float[Tensor, "item dim"]],
        *,
        prepare: Callable[[Any], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.prepare = prepare

    def forward(self, x: Any) -> Float[Tensor, "item dim"]:
        """Unit vectors, with gradients.

        Args:
            x: what `encoder` reads.

        Returns:
            One unit vector a row, in float32 or wider.
        """
        z = self.encoder(x)
        with full_precision(z):
            z = widen(z)
            length = z.norm(dim=-1, keepdim=True)
            lost = ~(length.isfinite() & (length > 0)).flatten()
            rows = lost.nonzero().flatten().tolist()
            require(not rows, "x", "items with a direction", f"zero or non-finite vectors in rows {rows}")
            return z / length

    @torch.no_grad()
    def encode(self, items: Any) -> Float[Tensor, "item dim"]:
        """Codes of things as they are: prepared, encoded in `eval()` mode, brought to the CPU.

        Args:
            items: what `prepare` reads.

        Returns:
            One unit vector an item.
        """
        x = items if self.prepare is None else self.prepare(items)
        parameter = next(self.parameters(), None)
        if isinstance(x, Tensor) and parameter is not None:
            x = x.to(parameter.device)
        training = self.training
        try:
            return self.eval()(x).cpu()
        finally:
            self.train(training)


class SentenceEncoder:
    r"""A text is the weighted mean of the vectors of its known words: $\sum_w a_w v_w / \sum_w a_w$.

    A word that makes up the share $p_w$ of the corpus has the weight $a_w = a / (a + p_w)$, so *the* counts
    for little [arora2017simple]. Words without a vector are left out; `unknown` lists them. A text without
    any known word gets the zero vector, which `SemanticEncoder` refuses. A single word is a text, too.

    Args:
        vectors: the word vectors; with their `counts`, if words are to be weighted.
        smoothing: $a$, the share at which a word counts half; `None` weights all words alike.

    Raises:
        ValueError: if `smoothing` is not positive, or is given for vectors without counts.

    Example:
        >>> words = WordVectors(["the", "cat"], [[0.0, 1.0], [1.0, 0.0]], counts=[999, 1])
        >>> encoder = SentenceEncoder(words, smoothing=0.001)
        >>> encoder(["The cat!", "cat", "xyz"])
        tensor([[0.9980, 0.0020],
                [1.0000, 0.0000],
                [0.0000, 0.0000]])
        >>> encoder.unknown("the xyz")
        ('xyz',)
    """

    def __init__(self, vectors: WordVectors, *, smoothing: float | None = None) -> None:
        self.vectors = vectors
        self.weights = _weights(vectors, smoothing)

    def __call__(self, texts: Sequence[str] | np.ndarray) -> Float32[Tensor, "text dim"]:
        """Encode texts.

        Args:
            texts: the texts; a single string is refused, because its letters would be taken for texts.

        Returns:
            One vector a text, not normalised.

        Raises:
            TypeError: if `texts` is a string, or holds anything but strings.
        """
        require_type(texts, (list, tuple, np.ndarray), "texts")
        for text in texts:
            require_type(text, str, "texts")
        return torch.from_numpy(np.stack([self._mean(text) for text in texts]))

    def known(self, text: str) -> tuple[str, ...]:
        """The words of a text that have a vector, in lower case.

        Example:
            >>> SentenceEncoder(WordVectors(["cat"], [[1.0]])).known("Cat, hat")
            ('cat',)
        """
        return tuple(word for word in _words(text) if word in self.vectors)

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words of a text that have none and are left out.

        Example:
            >>> SentenceEncoder(WordVectors(["cat"], [[1.0]])).unknown("Cat, hat")
            ('hat',)
        """
        return tuple(word for word in _words(text) if word not in self.vectors)

    def _mean(self, text: str) -> Float32[np.ndarray, " dim"]:
        rows = [self.vectors.row(word) for word in self.known(text)]
        if not rows:
            return np.zeros(self.vectors.dim, dtype=np.float32)
        return np.average(self.vectors.vectors[rows], axis=0, weights=self.weights[rows]).astype(np.float32)


class SeriesEncoder(nn.Module):
    r"""A convolutional net over time for recordings of different lengths.

    Each stage halves the time: a convolution, a layer norm over the channels of each step, a ReLU. Then come
    the mean and the largest value over time of every channel, and one linear layer. The steps after a
    recording's end are marked by NaN (see `pad_series`) and are set to zero after every stage, and no step is
    normalised with the help of another. So a recording has the same code alone and padded.

    Args:
        channels: numbers a step.
        dim: size of the output.
        width: channels of the hidden stages.
        stages: how many stages.
        kernel: steps that a convolution sees, odd.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if a size is not positive, or `kernel` is even.

    Example:
        >>> import torch
        >>> series = pad_series([torch.randn(90, 6), torch.randn(40, 6)])
        >>> SeriesEncoder(6, 50)(series).shape
        torch.Size([2, 50])
    """

    def __init__(
        self,
        channels: int,
        dim: int,
        *,
        width: int = 32,
        stages: int = 3,
        kernel: int = 5,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require_counts(channels=channels, dim=dim, width=width, stages=stages)
        require(kernel >= 1 and kernel % 2 == 1, "kernel", "an odd number >= 1", kernel)
        sizes = [channels, *[width] * stages]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(m, n, kernel, stride=2, padding=kernel // 2, device=device, dtype=dtype)
            for m, n in pairwise(sizes)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width, device=device, dtype=dtype) for _ in range(stages))
        self.project = nn.Linear(2 * width, dim, device=device, dtype=dtype)

    def forward(self, series: Float[Tensor, "item time channel"]) -> Float[Tensor, "item dim"]:
        """Encode padded recordings.

        Args:
            series: recordings, NaN after their ends.

        Returns:
            One vector a recording, not normalised.

        Raises:
            ValueError: if `series` is not three-dimensional, has other channels, or holds a recording of no
                steps.
        """
        require_ndim(series, 3, "series")
        channels = self.convolutions[0].in_channels
        require(series.shape[-1] == channels, "series", f"{channels} channels", series.shape[-1])
        there = ~series.isnan().any(dim=-1)
        require(bool(there.any(dim=1).all()), "series", "a step in every recording", "an empty one")
        x = series.nan_to_num(nan=0.0)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x, there = norm(convolution(x.mT).mT).relu(), there[:, ::2]
            x = x * there[..., None]
        return self.project(_mean_and_largest(x, there))


def pad_series(series: Iterable[Any], *, every: int = 1) -> Float32[Tensor, "item time channel"]:
    """Recordings of different lengths as one tensor, NaN after the end of each.

    Args:
        series: arrays or tensors of shape (time, ...); what comes after the time is made flat.
        every: keep each so many-th step.

    Returns:
        One recording a row, as long as the longest.

    Raises:
        ValueError: if there are none, `every` is below 1, or two differ in their channels.

    Example:
        >>> pad_series([[[1.0], [2.0]], [[3.0]]]).squeeze(-1)
        tensor([[1., 2.],
                [3., nan]])
    """
    require_counts(every=every)
    rows = [torch.as_tensor(as_array(x)[::every], dtype=torch.float32).flatten(1) for x in series]
    require(len(rows) > 0, "series", "at least one recording", "none")
    widths = sorted({row.shape[1] for row in rows})
    require(len(widths) == 1, "series", "as many channels in each", widths)
    return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=torch.nan)


def _mean_and_largest(
    x: Float[Tensor, "item time channel"], there: Bool[Tensor, "item time"]
) -> Float[Tensor, "item twice_channel"]:
    """Over the steps that are there; the others are zero, and after a ReLU nothing is smaller."""
    mean = x.sum(dim=1) / there.sum(dim=1, keepdim=True)
    return torch.cat([mean, x.amax(dim=1)], dim=1)


def _weights(vectors: WordVectors, smoothing: float | None) -> Float32[np.ndarray, " word"]:
    if smoothing is None:
        return np.ones(len(vectors), dtype=np.float32)
    require(smoothing > 0, "smoothing", "a positive number or None", smoothing)
    if vectors.counts is None:
        raise ValueError("`smoothing`: expected vectors with counts, got vectors without them")
    share = vectors.counts / vectors.counts.sum()
    return (smoothing / (smoothing + share)).astype(np.float32)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
