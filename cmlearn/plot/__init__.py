"""The book's figures: one look, colours that stay apart for colour-blind readers, an opaque ground.

A chart is a `Figure` that shows itself once at the end of a cell, without pyplot. Words in scripts that the
plotting font lacks go into a `Panel` of HTML (`retrieval_panel`, `image_panel`), where the browser sets them.
"""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.plot.charts import bars as bars
    from cmlearn.plot.charts import curves as curves
    from cmlearn.plot.charts import scatter as scatter
    from cmlearn.plot.charts import strip as strip
    from cmlearn.plot.panels import Panel as Panel
    from cmlearn.plot.panels import image_panel as image_panel
    from cmlearn.plot.panels import retrieval_panel as retrieval_panel
    from cmlearn.plot.pictures import attention as attention
    from cmlearn.plot.pictures import image_grid as image_grid
    from cmlearn.plot.pictures import matrix as matrix
    from cmlearn.plot.style import GROUND as GROUND
    from cmlearn.plot.style import INK as INK
    from cmlearn.plot.style import PALETTE as PALETTE
    from cmlearn.plot.style import Figure as Figure
    from cmlearn.plot.style import use_style as use_style

_NAMES = {
    "bars": "charts",
    "curves": "charts",
    "scatter": "charts",
    "strip": "charts",
    "Panel": "panels",
    "image_panel": "panels",
    "retrieval_panel": "panels",
    "attention": "pictures",
    "image_grid": "pictures",
    "matrix": "pictures",
    "Figure": "style",
    "GROUND": "style",
    "INK": "style",
    "PALETTE": "style",
    "use_style": "style",
}

__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy(__name__, _NAMES)
