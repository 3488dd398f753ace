"""Doc2Vec against naive loops, the closed form of its optimum, a convex solver, and gensim."""

import math

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from cmlearn.embedding import Doc2Vec, Vocabulary, paragraph_context, paragraph_loss
from cmlearn.embedding.doc2vec import _learn, _Table, _Tokens

FRUIT = ["apple", "pear", "plum", "cherry", "peach", "ripe", "sweet", "juicy"]
TOOLS = ["saw", "axe", "drill", "chisel", "plane", "sharp", "steel", "handle"]


def topics(documents: int = 120, length: int = 8, seed: int = 0) -> list[list[str]]:
    """Documents about fruit and about tools, by turns."""
    rng = np.random.default_rng(seed)
    return [rng.choice((FRUIT, TOOLS)[n % 2], length).tolist() for n in range(documents)]


class Streamed:
    """A corpus that is never in memory as a whole, and says how often it was read."""

    def __init__(self, documents):
        self.documents, self.passes = documents, 0

    def __iter__(self):
        self.passes += 1
        yield from self.documents


def batch(tokens: int = 9, rows: int = 4, words: int = 6, samples: int = 5, dim: int = 3):
    """Arguments of the loss, in double precision."""
    real = {"dtype": torch.float64}
    return (
        torch.randn(rows, dim, **real),
        torch.randn(words, dim, **real),
        torch.randint(rows, (tokens,)),
        torch.randint(words, (tokens,)),
        torch.rand(tokens, **real),
        torch.randint(words, (samples,)),
        torch.rand(samples, **real),
    )


# The loss.


def test_the_loss_is_that_of_a_naive_loop(device):
    hidden, outputs, row, word, weight, noise, noise_weight = batch()
    naive = 0.0
    for r, w, a in zip(row.tolist(), word.tolist(), weight.tolist(), strict=True):
        naive += a * math.log1p(math.exp(-float(hidden[r] @ outputs[w])))
        for n, b in zip(noise.tolist(), noise_weight.tolist(), strict=True):
            naive += a * b * math.log1p(math.exp(float(hidden[r] @ outputs[n])))
    args = [x.to(device) for x in (hidden, outputs, row, word, weight, noise, noise_weight)]
    assert paragraph_loss(*args).item() == pytest.approx(naive, rel=1e-12)


def test_the_gradient_is_what_is_missing_from_right_and_present_in_wrong():
    hidden, outputs, row, word, weight, noise, noise_weight = batch()
    expected = torch.zeros_like(hidden)
    for r, w, a in zip(row, word, weight, strict=True):
        expected[r] -= a * torch.sigmoid(-hidden[r] @ outputs[w]) * outputs[w]
        for n, b in zip(noise, noise_weight, strict=True):
            expected[r] += a * b * torch.sigmoid(hidden[r] @ outputs[n]) * outputs[n]
    hidden.requires_grad_()
    paragraph_loss(hidden, outputs, row, word, weight, noise, noise_weight).backward()
    torch.testing.assert_close(hidden.grad, expected, rtol=1e-12, atol=1e-12)


def test_the_gradient_agrees_with_finite_differences():
    hidden, outputs, *rest = batch()
    assert torch.autograd.gradcheck(
        lambda h, u: paragraph_loss(h, u, *rest), (hidden.requires_grad_(), outputs.requires_grad_())
    )


def test_sampled_noise_has_the_expectation_of_all_noise():
    """Averaged over every possible draw, with its probability."""
    hidden, outputs, row, word, weight, *_ = batch(words=4)
    p, k = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64), 5.0
    sampled = sum(
        p[i]
        * p[j]
        * paragraph_loss(
            hidden, outputs, row, word, weight, torch.tensor([i, j]), torch.full((2,), k / 2).double()
        )
        for i in range(4)
        for j in range(4)
    )
    exact = paragraph_loss(hidden, outputs, row, word, weight, torch.arange(4), k * p)
    torch.testing.assert_close(sampled, exact, rtol=1e-12, atol=0.0)


# PV-DM's mean.


@pytest.mark.parametrize("window", [1, 3, 50])
def test_the_context_is_that_of_a_naive_loop(window, device):
    lengths = [4, 1, 6]
    place = torch.cat([torch.arange(n) for n in lengths])
    documents = torch.randn(3, 2, dtype=torch.float64).repeat_interleave(torch.tensor(lengths), 0)
    words, weight = torch.randn(11, 2, dtype=torch.float64), torch.rand(11, dtype=torch.float64)
    expected = documents.clone()
    for i in range(11):
        before = range(i - min(window, int(place[i])), i)
        total = documents[i] + sum(weight[j] * words[j] for j in before)
        expected[i] = total / (1 + sum(weight[j] for j in before))
    args = [x.to(device) for x in (documents, words, weight, place)]
    torch.testing.assert_close(paragraph_context(*args, window).cpu(), expected)


# The optimum.


def toy():
    """Counts without a zero, and the corpus that has them."""
    counts = np.random.default_rng(0).integers(1, 9, size=(5, 4))
    corpus = [[w for w, n in zip("abcd", row, strict=True) for _ in range(n)] for row in counts]
    return counts, corpus


def shifted_pmi(counts: np.ndarray, k: float) -> np.ndarray:
    joint = counts / counts.sum()
    return np.log(joint / np.outer(joint.sum(1), joint.sum(0))) - math.log(k)


def minimum(loss, start):
    """The minimum of a loss, by L-BFGS."""
    found = start.clone().requires_grad_()
    solver = torch.optim.LBFGS(
        [found], max_iter=300, tolerance_grad=1e-12, tolerance_change=1e-15, line_search_fn="strong_wolfe"
    )

    def closure():
        solver.zero_grad()
        value = loss(found)
        value.backward()
        return value

    solver.step(closure)
    return found.detach()


def test_at_full_rank_the_optimum_is_pmi_less_log_k_entry_by_entry():
    counts, _ = toy()
    d, w = np.nonzero(counts)
    share = torch.tensor(counts.sum(0) / counts.sum())
    token = torch.tensor(d), torch.tensor(w), torch.tensor(counts[d, w]).double()

    def loss(vectors):
        return paragraph_loss(vectors[:5], vectors[5:], *token, torch.arange(4), 3 * share)

    best = minimum(loss, torch.randn(9, 4, dtype=torch.float64))
    np.testing.assert_allclose(best[:5] @ best[5:].T, shifted_pmi(counts, 3), atol=1e-6)


def test_training_goes_to_that_optimum():
    counts, corpus = toy()
    model = Doc2Vec(
        dim=4,
        min_count=1,
        subsample=0.0,
        noise_power=1.0,
        negatives=2,
        epochs=600,
        shared=2000,
        lr=0.2,
        random_state=0,
    ).fit(corpus)
    found = model.document_vectors @ model.vectors.vectors[np.argsort(model.vocab.words)].T
    np.testing.assert_allclose(found, shifted_pmi(counts, 2), atol=0.1)


@pytest.mark.parametrize("method", ["dbow", "dm"])
def test_inference_goes_to_the_one_optimum(method):
    """The loss is convex in the document's vector, so a solver finds the optimum, from anywhere."""
    model = Doc2Vec(2, method=method, epochs=1, infer_epochs=300, shared=2000, random_state=0, device="cpu")
    model.fit(topics(20))
    model._outputs[:] = torch.randn(model._outputs.shape)
    document = [*FRUIT[:4], *TOOLS[:4]]
    objective = model._objective(0)
    tokens = _Tokens.read([document], model.vocab, objective.keep).take(torch.tensor([0]))
    frozen = {"outputs": torch.tensor(model._outputs), "inputs": torch.tensor(model.vectors.vectors)}
    every, expected_noise = torch.arange(len(model.vocab)), 5 * objective.noise

    def loss(vector):
        hidden, row = objective.hidden({"documents": vector, **frozen}, tokens)
        rest = (tokens.word, tokens.weight, every, expected_noise)
        return paragraph_loss(hidden, frozen["outputs"], row, *rest)

    best = minimum(loss, torch.randn(1, 2))
    torch.testing.assert_close(minimum(loss, 5 * torch.randn(1, 2)), best, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(model.transform([document]), best, atol=0.02)


# The machine around it.


def test_batches_have_every_document_once_and_about_so_many_words():
    length = torch.randint(0, 20, (200,))
    tokens = _Tokens(torch.zeros(int(length.sum()), dtype=torch.int32), length, torch.ones(1))
    order = torch.randperm(200)
    batches = tokens.batches(order, 50)
    assert torch.equal(torch.cat(list(batches)), order)
    assert max(int(length[b].sum()) for b in batches) < 50 + 20
    assert [b.tolist() for b in tokens.batches(order[:0], 50)] == [[]]


def test_a_batch_holds_the_tokens_of_its_documents():
    vocab = Vocabulary(("a", "b", "c"), np.array([3, 2, 1]))
    tokens = _Tokens.read([["a", "b"], ["x"], [], ["c", "x", "a", "a"]], vocab, torch.tensor([0.5, 1.0, 1.0]))
    taken = tokens.take(torch.tensor([3, 1, 0]))
    assert taken.word.tolist() == [2, 0, 0, 0, 1]
    assert taken.row.tolist() == [0, 0, 0, 2, 2]
    assert taken.place.tolist() == [0, 1, 2, 0, 1]
    assert taken.weight.tolist() == [1.0, 0.5, 0.5, 0.5, 1.0]


@pytest.mark.parametrize("method", ["dbow", "dm"])
def test_a_step_is_adagrad_on_whole_tables(method):
    """The step touches only the rows of a batch; the naive one computes the gradient of all."""
    model = Doc2Vec(dim=3, method=method, shared=40, device="cpu")
    model.vocab = Vocabulary.from_corpus(topics(20))
    tokens = _Tokens.read(topics(20), model.vocab, model._objective(0).keep)
    chosen = torch.tensor([7, 2, 11])
    start = {
        name: torch.randn_like(table.rows) for name, table in model._tables(20, torch.Generator()).items()
    }
    tables = {name: _Table(rows.clone()) for name, rows in start.items()}
    for table in tables.values():
        table.squares += 0.5
    _learn(tables, chosen, tokens.take(chosen), model._objective(5), 0.1)

    whole = {name: rows.clone().requires_grad_() for name, rows in start.items()}
    objective = model._objective(5)
    objective.loss(
        {**whole, "documents": whole["documents"][chosen]}, tokens.take(chosen), objective.draw()
    ).backward()
    for name, rows in whole.items():
        rate = 0.1 / (0.5 + rows.grad.square().mean(1, keepdim=True)).sqrt()
        torch.testing.assert_close(tables[name].rows, start[name] - rate * rows.grad, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", ["dbow", "dm"])
def test_documents_find_their_topic_also_new_ones(method):
    model = Doc2Vec(dim=8, method=method, random_state=0).fit(topics())
    new = model.transform(topics(40, seed=1))
    fruit, tools = model.document_vectors[::2].mean(0), model.document_vectors[1::2].mean(0)
    side = np.sign((new - (fruit + tools) / 2) @ (fruit - tools))
    assert (side == np.tile([1, -1], 20)).mean() > 0.95


def test_inference_agrees_with_training():
    corpus = topics()
    model = Doc2Vec(dim=4, epochs=100, infer_epochs=100, random_state=0).fit(corpus)
    a, b = model.document_vectors, model.transform(corpus)
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert np.median(cosine) > 0.95


def test_pv_dbow_does_not_see_order_and_pv_dm_does():
    document = [*FRUIT[:4], *TOOLS[:4]]
    change = {}
    for method in ("dbow", "dm"):
        model = Doc2Vec(dim=6, method=method, random_state=0).fit(topics())
        forth, back = model.transform([document, document[::-1]])
        change[method] = abs(forth - back).max() / abs(forth).max()
    assert change["dbow"] < 1e-3 < 0.05 < change["dm"]


@pytest.mark.parametrize("method", ["dbow", "dm"])
def test_a_document_does_not_depend_on_the_others(method):
    settings = {"epochs": 2, "infer_epochs": 10, "batch_words": 64, "random_state": 0}
    model = Doc2Vec(dim=4, method=method, **settings).fit(topics())
    new = topics(20, seed=2)
    together = model.transform(new)
    alone = np.concatenate([model.transform([document]) for document in new])
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4)


def test_random_numbers_follow_the_seed():
    corpus = topics(20)
    first, second = (Doc2Vec(dim=4, epochs=2, random_state=3).fit(corpus) for _ in range(2))
    np.testing.assert_array_equal(first.document_vectors, second.document_vectors)
    np.testing.assert_array_equal(first.transform(corpus), second.transform(corpus))
    free = clone(first).set_params(random_state=None).fit(corpus)
    assert (free.transform(corpus) != free.transform(corpus)).any()
    torch.manual_seed(7)
    once = free.transform(corpus)
    torch.manual_seed(7)
    np.testing.assert_array_equal(free.transform(corpus), once)


def test_documents_without_known_words_have_the_vector_0():
    corpus = [*topics(20), [], ["once"], FRUIT]
    model = Doc2Vec(dim=4, epochs=2).fit(corpus)
    assert (model.document_vectors[20:22] == 0).all()
    assert (model.document_vectors[22] != 0).any()
    assert (model.transform([["unheard"], []]) == 0).all()
    assert model.transform([]).shape == (0, 4)


def test_the_corpus_is_read_twice_as_a_stream():
    corpus = Streamed(topics(20))
    streamed = Doc2Vec(dim=4, epochs=3, random_state=0).fit(corpus)
    assert corpus.passes == 2
    listed = Doc2Vec(dim=4, epochs=3, random_state=0).fit(topics(20))
    np.testing.assert_array_equal(streamed.document_vectors, listed.document_vectors)


@pytest.mark.parametrize("method", ["dbow", "dm"])
def test_a_saved_model_goes_on_as_before(method, tmp_path):
    model = Doc2Vec(dim=4, method=method, epochs=2, random_state=1).fit(topics(20))
    model.save(tmp_path / "model.npz")
    loaded = Doc2Vec.load(tmp_path / "model.npz")
    assert loaded.get_params() == model.get_params()
    assert loaded.vocab.words == model.vocab.words
    np.testing.assert_array_equal(loaded.document_vectors, model.document_vectors)
    np.testing.assert_array_equal(loaded.vectors.vectors, model.vectors.vectors)
    np.testing.assert_array_equal(loaded.transform(topics(3)), model.transform(topics(3)))


def test_word_vectors_of_both_methods():
    dbow, dm = (Doc2Vec(dim=4, method=method, random_state=0).fit(topics()) for method in ("dbow", "dm"))
    np.testing.assert_array_equal(dbow.vectors.vectors, dbow.output_vectors.vectors)
    assert (dm.vectors.vectors != dm.output_vectors.vectors).any()
    assert dbow.to_keyedvectors().index_to_key == list(dbow.vocab.words)
    assert dbow.vectors.similarity("apple", "plum") > dbow.vectors.similarity("apple", "axe")


def test_as_good_as_gensim_on_topics():
    """Triplets of two documents of one topic and one of another, the words of which overlap."""
    from gensim.models.doc2vec import Doc2Vec as Theirs
    from gensim.models.doc2vec import TaggedDocument

    rng = np.random.default_rng(0)
    themes = [rng.choice(200, 25, replace=False) for _ in range(12)]
    corpus = [[f"w{n}" for n in rng.choice(themes[i % 12], 12)] for i in range(600)]
    ours = Doc2Vec(dim=20, epochs=20, random_state=0).fit(corpus).document_vectors
    tagged = [TaggedDocument(words, [i]) for i, words in enumerate(corpus)]
    theirs = Theirs(
        tagged, dm=0, vector_size=20, min_count=2, epochs=20, alpha=0.1, workers=1, seed=1
    ).dv.vectors
    assert triplet_accuracy(ours) > triplet_accuracy(theirs) - 0.03
    assert triplet_accuracy(ours) > 0.9


def triplet_accuracy(vectors: np.ndarray) -> float:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    anchor = np.arange(0, 576)
    same, other = (unit[anchor] * unit[anchor + 12]).sum(1), (unit[anchor] * unit[anchor + 5]).sum(1)
    return float((same > other).mean())


# Bad input.


@pytest.mark.errors
@pytest.mark.parametrize("corpus", [[], [[]], [["a"], ["b"]]])
def test_a_corpus_without_enough_words(corpus):
    with pytest.raises(ValueError, match=r"`corpus`: expected a corpus with a word that occurs 2 time\(s\)"):
        Doc2Vec().fit(corpus)


@pytest.mark.errors
def test_what_is_no_corpus():
    with pytest.raises(TypeError, match="`corpus`: expected something that can be read more than once"):
        Doc2Vec().fit(words for words in topics())
    with pytest.raises(
        TypeError, match="`corpus`: expected a sequence of tokens at position 0, got 'the cat'"
    ):
        Doc2Vec().fit(["the cat"])
    with pytest.raises(
        TypeError, match="`corpus`: expected a sequence of tokens at position 0, got 'the cat'"
    ):
        Doc2Vec(dim=2, epochs=1).fit(topics(4)).transform(["the cat"])


@pytest.mark.errors
@pytest.mark.parametrize(
    "name",
    ["dim", "window", "negatives", "epochs", "infer_epochs", "min_count", "batch_words", "shared", "lr"],
)
def test_settings_out_of_range(name):
    with pytest.raises(ValueError, match=f"`{name}`: expected .*, got 0"):
        Doc2Vec(**{name: 0}).fit(topics())


@pytest.mark.errors
def test_other_settings_out_of_range():
    with pytest.raises(ValueError, match="`method`: expected one of 'dbow', 'dm', got 'skipgram'"):
        Doc2Vec(method="skipgram").fit(topics())
    with pytest.raises(ValueError, match="`subsample`: expected 0 or more, got -1"):
        Doc2Vec(subsample=-1).fit(topics())


@pytest.mark.errors
@pytest.mark.parametrize("ask", ["vectors", "output_vectors"])
def test_asked_before_it_has_learned(ask, tmp_path):
    with pytest.raises(NotFittedError):
        getattr(Doc2Vec(), ask)
    with pytest.raises(NotFittedError):
        Doc2Vec().transform([["a"]])
    with pytest.raises(NotFittedError):
        Doc2Vec().save(tmp_path / "model.npz")


@pytest.mark.errors
def test_a_file_of_something_else(tmp_path):
    np.savez(tmp_path / "other.npz", x=np.ones(2))
    with pytest.raises(ValueError, match=r"`path`: expected a file that `save` wrote, got \['x'\]"):
        Doc2Vec.load(tmp_path / "other.npz")
