r"""Word vectors, however they were learned: look them up, compare them, exchange them with gensim."""

import json
from collections.abc import Collection, Sequence
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64
from numpy.typing import ArrayLike

from cmlearn._arrays import as_array
from cmlearn._validate import require

__all__ = ["WordVectors"]


class WordVectors:
    r"""A vector for each of some words, and what can be asked of them.

    Two words are as similar as the cosine of the angle between their vectors,
    $\cos(u, v) = u \cdot v / (\lVert u \rVert \lVert v \rVert)$.

    Args:
        words: the words, each once, the most frequent first where that is known.
        vectors: one row a word, (word, dim); array or tensor.
        counts: how often each word occurred, (word,), where that is known.

    Attributes:
        words: as given.
        vectors: as given, in single precision.
        counts: as given.

    Raises:
        ValueError: if there is not one vector, and one count, for each word, or a word comes twice.

    Example:
        >>> animals = WordVectors(["cat", "dog", "car"], [[1.0, 0.1], [0.9, 0.2], [0.0, 1.0]])
        >>> [(word, round(cosine, 2)) for word, cosine in animals.most_similar("cat", k=1)]
        [('dog', 0.99)]
        >>> animals["dog"]
        array([0.9, 0.2], dtype=float32)
    """

    def __init__(self, words: Sequence[str], vectors: ArrayLike, counts: ArrayLike | None = None) -> None:
        self.words: tuple[str, ...] = tuple(words)
        self.vectors: Float32[np.ndarray, "word dim"] = as_array(vectors).astype(np.float32)
        self.counts: Int64[np.ndarray, " word"] | None = (
            None if counts is None else as_array(counts).astype(np.int64)
        )
        n, shape = len(self.words), self.vectors.shape
        require(len(shape) == 2 and shape[0] == n, "vectors", f"shape ({n}, dim), a row a word", shape)
        require(len(self.index) == n, "words", "each word once", "one of them twice")
        if self.counts is not None:
            require(self.counts.shape == (n,), "counts", f"shape ({n},)", self.counts.shape)

    @cached_property
    def index(self) -> dict[str, int]:
        """The row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def unit(self) -> Float32[np.ndarray, "word dim"]:
        """The vectors scaled to length 1; a vector of zeros stays one."""
        return _unit(self.vectors)

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __repr__(self) -> str:
        return f"WordVectors({len(self)} words, {self.dim} dimensions)"

    def __getitem__(self, word: str) -> Float32[np.ndarray, " dim"]:
        """The vector of a word.

        Raises:
            KeyError: if there is none.
        """
        return self.vectors[self.row(word)]

    def row(self, word: str) -> int:
        """The row of a word in `vectors`.

        Raises:
            KeyError: if the word has no vector.

        Example:
            >>> WordVectors(["cat", "dog"], [[1.0], [0.5]]).row("bird")
            Traceback (most recent call last):
            KeyError: "there is no vector for the word 'bird' among these 2 words"
        """
        if word not in self.index:
            raise KeyError(f"there is no vector for the word {word!r} among these {len(self)} words")
        return self.index[word]

    def similarity(self, a: str, b: str) -> float:
        """Cosine of the angle between the vectors of two words, from -1 to 1.

        Raises:
            KeyError: if one of them has no vector.

        Example:
            >>> WordVectors(["cat", "car"], [[1.0, 0.0], [0.0, 2.0]]).similarity("cat", "car")
            0.0
        """
        return float(self.unit[self.row(a)] @ self.unit[self.row(b)])

    def most_similar(
        self, query: str | ArrayLike, k: int = 10, *, exclude: Collection[str] = ()
    ) -> list[tuple[str, float]]:
        """The words whose vectors point most nearly in the direction of a word's, or of a given vector.

        Args:
            query: a word, which is not among its own neighbours, or a vector, (dim,).
            k: how many.
            exclude: words to leave out.

        Returns:
            Words and cosines, the best first.

        Raises:
            KeyError: if a word has no vector.
            ValueError: if a vector has another number of dimensions.

        Example:
            >>> WordVectors(["cat", "car"], [[1.0, 0.0], [0.0, 1.0]]).most_similar([0, 1], k=1)
            [('car', 1.0)]
        """
        if isinstance(query, str):
            direction, left_out = self.unit[self.row(query)], {query, *exclude}
        else:
            direction, left_out = self._direction(query), set(exclude)
        cosines = self.unit @ direction
        cosines[[self.row(word) for word in left_out]] = -np.inf
        best = np.argsort(-cosines, kind="stable")[: min(k, len(self) - len(left_out))]
        return [(self.words[row], float(cosines[row])) for row in best]

    def analogy(self, a: str, b: str, c: str, k: int = 1) -> list[tuple[str, float]]:
        r"""What is to `c` as `b` is to `a`: the other words nearest to $\hat b - \hat a + \hat c$.

        The vectors are scaled to length 1 first ("3CosAdd"). [levy2014linguistic]

        Args:
            a: as in "`a` is to `b`".
            b: what `a` is to.
            c: as in "`c` is to ?".
            k: how many answers.

        Returns:
            Words and cosines, the best first.

        Raises:
            KeyError: if one of the words has no vector.

        Example:
            >>> royal = WordVectors(["man", "woman", "king", "queen"], [[1, 0], [1, 1], [5, 0], [5, 5]])
            >>> royal.analogy("man", "woman", "king")[0][0]
            'queen'
        """
        first, second, third = (self.unit[self.row(word)] for word in (a, b, c))
        return self.most_similar(second - first + third, k, exclude={a, b, c})

    def to_keyedvectors(self) -> Any:
        """The same vectors as gensim's `KeyedVectors`.

        Raises:
            ModuleNotFoundError: if gensim is not installed.

        Example:
            >>> WordVectors(["cat", "dog"], [[1.0], [0.5]]).to_keyedvectors().index_to_key
            ['cat', 'dog']
        """
        keyed = _gensim_keyedvectors()(self.dim)
        keyed.add_vectors(list(self.words), self.vectors)
        if self.counts is not None:
            for word, count in zip(self.words, self.counts.tolist(), strict=True):
                keyed.set_vecattr(word, "count", count)
        return keyed

    @classmethod
    def from_keyedvectors(cls, keyed: Any) -> "WordVectors":
        """Vectors from gensim's `KeyedVectors`.

        Args:
            keyed: the `.wv` of a gensim model, or vectors that gensim loaded.

        Example:
            >>> from gensim.models import KeyedVectors
            >>> keyed = KeyedVectors(2)
            >>> keyed.add_vectors(["cat"], [[1.0, 2.0]])
            >>> WordVectors.from_keyedvectors(keyed)["cat"]
            array([1., 2.], dtype=float32)
        """
        words = keyed.index_to_key
        counts = [keyed.get_vecattr(word, "count") for word in words] if "count" in keyed.expandos else None
        return cls(words, keyed.vectors, counts)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the vectors to one `.npz` file of plain arrays.

        Example:
            >>> from tempfile import TemporaryDirectory
            >>> with TemporaryDirectory() as folder:
            ...     WordVectors(["cat"], [[1.0]]).save(f"{folder}/cat.npz")
            ...     WordVectors.load(f"{folder}/cat.npz")
            WordVectors(1 words, 1 dimensions)
        """
        words = np.frombuffer(json.dumps(self.words).encode(), dtype=np.uint8)
        arrays: dict[str, Any] = {"words": words, "vectors": self.vectors}
        arrays |= {} if self.counts is None else {"counts": self.counts}
        with open(path, "wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "WordVectors":
        """Read what `save` wrote.

        Raises:
            ValueError: if the file holds something else.
        """
        with np.load(path, allow_pickle=False) as file:
            require({"words", "vectors"} <= set(file), "path", "a file that `save` wrote", sorted(file))
            words = json.loads(file["words"].tobytes())
            return cls(words, file["vectors"], file.get("counts"))

    def _direction(self, vector: ArrayLike) -> Float32[np.ndarray, " dim"]:
        direction = as_array(vector).astype(np.float32)
        require(direction.shape == (self.dim,), "query", f"a word or shape ({self.dim},)", direction.shape)
        return _unit(direction)


def _unit(vectors: Float32[np.ndarray, "*words dim"]) -> Float32[np.ndarray, "*words dim"]:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _gensim_keyedvectors() -> Any:
    try:
        from gensim.models import KeyedVectors
    except ModuleNotFoundError:
        raise ModuleNotFoundError("`to_keyedvectors` needs gensim: pip install gensim") from None
    return KeyedVectors
