r"""fastText: a word's vector is the sum of the vectors of its character n-grams.

The word *where* is written `<where>`, and with $n = 3$ it has the n-grams `<wh`, `whe`, `her`, `ere` and
`re>`. Every n-gram $g$ has a vector $z_g$, and so does each word of the vocabulary as a whole. In skip-gram
the sum stands in the place of the word's vector,

$$v_w = z_w + \sum_{g \in G_w} z_g,$$

so words that share pieces learn from each other, and a word that the corpus never had is the sum of the
n-grams that it shares with those it had. There are many n-grams, so they share rows: an n-gram's row is found
by hashing it. [bojanowski2017enriching]
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from cmlearn.embedding._subword import SubwordModel
from cmlearn.embedding.vocabulary import Vocabulary
from cmlearn.embedding.word2vec import _Table
from cmlearn.matching.dual_encoder import NgramTokenizer

__all__ = ["FastText"]


class FastText(SubwordModel):
    r"""Word2Vec with the sum of n-gram vectors in the place of each word's vector.

    All settings but three are those of `Word2Vec`. As a word's vector has many parts, each of which moves,
    steps are shorter. The n-grams are those of `NgramTokenizer`: case-folded, with `<` and `>` at the ends of
    the word, and hashed by CRC-32. Only rows that the vocabulary's n-grams hash to are kept; other
    n-grams add nothing. The vector of a word that is not in the vocabulary and has no known n-gram is 0.

    Args:
        dim: how many numbers a vector has.
        shortest: characters in the shortest n-gram.
        longest: characters in the longest n-gram.
        buckets: how many values the hash has, one more than there can be rows.
        window: how many words to each side count as near, at most 16.
        negatives: $k$, how many negatives a pair stands against.
        epochs: passes over the corpus in `fit`.
        method: "skipgram" or "cbow".
        min_count: rarer words are left out.
        subsample: the threshold of `Vocabulary.keep_probabilities`; 0 keeps every token.
        lr: the step length of AdaGrad, with one number a row.
        noise_power: negatives are drawn by their counts to this power.
        batch_size: tokens a step, a multiple of 64; `None` for 1,024 on a CPU and 16,384 on a GPU.
        workers: as in `Word2Vec`.
        device: where to compute; `None` for `cm.device()`.

    Attributes:
        vocab: the `Vocabulary` of the corpus.

    Example:
        >>> corpus = [["red", "apples", "ripen"], ["red", "cherries", "ripen"]] * 50
        >>> model = FastText(dim=8, epochs=2, min_count=1).fit(corpus)
        >>> "apple" in model.vocab, model.transform(["apple"]).shape
        (False, (1, 8))
    """

    def __init__(
        self,
        dim: int = 100,
        *,
        shortest: int = 3,
        longest: int = 6,
        buckets: int = 2**21,
        window: int = 5,
        negatives: int = 5,
        epochs: int = 5,
        method: str = "skipgram",
        min_count: int = 5,
        subsample: float = 1e-3,
        lr: float = 0.05,
        noise_power: float = 0.75,
        batch_size: int | None = None,
        workers: int = 1,
        device: str | torch.device | None = None,
    ) -> None:
        super().__init__(
            dim,
            window=window,
            negatives=negatives,
            epochs=epochs,
            method=method,
            min_count=min_count,
            subsample=subsample,
            lr=lr,
            noise_power=noise_power,
            batch_size=batch_size,
            workers=workers,
            device=device,
        )
        self.shortest = shortest
        self.longest = longest
        self.buckets = buckets

    def _check(self) -> None:
        super()._check()
        self._tokenizer()

    def _tokenizer(self) -> NgramTokenizer:
        return NgramTokenizer(self.buckets, shortest=self.shortest, longest=self.longest)

    def _start(self, vocab: Vocabulary) -> None:
        super()._start(vocab)
        numbers = _ngram_numbers(vocab.words, self._tokenizer())
        used = sorted({number for row in numbers for number in row})
        self._row = {number: row for row, number in enumerate(used, start=len(vocab))}
        start = (torch.rand(len(vocab) + len(used), self.dim) - 0.5) / self.dim
        parts = [[own, *map(self._row.__getitem__, row)] for own, row in enumerate(numbers)]
        self._words = _SubwordTable(start.to(self._device), parts)

    def _compose(self, words: Sequence[str]) -> Float[Tensor, "word dim"]:
        parts = []
        for word, numbers in zip(words, _ngram_numbers(words, self._tokenizer()), strict=True):
            own = [self.vocab.index[word]] if word in self.vocab else []
            parts.append(own + [self._row[number] for number in numbers if number in self._row])
        flat, count = _flatten(parts, self._device)
        return _sums(self._words.rows, flat, count)

    def _state(self) -> dict[str, Tensor]:
        tables = {"words": self._words, "contexts": self._contexts}
        rows = {f"{name}.rows": table.rows for name, table in tables.items()}
        return rows | {f"{name}.squares": table._squares for name, table in tables.items()}


class _SubwordTable(_Table):
    """Vectors of words and n-grams; what is read and taught as a word's vector is the sum of its parts."""

    def __init__(self, rows: Float[Tensor, "part dim"], parts: Sequence[Sequence[int]]) -> None:
        super().__init__(rows)
        self._flat, self._count = _flatten(parts, rows.device)
        self._first = self._count.cumsum(0) - self._count

    def gather(self, ids: Int64[Tensor, " token"]) -> Float[Tensor, "token dim"]:
        words, place = torch.unique(ids, return_inverse=True)
        return _sums(self.rows, self._parts(words), self._count[words])[place]

    def ascend(self, ids: Int64[Tensor, " token"], gradient: Float[Tensor, "token dim"], lr: float) -> None:
        """The gradient by each part is that by the sum."""
        words, place = torch.unique(ids, return_inverse=True)
        by_word = gradient.new_zeros(len(words), gradient.shape[1]).index_add_(0, place, gradient)
        super().ascend(self._parts(words), by_word.repeat_interleave(self._count[words], dim=0), lr)

    def _parts(self, words: Int64[Tensor, " word"]) -> Int64[Tensor, " part"]:
        """The rows of some words' parts, one word after the other."""
        count = self._count[words]
        jump = self._first[words] - (count.cumsum(0) - count)
        position = torch.arange(int(count.sum()), device=count.device) + jump.repeat_interleave(count)
        return self._flat[position]


def _ngram_numbers(words: Sequence[str], tokenizer: NgramTokenizer) -> list[list[int]]:
    """The hashes of each word's n-grams; of what the tokenizer returns the first is that of the whole."""
    found = (tokenizer(word.split() or [""])[:, 1:] for word in words)
    return [numbers[numbers > 0].tolist() for numbers in found]


def _flatten(
    parts: Sequence[Sequence[int]], device: torch.device
) -> tuple[Int64[Tensor, " part"], Int64[Tensor, " word"]]:
    """Lists as one, and the length of each."""
    flat = torch.tensor([row for rows in parts for row in rows], dtype=torch.int64, device=device)
    return flat, torch.tensor([len(rows) for rows in parts], dtype=torch.int64, device=device)


def _sums(
    rows: Float[Tensor, "row dim"], flat: Int64[Tensor, " part"], count: Int64[Tensor, " word"]
) -> Float[Tensor, "word dim"]:
    """The sum of the first `count[0]` of the rows in `flat`, of the next `count[1]`, and so on."""
    return F.embedding_bag(flat, rows, count.cumsum(0) - count, mode="sum")
