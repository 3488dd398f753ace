"""Char2Vec against a loop over splits, words one by one, autograd, and the suffixes of constructed words."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import cmlearn as cm
from cmlearn.embedding import Char2Vec, SplitEncoder

WORDS = ["a", "it", "Straße", "apple", "apples", "红苹果", "сердце", "mississippi"]
CORPUS = [[WORDS[(i + j) % len(WORDS)] for j in range(5)] for i in range(60)]
SMALL = {"dim": 6, "width": 5, "hidden": 7, "epochs": 1, "min_count": 1}


def spelling(words, length=None):
    """Rows of character numbers between the marks 1 and 2, padded with 0."""
    length = length or max(map(len, words)) + 2
    return torch.tensor([[1, *(3 + ord(c) % 20 for c in w), 2] + [0] * (length - len(w) - 2) for w in words])


def lstm_end(encoder, numbers, direction):
    """The state after reading some characters, step by step, from the equations of an LSTM."""
    w_in, w_state, b_in, b_state = (
        getattr(encoder.states, f"{name}_l0{direction}")
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    hidden = cell = torch.zeros(encoder.states.hidden_size, dtype=w_in.dtype)
    for number in numbers:
        gates = w_in @ encoder.characters.weight[number] + b_in + w_state @ hidden + b_state
        i, f, g, o = gates.chunk(4)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
    return hidden


def naive_splits(encoder, numbers):
    """Every split by itself: both parts are read anew, from their outer ends."""
    found = []
    for i in range(1, len(numbers)):
        prefix = lstm_end(encoder, numbers[:i], "")
        suffix = lstm_end(encoder, numbers[i:][::-1], "_reverse")
        found.append(encoder.compose.weight @ torch.cat([prefix, suffix]) + encoder.compose.bias)
    inner, outer = encoder.score[0].weight, encoder.score[2].weight[0]
    scores = torch.stack([outer @ torch.tanh(inner @ s) for s in found]).exp()
    return torch.stack(found), scores / scores.sum()


def test_splits_are_those_of_a_naive_loop():
    encoder = SplitEncoder(30, 6, width=5, hidden=7, dtype=torch.float64)
    words = ["", "a", "apple", "red"]
    vectors, attention = encoder.splits(spelling(words))
    for row, word in enumerate(words):
        expected, share = naive_splits(encoder, spelling([word])[0].tolist())
        splits = len(word) + 1
        torch.testing.assert_close(vectors[row, :splits], expected)
        torch.testing.assert_close(attention[row, :splits], share)
        assert (attention[row, splits:] == 0).all()
        torch.testing.assert_close(encoder(spelling(words))[row], share @ expected)


def test_padding_does_not_change_a_word(device):
    encoder = SplitEncoder(30, 16, device=device)
    together = encoder(spelling(WORDS, length=40).to(device))
    alone = torch.cat([encoder(spelling([word]).to(device)) for word in WORDS])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-6)


def test_a_batch_of_words_is_the_words_one_by_one():
    model = Char2Vec(**SMALL).fit(CORPUS)
    asked = [*WORDS, "appels", "", "unbelievablenesses", "心"]
    alone = np.concatenate([model.transform([word]) for word in asked])
    np.testing.assert_allclose(model.transform(asked), alone, atol=1e-6)
    np.testing.assert_allclose(model.vectors["apple"], model.transform(["apple"])[0], atol=1e-6)


def test_attention_is_a_share_for_every_split():
    model = Char2Vec(**SMALL).fit(CORPUS)
    for word in [*WORDS, "", "unseen"]:
        attention = model.attention(word)
        assert attention.shape == (len(word) + 1,)
        assert attention.sum() == pytest.approx(1, abs=1e-5)


def test_unknown_characters_count_as_one():
    model = Char2Vec(**SMALL).fit(CORPUS)
    a, b, c = model.transform(["ap!le", "ap?le", "apple"])
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_a_step_follows_autograds_gradient_of_the_naive_objective():
    """With plain gradient steps of rate 1 in the place of Adam, so that the step is the gradient."""
    model = Char2Vec(**SMALL, device="cpu").fit(CORPUS)
    model._contexts.rows.normal_()
    contexts = model._contexts.rows.clone()
    ids, drawn = torch.randint(len(WORDS), (64,)), torch.randint(len(WORDS), (1, 32))
    sentence = torch.arange(64) // 9
    vectors = model.encoder(model._spelling[ids])
    objective = 0.0
    for i in range(64):
        for j in range(64):
            distance = abs(i - j)
            if 0 < distance <= 5 and sentence[i] == sentence[j]:
                noise = F.logsigmoid(-contexts[drawn[0]] @ vectors[i]).mean()
                objective = objective + (6 - distance) / 5 * (
                    F.logsigmoid(vectors[i] @ contexts[ids[j]]) + 5 * noise
                )
    parameters = list(model.encoder.parameters())
    gradients = torch.autograd.grad(objective / 64, parameters)
    model._optimizer = torch.optim.SGD(parameters, lr=1.0)
    before = [p.detach().clone() for p in parameters]
    model._step(ids, sentence, drawn)
    for old, new, gradient in zip(before, parameters, gradients, strict=True):
        torch.testing.assert_close(new.detach() - old, gradient, rtol=1e-3, atol=1e-5)


def spelt_topics(sentences=400, seed=0):
    """A constructed corpus: words with the stem of one of two topics and any of six endings."""
    rng = np.random.default_rng(seed)
    stems = [["kablo", "feruni", "goldam"], ["sitrem", "nuvopa", "wexil"]]
    endings = ["", "s", "en", "ing", "ta", "or"]
    return [[rng.choice(stems[n % 2]) + rng.choice(endings) for _ in range(8)] for n in range(sentences)]


def test_unseen_forms_stand_near_their_topic():
    cm.seed_everything(0)
    unseen = {"kabloing", "nuvopata"}
    corpus = [[word for word in words if word not in unseen] for words in spelt_topics()]
    model = Char2Vec(dim=16, epochs=10, min_count=1, subsample=0.0, window=8).fit(corpus)
    assert not any(word in model.vocab for word in unseen)
    unit = model.transform(["kabloing", "nuvopata", "goldam", "sitremen"])
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    first, second = unit[:2] @ unit[2:].T
    assert first[0] > first[1]
    assert second[1] > second[0]


def test_streams_settings_and_going_on(tmp_path):
    model = Char2Vec(**SMALL).partial_fit(CORPUS).partial_fit(CORPUS)
    assert clone(model).get_params() == model.get_params()
    model.save(tmp_path / "model.npz")
    loaded = Char2Vec.load(tmp_path / "model.npz")
    assert loaded.get_params() == model.get_params()
    asked = [*WORDS, "appels"]
    np.testing.assert_array_equal(loaded.transform(asked), model.transform(asked))
    np.testing.assert_array_equal(loaded.attention("appels"), model.attention("appels"))
    np.testing.assert_array_equal(loaded.context_vectors.vectors, model.context_vectors.vectors)
    assert loaded.partial_fit(CORPUS).vocab.words == model.vocab.words
    assert model.to_keyedvectors().index_to_key == list(model.vocab.words)
    assert model.transform([]).shape == (0, 6)


def test_random_numbers_follow_the_seed():
    found = []
    for _ in range(2):
        cm.seed_everything(3)
        found.append(Char2Vec(**SMALL).fit(CORPUS).transform(WORDS))
    np.testing.assert_array_equal(*found)


@pytest.mark.errors
def test_bad_input(tmp_path):
    model = Char2Vec(**SMALL).fit(CORPUS)
    with pytest.raises(TypeError, match="`words`: expected a sequence of words, got the string 'apple'"):
        model.transform("apple")
    with pytest.raises(TypeError, match="`words`: expected str, got int"):
        model.transform([1])
    with pytest.raises(TypeError, match="`word`: expected str, got list"):
        model.attention(["apple"])
    with pytest.raises(NotFittedError):
        Char2Vec().attention("a")
    with pytest.raises(NotFittedError):
        Char2Vec().transform(["a"])
    np.savez(tmp_path / "other.npz", x=np.ones(2))
    with pytest.raises(ValueError, match=r"`path`: expected a file that `Char2Vec.save` wrote, got \['x'\]"):
        Char2Vec.load(tmp_path / "other.npz")
    with pytest.raises(ValueError, match="`corpus`: expected a corpus with a word that occurs 5 time"):
        Char2Vec().fit([["a"]])


@pytest.mark.errors
@pytest.mark.parametrize(
    "name", ["dim", "epochs", "min_count", "window", "lr", "width", "hidden", "encoder_lr"]
)
def test_settings_out_of_range(name):
    with pytest.raises(ValueError, match=f"`{name}`: expected .*, got 0"):
        Char2Vec(**{name: 0}).fit(CORPUS)


@pytest.mark.errors
def test_an_encoder_of_wrong_sizes_or_input():
    with pytest.raises(ValueError, match="`hidden`: expected 1 or more, got 0"):
        SplitEncoder(5, 4, hidden=0)
    with pytest.raises(ValueError, match=r"`characters`: expected 2 dimension\(s\), got shape \(3,\)"):
        SplitEncoder(5, 4)(torch.tensor([1, 3, 2]))
    with pytest.raises(ValueError, match="`characters`: expected 2 or more in each word, got 1"):
        SplitEncoder(5, 4)(torch.tensor([[1, 2], [1, 0]]))
