"""What models have in common that make a word's vector from its spelling, and so have one for any word."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from os import PathLike
from typing import Any, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Float32
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from cmlearn._validate import require, require_type
from cmlearn.embedding.vocabulary import Corpus, Vocabulary
from cmlearn.embedding.word2vec import Word2Vec
from cmlearn.embedding.word_vectors import WordVectors

Model = TypeVar("Model", bound="SubwordModel")

AT_ONCE = 1024
"""So many words get their vectors together."""


class SubwordModel(Word2Vec, ABC):
    """Word2Vec whose word vectors are made from spellings; a subclass says how."""

    def fit(self: Model, corpus: Corpus, y: None = None) -> Model:
        """Count the words, then learn in `epochs` passes, anew; as `Word2Vec.fit`.

        Args:
            corpus: sequences of tokens, which can be read again.
            y: not used.

        Returns:
            The model.

        Raises:
            ValueError: if no word occurs `min_count` times, or a setting is out of its range.
            TypeError: if the corpus can be read only once, or is not made of sequences of strings.
        """
        super().fit(corpus)
        return self

    def partial_fit(self: Model, corpus: Corpus, y: None = None) -> Model:
        """One more pass, over this corpus; the first call also counts the words, later ones learn no others.

        Args:
            corpus: sequences of tokens, which can be read again.
            y: not used.

        Returns:
            The model.

        Raises:
            ValueError: if the corpus has no known word, or a setting is out of its range.
            TypeError: as in `fit`.
        """
        super().partial_fit(corpus)
        return self

    def transform(self, words: Sequence[str]) -> Float32[np.ndarray, "word dim"]:
        """The vectors of any words, whether the corpus had them or not.

        Args:
            words: words; a single string is refused, because its letters would be taken for words.

        Returns:
            A row a word.

        Raises:
            TypeError: if `words` is a string, or holds something else than strings.
            NotFittedError: before `fit`.
        """
        check_is_fitted(self, "vocab")
        words, found = check_words(words), [torch.zeros(0, self.dim)]
        with torch.no_grad():
            for start in range(0, len(words), AT_ONCE):
                found.append(self._compose(words[start : start + AT_ONCE]).cpu())
        return torch.cat(found).numpy()

    @property
    def vectors(self) -> WordVectors:
        """The vectors of the vocabulary, as they are now.

        Raises:
            NotFittedError: before `fit`.
        """
        check_is_fitted(self, "vocab")
        return WordVectors(self.vocab.words, self.transform(self.vocab.words), self.vocab.counts)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model, but for its device, to one `.npz` file of plain arrays.

        Raises:
            NotFittedError: before `fit`.
        """
        check_is_fitted(self, "vocab")
        settings = {name: value for name, value in self.get_params().items() if name != "device"}
        text = json.dumps({"settings": settings, "words": self.vocab.words})
        arrays: dict[str, Any] = {name: x.detach().cpu().numpy() for name, x in self._state().items()}
        arrays[type(self).__name__] = np.frombuffer(text.encode(), np.uint8)
        with open(path, "wb") as file:
            np.savez(file, counts=self.vocab.counts, **arrays)

    @classmethod
    def load(
        cls: type[Model], path: str | PathLike[str], *, device: str | torch.device | None = None
    ) -> Model:
        """Read what `save` wrote.

        Args:
            path: the file.
            device: where to compute; `None` for `cm.device()`.

        Raises:
            ValueError: if the file holds something else.
        """
        with np.load(path, allow_pickle=False) as file, torch.no_grad():
            require(cls.__name__ in file, "path", f"a file that `{cls.__name__}.save` wrote", sorted(file))
            text = json.loads(file[cls.__name__].tobytes())
            model = cls(**text["settings"], device=device)
            model._start(Vocabulary(tuple(text["words"]), file["counts"]))
            for name, tensor in model._state().items():
                tensor.copy_(torch.from_numpy(file[name]))
        return model

    @abstractmethod
    def _compose(self, words: Sequence[str]) -> Float[Tensor, "word dim"]:
        """The vectors of some words."""

    @abstractmethod
    def _state(self) -> dict[str, Tensor]:
        """All that was learned, by name: the tensors themselves, in which `load` writes."""


def check_words(words: Sequence[str]) -> list[str]:
    """The words as a list, if they are words."""
    if isinstance(words, str):
        raise TypeError(f"`words`: expected a sequence of words, got the string {words[:40]!r}")
    for word in words:
        require_type(word, str, "words")
    return list(words)
