"""What every chart shares: the style around it, its root figure, colours of text, checks of names."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.font_manager import FontProperties, findfont, get_font

from cmlearn._validate import require
from cmlearn.plot.style import GROUND, use_style

Real = int | float
P = ParamSpec("P")
R = TypeVar("R")


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Draw with the book's style, and leave the reader's as it was."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function inside the style."""
        with use_style():
            return function(*args, **kwargs)

    return inside


def root(ax: Axes) -> MatplotlibFigure:
    """The whole figure that the axes stand in, also from inside a subfigure."""
    figure = ax.figure.figure
    assert isinstance(figure, MatplotlibFigure)  # noqa: S101
    return figure


def luminance(rgb: Any) -> float:
    """Relative luminance of a colour, as in WCAG 2."""
    channels = np.asarray(rgb, dtype=float)
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def text_colour(colour: str) -> str:
    """The colour, darkened until text in it has a contrast of 4.5 to the ground."""
    rgb = np.array(to_rgb(colour))
    ground = luminance(to_rgb(GROUND)) + 0.05
    while ground / (luminance(rgb) + 0.05) < 4.5:
        rgb = rgb * 0.95
    return to_hex(tuple(rgb.tolist()))


def require_length(
    values: Sequence[Any] | Shaped[np.ndarray, "length ..."], count: int, argument: str, each: str
) -> None:
    """Raise `ValueError` unless there is one value for each of `count` things."""
    require(len(values) == count, argument, f"one per {each}, {count}", len(values))


def require_drawable(texts: Iterable[str], argument: str) -> None:
    """Raise `ValueError` naming the letters that the plotting font lacks, or sets from the wrong side."""
    letters = {letter for text in texts for letter in text if not letter.isspace()}
    bad = sorted(c for c in letters if ord(c) not in _glyphs() or unicodedata.bidirectional(c) in ("R", "AL"))
    expected = "letters that the plotting font can set (`image_panel` and `retrieval_panel` set all scripts)"
    require(not bad, argument, expected, "".join(bad[:10]))


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())
