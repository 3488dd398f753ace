r"""Canonical correlation analysis: linear, regularised and with kernels.

Two views of the same samples, $X$ (sample x p) and $Y$ (sample x q). CCA looks for directions $w_x$ and $w_y$
whose variates $Xw_x$ and $Yw_y$ are as correlated as possible, then for the next pair, uncorrelated with the
first, and so on.

Whiten each view, and what is left between them is a cross-covariance whose singular values *are* the
correlations. Both steps are thin singular value decompositions: with fewer samples than columns no p x p
matrix is ever formed. `KernelCCA` is the same two steps in the feature space of a kernel. The deep version is
in `cmlearn.matching.dcca`. [hotelling1936relations], [bjorck1973numerical]
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.preprocessing import KernelCenterer
from sklearn.utils.extmath import svd_flip
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from cmlearn._validate import require

__all__ = ["CCA", "KernelCCA"]


class _TwoViews(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What both estimators share: how two views come in, and how their variates are compared."""

    n_components: int | None
    regularization: float
    singular_values_: Float[np.ndarray, " component"]

    def transform(self, X: ArrayLike, y: ArrayLike | None = None) -> Any:
        """Canonical variates of new samples.

        Args:
            X: first view, (sample, p).
            y: second view, (sample, q), or `None`.

        Returns:
            The variates of `X`, (sample, component); with `y`, a pair of such arrays.

        Raises:
            ValueError: if the number of columns differs from the fitted one.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        if y is None:
            return self._project_x(X)
        return self._project_x(X), self._project_y(self._second_view(y))

    def correlations(self, X: ArrayLike, y: ArrayLike) -> Float[np.ndarray, " component"]:
        """Pearson correlation of each pair of variates on these samples, such as held-out ones.

        Args:
            X: first view, (sample, p).
            y: second view, (sample, q).

        Returns:
            One number in [-1, 1] a component; 0 where a variate is constant.

        Raises:
            ValueError: if the number of columns differs from the fitted one.
        """
        return _correlations(*self.transform(X, y))

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Mean of `correlations(X, y)`, so that grid search can choose the regularisation."""
        return float(self.correlations(X, y).mean())

    def _views(
        self, X: ArrayLike, y: ArrayLike
    ) -> tuple[Float[np.ndarray, "sample p"], Float[np.ndarray, "sample q"]]:
        require(bool(self.regularization >= 0), "regularization", "a number >= 0", self.regularization)
        X, y = validate_data(
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, ensure_min_samples=2
        )
        first, second = np.asarray(X), _columns(y)
        self.n_targets_in_ = second.shape[1]
        return first, second

    def _second_view(self, y: ArrayLike) -> Float[np.ndarray, "sample q"]:
        y = _columns(y)
        require(y.shape[1] == self.n_targets_in_, "y", f"{self.n_targets_in_} column(s)", y.shape[1])
        return y

    @property
    def _n_features_out(self) -> int:
        return len(self.singular_values_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = True
        return tags


class CCA(_TwoViews):
    r"""Canonical correlation analysis as the SVD of the whitened cross-covariance.

    With covariances $\Sigma_{xx}, \Sigma_{yy}, \Sigma_{xy}$ of the centred views,

    $$T = \Sigma_{xx}^{-1/2} \Sigma_{xy} \Sigma_{yy}^{-1/2} = P \,\mathrm{diag}(\rho)\, Q^\top, \qquad
      W_x = \Sigma_{xx}^{-1/2} P, \quad W_y = \Sigma_{yy}^{-1/2} Q,$$

    gives the correlations $\rho_1 \ge \rho_2 \ge \dots$ and the weights; the variates $XW_x$ and $YW_y$ have
    unit variance. With `regularization` $\lambda > 0$, $\Sigma + \lambda s I$ takes the place of
    $\Sigma$ in the whitening, where $s$ is the view's largest principal variance: no direction is amplified
    more than $\sqrt{1 + 1/\lambda}$ times as much as the strongest. Put columns in different units on one
    scale first. [hotelling1936relations], [vinod1976canonical]

    Args:
        n_components: how many pairs of variates; `None` for all, the smaller of the two ranks.
        regularization: $\lambda \ge 0$; 0 is plain CCA. More columns than samples need it.

    Attributes:
        correlations_: correlation of each pair of variates on the training samples, (component,).
        singular_values_: $\rho$, (component,); equal to `correlations_` without regularisation, smaller with
            it.
        x_weights_: $W_x$, (p, component).
        y_weights_: $W_y$, (q, component).
        x_mean_: column means of the first view, (p,).
        y_mean_: column means of the second view, (q,).

    Raises:
        ValueError: from `fit`, if the views are not paired, one of them is constant, `n_components` is more
            than they allow, or `regularization` is negative.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> shared = rng.standard_normal((1000, 1))
        >>> X = np.hstack([shared, rng.standard_normal((1000, 2))])  # the shared column exactly
        >>> Y = np.hstack([rng.standard_normal((1000, 1)), 5 - 3 * shared])  # and again, in other units
        >>> CCA(n_components=1).fit(X, Y).correlations_.round(3)
        array([1.])
    """

    def __init__(self, n_components: int | None = None, *, regularization: float = 0.0) -> None:
        self.n_components = n_components
        self.regularization = regularization

    def fit(self, X: ArrayLike, y: ArrayLike) -> "CCA":
        """Find the weights.

        Args:
            X: first view, (sample, p).
            y: second view, (sample, q); one dimension is taken as one column.

        Returns:
            The estimator.
        """
        X, y = self._views(X, y)
        self.x_mean_, self.y_mean_ = X.mean(axis=0), y.mean(axis=0)
        first = _whiten(X - self.x_mean_, self.regularization, "X")
        second = _whiten(y - self.y_mean_, self.regularization, "y")
        left, self.singular_values_, right = _rotate(first.scores, second.scores, self.n_components)
        self.x_weights_, self.y_weights_ = first.weights @ left, second.weights @ right
        self.correlations_ = _correlations(first.scores @ left, second.scores @ right)
        return self

    def _project_x(self, X: Float[np.ndarray, "sample p"]) -> Float[np.ndarray, "sample component"]:
        return (X - self.x_mean_) @ self.x_weights_

    def _project_y(self, y: Float[np.ndarray, "sample q"]) -> Float[np.ndarray, "sample component"]:
        return (y - self.y_mean_) @ self.y_weights_


class KernelCCA(_TwoViews):
    r"""CCA between the feature spaces of a kernel, without ever visiting them.

    The weights are combinations of the training samples, $w_x = \sum_i \alpha_i \varphi(x_i)$, so all that is
    needed is the centred kernel matrix $K = U S^2 U^\top$ of each view: its eigenvectors are the view's
    principal scores, and the rest is `CCA`. A rich kernel correlates *any* two views perfectly, hence the
    regularisation, in the same units as there. Time grows as sample³, memory as sample².
    [hardoon2004canonical]

    Args:
        n_components: how many pairs of variates; `None` for all.
        kernel: any name that `sklearn.metrics.pairwise.pairwise_kernels` knows, for both views.
        gamma: width of the "rbf", "laplacian" and "chi2" kernels, factor of "poly" and "sigmoid"; `None` for
            scikit-learn's own choice.
        degree: degree of "poly".
        coef0: constant of "poly" and "sigmoid".
        regularization: $\lambda \ge 0$, in units of the largest principal variance in feature space.

    Attributes:
        correlations_: correlation of each pair of variates on the training samples, (component,).
        singular_values_: the regularised correlations, (component,).
        x_weights_: $\alpha$, one row a training sample, (sample, component).
        y_weights_: the same for the second view, (sample, component).

    Raises:
        ValueError: from `fit`, as in `CCA`, and if the kernel is unknown.

    Example:
        >>> import numpy as np
        >>> x = np.linspace(-1, 1, 100)[:, None]
        >>> bent = x**2
        >>> CCA().fit(x, bent).correlations_.round(2) + 0.0
        array([0.])
        >>> KernelCCA(1, gamma=1.0, regularization=1e-3).fit(x, bent).correlations_.round(2)
        array([1.])
    """

    def __init__(
        self,
        n_components: int | None = None,
        *,
        kernel: str = "rbf",
        gamma: float | None = None,
        degree: float = 3.0,
        coef0: float = 1.0,
        regularization: float = 0.01,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.regularization = regularization

    def fit(self, X: ArrayLike, y: ArrayLike) -> "KernelCCA":
        """Find the weights of the training samples.

        Args:
            X: first view, (sample, p).
            y: second view, (sample, q); one dimension is taken as one column.

        Returns:
            The estimator.
        """
        self._x_fit, self._y_fit = self._views(X, y)
        self._x_centre, self._y_centre = KernelCenterer(), KernelCenterer()
        kernel_x = self._x_centre.fit_transform(self._kernel(self._x_fit, self._x_fit))
        kernel_y = self._y_centre.fit_transform(self._kernel(self._y_fit, self._y_fit))
        first = _whiten_kernel(kernel_x, self.regularization, "X")
        second = _whiten_kernel(kernel_y, self.regularization, "y")
        left, self.singular_values_, right = _rotate(first.scores, second.scores, self.n_components)
        self.x_weights_, self.y_weights_ = first.weights @ left, second.weights @ right
        self.correlations_ = _correlations(first.scores @ left, second.scores @ right)
        return self

    def _kernel(self, a: Float[np.ndarray, "a p"], b: Float[np.ndarray, "b p"]) -> Float[np.ndarray, "a b"]:
        parameters = {"gamma": self.gamma, "degree": self.degree, "coef0": self.coef0}
        return pairwise_kernels(a, b, metric=self.kernel, filter_params=True, **parameters)

    def _project_x(self, X: Float[np.ndarray, "sample p"]) -> Float[np.ndarray, "sample component"]:
        return self._x_centre.transform(self._kernel(X, self._x_fit)) @ self.x_weights_

    def _project_y(self, y: Float[np.ndarray, "sample q"]) -> Float[np.ndarray, "sample component"]:
        return self._y_centre.transform(self._kernel(y, self._y_fit)) @ self.y_weights_


class _Whitened(NamedTuple):
    """A view whose covariance is the identity, and the weights that make it so: `scores = view @ weights`."""

    scores: Float[np.ndarray, "sample rank"]
    weights: Float[np.ndarray, "column rank"]


def _whiten(view: Float[np.ndarray, "sample p"], regularization: float, argument: str) -> _Whitened:
    directions, size, axes = np.linalg.svd(view, full_matrices=False)
    keep = _rank(size, view.shape, argument)
    scale = _whitening_scale(size[:keep], len(view), regularization)
    return _Whitened(directions[:, :keep] * (size[:keep] * scale), axes[:keep].T * scale)


def _whiten_kernel(
    kernel: Float[np.ndarray, "sample sample"], regularization: float, argument: str
) -> _Whitened:
    squares, directions = np.linalg.eigh(kernel)
    squares, directions = squares[::-1], directions[:, ::-1]
    keep = _rank(squares, kernel.shape, argument)
    size = np.sqrt(squares[:keep])
    scale = _whitening_scale(size, len(kernel), regularization)
    return _Whitened(directions[:, :keep] * (size * scale), directions[:, :keep] * (scale / size))


def _rank(size: Float[np.ndarray, " size"], shape: tuple[int, int], argument: str) -> int:
    """How many of the descending singular values (or eigenvalues) are above rounding error."""
    require(bool(size[0] > 0), argument, "a view that varies", "one with the same values for every sample")
    return int((size > size[0] * max(shape) * np.finfo(float).eps).sum())


def _whitening_scale(
    size: Float[np.ndarray, " size"], samples: int, regularization: float
) -> Float[np.ndarray, " size"]:
    return np.sqrt((samples - 1) / (size**2 + regularization * size[0] ** 2))


def _rotate(
    first: Float[np.ndarray, "sample m"], second: Float[np.ndarray, "sample n"], components: int | None
) -> tuple[
    Float[np.ndarray, "m component"], Float[np.ndarray, " component"], Float[np.ndarray, "n component"]
]:
    """Decompose the whitened cross-covariance: how to turn each view to meet the other, and how well."""
    left, size, right = np.linalg.svd(first.T @ second / (len(first) - 1), full_matrices=False)
    left, right = svd_flip(left, right)
    k = len(size) if components is None else components
    require(1 <= k <= len(size), "n_components", f"1 to {len(size)}, the smaller rank of the views", k)
    return left[:, :k], size[:k], right[:k].T


def _correlations(
    a: Float[np.ndarray, "sample component"], b: Float[np.ndarray, "sample component"]
) -> Float[np.ndarray, " component"]:
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    norms = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
    return (a * b).sum(axis=0) / np.where(norms > 0, norms, 1)


def _columns(y: ArrayLike) -> Float[np.ndarray, "sample q"]:
    columns: np.ndarray = check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")
    return columns.reshape(-1, 1) if columns.ndim == 1 else columns
