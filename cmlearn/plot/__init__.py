"""The book's figures: one look, colours that stay apart for colour-blind readers, an opaque ground.

A chart is a `Figure` that shows itself once at the end of a cell, without pyplot. Words in scripts that the
plotting font lacks go into a `Panel` of HTML (`retrieval_panel`, `image_panel`), where the browser sets them.
"""

from cmlearn.plot._style import GROUND, INK, PALETTE, Figure, use_style
from cmlearn.plot.charts import bars, curves, scatter, strip
from cmlearn.plot.panels import Panel, image_panel, retrieval_panel
from cmlearn.plot.pictures import attention, image_grid, matrix

__all__ = [
    "GROUND",
    "INK",
    "PALETTE",
    "Figure",
    "Panel",
    "attention",
    "bars",
    "curves",
    "image_grid",
    "image_panel",
    "matrix",
    "retrieval_panel",
    "scatter",
    "strip",
    "use_style",
]
