"""The book's look: palette, ground, and a figure that shows itself."""

import base64
import io
from contextlib import AbstractContextManager
from typing import Any

import matplotlib.style
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image

__all__ = ["GROUND", "INK", "PALETTE", "Figure", "use_style"]

GROUND = "#fbfbf8"
INK = "#222222"
QUIET = "#6b6b6b"
PALETTE = ("#1d41a7", "#e26411", "#1f7e4a", "#b35a92", "#1093ff", "#8c2600", INK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
WIDTH = 6.4  # of a figure, in inches
DPI = 110
HEAVY = 100_000  # bytes of a PNG file

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

    def __init__(self, width: int | float = WIDTH, height: int | float = 3.6) -> None:
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
