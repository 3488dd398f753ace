"""fastText against explicit sums of n-gram rows, a naive loop with autograd, and gensim."""

import zlib

import numpy as np
import pytest
import torch
from gensim.models import FastText as Gensim
from gensim.models.fasttext_inner import compute_ngrams, ft_hash_bytes
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import cmlearn as cm
from cmlearn.embedding import FastText
from cmlearn.embedding.fasttext import _SubwordTable
from cmlearn.embedding.word2vec import _Table, skipgram_gradient, window_weights

WORDS = ["a", "it", "Straße", "apple", "apples", "banana", "红苹果", "сердце", "new york", "mississippi"]
CORPUS = [[WORDS[(i + j) % len(WORDS)] for j in range(5)] for i in range(60)]
SMALL = {"dim": 6, "epochs": 2, "min_count": 1}


def ngrams(word, shortest=3, longest=6):
    """The n-grams of a word's marked, case-folded form that are not the whole of it."""
    found = []
    for piece in word.casefold().split():
        marked = f"<{piece}>"
        for n in range(shortest, longest + 1):
            found += [marked[i : i + n] for i in range(len(marked) - n + 1) if n < len(marked)]
    return found


def explicit_sum(model, word):
    """The word's own row and the rows of its n-grams, one by one; unknown n-grams add nothing."""
    rows = model._words.rows.cpu()
    total = rows[model.vocab.index[word]].clone() if word in model.vocab else torch.zeros(model.dim)
    for ngram in ngrams(word, model.shortest, model.longest):
        number = 1 + zlib.crc32(ngram.encode()) % (model.buckets - 1)
        if number in model._row:
            total += rows[model._row[number]]
    return total.numpy()


def test_the_ngrams_of_where_are_those_of_the_paper():
    assert ngrams("where", 3, 3) == ["<wh", "whe", "her", "ere", "re>"]


@pytest.mark.parametrize("settings", [{}, {"buckets": 40}, {"shortest": 2, "longest": 3}])
def test_a_vector_is_the_sum_of_its_rows(settings):
    model = FastText(**SMALL, **settings).fit(CORPUS)
    asked = [*WORDS, "appels", "Apple", "pineapple", "xyz", "", "心"]
    expected = np.stack([explicit_sum(model, word) for word in asked])
    np.testing.assert_allclose(model.transform(asked), expected, atol=1e-6)


def test_training_sees_the_vectors_that_are_looked_up():
    model = FastText(**SMALL).fit(CORPUS)
    ids = torch.tensor([3, 0, 3, 9, 1])
    gathered = model._words.gather(ids.to(model._device)).cpu()
    np.testing.assert_allclose(
        gathered, model.transform([model.vocab.words[i] for i in ids.tolist()]), atol=1e-6
    )
    np.testing.assert_allclose(model.vectors.vectors, model.transform(model.vocab.words), atol=1e-6)


def test_the_gradient_by_the_rows_is_autograds(device):
    """A plain gradient step of rate 1 on the parts, from the closed form by words and from autograd."""
    parts = [[0, 5, 6], [1, 5, 5, 7], [2], [3, 6, 7], [4, 8]]
    rows = torch.randn(9, 4, device=device)
    contexts, negatives = torch.randn(16, 4, device=device), torch.randn(2, 3, 4, device=device)
    ids = torch.randint(5, (16,), device=device)
    weights = window_weights(torch.zeros(16, dtype=torch.int64, device=device), 3)

    leaf = rows.clone().requires_grad_()
    words = torch.stack([sum(leaf[part] for part in parts[i]) for i in ids.tolist()])
    near, total = weights[0, :, 3:-3], weights.sum(2).flatten()
    noise = torch.stack(
        [torch.nn.functional.logsigmoid(-negatives[i // 8] @ words[i]).mean() for i in range(16)]
    )
    objective = (near * torch.nn.functional.logsigmoid(words @ contexts.T)).sum() + 2.0 * total @ noise
    (expected,) = torch.autograd.grad(objective, leaf)

    table = _SubwordTable(rows.clone(), parts)
    torch.testing.assert_close(table.gather(ids), words.detach())
    gradient = skipgram_gradient(table.gather(ids), contexts, negatives, weights, 2.0).words
    table._squares.fill_(1e12)  # so that every row has the same step length, 1e-6 of the rate
    table.ascend(ids, gradient, 1e6)
    torch.testing.assert_close(table.rows - rows, expected, rtol=1e-4, atol=1e-4)


def test_a_word_of_new_ngrams_has_the_vector_0_and_ngrams_have_one_row_a_hash():
    model = FastText(**SMALL).fit(CORPUS)
    assert (model.transform(["xyzw", ""]) == 0).all()
    different = {ngram for word in WORDS for ngram in ngrams(word)}
    assert len(model._words.rows) == len(WORDS) + len(different)
    assert len(FastText(**SMALL, buckets=8).fit(CORPUS)._words.rows) <= len(WORDS) + 7


def test_words_without_ngrams_learn_as_in_word2vec(device):
    ids, gradient = torch.tensor([3, 0, 4], device=device), torch.randn(3, 4, device=device)
    start = torch.randn(5, 4, device=device)
    plain, table = _Table(start.clone()), _SubwordTable(start.clone(), [[row] for row in range(5)])
    for _ in range(2):
        plain.ascend(ids, gradient, 0.1)
        table.ascend(ids, gradient, 0.1)
    torch.testing.assert_close(table.rows, plain.rows)


def gensim_with_our_rows(model, words):
    """A gensim model whose n-gram rows are ours; its hash must not have two of the n-grams in one row."""
    theirs = Gensim(vector_size=model.dim, min_count=1, bucket=10**6, epochs=1)
    theirs.build_vocab([words])
    theirs.wv.vectors_ngrams[:] = 0
    taken = set()
    for ngram in {ngram for word in words for ngram in ngrams(word)}:
        number = 1 + zlib.crc32(ngram.encode()) % (model.buckets - 1)
        place = ft_hash_bytes(ngram.encode()) % 10**6
        assert place not in taken
        taken.add(place)
        theirs.wv.vectors_ngrams[place] = model._words.rows[model._row[number]].cpu()
    own = [model.vocab.index[word] for word in theirs.wv.index_to_key]
    theirs.wv.vectors_vocab = model._words.rows.cpu().numpy()[own]
    theirs.wv.adjust_vectors()
    return theirs.wv


def test_the_vectors_are_gensims_but_for_their_number_of_parts():
    """From the same rows gensim takes the mean where we, as the paper, take the sum."""
    words = ["apple", "apples", "сердце", "mississippi", "pineapple", "appel"]
    model = FastText(**SMALL).fit([words] * 20)
    theirs = gensim_with_our_rows(model, words)
    for word, vector in zip(words, model.transform(words), strict=True):
        parts = 1 + len(compute_ngrams(word, 3, 6))
        np.testing.assert_allclose(theirs[word] * parts, vector, rtol=1e-4, atol=1e-5)
    unseen = "appels"
    known = [ngram for ngram in ngrams(unseen) if any(ngram in f"<{word}>" for word in words)]
    assert 0 < len(known) < len(compute_ngrams(unseen, 3, 6))
    expected = theirs.get_vector(unseen) * len(compute_ngrams(unseen, 3, 6))
    np.testing.assert_allclose(model.transform([unseen])[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("word", ["where", "mississippi", "сердце", "naismaanviljelijä", "αστέρι"])
def test_the_ngrams_are_gensims(word):
    assert sorted(ngrams(word)) == sorted(compute_ngrams(word, 3, 6))


def spelt_topics(sentences=400, seed=0):
    """A constructed corpus: words with the stem of one of two topics and any of six endings."""
    rng = np.random.default_rng(seed)
    stems = [["kablo", "feruni", "goldam"], ["sitrem", "nuvopa", "wexil"]]
    endings = ["", "s", "en", "ing", "ta", "or"]
    return [[rng.choice(stems[n % 2]) + rng.choice(endings) for _ in range(8)] for n in range(sentences)]


def test_an_unseen_form_stands_near_its_topic():
    cm.seed_everything(0)
    corpus = [[word for word in words if word != "kabloing"] for words in spelt_topics()]
    model = FastText(dim=16, epochs=5, min_count=1, subsample=0.0).fit(corpus)
    assert "kabloing" not in model.vocab
    ours = model.transform(["kabloing", "kablo", "goldam", "wexil"])
    unit = ours / np.linalg.norm(ours, axis=1, keepdims=True)
    stem, topic, other = unit[1:] @ unit[0]
    assert stem > topic > other


def test_streams_settings_and_going_on(tmp_path):
    model = FastText(**SMALL, method="cbow").partial_fit(CORPUS)
    assert clone(model).get_params() == model.get_params()
    model.save(tmp_path / "model.npz")
    loaded = FastText.load(tmp_path / "model.npz")
    assert loaded.get_params() == model.get_params()
    asked = [*WORDS, "appels"]
    np.testing.assert_array_equal(loaded.transform(asked), model.transform(asked))
    for each in (model, loaded):
        cm.seed_everything(0)
        each.partial_fit(CORPUS)
    np.testing.assert_allclose(loaded.transform(asked), model.transform(asked), rtol=1e-4, atol=1e-6)
    assert model.to_keyedvectors().index_to_key == list(model.vocab.words)
    assert model.transform([]).shape == (0, 6)


@pytest.mark.errors
def test_bad_input(tmp_path):
    model = FastText(**SMALL).fit(CORPUS)
    with pytest.raises(TypeError, match="`words`: expected a sequence of words, got the string 'apple'"):
        model.transform("apple")
    with pytest.raises(TypeError, match="`words`: expected str, got int"):
        model.transform([1])
    with pytest.raises(NotFittedError):
        FastText().transform(["a"])
    with pytest.raises(NotFittedError):
        FastText().save(tmp_path / "no.npz")
    np.savez(tmp_path / "other.npz", x=np.ones(2))
    with pytest.raises(ValueError, match=r"`path`: expected a file that `FastText.save` wrote, got \['x'\]"):
        FastText.load(tmp_path / "other.npz")
    with pytest.raises(ValueError, match="`corpus`: expected a corpus with a word that occurs 5 time"):
        FastText().fit([["a"]])


@pytest.mark.errors
@pytest.mark.parametrize(
    "name", ["dim", "epochs", "min_count", "workers", "window", "lr", "shortest", "buckets"]
)
def test_settings_out_of_range(name):
    with pytest.raises(ValueError, match=f"`{name}`: expected .*, got 0"):
        FastText(**{name: 0}).fit(CORPUS)
