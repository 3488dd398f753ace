r"""Char2Vec: a word's vector is read off its characters, at the places where it might be split.

An LSTM reads the characters $c_1 \dots c_m$ of a word from the left and another one from the right. At the
split after character $i$ the first has seen a prefix, and is in state $\overrightarrow{h}_i$; the second has
seen the suffix, and is in state $\overleftarrow{h}_{i+1}$. Both together make the split's vector, an
attention says how much each split counts, and the word is the sum:

$$s_i = W [\overrightarrow{h}_i; \overleftarrow{h}_{i+1}] + b, \qquad
  a_i = \frac{\exp(q \cdot \tanh(U s_i))}{\sum_j \exp(q \cdot \tanh(U s_j))}, \qquad
  v_w = \sum_i a_i s_i.$$

This vector takes the place of the word's vector in skip-gram with negative sampling. A word has no numbers of
its own, so any string has a vector. [cao2016joint] The layers are those of the authors' program, which also
keeps the scores $q \cdot \tanh(U s_i)$ small by an L2 penalty; here there is none.

The first and the last character are marks for the beginning and the end of the word. So a word of $n$ letters
has $n + 1$ splits: the outer two leave it whole, as a suffix and as a prefix.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from cmlearn._validate import require, require_counts, require_ndim, require_type
from cmlearn.embedding._subword import SubwordModel
from cmlearn.embedding.vocabulary import Vocabulary
from cmlearn.embedding.word2vec import skipgram_gradient, window_weights

__all__ = ["Char2Vec", "SplitEncoder"]

BEGIN, END, UNKNOWN, FIRST = 1, 2, 3, 4
"""Numbers of the marks, of characters that the corpus did not have, and of the first that it had."""


class SplitEncoder(nn.Module):
    r"""Words as rows of character numbers to vectors: $v_w = \sum_i a_i s_i$ over the splits of a word.

    Args:
        characters: how many character numbers there are, with 0 for padding.
        dim: how many numbers a word's vector has.
        width: how many numbers a character's vector has.
        hidden: how many numbers the state of each of the two LSTMs has.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if a size is not positive.

    Example:
        >>> SplitEncoder(30, 16)(torch.tensor([[1, 7, 8, 2], [1, 7, 2, 0]])).shape
        torch.Size([2, 16])
    """

    def __init__(
        self,
        characters: int,
        dim: int,
        *,
        width: int = 32,
        hidden: int = 64,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require_counts(characters=characters, dim=dim, width=width, hidden=hidden)
        factory: dict[str, Any] = {"device": device, "dtype": dtype}
        self.characters = nn.Embedding(characters, width, padding_idx=0, **factory)
        self.states = nn.LSTM(width, hidden, batch_first=True, bidirectional=True, **factory)
        self.compose = nn.Linear(2 * hidden, dim, **factory)
        self.score = nn.Sequential(
            nn.Linear(dim, dim, bias=False, **factory), nn.Tanh(), nn.Linear(dim, 1, bias=False, **factory)
        )

    def forward(self, characters: Int64[Tensor, "word length"]) -> Float[Tensor, "word dim"]:
        """The vector of each word.

        Args:
            characters: the numbers of each word's characters with its marks, so at least two, then 0.

        Returns:
            A row a word.

        Raises:
            ValueError: if `characters` is not two-dimensional, or a word has fewer than two.
        """
        split, attention = self.splits(characters)
        return (attention[:, :, None] * split).sum(dim=1)

    def splits(
        self, characters: Int64[Tensor, "word length"]
    ) -> tuple[Float[Tensor, "word split dim"], Float[Tensor, "word split"]]:
        """What stands at each split of each word.

        Args:
            characters: as in `forward`.

        Returns:
            The vector of each split, $s$, and its share of attention, $a$, which is 0 beyond the word's end.

        Raises:
            ValueError: as in `forward`.

        Example:
            >>> vectors, attention = SplitEncoder(30, 16).splits(torch.tensor([[1, 7, 8, 2], [1, 7, 2, 0]]))
            >>> vectors.shape, attention.shape, attention[1, 2].item()
            (torch.Size([2, 3, 16]), torch.Size([2, 3]), 0.0)
        """
        require_ndim(characters, 2, "characters")
        length = (characters > 0).sum(dim=1)
        require(bool((length >= 2).all()), "characters", "2 or more in each word", f"{int(length.min())}")
        prefix, suffix = self._read(characters, length)
        split = self.compose(torch.cat([prefix, suffix], dim=2))
        beyond = torch.arange(1, characters.shape[1], device=length.device) >= length[:, None]
        return split, self.score(split)[:, :, 0].masked_fill(beyond, -torch.inf).softmax(dim=1)

    def _read(
        self, characters: Int64[Tensor, "word length"], length: Int64[Tensor, " word"]
    ) -> tuple[Float[Tensor, "word split hidden"], Float[Tensor, "word split hidden"]]:
        """The state before each split, read from the left, and the state after it, read from the right."""
        packed = pack_padded_sequence(
            self.characters(characters), length.cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(
            self.states(packed)[0], batch_first=True, total_length=characters.shape[1]
        )
        left, right = states.chunk(2, dim=2)
        return left[:, :-1], right[:, 1:]


class Char2Vec(SubwordModel):
    r"""Skip-gram with negative sampling for a `SplitEncoder`: vectors of any words, from their characters.

    Contexts have vectors of their own, as in `Word2Vec`, and learn as there. The encoder follows the same
    gradient, taken on through its layers, with Adam. Its work grows with the number of
    different words in a step, so larger steps cost less. Characters that the vocabulary does not have all
    count as one, whose vector is 0.

    Args:
        dim: how many numbers a word's vector has.
        width: how many numbers a character's vector has.
        hidden: how many numbers the state of each LSTM has.
        window: how many words to each side count as near, at most 16.
        negatives: $k$, how many negatives a pair stands against.
        epochs: passes over the corpus in `fit`.
        min_count: rarer words are left out.
        subsample: the threshold of `Vocabulary.keep_probabilities`; 0 keeps every token.
        lr: the step length of the contexts, for AdaGrad with one number a word.
        encoder_lr: the step length of the encoder, for Adam.
        noise_power: negatives are drawn by their counts to this power.
        batch_size: tokens a step, a multiple of 64; `None` for 1,024 on a CPU and 16,384 on a GPU.
        device: where to compute; `None` for `cm.device()`.

    Attributes:
        vocab: the `Vocabulary` of the corpus.
        encoder: the `SplitEncoder`.

    Example:
        >>> corpus = [["red", "apples", "ripen"], ["red", "cherries", "ripen"]] * 20
        >>> model = Char2Vec(dim=8, epochs=1, min_count=1).fit(corpus)
        >>> model.transform(["apple", "aplpes"]).shape
        (2, 8)
        >>> model.attention("apple").shape  # |apple, a|pple, ..., apple|
        (6,)
    """

    def __init__(
        self,
        dim: int = 100,
        *,
        width: int = 32,
        hidden: int = 64,
        window: int = 5,
        negatives: int = 5,
        epochs: int = 5,
        min_count: int = 5,
        subsample: float = 1e-3,
        lr: float = 0.2,
        encoder_lr: float = 3e-3,
        noise_power: float = 0.75,
        batch_size: int | None = None,
        device: str | torch.device | None = None,
    ) -> None:
        super().__init__(
            dim,
            window=window,
            negatives=negatives,
            epochs=epochs,
            min_count=min_count,
            subsample=subsample,
            lr=lr,
            noise_power=noise_power,
            batch_size=batch_size,
            device=device,
        )
        self.width = width
        self.hidden = hidden
        self.encoder_lr = encoder_lr

    def attention(self, word: str) -> Float32[np.ndarray, " split"]:
        """How much each split of a word counts in its vector.

        Args:
            word: any word, of n characters.

        Returns:
            n + 1 shares that sum to 1; number i is that of the split after i characters.

        Raises:
            TypeError: if it is no string.
            NotFittedError: before `fit`.
        """
        require_type(word, str, "word")
        check_is_fitted(self, "vocab")
        with torch.no_grad():
            return self.encoder.splits(self._encode([word]))[1][0].cpu().numpy()

    def _check(self) -> None:
        super()._check()
        require_counts(width=self.width, hidden=self.hidden)
        require(self.encoder_lr > 0, "encoder_lr", "a number above 0", self.encoder_lr)

    def _start(self, vocab: Vocabulary) -> None:
        super()._start(vocab)
        self._alphabet = {c: n for n, c in enumerate(sorted(set("".join(vocab.words))), start=FIRST)}
        characters = FIRST + len(self._alphabet)
        self.encoder = SplitEncoder(
            characters, self.dim, width=self.width, hidden=self.hidden, device=self._device
        )
        nn.init.zeros_(self.encoder.characters.weight[UNKNOWN])
        self._optimizer = torch.optim.Adam(self.encoder.parameters(), lr=self.encoder_lr)
        self._spelling = self._encode(vocab.words)

    def _encode(self, words: Sequence[str]) -> Int64[Tensor, "word length"]:
        """Words as numbers of characters between marks, padded with 0."""
        spelt = [[BEGIN, *(self._alphabet.get(c, UNKNOWN) for c in word), END] for word in words]
        return pad_sequence([torch.tensor(row) for row in spelt], batch_first=True).to(self._device)

    def _step(
        self,
        ids: Int64[Tensor, " token"],
        sentence: Int64[Tensor, " token"],
        drawn: Int64[Tensor, "group negative"],
    ) -> None:
        words, place = torch.unique(ids, return_inverse=True)
        spelling = self._spelling[words]
        vectors = self.encoder(spelling[:, : int((spelling > 0).sum(dim=1).max())])
        gradient = skipgram_gradient(
            vectors.detach()[place],
            self._contexts.gather(ids),
            self._contexts.gather(drawn.flatten()).view(*drawn.shape, -1),
            window_weights(sentence, self.window),
            float(self.negatives),
        )
        self._optimizer.zero_grad()
        vectors.backward(torch.zeros_like(vectors).index_add_(0, place, gradient.words, alpha=-1 / len(ids)))
        self._optimizer.step()
        self._contexts.ascend(ids, gradient.contexts, self.lr)
        self._contexts.ascend(drawn.flatten(), gradient.negatives.flatten(0, 1), self.lr)

    def _compose(self, words: Sequence[str]) -> Float[Tensor, "word dim"]:
        vectors: Float[Tensor, "word dim"] = self.encoder(self._encode(words))
        return vectors

    def _state(self) -> dict[str, Tensor]:
        contexts = {"contexts.rows": self._contexts.rows, "contexts.squares": self._contexts._squares}
        return contexts | {f"encoder.{name}": x for name, x in self.encoder.state_dict().items()}
