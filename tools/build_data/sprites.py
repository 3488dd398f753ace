"""Reads the game's sprite sheets: layered, animated characters seen from eight directions."""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from tools.build_data.sources import Source

GAME = Source(
    "deb",
    "flare-game",
    "1.14-1",
    "4ab6a8298276013d35a0806257e130d992761af1b749041433b409c3dafec508",
)
MODS = ("fantasycore", "empyrean_campaign")
GREY = (128, 128, 128, 255)


@dataclass(frozen=True)
class Layer:
    """A sprite sheet and the place of each frame on it, by (action, time, direction).

    A place is x, y, width, height, and the position of the character's foot point within the frame.
    """

    sheet: Image.Image
    places: dict[tuple[str, int, int], tuple[int, ...]]


@dataclass(frozen=True)
class Character:
    """A name, a family, and the layers that are drawn over each other, by body part."""

    name: str
    family: str
    layers: dict[str, Layer]

    def length(self, action: str) -> int:
        """Return how many frames the animation of an action has; 0 where there is none."""
        times = [t for layer in self.layers.values() for a, t, _ in layer.places if a == action]
        return max(times, default=-1) + 1

    @cached_property
    def box(self) -> tuple[int, int, int]:
        """The side of the square that holds every frame, and the foot point in it."""
        places = np.array([place for layer in self.layers.values() for place in layer.places.values()])
        width, height, foot_x, foot_y = places[:, 2:].T
        left, top = foot_x.max(), foot_y.max()
        across, down = left + (width - foot_x).max(), top + (height - foot_y).max()
        side = max(across, down)
        return int(side), int(left + (side - across) // 2), int(top + (side - down) // 2)

    def picture(self, action: str, time: int, direction: int, size: int) -> np.ndarray:
        """Draw one frame on grey and average it down to `size` x `size`."""
        side, foot_x, foot_y = self.box
        canvas = Image.new("RGBA", (side, side), GREY)
        for part in drawing_order()[direction]:
            layer = self.layers.get(part)
            place = layer and layer.places.get((action, time, direction))
            if layer and place:
                x, y, width, height, dx, dy = place
                sprite = layer.sheet.crop((x, y, x + width, y + height))
                canvas.alpha_composite(sprite, (foot_x - dx, foot_y - dy))
        return np.asarray(canvas.convert("RGB").resize((size, size), Image.Resampling.BOX))


@cache
def drawing_order() -> list[list[str]]:
    """Return the body parts from back to front, by direction."""
    text = (folder("fantasycore") / "engine/hero_layers.txt").read_text()
    return [parts.split(",") for parts in re.findall(r"^layer=\d,(\S+)", text, re.MULTILINE)]


def folder(mod: str) -> Path:
    """Return where the unpacked game keeps one of its two parts."""
    return GAME.unpack() / "usr/share/games/flare/mods" / mod


@cache
def read_layer(stem: str, actions: tuple[str, ...]) -> Layer:
    """Read the named actions of an animation definition such as `enemies/goblin`, and its sprite sheet."""
    mod = next(m for m in MODS if "image=" in definition(m, stem))
    places, action, image = {}, "", ""
    for line in definition(mod, stem).splitlines():
        key, _, value = line.strip().partition("=")
        if key.startswith("["):
            action = key.strip("[]")
        elif key == "image":
            image = value
        elif key == "frame" and action in actions:
            time, direction, *place = map(int, value.split(","))
            places[action, time, direction] = tuple(place)
    return Layer(Image.open(folder(mod) / image).convert("RGBA"), places)


def definition(mod: str, stem: str) -> str:
    """Return the text of an animation definition, empty where this part of the game has none."""
    path = folder(mod) / f"animations/{stem}.txt"
    return path.read_text() if path.exists() else ""
