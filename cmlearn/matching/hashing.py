r"""Hashing two views into one Hamming space: canonical variates, turned, and reduced to their signs.

A code of k bits takes k / 8 bytes, and two codes are compared by counting the bits that differ. `CCAITQ`
makes codes without labels: `CCA` puts both views into one space, and `iterative_quantization` turns that
space so that little is lost when only signs are kept. The deep version is in
`cmlearn.matching.deep_hashing`. [gong2013iterative]
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int8, Int32, UInt8
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted

from cmlearn._validate import require, require_ndim
from cmlearn.matching.cca import CCA

__all__ = ["CCAITQ", "Quantization", "hamming_distances", "iterative_quantization", "pack_bits"]

_BITS_SET = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)


def pack_bits(codes: ArrayLike) -> UInt8[np.ndarray, "sample byte"]:
    """Eight bits to a byte, the first bit highest, as FAISS reads them.

    Args:
        codes: (sample, bit); what is above 0 is a one, so codes of -1 and 1 and booleans both do. The last
            byte is filled up with zeros.

    Returns:
        The packed codes, ceil(bit / 8) bytes each.

    Raises:
        ValueError: if `codes` is not two-dimensional.

    Example:
        >>> pack_bits([[-1, -1, -1, -1, -1, 1, -1, 1], [1, -1, -1, -1, -1, -1, -1, -1]])
        array([[  5],
               [128]], dtype=uint8)
    """
    codes = np.asarray(codes)
    require_ndim(codes, 2, "codes")
    return np.packbits(codes > 0, axis=1)


def hamming_distances(a: ArrayLike, b: ArrayLike) -> Int32[np.ndarray, "query item"]:
    r"""How many bits differ between each code of `a` and each of `b`: exclusive or, then count the ones.

    For codes $b, b' \in \{-1, 1\}^k$ before packing this is $d_H(b, b') = (k - b^\top b') / 2$, so sorting by
    Hamming distance is sorting by inner product. For searching many codes use FAISS, which reads the same
    bytes. [gong2013iterative]

    Args:
        a: packed codes, (query, byte), of type uint8.
        b: packed codes, (item, byte), of type uint8.

    Returns:
        One row a query.

    Raises:
        ValueError: if the codes are not packed, or of different lengths.

    Example:
        >>> import numpy as np
        >>> hamming_distances(pack_bits([[1, 1, -1]]), pack_bits([[1, 1, 1], [-1, -1, 1]]))
        array([[1, 3]], dtype=int32)
    """
    a, b = np.asarray(a), np.asarray(b)
    _require_packed(a, "a")
    _require_packed(b, "b")
    require(a.shape[1] == b.shape[1], "b", f"{a.shape[1]} bytes a code, as in `a`", b.shape[1])
    distances = np.zeros((len(a), len(b)), dtype=np.int32)
    for one, other in zip(a.T, b.T, strict=True):
        distances += _BITS_SET[one[:, None] ^ other]
    return distances


class Quantization(NamedTuple):
    """What `iterative_quantization` returns.

    Attributes:
        rotation: orthogonal matrix R, (bit, bit).
        losses: the quantisation loss at the start and after every half-step, (1 + 2 iterations,).

    Example:
        >>> import numpy as np
        >>> iterative_quantization(np.eye(2), iterations=3).losses.shape
        (7,)
    """

    rotation: Float[np.ndarray, "bit bit"]
    losses: Float[np.ndarray, " half_step"]


def iterative_quantization(
    values: ArrayLike, *, iterations: int = 50, random_state: int | np.random.RandomState | None = None
) -> Quantization:
    r"""Rotation that brings points close to the corners of a cube.

    $$\min_{B, R} \lVert B - VR \rVert_F^2, \qquad B \in \{-1, 1\}^{n \times k}, \quad R^\top R = I$$

    in turn: for fixed $R$ the best corners are $B = \operatorname{sign}(VR)$; for fixed $B$ the best
    rotation is the Procrustes solution $R = P Q^\top$, from $V^\top B = P \,\mathrm{diag}(s)\, Q^\top$. Both
    half-steps are optimal, so the loss never rises. It starts from a random rotation and goes towards a local
    minimum. [gong2013iterative]

    Args:
        values: $V$, (sample, bit), centred.
        iterations: how many pairs of half-steps, each rotation first; 0 keeps the random rotation.
        random_state: what the first rotation is drawn from.

    Returns:
        The rotation, and the losses on the way.

    Raises:
        ValueError: if `values` is not two-dimensional and finite, or `iterations` is negative.

    Example:
        >>> import numpy as np
        >>> turned = np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1]])  # a square on its tip
        >>> found = iterative_quantization(np.sqrt(2) * turned, random_state=0)
        >>> bool(found.losses[-1] < 1e-9)  # it can be turned so that its points are corners
        True
    """
    points: np.ndarray = check_array(values, dtype=np.float64, input_name="values")
    require(iterations >= 0, "iterations", "a number >= 0", iterations)
    start = check_random_state(random_state).standard_normal((points.shape[1],) * 2)
    rotation = np.linalg.qr(start)[0]
    turned = points @ rotation
    losses = [_distance(_signs(turned), turned)]
    for _ in range(iterations):
        corners = _signs(turned)
        rotation = _procrustes(points, corners)
        turned = points @ rotation
        losses += [_distance(corners, turned), _distance(_signs(turned), turned)]
    return Quantization(rotation, np.array(losses))


class CCAITQ(CCA):
    r"""Binary codes of two views: `CCA`, then one rotation for both views, then signs.

    The variates of both views, each weighted by its correlation $\rho$, are stacked and turned by
    `iterative_quantization`. The weights keep strong pairs strong, and the rotation spreads them over all
    bits: without it the first bits would tell much and the last ones little. With the CCA weights $W$,

    $$b(x) = \operatorname{sign}\big( (x - \bar x)^\top W_x \,\mathrm{diag}(\rho)\, R \big)
      \in \{-1, 1\}^k.$$

    No labels are needed, only pairs. [gong2013iterative]

    Args:
        n_components: k, how many bits; `None` for as many as the views have pairs of variates.
        regularization: as in `CCA`.
        iterations: as in `iterative_quantization`; 0 is a random rotation.
        random_state: what the first rotation is drawn from.

    Attributes:
        rotation_: $R$, (bit, bit).
        losses_: the quantisation loss at the start and after every half-step.
        x_weights_: the first view's weights with the rotation in them, (p, bit).
        y_weights_: the same for the second view, (q, bit).
        singular_values_: $\rho$, as in `CCA`, before the rotation; so is `correlations_`.

    Raises:
        ValueError: from `fit`, as in `CCA` and `iterative_quantization`.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> shared = rng.standard_normal((200, 4))
        >>> X, Y = np.hstack([shared, rng.standard_normal((200, 2))]), shared @ rng.standard_normal((4, 4))
        >>> a, b = CCAITQ(4, random_state=0).fit(X, Y).transform(X, Y)
        >>> a.shape, a.dtype, bool((a == b).all())
        ((200, 4), dtype('int8'), True)
    """

    def __init__(
        self,
        n_components: int | None = None,
        *,
        regularization: float = 0.0,
        iterations: int = 50,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(n_components, regularization=regularization)
        self.iterations = iterations
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> "CCAITQ":
        """Find the weights and the rotation.

        Args:
            X: first view, (sample, p).
            y: second view, (sample, q); one dimension is taken as one column.

        Returns:
            The estimator.
        """
        super().fit(X, y)
        X, y = self._views(X, y)
        variates = np.vstack([self._project_x(X), self._project_y(y)]) * self.singular_values_
        self.rotation_, self.losses_ = iterative_quantization(
            variates, iterations=self.iterations, random_state=self.random_state
        )
        turn = self.singular_values_[:, None] * self.rotation_
        self.x_weights_, self.y_weights_ = self.x_weights_ @ turn, self.y_weights_ @ turn
        return self

    def project(self, X: ArrayLike, y: ArrayLike | None = None) -> Any:
        """What the signs are taken of: the weighted variates, turned.

        Args:
            X: first view, (sample, p).
            y: second view, (sample, q), or `None`.

        Returns:
            Real numbers of `X`, (sample, bit); with `y`, a pair of such arrays.

        Raises:
            ValueError: if the number of columns differs from the fitted one.
        """
        values = super().transform(X, y)
        return np.asarray(values) if y is None else tuple(map(np.asarray, values))

    def transform(self, X: ArrayLike, y: ArrayLike | None = None) -> Any:
        """Codes of new samples.

        Args:
            X: first view, (sample, p).
            y: second view, (sample, q), or `None`.

        Returns:
            -1 and 1 of type int8 for `X`, (sample, bit); with `y`, a pair of such arrays.

        Raises:
            ValueError: if the number of columns differs from the fitted one.
        """
        check_is_fitted(self)
        values = self.project(X, y)
        return _signs(values) if y is None else (_signs(values[0]), _signs(values[1]))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def _signs(values: Float[np.ndarray, "sample bit"]) -> Int8[np.ndarray, "sample bit"]:
    return np.where(values >= 0, 1, -1).astype(np.int8)


def _distance(corners: Int8[np.ndarray, "sample bit"], values: Float[np.ndarray, "sample bit"]) -> float:
    return float(np.square(corners - values).sum())


def _procrustes(
    values: Float[np.ndarray, "sample bit"], corners: Int8[np.ndarray, "sample bit"]
) -> Float[np.ndarray, "bit bit"]:
    """The rotation of `values` that comes closest to `corners`."""
    left, _, right = np.linalg.svd(values.T @ corners)
    return left @ right


def _require_packed(codes: np.ndarray, argument: str) -> None:
    require_ndim(codes, 2, argument)
    require(codes.dtype == np.uint8, argument, "packed codes of type uint8", codes.dtype)
