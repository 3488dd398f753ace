r"""GloVe: vectors of words whose products are the logarithms of how often the words meet.

Let $X_{ij}$ say how often word $j$ stands near word $i$ in a corpus. Every word has a vector $w_i$ with a
bias $b_i$ and, as a context, another vector $\tilde w_j$ with a bias $\tilde b_j$. They minimise

$$J = \sum_{ij:\ X_{ij} > 0} f(X_{ij})
  \big(w_i \cdot \tilde w_j + b_i + \tilde b_j - \log X_{ij}\big)^2, \qquad
  f(x) = \min\big(1, (x / x_{\max})^{\alpha}\big).$$

It is a weighted least-squares fit of low rank. The weights make it more than a singular value decomposition:
cells that were never seen take no part, and frequent ones count more. [pennington2014glove]

A batch of cells is kept in the order of its rows and in that of its columns. The sums over a row or a column,
of which the gradient consists, are then one `embedding_bag`, and nothing of size (cell, dim) is scattered.
The biases ride along as columns: $[w_i, b_i, 1] \cdot [\tilde w_j, 1, \tilde b_j]$.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Int32, Int64
from scipy.sparse import coo_array, csr_array
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from cmlearn import train
from cmlearn._progress import progress
from cmlearn._validate import require, require_counts
from cmlearn.embedding.cooccurrence import cooccurrences
from cmlearn.embedding.vocabulary import Corpus, Vocabulary
from cmlearn.embedding.word_vectors import WordVectors

__all__ = ["GloVe", "glove_loss", "glove_weight"]


def glove_weight(
    counts: Float[Tensor, "*cell"], x_max: float = 100.0, alpha: float = 0.75
) -> Float[Tensor, "*cell"]:
    r"""How much a cell of the table counts: $f(x) = \min(1, (x / x_{\max})^{\alpha})$.

    Args:
        counts: $x$, not negative.
        x_max: from here on the weight is 1.
        alpha: how fast it rises to there; 0 gives all cells weight 1.

    Returns:
        Weights from 0 to 1. [pennington2014glove]

    Example:
        >>> glove_weight(torch.tensor([1.0, 10.0, 100.0, 1000.0]))
        tensor([0.0316, 0.1778, 1.0000, 1.0000])
    """
    return (counts / x_max).pow(alpha).clamp(max=1)


def glove_loss(
    words: Float[Tensor, "cell dim"],
    contexts: Float[Tensor, "cell dim"],
    word_bias: Float[Tensor, " cell"],
    context_bias: Float[Tensor, " cell"],
    counts: Float[Tensor, " cell"],
    x_max: float = 100.0,
    alpha: float = 0.75,
) -> Float[Tensor, ""]:
    r"""Half the weighted sum of squares over some cells.

    $$L = \tfrac12 \sum_{\text{cells}} f(x) \, (w \cdot \tilde w + b + \tilde b - \log x)^2$$

    `GloVe` descends the same function by its closed-form gradient; this one is for autograd, when the vectors
    come from a net.

    Args:
        words: $w$ of the cell's row.
        contexts: $\tilde w$ of its column.
        word_bias: $b$.
        context_bias: $\tilde b$.
        counts: $x > 0$.
        x_max: as in `glove_weight`.
        alpha: as in `glove_weight`.

    Returns:
        A scalar. [pennington2014glove]

    Example:
        >>> one = torch.ones(1, 2)
        >>> glove_loss(one, one, torch.zeros(1), torch.zeros(1), torch.tensor([100.0]))
        tensor(3.3935)
    """
    off = (words * contexts).sum(dim=1) + word_bias + context_bias - counts.log()
    return 0.5 * (glove_weight(counts, x_max, alpha) * off**2).sum()


class GloVe(BaseEstimator):
    r"""Word vectors by weighted least squares on the logarithms of co-occurrence counts.

    Trained by AdaGrad on batches of cells: each number divides its steps by the root of the sum of the
    squared gradients that it has met, squared cell by cell, so that a batch does about what its cells would
    have done one after the other. [duchi2011adaptive] Random numbers follow `cm.seed_everything`.

    Args:
        dim: how many numbers a vector has.
        window: how many words to each side count as near; at distance $d$ they count $1/d$.
        min_count: rarer words are left out.
        x_max: $x_{\max}$, the count from which on a cell has weight 1.
        alpha: $\alpha$, how fast the weight rises to there; 0 weighs all cells alike.
        lr: the step length.
        first_square: what AdaGrad's sums start from. Where counts are small, so are weights and gradients: a
            small corpus needs a smaller number, or the steps stay short.
        epochs: passes over the cells.
        batch_size: cells a step. Each step costs at least as much as the vocabulary has words.
        device: where to compute; `None` for `cm.device()`.
        dtype: of the computation.

    Attributes:
        vocab: the `Vocabulary` of the corpus.
        history: $J$ divided by the number of cells, one number an epoch, measured while it falls.

    Example:
        >>> corpus = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
        >>> model = GloVe(dim=2, window=2, min_count=1, epochs=200).fit(corpus)
        >>> model.vectors
        WordVectors(4 words, 2 dimensions)
        >>> model.history[-1] < 0.1 * model.history[0]
        True
    """

    def __init__(
        self,
        dim: int = 100,
        *,
        window: int = 10,
        min_count: int = 5,
        x_max: float = 100.0,
        alpha: float = 0.75,
        lr: float = 0.05,
        first_square: float = 1.0,
        epochs: int = 25,
        batch_size: int = 65_536,
        device: str | torch.device | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.dim = dim
        self.window = window
        self.min_count = min_count
        self.x_max = x_max
        self.alpha = alpha
        self.lr = lr
        self.first_square = first_square
        self.epochs = epochs
        self.batch_size = batch_size
        self.device = device
        self.dtype = dtype

    def fit(self, corpus: Corpus, y: None = None) -> "GloVe":
        """Count which words stand near which, then learn their vectors.

        Args:
            corpus: sequences of tokens, read twice as a stream; it may be larger than memory, but not its
                table of counts.
            y: not used.

        Returns:
            The model.

        Raises:
            ValueError: if no word occurs `min_count` times, no two words stand together, or a setting is out
                of its range.
            TypeError: if the corpus can be read only once, or is not made of sequences of strings.
        """
        self._check()
        vocab = Vocabulary.from_corpus(corpus, min_count=self.min_count)
        return self.fit_counts(cooccurrences(corpus, vocab, window=self.window), vocab)

    def fit_counts(self, counts: csr_array, vocab: Vocabulary) -> "GloVe":
        """Learn the vectors from a table of counts, such as one from `cooccurrences`.

        Args:
            counts: $X$, sparse, (word, word), symmetric or not. Cells that are not stored were not seen.
            vocab: the words of its rows and columns.

        Returns:
            The model.

        Raises:
            ValueError: if the table has another shape, no cell, or one that is not positive, or a setting is
                out of its range.
        """
        self._check()
        cells = _checked_cells(counts, len(vocab))
        self.vocab = vocab
        self._device = train.device() if self.device is None else torch.device(self.device)
        self._words, self._contexts = (self._table(constant) for constant in (-1, -2))
        self._learn(self._batches(cells))
        return self

    @property
    def vectors(self) -> WordVectors:
        r"""The word vectors, $w_i + \tilde w_i$.

        Raises:
            NotFittedError: before `fit`.
        """
        words, contexts = self._rows()
        return self._word_vectors(words + contexts)

    @property
    def factors(self) -> tuple[WordVectors, WordVectors]:
        r"""The two vectors of each word, $w$ and $\tilde w$, apart.

        Raises:
            NotFittedError: before `fit`.
        """
        words, contexts = self._rows()
        return self._word_vectors(words), self._word_vectors(contexts)

    @property
    def biases(self) -> tuple[Float[np.ndarray, " word"], Float[np.ndarray, " word"]]:
        r"""The two biases of each word, $b$ and $\tilde b$.

        Raises:
            NotFittedError: before `fit`.
        """
        words, contexts = self._rows()
        return words[:, -2].numpy(), contexts[:, -1].numpy()

    def predict(self) -> Float[np.ndarray, "word word"]:
        r"""$W \tilde W^\top + b 1^\top + 1 \tilde b^\top$: what $\log X$ should be, of seen and unseen pairs.

        Raises:
            NotFittedError: before `fit`.
        """
        words, contexts = self._rows()
        return (words @ contexts.T).numpy()

    def to_keyedvectors(self) -> Any:
        """The word vectors as gensim's `KeyedVectors`.

        Raises:
            NotFittedError: before `fit`.
            ModuleNotFoundError: if gensim is not installed.
        """
        return self.vectors.to_keyedvectors()

    def _rows(self) -> tuple[Float[Tensor, "word column"], Float[Tensor, "word column"]]:
        check_is_fitted(self, "vocab")
        return self._words.rows.cpu(), self._contexts.rows.cpu()

    def _word_vectors(self, rows: Float[Tensor, "word column"]) -> WordVectors:
        return WordVectors(self.vocab.words, rows[:, : self.dim], self.vocab.counts)

    def _check(self) -> None:
        whole = ("dim", "window", "min_count", "epochs", "batch_size")
        require_counts(**{name: getattr(self, name) for name in whole})
        for name in ("x_max", "lr", "first_square"):
            require(getattr(self, name) > 0, name, "a number above 0", getattr(self, name))
        require(self.alpha >= 0, "alpha", "a number >= 0", self.alpha)

    def _table(self, constant: int) -> "_Table":
        """Small random numbers, with a column of ones that stays: where the other side has its bias."""
        rows = (torch.rand(len(self.vocab), self.dim + 2, dtype=self.dtype) - 0.5) / self.dim
        squares = torch.full_like(rows, self.first_square)
        rows[:, constant], squares[:, constant] = 1, torch.inf
        return _Table(rows.to(self._device), squares.to(self._device))

    def _learn(self, batches: list["_Cells"]) -> None:
        cells = sum(len(batch.row) for batch in batches)
        self.history: list[float] = []
        with progress(desc="GloVe", total=self.epochs * cells, unit=" cells", unit_scale=True) as bar:
            for _ in range(self.epochs):
                losses = []
                for number in torch.randperm(len(batches)).tolist():
                    losses.append(self._step(batches[number]))
                    bar.update(len(batches[number].row))
                self.history.append(2 * float(torch.stack(losses).sum()) / cells)
                bar.set_postfix(loss=self.history[-1])

    def _step(self, cells: "_Cells") -> Float[Tensor, ""]:
        loss, by_words, by_contexts = _gradient(self._words.rows, self._contexts.rows, cells)
        self._words.descend(by_words, self.lr)
        self._contexts.descend(by_contexts, self.lr)
        return loss

    def _batches(self, cells: coo_array) -> list["_Cells"]:
        """The cells, dealt at random to batches that stay; each epoch takes the batches in a new order."""
        order = torch.randperm(cells.nnz).numpy()
        return [
            self._batch(cells, np.sort(part))
            for part in np.array_split(order, -(-cells.nnz // self.batch_size))
        ]

    def _batch(self, cells: coo_array, part: Int[np.ndarray, " cell"]) -> "_Cells":
        row, column = cells.row[part], cells.col[part]
        by_column = np.argsort(column, kind="stable")
        places = np.arange(len(self.vocab))
        counts = torch.from_numpy(cells.data[part]).to(self._device, self.dtype)
        return _Cells(
            self._index(row),
            self._index(column),
            self._index(np.searchsorted(row, places)),
            self._index(row[by_column]),
            self._index(np.searchsorted(column[by_column], places)),
            torch.from_numpy(by_column).to(self._device),
            counts.log(),
            glove_weight(counts, self.x_max, self.alpha),
        )

    def _index(self, places: Int[np.ndarray, " n"]) -> Int32[Tensor, " n"]:
        return torch.from_numpy(places.astype(np.int32)).to(self._device)


class _Cells(NamedTuple):
    """Some cells in the order of their rows, and how to go through them in that of their columns."""

    row: Int32[Tensor, " cell"]
    column: Int32[Tensor, " cell"]
    row_start: Int32[Tensor, " word"]
    row_by_column: Int32[Tensor, " cell"]
    column_start: Int32[Tensor, " word"]
    by_column: Int64[Tensor, " cell"]
    log_count: Float[Tensor, " cell"]
    weight: Float[Tensor, " cell"]


class _Gradient(NamedTuple):
    """Of each row: the sum over its cells of the cell's gradient, and of the square of that."""

    total: Float[Tensor, "word column"]
    squares: Float[Tensor, "word column"]


class _Table(NamedTuple):
    """Rows of numbers that fall by AdaGrad, each with its sum of squares."""

    rows: Float[Tensor, "word column"]
    squares: Float[Tensor, "word column"]

    def descend(self, gradient: _Gradient, lr: float) -> None:
        self.squares.add_(gradient.squares)
        self.rows.addcdiv_(gradient.total, self.squares.sqrt(), value=-lr)


def _gradient(
    words: Float[Tensor, "word column"], contexts: Float[Tensor, "word column"], cells: _Cells
) -> tuple[Float[Tensor, ""], _Gradient, _Gradient]:
    """`glove_loss` of some cells, and its gradient by all rows of both tables."""
    off = (F.embedding(cells.row, words) * F.embedding(cells.column, contexts)).sum(dim=1) - cells.log_count
    pull = cells.weight * off
    by_words = _sums(contexts, cells.column, cells.row_start, pull)
    by_contexts = _sums(words, cells.row_by_column, cells.column_start, pull[cells.by_column])
    return 0.5 * pull @ off, by_words, by_contexts


def _sums(
    others: Float[Tensor, "word column"],
    index: Int32[Tensor, " cell"],
    start: Int32[Tensor, " word"],
    pull: Float[Tensor, " cell"],
) -> _Gradient:
    total, squares = (
        F.embedding_bag(index, others**power, start, mode="sum", per_sample_weights=pull**power)
        for power in (1, 2)
    )
    return _Gradient(total, squares)


def _checked_cells(counts: csr_array, words: int) -> coo_array:
    require(
        counts.shape == (words, words), "counts", f"shape ({words}, {words}), as the vocabulary", counts.shape
    )
    cells = coo_array(counts)
    require(cells.nnz > 0, "counts", "two words that stand together", "none")
    ok = bool(np.isfinite(cells.data).all() and (cells.data > 0).all())
    require(ok, "counts", "cells that hold numbers above 0", "one that does not")
    return cells
