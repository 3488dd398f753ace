"""Counts and weights against scikit-learn's, visual words against naive loops, exact order blindness."""

import math
from itertools import permutations

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from cmlearn.embedding import BagOfWords, TfIdf, VisualWords, contrast_normalize, image_patches

TEXTS = [
    "The dog bites the man, and the man's dog doesn't bite.",
    "Ein Häschen saß im Walde — 3 Mal!",
    "a I",
    "",
    "state-of-the-art, state of the ART; 12_ab",
    "собака кусает собаку",
    "the the the the",
]


def pictures(n: int = 6, side: int = 16, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, side, side, 3))


@pytest.fixture(scope="module")
def words() -> VisualWords:
    return VisualWords(5, patch=4, stride=4, random_state=0).fit(pictures())


# Words.


@pytest.mark.parametrize("ngram_range", [(1, 1), (1, 2), (2, 3)])
@pytest.mark.parametrize("min_df", [1, 2])
def test_counts_are_those_of_scikit_learn(ngram_range: tuple[int, int], min_df: int) -> None:
    texts = TEXTS * 2 if ngram_range == (2, 3) else TEXTS
    ours = BagOfWords(ngram_range=ngram_range, min_df=min_df)
    theirs = CountVectorizer(ngram_range=ngram_range, min_df=min_df)
    expected = theirs.fit_transform(texts)
    found = ours.fit_transform(texts)
    assert found.dtype == np.int64
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()
    np.testing.assert_array_equal(found.toarray(), expected.toarray())
    assert found.has_sorted_indices
    assert found.nnz == expected.nnz


def test_counts_are_those_of_a_naive_loop() -> None:
    documents = [["b", "a", "b"], ("c",), []]
    counts = BagOfWords().fit(documents)
    naive = [[list(tokens).count(word) for word in counts.vocabulary_] for tokens in documents]
    assert counts.transform(documents).toarray().tolist() == naive


def test_tokens_are_taken_as_they_are() -> None:
    assert list(BagOfWords().fit([["I", "am", "Bo-Bo"]]).vocabulary_) == ["Bo-Bo", "I", "am"]


def test_unknown_words_are_passed_over() -> None:
    counts = BagOfWords().fit(["cat dog"]).transform(["bird dog bird", "bird"])
    assert counts.toarray().tolist() == [[0, 1], [0, 0]]


def test_order_is_lost_and_bigrams_keep_some_of_it() -> None:
    sentence = ["dog", "bites", "man", "dog"]
    orders = [list(order) for order in permutations(sentence)]
    assert len(np.unique(BagOfWords().fit([sentence]).transform(orders).toarray(), axis=0)) == 1
    pairs = BagOfWords(ngram_range=(2, 2)).fit(orders).transform(orders)
    assert len(np.unique(pairs.toarray(), axis=0)) > 6


def test_a_corpus_is_read_as_a_stream() -> None:
    class Endless:
        def __iter__(self):
            return (f"word{i % 7} again" for i in range(1000))

    assert BagOfWords().fit_transform(Endless()).sum() == 2000


# Weights.


@pytest.mark.parametrize("idf", [True, False])
@pytest.mark.parametrize("sublinear", [True, False])
def test_weights_are_those_of_scikit_learn(idf: bool, sublinear: bool) -> None:
    ours = make_pipeline(BagOfWords(), TfIdf(idf=idf, sublinear=sublinear))
    theirs = TfidfVectorizer(use_idf=idf, sublinear_tf=sublinear)
    np.testing.assert_allclose(
        ours.fit_transform(TEXTS).toarray(), theirs.fit_transform(TEXTS).toarray(), rtol=0, atol=1e-12
    )
    new = ["the dog of the state", "nothing known"]
    np.testing.assert_allclose(
        ours.transform(new).toarray(), theirs.transform(new).toarray(), rtol=0, atol=1e-12
    )
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()


def test_weights_are_those_of_the_formula() -> None:
    counts = np.array([[3, 0, 1], [1, 0, 0]])
    weigh = TfIdf().fit(counts)
    assert weigh.idf_ == pytest.approx([1, math.log(3) + 1, math.log(3 / 2) + 1], abs=1e-15)
    row = np.array([3, 0, math.log(3 / 2) + 1])
    np.testing.assert_allclose(weigh.transform(counts).toarray()[0], row / np.linalg.norm(row), atol=1e-15)


def test_stored_zeros_are_no_occurrences() -> None:
    stored = csr_array((np.array([0.0, 2.0]), np.array([0, 1]), np.array([0, 2])), shape=(1, 2))
    expected = TfidfTransformer().fit([[0.0, 2.0]]).idf_
    np.testing.assert_allclose(TfIdf().fit(stored).idf_, expected)


def test_input_is_left_alone() -> None:
    counts = csr_array(np.array([[3.0, 1.0]]))
    TfIdf(sublinear=True).fit_transform(counts)
    assert counts.toarray().tolist() == [[3.0, 1.0]]


@pytest.mark.errors
def test_scikit_learn_estimator_checks() -> None:
    check_estimator(TfIdf(), on_skip=None)
    check_estimator(TfIdf(idf=False, sublinear=True), on_skip=None)


# Visual words.


@pytest.mark.parametrize(("side", "stride"), [(4, 4), (6, 2), (5, 3)])
def test_patches_are_those_of_a_naive_loop(side: int, stride: int) -> None:
    images = pictures(2)
    places = range(0, 16 - side + 1, stride)
    naive = [[[image[i : i + side, j : j + side] for j in places] for i in places] for image in images]
    np.testing.assert_array_equal(image_patches(images, side, stride), naive)


def test_contrast_is_normalised_and_hue_is_kept() -> None:
    patches = pictures(3, side=4)
    done = contrast_normalize(patches, floor=0.0)
    np.testing.assert_allclose(done.mean(axis=(1, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(done.std(axis=(1, 2, 3)), 1, atol=1e-12)
    np.testing.assert_allclose(contrast_normalize(0.3 * patches + 0.5, floor=0.0), done, atol=1e-12)
    flat = np.ones((1, 4, 4, 1)) * [[[[1.0, 0.0, 0.0]]], [[[0.5, 0.5, 0.5]]]]
    red, grey = contrast_normalize(flat)
    assert (red[..., 0] > 1).all()
    assert (grey == 0).all()


def test_bytes_are_numbers_from_0_to_1() -> None:
    raw = np.random.default_rng(0).integers(256, size=(3, 4, 4, 3), dtype=np.uint8)
    np.testing.assert_allclose(contrast_normalize(raw), contrast_normalize(raw / 255), atol=1e-12)


def test_each_patch_goes_to_its_nearest_word(words: VisualWords) -> None:
    images = pictures(3, seed=1)
    assigned = words.assign(images)
    for (n, i, j), found in np.ndenumerate(assigned):
        patch = contrast_normalize(images[n : n + 1, 4 * i : 4 * i + 4, 4 * j : 4 * j + 4], words.floor)[0]
        assert found == ((words.centres_ - patch) ** 2).sum(axis=(1, 2, 3)).argmin()
    naive = [[(picture == k).sum() for k in range(5)] for picture in assigned]
    assert words.transform(images).toarray().tolist() == naive


def test_a_picture_cut_up_and_shuffled_is_the_same(words: VisualWords) -> None:
    picture = pictures(1, seed=2)[0]
    tiles = picture.reshape(4, 4, 4, 4, 3).swapaxes(1, 2).reshape(16, 4, 4, 3)
    shuffled = tiles[np.random.default_rng(0).permutation(16)]
    put_back = shuffled.reshape(4, 4, 4, 4, 3).swapaxes(1, 2).reshape(16, 16, 3)
    assert (put_back != picture).any()
    before, after = words.transform(np.stack([picture, put_back])).toarray()
    assert before.tolist() == after.tolist()


def test_known_patches_become_the_words() -> None:
    kinds = np.random.default_rng(0).random((3, 4, 4, 3))
    which = np.array([[0, 1], [2, 2]])
    picture = kinds[which].swapaxes(1, 2).reshape(1, 8, 8, 3)
    words = VisualWords(3, patch=4, stride=4, random_state=0).fit(picture)
    found = words.assign(picture)[0]
    assert len(np.unique(found)) == 3
    assert found[1, 0] == found[1, 1]
    np.testing.assert_allclose(words.centres_[found[0, 0]], contrast_normalize(kinds[:1])[0], atol=1e-9)


def test_the_draw_follows_the_random_state() -> None:
    images = pictures(4)
    centres = [VisualWords(3, sample=100, random_state=s).fit(images).centres_ for s in (0, 0, 1)]
    np.testing.assert_array_equal(centres[0], centres[1])
    assert (centres[0] != centres[2]).any()


def test_visual_counts_can_be_weighed(words: VisualWords) -> None:
    weigh = make_pipeline(words, TfIdf()).fit(pictures())
    rows = weigh.transform(pictures())
    np.testing.assert_allclose((rows.toarray() ** 2).sum(axis=1), 1)
    assert weigh.get_feature_names_out().tolist() == [f"visual{k}" for k in range(5)]


# Bad input.


@pytest.mark.errors
@pytest.mark.parametrize("corpus", [[], ["", "a I !"], [[]]])
def test_an_empty_corpus(corpus: list) -> None:
    with pytest.raises(ValueError, match=r"`X`: expected documents with a word.*got an empty corpus"):
        BagOfWords().fit(corpus)


@pytest.mark.errors
def test_only_rare_words() -> None:
    with pytest.raises(ValueError, match=r"at least 2 of them have, got 3 words, all of them rarer"):
        BagOfWords(min_df=2).fit(["one two", "three"])


@pytest.mark.errors
@pytest.mark.parametrize("documents", ["one text", iter(["a text"]), 3])
def test_what_is_no_corpus(documents: object) -> None:
    with pytest.raises(TypeError, match=r"`X`: expected documents that can be read more than once"):
        BagOfWords().fit(documents)


@pytest.mark.errors
def test_what_is_no_document() -> None:
    with pytest.raises(
        TypeError, match=r"`X`: expected a text or a sequence of tokens at position 1, got float"
    ):
        BagOfWords().fit(["a text", math.nan])


@pytest.mark.errors
@pytest.mark.parametrize("wrong", [{"ngram_range": (2, 1)}, {"ngram_range": (0, 1)}, {"min_df": 0}])
def test_parameters_of_words_out_of_range(wrong: dict) -> None:
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}`"):
        BagOfWords(**wrong).fit(["some text"])


@pytest.mark.errors
def test_pictures_of_the_wrong_kind(words: VisualWords) -> None:
    with pytest.raises(ValueError, match=r"`images`: expected 4 dimension"):
        words.transform(pictures()[0])
    with pytest.raises(ValueError, match=r"`images`: expected pictures of at least 4 x 4 pixels"):
        words.transform(pictures(side=3))
    with pytest.raises(ValueError, match=r"`X`: expected pictures with 3 channel\(s\), got 1"):
        words.transform(pictures()[..., :1])
    with pytest.raises(ValueError, match=r"`images`: expected finite values"):
        words.transform(pictures() * np.nan)


@pytest.mark.errors
def test_too_few_patches() -> None:
    with pytest.raises(ValueError, match=r"`X`: expected at least 9 different patches, got 1"):
        VisualWords(9).fit(np.ones((2, 16, 16, 3)))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("n_words", lambda: VisualWords(0).fit(pictures())),
        ("side", lambda: image_patches(pictures(), 0, 1)),
        ("stride", lambda: image_patches(pictures(), 4, 0)),
        ("floor", lambda: contrast_normalize(pictures(), -1.0)),
    ],
)
def test_sizes_out_of_range(argument: str, call) -> None:
    with pytest.raises(ValueError, match=f"`{argument}`"):
        call()


@pytest.mark.errors
@pytest.mark.parametrize("estimator", [BagOfWords(), TfIdf(), VisualWords()])
def test_nothing_is_transformed_before_fitting(estimator: BaseEstimator) -> None:
    with pytest.raises(ValueError, match="not fitted yet"):
        estimator.transform([])
