"""RBM beside scikit-learn's: the same formulas on the same parameters, and a score that is no worse."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import BernoulliRBM
from sklearn.utils.estimator_checks import check_estimator

from cmlearn.matching._binary import units
from cmlearn.matching.boltzmann import BoltzmannMachine
from cmlearn.matching.likelihood import exact_log_z
from cmlearn.matching.rbm import RBM


def digits() -> np.ndarray:
    return (load_digits().data > 7.5).astype(np.float32)


def twin(model: RBM, X: np.ndarray) -> BernoulliRBM:
    """scikit-learn's RBM with the parameters of ours."""
    other = BernoulliRBM(model.n_components, n_iter=1, random_state=0).fit(X)
    other.components_ = model.machine_.weights[0].T.numpy()
    other.intercept_visible_, other.intercept_hidden_ = (bias.numpy() for bias in model.machine_.biases)
    return other


def trained() -> tuple[RBM, np.ndarray]:
    X = digits()[:300]
    return RBM(12, n_iter=20, random_state=0).fit(X), X


def test_transform_and_free_energy_agree_with_scikit_learn() -> None:
    model, X = trained()
    other = twin(model, X)
    np.testing.assert_allclose(model.transform(X), other.transform(X), atol=1e-5)
    np.testing.assert_allclose(model.free_energy(X), other._free_energy(X), atol=1e-3)


def test_score_is_the_mean_of_scikit_learns_random_one() -> None:
    """scikit-learn flips one random unit a sample; over many tries its mean is our sum over all units."""
    model, X = trained()
    other = twin(model, X)
    tries = np.mean([other.score_samples(X) for _ in range(400)], axis=0)
    error = np.std(tries - model.score_samples(X)) / len(X) ** 0.5
    assert abs(tries.mean() - model.score(X)) < 5 * error


def test_score_is_the_pseudo_likelihood_of_a_loop() -> None:
    model, X = trained()
    X = X[:5]
    total = np.zeros(5)
    for i in range(X.shape[1]):
        flipped = X.copy()
        flipped[:, i] = 1 - flipped[:, i]
        total -= np.log1p(np.exp(model.free_energy(X) - model.free_energy(flipped)))
    np.testing.assert_allclose(model.score_samples(X), total, rtol=1e-3)


def test_free_energy_gives_probabilities_with_log_z() -> None:
    X = np.random.default_rng(0).integers(0, 2, size=(40, 6))
    model = RBM(5, n_iter=5, random_state=0).fit(X)
    every = np.array([[n >> i & 1 for i in range(6)] for n in range(64)])
    log_p = -model.free_energy(every) - exact_log_z(model.machine_).item()
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-4)


def test_training_scores_at_least_as_well_as_scikit_learn() -> None:
    X = digits()
    ours = RBM(64, n_iter=20, random_state=0).fit(X[:1200])
    theirs = BernoulliRBM(64, n_iter=20, random_state=0).fit(X[:1200])
    copy = RBM(64, n_iter=1, random_state=0).fit(X[:1200])
    copy.machine_ = BoltzmannMachine(
        [torch.as_tensor(theirs.components_.T.copy(), dtype=torch.float32)],
        [
            torch.as_tensor(bias, dtype=torch.float32)
            for bias in (theirs.intercept_visible_, theirs.intercept_hidden_)
        ],
    )
    assert ours.score(X[1200:]) > copy.score(X[1200:]) - 0.5


def test_gibbs_walks_stay_in_the_model() -> None:
    """From noise, chains reach states in which each pixel is on about as often as in the data."""
    X = digits()
    model = RBM(64, batch_size=50, n_iter=30, random_state=0).fit(X)
    walked = model.gibbs(np.full((500, 64), 0.5), steps=200, random_state=0)
    assert set(np.unique(walked)) <= {0.0, 1.0}
    assert np.corrcoef(walked.mean(axis=0), X.mean(axis=0))[0, 1] > 0.9


def test_same_seed_same_result() -> None:
    X = digits()[:100]
    one, two, other = (RBM(8, n_iter=2, random_state=seed).fit(X).transform(X) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_runs_on_the_suites_device(device: torch.device) -> None:
    model = RBM(8, n_iter=1, random_state=0, device=device).fit(digits()[:50])
    assert model.machine_.weights[0].device.type == device.type
    assert np.isfinite(model.score(digits()[:50]))


def test_grid_search_chooses_by_the_score() -> None:
    grid = GridSearchCV(RBM(16, n_iter=3, random_state=0), {"learning_rate": [1e-4, 0.1]}, cv=2)
    assert grid.fit(digits()[:400]).best_params_ == {"learning_rate": 0.1}


def squashed(values: np.ndarray, argument: str, device: str | torch.device) -> torch.Tensor:
    """scikit-learn's checks send any numbers, where ours are probabilities."""
    return units(1 / (1 + np.exp(-values)), argument, device)


@pytest.mark.errors
def test_scikit_learn_estimator_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmlearn.matching.rbm.units", squashed)
    check_estimator(RBM(4, n_iter=2, random_state=0), on_skip=None)


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    X = digits()[:20]
    with pytest.raises(ValueError, match="`X`: expected values from 0 to 1, got 0 to 2"):
        RBM(4).fit(2 * X)
    with pytest.raises(ValueError, match="`epochs, batch_size, chains`: expected numbers >= 1"):
        RBM(4, n_iter=0).fit(X)
    with pytest.raises(ValueError, match="`sizes`: expected two or more numbers >= 1"):
        RBM(0).fit(X)
    with pytest.raises(ValueError, match="expecting 64 features"):
        RBM(4).fit(X).transform(X[:, :5])
    with pytest.raises(ValueError, match="NaN"):
        RBM(4).fit(np.where(X > 0, np.nan, X))
