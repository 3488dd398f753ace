"""The book's look: palette, ground, a figure that shows itself, and what every chart shares."""

import base64
import io
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.font_manager import FontProperties, findfont, get_font
from PIL import Image

from cmlearn._validate import require

GROUND = "#fbfbf8"
INK = "#222222"
QUIET = "#6b6b6b"
PALETTE = ("#1d41a7", "#e26411", "#1f7e4a", "#b35a92", "#1093ff", "#8c2600", INK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
WIDTH = 6.4
DPI = 110
HEAVY = 100_000

_STYLE = {
    "figure.facecolor": GROUND,
    "savefig.facecolor": GROUND,
    "axes.facecolor": GROUND,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.prop_cycle": f"cycler('color', {list(PALETTE)!r})",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "lines.linewidth": 2,
    "lines.markersize": 5,
    "image.cmap": "cividis",
}

Real = int | float
P = ParamSpec("P")
R = TypeVar("R")


class Figure(MatplotlibFigure):
    """A Matplotlib figure in the book's look that shows itself once in a notebook, without pyplot.

    Args:
        width: inches.
        height: inches.

    Example:
        >>> with use_style():
        ...     figure = Figure(height=2)
        ...     axes = figure.subplots(1, 2)
        >>> figure.get_facecolor() == matplotlib.colors.to_rgba(GROUND)
        True
    """

    def __init__(self, width: Real = WIDTH, height: Real = 3.6) -> None:
        super().__init__(figsize=(width, height), dpi=DPI, facecolor=GROUND, layout="constrained")

    def png(self) -> bytes:
        """The figure as the bytes of a PNG file; beyond 100 kB, in 256 colours.

        Example:
            >>> Figure(1, 1).png()[1:4]
            b'PNG'
        """
        buffer = io.BytesIO()
        self.draw_without_rendering()  # the layout settles in its second pass
        self.savefig(buffer, format="png", dpi=DPI, facecolor=GROUND, pil_kwargs={"optimize": True})
        return buffer.getvalue() if buffer.tell() <= HEAVY else _packed(Image.open(buffer))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"image/png": base64.b64encode(self.png()).decode(), "text/plain": repr(self)}


def _packed(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def use_style() -> AbstractContextManager[None]:
    """The book's look for axes of your own, inside a `with` block only.

    Example:
        >>> with use_style():
        ...     matplotlib.rcParams["figure.facecolor"]
        '#fbfbf8'
    """
    return matplotlib.style.context(["default", _STYLE])


def styled(function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
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


def require_length(values: Sequence[Any] | np.ndarray, count: int, argument: str, each: str) -> None:
    require(len(values) == count, argument, f"one per {each}, {count}", len(values))


def require_drawable(texts: Iterable[str], argument: str) -> None:
    letters = {letter for text in texts for letter in text if not letter.isspace()}
    bad = sorted(c for c in letters if ord(c) not in _glyphs() or unicodedata.bidirectional(c) in ("R", "AL"))
    expected = "letters that the plotting font can set (`image_panel` and `retrieval_panel` set all scripts)"
    require(not bad, argument, expected, "".join(bad[:10]))


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())
