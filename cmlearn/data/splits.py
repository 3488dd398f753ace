"""The three parts that a data set is divided into."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from cmlearn.data._files import read_numbers


@dataclass(frozen=True)
class Split:
    """Row numbers of the training, validation and test part; no row is in two of them.

    Attributes:
        train: rows to fit on.
        validation: rows to choose settings on; empty where a set has no validation part.
        test: rows to report on.

    Example:
        >>> from cmlearn.data import emoji
        >>> emoji().split
        Split(train=1086, validation=200, test=300)
    """

    train: Int64[np.ndarray, " train"]
    validation: Int64[np.ndarray, " validation"]
    test: Int64[np.ndarray, " test"]

    @classmethod
    def from_lists(cls, parts: dict[str, list[int]]) -> "Split":
        """Make a split from the rows of its parts, by name."""
        return cls(**{name: read_numbers(rows) for name, rows in parts.items()})

    def __repr__(self) -> str:
        """Show the sizes of the parts."""
        return f"Split(train={len(self.train)}, validation={len(self.validation)}, test={len(self.test)})"


def rows_where(chosen: Bool[np.ndarray, " row"]) -> Int64[np.ndarray, " chosen_row"]:
    """Return the numbers of the rows that are true."""
    return np.flatnonzero(chosen).astype(np.int64)
