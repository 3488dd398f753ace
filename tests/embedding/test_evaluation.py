"""Evaluation beside gensim's own, on random vectors of real words, and bad input."""

import numpy as np
import pytest

from cmlearn import data
from cmlearn.embedding import WordVectors, answer_analogies, word_similarity

LISTS = {"wordsim353.tsv": data.wordsim353, "simlex999.txt": data.simlex999}


@pytest.fixture(scope="module")
def vectors():
    """Random vectors for most of the words of all lists, a little alike within a question."""
    rng = np.random.default_rng(0)
    words = {word for load in LISTS.values() for pair in load().pairs for word in pair}
    words |= {word for question in data.analogies().questions for word in question}
    kept = [word for word in sorted(words) if rng.random() < 0.9]
    table = dict(zip(kept, rng.normal(size=(len(kept), 12)), strict=True))
    for a, b, c, d in data.analogies().questions[::40]:
        if {a, b, c, d} <= table.keys():
            table[d] = table[b] - table[a] + table[c]
    return WordVectors(kept, [table[word] for word in kept])


@pytest.mark.parametrize("name", LISTS)
def test_similarity_is_gensims(vectors, name):
    from gensim.test.utils import datapath

    ratings = LISTS[name]()
    score = word_similarity(vectors, ratings.pairs, ratings.scores)
    _, spearman, missing = vectors.to_keyedvectors().evaluate_word_pairs(datapath(name))
    assert score.correlation == pytest.approx(spearman.statistic, abs=1e-6)
    assert score.coverage == pytest.approx(1 - missing / 100)
    assert 0.5 < score.coverage < 1


def test_analogies_are_gensims(vectors):
    from gensim.test.utils import datapath

    score = answer_analogies(vectors, data.analogies().questions)
    expected, sections = vectors.to_keyedvectors().evaluate_word_analogies(datapath("questions-words.txt"))
    covered = sum(len(sections[-1][kind]) for kind in ("correct", "incorrect"))
    assert score.accuracy == pytest.approx(expected)
    assert score.covered.sum() == covered
    assert 0 < score.accuracy < 1
    assert (score.covered | ~score.right).all()


def test_no_question_is_covered():
    score = answer_analogies(WordVectors(["a"], [[1.0]]), [("w", "x", "y", "z")])
    assert score.coverage == 0
    assert np.isnan(score.accuracy)


@pytest.mark.errors
def test_bad_input(vectors):
    with pytest.raises(ValueError, match="`scores`: expected one for each of 2 pairs"):
        word_similarity(vectors, [("a", "b"), ("b", "c")], [1])
    with pytest.raises(
        ValueError, match="`pairs`: expected at least two pairs whose words have vectors, got 0"
    ):
        word_similarity(vectors, [("unheard", "of"), ("un", "heard")], [1, 2])
    with pytest.raises(ValueError, match="`questions`: expected at least one, got none"):
        answer_analogies(vectors, [])
