"""What the builders share: writing files that come out the same on every run, and licence texts."""

import io
import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tools.build_data.sources import Source

SPDX = Source(
    "npm",
    "spdx-license-list",
    "6.12.0",
    "54cc8d13086187333ca1457c8edaa06d9a412144f076aa7f7c1b59c4f3b0a1ef",
)


def number(labels: list[str]) -> tuple[list[int], list[str]]:
    """Turn labels into numbers and the list of their names, in order of appearance."""
    names = list(dict.fromkeys(labels))
    position = {name: i for i, name in enumerate(names)}
    return [position[label] for label in labels], names


def write_json(path: Path, value: Any) -> None:
    """Write compact JSON, compressed by xz."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def write_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write an npz archive, compressed by xz as a whole: smaller than deflating each array."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    path.write_bytes(lzma.compress(buffer.getvalue(), preset=9 | lzma.PRESET_EXTREME))


def write_mosaic(path: Path, tiles: np.ndarray, columns: int, quality: int | None = None) -> None:
    """Write tiles `(tile, height, width, 3)` row by row into one WebP picture; lossless without a quality."""
    count, height, width, channels = tiles.shape
    rows = -(-count // columns)
    grid = np.full((rows * columns, height, width, channels), 255, np.uint8)
    grid[:count] = tiles
    picture = grid.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    image = Image.fromarray(picture.reshape(rows * height, columns * width, channels))
    image.save(path, lossless=quality is None, quality=100 if quality is None else quality, method=6)


def write_licence(out: Path, name: str, credit: str, text: str) -> None:
    """Write one source's credit line and licence text to `LICENSES/<name>.txt`."""
    folder = out / "LICENSES"
    folder.mkdir(exist_ok=True)
    lines = [line.rstrip() for line in text.strip().splitlines()]
    (folder / f"{name}.txt").write_text(credit.strip() + "\n\n" + "-" * 78 + "\n\n" + "\n".join(lines) + "\n")


def spdx_text(identifier: str) -> str:
    """Return the standard text of a licence."""
    return str(json.loads(SPDX.read(f"licenses/{identifier}.json"))["licenseText"])
