"""Clips: short animations of game characters, by action and direction, with captions and a few sounds."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int16, Int64, UInt8

from cmlearn.data._files import read_arrays, read_json, read_mosaic, read_numbers
from cmlearn.data.splits import Split

FRAMES = 4


@dataclass(frozen=True, eq=False)
class Clips:
    """The table `fair4`: every clip has four distinct frames, so that only what they show can tell it apart.

    Attributes:
        frames: four 32 x 32 RGB pictures a clip, on grey, in order of time.
        action: the clip's action, a position in `actions` (6 of them).
        direction: where the character faces, a position in `directions` (8, clockwise from the left).
        character: the character, a position in `characters`; many are recolours of each other.
        family: the kind of creature, a position in `families`; all people are one family.
        source_frames: how many frames the game's own animation has, of which four were taken.
        captions: a sentence a clip, made from the labels by a template.
        by_character: training, validation and test clips of different characters.
        by_family: three folds, each tested on other families; no validation part.
        sounds: short recordings that the game plays with some actions, as samples in -32768..32767.
        sound_rate_hz: samples a second.

    Example:
        >>> from cmlearn.data import clips
        >>> data = clips()
        >>> data.frames.shape
        (2320, 4, 32, 32, 3)
        >>> data.captions[0]
        'an antlion stands, facing left'
        >>> sorted(data.sounds)[0]
        'antlion falls'
    """

    frames: UInt8[np.ndarray, "clip 4 32 32 3"]
    action: Int64[np.ndarray, " clip"]
    actions: tuple[str, ...]
    direction: Int64[np.ndarray, " clip"]
    directions: tuple[str, ...]
    character: Int64[np.ndarray, " clip"]
    characters: tuple[str, ...]
    family: Int64[np.ndarray, " clip"]
    families: tuple[str, ...]
    source_frames: Int64[np.ndarray, " clip"]
    captions: tuple[str, ...]
    by_character: Split
    by_family: tuple[Split, ...]
    sounds: dict[str, Int16[np.ndarray, " sample"]]
    sound_rate_hz: int

    def __repr__(self) -> str:
        """Show the sizes."""
        return (
            f"Clips({len(self.frames)} clips of {len(self.characters)} characters "
            f"in {len(self.families)} families, {len(self.actions)} actions)"
        )


def clips() -> Clips:
    """Load the clips.

    Raises:
        DataFileError: a data file is missing or damaged.

    Example:
        >>> from cmlearn.data import clips
        >>> clips()
        Clips(2320 clips of 52 characters in 8 families, 6 actions)
    """
    labels = read_json("clips.json.xz")
    count = len(labels["action"])
    return Clips(
        frames=read_mosaic("clips.webp", count * FRAMES, 32, 32).reshape(count, FRAMES, 32, 32, 3),
        action=read_numbers(labels["action"]),
        actions=tuple(labels["actions"]),
        direction=read_numbers(labels["direction"]),
        directions=tuple(labels["directions"]),
        character=read_numbers(labels["character"]),
        characters=tuple(labels["characters"]),
        family=read_numbers(labels["family"]),
        families=tuple(labels["families"]),
        source_frames=read_numbers(labels["source_frames"]),
        captions=tuple(labels["captions"]),
        by_character=Split.from_lists(labels["by_character"]),
        by_family=tuple(Split.from_lists(fold) for fold in labels["by_family"]),
        sounds=read_arrays("clips-sounds.npz.xz"),
        sound_rate_hz=labels["sound_rate_hz"],
    )
