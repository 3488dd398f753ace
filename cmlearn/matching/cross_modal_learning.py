r"""Cross-modal learning as a setting: which modalities learn the features, train the classifier and test it.

A classifier over several modalities has three phases, and each may see other modalities. *Multimodal fusion*
has x and y throughout. *Cross-modality learning* has both while features are learned, and only x when the
classifier is trained and tested. *Shared representation learning* has both while features are learned, trains
the classifier on x and tests it on y.

Feature learning sees pairs and no labels; the classifier sees labels and no pairs. [ngiam2011multimodal]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_array, check_is_fitted

from cmlearn._arrays import as_array
from cmlearn._validate import require, require_type
from cmlearn.matching.cca import CCA

__all__ = ["CrossModalLearner", "PerView", "Setting", "SharedSpace"]

Views = Mapping[str, ArrayLike]


@dataclass(frozen=True)
class Setting:
    """Which modalities each of the three phases sees [ngiam2011multimodal].

    Args:
        feature: the modalities that features are learned from, without labels.
        training: those that the classifier is trained on.
        test: those that it is tested on.

    Raises:
        TypeError: if a phase is no tuple.
        ValueError: if a phase has no modality, or has one that features are not learned from.

    Example:
        >>> Setting(feature=("sound", "video"), training=("sound",), test=("video",))
        Setting(feature=('sound', 'video'), training=('sound',), test=('video',))
    """

    feature: tuple[str, ...]
    training: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        for phase in ("feature", "training", "test"):
            modalities = getattr(self, phase)
            require_type(modalities, tuple, phase)
            known = len(modalities) > 0 and set(modalities) <= set(self.feature)
            require(known, phase, f"one or more of {self.feature}", modalities)

    @classmethod
    def single(cls, modality: str) -> "Setting":
        """One modality throughout: no cross-modal learning, the control of the other settings.

        Example:
            >>> Setting.single("video")
            Setting(feature=('video',), training=('video',), test=('video',))
        """
        return cls((modality,), (modality,), (modality,))

    @classmethod
    def fusion(cls, *modalities: str) -> "Setting":
        """Multimodal fusion: all modalities throughout.

        Example:
            >>> Setting.fusion("sound", "video").test
            ('sound', 'video')
        """
        return cls(modalities, modalities, modalities)

    @classmethod
    def cross_modality(cls, modality: str, helper: str) -> "Setting":
        """Cross-modality learning: the helper is there while features are learned, and never again.

        Example:
            >>> Setting.cross_modality("video", helper="sound")
            Setting(feature=('video', 'sound'), training=('video',), test=('video',))
        """
        return cls((modality, helper), (modality,), (modality,))

    @classmethod
    def shared_representation(cls, training: str, test: str) -> "Setting":
        """Shared representation learning: trained on one modality, tested on the other.

        Example:
            >>> Setting.shared_representation(training="sound", test="video")
            Setting(feature=('sound', 'video'), training=('sound',), test=('video',))
        """
        return cls((training, test), (training,), (test,))


class PerView(BaseEstimator):
    """Features that each modality gets by itself, by any scikit-learn transformer: no pair is looked at.

    Args:
        transformer: fitted to each view anew; `None` takes the views as they are.

    Attributes:
        transformers_: the fitted transformer of each modality.

    Raises:
        ValueError: from `transform`, if the modality was not among the fitted ones.

    Example:
        >>> from sklearn.decomposition import PCA
        >>> views = {"sound": np.eye(4), "video": np.eye(4)[:, :3]}
        >>> PerView(PCA(2)).fit(views).transform("video", views["video"]).shape
        (4, 2)
    """

    def __init__(self, transformer: Any = None) -> None:
        self.transformer = transformer

    def fit(self, views: Views) -> "PerView":
        """Fit one transformer a view.

        Args:
            views: modality name to (sample, column).

        Returns:
            The estimator.
        """
        kind = FunctionTransformer() if self.transformer is None else self.transformer
        self.transformers_ = {name: clone(kind).fit(_table(views, name)) for name in views}
        return self

    def transform(self, modality: str, view: ArrayLike) -> Float[np.ndarray, "sample feature"]:
        """Features of one view.

        Args:
            modality: its name.
            view: its samples, (sample, column).

        Returns:
            One row a sample.
        """
        check_is_fitted(self)
        known = list(self.transformers_)
        require(modality in known, "modality", f"one of {known}", repr(modality))
        return self.transformers_[modality].transform(_table({modality: view}, modality))


class SharedSpace(BaseEstimator):
    r"""Features that two modalities share: canonical variates, each weighted by its correlation.

    With CCA's weights $W$, means $\mu$ and correlations $\rho$, a sample of the first view becomes
    $\operatorname{diag}(\rho)\, W_x^\top (x - \mu_x)$, which is the best linear guess of the second view's
    variates, and the same the other way round. So both modalities speak of the same things in the same order
    and scale, and a direction on which they do not agree hardly counts. [hotelling1936relations]

    Args:
        n_components: how many pairs of variates; `None` for all.
        regularization: as in `cmlearn.matching.CCA`.

    Attributes:
        cca_: the fitted `CCA`, whose first view is the first of the two modalities.
        modalities_: the names of the two.

    Raises:
        ValueError: from `fit`, if there are not two modalities, and as `CCA`; from `transform`, if the
            modality was not fitted or has another number of columns.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> hidden, noise = rng.standard_normal((2, 500, 1))
        >>> views = {"sound": np.hstack([hidden, noise]), "video": np.hstack([noise**2, 5 - 3 * hidden])}
        >>> space = SharedSpace(1).fit(views)
        >>> sound, video = (space.transform(name, view) for name, view in views.items())
        >>> bool(np.allclose(sound, video, atol=0.05))
        True
    """

    def __init__(self, n_components: int | None = None, *, regularization: float = 0.0) -> None:
        self.n_components = n_components
        self.regularization = regularization

    def fit(self, views: Views) -> "SharedSpace":
        """Fit CCA to the pairs.

        Args:
            views: two modality names, each to (sample, column); row i of both belongs together.

        Returns:
            The estimator.
        """
        require(len(views) == 2, "views", "two modalities", list(views))
        self.modalities_ = tuple(views)
        self.cca_ = CCA(self.n_components, regularization=self.regularization).fit(*views.values())
        return self

    def transform(self, modality: str, view: ArrayLike) -> Float[np.ndarray, "sample component"]:
        """Shared features of one view; the other is not needed.

        Args:
            modality: its name.
            view: its samples, (sample, column).

        Returns:
            One row a sample.
        """
        check_is_fitted(self)
        require(modality in self.modalities_, "modality", f"one of {self.modalities_}", repr(modality))
        first = modality == self.modalities_[0]
        mean = self.cca_.x_mean_ if first else self.cca_.y_mean_
        weights = self.cca_.x_weights_ if first else self.cca_.y_weights_
        table = _table({modality: view}, modality)
        require(table.shape[1] == len(mean), "view", f"{len(mean)} column(s)", table.shape[1])
        return (table - mean) @ weights * self.cca_.singular_values_


class CrossModalLearner(BaseEstimator):
    """A classifier whose three phases see the modalities that a `Setting` gives them, and no others.

    `learn_features(views)`, then `fit(views, labels)`, then `predict(views)`: three calls, since the samples
    may differ too. Each takes a dict of views and reads only its own modalities from it; features of several
    modalities are joined into one row. [ngiam2011multimodal]

    Args:
        setting: which modalities each phase sees.
        features: `PerView` or `SharedSpace`.
        classifier: any scikit-learn classifier; `None` is logistic regression.

    Attributes:
        features_: the learned features.
        classifier_: the trained classifier.

    Raises:
        ValueError: if a modality that the phase needs is missing, the samples of two views or of the labels
            differ in number, or the test modalities have another number of features than the classifier was
            trained on; from `fit` and `predict` as `sklearn.exceptions.NotFittedError`, if a phase was left
            out.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> hidden, noise = rng.standard_normal((2, 500, 1))
        >>> views = {"sound": np.hstack([noise, hidden]), "video": np.hstack([hidden, noise**2])}
        >>> setting = Setting.shared_representation(training="sound", test="video")
        >>> for features in (PerView(), SharedSpace(1)):
        ...     learner = CrossModalLearner(setting, features).learn_features(views)
        ...     correct = learner.fit(views, hidden[:, 0] > 0).score(views, hidden[:, 0] > 0)
        ...     print("good" if correct > 0.95 else "near chance" if correct < 0.6 else "fair")
        near chance
        good
    """

    def __init__(self, setting: Setting, features: PerView | SharedSpace, classifier: Any = None) -> None:
        self.setting = setting
        self.features = features
        self.classifier = classifier

    def learn_features(self, views: Views) -> "CrossModalLearner":
        """First phase: learn features from the `setting.feature` modalities, without labels.

        Args:
            views: modality name to (sample, column), rows paired.

        Returns:
            The estimator.
        """
        chosen = {name: _table(views, name) for name in self.setting.feature}
        _require_paired(chosen)
        self.features_ = clone(self.features).fit(chosen)
        return self

    def fit(self, views: Views, labels: ArrayLike) -> "CrossModalLearner":
        """Second phase: train the classifier on the `setting.training` modalities.

        Args:
            views: modality name to (sample, column).
            labels: the class of each sample, (sample,).

        Returns:
            The estimator.
        """
        kind = LogisticRegression(max_iter=1000) if self.classifier is None else self.classifier
        codes = self._codes(views, self.setting.training)
        self.classifier_ = clone(kind).fit(codes, labels)
        self._width = codes.shape[1]
        return self

    def predict(self, views: Views) -> Shaped[np.ndarray, " sample"]:
        """Third phase: the classes of new samples, from the `setting.test` modalities.

        Args:
            views: modality name to (sample, column).

        Returns:
            One label a sample.
        """
        check_is_fitted(self, "classifier_")
        codes = self._codes(views, self.setting.test)
        same = codes.shape[1] == self._width
        require(same, "views", f"{self._width} features, as in training", f"{codes.shape[1]} in test")
        return self.classifier_.predict(codes)

    def score(self, views: Views, labels: ArrayLike) -> float:
        """Share of right answers on `setting.test` modalities.

        Args:
            views: modality name to (sample, column).
            labels: the class of each sample, (sample,).

        Returns:
            A number from 0 to 1.
        """
        predicted, right = self.predict(views), np.asarray(labels)
        require(right.shape == predicted.shape, "labels", f"shape {predicted.shape}", right.shape)
        return float((predicted == right).mean())

    def _codes(self, views: Views, modalities: tuple[str, ...]) -> Float[np.ndarray, "sample feature"]:
        check_is_fitted(self, "features_")
        codes = {name: self.features_.transform(name, _table(views, name)) for name in modalities}
        _require_paired(codes)
        return np.hstack(list(codes.values()))


def _table(views: Views, name: str) -> Float[np.ndarray, "sample column"]:
    require(name in views, "views", f"the modality {name!r}", list(views))
    return check_array(as_array(views[name]), dtype=np.float64, input_name=name)


def _require_paired(views: Mapping[str, np.ndarray]) -> None:
    sizes = {name: len(view) for name, view in views.items()}
    require(len(set(sizes.values())) == 1, "views", "as many samples in each modality", sizes)
