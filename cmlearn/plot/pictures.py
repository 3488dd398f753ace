"""Pictures and tables of numbers as pictures: grids, similarity matrices, attention maps."""

import itertools
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from cmlearn._arrays import as_array
from cmlearn._validate import require, require_ndim
from cmlearn.plot._images import Images, check_columns, check_image, check_images, white_level
from cmlearn.plot._shared import Real, luminance, require_drawable, require_length, root, styled
from cmlearn.plot.style import INK, PALETTE, WIDTH, Figure

_WRITTEN = 10  # rows and columns of a table up to which its numbers are written in
_LINE = 0.17  # height of a line of caption, in inches
_GLOW = LinearSegmentedColormap.from_list("glow", [to_rgba(PALETTE[1], 0), to_rgba(PALETTE[1], 0.95)])


@styled
def image_grid(
    images: Images,
    captions: Sequence[str] | None = None,
    columns: int | None = None,
) -> MatplotlibFigure:
    """Pictures in rows, each with its caption below.

    Args:
        images: `(image, height, width)` or `(image, height, width, 3)`, or a list of pictures of different
            sizes; uint8, or float from 0 to 1.
        captions: one per picture, in a script that the plotting font has; `image_panel` shows all others.
        columns: pictures a row; None means at most eight.

    Raises:
        ValueError: if there is no picture, one has a wrong shape or range, or captions do not match.

    Example:
        >>> figure = image_grid(np.zeros((3, 8, 8, 3), dtype=np.uint8), captions=["a", "b", "c"], columns=2)
        >>> len(figure.axes[0].images)
        3
    """
    pictures = check_images(images)
    columns = check_columns(columns, len(pictures), 8)
    side = min(1.0, WIDTH / columns)
    lines = _wrapped(captions, len(pictures), side)
    tops = _row_tops(lines, columns, side)
    ax = Figure(side * columns, side * tops[-1]).subplots()
    for i, (picture, line) in enumerate(zip(pictures, lines, strict=True)):
        left, top = i % columns, tops[i // columns]
        _place(ax, picture, left, top)
        ax.text(left + 0.5, top + 1.02, line, ha="center", va="top", fontsize=8, linespacing=1.1)
    ax.set(xlim=(0, columns), ylim=(tops[-1], 0), aspect="equal")
    ax.axis("off")
    return root(ax)


@styled
def matrix(
    values: ArrayLike,
    rows: Sequence[Any] | Shaped[np.ndarray, "row ..."] | None = None,
    columns: Sequence[Any] | Shaped[np.ndarray, "column ..."] | None = None,
    *,
    label: str,
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> MatplotlibFigure:
    """A table of numbers as colours; up to 10 by 10, the numbers are written in.

    A small one with words at both sides is set as compactly as text, with its label above, unless it is
    square.

    Values of both signs get a scale with two hues that meet at zero.

    Args:
        values: `(row, column)`.
        rows: a name or a picture for each row.
        columns: a name or a picture for each column.
        label: what the numbers are, for the colour bar or above the table.
        xlabel: what the columns are.
        ylabel: what the rows are.
        ax: draws here instead of into a new figure.

    Raises:
        ValueError: if `values` is not a finite table, or `rows` or `columns` has another length.

    Example:
        >>> figure = matrix([[0.9, 0.1], [0.2, 0.8]], ["dog", "cat"], ["Hund", "Katze"], label="cosine")
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['0.90', '0.10', '0.20', '0.80']
    """
    table = as_array(values).astype(float)
    require_ndim(table, 2, "values")
    require(bool(table.size and np.isfinite(table).all()), "values", "finite numbers", f"shape {table.shape}")
    as_text = ax is None and _is_table_of_words(table, rows, columns)
    ax = ax or Figure(*_matrix_size(table, as_text)).subplots()
    signed = table.min() < 0 < table.max()
    reach = np.abs(table).max()
    shown = ax.imshow(table, cmap="PuOr_r", vmin=-reach, vmax=reach) if signed else ax.imshow(table)
    if as_text:
        ax.set_aspect("auto")
        ax.set_title(label, loc="left", fontsize="medium")
    else:
        root(ax).colorbar(shown, ax=ax, label=label, shrink=0.8)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.spines[:].set_visible(False)
    _name_axis(ax, "y", rows, len(table))
    _name_axis(ax, "x", columns, table.shape[1])
    if max(table.shape) <= _WRITTEN:
        _write_cells(ax, table, shown.to_rgba(table))
    return root(ax)


@styled
def attention(image: ArrayLike, weights: ArrayLike, words: Sequence[str] | None = None) -> MatplotlibFigure:
    """Where a model looks: weights as heat over the grey picture, one panel per word, all on one scale.

    Args:
        image: `(height, width)` or `(height, width, 3)`.
        weights: `(rows, columns)` or `(word, rows, columns)`, zero or more; stretched over the picture.
        words: one per map; may be left out for a single map.

    Raises:
        ValueError: for wrong shapes, negative or non-finite weights, or words that do not match.

    Example:
        >>> figure = attention(np.zeros((8, 8, 3)), np.ones((2, 4, 4)) / 16, words=["red", "car"])
        >>> [axes.get_title() for axes in figure.axes[:3]]
        ['picture', 'red', 'car']
    """
    picture = check_image(image, "image")
    heat = as_array(weights).astype(float)
    heat = heat[None] if heat.ndim == 2 else heat
    require(heat.ndim == 3 and heat.size > 0, "weights", "shape (word, rows, columns)", heat.shape)
    require(bool(np.isfinite(heat).all() and heat.min() >= 0), "weights", "finite, zero or more", heat.min())
    words = words or (["attention"] if len(heat) == 1 else [])
    require_length(words, len(heat), "words", "map")
    require_drawable(words, "words")
    return _draw_attention(picture, heat, words)


def _is_table_of_words(
    table: Float[np.ndarray, "row column"], *names: Sequence[Any] | Shaped[np.ndarray, "name ..."] | None
) -> bool:
    """Whether to set it like text: small, with words at both sides, and no square of like against like."""
    words = all(side is not None and len(side) > 0 and isinstance(side[0], str) for side in names)
    return words and max(table.shape) <= _WRITTEN and table.shape[0] != table.shape[1]


def _matrix_size(table: Float[np.ndarray, "row column"], as_text: bool) -> tuple[float, float]:
    rows, columns = table.shape
    height = 0.9 + 0.42 * rows if as_text else WIDTH * 0.72 * rows / columns
    return WIDTH, float(np.clip(height, 1.6, 7.0))


def _name_axis(
    ax: Axes, side: str, names: Sequence[Any] | Shaped[np.ndarray, "name ..."] | None, size: int
) -> None:
    if names is None:
        return
    argument = "rows" if side == "y" else "columns"
    require_length(names, size, argument, argument[:-1])
    if isinstance(names[0], str):
        require_drawable(names, argument)
        long = side == "x" and max(map(len, names)) * size > 40
        turn: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if long else {}
        _axis(ax, side).set_ticks(range(size), list(names), **turn)
    else:
        _picture_axis(ax, side, check_images(names))


def _picture_axis(ax: Axes, side: str, pictures: Sequence[Shaped[np.ndarray, "_ _ ..."]]) -> None:
    """Draw a picture, one cell in size, outside the axes beside each row or below each column."""
    limits, bottom = (ax.get_xlim(), ax.get_ylim()), ax.get_ylim()[0]
    for i, picture in enumerate(pictures):
        left, top = (-1.6, i - 0.5) if side == "y" else (i - 0.5, bottom + 0.1)
        _place(ax, picture, left, top).set_clip_on(False)
    ax.set(xlim=limits[0], ylim=limits[1])
    _axis(ax, side).set_ticks([])
    middle = (len(pictures) - 1) / 2
    beyond = (-1.8, middle) if side == "y" else (middle, bottom + 1.3)
    _axis(ax, side).set_label_coords(*beyond, ax.transData)


def _axis(ax: Axes, side: str) -> Axis:
    return ax.yaxis if side == "y" else ax.xaxis


def _write_cells(
    ax: Axes, table: Float[np.ndarray, "row column"], colours: Float[np.ndarray, "row column 4"]
) -> None:
    for (row, column), value in np.ndenumerate(table):
        light = luminance(colours[row, column, :3]) > 0.25
        text = f"{value:z.2f}" if np.abs(table).max() < 100 else f"{value:.0f}"
        ax.text(column, row, text, ha="center", va="center", fontsize=8, color=INK if light else "white")


def _wrapped(captions: Sequence[str] | None, count: int, side: Real) -> list[str]:
    if captions is None:
        return [""] * count
    require_length(captions, count, "captions", "picture")
    require_drawable(captions, "captions")
    return ["\n".join(textwrap.wrap(caption, max(4, int(side * 14)))) for caption in captions]


def _row_tops(lines: Sequence[str], columns: int, side: Real) -> list[float]:
    """Where each row of unit pictures starts, given its tallest caption, and where the last one ends."""
    heights = [
        1.08 + max(line.count("\n") + bool(line) for line in lines[i : i + columns]) * _LINE / side
        for i in range(0, len(lines), columns)
    ]
    return [0.0, *itertools.accumulate(heights)]


def _place(
    ax: Axes, picture: Shaped[np.ndarray, "height width *channel"], left: Real, top: Real
) -> AxesImage:
    """Draw a picture into a unit cell, its longer side filling 94 % of it."""
    height, width = np.array(picture.shape[:2]) / max(picture.shape[:2]) * 0.94
    x, y = left + (1 - width) / 2, top + (1 - height)
    return ax.imshow(
        picture, cmap="gray", vmin=0, vmax=white_level(picture), extent=(x, x + width, y + height, y)
    )


def _draw_attention(
    picture: Shaped[np.ndarray, "height width *channel"],
    heat: Float[np.ndarray, "word rows columns"],
    words: Sequence[str],
) -> MatplotlibFigure:
    columns = min(len(heat) + 1, 5)
    rows = -(-(len(heat) + 1) // columns)
    side = min(2.0, (WIDTH - 0.8) / columns)
    figure = Figure(side * columns + 0.8, (side + 0.3) * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes:
        ax.axis("off")
    axes[0].imshow(picture, cmap="gray", vmin=0, vmax=white_level(picture))
    axes[0].set_title("picture")
    shown = [
        _heat(ax, _grey(picture), values, word, heat.max() or 1.0)
        for ax, values, word in zip(axes[1:], heat, words, strict=False)
    ]
    figure.colorbar(shown[0], ax=list(axes), label="weight", shrink=0.8)
    return figure


def _heat(
    ax: Axes,
    grey: Float[np.ndarray, "height width"],
    values: Float[np.ndarray, "rows columns"],
    word: str,
    top: float,
) -> AxesImage:
    height, width = grey.shape
    ax.set_title(word)
    ax.imshow(0.35 + 0.65 * grey, cmap="gray", vmin=0, vmax=1)
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    return ax.imshow(values, cmap=_GLOW, vmin=0, vmax=top, extent=extent, interpolation="bilinear")


def _grey(picture: Shaped[np.ndarray, "height width *channel"]) -> Float[np.ndarray, "height width"]:
    unit = picture / white_level(picture)
    return unit[..., :3] @ [0.2126, 0.7152, 0.0722] if unit.ndim == 3 else unit
