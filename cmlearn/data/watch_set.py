"""Watch: a smartwatch's accelerometer and gyroscope while people do shoulder exercises."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from cmlearn._validate import require_choice, require_type
from cmlearn.data._files import read_arrays
from cmlearn.data.splits import Split, rows_where

FOLDS = 5


@dataclass(frozen=True, eq=False)
class Watch:
    """One time series a subject, exercise and arm: about twenty repetitions each.

    Attributes:
        series: the six channels over time; acceleration in g, rotation in radians a second.
        exercise: the exercise, a position in `exercises` (7 of them).
        subject: the person, a position in `subjects` (10 of them). A split must not divide a person.
        side: 0 for the left arm, 1 for the right.
        channels: what the columns are: acceleration x, y, z, then rotation x, y, z.
        rate_hz: samples a second.

    Example:
        >>> from cmlearn.data import watch
        >>> data = watch()
        >>> data.series[0].shape, data.exercises[data.exercise[0]]
        ((744, 6), 'pendulum')
        >>> data.channels[:3]
        ('acceleration x', 'acceleration y', 'acceleration z')
    """

    series: tuple[Float32[np.ndarray, "_time 6"], ...]
    exercise: Int64[np.ndarray, " series"]
    exercises: tuple[str, ...]
    subject: Int64[np.ndarray, " series"]
    subjects: tuple[str, ...]
    side: Int64[np.ndarray, " series"]
    channels: tuple[str, ...]
    rate_hz: int

    def fold(self, k: int) -> Split:
        """Return one of five splits by subject: two people test, one validates, seven train.

        Raises:
            TypeError: `k` is not a whole number.
            ValueError: `k` is not in 0..4.

        Example:
            >>> from cmlearn.data import watch
            >>> watch().fold(0)
            Split(train=98, validation=14, test=28)
        """
        require_type(k, int, "k")
        require_choice(k, range(FOLDS), "k")
        test = np.isin(self.subject, (2 * k, 2 * k + 1))
        validation = self.subject == (2 * k + 2) % len(self.subjects)
        return Split(rows_where(~test & ~validation), rows_where(validation), rows_where(test))

    def __repr__(self) -> str:
        """Show the sizes."""
        return (
            f"Watch({len(self.series)} series of {len(self.subjects)} subjects, "
            f"{len(self.exercises)} exercises, {len(self.channels)} channels at {self.rate_hz} Hz)"
        )


def watch() -> Watch:
    """Load the smartwatch recordings.

    Raises:
        DataFileError: the data file is missing or damaged.

    Example:
        >>> from cmlearn.data import watch
        >>> watch()
        Watch(140 series of 10 subjects, 7 exercises, 6 channels at 25 Hz)
    """
    stored = read_arrays("watch.npz.xz")
    joined = np.ascontiguousarray(stored["series"].T, dtype=np.float32)
    return Watch(
        series=tuple(np.split(joined, np.cumsum(stored["length"])[:-1])),
        exercise=stored["exercise"],
        exercises=tuple(stored["exercises"].tolist()),
        subject=stored["subject"],
        subjects=tuple(f"subject {i + 1}" for i in range(int(stored["subject"].max()) + 1)),
        side=stored["side"],
        channels=tuple(stored["channels"].tolist()),
        rate_hz=25,
    )
