r"""Word2Vec: vectors of words that predict which words stand near which.

Every word $w$ has two vectors, $v_w$ for when it is looked at and $u_w$ for when it is seen nearby.
Skip-gram with negative sampling makes $v_w \cdot u_c$ large for pairs that occur within a window of each
other and small for pairs with a word $n$ drawn at random,

$$\ell = \sum_{(w, c)} \Big[ \log\sigma(v_w \cdot u_c)
  + k\, \mathbb{E}_{n} \log\sigma(-v_w \cdot u_n) \Big].$$

CBOW puts the mean of the vectors around a word in the place of $v_w$ and predicts the word from it.
[mikolov2013efficient], [mikolov2013distributed]

The work is done in matrix products. Tokens are taken a thousand at a time and their vectors gathered once;
the window is a band of the product of the tokens with themselves, computed block by block; and neighbours
share the words drawn as negatives, so that these are one more product [ji2016parallelizing]. The gradient is
closed form: the other vector of the pair, times $\sigma(-v \cdot u)$ for a pair and $-\sigma(v \cdot u)$ for
a negative.
"""

import warnings
from collections.abc import Callable, Iterable, Sized
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from cmlearn import train
from cmlearn._progress import progress
from cmlearn._validate import require, require_choice, require_counts
from cmlearn.embedding.vocabulary import Corpus, Vocabulary
from cmlearn.embedding.word_vectors import WordVectors

__all__ = ["Gradient", "Word2Vec", "cbow_gradient", "skipgram_gradient", "window_weights"]

BLOCK = 16
"""Tokens that are multiplied with their surroundings at once."""

GROUP, SHARED = 64, 32
"""So many neighbouring tokens share so many negatives."""


class Gradient(NamedTuple):
    """How the log-likelihood grows with each gathered vector.

    Attributes:
        words: by $v$ of each token, (token, dim).
        contexts: by $u$ of each token, (token, dim).
        negatives: by $u$ of each negative, (group, negative, dim).
    """

    words: Float[Tensor, "token dim"]
    contexts: Float[Tensor, "token dim"]
    negatives: Float[Tensor, "group negative dim"]


class Word2Vec(BaseEstimator):
    r"""Skip-gram or CBOW with negative sampling and subsampling.

    Every word has its own step length, `lr` over the root of the sum of its squared gradients so far (AdaGrad
    [duchi2011adaptive], with one number a word): the rare words of a small corpus come forward, and large
    batches stay stable. Words in a window count by their distance $\delta$, with weight $(L + 1 - \delta)/L$
    for the window $L$, which is what drawing the window's size at random comes to on average. Random numbers
    follow `cm.seed_everything`.

    Args:
        dim: how many numbers a vector has.
        window: how many words to each side count as near, at most 16.
        negatives: $k$, how many negatives a pair stands against. They are shared, so $k$ is a weight only;
            with 0, which is of use for comparison, nothing keeps all words from becoming alike.
        epochs: passes over the corpus in `fit`.
        method: "skipgram" or "cbow".
        min_count: rarer words are left out.
        subsample: the threshold of `Vocabulary.keep_probabilities`; 0 keeps every token.
        lr: the step length.
        noise_power: negatives are drawn by their counts to this power.
        batch_size: tokens a step, a multiple of 64; `None` for 1,024 on a CPU and 16,384 on a GPU.
        workers: steps that are computed at the same time on a CPU, each on one core, without waiting for each
            other's results [recht2011hogwild]. With 1, which is reproducible, a step may use several cores.
        device: where to compute; `None` for `cm.device()`.

    Attributes:
        vocab: the `Vocabulary` of the corpus.

    Example:
        >>> corpus = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
        >>> model = Word2Vec(dim=8, epochs=2, min_count=1).fit(corpus)
        >>> model.vectors
        WordVectors(4 words, 8 dimensions)
        >>> model.vectors["cat"].shape
        (8,)
    """

    def __init__(
        self,
        dim: int = 100,
        *,
        window: int = 5,
        negatives: int = 5,
        epochs: int = 5,
        method: str = "skipgram",
        min_count: int = 5,
        subsample: float = 1e-3,
        lr: float = 0.2,
        noise_power: float = 0.75,
        batch_size: int | None = None,
        workers: int = 1,
        device: str | torch.device | None = None,
    ) -> None:
        self.dim = dim
        self.window = window
        self.negatives = negatives
        self.epochs = epochs
        self.method = method
        self.min_count = min_count
        self.subsample = subsample
        self.lr = lr
        self.noise_power = noise_power
        self.batch_size = batch_size
        self.workers = workers
        self.device = device

    def fit(self, corpus: Corpus, y: None = None) -> "Word2Vec":
        """Count the words, then learn their vectors in `epochs` passes, anew.

        An interruption (Ctrl-C) ends the learning with a warning and keeps what was learned.

        Args:
            corpus: sequences of tokens, which can be read again; read as a stream, and kept in memory as
                numbers only if it has a length.
            y: not used.

        Returns:
            The model.

        Raises:
            ValueError: if no word occurs `min_count` times, or a setting is out of its range.
            TypeError: if the corpus can be read only once, or is not made of sequences of strings.
        """
        self._check()
        self._start(Vocabulary.from_corpus(corpus, min_count=self.min_count))
        return self._learn(corpus, self.epochs)

    def partial_fit(self, corpus: Corpus, y: None = None) -> "Word2Vec":
        """One more pass, over this corpus; the first call also counts the words, later ones know no others.

        Args:
            corpus: sequences of tokens, which can be read again.
            y: not used.

        Returns:
            The model.

        Raises:
            ValueError: if the corpus has no known word, or a setting is out of its range.
            TypeError: as in `fit`.
        """
        self._check()
        if not hasattr(self, "vocab"):
            self._start(Vocabulary.from_corpus(corpus, min_count=self.min_count))
        return self._learn(corpus, 1)

    @property
    def vectors(self) -> WordVectors:
        """The word vectors $v$, as they are now.

        Raises:
            NotFittedError: before `fit`.
        """
        check_is_fitted(self, "vocab")
        return WordVectors(self.vocab.words, self._words.rows, self.vocab.counts)

    @property
    def context_vectors(self) -> WordVectors:
        """The vectors $u$ that the words have as contexts, as they are now.

        Raises:
            NotFittedError: before `fit`.
        """
        check_is_fitted(self, "vocab")
        return WordVectors(self.vocab.words, self._contexts.rows, self.vocab.counts)

    def to_keyedvectors(self) -> Any:
        """The word vectors as gensim's `KeyedVectors`.

        Raises:
            NotFittedError: before `fit`.
            ModuleNotFoundError: if gensim is not installed.
        """
        return self.vectors.to_keyedvectors()

    def _check(self) -> None:
        require_counts(dim=self.dim, epochs=self.epochs, min_count=self.min_count, workers=self.workers)
        require(self.negatives >= 0, "negatives", "0 or more", self.negatives)
        require(1 <= self.window <= BLOCK, "window", f"1 to {BLOCK}", self.window)
        require(self.lr > 0, "lr", "a number above 0", self.lr)
        require_choice(self.method, GRADIENTS, "method")
        size = GROUP if self.batch_size is None else self.batch_size
        require(size > 0 and size % GROUP == 0, "batch_size", f"a multiple of {GROUP}", size)

    def _start(self, vocab: Vocabulary) -> None:
        self.vocab = vocab
        self._device = train.device() if self.device is None else torch.device(self.device)
        start = (torch.rand(len(vocab), self.dim) - 0.5) / self.dim
        self._words = _Table(start.to(self._device))
        self._contexts = _Table(torch.zeros_like(self._words.rows))
        self._keep = torch.from_numpy(vocab.keep_probabilities(self.subsample))
        self._noise = torch.from_numpy(vocab.noise(self.noise_power).cumsum())

    def _learn(self, corpus: Corpus, passes: int) -> "Word2Vec":
        stored = list(self.vocab.encode_corpus(corpus)) if isinstance(corpus, Sized) else None
        seen = 0
        with progress(desc=type(self).__name__, total=passes * self.vocab.total, unit=" words") as bar:
            try:
                for _ in range(passes):
                    for ids, sentence in stored or self.vocab.encode_corpus(corpus):
                        self._learn_block(torch.from_numpy(ids), torch.from_numpy(sentence))
                        bar.update(len(ids))
                        seen += len(ids)
            except KeyboardInterrupt:
                warnings.warn("interrupted: the vectors are what was learned so far", stacklevel=3)
                return self
        require(seen > 0, "corpus", "a corpus with words of the vocabulary", "none of them")
        return self

    def _learn_block(self, ids: Int64[Tensor, " token"], sentence: Int64[Tensor, " token"]) -> None:
        """Subsample, cut into steps and learn; random numbers are drawn on the CPU, for all steps at once."""
        kept = torch.rand(len(ids)) < self._keep[ids]
        padding = (0, -int(kept.sum()) % GROUP)
        ids = F.pad(ids[kept], padding)
        sentence = F.pad(sentence[kept], padding, value=-1)
        draws = torch.rand(len(ids) // GROUP * SHARED, dtype=torch.float64)
        drawn = torch.searchsorted(self._noise, draws * self._noise[-1]).view(-1, SHARED)
        size = self.batch_size or (16_384 if self._device.type == "cuda" else 1024)
        ids, sentence, drawn = (x.to(self._device) for x in (ids, sentence, drawn))

        def step(start: int) -> None:
            here, groups = slice(start, start + size), slice(start // GROUP, (start + size) // GROUP)
            self._step(ids[here], sentence[here], drawn[groups])

        _run(step, range(0, len(ids), size), self.workers)

    def _step(
        self,
        ids: Int64[Tensor, " token"],
        sentence: Int64[Tensor, " token"],
        drawn: Int64[Tensor, "group negative"],
    ) -> None:
        gradient = GRADIENTS[self.method](
            self._words.gather(ids),
            self._contexts.gather(ids),
            self._contexts.gather(drawn.flatten()).view(*drawn.shape, -1),
            window_weights(sentence, self.window),
            float(self.negatives),
        )
        self._words.ascend(ids, gradient.words, self.lr)
        self._contexts.ascend(ids, gradient.contexts, self.lr)
        self._contexts.ascend(drawn.flatten(), gradient.negatives.flatten(0, 1), self.lr)


class _Table:
    """Vectors that climb by AdaGrad with one step length a row, a few rows at a time."""

    def __init__(self, rows: Float[Tensor, "word dim"]) -> None:
        self.rows = rows
        self._squares = torch.full_like(rows[:, 0], 1e-8)

    def gather(self, ids: Int64[Tensor, " token"]) -> Float[Tensor, "token dim"]:
        return self.rows.index_select(0, ids)

    def ascend(self, ids: Int64[Tensor, " token"], gradient: Float[Tensor, "token dim"], lr: float) -> None:
        """Add what a word gathered in all its places."""
        self._squares.index_add_(0, ids, gradient.square().mean(dim=1))
        step = lr * self._squares[ids].rsqrt()
        self.rows.index_add_(0, ids, gradient * step[:, None])


def window_weights(
    sentence: Int64[Tensor, " token"], window: int, block: int = BLOCK
) -> Float[Tensor, "_block _row _column"]:
    r"""How much each token near another counts: $(L + 1 - \delta)/L$ at distance $\delta$ in its sentence.

    The matrix (token, token) of weights is a band along the diagonal. It is stored in blocks: row $i$ of
    block $b$ is token $bB + i$ for the block size $B$, column $j$ is token $bB + j - L$.

    Args:
        sentence: the number of the sentence of each token, negative for padding; a multiple of `block`.
        window: $L$.
        block: $B$, not less than the window.

    Returns:
        Weights, (token / block, block, block + 2 window).

    Example:
        >>> window_weights(torch.tensor([0, 0, 0, 1]), window=2, block=2)
        tensor([[[0.0000, 0.0000, 0.0000, 1.0000, 0.5000, 0.0000],
                 [0.0000, 0.0000, 1.0000, 0.0000, 1.0000, 0.0000]],
        <BLANKLINE>
                [[0.5000, 1.0000, 0.0000, 0.0000, 0.0000, 0.0000],
                 [0.0000, 0.0000, 0.0000, 0.0000, 0.0000, 0.0000]]])
    """
    columns = torch.arange(-window, block + window, device=sentence.device)
    distance = (columns - torch.arange(block, device=sentence.device)[:, None]).abs()
    band = (window + 1 - distance).clamp(min=0) / window * (distance > 0)
    own = sentence.masked_fill(sentence < 0, -3).view(-1, block, 1)
    near = F.pad(sentence, (window, window), value=-2).unfold(0, block + 2 * window, block)
    return torch.where(near[:, None] == own, band, 0.0)


def skipgram_gradient(
    words: Float[Tensor, "token dim"],
    contexts: Float[Tensor, "token dim"],
    negatives: Float[Tensor, "group negative dim"],
    weights: Float[Tensor, "block row column"],
    k: float,
) -> Gradient:
    r"""Gradient of skip-gram's log-likelihood by every vector that takes part.

    $$\ell = \sum_{i,j} a_{ij} \Big[\log\sigma(v_i \cdot u_j)
      + \frac{k}{K} \sum_{n=1}^{K} \log\sigma(-v_i \cdot u_n)\Big]$$

    for the weights $a_{ij}$ of pairs of tokens and the $K$ negatives of the group of $i$.

    Args:
        words: $v$ of each token.
        contexts: $u$ of each token.
        negatives: $u$ of the negatives, $K$ for each group of neighbouring tokens.
        weights: $a$, from `window_weights`.
        k: how many negatives a pair stands against.

    Returns:
        The gradient.

    Example:
        >>> weights = window_weights(torch.zeros(4, dtype=torch.long), window=1, block=4)
        >>> words, contexts, negatives = torch.ones(4, 2), torch.zeros(4, 2), torch.zeros(1, 3, 2)
        >>> gradient = skipgram_gradient(words, contexts, negatives, weights, k=5.0)
        >>> gradient.contexts[:, 0]  # half a word from each neighbour
        tensor([0.5000, 1.0000, 1.0000, 0.5000])
    """
    centre, near, window = _by_block(words, contexts, weights)
    pull = weights * torch.sigmoid(-(centre @ near.mT))
    push, away = _push(words, negatives, weights.sum(dim=2).flatten(), k)
    return Gradient((pull @ near).flatten(0, 1) + push, _overlap_add(pull.mT @ centre, window), away)


def cbow_gradient(
    words: Float[Tensor, "token dim"],
    contexts: Float[Tensor, "token dim"],
    negatives: Float[Tensor, "group negative dim"],
    weights: Float[Tensor, "block row column"],
    k: float,
) -> Gradient:
    r"""Gradient of CBOW's log-likelihood by every vector that takes part.

    $$\ell = \sum_{i} \Big[\log\sigma(h_i \cdot u_i)
      + \frac{k}{K} \sum_{n=1}^{K} \log\sigma(-h_i \cdot u_n)\Big], \qquad
      h_i = \frac{\sum_j a_{ij} v_j}{\sum_j a_{ij}}$$

    over the tokens $i$ that have a word near them.

    Args:
        words: $v$ of each token.
        contexts: $u$ of each token.
        negatives: $u$ of the negatives, $K$ for each group of neighbouring tokens.
        weights: $a$, from `window_weights`.
        k: how many negatives a token stands against.

    Returns:
        The gradient.

    Example:
        >>> weights = window_weights(torch.zeros(4, dtype=torch.long), window=1, block=4)
        >>> words, contexts, negatives = torch.ones(4, 2), torch.zeros(4, 2), torch.zeros(1, 3, 2)
        >>> gradient = cbow_gradient(words, contexts, negatives, weights, k=5.0)
        >>> gradient.contexts[:, 0]  # half the mean of the neighbours
        tensor([0.5000, 0.5000, 0.5000, 0.5000])
    """
    centre, near, window = _by_block(contexts, words, weights)
    total = weights.sum(dim=2, keepdim=True)
    share = weights / total.clamp(min=1e-9)
    hidden, there = (share @ near).flatten(0, 1), (total > 0).to(words.dtype).flatten()
    pull = there * torch.sigmoid(-(hidden * contexts).sum(dim=1))
    push, away = _push(hidden, negatives, there, k)
    by_hidden = (pull[:, None] * contexts + push).view_as(centre)
    return Gradient(_overlap_add(share.mT @ by_hidden, window), pull[:, None] * hidden, away)


GRADIENTS = {"skipgram": skipgram_gradient, "cbow": cbow_gradient}


def _run(step: Callable[[int], None], starts: Iterable[int], workers: int) -> None:
    """All steps, some of them at a time, each of these on one core."""
    if workers == 1:
        for start in starts:
            step(start)
        return
    cores = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(step, starts))
    finally:
        torch.set_num_threads(cores)


def _by_block(
    centre: Float[Tensor, "token dim"],
    around: Float[Tensor, "token dim"],
    weights: Float[Tensor, "block row column"],
) -> tuple[Float[Tensor, "block row dim"], Float[Tensor, "block column dim"], int]:
    """Tokens by block, what is around each block, and the window."""
    _, block, columns = weights.shape
    window = (columns - block) // 2
    near = F.pad(around, (0, 0, window, window)).unfold(0, columns, block).mT
    return centre.view(-1, block, centre.shape[1]), near, window


def _push(
    words: Float[Tensor, "token dim"],
    negatives: Float[Tensor, "group negative dim"],
    pairs: Float[Tensor, " token"],
    k: float,
) -> tuple[Float[Tensor, "token dim"], Float[Tensor, "group negative dim"]]:
    """Away from the negatives: the gradient by the words and by the negatives."""
    grouped = words.view(len(negatives), -1, words.shape[1])
    share = pairs.view(len(negatives), -1, 1) * (-k / negatives.shape[1])
    push = share * torch.sigmoid(grouped @ negatives.mT)
    return (push @ negatives).flatten(0, 1), push.mT @ grouped


def _overlap_add(parts: Float[Tensor, "block column dim"], window: int) -> Float[Tensor, "_token dim"]:
    """Sum what a token gets as part of its own block and in the margins of its neighbours'."""
    tokens = parts[:, window:-window].clone()
    tokens[:-1, -window:] += parts[1:, :window]
    tokens[1:, :window] += parts[:-1, -window:]
    return tokens.flatten(0, 1)
