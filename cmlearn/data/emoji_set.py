"""Emoji: the same concepts in four drawing styles, named and described in many languages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int64, UInt8

from cmlearn._validate import require, require_choice
from cmlearn.data._files import read_json, read_mosaic, read_numbers
from cmlearn.data.splits import Split

STYLES = ("noto", "fluent", "twemoji", "openmoji")


@dataclass(frozen=True, eq=False)
class Emoji:
    """Pictures and words of the same concepts.

    Attributes:
        images: one 32 x 32 RGB picture of every concept, on white, by drawing style.
        names: the short name of every concept, by language code.
        keywords: the keywords of every concept, by language code.
        characters: the emoji themselves, as text.
        group: the concept's group, a position in `groups` (8 of them, such as "Food & Drink").
        subgroup: the concept's subgroup, a position in `subgroups` (94, such as "food-fruit").
        family: the concept's family, a position in `families`: concepts that are drawn almost alike, such as
            a man, a woman and a person running. A split must not divide a family.
        split: training, validation and test concepts, divided by family.

    Example:
        >>> from cmlearn.data import emoji
        >>> data = emoji()
        >>> data.images["noto"].shape
        (1586, 32, 32, 3)
        >>> i = data.names["en"].index("red apple")
        >>> data.names["de"][i], data.keywords["en"][i]
        ('roter Apfel', ('apple', 'diet', 'food', 'fruit', 'health', 'red', 'ripe'))
        >>> data.groups[data.group[i]], data.families[data.family[i]]
        ('Food & Drink', 'red apple')
    """

    images: dict[str, UInt8[np.ndarray, "concept 32 32 3"]]
    names: dict[str, tuple[str, ...]]
    keywords: dict[str, tuple[tuple[str, ...], ...]]
    characters: tuple[str, ...]
    group: Int64[np.ndarray, " concept"]
    groups: tuple[str, ...]
    subgroup: Int64[np.ndarray, " concept"]
    subgroups: tuple[str, ...]
    family: Int64[np.ndarray, " concept"]
    families: tuple[str, ...]
    split: Split

    @property
    def styles(self) -> tuple[str, ...]:
        """The drawing styles; the last, OpenMoji, is the one that looks least like the others."""
        return tuple(self.images)

    @property
    def languages(self) -> tuple[str, ...]:
        """The language codes; the first ten are those of the lessons."""
        return tuple(self.names)

    def __repr__(self) -> str:
        """Show the sizes."""
        return (
            f"Emoji({len(self.characters)} concepts in {len(self.families)} families, "
            f"{len(self.styles)} styles, {len(self.languages)} languages)"
        )


def emoji(languages: Sequence[str] | None = None) -> Emoji:
    """Load the emoji pictures and words.

    Args:
        languages: the language codes to keep, in the order wanted; all when None.

    Raises:
        ValueError: a language is not in the set, or the list is empty.
        DataFileError: a data file is missing or damaged.

    Example:
        >>> from cmlearn.data import emoji
        >>> emoji()
        Emoji(1586 concepts in 1322 families, 4 styles, 26 languages)
        >>> emoji(["en", "zh"]).names["zh"][:2]
        ('嘿嘿', '哈哈')
    """
    data = _load()
    if languages is None:
        return data
    require(len(languages) > 0, "languages", "at least one language code", "none")
    for language in languages:
        require_choice(language, data.languages, "languages")
    return replace(
        data,
        names={language: data.names[language] for language in languages},
        keywords={language: data.keywords[language] for language in languages},
    )


def _load() -> Emoji:
    labels = read_json("emoji.json.xz")
    count = len(labels["characters"])
    words = labels["words"]
    return Emoji(
        images={style: read_mosaic(f"emoji-{style}.webp", count, 32, 32) for style in STYLES},
        names={language: tuple(entry[0] for entry in entries) for language, entries in words.items()},
        keywords={
            language: tuple(tuple(entry[1:]) for entry in entries) for language, entries in words.items()
        },
        characters=tuple(labels["characters"]),
        group=read_numbers(labels["group"]),
        groups=tuple(labels["groups"]),
        subgroup=read_numbers(labels["subgroup"]),
        subgroups=tuple(labels["subgroups"]),
        family=read_numbers(labels["family"]),
        families=tuple(labels["families"]),
        split=Split.from_lists(labels["split"]),
    )
