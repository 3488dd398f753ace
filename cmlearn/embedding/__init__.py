"""Embedding learning: how a symbol gets a vector, and what it takes for that vector to meet a picture."""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.embedding.bag_of_words import BagOfWords as BagOfWords
    from cmlearn.embedding.bag_of_words import TfIdf as TfIdf
    from cmlearn.embedding.bag_of_words import VisualWords as VisualWords
    from cmlearn.embedding.bag_of_words import contrast_normalize as contrast_normalize
    from cmlearn.embedding.bag_of_words import image_patches as image_patches
    from cmlearn.embedding.vocabulary import Vocabulary as Vocabulary
    from cmlearn.embedding.word_vectors import WordVectors as WordVectors

_NAMES = {
    "BagOfWords": "bag_of_words",
    "TfIdf": "bag_of_words",
    "VisualWords": "bag_of_words",
    "contrast_normalize": "bag_of_words",
    "image_patches": "bag_of_words",
    "Vocabulary": "vocabulary",
    "WordVectors": "word_vectors",
}
_MODULES = {"bag_of_words", "vocabulary", "word_vectors"}

__all__ = sorted({*_NAMES, *_MODULES})
__getattr__, __dir__ = lazy(__name__, _NAMES, _MODULES)
