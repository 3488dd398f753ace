"""The vocabulary against a plain count, gensim's subsampling, and bad corpora."""

from collections import Counter

import numpy as np
import pytest
from gensim.models import Word2Vec

from cmlearn.embedding import Vocabulary
from cmlearn.embedding.vocabulary import sentences

CORPUS = [["b", "a", "a"], ("c", "a"), [], ["b", "d"]]


class Streamed:
    """A corpus that is never in memory as a whole, and says how often it was read."""

    def __init__(self):
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        yield from CORPUS


def test_counts_are_those_of_a_plain_count():
    vocab = Vocabulary.from_corpus(CORPUS)
    assert dict(zip(vocab.words, vocab.counts, strict=True)) == Counter(t for s in CORPUS for t in s)
    assert vocab.total == 7


def test_frequent_words_first_then_the_alphabet():
    assert Vocabulary.from_corpus(CORPUS).words == ("a", "b", "c", "d")
    assert Vocabulary.from_corpus(CORPUS[::-1]).words == ("a", "b", "c", "d")


def test_one_pass_over_a_stream():
    corpus = Streamed()
    assert Vocabulary.from_corpus(corpus).words == Vocabulary.from_corpus(CORPUS).words
    assert corpus.passes == 1


def test_rare_words_are_left_out():
    vocab = Vocabulary.from_corpus(CORPUS, min_count=2)
    assert vocab.words == ("a", "b")
    assert len(vocab) == 2
    assert "a" in vocab
    assert "c" not in vocab
    assert vocab.encode(["c", "b", "a", "b"]).tolist() == [1, 0, 1]


def test_encoding_nothing():
    encoded = Vocabulary.from_corpus(CORPUS).encode([])
    assert encoded.shape == (0,)
    assert encoded.dtype == np.int64


def test_subsampling_and_noise_are_gensims():
    corpus = [["the"] * 90 + ["cat"] * 9 + ["sat"]] * 3
    theirs = Word2Vec(corpus, vector_size=2, min_count=1, sample=0.01, epochs=1, workers=1)
    vocab = Vocabulary.from_corpus(corpus)
    assert list(vocab.words) == theirs.wv.index_to_key
    kept = [theirs.wv.get_vecattr(word, "sample_int") / 2**32 for word in vocab.words]
    np.testing.assert_allclose(vocab.keep_probabilities(0.01), kept, atol=1e-6)
    np.testing.assert_allclose(vocab.noise().cumsum(), theirs.cum_table / (2**31 - 1), atol=1e-8)


def test_no_threshold_keeps_everything():
    assert (Vocabulary.from_corpus(CORPUS).keep_probabilities(0.0) == 1).all()


@pytest.mark.errors
@pytest.mark.parametrize("corpus", [[], [[]], [["a"], ["b"]]])
def test_a_corpus_without_enough_words(corpus):
    with pytest.raises(ValueError, match=r"`corpus`: expected a corpus with a word that occurs 2 time\(s\)"):
        Vocabulary.from_corpus(corpus, min_count=2)


@pytest.mark.errors
def test_a_corpus_that_is_gone_after_one_pass():
    with pytest.raises(TypeError, match="`corpus`: expected something that can be read more than once"):
        Vocabulary.from_corpus(tokens for tokens in CORPUS)


@pytest.mark.errors
@pytest.mark.parametrize("corpus", ["the cat sat", 3])
def test_no_corpus_at_all(corpus):
    with pytest.raises(TypeError, match="`corpus`: expected sequences of tokens, got"):
        Vocabulary.from_corpus(corpus)


@pytest.mark.errors
@pytest.mark.parametrize("tokens", ["the cat sat", 3])
def test_text_that_was_not_split(tokens):
    with pytest.raises(TypeError, match="`corpus`: expected a sequence of tokens at position 1, got"):
        list(sentences([["a"], tokens]))


@pytest.mark.errors
def test_tokens_that_are_no_strings():
    with pytest.raises(TypeError, match="`token`: expected str, got int"):
        Vocabulary.from_corpus([["a", 1]])


@pytest.mark.errors
def test_bad_arguments():
    vocab = Vocabulary.from_corpus(CORPUS)
    with pytest.raises(ValueError, match="`tokens`: expected words of the vocabulary, got 'x', 'y'"):
        vocab.encode(["x", "a", "y"], unknown="raise")
    with pytest.raises(ValueError, match="`unknown`: expected one of 'drop', 'raise', got 'keep'"):
        vocab.encode(["x"], unknown="keep")
    with pytest.raises(ValueError, match="`threshold`: expected a number >= 0, got -1"):
        vocab.keep_probabilities(-1)
    with pytest.raises(ValueError, match="`words`: expected each word once"):
        Vocabulary(("a", "a"), [1, 1])
    with pytest.raises(ValueError, match="`counts`: expected one count for each of the 2 words"):
        Vocabulary(("a", "b"), [1])
    with pytest.raises(ValueError, match="`counts`: expected numbers above 0"):
        Vocabulary(("a", "b"), [1, 0])
