"""The three settings against accuracies known in closed form, the exact invariances, and who sees what."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from cmlearn.matching import CCA
from cmlearn.matching.cross_modal_learning import CrossModalLearner, PerView, Setting, SharedSpace

Views = dict[str, np.ndarray]
RHO = 0.6
SHARED = Setting.shared_representation(training="x", test="y")


def gaussian_views(seed: int, n: int = 20_000, columns: int = 8) -> tuple[Views, np.ndarray]:
    """Views with one canonical correlation `RHO`, whose hidden number's sign is the label; loud noise."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(9).standard_normal((2, columns, columns))
    hidden = rng.standard_normal(n)
    views = {}
    for name, mix in zip("xy", mixing, strict=True):
        view = rng.standard_normal((n, columns)) * 3
        view[:, 0] = np.sqrt(RHO) * hidden + np.sqrt(1 - RHO) * view[:, 0] / 3
        views[name] = view @ mix
    return views, hidden > 0


def agreement(correlation: float) -> float:
    """How often two Gaussians of this correlation have the same sign."""
    return float(0.5 + np.arcsin(correlation) / np.pi)


def learner(setting: Setting, features: PerView | SharedSpace) -> CrossModalLearner:
    return CrossModalLearner(setting, features, LogisticRegression(fit_intercept=False))


def accuracy(setting: Setting, features: PerView | SharedSpace) -> float:
    views, labels = gaussian_views(0)
    return learner(setting, features).learn_features(views).fit(views, labels).score(*gaussian_views(1))


@pytest.mark.parametrize(
    ("setting", "correlation"),
    [
        (Setting.fusion("x", "y"), np.sqrt(2 * RHO / (1 + RHO))),
        (Setting.cross_modality("x", helper="y"), np.sqrt(RHO)),
        (Setting.cross_modality("y", helper="x"), np.sqrt(RHO)),
        (SHARED, np.sqrt(RHO)),
        (Setting.shared_representation(training="y", test="x"), np.sqrt(RHO)),
    ],
)
@pytest.mark.parametrize("components", [1, None])
def test_settings_reach_their_closed_form(
    setting: Setting, correlation: float, components: int | None
) -> None:
    assert accuracy(setting, SharedSpace(components)) == pytest.approx(agreement(correlation), abs=0.015)


def test_single_views_reach_their_closed_form_without_pairs() -> None:
    assert accuracy(Setting.single("x"), PerView()) == pytest.approx(agreement(np.sqrt(RHO)), abs=0.015)


@pytest.mark.parametrize("name", ["x", "y"])
def test_an_invertible_map_of_either_view_changes_no_shared_answer(name: str) -> None:
    train, labels = gaussian_views(0, n=500)
    test, _ = gaussian_views(1, n=500)
    mix = np.random.default_rng(2).standard_normal((8, 8))
    plain = learner(SHARED, SharedSpace(2)).learn_features(train).fit(train, labels).predict(test)
    train[name], test[name] = train[name] @ mix + 5, test[name] @ mix + 5
    mapped = learner(SHARED, SharedSpace(2)).learn_features(train).fit(train, labels).predict(test)
    np.testing.assert_array_equal(mapped, plain)


def test_raw_answers_are_chance_on_average_over_rotations() -> None:
    """With two classes and no intercept a rotation and its opposite are right in exactly opposite cases."""
    train, labels = gaussian_views(0, n=500)
    test, truth = gaussian_views(1, n=500)
    raw = learner(SHARED, PerView()).learn_features(train).fit(train, labels)
    turn = np.linalg.qr(np.random.default_rng(3).standard_normal((8, 8)))[0]
    scores = [raw.score({"y": test["y"] @ (sign * turn)}, truth) for sign in (1, -1)]
    assert sum(scores) == 1


def test_without_the_pairing_nothing_is_shared() -> None:
    views, labels = gaussian_views(0, n=2000)
    unpaired = views | {"y": np.random.default_rng(4).permutation(views["y"])}
    test, truth = gaussian_views(1, n=2000)
    scores = [
        learner(SHARED, SharedSpace(1)).learn_features(pairs).fit(views, labels).score(test, truth)
        for pairs in (views, unpaired)
    ]
    assert scores[0] > 0.75
    assert abs(scores[1] - 0.5) < 0.2


def test_halves_of_digits() -> None:
    digits = load_digits()
    left, right = (half.reshape(len(half), -1) for half in np.split(digits.images / 16, 2, axis=2))
    train, test = ({"left": left[rows], "right": right[rows]} for rows in (slice(1297), slice(1297, None)))
    setting = Setting.shared_representation(training="left", test="right")
    scores = {
        name: CrossModalLearner(setting, features)
        .learn_features(train)
        .fit(train, digits.target[:1297])
        .score(test, digits.target[1297:])
        for name, features in {"raw": PerView(), "cca": SharedSpace(15, regularization=0.01)}.items()
    }
    assert scores["cca"] > 0.55
    assert scores["raw"] < 0.3


# Features.


def test_shared_features_are_the_best_linear_guess_of_the_other_variates() -> None:
    views, _ = gaussian_views(0, n=300)
    space = SharedSpace(3).fit(views)
    x, y = CCA(3).fit(views["x"], views["y"]).transform(views["x"], views["y"])
    guess = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    np.testing.assert_allclose(space.transform("x", views["x"]), guess, atol=1e-10)
    guess = y @ np.linalg.lstsq(y, x, rcond=None)[0]
    np.testing.assert_allclose(space.transform("y", views["y"]), guess, atol=1e-10)


def test_the_order_of_the_two_modalities_does_not_matter() -> None:
    views, _ = gaussian_views(0, n=300)
    turned = SharedSpace(2).fit({"y": views["y"], "x": views["x"]})
    for name, view in views.items():
        expected = abs(SharedSpace(2).fit(views).transform(name, view))
        np.testing.assert_allclose(abs(turned.transform(name, view)), expected, atol=1e-10)


def test_features_by_view_are_those_of_the_transformer() -> None:
    views, _ = gaussian_views(0, n=300)
    np.testing.assert_array_equal(PerView().fit(views).transform("x", views["x"]), views["x"])
    expected = PCA(3, random_state=0).fit(views["y"]).transform(views["y"])
    found = PerView(PCA(3, random_state=0)).fit(views).transform("y", views["y"])
    np.testing.assert_allclose(found, expected)


# Who sees what.


class Recorder(PerView):
    """Notes which modalities it is fitted to, and each that it is asked for."""

    def fit(self, views: Mapping[str, ArrayLike]) -> "Recorder":
        self.seen: list[str] = ["fit", *views]
        return super().fit(views)

    def transform(self, modality: str, view: ArrayLike) -> np.ndarray:
        self.seen.append(modality)
        return super().transform(modality, view)


def test_each_phase_reads_its_own_modalities() -> None:
    views, labels = gaussian_views(0, n=60)
    setting = Setting(feature=("x", "y"), training=("x",), test=("y",))
    model = CrossModalLearner(setting, Recorder()).learn_features(views | {"z": views["x"][:3]})
    model.fit({"x": views["x"][:40]}, labels[:40]).predict({"y": views["y"]})
    assert model.features_.seen == ["fit", "x", "y", "x", "y"]


def test_several_modalities_are_joined_in_the_order_of_the_setting() -> None:
    views, labels = gaussian_views(0, n=60)
    model = CrossModalLearner(Setting.fusion("y", "x"), PerView()).learn_features(views).fit(views, labels)
    joined = np.hstack([views["y"], views["x"]])
    expected = LogisticRegression(max_iter=1000).fit(joined, labels)
    np.testing.assert_allclose(model.classifier_.coef_, expected.coef_)


def test_an_estimator_that_can_be_cloned() -> None:
    model = CrossModalLearner(SHARED, SharedSpace(2, regularization=0.1))
    assert clone(model).get_params()["features__regularization"] == 0.1
    assert clone(model).setting == SHARED


# Bad input.


@pytest.mark.errors
def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="`feature`: expected one or more"):
        Setting((), (), ())
    with pytest.raises(ValueError, match=r"`test`: expected one or more of \('x', 'y'\), got \('z',\)"):
        Setting(("x", "y"), ("x",), ("z",))
    with pytest.raises(TypeError, match="`training`: expected tuple, got str"):
        Setting(("x", "y"), "x", ("y",))  # type: ignore[arg-type]


@pytest.mark.errors
def test_bad_views_are_named() -> None:
    views, labels = gaussian_views(0, n=60)
    model = CrossModalLearner(SHARED, SharedSpace(2))
    with pytest.raises(ValueError, match="`views`: expected the modality 'y', got"):
        model.learn_features({"x": views["x"]})
    with pytest.raises(ValueError, match="`views`: expected as many samples in each modality, got"):
        model.learn_features(views | {"y": views["y"][:-1]})
    with pytest.raises(NotFittedError):
        model.fit(views, labels)
    model.learn_features(views)
    with pytest.raises(NotFittedError):
        model.predict(views)
    model.fit(views, labels)
    with pytest.raises(ValueError, match="`views`: expected the modality 'y', got"):
        model.predict({"x": views["x"]})
    with pytest.raises(ValueError, match=r"`view`: expected 8 column\(s\), got 7"):
        model.predict({"y": views["y"][:, :7]})
    with pytest.raises(ValueError, match=r"`labels`: expected shape \(60,\)"):
        model.score(views, labels[:-1])
    with pytest.raises(ValueError, match="NaN"):
        model.predict({"y": np.full((3, 8), np.nan)})


@pytest.mark.errors
def test_features_of_different_size_cannot_be_shared() -> None:
    views, labels = gaussian_views(0, n=60)
    views["y"] = views["y"][:, :5]
    model = CrossModalLearner(SHARED, PerView()).learn_features(views).fit(views, labels)
    with pytest.raises(ValueError, match="`views`: expected 8 features, as in training, got 5 in test"):
        model.predict(views)


@pytest.mark.errors
def test_bad_modalities_are_named() -> None:
    views, _ = gaussian_views(0, n=60)
    for features in (PerView(), SharedSpace(1)):
        with pytest.raises(ValueError, match=r"`modality`: expected one of .*, got 'z'"):
            features.fit(views).transform("z", views["x"])
    with pytest.raises(ValueError, match=r"`views`: expected two modalities, got \['x'\]"):
        SharedSpace(1).fit({"x": views["x"]})
