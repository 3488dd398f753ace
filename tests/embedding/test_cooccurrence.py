"""Co-occurrence counts against a naive loop, in any number of pieces; PPMI against its definition."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from cmlearn.embedding import Vocabulary, cooccurrence, cooccurrences, ppmi

WEIGHT = {
    "inverse": lambda d, _: 1 / d,
    "linear": lambda d, most: (most + 1 - d) / most,
    "none": lambda *_: 1,
}


def random_corpus(sentences: int = 60, words: int = 12) -> list[list[str]]:
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 15, sentences)
    return [[f"w{n}" for n in rng.zipf(1.5, length) % words] for length in lengths]


def naive_counts(corpus, vocab: Vocabulary, window: int, decay: str) -> np.ndarray:
    table = np.zeros((len(vocab), len(vocab)))
    for sentence in corpus:
        known = [vocab.index[word] for word in sentence if word in vocab]
        for s, i in enumerate(known):
            for t, j in enumerate(known):
                if 0 < abs(t - s) <= window:
                    table[i, j] += WEIGHT[decay](abs(t - s), window)
    return table


class Streamed:
    """A corpus that is never in memory as a whole."""

    def __init__(self, times: int):
        self.times = times

    def __iter__(self):
        for _ in range(self.times):
            yield from random_corpus()


@pytest.mark.parametrize("decay", WEIGHT)
@pytest.mark.parametrize("window", [1, 2, 5, 40])
def test_counts_are_those_of_a_naive_loop(window: int, decay: str) -> None:
    corpus = random_corpus()
    vocab = Vocabulary.from_corpus(corpus, min_count=3)  # some words are not in it
    counts = cooccurrences(corpus, vocab, window=window, decay=decay)
    expected = naive_counts(corpus, vocab, window, decay)
    np.testing.assert_allclose(counts.toarray(), expected, rtol=1e-12)
    assert counts.nnz == np.count_nonzero(expected)
    assert (counts != counts.T).nnz == 0


@pytest.mark.parametrize("chunk", [1, 3, 50])
def test_pieces_lose_no_pair(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    corpus = random_corpus()
    vocab = Vocabulary.from_corpus(corpus)
    monkeypatch.setattr(cooccurrence, "CHUNK", chunk)
    counts = cooccurrences(corpus, vocab, window=4)
    np.testing.assert_allclose(counts.toarray(), naive_counts(corpus, vocab, 4, "inverse"), rtol=1e-12)


def test_counts_of_parts_add_up() -> None:
    corpus = random_corpus()
    vocab = Vocabulary.from_corpus(corpus)
    halves = cooccurrences(corpus[:30], vocab) + cooccurrences(corpus[30:], vocab)
    np.testing.assert_allclose(halves.toarray(), cooccurrences(corpus, vocab).toarray(), rtol=1e-12)


def test_a_stream_is_as_good_as_a_list() -> None:
    corpus = random_corpus()
    vocab = Vocabulary.from_corpus(corpus)
    streamed = cooccurrences(Streamed(500), vocab)  # 30,000 sentences: several blocks
    np.testing.assert_allclose(streamed.toarray(), 500 * cooccurrences(corpus, vocab).toarray(), rtol=1e-9)


def test_nothing_near_is_an_empty_table() -> None:
    vocab = Vocabulary.from_corpus([["a"], ["b"]])
    assert cooccurrences([["a"], ["b"], []], vocab).nnz == 0
    assert cooccurrences([], vocab).shape == (2, 2)


@pytest.mark.parametrize(("smoothing", "shift"), [(1.0, 1.0), (0.75, 1.0), (1.0, 5.0)])
def test_ppmi_is_its_definition(smoothing: float, shift: float) -> None:
    corpus = random_corpus()
    counts = cooccurrences(corpus, Vocabulary.from_corpus(corpus), window=3)
    x = counts.toarray()
    p = x / x.sum()
    context = x.sum(axis=0) ** smoothing / (x.sum(axis=0) ** smoothing).sum()
    with np.errstate(divide="ignore"):
        pmi = np.log(p / np.outer(p.sum(axis=1), context))
    expected = np.maximum(0, pmi - np.log(shift))
    np.testing.assert_allclose(ppmi(counts, smoothing=smoothing, shift=shift).toarray(), expected, atol=1e-12)


def test_independent_words_have_no_information() -> None:
    counts = csr_array(np.outer([1.0, 2.0, 5.0], [1.0, 2.0, 5.0]))
    assert abs(ppmi(counts)).max() < 1e-12


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    corpus = [["a", "b"]]
    vocab = Vocabulary.from_corpus(corpus)
    with pytest.raises(ValueError, match="`window`: expected a number of tokens >= 1, got 0"):
        cooccurrences(corpus, vocab, window=0)
    with pytest.raises(ValueError, match="`decay`: expected one of 'inverse', 'linear', 'none', got 'fast'"):
        cooccurrences(corpus, vocab, decay="fast")
    with pytest.raises(TypeError, match="`corpus`"):
        cooccurrences("a b", vocab)
    with pytest.raises(TypeError, match="`corpus`"):
        cooccurrences(iter(corpus), vocab)
    with pytest.raises(ValueError, match="`counts`: expected a table with counts above 0, got none"):
        ppmi(csr_array((3, 3)))
    with pytest.raises(ValueError, match="`shift`: expected a number above 0, got 0"):
        ppmi(cooccurrences(corpus, vocab), shift=0)
