"""Fingerspelling: hand motion of signers in many sign languages, with the letters' SignWriting pictures."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8

from cmlearn._validate import require_choice
from cmlearn.data._files import read_arrays
from cmlearn.data.splits import Split, rows_where

STEPS = 1000  # of the shoulder width, in the file


@dataclass(frozen=True, eq=False)
class Fingerspelling:
    """One clip a letter and sign language.

    Attributes:
        poses: points in space over time, (x to the right of the picture, y down, z away from the camera), in
            shoulder widths from the middle of the shoulders; zero where a point was not seen.
        confidence: how sure the pose estimator was of each point, 0 for not seen, 1 for certain.
        points: the names of the points: 21 of the left hand, 21 of the right, six of the arms.
        rate_hz: frames a second of each clip.
        letter: the letter, a position in `letters` (A to Z).
        language: the sign language, a position in `languages` (ISO 639-3 codes).
        language_names: the names of the languages, such as "Swiss-German".
        signwriting: distinct pictures of written signs, black on white.
        picture: each clip's picture, a position in `signwriting`; -1 where its language has none here.

    Example:
        >>> from cmlearn.data import fingerspelling
        >>> data = fingerspelling()
        >>> data.poses[0].shape, data.letters[data.letter[0]], data.languages[data.language[0]]
        ((21, 48, 3), 'A', 'ase')
        >>> data.points[8], data.points[-1]
        ('left index 4', 'right wrist')
        >>> data.signwriting[data.picture[0]].shape
        (56, 56)
    """

    poses: tuple[Float32[np.ndarray, "_frame 48 3"], ...]
    confidence: tuple[Float32[np.ndarray, "_frame 48"], ...]
    points: tuple[str, ...]
    rate_hz: Float64[np.ndarray, " clip"]
    letter: Int64[np.ndarray, " clip"]
    letters: tuple[str, ...]
    language: Int64[np.ndarray, " clip"]
    languages: tuple[str, ...]
    language_names: tuple[str, ...]
    signwriting: UInt8[np.ndarray, "picture 56 56"]
    picture: Int64[np.ndarray, " clip"]

    def leave_out(self, language: str) -> Split:
        """Return the split that tests on one sign language; the next one in the list validates.

        Raises:
            ValueError: the language is not in the set.

        Example:
            >>> from cmlearn.data import fingerspelling
            >>> fingerspelling().leave_out("gsg")
            Split(train=358, validation=26, test=26)
        """
        require_choice(language, self.languages, "language")
        position = self.languages.index(language)
        test = self.language == position
        validation = self.language == (position + 1) % len(self.languages)
        return Split(rows_where(~test & ~validation), rows_where(validation), rows_where(test))

    def __repr__(self) -> str:
        """Show the sizes."""
        return (
            f"Fingerspelling({len(self.poses)} clips of {len(self.letters)} letters in "
            f"{len(self.languages)} sign languages, {len(self.signwriting)} SignWriting pictures)"
        )


def fingerspelling() -> Fingerspelling:
    """Load the fingerspelling clips.

    Raises:
        DataFileError: the data file is missing or damaged.

    Example:
        >>> from cmlearn.data import fingerspelling
        >>> fingerspelling()
        Fingerspelling(410 clips of 26 letters in 16 sign languages, 113 SignWriting pictures)
    """
    stored = read_arrays("fingerspelling.npz.xz")
    cuts = np.cumsum(stored["length"])[:-1]
    poses = np.cumsum(stored["pose_steps"], axis=-1, dtype=np.int16).transpose(2, 0, 1) / np.float32(STEPS)
    confidence = stored["confidence"].T / np.float32(255)
    return Fingerspelling(
        poses=tuple(np.split(poses, cuts)),
        confidence=tuple(np.split(confidence, cuts)),
        points=tuple(stored["points"].tolist()),
        rate_hz=stored["rate_hz"],
        letter=stored["letter"],
        letters=tuple(stored["letters"].tolist()),
        language=stored["language"],
        languages=tuple(stored["languages"].tolist()),
        language_names=tuple(stored["language_names"].tolist()),
        signwriting=stored["pictures"],
        picture=stored["picture"],
    )
