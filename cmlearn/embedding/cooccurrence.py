r"""Which words stand near which, and how often: the table from which word vectors can be counted."""

import numpy as np
from jaxtyping import Float64, Int64
from scipy.sparse import coo_array, csr_array

from cmlearn._validate import require, require_choice
from cmlearn.embedding.vocabulary import Corpus, Vocabulary

__all__ = ["cooccurrences", "ppmi"]

DECAYS = ("inverse", "linear", "none")
CHUNK = 2**18
"""The pairs of so many tokens are in memory at once."""


def cooccurrences(
    corpus: Corpus, vocab: Vocabulary, *, window: int = 10, decay: str = "inverse"
) -> csr_array:
    r"""Count how often words stand within a window of each other, near ones more than far ones.

    $$X_{ij} = \sum_{\text{token } s = i} \; \sum_{0 < |t - s| \le L,\ \text{token } t = j} \delta(|t - s|)$$

    for a window of $L$ tokens to each side. Words that are not in the vocabulary are dropped before the
    distances are measured, and no pair crosses the end of a sequence. The corpus is read once, as a stream;
    only the cells that are not zero are in memory. Counts of the parts of a corpus add up to those of the
    whole. [pennington2014glove]

    Args:
        corpus: sequences of tokens.
        vocab: the words that are counted.
        window: $L$.
        decay: $\delta(d)$: "inverse" for $1/d$; "linear" for $(L + 1 - d)/L$, to which Word2Vec's windows of
            random size amount; "none" for 1.

    Returns:
        $X$, float64, sparse and symmetric, (word, word).

    Raises:
        TypeError: if the corpus can be read only once, or a sequence is a plain string.
        ValueError: if `window` is less than 1, or `decay` is unknown.

    Example:
        >>> corpus = [["a", "rose", "is", "a", "rose"]]
        >>> vocab = Vocabulary.from_corpus(corpus)
        >>> vocab.words
        ('a', 'rose', 'is')
        >>> cooccurrences(corpus, vocab, window=2).toarray()
        array([[0. , 2.5, 1.5],
               [2.5, 0. , 1.5],
               [1.5, 1.5, 0. ]])
    """
    require(window >= 1, "window", "a number of tokens >= 1", window)
    require_choice(decay, DECAYS, "decay")
    distance = np.arange(1, window + 1)
    weights = {"inverse": 1 / distance, "linear": 1 - (distance - 1) / window, "none": distance**0.0}[decay]
    parts: list[csr_array] = []
    for tokens, sequence in vocab.encode_corpus(corpus):
        for start in range(0, len(tokens), CHUNK):
            parts.append(_followers(tokens[start:], sequence[start:], weights, len(vocab)))
            _merge(parts, ratio=2.0)
    _merge(parts, ratio=float("inf"))
    one_way = parts[0] if parts else csr_array((len(vocab), len(vocab)))
    return csr_array(one_way + one_way.T)


def ppmi(counts: csr_array, *, smoothing: float = 1.0, shift: float = 1.0) -> csr_array:
    r"""Positive pointwise mutual information: how much more often two words meet than by chance.

    $$\mathrm{PPMI}_{ij} = \Big[ \log \frac{p_{ij}}{p_i\, q_j} - \log k \Big]_+, \qquad
      p_{ij} = \frac{X_{ij}}{\sum X}, \quad p_i = \sum_j p_{ij}, \quad
      q_j = \frac{p_j^{\alpha}}{\sum_l p_l^{\alpha}}$$

    Pairs that never meet have 0, like those that meet as often as by chance. [levy2014neural],
    [levy2015improving]

    Args:
        counts: $X$, symmetric, (word, word).
        smoothing: $\alpha$; 0.75 makes rare contexts less surprising, as Word2Vec's noise does.
        shift: $k$, the number of negatives of the Word2Vec model that it is compared with.

    Returns:
        The table, sparse, (word, word).

    Raises:
        ValueError: if the counts are all 0, or `shift` is not positive.

    Example:
        >>> import numpy as np
        >>> ppmi(csr_array(np.array([[0.0, 2.0], [2.0, 4.0]]))).toarray().round(3)
        array([[0.   , 0.288],
               [0.288, 0.   ]])
    """
    require(bool(counts.sum() > 0), "counts", "a table with counts above 0", "none")
    require(shift > 0, "shift", "a number above 0", shift)
    cells = coo_array(counts)
    share = counts.sum(axis=1) / counts.sum()
    context = share**smoothing / (share**smoothing).sum()
    expected = share[cells.row] * context[cells.col] * counts.sum()
    above = np.log(cells.data / expected) - np.log(shift)
    kept = above > 0
    return csr_array((above[kept], (cells.row[kept], cells.col[kept])), shape=counts.shape)


def _followers(
    tokens: Int64[np.ndarray, " token"],
    sequence: Int64[np.ndarray, " token"],
    weights: Float64[np.ndarray, " distance"],
    words: int,
) -> csr_array:
    """Weighted counts of (word, word that comes later) for the first `CHUNK` tokens and what follows them."""
    first, second, weight = [], [], []
    for distance, value in enumerate(weights, start=1):
        size = min(CHUNK, max(len(tokens) - distance, 0))
        later = slice(distance, distance + size)
        together = sequence[:size] == sequence[later]
        first.append(tokens[:size][together])
        second.append(tokens[later][together])
        weight.append(np.full(len(first[-1]), value))
    cells = np.stack([np.concatenate(first), np.concatenate(second)]).astype(np.int32)
    return coo_array((np.concatenate(weight), tuple(cells)), shape=(words, words)).tocsr()


def _merge(parts: list[csr_array], ratio: float) -> None:
    """Add up the last tables until the one before is larger by a ratio, so that few additions are large."""
    while len(parts) > 1 and parts[-2].nnz <= ratio * max(parts[-1].nnz, 1):
        last = parts.pop()
        parts[-1] = parts[-1] + last
