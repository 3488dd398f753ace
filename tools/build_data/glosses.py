"""Builds `glosses`: WordNet's synsets, the texts that explain them, and the kinds that each is one of."""

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tools.build_data.common import write_arrays, write_json, write_licence
from tools.build_data.sources import Source

WORDNET = Source(
    "deb",
    "wordnet-base",
    "1:3.0-37",
    "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752",
)
FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
HYPERNYM = ("@", "@i")
SIMILAR = "&"


@dataclass(frozen=True)
class Synset:
    """One line of the database. A pointer is its kind, and the file and place of the synset meant."""

    key: str
    lexname: int
    satellite: bool
    lemmas: tuple[str, ...]
    pointers: tuple[tuple[str, str], ...]
    text: str


def build(out: Path) -> None:
    """Write the words and texts, the numbers about them, and the licence."""
    synsets = [synset for file in FILES for synset in read(file)]
    position = {synset.key: i for i, synset in enumerate(synsets)}
    family = families(synsets, position)
    write_json(
        out / "glosses.json.xz",
        {
            "lemmas": ["|".join(synset.lemmas) for synset in synsets],
            "texts": [synset.text for synset in synsets],
            "lexnames": lexnames(),
        },
    )
    write_arrays(
        out / "glosses.npz.xz",
        lexname=np.array([synset.lexname for synset in synsets], np.uint8),
        hypernyms=hypernyms(synsets, position).T,
        family=family,
        part=np.array([part(synsets[i].key) for i in family]),
    )
    about = (
        "WordNet 3.0, by Princeton University. https://wordnet.princeton.edu\n"
        f"From Debian {WORDNET.name} {WORDNET.version}.\n"
        "Changed: the synsets' words, glosses, lexicographer files and hypernyms only, with a split added.\n"
        "Files: glosses.json.xz, glosses.npz.xz\nLicence: WordNet"
    )
    write_licence(out, "glosses", about, licence())


def read(file: str) -> Iterator[Synset]:
    """Read the synsets of one part of speech."""
    for line in lines(file):
        if not line.startswith("  "):
            yield parse(line, file)


def parse(line: str, file: str) -> Synset:
    """Take apart a line: place, lexicographer file, type, words, pointers, then the gloss after a bar."""
    numbers, _, text = line.partition("|")
    fields = numbers.split()
    count = int(fields[3], 16)
    words, rest = fields[4 : 4 + 2 * count : 2], fields[4 + 2 * count :]
    pointers = zip(*(rest[1 + k : 1 + 4 * int(rest[0]) : 4] for k in range(3)), strict=True)
    return Synset(
        key=file + fields[0],
        lexname=int(fields[1]),
        satellite=fields[2] == "s",
        lemmas=tuple(re.sub(r"\(\w+\)$", "", word).replace("_", " ") for word in words),
        pointers=tuple((kind, meant + place) for kind, place, meant in pointers),
        text=" ".join(text.split()),
    )


def hypernyms(synsets: list[Synset], position: dict[str, int]) -> np.ndarray:
    """Return every pair of a synset and what it is a kind, or an instance, of."""
    edges = [
        (i, position[meant])
        for i, synset in enumerate(synsets)
        for kind, meant in synset.pointers
        if kind in HYPERNYM
    ]
    return np.array(edges, np.int32)


def families(synsets: list[Synset], position: dict[str, int]) -> np.ndarray:
    """Return each synset's family, as the row of one synset that stands for it.

    What has one first hypernym is a family, as are an adjective and those grouped around it, and all whose
    definitions are the same words.
    """
    family = [position[anchor(synset)] for synset in synsets]
    parent = list(range(len(synsets)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, synset in enumerate(synsets):
        low, high = sorted((root(first.setdefault(definition(synset), family[i])), root(family[i])))
        parent[high] = low
    return np.array([root(i) for i in family], np.int32)


def anchor(synset: Synset) -> str:
    """Return the key of the synset's first hypernym, of the adjective it is grouped around, or its own."""
    kinds = (SIMILAR,) if synset.satellite else HYPERNYM
    return next((meant for kind, meant in synset.pointers if kind in kinds), synset.key)


def definition(synset: Synset) -> str:
    """Return the gloss without its examples."""
    return synset.text.partition('; "')[0]


@cache
def part(key: str) -> int:
    """Deal a tenth of the families to test (2) and a tenth to validation (1), by the hash of the key."""
    return {0: 2, 1: 1}.get(hashlib.sha256(key.encode()).digest()[0] % 10, 0)


def lexnames() -> list[str]:
    """Return the names of the lexicographers' files in the order of their numbers."""
    page = WORDNET.unpack() / "usr/share/man/man5/lexnames.5WN.gz"
    return re.findall(r"^\d\d\t(\S+)", gzip.decompress(page.read_bytes()).decode(), re.MULTILINE)


def licence() -> str:
    """Return the licence, which heads every file of the database with its lines numbered."""
    return "\n".join(re.sub(r"^ +\d+ ", "", line) for line in lines("n") if line.startswith("  "))


def lines(file: str) -> list[str]:
    """Return the lines of one part of speech."""
    path = WORDNET.unpack() / "usr/share/wordnet" / f"data.{FILES[file]}"
    return path.read_text(encoding="ascii").splitlines()
