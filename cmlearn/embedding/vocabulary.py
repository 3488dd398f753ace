r"""The vocabulary of a corpus: which words there are, how often each occurs, and what follows from that.

A corpus is anything that gives sequences of tokens, such as a list of lists of words, each time it is
iterated over. It is read as a stream, one sequence at a time, so it can be larger than memory: give an object
whose `__iter__` opens the file anew.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice, repeat

import numpy as np
from jaxtyping import Float64, Int64

from cmlearn._progress import progress
from cmlearn._validate import require, require_choice, require_type

__all__ = ["Corpus", "Vocabulary", "sentences"]

Corpus = Iterable[Sequence[str]]
"""Sequences of tokens, the same ones each time it is iterated over."""


def sentences(corpus: Corpus) -> Iterator[Sequence[str]]:
    """One pass over a corpus, each sequence checked as it comes.

    Args:
        corpus: sequences of tokens; something that can be iterated over again, so no generator.

    Yields:
        The corpus' sequences of tokens, as they are.

    Raises:
        TypeError: if the corpus can be read only once, or a sequence is a plain string or no sequence.

    Example:
        >>> list(sentences([["the", "cat"], ("sat",)]))
        [['the', 'cat'], ('sat',)]
    """
    if isinstance(corpus, str | bytes) or not isinstance(corpus, Iterable):
        raise TypeError(f"`corpus`: expected sequences of tokens, got {type(corpus).__name__}")
    if iter(corpus) is corpus:
        raise TypeError(
            "`corpus`: expected something that can be read more than once, such as a list or an object "
            f"whose __iter__ opens the file anew, got {type(corpus).__name__}"
        )
    for number, tokens in enumerate(corpus):
        if isinstance(tokens, str | bytes) or not isinstance(tokens, Sequence):
            shown = repr(tokens[:40]) if isinstance(tokens, str) else type(tokens).__name__
            raise TypeError(f"`corpus`: expected a sequence of tokens at position {number}, got {shown}")
        yield tokens


@dataclass(frozen=True, eq=False)
class Vocabulary:
    r"""The words of a corpus with their counts, the most frequent first.

    Args:
        words: the words, each once.
        counts: how often each occurs, at least once, (word,).

    Raises:
        ValueError: if a word comes twice, or there is not one positive count for each word.

    Example:
        >>> vocab = Vocabulary.from_corpus([["the", "cat", "saw", "the", "dog"], ["the", "dog"]])
        >>> vocab.words, vocab.counts
        (('the', 'dog', 'cat', 'saw'), array([3, 2, 1, 1]))
        >>> vocab.encode(["a", "dog", "saw", "the", "cat"])
        array([1, 3, 0, 2])
    """

    words: tuple[str, ...]
    counts: Int64[np.ndarray, " word"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(self.words))
        object.__setattr__(self, "counts", np.asarray(self.counts, dtype=np.int64))
        require(len(self.index) == len(self.words), "words", "each word once", "one of them twice")
        expected = f"one count for each of the {len(self.words)} words"
        require(self.counts.shape == (len(self.words),), "counts", expected, f"shape {self.counts.shape}")
        require(bool((self.counts > 0).all()), "counts", "numbers above 0", "one that is not")

    @classmethod
    def from_corpus(cls, corpus: Corpus, *, min_count: int = 1) -> "Vocabulary":
        """Count the words of a corpus in one pass.

        Words of equal count come in alphabetical order, so the order of the corpus does not matter.

        Args:
            corpus: sequences of tokens, which can be read again.
            min_count: words that are rarer are left out.

        Returns:
            The vocabulary.

        Raises:
            ValueError: if the corpus has no word that occurs `min_count` times.
            TypeError: if it can be read only once, or holds something other than sequences of strings.
        """
        counter: Counter[str] = Counter()
        for tokens in progress(sentences(corpus), desc="vocabulary", unit=" sentences", leave=False):
            counter.update(tokens)
        require_type(next((word for word in counter if not isinstance(word, str)), ""), str, "token")
        kept = sorted((-count, word) for word, count in counter.items() if count >= min_count)
        got = f"{len(counter)} different words" if counter else "an empty one"
        require(bool(kept), "corpus", f"a corpus with a word that occurs {min_count} time(s)", got)
        return cls(tuple(word for _, word in kept), np.array([-count for count, _ in kept]))

    @cached_property
    def index(self) -> dict[str, int]:
        """The position of each word in `words`."""
        return {word: position for position, word in enumerate(self.words)}

    @property
    def total(self) -> int:
        """How many tokens of the corpus are words of the vocabulary."""
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def encode(self, tokens: Sequence[str], *, unknown: str = "drop") -> Int64[np.ndarray, " token"]:
        """The positions of tokens in `words`.

        Args:
            tokens: a sequence of words.
            unknown: what to do with tokens that are not in the vocabulary: "drop" them or "raise".

        Returns:
            One number a known token, in their order.

        Raises:
            ValueError: for an unknown token, if asked to.

        Example:
            >>> Vocabulary(("a", "b"), np.array([2, 1])).encode(["b", "c", "a"])
            array([1, 0])
        """
        require_choice(unknown, ("drop", "raise"), "unknown")
        positions = self._positions(tokens)
        known = positions >= 0
        if unknown == "raise" and not known.all():
            missing = ", ".join(repr(tokens[n]) for n in np.flatnonzero(~known)[:5])
            require(False, "tokens", "words of the vocabulary", missing)
        return positions[known]

    def encode_corpus(
        self, corpus: Corpus, at_once: int = 10_000
    ) -> Iterator[tuple[Int64[np.ndarray, " token"], Int64[np.ndarray, " token"]]]:
        """A corpus as numbers, some sentences at a time; unknown words are dropped.

        Args:
            corpus: sequences of tokens.
            at_once: how many sentences to take together.

        Yields:
            The positions of the known tokens in `words`, and the number of the sentence that each is from.

        Raises:
            TypeError: if the corpus can be read only once, or a sequence is a plain string or no sequence.

        Example:
            >>> vocab = Vocabulary(("a", "b"), np.array([2, 1]))
            >>> list(vocab.encode_corpus([["b", "c", "a"], ["a"]]))
            [(array([1, 0, 0]), array([0, 0, 1]))]
        """
        stream, before = sentences(corpus), 0
        while block := list(islice(stream, at_once)):
            lengths = np.fromiter(map(len, block), dtype=np.int64)
            positions = self._positions(chain.from_iterable(block))
            known = positions >= 0
            yield positions[known], (before + np.repeat(np.arange(len(block)), lengths))[known]
            before += len(block)

    def _positions(self, tokens: Iterable[str]) -> Int64[np.ndarray, " token"]:
        """The position of each token in `words`; -1 for those that are not there."""
        return np.fromiter(map(self.index.get, tokens, repeat(-1)), dtype=np.int64)

    def keep_probabilities(self, threshold: float) -> Float64[np.ndarray, " word"]:
        r"""With what probability subsampling keeps an occurrence of each word.

        A word whose share of all tokens is $f$ stays with probability
        $\min(1, \sqrt{t/f} + t/f)$ for the threshold $t$: the rule of the program that came with the paper,
        whose text has the first term only. [mikolov2013distributed]

        Args:
            threshold: $t$, such as 1e-3 to 1e-5; 0 keeps everything.

        Returns:
            A probability a word.

        Raises:
            ValueError: if the threshold is negative.

        Example:
            >>> Vocabulary(("the", "cat"), np.array([96, 4])).keep_probabilities(0.04).round(3)
            array([0.246, 1.   ])
        """
        require(threshold >= 0, "threshold", "a number >= 0", threshold)
        if threshold == 0:
            return np.ones(len(self))
        rarity = threshold * self.total / self.counts
        return np.minimum(1.0, np.sqrt(rarity) + rarity)

    def noise(self, power: float = 0.75) -> Float64[np.ndarray, " word"]:
        r"""The distribution that negative samples are drawn from, $P(w) \propto \mathrm{count}(w)^{3/4}$.

        Args:
            power: the exponent; 1 for the words' own frequencies, 0 for all words alike.

        Returns:
            A probability a word; they sum to 1. [mikolov2013distributed]

        Example:
            >>> Vocabulary(("the", "cat"), np.array([16, 1])).noise()
            array([0.88888889, 0.11111111])
        """
        weight = self.counts.astype(np.float64) ** power
        return weight / weight.sum()
