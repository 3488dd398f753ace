"""Builds `emoji`: a picture a concept and style, names and keywords in many languages, labels, splits."""

import hashlib
import io
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import resvg_py
from PIL import Image, ImageOps
from tqdm import tqdm

from tools.build_data.common import number, spdx_text, write_json, write_licence, write_mosaic
from tools.build_data.sources import Source

ART = {
    "noto": Source(
        "npm",
        "@iconify-json/noto",
        "1.2.9",
        "3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad",
    ),
    "fluent": Source(
        "npm",
        "@iconify-json/fluent-emoji-flat",
        "1.2.6",
        "7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175",
    ),
    "twemoji": Source(
        "npm",
        "@iconify-json/twemoji",
        "1.2.5",
        "19046dff7d8707ce96212ec86468b36ac5f8e60409629dd13f809265c6d0ebb7",
    ),
    "openmoji": Source(
        "npm",
        "@iconify-json/openmoji",
        "1.2.29",
        "03181e2c156cab35cf4a62f1f7886bd971d59212e75ac3f189d5a4cae3930fc5",
    ),
}
# The derived annotations first: the main file overrides them.
WORDS = {
    "annotationsDerived": Source(
        "npm",
        "cldr-annotations-derived-full",
        "48.2.0",
        "4be946ff5815f806ec78b50363d577a769f2fbfb90c6380a44e161a92436996e",
    ),
    "annotations": Source(
        "npm",
        "cldr-annotations-full",
        "48.2.0",
        "28576e51225deb51e3ddd734b0f824a0079682cb5d8c27faa9f68149317a14d1",
    ),
}
LABELS = Source(
    "npm",
    "emoji-datasource",
    "16.0.0",
    "2006725061dc0098daa832d65f854a7bec0740af2eb47cb5b23d89f7e2c849f9",
)
# Complete for every concept. The first ten are the languages of the lessons.
LANGUAGES = (
    *("en", "zh", "es", "fr", "de", "ja", "ar", "ru", "hi", "pt"),
    *("it", "ko", "nl", "pl", "tr", "vi", "th", "uk", "cs", "el", "he", "fa", "bn", "sw", "fi", "ta"),
)
SIZE = 32
COLUMNS = 40

# Code points of people, by the gender-neutral person that stands for them.
PEOPLE = {
    "1f9d1": ("1f468", "1f469"),  # person: man, woman
    "1f9d2": ("1f466", "1f467"),  # child: boy, girl
    "1f9d3": ("1f474", "1f475"),  # older person: old man, old woman
    "1fac5": ("1f934", "1f478"),  # person with crown: prince, princess
    "1fac4": ("1fac3", "1f930"),  # pregnant person: man, woman
    "1f9d1-200d-1f384": ("1f385", "1f936"),  # Mx Claus: Santa Claus, Mrs. Claus
    "1f483": ("1f57a",),  # dancing: woman, man
}
NEUTRAL = {gendered: neutral for neutral, variants in PEOPLE.items() for gendered in variants}
SIGNS_DROPPED = ("-200d-2642", "-200d-2640", "-200d-27a1")  # male, female, facing right
CLOCK_FACES = {f"{code:x}" for code in range(0x1F550, 0x1F568)}
KEYCAP = "-20e3"
COLOURS = r"\b(light blue|red|orange|yellow|green|blue|purple|brown|black|white|gr[ae]y|pink)\b"
SIZES = r"\b(medium-small|small|medium|large)\b"


def build(out: Path) -> None:
    """Write the label file, one picture file a style, and the licences."""
    concepts = drawn_by_all()
    styles = {style: render(style, [c["code"] for c in concepts]) for style in ART}
    for style, tiles in styles.items():
        write_mosaic(out / f"emoji-{style}.webp", tiles, COLUMNS)
    write_json(out / "emoji.json.xz", labels(concepts, styles))
    write_licences(out)


def drawn_by_all() -> list[dict[str, Any]]:
    """Return the emoji that all styles draw, without flags and skin tones, in the order of the charts."""
    drawn = [set(icon_names(style)) for style in ART]
    rows = [dict(row, code=bare(row["unified"].lower())) for row in json.loads(LABELS.read("emoji.json"))]
    kept = [
        row
        for row in rows
        if row["category"] not in ("Flags", "Component") and all(row["code"] in s for s in drawn)
    ]
    return sorted(kept, key=lambda row: row["sort_order"])


def bare(code: str) -> str:
    """Strip the variation selector U+FE0F from a code such as `2764-fe0f`."""
    return "-".join(part for part in code.split("-") if part != "fe0f")


def character(code: str) -> str:
    """Return the text of a code such as `1f468-200d-1f33e`."""
    return "".join(chr(int(part, 16)) for part in code.split("-"))


def icon_names(style: str) -> dict[str, str]:
    """Map code points to the names of a style's icons."""
    return {bare(code): name for code, name in json.loads(ART[style].read("chars.json")).items()}


def render(style: str, codes: list[str]) -> np.ndarray:
    """Draw one style's pictures at 32 x 32 on white."""
    art = json.loads(ART[style].read("icons.json"))
    names = icon_names(style)
    return np.stack([draw(art, names[code]) for code in tqdm(codes, desc=style)])


def draw(art: dict[str, Any], name: str) -> np.ndarray:
    """Rasterise one icon at four times the size, then average 4 x 4 pixels."""
    alias = art.get("aliases", {}).get(name)
    if alias is not None:
        drawn = draw(art, alias["parent"])
        if unknown := set(alias) - {"parent", "hFlip", "hidden"}:
            raise ValueError(f"{name}: alias with {unknown}")
        return drawn[:, ::-1] if alias.get("hFlip") else drawn
    icon = art["icons"][name]
    width, height = icon.get("width", art["width"]), icon.get("height", art["height"])
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{icon["body"]}</svg>'
    side = 4 * SIZE
    png = resvg_py.svg_to_bytes(svg_string=svg, width=side, background="#ffffff", skip_system_fonts=True)
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return np.asarray(ImageOps.pad(image, (side, side), color="#ffffff").reduce(4))


def labels(concepts: list[dict[str, Any]], styles: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return everything about the concepts that is not a picture."""
    words = {language: annotations(language, concepts) for language in LANGUAGES}
    names = [entry[0] for entry in words["en"]]
    family, families = number(family_names(concepts, names, styles))
    group, groups = number([row["category"] for row in concepts])
    subgroup, subgroups = number([row["subcategory"] for row in concepts])
    return {
        "characters": [character(row["code"]) for row in concepts],
        "groups": groups,
        "group": group,
        "subgroups": subgroups,
        "subgroup": subgroup,
        "families": families,
        "family": family,
        "split": split(family, families),
        "words": words,
    }


def annotations(language: str, concepts: list[dict[str, Any]]) -> list[list[str]]:
    """Return `[short name, keyword, ...]` of every concept in one language."""
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for kind, source in WORDS.items():
        table = json.loads(source.read(f"{kind}/{language}/annotations.json"))[kind]["annotations"]
        for text, entry in table.items():
            found[text.replace("\ufe0f", "")].update(entry)
    entries = [found[character(row["code"])] for row in concepts]
    return [[entry["tts"][0], *entry.get("default", [])] for entry in entries]


def family_names(
    concepts: list[dict[str, Any]], names: list[str], styles: dict[str, np.ndarray]
) -> list[str]:
    """Name every concept's family: what is drawn alike must not be divided between training and test.

    Two concepts are one family when they differ by a person's gender or the direction they face, by the hour
    on a clock face, by the sign on a keycap, by a colour (and, among plain shapes, a size), or when a style
    draws them the same.
    """
    parent = list(range(len(concepts)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    first: dict[Any, int] = {}
    for i, (row, name) in enumerate(zip(concepts, names, strict=True)):
        pictures = [(style, tiles[i].tobytes()) for style, tiles in styles.items()]
        for key in (skeleton(row["code"]), uncoloured(name, row["subcategory"]), *pictures):
            low, high = sorted((root(first.setdefault(key, i)), root(i)))
            parent[high] = low
    return [names[root(i)] for i in range(len(concepts))]


def skeleton(code: str) -> str:
    """Replace gendered people by neutral ones, and every clock face and keycap by one."""
    for sign in SIGNS_DROPPED:
        code = code.replace(sign, "")
    code = "-".join(NEUTRAL.get(part, part) for part in code.split("-"))
    if code.endswith(KEYCAP):
        return "keycap"
    return "clock face" if code in CLOCK_FACES else code


def uncoloured(name: str, subgroup: str) -> str:
    """Drop colour words from an English name, and size words from a plain shape's."""
    plain = re.sub(COLOURS, "", name)
    if subgroup == "geometric":
        plain = re.sub(SIZES, "", plain)
    return " ".join(plain.split()) or name


def split(
    family: list[int], families: list[str], sizes: tuple[int, int] = (300, 200)
) -> dict[str, list[int]]:
    """Deal whole families to test and validation until they hold exactly `sizes` concepts; the rest trains.

    The order is that of the names' hashes, so it depends on no random generator.
    """
    order = sorted(range(len(families)), key=lambda f: hashlib.sha256(families[f].encode()).hexdigest())
    members = defaultdict(list)
    for concept, f in enumerate(family):
        members[f].append(concept)
    parts: dict[str, list[int]] = {"test": [], "validation": [], "train": []}
    room = {"test": sizes[0], "validation": sizes[1], "train": len(family)}
    for f in order:
        part = next(p for p in parts if len(parts[p]) + len(members[f]) <= room[p])
        parts[part] += members[f]
    return {part: sorted(concepts) for part, concepts in parts.items()}


def write_licences(out: Path) -> None:
    """Write one licence file a source, with credit and what was changed."""
    changed = "Changed: drawn at 128 x 128 pixels on white, averaged down to 32 x 32, put into one mosaic."
    art = {
        "noto": ("Noto Emoji, by Google Inc", "Apache-2.0"),
        "fluent": ("Fluent Emoji (flat), Copyright (c) Microsoft Corporation", "MIT"),
        "twemoji": ("Twemoji, Copyright Twitter, Inc and other contributors (jdecked/twemoji)", "CC-BY-4.0"),
        "openmoji": ("OpenMoji, by the OpenMoji project (hfg-gmuend/openmoji)", "CC-BY-SA-4.0"),
    }
    for style, (credit, spdx) in art.items():
        source, info = ART[style], json.loads(ART[style].read("info.json"))
        if info["license"]["spdx"] != spdx:
            raise ValueError(f"{source.name}: the package states {info['license']['spdx']}, not {spdx}")
        about = f"{credit}\n{info['author']['url']}\nFrom npm {source.name} {source.version}. {changed}\n"
        text = spdx_text(spdx).replace("<year> <copyright holders>", "Microsoft Corporation.")
        write_licence(out, f"emoji-{style}", f"{about}File: emoji-{style}.webp\nLicence: {spdx}", text)
    words = (
        "Unicode CLDR annotations (short names and keywords), by Unicode, Inc.\n"
        "From npm cldr-annotations-full and cldr-annotations-derived-full 48.2.0.\n"
        "File: emoji.json.xz (part)\nLicence: Unicode-3.0"
    )
    write_licence(out, "emoji-words", words, WORDS["annotations"].read("LICENSE").decode())
    groups = (
        "emoji-data (groups and subgroups), by Cal Henderson\nFrom npm emoji-datasource 16.0.0.\n"
        "File: emoji.json.xz (part)\nLicence: MIT"
    )
    write_licence(out, "emoji-labels", groups, LABELS.read("LICENSE").decode())
