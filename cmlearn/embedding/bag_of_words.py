r"""Bag of words: a document as the counts of its words, a picture as the counts of its *visual* words.

What is counted does not matter, only that it is counted and its place forgotten. `BagOfWords` counts words,
`VisualWords` counts patches after it has sorted them into kinds, and `TfIdf` weighs the counts of either.
[harris1954distributional], [salton1975vector], [sivic2003video]
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64, Shaped
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from scipy.sparse import csr_array, sparray, spmatrix
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.preprocessing import normalize
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

from cmlearn._arrays import as_array
from cmlearn._validate import require, require_counts, require_ndim

__all__ = ["BagOfWords", "TfIdf", "VisualWords", "contrast_normalize", "image_patches"]

_WORD = re.compile(r"\b\w\w+\b")
Document = str | Sequence[str]
Counts = ArrayLike | sparray | spmatrix


class BagOfWords(TransformerMixin, BaseEstimator):
    r"""Counts how often each word of a vocabulary occurs in each document.

    $$X_{dw} = \lvert \{ i : \text{token } i \text{ of document } d \text{ is } w \} \rvert$$

    A document is a text, whose lower-case words of at least two characters are counted, or a sequence of
    tokens, which are counted as they are. The vector has one dimension a word and is almost everywhere 0, so
    it is stored sparse. Equal to scikit-learn's `CountVectorizer`. [harris1954distributional]

    Args:
        ngram_range: shortest and longest run of words that is counted; (1, 2) adds the pairs of neighbours.
        min_df: words that fewer documents have are left out.

    Attributes:
        vocabulary_: the column of each word; columns are in alphabetical order.

    Raises:
        TypeError: from `fit` and `transform`, if the documents are one string, can be read only once, or one
            of them is neither a text nor tokens.
        ValueError: from `fit`, if no word is left to count, or a parameter is out of range.

    Example:
        >>> counts = BagOfWords().fit(["The dog bites the man."])
        >>> counts.get_feature_names_out()
        array(['bites', 'dog', 'man', 'the'], dtype=object)
        >>> counts.transform(["The man bites the dog!", "A cat."]).toarray()
        array([[1, 1, 1, 2],
               [0, 0, 0, 0]])
    """

    def __init__(self, *, ngram_range: tuple[int, int] = (1, 1), min_df: int = 1) -> None:
        self.ngram_range = ngram_range
        self.min_df = min_df

    def fit(self, X: Iterable[Document], y: Any = None) -> "BagOfWords":
        """Collect the vocabulary in one pass.

        Args:
            X: documents.
            y: ignored.

        Returns:
            The estimator.
        """
        low, high = self.ngram_range
        require(1 <= low <= high, "ngram_range", "1 <= shortest <= longest", self.ngram_range)
        require(self.min_df >= 1, "min_df", "a number of documents >= 1", self.min_df)
        documents: Counter[str] = Counter()
        for words in self._read(X):
            documents.update(set(words))
        kept = sorted(word for word, count in documents.items() if count >= self.min_df)
        got = f"{len(documents)} words, all of them rarer" if documents else "an empty corpus"
        require(bool(kept), "X", f"documents with a word that at least {self.min_df} of them have", got)
        self.vocabulary_ = {word: column for column, word in enumerate(kept)}
        return self

    def transform(self, X: Iterable[Document]) -> csr_array:
        """Count the words; those that are not in the vocabulary are passed over.

        Args:
            X: documents.

        Returns:
            Int64 counts, (document, word), sparse.
        """
        check_is_fitted(self)
        starts, columns, counts = [0], [], []
        for words in self._read(X):
            found = Counter(self.vocabulary_[word] for word in words if word in self.vocabulary_)
            columns += sorted(found)
            counts += [found[column] for column in sorted(found)]
            starts.append(len(columns))
        shape = (len(starts) - 1, len(self.vocabulary_))
        parts = (np.array(counts, np.int64), np.array(columns, np.int32), np.array(starts, np.int32))
        return csr_array(parts, shape=shape)

    def get_feature_names_out(self, input_features: Any = None) -> Shaped[np.ndarray, " word"]:
        """The word of each column.

        Args:
            input_features: ignored.
        """
        check_is_fitted(self)
        return np.array(list(self.vocabulary_), dtype=object)

    def _read(self, documents: Iterable[Document]) -> Iterator[list[str]]:
        """The n-grams of each document."""
        low, high = self.ngram_range
        for words in _tokens(documents):
            yield [
                " ".join(words[i : i + n]) for n in range(low, high + 1) for i in range(len(words) - n + 1)
            ]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _tokens(documents: Iterable[Document]) -> Iterator[Sequence[str]]:
    if (
        isinstance(documents, str | bytes)
        or not isinstance(documents, Iterable)
        or iter(documents) is documents
    ):
        raise TypeError(
            "`X`: expected documents that can be read more than once, such as a list of texts, "
            f"got {type(documents).__name__}"
        )
    for number, document in enumerate(documents):
        if isinstance(document, str):
            yield _WORD.findall(document.lower())
        elif isinstance(document, Sequence) and not isinstance(document, bytes):
            yield document
        else:
            raise TypeError(
                f"`X`: expected a text or a sequence of tokens at position {number}, "
                f"got {type(document).__name__}"
            )


class TfIdf(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    r"""Weighs counts by how few documents share them, and scales each document to length 1.

    $$\mathrm{idf}_w = \ln\frac{1 + N}{1 + \mathrm{df}_w} + 1, \qquad
      Z_{dw} = \frac{X_{dw}\,\mathrm{idf}_w}{\sqrt{\sum_v (X_{dv}\,\mathrm{idf}_v)^2}}$$

    for $N$ documents, of which $\mathrm{df}_w$ have the word $w$. A word that all have keeps the weight 1.
    Any counts will do, those of `VisualWords` too. A document of unknown words only stays 0. Equal to
    scikit-learn's `TfidfTransformer`. [sparckjones1972statistical], [salton1975vector]

    Args:
        idf: False gives every word the weight 1: only the length is changed.
        sublinear: replace each count $n > 0$ by $1 + \ln n$, so that a repeated word counts less than twice.

    Attributes:
        idf_: weight of each word, (word,).

    Raises:
        ValueError: from `fit` and `transform`, if a count is negative or not finite, or the number of columns
            differs from the fitted one.

    Example:
        >>> from sklearn.pipeline import make_pipeline
        >>> weigh = make_pipeline(BagOfWords(), TfIdf()).fit(["the dog", "the cat", "the cat sat"])
        >>> dict(zip(weigh.get_feature_names_out(), weigh[-1].idf_.round(2).tolist()))
        {'cat': 1.29, 'dog': 1.69, 'sat': 1.69, 'the': 1.0}
    """

    def __init__(self, *, idf: bool = True, sublinear: bool = False) -> None:
        self.idf = idf
        self.sublinear = sublinear

    def fit(self, X: Counts, y: Any = None) -> "TfIdf":
        """Count in how many documents each word occurs.

        Args:
            X: counts, (document, word), sparse or dense.
            y: ignored.

        Returns:
            The estimator.
        """
        counts = self._counts(X, reset=True)
        samples, words = counts.shape
        having = np.bincount(counts.indices, minlength=words)
        self.idf_ = np.log((1 + samples) / (1 + having)) + 1 if self.idf else np.ones(words)
        return self

    def transform(self, X: Counts) -> csr_array:
        """Weigh and scale.

        Args:
            X: counts, (document, word), sparse or dense.

        Returns:
            Weights, (document, word), sparse; rows have length 1, or 0.
        """
        check_is_fitted(self)
        weighted = self._counts(X, reset=False)
        if self.sublinear:
            weighted.data = 1 + np.log(weighted.data)
        weighted.data *= self.idf_[weighted.indices]
        return normalize(weighted, copy=False)

    def _counts(self, X: Counts, reset: bool) -> csr_array:
        checked = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=reset)
        check_non_negative(checked, type(self).__name__)
        counts = csr_array(checked, copy=True)
        counts.eliminate_zeros()
        return counts

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        return tags


class VisualWords(TransformerMixin, BaseEstimator):
    r"""Counts how often each kind of patch occurs in each picture.

    `fit` sorts patches $p$ of the training pictures into $K$ kinds by k-means on their contrast-normalised
    pixels $\tilde p$, whose centres $c_k$ are the visual words. A picture is then the histogram

    $$X_{dk} = \lvert \{ p \in \text{picture } d : k = \arg\min_j \lVert \tilde p - c_j \rVert \} \rvert.$$

    Visual words go back to [sivic2003video], who clustered SIFT descriptors; clusters of small normalised
    patches follow [coates2011analysis].

    Args:
        n_words: $K$, how many visual words.
        patch: side of a patch, in pixels.
        stride: pixels from one patch to the next.
        floor: what is added to a patch's variance before division, so that flat patches stay near 0.
        sample: k-means sees this many patches, drawn at random.
        random_state: seed or generator of the draw and of k-means; `None` follows NumPy's global one.

    Attributes:
        centres_: the visual words, (word, patch, patch, channel).

    Raises:
        ValueError: from `fit` and `transform`, if `X` is not a stack of pictures of at least one patch, there
            are fewer different patches than words, or the pictures have not the channels of those fitted.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> stripes = np.tile([[0.0, 1.0]], (16, 8))[..., None]
        >>> pictures = np.stack([stripes, stripes.swapaxes(0, 1)])  # upright, and lying
        >>> VisualWords(2, patch=4, stride=4, random_state=0).fit_transform(pictures).toarray()
        array([[ 0, 16],
               [16,  0]])
    """

    def __init__(
        self,
        n_words: int = 200,
        *,
        patch: int = 6,
        stride: int = 2,
        floor: float = 1e-3,
        sample: int = 20_000,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_words = n_words
        self.patch = patch
        self.stride = stride
        self.floor = floor
        self.sample = sample
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> "VisualWords":
        """Find the visual words.

        Args:
            X: pictures, (picture, height, width, channel), uint8 or from 0 to 1.
            y: ignored.

        Returns:
            The estimator.
        """
        require_counts(n_words=self.n_words)
        random = check_random_state(self.random_state)
        patches = image_patches(X, self.patch, self.stride)
        grid = patches.shape[:3]
        chosen = random.permutation(int(np.prod(grid)))[: self.sample]
        descriptors = self._describe(patches[np.unravel_index(chosen, grid)])
        different = len(np.unique(descriptors, axis=0))
        require(different >= self.n_words, "X", f"at least {self.n_words} different patches", different)
        self._kmeans = KMeans(self.n_words, n_init=1, random_state=random).fit(descriptors)
        self.centres_ = self._kmeans.cluster_centers_.reshape(-1, *patches.shape[3:])
        return self

    def assign(self, X: ArrayLike) -> Int64[np.ndarray, "picture row column"]:
        """The visual word of every patch, at the patch's place.

        Args:
            X: pictures, (picture, height, width, channel).

        Returns:
            Numbers of visual words, (picture, row, column); a patch's upper left pixel is at `stride` times
            its row and column.
        """
        check_is_fitted(self)
        patches = image_patches(X, self.patch, self.stride)
        channels = self.centres_.shape[-1]
        require(patches.shape[-1] == channels, "X", f"pictures with {channels} channel(s)", patches.shape[-1])
        found = [self._kmeans.predict(self._describe(picture)) for picture in patches]
        return np.array(found, np.int64).reshape(patches.shape[:3])

    def transform(self, X: ArrayLike) -> csr_array:
        """Count the visual words.

        Args:
            X: pictures, (picture, height, width, channel).

        Returns:
            Int64 counts, (picture, word), sparse; each row sums to the number of patches.
        """
        words = self.assign(X)
        counts = [np.bincount(picture.ravel(), minlength=len(self.centres_)) for picture in words]
        return csr_array(np.array(counts))

    def get_feature_names_out(self, input_features: Any = None) -> Shaped[np.ndarray, " word"]:
        """A name for each visual word: "visual0", "visual1" and so on.

        Args:
            input_features: ignored.
        """
        check_is_fitted(self)
        return np.array([f"visual{k}" for k in range(len(self.centres_))], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _describe(
        self, patches: Shaped[np.ndarray, "*grid side side channel"]
    ) -> Float64[np.ndarray, "patch value"]:
        shape = patches.shape[-3:]
        descriptors = contrast_normalize(patches.reshape(-1, *shape), self.floor)
        return descriptors.reshape(-1, int(np.prod(shape)))


def image_patches(
    images: ArrayLike, side: int, stride: int
) -> Shaped[np.ndarray, "picture row column side side channel"]:
    """All square patches of pictures, on a grid; a view, no copy.

    Args:
        images: pictures, (picture, height, width, channel).
        side: height and width of a patch.
        stride: pixels from one patch to the next; with `side` they tile the picture.

    Returns:
        The patches, (picture, row, column, side, side, channel), of the pictures' type.

    Raises:
        ValueError: if the pictures have not four dimensions, are smaller than a patch or not finite, or a
            size is not positive.

    Example:
        >>> image_patches(np.zeros((5, 32, 32, 3)), side=6, stride=2).shape
        (5, 14, 14, 6, 6, 3)
    """
    pictures = as_array(images)
    require_ndim(pictures, 4, "images")
    require(side >= 1, "side", "a number of pixels >= 1", side)
    require(stride >= 1, "stride", "a number of pixels >= 1", stride)
    smallest = min(pictures.shape[1:3])
    require(smallest >= side, "images", f"pictures of at least {side} x {side} pixels", pictures.shape)
    require(bool(np.isfinite(pictures).all()), "images", "finite values", "NaN or infinity")
    windows = sliding_window_view(pictures, (side, side), axis=(1, 2))[:, ::stride, ::stride]
    return np.moveaxis(windows, 3, -1)


def contrast_normalize(patches: ArrayLike, floor: float = 1e-3) -> Float64[np.ndarray, "patch *shape"]:
    r"""Take off each patch's mean and divide by its standard deviation, so that only its pattern is left.

    $$\tilde p = \frac{p - \bar p}{\sqrt{\mathrm{var}(p) + \varepsilon}}$$

    Mean and variance are over all of a patch's values, its channels together: a faint edge becomes like a
    strong one, while a coloured patch keeps its hue. [coates2011analysis]

    Args:
        patches: (patch, ...), uint8 or from 0 to 1.
        floor: $\varepsilon \ge 0$; patches of less variance go to 0. With 0 they become noise, or 0 if flat.

    Returns:
        Values of the same shape, double precision.

    Raises:
        ValueError: if `floor` is negative.

    Example:
        >>> contrast_normalize(np.array([[0.2, 0.4], [0.5, 0.9]]), floor=0.0)
        array([[-1.,  1.],
               [-1.,  1.]])
    """
    values = as_array(patches)
    require(floor >= 0, "floor", "a number >= 0", floor)
    values = values / 255 if values.dtype == np.uint8 else values.astype(np.float64)
    axes = tuple(range(1, values.ndim))
    centred = values - values.mean(axis=axes, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=axes, keepdims=True) + floor)
    return centred / np.where(spread > 0, spread, 1)
