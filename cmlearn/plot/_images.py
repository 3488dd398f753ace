"""What counts as a picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped
from numpy.typing import ArrayLike

from cmlearn._arrays import as_array
from cmlearn._validate import require, require_type

Images = ArrayLike | Sequence[ArrayLike]


def check_images(images: Any) -> list[Shaped[np.ndarray, "_ _ ..."]]:
    """Each picture as an array; at least one."""
    pictures = [check_image(image, f"images[{i}]") for i, image in enumerate(images)]
    require(len(pictures) > 0, "images", "at least one picture", "none")
    return pictures


def check_image(image: Any, argument: str) -> Shaped[np.ndarray, "height width *channel"]:
    """The picture as an array, grey or RGB(A), bytes or floats from 0 to 1."""
    picture = as_array(image)
    flat = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] in (3, 4))
    require(flat and picture.size > 0, argument, "shape (height, width) or (height, width, 3)", picture.shape)
    unit = picture.dtype.kind == "f" and picture.min() >= 0 and picture.max() <= 1
    got = f"{picture.dtype} from {picture.min()} to {picture.max()}"
    require(bool(unit or picture.dtype == np.uint8), argument, "uint8, or float from 0 to 1", got)
    return picture


def white_level(picture: Shaped[np.ndarray, "height width *channel"]) -> float:
    """The number that stands for white."""
    return 255.0 if picture.dtype == np.uint8 else 1.0


def check_columns(columns: int | None, count: int, most: int) -> int:
    """How many of `count` pictures stand in a row."""
    if columns is None:
        return min(most, count)
    require_type(columns, int, "columns")
    require(columns >= 1, "columns", "at least 1", columns)
    return min(columns, count)
