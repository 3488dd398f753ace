"""Reading the bundled files: each is checked against its SHA-256 and noted as read."""

import hashlib
import io
import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt8
from PIL import Image

from cmlearn._validate import require_choice
from cmlearn.data.errors import DataFileError

FILES = Path(__file__).parent / "files"
_loaded: set[str] = set()


def loaded_files() -> frozenset[str]:
    """Return the names of the bundled files that this process has read, relative to `cmlearn/data/files`.

    Example:
        >>> _ = read_bytes("LICENSES/emoji-words.txt")
        >>> "LICENSES/emoji-words.txt" in loaded_files()
        True
    """
    return frozenset(_loaded)


@cache
def checksums() -> dict[str, str]:
    """Return the SHA-256 of every bundled file, by name.

    Raises:
        DataFileError: the list `SHA256SUMS` is missing.

    Example:
        >>> len(checksums()["emoji.json.xz"])
        64
    """
    try:
        lines = (FILES / "SHA256SUMS").read_text().splitlines()
    except FileNotFoundError:
        raise DataFileError(_restore("SHA256SUMS", "is missing")) from None
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def read_bytes(name: str) -> bytes:
    """Return a bundled file's content, once it is seen to be whole.

    Raises:
        ValueError: there is no bundled file of this name.
        DataFileError: the file is missing or damaged.

    Example:
        >>> read_bytes("LICENSES/emoji-words.txt")[:18]
        b'Unicode CLDR annot'
    """
    require_choice(name, checksums(), "name")
    try:
        content = (FILES / name).read_bytes()
    except FileNotFoundError:
        raise DataFileError(_restore(name, "is missing")) from None
    if hashlib.sha256(content).hexdigest() != checksums()[name]:
        raise DataFileError(_restore(name, "is damaged: its SHA-256 is not the one listed in SHA256SUMS"))
    _loaded.add(name)
    return content


def _restore(name: str, trouble: str) -> str:
    return (
        f"The data file {FILES / name} {trouble}. To restore it: `pip install --force-reinstall cmlearn`; "
        f"in a clone, `git checkout -- cmlearn/data/files/{name}`, or `make data`, which rebuilds it."
    )


def read_json(name: str) -> Any:
    """Return the content of a bundled `.json.xz` file."""
    return json.loads(lzma.decompress(read_bytes(name)))


def read_arrays(name: str) -> dict[str, np.ndarray]:
    """Return the arrays of a bundled `.npz.xz` file, read without pickle."""
    with np.load(io.BytesIO(lzma.decompress(read_bytes(name))), allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def read_mosaic(name: str, count: int, height: int, width: int) -> UInt8[np.ndarray, "count height width 3"]:
    """Return the first tiles of a bundled picture, row by row."""
    picture = np.asarray(Image.open(io.BytesIO(read_bytes(name))).convert("RGB"))
    rows, columns = picture.shape[0] // height, picture.shape[1] // width
    tiles = picture.reshape(rows, height, columns, width, 3).swapaxes(1, 2)
    return tiles.reshape(rows * columns, height, width, 3)[:count].copy()


def read_numbers(values: list[int]) -> Int64[np.ndarray, " row"]:
    """Return whole numbers as an array."""
    return np.array(values, dtype=np.int64)
