r"""What word vectors are worth: agreement with people about similarity, and analogies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64
from numpy.typing import ArrayLike
from scipy.stats import spearmanr

from cmlearn._arrays import as_array
from cmlearn._validate import require
from cmlearn.embedding.word_vectors import WordVectors

__all__ = ["AnalogyScore", "SimilarityScore", "answer_analogies", "word_similarity"]

Question = tuple[str, str, str, str]
_AT_ONCE = 512


@dataclass(frozen=True)
class SimilarityScore:
    """How well cosines agree with ratings.

    Attributes:
        correlation: Spearman's rank correlation, from -1 to 1, over the pairs that are covered.
        coverage: the share of pairs of which both words have a vector.
    """

    correlation: float
    coverage: float


@dataclass(frozen=True, eq=False)
class AnalogyScore:
    """Which analogies were answered, and which rightly.

    Attributes:
        covered: whether all four words of a question have a vector, (question,).
        right: whether the answer was right; never where the question is not covered, (question,).
    """

    covered: Bool[np.ndarray, " question"]
    right: Bool[np.ndarray, " question"]

    @property
    def accuracy(self) -> float:
        """The share of right answers among the covered questions; NaN without any."""
        return float(self.right.sum() / self.covered.sum()) if self.covered.any() else float("nan")

    @property
    def coverage(self) -> float:
        """The share of covered questions."""
        return float(self.covered.mean())


def word_similarity(
    vectors: WordVectors, pairs: Sequence[tuple[str, str]], scores: ArrayLike
) -> SimilarityScore:
    r"""Spearman's correlation between the cosines of pairs of words and people's ratings of them.

    Pairs with a word that has no vector are left out, so always read the coverage with the correlation.

    Args:
        vectors: the vectors.
        pairs: pairs of words.
        scores: the rating of each pair, (pair,).

    Returns:
        The correlation and the coverage.

    Raises:
        ValueError: if the numbers of pairs and ratings differ, or fewer than two pairs are covered.

    Example:
        >>> vectors = WordVectors(["cat", "dog", "car"], [[1.0, 0.1], [0.9, 0.2], [0.0, 1.0]])
        >>> pairs = [("cat", "dog"), ("cat", "car"), ("dog", "car"), ("cat", "bird")]
        >>> score = word_similarity(vectors, pairs, [9, 1, 2, 6])
        >>> round(score.correlation, 3), score.coverage
        (1.0, 0.75)
    """
    ratings = as_array(scores).astype(np.float64)
    require(ratings.shape == (len(pairs),), "scores", f"one for each of {len(pairs)} pairs", ratings.shape)
    covered = np.array([a in vectors and b in vectors for a, b in pairs])
    known = int(covered.sum())
    require(known >= 2, "pairs", "at least two pairs whose words have vectors", known)
    rated = [pair for pair, has_both in zip(pairs, covered, strict=True) if has_both]
    first, second = (_rows(vectors, words) for words in zip(*rated, strict=True))
    cosines = (vectors.unit[first] * vectors.unit[second]).sum(axis=1)
    return SimilarityScore(float(spearmanr(cosines, ratings[covered]).statistic), float(covered.mean()))


def answer_analogies(vectors: WordVectors, questions: Sequence[Question]) -> AnalogyScore:
    r"""Answers "a is to b as c is to what?" by the word nearest to $\hat b - \hat a + \hat c$ ("3CosAdd").

    The vectors are scaled to length 1 first, and a, b, c are no answers. [mikolov2013efficient],
    [levy2014linguistic]

    Args:
        vectors: the vectors; the answer is looked for among all their words.
        questions: the words a, b, c and the right answer.

    Returns:
        Which questions were covered, and which answers were right.

    Raises:
        ValueError: if there are no questions.

    Example:
        >>> vectors = WordVectors(["man", "woman", "king", "queen"], [[1, 0], [1, 1], [5, 0], [5, 5]])
        >>> questions = [("man", "woman", "king", "queen"), ("man", "boy", "king", "prince")]
        >>> score = answer_analogies(vectors, questions)
        >>> score.accuracy, score.coverage
        (1.0, 0.5)
    """
    require(len(questions) > 0, "questions", "at least one", "none")
    covered = np.array([all(word in vectors for word in question) for question in questions])
    rows = _rows(vectors, [word for q, known in zip(questions, covered, strict=True) if known for word in q])
    rows = rows.reshape(-1, 4)
    right = np.zeros(len(questions), dtype=bool)
    parts = [_answers(vectors, rows[n : n + _AT_ONCE]) for n in range(0, len(rows), _AT_ONCE)]
    right[covered] = np.concatenate([*parts, np.empty(0, dtype=np.int64)]) == rows[:, 3]
    return AnalogyScore(covered, right)


def _answers(vectors: WordVectors, rows: Int64[np.ndarray, "question 4"]) -> Int64[np.ndarray, " question"]:
    a, b, c = (vectors.unit[rows[:, column]] for column in range(3))
    cosines = (b - a + c) @ vectors.unit.T
    np.put_along_axis(cosines, rows[:, :3], -np.inf, axis=1)
    return cosines.argmax(axis=1)


def _rows(vectors: WordVectors, words: Sequence[str]) -> Int64[np.ndarray, " word"]:
    return np.array([vectors.index[word] for word in words], dtype=np.int64)
