"""The three parts that a data set is divided into."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64


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

    def __repr__(self) -> str:
        """Show the sizes of the parts."""
        return f"Split(train={len(self.train)}, validation={len(self.validation)}, test={len(self.test)})"
