"""Word vectors beside gensim's `KeyedVectors`, through a file and back, and bad input."""

import sys

import numpy as np
import pytest
import torch
from gensim.models import KeyedVectors

from cmlearn.embedding import WordVectors

WORDS = [f"word{n}" for n in range(30)]


@pytest.fixture
def vectors():
    table = np.random.default_rng(0).normal(size=(30, 4))
    return WordVectors(WORDS, table, counts=np.arange(30, 0, -1))


@pytest.fixture
def keyed(vectors):
    return vectors.to_keyedvectors()


def assert_same_ranking(ours, theirs):
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([x for _, x in ours], [x for _, x in theirs], atol=1e-6)


def test_similarity_is_gensims(vectors, keyed):
    assert vectors.similarity("word1", "word2") == pytest.approx(keyed.similarity("word1", "word2"), abs=1e-6)
    assert vectors.similarity("word1", "word1") == pytest.approx(1)


def test_neighbours_are_gensims(vectors, keyed):
    assert_same_ranking(vectors.most_similar("word3"), keyed.most_similar("word3"))
    direction = np.ones(4, dtype=np.float32)
    assert_same_ranking(vectors.most_similar(direction, 3), keyed.similar_by_vector(direction, topn=3))


def test_analogies_are_gensims(vectors, keyed):
    theirs = keyed.most_similar(positive=["word2", "word3"], negative=["word1"], topn=5)
    ours = vectors.analogy("word1", "word2", "word3", k=5)
    assert [word for word, _ in ours] == [word for word, _ in theirs]


def test_there_and_back_through_gensim(vectors, keyed):
    back = WordVectors.from_keyedvectors(keyed)
    assert back.words == vectors.words
    assert (back.vectors == vectors.vectors).all()
    assert (back.counts == vectors.counts).all()
    bare = KeyedVectors(2)
    bare.add_vectors(["a"], [[1, 2]])
    assert WordVectors.from_keyedvectors(bare).counts is None


@pytest.mark.parametrize("counts", [None, [2, 1]])
def test_there_and_back_through_a_file(tmp_path, counts):
    vectors = WordVectors(["naïve", "a\nb"], torch.tensor([[1.0, 2.0], [3.0, 4.0]]), counts)
    vectors.save(tmp_path / "vectors")
    back = WordVectors.load(tmp_path / "vectors")
    assert back.words == ("naïve", "a\nb")
    assert (back.vectors == vectors.vectors).all()
    assert counts is None or back.counts.tolist() == counts


def test_a_vector_of_zeros_resembles_nothing():
    vectors = WordVectors(["a", "b"], [[0.0, 0.0], [1.0, 0.0]])
    assert vectors.similarity("a", "b") == 0


def test_no_more_neighbours_than_there_are(vectors):
    assert len(vectors.most_similar("word3", k=100)) == 29
    assert len(vectors.most_similar("word3", k=100, exclude=["word4"])) == 28
    assert vectors.most_similar("word3", k=0) == []


def test_what_it_says_of_itself(vectors):
    assert repr(vectors) == "WordVectors(30 words, 4 dimensions)"
    assert len(vectors) == 30
    assert "word3" in vectors
    assert "word30" not in vectors


@pytest.mark.errors
@pytest.mark.parametrize(
    "ask",
    [
        lambda vectors: vectors["unheard"],
        lambda vectors: vectors.similarity("word1", "unheard"),
        lambda vectors: vectors.most_similar("unheard"),
        lambda vectors: vectors.most_similar("word1", exclude=["unheard"]),
        lambda vectors: vectors.analogy("word1", "word2", "unheard"),
    ],
)
def test_unknown_words_are_named(vectors, ask):
    with pytest.raises(KeyError, match="there is no vector for the word 'unheard' among these 30 words"):
        ask(vectors)


@pytest.mark.errors
def test_wrong_dimensions():
    with pytest.raises(ValueError, match=r"`vectors`: expected shape \(2, dim\), a row a word, got \(3, 1\)"):
        WordVectors(["a", "b"], [[1], [2], [3]])
    with pytest.raises(ValueError, match="`words`: expected each word once"):
        WordVectors(["a", "a"], [[1], [2]])
    with pytest.raises(ValueError, match=r"`counts`: expected shape \(2,\), got \(1,\)"):
        WordVectors(["a", "b"], [[1], [2]], [1])
    with pytest.raises(ValueError, match=r"`query`: expected a word or shape \(2,\), got \(3,\)"):
        WordVectors(["a", "b"], np.eye(2)).most_similar([1, 2, 3])


@pytest.mark.errors
def test_a_file_of_something_else(tmp_path):
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    with pytest.raises(ValueError, match="`path`: expected a file that `save` wrote"):
        WordVectors.load(tmp_path / "other.npz")


@pytest.mark.errors
def test_without_gensim(vectors, monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    with pytest.raises(ModuleNotFoundError, match="`to_keyedvectors` needs gensim: pip install gensim"):
        vectors.to_keyedvectors()
