"""Builds `clips`: animated characters x actions x directions, four distinct frames each, and a few sounds."""

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from tqdm import tqdm

from tools.build_data.common import number, spdx_text, write_arrays, write_json, write_licence, write_mosaic
from tools.build_data.sprites import GAME, MODS, Character, folder, read_layer

SIZE = 32
FRAMES = 4
QUALITY = 90
ACTIONS = {
    "stance": "stands",
    "run": "runs",
    "swing": "swings",
    "cast": "casts",
    "shoot": "shoots",
    "die": "falls",
}
DIRECTIONS = ("left", "up-left", "up", "up-right", "right", "down-right", "down", "down-left")

CREATURES = {
    "antlion": {
        "antlion": "antlion",
        "antlion_small": "small antlion",
        "fire_ant": "fire antlion",
        "ice_ant": "ice antlion",
    },
    "goblin": {"goblin": "goblin", "goblin_elite": "elite goblin"},
    "hobgoblin": {"hobgoblin": "hobgoblin", "hobgoblin_archer": "hobgoblin archer"},
    "minotaur": {"minotaur": "minotaur"},
    "skeleton": {
        "skeleton": "skeleton",
        "skeleton_archer": "skeleton archer",
        "skeleton_mage": "skeleton mage",
        "skeleton_weak": "cracked skeleton",
        "skeleton_knight_boss": "skeleton knight",
        "skeleton_mage_boss": "skeleton sorcerer",
        "skeleton_mage_high_boss": "skeleton archmage",
    },
    "wyvern": {
        "wyvern": "wyvern",
        "wyvern_adult": "adult wyvern",
        "wyvern_air": "air wyvern",
        "wyvern_air_boss": "ancient air wyvern",
        "wyvern_fire": "fire wyvern",
        "wyvern_water": "water wyvern",
    },
    "zombie": {"zombie": "zombie", "zombie_dark": "dark zombie"},
}
# What a hero wears on feet, legs, hands, chest and head, with two weapons that are drawn in every action.
OUTFITS = {
    "cloth": ("cloth_sandals cloth_pants cloth_gloves cloth_shirt", ("dagger", "slingshot")),
    "leather": (
        "leather_boots leather_pants leather_gloves leather_chest leather_hood",
        ("staff", "shortbow"),
    ),
    "chain mail": (
        "chain_boots chain_greaves chain_gloves chain_cuirass chain_coif",
        ("longsword", "longbow"),
    ),
    "plate": (
        "plate_boots plate_greaves plate_gauntlets plate_cuirass plate_helm",
        ("greatsword", "greatbow"),
    ),
    "a brown robe": ("mage_boots mage_skirt mage_sleeves mage_vest mage_hood", ("wand", "staff")),
    "a blue robe": (
        "mage_boots_alt1 mage_skirt_alt1 mage_sleeves_alt1 mage_vest_alt1 mage_hood_alt1",
        ("rod", "shortsword"),
    ),
    "a red robe": (
        "mage_boots_alt2 mage_skirt_alt2 mage_sleeves_alt2 mage_vest_alt2 mage_hood_alt2",
        ("greatstaff", "dagger"),
    ),
}
PEOPLE = {"man": ("male", "head_short"), "woman": ("female", "head_long")}
# Every family is tested in one fold; all people are one family.
FOLDS = (("human",), ("antlion", "goblin", "hobgoblin", "zombie"), ("minotaur", "skeleton", "wyvern"))
# The sounds that the game plays with these families' actions.
SOUNDS = {
    "antlion falls": "antlion_die",
    "goblin swings": "goblin_phys",
    "goblin falls": "goblin_die",
    "minotaur falls": "minotaur_die",
    "skeleton falls": "skeleton_die",
    "wyvern swings": "wyvern_phys",
    "zombie swings": "zombie_phys",
}
SOUND_RATE = 22050


@dataclass(frozen=True)
class Clip:
    """One row of the table."""

    character: str
    family: str
    action: str
    direction: str
    source_frames: int
    frames: np.ndarray

    @property
    def caption(self) -> str:
        """A sentence that says what is seen."""
        article = "an" if self.character[0] in "aeiou" else "a"
        return f"{article} {self.character} {ACTIONS[self.action]}, facing {self.direction}"


def build(out: Path) -> None:
    """Write the frames, their labels, the sounds and the licence."""
    clips = [clip for character in tqdm(characters(), desc="clips") for clip in fair4(character)]
    write_mosaic(out / "clips.webp", np.concatenate([c.frames for c in clips]), 16 * FRAMES, QUALITY)
    write_json(out / "clips.json.xz", labels(clips))
    write_arrays(out / "clips-sounds.npz.xz", **{name: sound(stem) for name, stem in SOUNDS.items()})
    write_licences(out)


def characters() -> list[Character]:
    """Return 24 creatures and 28 dressed heroes."""
    creatures = [
        Character(name, family, {"main": read_layer(f"enemies/{stem}", tuple(ACTIONS))})
        for family, members in CREATURES.items()
        for stem, name in members.items()
    ]
    heroes = [
        hero(person, outfit, weapon)
        for person in PEOPLE
        for outfit, (_, weapons) in OUTFITS.items()
        for weapon in weapons
    ]
    return creatures + heroes


def hero(person: str, outfit: str, weapon: str) -> Character:
    """Dress a hero; a hood or helmet replaces the bare head."""
    sex, head = PEOPLE[person]
    worn = [*OUTFITS[outfit][0].split(), head]
    parts = dict(zip(("feet", "legs", "hands", "chest", "head"), worn, strict=False)) | {"main": weapon}
    layers = {part: read_layer(f"avatar/{sex}/{stem}", tuple(ACTIONS)) for part, stem in parts.items()}
    return Character(f"{person} in {outfit} with a {weapon}", "human", layers)


def fair4(character: Character) -> list[Clip]:
    """Return a character's clips: four distinct frames each, and none that copies another action's."""
    clips: list[Clip] = []
    seen: set[bytes] = set()
    for action in ACTIONS:
        times = four_times(character.length(action), looped=action == "run")
        for direction, name in enumerate(DIRECTIONS if times else ()):
            frames = np.stack([character.picture(action, t, direction, SIZE) for t in times])
            distinct = len({frame.tobytes() for frame in frames}) == FRAMES
            if distinct and frames.tobytes() not in seen:
                seen.add(frames.tobytes())
                length = character.length(action)
                clips.append(Clip(character.name, character.family, action, name, length, frames))
    return clips


def four_times(length: int, looped: bool) -> list[int]:
    """Return four evenly spaced moments of an animation; none where it has fewer frames.

    A loop's last frame leads back to its first, so there the four moments divide the circle.
    """
    if length < FRAMES:
        return []
    last = length * (FRAMES - 1) / FRAMES if looped else length - 1
    return [int(t + 0.5) for t in np.linspace(0, last, FRAMES)]


def labels(clips: list[Clip]) -> dict[str, Any]:
    """Return everything about the clips that is not a picture."""
    columns: dict[str, Any] = {}
    for name, plural in (("character", "characters"), ("family", "families")):
        columns[name], columns[plural] = number([getattr(clip, name) for clip in clips])
    columns["actions"], columns["directions"] = list(ACTIONS), list(DIRECTIONS)
    columns["action"] = [columns["actions"].index(clip.action) for clip in clips]
    columns["direction"] = [columns["directions"].index(clip.direction) for clip in clips]
    columns["source_frames"] = [clip.source_frames for clip in clips]
    columns["captions"] = [clip.caption for clip in clips]
    columns["by_character"] = by_character(clips)
    columns["by_family"] = [by_family(clips, held_out) for held_out in FOLDS]
    columns["sound_rate_hz"] = SOUND_RATE
    return columns


def by_character(clips: list[Clip]) -> dict[str, list[int]]:
    """Hold out about a quarter of each family's characters for test and an eighth for validation."""
    part_of = {}
    members = defaultdict(set)
    for clip in clips:
        members[clip.family].add(clip.character)
    for family in members.values():
        order = sorted(family, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
        test, validation = round(len(order) / 4), round(len(order) / 8)
        for i, name in enumerate(order):
            part_of[name] = "test" if i < test else "validation" if i < test + validation else "train"
    return {
        part: [i for i, clip in enumerate(clips) if part_of[clip.character] == part]
        for part in ("train", "validation", "test")
    }


def by_family(clips: list[Clip], held_out: tuple[str, ...]) -> dict[str, list[int]]:
    """Test on whole families."""
    tested = [clip.family in held_out for clip in clips]
    rows = range(len(clips))
    return {
        "train": [i for i in rows if not tested[i]],
        "validation": [],
        "test": [i for i in rows if tested[i]],
    }


def sound(stem: str) -> np.ndarray:
    """Return one of the game's sounds as 16-bit samples; twice the rate is averaged down."""
    samples, rate = soundfile.read(folder("fantasycore") / f"soundfx/enemies/{stem}.ogg", dtype="float64")
    if rate == 2 * SOUND_RATE:
        samples = samples[: len(samples) // 2 * 2].reshape(-1, 2).mean(axis=1)
    elif rate != SOUND_RATE:
        raise ValueError(f"{stem}: {rate} Hz")
    return np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)


def write_licences(out: Path) -> None:
    """Write the credits of the game's artists and the licence text."""
    credits = [people for mod in MODS for people in artists(mod)]
    about = (
        "Art, animation and sound of Flare, copyright 2011-2021 Clint Bellanger\n"
        "and the contributors below. https://flarerpg.org\n"
        f"From Debian {GAME.name} {GAME.version}; art and data CC-BY-SA 3.0, later versions permitted.\n"
        "Changed: sprites composited on grey, scaled to 32 x 32 pixels, four frames an animation; sounds as "
        "16-bit samples at 22,050 Hz.\n"
        "Files: clips.webp, clips.json.xz, clips-sounds.npz.xz\nLicence: CC-BY-SA-4.0\n\n"
        "Credits, as the game states them:\n" + "\n".join(dict.fromkeys(credits))
    )
    write_licence(out, "clips", about, spdx_text("CC-BY-SA-4.0"))


def artists(mod: str) -> list[str]:
    """Return the credits that concern pictures and sounds."""
    text = (folder(mod) / "cutscenes/credits.txt").read_text()
    sections = re.split(r"separator=32\n", text)
    lines = [re.findall(r"^text=(.*)$", section, re.MULTILINE) for section in sections]
    return [
        f"{title}: {', '.join(names)}"
        for title, *names in (found for found in lines if found)
        if title in ("Lead Content Designers", "Lead Visual Artists", "Visual Artists", "Foley Artists")
    ]
