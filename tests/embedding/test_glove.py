"""GloVe against autograd, a loop over single cells, tables of known rank, and alternating least squares."""

import math

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from torch import Tensor

from cmlearn.embedding import GloVe, Vocabulary, WordVectors, cooccurrences, glove_loss, glove_weight
from cmlearn.embedding.glove import _gradient

CORPUS = [["the", "cat", "sat", "on", "the", "mat"], ["the", "dog", "sat"], ["a", "dog", "saw", "a", "cat"]]
EXACT = {"first_square": 1e-8, "dtype": torch.float64}


def numbered(words: int) -> Vocabulary:
    return Vocabulary(tuple(map(str, range(words))), np.ones(words, dtype=np.int64))


def known_rank(words: int = 30, rank: int = 3, seen: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    """A table $\\log X$ of known rank, with biases, and which of its cells are seen."""
    rng = np.random.default_rng(0)
    w, c = rng.normal(size=(2, words, rank))
    b, d = rng.normal(size=(2, words))
    return w @ c.T + b[:, None] + d, rng.random((words, words)) < seen


def table(log_counts: np.ndarray, seen: np.ndarray) -> csr_array:
    return csr_array(np.where(seen, np.exp(log_counts), 0))


def noisy(words: int = 25) -> csr_array:
    log_counts, seen = known_rank(words)
    return table(log_counts + 0.3 * np.random.default_rng(1).normal(size=log_counts.shape), seen)


def objective(predicted: np.ndarray, counts: np.ndarray, x_max: float, alpha: float) -> float:
    seen = counts > 0
    weight = np.minimum(1, (counts[seen] / x_max) ** alpha)
    return float((weight * (predicted[seen] - np.log(counts[seen])) ** 2).sum())


def alternating_least_squares(
    counts: np.ndarray, dim: int, x_max: float, alpha: float, sweeps: int, start: np.ndarray
) -> np.ndarray:
    """What $\\log X$ is predicted to be: one side is solved for exactly while the other stands still."""
    seen = counts > 0
    weight = np.where(seen, np.minimum(1, (counts / x_max) ** alpha), 0)
    target = np.log(np.where(seen, counts, 1))
    ones = np.ones((len(counts), 1))
    contexts, context_bias = start, np.zeros(len(counts))
    for _ in range(sweeps):
        words, word_bias = solve(np.hstack([contexts, ones]), weight, target - context_bias)
        contexts, context_bias = solve(np.hstack([words, ones]), weight.T, (target - word_bias[:, None]).T)
    return words @ contexts.T + word_bias[:, None] + context_bias


def solve(features: np.ndarray, weight: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = [
        np.linalg.lstsq(np.sqrt(f)[:, None] * features, np.sqrt(f) * y, rcond=None)[0]
        for f, y in zip(weight, target, strict=True)
    ]
    return np.array(rows)[:, :-1], np.array(rows)[:, -1]


def test_weights_are_those_of_the_paper() -> None:
    x = torch.tensor([0.01, 1.0, 16.0, 100.0, 1e6])
    expected = [min(1, (value / 100) ** 0.75) for value in x.tolist()]
    assert glove_weight(x).tolist() == pytest.approx(expected)
    assert glove_weight(x, alpha=0.0).tolist() == [1] * 5
    assert glove_weight(torch.tensor([4.0]), x_max=16.0, alpha=0.5).item() == 0.5


def test_loss_is_its_formula() -> None:
    w, c = torch.randn(2, 6, 4, dtype=torch.float64)
    b, d = torch.randn(2, 6, dtype=torch.float64)
    x = 200 * torch.rand(6, dtype=torch.float64)
    expected = sum(
        min(1, (x[k].item() / 100) ** 0.75)
        * (float(w[k] @ c[k]) + b[k].item() + d[k].item() - math.log(x[k].item())) ** 2
        for k in range(6)
    )
    assert glove_loss(w, c, b, d, x).item() == pytest.approx(expected / 2)


def cells_and_tables(counts: csr_array, dim: int, device: torch.device, **settings: float) -> tuple:
    """One batch with all cells, and the two tables of a model that has hardly moved."""
    model = GloVe(dim, epochs=1, lr=1e-3, device=device, **EXACT, **settings)
    model.fit_counts(counts, numbered(counts.shape[0]))
    return model._batches(counts.tocoo())[0], model._words.rows, model._contexts.rows


def test_gradient_is_that_of_autograd(device: torch.device) -> None:
    counts = noisy()
    cells, words, contexts = cells_and_tables(counts, 4, device, x_max=3.0)
    leaves = [words.clone().requires_grad_(), contexts.clone().requires_grad_()]
    row, column = (torch.from_numpy(index.astype(np.int64)).to(device) for index in counts.tocoo().coords)
    w, c = leaves[0][row], leaves[1][column]
    x = torch.from_numpy(counts.tocoo().data).to(device)
    expected = glove_loss(w[:, :4], c[:, :4], w[:, 4], c[:, 5], x, x_max=3.0)
    expected.backward()
    loss, *gradients = _gradient(words, contexts, cells)
    torch.testing.assert_close(loss, expected.detach())
    free = [[0, 1, 2, 3, 4], [0, 1, 2, 3, 5]]  # the column of ones is no parameter
    for gradient, leaf, columns in zip(gradients, leaves, free, strict=True):
        torch.testing.assert_close(gradient.total[:, columns], leaf.grad[:, columns])


def test_squares_are_added_cell_by_cell(device: torch.device) -> None:
    counts = noisy(8)
    cells, words, contexts = cells_and_tables(counts, 2, device)
    _, by_words, by_contexts = _gradient(words, contexts, cells)
    squares = [torch.zeros_like(words), torch.zeros_like(contexts)]
    for i, j, x in zip(*counts.tocoo().coords, counts.tocoo().data, strict=True):
        pull = min(1, (x / 100) ** 0.75) * (words[i] @ contexts[j] - math.log(x))
        squares[0][i] += (pull * contexts[j]) ** 2
        squares[1][j] += (pull * words[i]) ** 2
    torch.testing.assert_close(by_words.squares, squares[0])
    torch.testing.assert_close(by_contexts.squares, squares[1])


def one_by_one(counts: csr_array, dim: int, epochs: int, lr: float, first: float) -> tuple[Tensor, Tensor]:
    """AdaGrad on single cells, the vectors and biases apart, with the random numbers that `GloVe` draws."""
    n = counts.shape[0]
    vectors, biases = [], []
    for bias_column in (dim, dim + 1):
        drawn = (torch.rand(n, dim + 2, dtype=torch.float64) - 0.5) / dim
        vectors.append(drawn[:, :dim].clone())
        biases.append(drawn[:, bias_column].clone())
    order = torch.randperm(counts.nnz).numpy()
    sums = [torch.full_like(values, first) for values in (*vectors, *biases)]
    rows, columns, values = *counts.tocoo().coords, counts.tocoo().data
    for _ in range(epochs):
        for cell in order[torch.randperm(len(order)).numpy()]:
            i, j, x = rows[cell], columns[cell], values[cell]
            off = vectors[0][i] @ vectors[1][j] + biases[0][i] + biases[1][j] - math.log(x)
            pull = min(1, (x / 100) ** 0.75) * off
            gradients = (pull * vectors[1][j], pull * vectors[0][i], pull, pull)
            for into, total, place, gradient in zip(
                (*vectors, *biases), sums, (i, j, i, j), gradients, strict=True
            ):
                total[place] += gradient**2
                into[place] -= lr * gradient / total[place].sqrt()
    return vectors[0] + vectors[1], torch.stack(biases)


def test_batches_of_one_cell_are_adagrad_on_single_cells() -> None:
    counts = noisy(8)
    model = GloVe(2, epochs=3, lr=0.1, batch_size=1, device="cpu", dtype=torch.float64, first_square=0.01)
    torch.manual_seed(5)
    model.fit_counts(counts, numbered(8))
    torch.manual_seed(5)
    vectors, biases = one_by_one(counts, 2, epochs=3, lr=0.1, first=0.01)
    np.testing.assert_allclose(model.vectors.vectors, vectors.numpy(), rtol=1e-6)
    np.testing.assert_allclose(model.biases, biases.numpy(), rtol=1e-12)


@pytest.mark.parametrize("batch_size", [65_536, 300])
@pytest.mark.parametrize("alpha", [0.75, 0.0])
def test_a_table_of_known_rank_comes_back_with_the_cells_never_seen(
    batch_size: int, alpha: float, device: torch.device
) -> None:
    log_counts, seen = known_rank()
    model = GloVe(
        3, lr=0.5, epochs=800, x_max=1.0, alpha=alpha, batch_size=batch_size, device=device, **EXACT
    )
    model.fit_counts(table(log_counts, seen), numbered(30))
    assert (~seen).sum() > 200
    np.testing.assert_allclose(model.predict(), log_counts, atol=1e-10)
    assert model.history[-1] < 1e-20


@pytest.mark.parametrize("alpha", [0.75, 0.0])
def test_with_noise_the_optimum_is_that_of_alternating_least_squares(alpha: float) -> None:
    counts = noisy()
    model = GloVe(3, lr=0.5, epochs=1000, x_max=2.0, alpha=alpha, device="cpu", **EXACT)
    predicted = model.fit_counts(counts, numbered(25)).predict()
    start = np.asarray(model.factors[1].vectors, dtype=np.float64)
    solved = alternating_least_squares(counts.toarray(), 3, 2.0, alpha, sweeps=100, start=start)
    found, best = (objective(p, counts.toarray(), 2.0, alpha) for p in (predicted, solved))
    assert best > 1
    assert found == pytest.approx(best, rel=1e-10)
    np.testing.assert_allclose(predicted, solved, atol=1e-8)


def test_history_is_the_objective_a_cell() -> None:
    counts = noisy()
    model = GloVe(2, lr=1e-12, epochs=1, x_max=2.0, batch_size=50, device="cpu", **EXACT)
    model.fit_counts(counts, numbered(25))  # it has not moved
    expected = objective(model.predict(), counts.toarray(), 2.0, 0.75) / counts.nnz
    assert model.history == [pytest.approx(expected)]


def test_fit_counts_and_learns(device: torch.device) -> None:
    settings = {"dim": 4, "window": 2, "min_count": 2, "epochs": 3, "device": device}
    torch.manual_seed(0)
    model = GloVe(**settings).fit(CORPUS)
    vocab = Vocabulary.from_corpus(CORPUS, min_count=2)
    torch.manual_seed(0)
    other = GloVe(**settings).fit_counts(cooccurrences(CORPUS, vocab, window=2), vocab)
    assert model.vectors.words == vocab.words == other.vectors.words
    np.testing.assert_array_equal(model.vectors.vectors, other.vectors.vectors)
    assert model.vectors.counts.tolist() == vocab.counts.tolist()
    words, contexts = model.factors
    np.testing.assert_allclose(model.vectors.vectors, words.vectors + contexts.vectors, rtol=1e-6)
    assert len(model.history) == 3


def test_predictions_are_products_and_biases() -> None:
    model = GloVe(4, min_count=1, epochs=2, device="cpu").fit(CORPUS)
    words, contexts = (half.vectors for half in model.factors)
    b, d = model.biases
    np.testing.assert_allclose(model.predict(), words @ contexts.T + b[:, None] + d, rtol=1e-5, atol=1e-6)


def test_a_corpus_is_read_as_a_stream() -> None:
    class Streamed:
        passes = 0

        def __iter__(self):
            self.passes += 1
            yield from CORPUS

    corpus = Streamed()
    GloVe(2, min_count=1, epochs=1, device="cpu").fit(corpus)
    assert corpus.passes == 2


def test_vectors_go_to_gensim_and_to_disk(tmp_path) -> None:
    model = GloVe(3, min_count=1, epochs=1, device="cpu").fit(CORPUS)
    keyed = model.to_keyedvectors()
    np.testing.assert_array_equal(keyed["cat"], model.vectors["cat"])
    model.vectors.save(tmp_path / "vectors.npz")
    np.testing.assert_array_equal(WordVectors.load(tmp_path / "vectors.npz")["cat"], model.vectors["cat"])


def test_is_cloned_like_any_estimator() -> None:
    model = GloVe(7, lr=0.3, device="cpu")
    assert clone(model).get_params() == model.get_params()


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="`corpus`: expected a corpus with a word that occurs 5 time"):
        GloVe().fit([])
    with pytest.raises(ValueError, match="`counts`: expected two words that stand together, got none"):
        GloVe(min_count=1).fit([["a"], ["b"]])
    with pytest.raises(TypeError, match="`corpus`"):
        GloVe().fit(iter(CORPUS))
    for name in ("dim", "window", "min_count", "epochs", "batch_size"):
        with pytest.raises(ValueError, match=f"`{name}`: expected 1 or more, got 0"):
            GloVe(**{name: 0}).fit(CORPUS)
    for name in ("x_max", "lr", "first_square"):
        with pytest.raises(ValueError, match=f"`{name}`: expected a number above 0, got 0"):
            GloVe(**{name: 0}).fit(CORPUS)
    with pytest.raises(ValueError, match="`alpha`: expected a number >= 0, got -1"):
        GloVe(alpha=-1).fit(CORPUS)
    with pytest.raises(ValueError, match=r"`counts`: expected shape \(3, 3\)"):
        GloVe().fit_counts(csr_array(np.ones((2, 2))), numbered(3))
    with pytest.raises(ValueError, match="`counts`: expected cells that hold numbers above 0"):
        GloVe().fit_counts(csr_array(np.array([[0, -1.0], [2, 3]])), numbered(2))
    with pytest.raises(NotFittedError):
        _ = GloVe().vectors
