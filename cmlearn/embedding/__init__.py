"""Embedding learning: how a symbol gets a vector, and what it takes for that vector to meet a picture."""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.embedding.vocabulary import Vocabulary as Vocabulary
    from cmlearn.embedding.word_vectors import WordVectors as WordVectors

_NAMES = {"Vocabulary": "vocabulary", "WordVectors": "word_vectors"}
_MODULES = {"vocabulary", "word_vectors"}

__all__ = sorted({*_NAMES, *_MODULES})
__getattr__, __dir__ = lazy(__name__, _NAMES, _MODULES)
