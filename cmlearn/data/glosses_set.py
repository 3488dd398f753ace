"""Glosses: the words of English by sense, each with a text that explains it, and what each is a kind of."""

import re
from dataclasses import dataclass
from functools import cached_property
from sys import intern

import numpy as np
from jaxtyping import Int64

from cmlearn.data._files import read_arrays, read_json
from cmlearn.data.splits import Split, rows_where

PARTS_OF_SPEECH = ("noun", "verb", "adjective", "adverb")
_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")


@dataclass(frozen=True, eq=False)
class Glosses:
    """WordNet's synsets: sets of words that share one sense, and the sense told in a short text.

    Attributes:
        lemmas: the words and phrases of every synset, the most usual first.
        texts: the gloss of every synset: its definition, often followed by examples in quotation marks.
        part_of_speech: a position in `parts_of_speech` (4 of them).
        lexname: the lexicographers' file that the synset comes from, a position in `lexnames`: a broad
            class such as "noun.food" (45 of them). Adjectives and adverbs have no such classes by meaning.
        hypernyms: pairs of rows; the first is a kind (or, as "Paris" of "city", an instance) of the second.
            Nouns and verbs only; a synset may have several.
        family: the row of a synset that stands for the synset's family: those with the same first hypernym,
            an adjective and those grouped around it, and those defined by the same words. A split must not
            divide a family.
        split: training, validation and test synsets, divided by family.

    Example:
        >>> from cmlearn.data import glosses
        >>> data = glosses()
        >>> i = data.lemmas.index(("apple",))
        >>> data.texts[i]
        'fruit with red or yellow or green skin and sweet to tart crisp whitish flesh'
        >>> data.lexnames[data.lexname[i]], data.parts_of_speech[data.part_of_speech[i]]
        ('noun.food', 'noun')
        >>> [data.lemmas[j][0] for j in data.hypernyms[data.hypernyms[:, 0] == i, 1]]
        ['edible fruit', 'pome']
    """

    lemmas: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]
    part_of_speech: Int64[np.ndarray, " synset"]
    parts_of_speech: tuple[str, ...]
    lexname: Int64[np.ndarray, " synset"]
    lexnames: tuple[str, ...]
    hypernyms: Int64[np.ndarray, "edge 2"]
    family: Int64[np.ndarray, " synset"]
    split: Split

    @cached_property
    def sentences(self) -> tuple[tuple[str, ...], ...]:
        """The corpus for word vectors: of every synset the words, then the gloss, as lower-case tokens.

        A token is a run of letters and digits; what follows an apostrophe stays with it. Phrases are divided
        into their words.

        Example:
            >>> from cmlearn.data import glosses
            >>> glosses().sentences[5]
            ('whole', 'unit', 'an', 'assemblage', 'of', 'parts', 'that', 'is', 'regarded', 'as', 'a', ...)
        """
        lines = (f"{' '.join(words)} {text}" for words, text in zip(self.lemmas, self.texts, strict=True))
        return tuple(tuple(map(intern, _TOKEN.findall(line.lower()))) for line in lines)

    def __repr__(self) -> str:
        """Show the sizes."""
        return (
            f"Glosses({len(self.texts)} synsets in {len(self.lexnames)} classes, "
            f"{len(self.hypernyms)} hypernyms)"
        )


def glosses() -> Glosses:
    """Load the glosses.

    Raises:
        DataFileError: a data file is missing or damaged.

    Example:
        >>> from cmlearn.data import glosses
        >>> glosses()
        Glosses(117659 synsets in 45 classes, 97666 hypernyms)
    """
    words, numbers = read_json("glosses.json.xz"), read_arrays("glosses.npz.xz")
    kinds = [name.partition(".")[0] for name in words["lexnames"]]
    speech = np.array([("noun", "verb", "adj", "adv").index(kind) for kind in kinds])
    return Glosses(
        lemmas=tuple(tuple(names.split("|")) for names in words["lemmas"]),
        texts=tuple(words["texts"]),
        part_of_speech=speech[numbers["lexname"]],
        parts_of_speech=PARTS_OF_SPEECH,
        lexname=numbers["lexname"].astype(np.int64),
        lexnames=tuple(words["lexnames"]),
        hypernyms=numbers["hypernyms"].T.astype(np.int64, order="C"),
        family=numbers["family"].astype(np.int64),
        split=Split(*(rows_where(numbers["part"] == part) for part in range(3))),
    )
