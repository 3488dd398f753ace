"""The data cards: what each bundled set is, where it is from, and what is fair to do with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cmlearn._validate import require_choice


@dataclass(frozen=True)
class Source:
    """A public package that a set is built from.

    Attributes:
        registry: where the package is published: npm, PyPI or Debian.
        package: its name.
        version: the exact version used.
        gives: what is taken from it.
        licence: the SPDX identifier of what is taken.
        credit: whom to name.
        licence_file: the text of the licence, in `cmlearn/data/files/LICENSES`.

    Example:
        >>> card("watch").sources[0].package
        'seglearn'
    """

    registry: str
    package: str
    version: str
    gives: str
    licence: str
    credit: str
    licence_file: str


@dataclass(frozen=True)
class Card:
    """What a reader should know before using a set. Shows as a list in Jupyter.

    Attributes:
        name: the loader's name in `cmlearn.data`.
        title: a short description.
        what: one paragraph on what the set holds.
        sources: the packages it is built from.
        built: how the files were made from the packages.
        counts: what there is how many of.
        files: the bundled files.
        splits: the fixed splits, in words.
        flaws: known flaws, each a sentence.
        fair_use: what is fair to do with the set, and what is not.

    Example:
        >>> card("emoji").title
        'Pictures and words of the same concepts'
    """

    name: str
    title: str
    what: str
    sources: tuple[Source, ...]
    built: str
    counts: Mapping[str, int]
    files: tuple[str, ...]
    splits: str
    flaws: tuple[str, ...]
    fair_use: str

    @property
    def licences(self) -> tuple[str, ...]:
        """The distinct licences of the set's parts."""
        return tuple(dict.fromkeys(source.licence for source in self.sources))

    def _repr_markdown_(self) -> str:
        parts = {
            "Holds": self.what,
            "Counts": ", ".join(f"{count:,} {thing}" for thing, count in self.counts.items()),
            "From": _nested(map(_source_line, self.sources)),
            "Built": self.built,
            "Splits": self.splits,
            "Known flaws": _nested(self.flaws),
            "Fair use": self.fair_use,
            "Files": ", ".join(f"`{file}`" for file in self.files),
        }
        lines = [f"- **{label}.** {text}" for label, text in parts.items()]
        return "\n".join([f"**`cm.data.{self.name}()`: {self.title}**", "", *lines])


def _nested(items: Iterable[str]) -> str:
    return "".join(f"\n  - {item}" for item in items)


def _source_line(source: Source) -> str:
    package = f"{source.registry} `{source.package}` {source.version}"
    return f"{source.gives}: {package}, {source.licence}, {source.credit}"


def card(name: str) -> Card:
    """Return the card of a bundled set.

    Raises:
        ValueError: there is no set of this name.

    Example:
        >>> card("clips").licences
        ('CC-BY-SA-4.0',)
    """
    require_choice(name, CARDS, "name")
    return CARDS[name]


_EMOJI = Card(
    name="emoji",
    title="Pictures and words of the same concepts",
    what=(
        "Every emoji that all four drawing styles have, but no flags or skin tones: a picture a style, and a "
        "short name and keywords in each language. The first ten languages are those of the lessons: en zh "
        "es fr de ja ar ru hi pt."
    ),
    sources=(
        Source(
            registry="npm",
            package="@iconify-json/noto",
            version="1.2.9",
            gives="Noto pictures",
            licence="Apache-2.0",
            credit="Google Inc",
            licence_file="emoji-noto.txt",
        ),
        Source(
            registry="npm",
            package="@iconify-json/fluent-emoji-flat",
            version="1.2.6",
            gives="Fluent flat pictures",
            licence="MIT",
            credit="Microsoft Corporation",
            licence_file="emoji-fluent.txt",
        ),
        Source(
            registry="npm",
            package="@iconify-json/twemoji",
            version="1.2.5",
            gives="Twemoji pictures",
            licence="CC-BY-4.0",
            credit="Twitter, Inc and other contributors",
            licence_file="emoji-twemoji.txt",
        ),
        Source(
            registry="npm",
            package="@iconify-json/openmoji",
            version="1.2.29",
            gives="OpenMoji pictures",
            licence="CC-BY-SA-4.0",
            credit="the OpenMoji project",
            licence_file="emoji-openmoji.txt",
        ),
        Source(
            registry="npm",
            package="cldr-annotations-full",
            version="48.2.0",
            gives="Names and keywords",
            licence="Unicode-3.0",
            credit="Unicode, Inc.",
            licence_file="emoji-words.txt",
        ),
        Source(
            registry="npm",
            package="cldr-annotations-derived-full",
            version="48.2.0",
            gives="Names of composed emoji",
            licence="Unicode-3.0",
            credit="Unicode, Inc.",
            licence_file="emoji-words.txt",
        ),
        Source(
            registry="npm",
            package="emoji-datasource",
            version="16.0.0",
            gives="Groups and subgroups",
            licence="MIT",
            credit="Cal Henderson",
            licence_file="emoji-labels.txt",
        ),
    ),
    built=(
        "The vector drawings are rasterised at 128 x 128 on white and averaged down to 32 x 32. Words are "
        "looked up by code point without variation selectors. Concepts that differ only by a person's "
        "gender or direction, an hour, a keycap's sign or a colour, and those that some style draws the "
        "same, form a family."
    ),
    counts=MappingProxyType(
        {
            "concepts": 1586,
            "families": 1322,
            "styles": 4,
            "languages": 26,
            "groups": 8,
            "subgroups": 94,
            "training concepts": 1086,
            "validation concepts": 200,
            "test concepts": 300,
        }
    ),
    files=(
        "emoji-noto.webp",
        "emoji-fluent.webp",
        "emoji-twemoji.webp",
        "emoji-openmoji.webp",
        "emoji.json.xz",
    ),
    splits=(
        "By family, fixed in the file: no family is divided. By style: train on some styles and test on "
        "another."
    ),
    flaws=(
        "Faces in different families can still look very much alike.",
        "Styles copy each other's layout: a nearest neighbour in raw pixels is a strong baseline.",
        "Languages differ in how many keywords a concept has.",
        "Names carry the categories of the standard, such as gender words, in every language.",
    ),
    fair_use=(
        "Teaching and method comparison. Not a measure of how a model does on photographs. Show OpenMoji "
        "pictures with credit and under CC-BY-SA."
    ),
)

_FINGERSPELLING = Card(
    name="fingerspelling",
    title="Hand motion, SignWriting and letters",
    what=(
        "Signers spelling the letters A to Z, as the three-dimensional points that a pose estimator found "
        "on hands and arms in every frame; and, for nine of the languages, the same letter as a SignWriting"
        " picture."
    ),
    sources=(
        Source(
            registry="PyPI",
            package="spoken-to-signed",
            version="0.4.0",
            gives="Poses",
            licence="MIT",
            credit="ZurichNLP",
            licence_file="fingerspelling-poses.txt",
        ),
        Source(
            registry="PyPI",
            package="signwriting",
            version="0.1.19",
            gives="SignWriting pictures",
            licence="MIT",
            credit="Sign Language Processing; SignWriting by Valerie Sutton",
            licence_file="fingerspelling-signwriting.txt",
        ),
    ),
    built=(
        "All frames of the clips of single Latin letters. Points are measured from the middle of the "
        "shoulders in shoulder widths and rounded to a thousandth; a point that was not seen is zero. A "
        "letter with several written variants takes the first, centred on 56 x 56 pixels."
    ),
    counts=MappingProxyType(
        {
            "clips": 410,
            "frames": 10797,
            "letters": 26,
            "languages": 16,
            "points": 48,
            "distinct SignWriting pictures": 113,
            "clips with a picture": 234,
        }
    ),
    files=("fingerspelling.npz.xz",),
    splits="One sign language is left out for test; the next one in the list validates.",
    flaws=(
        "The package does not state which videos the poses come from, nor who the signers are.",
        "One clip a letter and language: a language can't be told from its signer.",
        "The package lists a further language, `fsl`, whose clips are those of `ase`; it is left out.",
        "The depth coordinate is an estimate from one camera.",
        "Which hand spells differs between clips; fast frames lose the hand now and then.",
    ),
    fair_use=(
        "Teaching how modalities of one thing are matched. Far too small and too isolated to recognise "
        "signing, and no basis for a claim about any sign language or its signers."
    ),
)

_WATCH = Card(
    name="watch",
    title="Accelerometer and gyroscope",
    what=(
        "People doing seven shoulder exercises from physiotherapy with a smartwatch on, about twenty "
        "repetitions a recording, once with each arm."
    ),
    sources=(
        Source(
            registry="PyPI",
            package="seglearn",
            version="1.2.5",
            gives="Recordings",
            licence="BSD-3-Clause",
            credit="David M. Burns",
            licence_file="watch.txt",
        ),
    ),
    built=(
        "Averaged from 50 to 25 samples a second, rounded to half precision, sorted by subject and exercise."
    ),
    counts=MappingProxyType(
        {
            "series": 140,
            "samples": 122019,
            "subjects": 10,
            "exercises": 7,
            "channels": 6,
            "samples a second": 25,
        }
    ),
    files=("watch.npz.xz",),
    splits="Five folds by subject: two people test, one validates, seven train.",
    flaws=(
        "The package states no units; the ranges are those of g and of radians a second.",
        "Ten people only: results move by several points from fold to fold.",
        "The watch changes arms, which flips the sign of some channels.",
        "A label holds for a whole recording; pauses between repetitions carry it too.",
    ),
    fair_use="Teaching how sensors complement each other. Not a basis for judging how anyone moves.",
)

_CLIPS = Card(
    name="clips",
    title="Animated characters by action and direction",
    what=(
        "Short animations of a fantasy game's characters, each seen from eight directions, four frames a "
        "clip, with captions made from the labels by a template, and a few of the game's sounds. Combat is "
        "mild: figures swing, cast, shoot and fall."
    ),
    sources=(
        Source(
            registry="Debian",
            package="flare-game",
            version="1.14-1",
            gives="Art, animation and sound",
            licence="CC-BY-SA-4.0",
            credit="Clint Bellanger, Justin Nichol and the game's other artists",
            licence_file="clips.txt",
        ),
    ),
    built=(
        "Layers of each sprite are composited on grey and averaged down to 32 x 32. Of every animation with"
        " at least four distinct frames, four evenly spaced ones are kept, so no pattern of repeated frames"
        " gives an action away. A clip that copies another action of its character is dropped. Stored as "
        "WebP, quality 90."
    ),
    counts=MappingProxyType(
        {
            "clips": 2320,
            "frames a clip": 4,
            "actions": 6,
            "directions": 8,
            "characters": 52,
            "families": 8,
            "sounds": 7,
            "training clips": 1504,
            "validation clips": 280,
            "test clips": 536,
        }
    ),
    files=("clips.webp", "clips.json.xz", "clips-sounds.npz.xz"),
    splits=(
        "By character: of each family about a quarter tests and an eighth validates. By family: three "
        "folds, each tested on other families; all people are one family, and there is no validation part."
    ),
    flaws=(
        "Many characters are recolours of each other, or wear the same clothes with another weapon.",
        "Actions share poses: a fall often starts as a hit or a stance.",
        "Captions come from a template, so their grammar carries no surprise.",
        "Too few sounds to train on.",
    ),
    fair_use=(
        "Teaching video models on a known, controlled world. Show the pictures with credit and under "
        "CC-BY-SA."
    ),
)

_GLOSSES = Card(
    name="glosses",
    title="Words by sense, with the texts that explain them",
    what=(
        "WordNet: sets of English words that share one sense (synsets), for all parts of speech; of each a "
        "text (gloss) with its definition and often examples, the broad class that its lexicographers put it "
        "in, and for nouns and verbs what it is a kind of."
    ),
    sources=(
        Source(
            registry="Debian",
            package="wordnet-base",
            version="1:3.0-37",
            gives="Synsets, glosses, classes and hypernyms",
            licence="WordNet",
            credit="Princeton University",
            licence_file="glosses.txt",
        ),
    ),
    built=(
        "The database's own records, in its order, without senses' numbers and the other relations. Synsets "
        "with the same first hypernym form a family, as do an adjective and those grouped around it, and "
        "synsets that are defined by the same words."
    ),
    counts=MappingProxyType(
        {
            "synsets": 117659,
            "words and phrases": 206978,
            "tokens": 1771184,
            "classes": 45,
            "hypernyms": 97666,
            "families": 31198,
            "training synsets": 93697,
            "validation synsets": 12762,
            "test synsets": 11200,
        }
    ),
    files=("glosses.json.xz", "glosses.npz.xz"),
    splits=(
        "By family, fixed in the file: no family is divided, and about a tenth each validates and tests. "
        "So siblings, whose glosses read alike, are never on both sides; cousins can be."
    ),
    flaws=(
        "Classes follow the taxonomy: most hypernyms are of the same class, so in a graph the edges give the "
        "labels away.",
        "Lexicographers write in formulas ('a genus of ...', 'the act of ...'), and the formula is often "
        "enough to tell the class.",
        "Examples usually hold the very word that is explained.",
        "All adjectives but a few are of one class, and all adverbs: these classes say nothing of meaning.",
        "A word has several synsets; how often each sense is meant is not in the set.",
        "The language is that of educated American English up to 2006, with its plants, persons and views.",
    ),
    fair_use=(
        "Teaching: word vectors on a small corpus, documents and graphs of known classes. Not a sample of "
        "how people write."
    ),
)

CARDS: Mapping[str, Card] = MappingProxyType(
    {each.name: each for each in (_EMOJI, _FINGERSPELLING, _WATCH, _CLIPS, _GLOSSES)}
)
