import numpy as np
import pytest

from cmlearn.data import emoji

LESSON_LANGUAGES = ("en", "zh", "es", "fr", "de", "ja", "ar", "ru", "hi", "pt")


@pytest.fixture(scope="module")
def data():
    return emoji()


def test_shapes_and_types(data):
    count = len(data.characters)
    assert data.styles == ("noto", "fluent", "twemoji", "openmoji")
    for pictures in data.images.values():
        assert pictures.shape == (count, 32, 32, 3)
        assert pictures.dtype == np.uint8
    for number, names in ((data.group, data.groups), (data.subgroup, data.subgroups)):
        assert number.dtype == np.int64
        assert sorted(set(number.tolist())) == list(range(len(names)))
    assert sorted(set(data.family.tolist())) == list(range(len(data.families)))


def test_every_picture_shows_something_on_white(data):
    for pictures in data.images.values():
        assert pictures.reshape(len(pictures), -1).std(axis=1).min() > 2
        assert pictures.mean() > 127


def test_every_concept_has_a_name_in_every_language(data):
    assert data.languages[:10] == LESSON_LANGUAGES
    assert 20 <= len(data.languages) <= 30
    for language in data.languages:
        assert len(data.names[language]) == len(data.keywords[language]) == len(data.characters)
        assert all(data.names[language])
    assert len(set(data.characters)) == len(data.characters)


def test_words_are_in_their_own_script(data):
    i = data.characters.index("🍎")
    expected = {"en": "red apple", "zh": "红苹果", "de": "roter Apfel", "ru": "красное яблоко"}
    assert {language: data.names[language][i] for language in expected} == expected
    assert "apple" in data.keywords["en"][i]


def test_no_flags_and_no_skin_tones(data):
    text = "".join(data.characters)
    assert not any(0x1F1E6 <= ord(c) <= 0x1F1FF or 0x1F3FB <= ord(c) <= 0x1F3FF for c in text)
    assert "Flags" not in data.groups


def test_split_divides_no_family(data, check_split):
    check_split(data.split, len(data.characters), data.family)
    assert (len(data.split.validation), len(data.split.test)) == (200, 300)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("man running", "woman running: facing right"),
        ("one o’clock", "eleven-thirty"),
        ("red heart", "light blue heart"),
        ("prince", "princess"),
        ("keycap: 3", "keycap: 8"),
        ("black small square", "white large square"),
    ],
)
def test_variants_are_one_family(data, left, right):
    names = data.names["en"]
    assert data.family[names.index(left)] == data.family[names.index(right)]


def test_concepts_drawn_the_same_are_one_family(data):
    for pictures in data.images.values():
        first = {}
        for i, picture in enumerate(pictures):
            j = first.setdefault(picture.tobytes(), i)
            assert data.family[i] == data.family[j]


def test_languages_can_be_chosen(data):
    chosen = emoji(["zh", "en"])
    assert chosen.languages == ("zh", "en")
    assert chosen.names["en"] == data.names["en"]
    assert chosen.characters == data.characters


@pytest.mark.errors
def test_a_language_that_is_not_there():
    with pytest.raises(ValueError, match=r"`languages`: expected one of 'en'.*got 'xx'"):
        emoji(["xx"])
    with pytest.raises(ValueError, match="`languages`: expected at least one"):
        emoji([])
