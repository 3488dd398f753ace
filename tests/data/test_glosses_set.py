import numpy as np
import pytest

from cmlearn.data import glosses


@pytest.fixture(scope="module")
def data():
    return glosses()


def test_shapes_and_types(data):
    count = len(data.texts)
    assert len(data.lemmas) == count
    for number, names in ((data.part_of_speech, data.parts_of_speech), (data.lexname, data.lexnames)):
        assert number.shape == (count,)
        assert sorted(set(number.tolist())) == list(range(len(names)))
    assert data.hypernyms.shape[1] == 2
    assert data.hypernyms.min() >= 0
    assert data.hypernyms.max() < count


def test_every_synset_has_words_and_a_text(data):
    assert all(words and all(words) for words in data.lemmas)
    assert all(text == text.strip() and text for text in data.texts)
    assert not any("_" in word or word.endswith(")") for words in data.lemmas for word in words)


def test_a_synset_and_what_it_is_a_kind_of(data):
    i = next(i for i, words in enumerate(data.lemmas) if "rose" in words and data.lexname[i] == 20)
    above = [data.lemmas[j][0] for j in data.hypernyms[data.hypernyms[:, 0] == i, 1]]
    assert above == ["shrub"]
    assert data.lexnames[20] == "noun.plant"


def test_hypernyms_stay_within_nouns_or_verbs_and_make_no_circle(data):
    lower, upper = data.part_of_speech[data.hypernyms].T
    assert (lower == upper).all()
    assert set(lower.tolist()) == {0, 1}
    left = data.hypernyms
    while len(left):  # take off what nothing is a kind of, until nothing is left
        leaves = ~np.isin(left[:, 0], left[:, 1])
        assert leaves.any()
        left = left[~leaves]


def test_most_hypernyms_are_of_the_same_class(data):
    lower, upper = data.lexname[data.hypernyms].T
    assert np.mean(lower == upper) > 0.9


def test_split_divides_no_family(data, check_split):
    check_split(data.split, len(data.texts), data.family)
    assert 0.08 < len(data.split.test) / len(data.texts) < 0.12
    assert 0.08 < len(data.split.validation) / len(data.texts) < 0.12


def test_a_family_is_one_first_hypernym_or_one_definition(data):
    first = dict(reversed(data.hypernyms.tolist()))
    child = np.array(list(first))
    by_parent = data.family[child]
    parent = np.array([first[i] for i in child.tolist()])
    assert len(set(zip(parent.tolist(), by_parent.tolist(), strict=True))) == len(set(parent.tolist()))
    definitions = [text.partition('; "')[0] for text in data.texts]
    assert len(set(zip(definitions, data.family.tolist(), strict=True))) == len(set(definitions))


def test_sentences_are_the_words_and_then_the_gloss(data):
    i = data.lemmas.index(("Stanford-Binet test",))
    assert data.texts[i] == "revision of the Binet-Simon Scale"
    expected = "stanford binet test revision of the binet simon scale"
    assert data.sentences[i] == tuple(expected.split())
    assert len(data.sentences) == len(data.texts)
    assert data.sentences is data.sentences
