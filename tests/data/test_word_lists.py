"""What is in gensim's word lists, and what happens without gensim."""

import sys

import numpy as np
import pytest

from cmlearn import data


@pytest.mark.parametrize(("load", "size"), [(data.wordsim353, 353), (data.simlex999, 999)])
def test_ratings(load, size):
    ratings = load()
    assert len(ratings) == len(ratings.pairs) == len(ratings.scores) == size
    assert (ratings.scores >= 0).all()
    assert (ratings.scores <= 10).all()
    assert np.isfinite(ratings.scores).all()
    assert all(word == word.lower().strip() for pair in ratings.pairs for word in pair)


def test_questions():
    questions = data.analogies()
    assert len(questions) == len(questions.category) == 19_544
    assert len(questions.categories) == 14
    assert set(questions.category) == set(range(14))
    assert all(len(question) == 4 for question in questions.questions)
    family = questions.categories.index("family")
    assert questions.questions[questions.category.index(family)] == ("boy", "girl", "brother", "sister")


@pytest.mark.errors
@pytest.mark.parametrize("load", [data.wordsim353, data.simlex999, data.analogies])
def test_without_gensim(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim.test.utils", None)
    with pytest.raises(ModuleNotFoundError, match="the word lists come with gensim: pip install gensim"):
        load()
