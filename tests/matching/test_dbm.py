"""Deep and multimodal machines: pretraining against its definition, learning against exact likelihoods."""

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import check_estimator

from cmlearn.matching import dbm
from cmlearn.matching._binary import units
from cmlearn.matching.boltzmann import BoltzmannMachine
from cmlearn.matching.dbm import DBM, MultimodalDBM
from cmlearn.matching.likelihood import exact_log_z, log_likelihood
from tests.matching.tiny_machines import machine


def stripes(n: int = 200) -> np.ndarray:
    """Rows or columns of a 2 x 3 grid, each on or off: 2 x 2² + 2³ - 2 patterns with a deep cause."""
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.integers(0, 2, size=(n, 2, 1)), 3, axis=2)
    columns = np.repeat(rng.integers(0, 2, size=(n, 1, 3)), 2, axis=1)
    return np.where(rng.random((n, 1, 1)) < 0.5, rows, columns).reshape(n, 6)


def pairs(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Two modalities that share a bit: six copies of it with noise, and three."""
    rng = np.random.default_rng(1)
    bit = rng.integers(0, 2, size=(n, 1))
    X = np.where(rng.random((n, 6)) < 0.1, 1 - bit, bit)
    y = np.hstack([bit, 1 - bit, bit])
    return X, y


def mean_log_likelihood(model: DBM, X: np.ndarray) -> float:
    visible = torch.as_tensor(X, dtype=torch.float32)
    return log_likelihood(model.machine_, {0: visible}, exact_log_z(model.machine_)).mean().item()


def test_training_raises_the_exact_likelihood() -> None:
    X = stripes()
    settings = {"batch_size": 50, "n_iter": 300, "pretrain_iter": 300, "learning_rate": 0.1}
    model = DBM((6, 4), **settings, random_state=0).fit(X)
    independent = np.log(np.where(X, X.mean(axis=0), 1 - X.mean(axis=0))).sum(axis=1).mean()
    assert mean_log_likelihood(model, X) > independent + 0.8


def test_pretraining_is_composed_of_two_doubled_rbms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is trained as a whole, the machine is two RBMs; the layer they share gets the mean bias."""
    made = []
    train = dbm._Deep._train

    def stop_before_the_whole(self, machine, data, epochs, mean_field_steps):
        made.append(machine)
        return train(self, machine, data, epochs, mean_field_steps) if len(made) < 3 else []

    monkeypatch.setattr(dbm._Deep, "_train", stop_before_the_whole)
    whole = DBM((5, 3), n_iter=1, pretrain_iter=2, random_state=0).fit(stripes()).machine_
    bottom, top, last = made
    assert last is whole
    assert [machine.sizes for machine in made] == [[6, 5, 6], [3, 5, 3], [6, 5, 3]]
    torch.testing.assert_close(whole.weights[0], bottom.weights[0])
    torch.testing.assert_close(whole.weights[1], top.weights[1])
    torch.testing.assert_close(whole.biases[1], (bottom.biases[1] + top.biases[1]) / 2)
    torch.testing.assert_close(whole.biases[0], bottom.biases[0])
    torch.testing.assert_close(whole.biases[2], top.biases[0])


def test_multimodal_pretraining_puts_each_weight_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    train = dbm._Deep._train

    def stop_before_the_whole(self, machine, data, epochs, mean_field_steps):
        made.append(machine)
        return train(self, machine, data, epochs, mean_field_steps) if len(made) < 4 else []

    monkeypatch.setattr(dbm._Deep, "_train", stop_before_the_whole)
    whole = MultimodalDBM((5, 2), 4, n_iter=1, pretrain_iter=2, random_state=0).fit(*pairs()).machine_
    left, right, top, _ = made
    assert [machine.sizes for machine in made] == [[6, 5, 6], [3, 2, 3], [4, 7, 4], [6, 5, 4, 2, 3]]
    torch.testing.assert_close(whole.weights[0], left.weights[0])
    torch.testing.assert_close(torch.cat([whole.weights[1], whole.weights[2].T]), top.weights[1])
    torch.testing.assert_close(whole.weights[3].T, right.weights[0])
    shared = torch.cat([left.biases[1], right.biases[1]])
    torch.testing.assert_close(torch.cat([whole.biases[1], whole.biases[3]]), (shared + top.biases[1]) / 2)


def test_transform_is_the_top_of_mean_field() -> None:
    X = stripes()
    model = DBM((5, 3), n_iter=2, random_state=0).fit(X)
    v, h1, h2 = model.mean_field(X)
    np.testing.assert_array_equal(v, X)
    np.testing.assert_array_equal(model.transform(X), h2)
    again = model.machine_.total_input(2, [v, h1, h2]).sigmoid()
    torch.testing.assert_close(h2, again, atol=1e-4, rtol=0)


def multimodal() -> MultimodalDBM:
    model = MultimodalDBM((8, 8), 4, learning_rate=0.2, n_iter=60, pretrain_iter=60, random_state=0)
    return model.fit(*pairs())


def test_either_modality_follows_from_the_other() -> None:
    model = multimodal()
    X = np.array([[1] * 6, [0] * 6])
    y = np.array([[1, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(model.fill(X=X)[1].round(), y)
    np.testing.assert_array_equal(model.fill(y=y)[0].round(), X)
    both = model.fill(X, y)
    np.testing.assert_array_equal(both[0], X)
    np.testing.assert_array_equal(both[1], y)


def test_samples_given_one_modality_follow_the_exact_conditional() -> None:
    model = MultimodalDBM((3, 3), 2, n_iter=1, pretrain_iter=0).fit(*pairs())
    weak = machine([6, 3, 2, 3, 3])  # chains of a trained machine need longer
    model.machine_ = BoltzmannMachine([w.float() for w in weak.weights], [b.float() for b in weak.biases])
    every = np.array([[n >> i & 1 for i in range(3)] for n in range(8)], dtype=np.float32)
    X = np.array([[1, 1, 1, 0, 0, 1]], dtype=np.float32)
    given = {0: torch.as_tensor(X).expand(8, -1), 4: torch.as_tensor(every)}
    probability = log_likelihood(model.machine_, given, 0.0).softmax(dim=0).numpy()
    _, sampled = model.sample(X=np.repeat(X, 4000, axis=0), steps=100, random_state=0)
    exact = probability @ every
    assert abs(sampled.mean(axis=0) - exact).max() < 5 * 0.5 / 4000**0.5


def test_joint_layer_takes_one_or_both() -> None:
    model = multimodal()
    X, y = pairs(10)
    for given in ((X, y), (X,), (None, y)):
        assert model.transform(*given).shape == (10, 4)
    assert not np.allclose(model.transform(X), model.transform(X, y), atol=1e-6)


def test_same_seed_same_result() -> None:
    X, y = pairs(50)
    one, two = (MultimodalDBM(n_iter=2, pretrain_iter=1, random_state=3).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(one.transform(X), two.transform(X))
    samples = [one.sample(X=X, steps=3, random_state=seed)[1] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(samples[0], samples[1])
    assert not np.array_equal(samples[0], samples[2])


def test_one_dimensional_y_is_one_column() -> None:
    X, y = pairs(50)
    model = MultimodalDBM(n_iter=1, pretrain_iter=0, random_state=0).fit(X, y[:, 0])
    assert model.fill(X)[1].shape == (50, 1)


def test_runs_on_the_suites_device(device: torch.device) -> None:
    X, y = pairs(50)
    model = MultimodalDBM(n_iter=1, pretrain_iter=1, random_state=0, device=device).fit(X, y)
    assert model.machine_.weights[0].device.type == device.type
    assert np.isfinite(model.sample(X=X, steps=2)[1]).all()


def squashed(values: np.ndarray, argument: str, device: str | torch.device) -> torch.Tensor:
    """scikit-learn's checks send any numbers, where ours are probabilities."""
    return units(1 / (1 + np.exp(-values)), argument, device)


@pytest.mark.errors
@pytest.mark.parametrize(
    "estimator",
    [
        DBM((4, 3), n_iter=2, pretrain_iter=1, random_state=0),
        MultimodalDBM((4, 3), 2, n_iter=2, pretrain_iter=1, random_state=0),
    ],
)
def test_scikit_learn_estimator_checks(estimator: BaseEstimator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmlearn.matching.dbm.units", squashed)
    check_estimator(estimator, on_skip=None)


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    X, y = pairs(20)
    with pytest.raises(ValueError, match="`X`: expected values from 0 to 1, got 0 to 2"):
        DBM(n_iter=1).fit(2 * X)
    with pytest.raises(ValueError, match="`hidden`: expected two numbers"):
        DBM((4,)).fit(X)
    with pytest.raises(ValueError, match="`pretrain_iter`: expected a number >= 0"):
        DBM(pretrain_iter=-1).fit(X)
    with pytest.raises(ValueError, match="`mean_field_steps`: expected 1 or more"):
        MultimodalDBM(mean_field_steps=0).fit(X, y)
    with pytest.raises(ValueError, match="`y`: expected values from 0 to 1"):
        MultimodalDBM().fit(X, 3 * y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MultimodalDBM().fit(X, y[:-1])
    model = MultimodalDBM(n_iter=1, pretrain_iter=0).fit(X, y)
    with pytest.raises(ValueError, match="`X, y`: expected at least one modality"):
        model.transform(None)
    with pytest.raises(ValueError, match=r"`y`: expected 3 column\(s\), got 2"):
        model.fill(y=y[:, :2])
    with pytest.raises(ValueError, match="`y`: expected as many rows as `X`"):
        model.fill(X, y[:5])
