"""Word2Vec against a naive loop with autograd, the optimum of Levy and Goldberg, and gensim."""

import warnings
from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from gensim.models import Word2Vec as Gensim
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from cmlearn.embedding import Vocabulary, Word2Vec
from cmlearn.embedding.word2vec import cbow_gradient, skipgram_gradient, window_weights

WINDOW, BLOCK, K = 3, 4, 2.5
SENTENCE = torch.tensor([0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3, -1])
PAIRS = [
    (i, j, (WINDOW + 1 - abs(i - j)) / WINDOW)
    for i in range(16)
    for j in range(16)
    if 0 < abs(i - j) <= WINDOW and SENTENCE[i] == SENTENCE[j] >= 0
]


def leaves(device):
    """Words, contexts and negatives for two groups of eight tokens, in double precision."""
    shapes = (16, 5), (16, 5), (2, 3, 5)
    return [torch.randn(*s, dtype=torch.float64, device=device).requires_grad_() for s in shapes]


def naive_skipgram(words, contexts, negatives):
    """The objective, pair by pair."""
    total = torch.zeros((), dtype=words.dtype, device=words.device)
    for i, j, weight in PAIRS:
        noise = F.logsigmoid(-negatives[i // 8] @ words[i]).mean()
        total = total + weight * (F.logsigmoid(words[i] @ contexts[j]) + K * noise)
    return total


def naive_cbow(words, contexts, negatives):
    """The objective, token by token."""
    total = torch.zeros((), dtype=words.dtype, device=words.device)
    for i in sorted({i for i, _, _ in PAIRS}):
        near = [(weight, words[j]) for center, j, weight in PAIRS if center == i]
        hidden = sum(weight * v for weight, v in near) / sum(weight for weight, _ in near)
        noise = F.logsigmoid(-negatives[i // 8] @ hidden).mean()
        total = total + F.logsigmoid(hidden @ contexts[i]) + K * noise
    return total


@pytest.mark.parametrize(
    ("gradient", "objective"), [(skipgram_gradient, naive_skipgram), (cbow_gradient, naive_cbow)]
)
def test_the_gradient_is_autograds_of_the_naive_loop(gradient, objective, device):
    inputs = leaves(device)
    weights = window_weights(SENTENCE.to(device), WINDOW, BLOCK).double()
    ours = gradient(*(x.detach() for x in inputs), weights, K)
    for found, expected in zip(ours, torch.autograd.grad(objective(*inputs), inputs), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_window_weights_are_the_band_of_a_matrix():
    weights = window_weights(SENTENCE, WINDOW, BLOCK)
    full = torch.zeros(16, 16)
    for i, j, weight in PAIRS:
        full[i, j] = weight
    for b, i in np.ndindex(4, BLOCK):
        for column in range(BLOCK + 2 * WINDOW):
            j = b * BLOCK + column - WINDOW
            assert weights[b, i, column] == pytest.approx(full[b * BLOCK + i, j].item() if 0 <= j < 16 else 0)


def test_weights_are_what_a_random_window_is_on_average():
    drawn = np.random.default_rng(0).integers(1, WINDOW + 1, size=20_000)
    seen = [(drawn >= distance).mean() for distance in range(1, WINDOW + 1)]
    weights = window_weights(torch.zeros(8, dtype=torch.long), WINDOW, 8)[0, 0, WINDOW + 1 : 2 * WINDOW + 1]
    np.testing.assert_allclose(weights, seen, atol=0.02)


def pairs_of_words(words=5, pairs=400):
    """A constructed corpus: sentences of two words, every pair of words at least a few times."""
    rng = np.random.default_rng(0)
    affinity = rng.gamma(1.0, size=(words, words))
    affinity = affinity + affinity.T
    counts = 4 + rng.multinomial(pairs, (affinity / affinity.sum()).ravel()).reshape(words, words)
    return [(f"w{i}", f"w{j}") for i, j in np.ndindex(words, words) for _ in range(counts[i, j])]


def shifted_pmi(corpus, vocab, k):
    """PMI(w, c) - log k, entry by entry, from plain counts of pairs in both directions."""
    joint = Counter(pair for a, b in corpus for pair in ((a, b), (b, a)))
    margin = Counter(word for pair in joint.elements() for word in pair[:1])
    total = sum(joint.values())
    table = [[joint[a, b] * total / (margin[a] * margin[b]) for b in vocab.words] for a in vocab.words]
    return np.log(np.array(table) / k)


def summed_gradient(scores, corpus, vocab, k):
    """Gradient by v of each word, with u the unit vectors: the exact expectation over the whole corpus.

    Every word is among the negatives as often as in the corpus.
    """
    ids, sentence = (torch.from_numpy(x) for x in next(vocab.encode_corpus(corpus)))
    ids, sentence = F.pad(ids, (0, -len(ids) % 16)), F.pad(sentence, (0, -len(ids) % 16), value=-1)
    noise = torch.from_numpy(np.repeat(np.arange(len(vocab)), vocab.counts))
    u = torch.eye(len(vocab), dtype=torch.float64)
    by = skipgram_gradient(scores[ids], u[ids], u[noise][None], window_weights(sentence, 1).double(), k)
    return torch.zeros_like(scores).index_add_(0, ids, by.words)


def test_the_gradient_vanishes_at_pmi_minus_log_k_only():
    """The objective is concave in the scores v . u, so that this is its one maximum."""
    corpus, k = pairs_of_words(), 3.0
    vocab = Vocabulary.from_corpus(corpus)
    optimum = torch.from_numpy(shifted_pmi(corpus, vocab, k))
    assert summed_gradient(optimum, corpus, vocab, k).abs().max() < 1e-9
    for i, j in np.ndindex(optimum.shape):
        higher = optimum.clone()
        higher[i, j] += 0.1
        gradient = summed_gradient(higher, corpus, vocab, k)
        assert gradient[i, j] < -0.1
        assert (gradient.abs() > 1e-9).sum() == 1


def test_training_ends_at_pmi_minus_log_k():
    corpus = pairs_of_words(pairs=3000)
    exact = {"window": 1, "min_count": 1, "subsample": 0.0, "noise_power": 1.0}
    model = Word2Vec(dim=8, negatives=3, epochs=100, lr=0.05, batch_size=1024, **exact).fit(corpus)
    scores = model.vectors.vectors @ model.context_vectors.vectors.T
    expected = shifted_pmi(corpus, model.vocab, 3)
    assert np.ptp(expected) > 2
    np.testing.assert_allclose(scores, expected, atol=0.3)


CORPUS = [["the", "cat", "sat", "on", "the", "mat"], ["the", "dog", "sat"], ["a", "cat"]] * 20


@pytest.mark.parametrize("method", ["skipgram", "cbow"])
def test_words_in_like_places_become_alike(method):
    animals, tools = ["cat", "dog", "cow"], ["saw", "axe", "file"]
    rng = np.random.default_rng(0)
    near = {"animal": ["eats", "sleeps", "runs"], "tool": ["cuts", "rusts", "breaks"]}
    corpus = [
        ["the", rng.choice(words), rng.choice(near[kind])]
        for kind, words in (("animal", animals), ("tool", tools))
        for _ in range(400)
    ]
    vectors = Word2Vec(dim=10, epochs=15, min_count=1, method=method).fit(corpus).vectors
    assert {word for word, _ in vectors.most_similar("cat", k=2)} == {"dog", "cow"}
    assert {word for word, _ in vectors.most_similar("saw", k=2)} == {"axe", "file"}


def test_a_stream_gives_what_a_list_gives():
    class Stream:
        def __iter__(self):
            return iter(CORPUS)

    def learned(corpus):
        torch.manual_seed(0)
        return Word2Vec(dim=4, epochs=3, min_count=1).fit(corpus).vectors.vectors

    assert (learned(Stream()) == learned(CORPUS)).all()


def test_fit_starts_anew_and_partial_fit_goes_on():
    def vectors(model):
        return model.vectors.vectors.copy()

    torch.manual_seed(0)
    passes = Word2Vec(dim=4, min_count=1).partial_fit(CORPUS)
    first = vectors(passes)
    second = vectors(passes.partial_fit(CORPUS))
    assert (first != second).all()
    torch.manual_seed(0)
    model = Word2Vec(dim=4, epochs=2, min_count=1).fit(CORPUS)
    assert (vectors(model) == second).all()
    torch.manual_seed(0)
    assert (vectors(model.fit(CORPUS)) == second).all()


def test_batches_and_blocks_cover_a_corpus_that_fits_no_multiple():
    corpus = [[f"w{n % 7}" for n in range(length)] for length in range(60)]
    model = Word2Vec(dim=4, epochs=1, min_count=1, batch_size=64).fit(corpus)
    assert np.isfinite(model.vectors.vectors).all()


def test_several_workers_learn_about_the_same(device):
    threads = torch.get_num_threads()
    corpus = [[f"w{n + m}" for n in range(8)] for m in range(40)] * 10
    learned = []
    for workers in (1, 3):
        torch.manual_seed(0)
        model = Word2Vec(dim=4, min_count=1, batch_size=64, workers=workers, device=device).fit(corpus)
        learned.append(model.vectors.unit @ model.vectors.unit.T)
    assert np.corrcoef(*(table.ravel() for table in learned))[0, 1] > 0.9
    assert torch.get_num_threads() == threads


def test_an_interruption_keeps_what_was_learned(monkeypatch):
    model = Word2Vec(dim=4, min_count=1)
    step, steps = Word2Vec._step, 0

    def interrupted(self, *inputs):
        nonlocal steps
        steps += 1
        if steps == 3:
            raise KeyboardInterrupt
        step(self, *inputs)

    monkeypatch.setattr(Word2Vec, "_step", interrupted)
    with pytest.warns(UserWarning, match="interrupted: the vectors are what was learned so far"):
        model.fit(CORPUS)
    assert np.isfinite(model.vectors.vectors).all()


def test_no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Word2Vec(dim=4, min_count=1, method="cbow").fit(CORPUS)


def test_gensim_takes_the_vectors():
    model = Word2Vec(dim=4, min_count=1).fit(CORPUS)
    keyed = model.to_keyedvectors()
    theirs = Gensim(CORPUS, vector_size=4, min_count=1).wv
    assert set(keyed.index_to_key) == set(theirs.index_to_key)
    assert keyed.get_vecattr("the", "count") == theirs.get_vecattr("the", "count")


def test_it_is_an_estimator():
    model = clone(Word2Vec(dim=4, window=3, method="cbow"))
    assert model.get_params()["window"] == 3
    assert model.set_params(dim=5).dim == 5


@pytest.mark.errors
def test_vectors_before_fit():
    with pytest.raises(NotFittedError):
        _ = Word2Vec().vectors
    with pytest.raises(NotFittedError):
        _ = Word2Vec().context_vectors


@pytest.mark.errors
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"dim": 0}, "`dim`: expected 1 or more, got 0"),
        ({"negatives": -1}, "`negatives`: expected 0 or more, got -1"),
        ({"epochs": 0}, "`epochs`: expected 1 or more, got 0"),
        ({"min_count": 0}, "`min_count`: expected 1 or more, got 0"),
        ({"workers": 0}, "`workers`: expected 1 or more, got 0"),
        ({"window": 17}, "`window`: expected 1 to 16, got 17"),
        ({"lr": 0}, "`lr`: expected a number above 0, got 0"),
        ({"method": "glove"}, "`method`: expected one of 'skipgram', 'cbow', got 'glove'"),
        ({"batch_size": 100}, "`batch_size`: expected a multiple of 64, got 100"),
        ({"subsample": -1}, "`threshold`: expected a number >= 0, got -1"),
    ],
)
def test_settings_out_of_range(setting, message):
    with pytest.raises(ValueError, match=message):
        Word2Vec(**{"min_count": 1, **setting}).fit(CORPUS)


@pytest.mark.errors
def test_bad_corpora():
    with pytest.raises(ValueError, match="`corpus`: expected a corpus with a word"):
        Word2Vec().fit([])
    with pytest.raises(TypeError, match="`corpus`: expected something that can be read more than once"):
        Word2Vec().fit(iter(CORPUS))
    with pytest.raises(TypeError, match="`corpus`: expected a sequence of tokens at position 0"):
        Word2Vec().fit(["the cat sat"])
    model = Word2Vec(dim=4, min_count=1).fit(CORPUS)
    with pytest.raises(ValueError, match="`corpus`: expected a corpus with words of the vocabulary"):
        model.partial_fit([["unheard"]])
