"""Embedding learning: how a symbol gets a vector, and what it takes for that vector to meet a picture."""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.embedding.bag_of_words import BagOfWords as BagOfWords
    from cmlearn.embedding.bag_of_words import TfIdf as TfIdf
    from cmlearn.embedding.bag_of_words import VisualWords as VisualWords
    from cmlearn.embedding.bag_of_words import contrast_normalize as contrast_normalize
    from cmlearn.embedding.bag_of_words import image_patches as image_patches
    from cmlearn.embedding.char2vec import Char2Vec as Char2Vec
    from cmlearn.embedding.char2vec import SplitEncoder as SplitEncoder
    from cmlearn.embedding.cooccurrence import cooccurrences as cooccurrences
    from cmlearn.embedding.cooccurrence import ppmi as ppmi
    from cmlearn.embedding.devise import DeViSE as DeViSE
    from cmlearn.embedding.devise import hinge_rank as hinge_rank
    from cmlearn.embedding.devise import ridge_map as ridge_map
    from cmlearn.embedding.doc2vec import Doc2Vec as Doc2Vec
    from cmlearn.embedding.doc2vec import paragraph_context as paragraph_context
    from cmlearn.embedding.doc2vec import paragraph_loss as paragraph_loss
    from cmlearn.embedding.evaluation import AnalogyScore as AnalogyScore
    from cmlearn.embedding.evaluation import SimilarityScore as SimilarityScore
    from cmlearn.embedding.evaluation import answer_analogies as answer_analogies
    from cmlearn.embedding.evaluation import word_similarity as word_similarity
    from cmlearn.embedding.fasttext import FastText as FastText
    from cmlearn.embedding.glove import GloVe as GloVe
    from cmlearn.embedding.glove import glove_loss as glove_loss
    from cmlearn.embedding.glove import glove_weight as glove_weight
    from cmlearn.embedding.semantic_encoder import SemanticEncoder as SemanticEncoder
    from cmlearn.embedding.semantic_encoder import SentenceEncoder as SentenceEncoder
    from cmlearn.embedding.semantic_encoder import SeriesEncoder as SeriesEncoder
    from cmlearn.embedding.semantic_encoder import pad_series as pad_series
    from cmlearn.embedding.vocabulary import Vocabulary as Vocabulary
    from cmlearn.embedding.word2vec import Word2Vec as Word2Vec
    from cmlearn.embedding.word_vectors import WordVectors as WordVectors

_NAMES = {
    "AnalogyScore": "evaluation",
    "SimilarityScore": "evaluation",
    "answer_analogies": "evaluation",
    "word_similarity": "evaluation",
    "Word2Vec": "word2vec",
    "BagOfWords": "bag_of_words",
    "TfIdf": "bag_of_words",
    "VisualWords": "bag_of_words",
    "contrast_normalize": "bag_of_words",
    "image_patches": "bag_of_words",
    "Char2Vec": "char2vec",
    "SplitEncoder": "char2vec",
    "FastText": "fasttext",
    "GloVe": "glove",
    "cooccurrences": "cooccurrence",
    "glove_loss": "glove",
    "glove_weight": "glove",
    "ppmi": "cooccurrence",
    "Doc2Vec": "doc2vec",
    "paragraph_context": "doc2vec",
    "paragraph_loss": "doc2vec",
    "DeViSE": "devise",
    "hinge_rank": "devise",
    "ridge_map": "devise",
    "SemanticEncoder": "semantic_encoder",
    "SentenceEncoder": "semantic_encoder",
    "SeriesEncoder": "semantic_encoder",
    "pad_series": "semantic_encoder",
    "Vocabulary": "vocabulary",
    "WordVectors": "word_vectors",
}
_MODULES = {*_NAMES.values()}

__all__ = sorted({*_NAMES, *_MODULES})
__getattr__, __dir__ = lazy(__name__, _NAMES, _MODULES)
