"""CCA against the eigenproblem, other libraries, correlations known by construction, and its invariances."""

import numpy as np
import pytest
import scipy.linalg
from cca_zoo.linear import RidgeCCA
from cca_zoo.nonparametric import KCCA
from sklearn import cross_decomposition
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from cmlearn.matching.cca import CCA, KernelCCA

RHO = np.array([0.95, 0.8, 0.5, 0.1])


def exact_views(rho: np.ndarray = RHO, n: int = 60, p: int = 6, q: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Views whose *sample* canonical correlations are `rho`, and 0 from there on."""
    rng = np.random.default_rng(0)
    columns = rng.standard_normal((n, p + q))
    white = np.linalg.qr(columns - columns.mean(axis=0))[0]  # orthonormal and centred
    x, y = white[:, :p].copy(), white[:, p:].copy()
    k = len(rho)
    y[:, :k] = rho * x[:, :k] + np.sqrt(1 - rho**2) * y[:, :k]
    return x @ rng.standard_normal((p, p)) + 3, y @ rng.standard_normal((q, q)) - 5


def noisy_views(n: int = 300, p: int = 12, q: int = 9) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    shared = rng.standard_normal((n, 4)) * [3, 2, 1, 0.5]
    views = [
        shared @ rng.standard_normal((4, size))
        + 2 * rng.standard_normal((n, size)) @ np.diag(range(1, size + 1))
        for size in (p, q)
    ]
    return views[0], views[1]


def eigenproblem(x: np.ndarray, y: np.ndarray, regularization: float = 0.0) -> np.ndarray:
    """Positive eigenvalues of `[[0, Sxy], [Syx, 0]] w = rho [[Sxx, 0], [0, Syy]] w`."""
    p, q = x.shape[1], y.shape[1]
    joint = np.cov(np.hstack([x, y]).T)
    within = scipy.linalg.block_diag(joint[:p, :p], joint[p:, p:])
    ridge = [regularization * np.linalg.eigvalsh(s).max() for s in (joint[:p, :p], joint[p:, p:])]
    constraint = within + np.diag(np.repeat(ridge, [p, q]))
    return scipy.linalg.eigh(joint - within, constraint, eigvals_only=True)[::-1][: min(p, q)]


def shrinkage(view: np.ndarray, regularization: float) -> float:
    """`c` such that cca-zoo's `(1 - c) S + c I` is our `S + regularization * s I` up to a factor."""
    ridge = regularization * np.linalg.eigvalsh(np.atleast_2d(np.cov(view.T))).max()
    return ridge / (1 + ridge)


@pytest.mark.parametrize("regularization", [0.0, 1e-3, 0.3])
def test_svd_route_solves_the_generalised_eigenproblem(regularization: float) -> None:
    x, y = noisy_views()
    model = CCA(regularization=regularization).fit(x, y)
    np.testing.assert_allclose(model.singular_values_, eigenproblem(x, y, regularization), atol=1e-10)


def test_constructed_correlations_come_back_exactly() -> None:
    model = CCA().fit(*exact_views())
    np.testing.assert_allclose(model.correlations_, [*RHO, 0], atol=1e-10)
    np.testing.assert_allclose(model.singular_values_, model.correlations_, atol=1e-10)


def test_population_correlations_are_approached() -> None:
    rng = np.random.default_rng(2)
    x, noise = rng.standard_normal((2, 100_000, len(RHO)))
    y = RHO * x + np.sqrt(1 - RHO**2) * noise
    np.testing.assert_allclose(CCA().fit(x, y).correlations_, RHO, atol=0.015)


def test_variates_are_white_and_correlate_only_in_pairs() -> None:
    x, y = noisy_views()
    model = CCA(5).fit(x, y)
    joint = np.cov(np.hstack(model.transform(x, y)).T)
    pairs = np.diag(model.correlations_)
    np.testing.assert_allclose(joint, np.block([[np.eye(5), pairs], [pairs, np.eye(5)]]), atol=1e-10)


def test_no_direction_beats_the_first_pair() -> None:
    x, y = noisy_views()
    best = CCA(1).fit(x, y).correlations_[0]
    rng = np.random.default_rng(3)
    for _ in range(200):
        a, b = x @ rng.standard_normal(x.shape[1]), y @ rng.standard_normal(y.shape[1])
        assert np.corrcoef(a, b)[0, 1] < best


@pytest.mark.parametrize("regularization", [0.0, 0.1])
def test_weights_agree_with_cca_zoo(regularization: float) -> None:
    x, y = noisy_views()
    ours = CCA(4, regularization=regularization).fit(x, y)
    amount = [shrinkage(view, regularization) for view in (x, y)]
    zoo = RidgeCCA(4, shrinkage=amount).fit([x, y])  # without shrinkage it is cca-zoo's CCA
    for mine, theirs in zip(ours.transform(x, y), zoo.transform([x, y]), strict=True):
        theirs = theirs - theirs.mean(axis=0)
        cosine = (mine * theirs).sum(axis=0) / np.linalg.norm(mine, axis=0) / np.linalg.norm(theirs, axis=0)
        np.testing.assert_allclose(abs(cosine), 1, atol=1e-8)


def test_variates_agree_with_scikit_learn() -> None:
    x, y = noisy_views()
    ours = CCA(2).fit(x, y).transform(x, y)
    theirs = cross_decomposition.CCA(2, scale=False, max_iter=10_000, tol=1e-14).fit(x, y).transform(x, y)
    for mine, other in zip(ours, theirs, strict=True):
        assert abs(np.corrcoef(mine.T, other.T)[:2, 2:]).round(6).tolist() == np.eye(2).tolist()


def test_invertible_maps_of_a_view_change_nothing() -> None:
    x, y = noisy_views()
    rng = np.random.default_rng(4)
    mapped_x = x @ rng.standard_normal((x.shape[1],) * 2) + 7
    mapped_y = y @ rng.standard_normal((y.shape[1],) * 2)
    plain, mapped = CCA(3).fit(x, y), CCA(3).fit(mapped_x, mapped_y)
    np.testing.assert_allclose(mapped.correlations_, plain.correlations_, atol=1e-10)
    before, after = plain.transform(x), mapped.transform(mapped_x)
    np.testing.assert_allclose(abs((before * after).mean(axis=0)), before.var(axis=0), atol=1e-10)


def test_views_swap() -> None:
    x, y = noisy_views()
    np.testing.assert_allclose(CCA().fit(x, y).correlations_, CCA().fit(y, x).correlations_, atol=1e-12)


def test_more_columns_than_samples_need_regularisation() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((40, 100)), rng.standard_normal((40, 80))  # independent
    plain = CCA().fit(x, y)
    np.testing.assert_allclose(plain.correlations_, np.ones(39))  # rank 39 after centring
    assert abs(plain.score(rng.standard_normal((40, 100)), rng.standard_normal((40, 80)))) < 0.2
    assert CCA(regularization=1.0).fit(x, y).singular_values_.max() < 0.75


def test_wide_views_never_form_a_square_of_their_columns() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((8, 200_000)), rng.standard_normal((8, 3))  # p x p: 320 GB
    assert CCA(2).fit(x, y).x_weights_.shape == (200_000, 2)


def test_repeated_and_constant_columns_are_harmless() -> None:
    x, y = noisy_views()
    padded = np.hstack([x, x[:, :3] * 2, np.full((len(x), 1), 4.0)])
    np.testing.assert_allclose(CCA().fit(padded, y).correlations_, CCA().fit(x, y).correlations_, atol=1e-10)


def test_score_and_correlations_are_those_of_the_variates() -> None:
    x, y = noisy_views()
    model = CCA(3, regularization=0.05).fit(x[:200], y[:200])
    a, b = model.transform(x[200:], y[200:])
    expected = [np.corrcoef(a[:, k], b[:, k])[0, 1] for k in range(3)]
    np.testing.assert_allclose(model.correlations(x[200:], y[200:]), expected, atol=1e-12)
    assert model.score(x[200:], y[200:]) == pytest.approx(np.mean(expected))
    np.testing.assert_allclose(model.correlations(x[:200], y[:200]), model.correlations_, atol=1e-12)


def test_one_dimensional_y_is_one_column() -> None:
    x, y = noisy_views()
    model = CCA().fit(x, y[:, 0])
    fitted = np.linalg.lstsq(x - x.mean(axis=0), y[:, 0] - y[:, 0].mean(), rcond=None)[0]
    assert model.correlations_ == pytest.approx([np.corrcoef(x @ fitted, y[:, 0])[0, 1]])  # multiple R


def test_works_in_scikit_learn_pipelines_and_grids() -> None:
    x, y = noisy_views()
    grid = GridSearchCV(CCA(2), {"regularization": [0.0, 0.1, 1.0]}, cv=3).fit(x, y)
    assert grid.best_score_ > 0
    assert make_pipeline(StandardScaler(), CCA(2)).fit(x, y).transform(x).shape == (300, 2)
    named = CCA(2).set_output(transform="pandas").fit(x, y).transform(x)
    assert list(named.columns) == ["cca0", "cca1"]


class CanonicalCorrelation(CCA):
    """Only the name differs: scikit-learn's checks expect of the name CCA what its own CCA returns."""


@pytest.mark.errors
@pytest.mark.parametrize("estimator", [CanonicalCorrelation(), CanonicalCorrelation(1), KernelCCA()])
def test_scikit_learn_estimator_checks(estimator: BaseEstimator) -> None:
    check_estimator(estimator, on_skip=None)


# Kernels.


def test_linear_kernel_is_cca() -> None:
    x, y = noisy_views(n=80)
    kernel = KernelCCA(3, kernel="linear", regularization=0.05).fit(x[:60], y[:60])
    plain = CCA(3, regularization=0.05).fit(x[:60], y[:60])
    np.testing.assert_allclose(kernel.singular_values_, plain.singular_values_, atol=1e-10)
    for one, other in zip(kernel.transform(x[60:], y[60:]), plain.transform(x[60:], y[60:]), strict=True):
        np.testing.assert_allclose(abs(one), abs(other), atol=1e-8)


def test_polynomial_kernel_is_cca_on_the_monomials() -> None:
    x, y = noisy_views(n=80, p=3, q=2)
    kernel = KernelCCA(kernel="poly", degree=2.0, gamma=1.0, coef0=1.0, regularization=0.0).fit(x, y)
    monomials = PolynomialFeatures(2, include_bias=False)
    plain = CCA().fit(monomials.fit_transform(x), monomials.fit_transform(y))
    np.testing.assert_allclose(kernel.correlations_, plain.correlations_, atol=1e-7)


def test_rbf_kernel_agrees_with_cca_zoo() -> None:
    x, y = noisy_views(n=70, p=3, q=4)
    amounts = []
    for view in (x, y):
        kernel = np.exp(-0.05 * scipy.spatial.distance.cdist(view, view, "sqeuclidean"))
        centred = kernel - kernel.mean(axis=0) - kernel.mean(axis=1, keepdims=True) + kernel.mean()
        ridge = 0.1 * np.linalg.eigvalsh(centred).max() / (len(view) - 1)
        amounts.append(ridge / (1 + ridge))
    ours = KernelCCA(2, gamma=0.05, regularization=0.1).fit(x, y)
    zoo = KCCA(2, kernel="rbf", gamma=0.05, shrinkage=amounts).fit([x, y])
    for mine, theirs in zip(ours.transform(x, y), zoo.transform([x, y]), strict=True):
        assert abs(np.corrcoef(mine.T, theirs.T)[:2, 2:]).diagonal() == pytest.approx([1, 1], abs=1e-6)


def test_kernels_see_a_relation_that_is_not_linear() -> None:
    angle = np.random.default_rng(7).uniform(0, 2 * np.pi, 400)
    x, y = np.cos(angle)[:, None], np.cos(2 * angle)[:, None]
    assert CCA().fit(x[:200], y[:200]).score(x[200:], y[200:]) < 0.3
    assert KernelCCA(1, gamma=1.0, regularization=1e-3).fit(x[:200], y[:200]).score(x[200:], y[200:]) > 0.99


# Bad input.


@pytest.mark.errors
@pytest.mark.parametrize("kind", [CCA, KernelCCA])
def test_bad_input_is_named(kind: type[CCA | KernelCCA]) -> None:
    x, y = noisy_views()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        kind().fit(x, y[:-1])
    with pytest.raises(ValueError, match="`X`: expected a view that varies"):
        kind().fit(np.ones_like(x), y)
    with pytest.raises(ValueError, match="`y`: expected a view that varies"):
        kind().fit(x, np.ones_like(y))
    with pytest.raises(ValueError, match="`n_components`: expected 1 to"):
        kind(1000).fit(x, y)
    with pytest.raises(ValueError, match="`regularization`: expected a number >= 0, got -1"):
        kind(regularization=-1).fit(x, y)
    with pytest.raises(ValueError, match=r"`y`: expected 9 column\(s\), got 8"):
        kind(2).fit(x, y).transform(x, y[:, :8])
    with pytest.raises(ValueError, match="NaN"):
        kind().fit(np.where(x > 0, np.nan, x), y)
