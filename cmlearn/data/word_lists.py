"""Word lists that people rated or wrote, to try word vectors on; read from gensim's installed test data.

The lists are not part of this package. All words are lower-cased here, as the bundled corpora are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

__all__ = ["Analogies", "WordPairs", "analogies", "simlex999", "wordsim353"]


@dataclass(frozen=True, eq=False)
class WordPairs:
    """Pairs of words, each with what people on average said of it, from 0 to 10.

    Attributes:
        pairs: the two words.
        scores: the mean rating of each pair; higher is more alike.

    Example:
        >>> wordsim353().pairs[1], float(wordsim353().scores[1])
        (('tiger', 'cat'), 7.35)
    """

    pairs: tuple[tuple[str, str], ...]
    scores: Float64[np.ndarray, " pair"]

    def __len__(self) -> int:
        return len(self.pairs)


@dataclass(frozen=True, eq=False)
class Analogies:
    """Questions "a is to b as c is to what?" with their answers.

    Attributes:
        questions: the words a, b, c and the answer.
        category: the kind of each question, a position in `categories`.
        categories: what the kinds are called (14 of them); those named "gram" are of grammar, the others of
            meaning.

    Example:
        >>> data = analogies()
        >>> data.questions[0], data.categories[data.category[0]]
        (('athens', 'greece', 'baghdad', 'iraq'), 'capital-common-countries')
    """

    questions: tuple[tuple[str, str, str, str], ...]
    category: tuple[int, ...]
    categories: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.questions)


def wordsim353() -> WordPairs:
    """WordSim-353: how *related* the words of a pair are; "tea" and "cup" score high.

    [finkelstein2002placing]

    Raises:
        ModuleNotFoundError: if gensim is not installed.

    Example:
        >>> len(wordsim353())
        353
    """
    return _pairs("wordsim353.tsv")


def simlex999() -> WordPairs:
    """SimLex-999: how *similar* the words of a pair are; "tea" and "cup" score low.

    [hill2015simlex]

    Raises:
        ModuleNotFoundError: if gensim is not installed.

    Example:
        >>> len(simlex999())
        999
    """
    return _pairs("simlex999.txt")


def analogies() -> Analogies:
    """The analogy questions that came with Word2Vec.

    [mikolov2013efficient]

    Raises:
        ModuleNotFoundError: if gensim is not installed.

    Example:
        >>> len(analogies()), len(analogies().categories)
        (19544, 14)
    """
    categories: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    for line in _lines("questions-words.txt"):
        if line.startswith(":"):
            categories.append(line.removeprefix(":").strip())
        else:
            rows.append((len(categories) - 1, line.split()))
    questions = tuple((a, b, c, answer) for _, (a, b, c, answer) in rows)
    return Analogies(questions, tuple(category for category, _ in rows), tuple(categories))


def _pairs(name: str) -> WordPairs:
    rows = [line.split("\t") for line in _lines(name)]
    return WordPairs(tuple((a, b) for a, b, _ in rows), np.array([float(score) for *_, score in rows]))


def _lines(name: str) -> Iterator[str]:
    """The lines of one of gensim's files, lower-cased, without comments."""
    try:
        from gensim.test.utils import datapath
    except ModuleNotFoundError:
        raise ModuleNotFoundError("the word lists come with gensim: pip install gensim") from None
    for line in Path(datapath(name)).read_text(encoding="utf-8").lower().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()
