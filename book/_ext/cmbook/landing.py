"""`{landing-figure} start/quickstart`: the first panel of a lesson in which a search succeeds.

Panel and caption come from the executed notebook, so the landing page shows what the lesson really found.
The directive's content follows the caption.
"""

import json
import re
from itertools import pairwise
from pathlib import Path

from docutils import nodes

from cmbook.directive import MarkdownDirective

PANEL = 'aria-label="Pictures found for '
CAPTION = re.compile(r"\*([^*]+)\*")


def panels(notebook):
    """The HTML of each such panel, with the caption that the next cell opens with."""
    for cell, following in pairwise(notebook["cells"]):
        caption = CAPTION.match("".join(following["source"]))
        for output in cell.get("outputs", ()):
            html = "".join(output.get("data", {}).get("text/html", ""))
            if PANEL in html and "✓" in html and caption:
                yield html, caption[1]


class LandingFigure(MarkdownDirective):
    required_arguments = 1

    def run(self):
        path = Path(self.env.srcdir, "notebooks", f"{self.arguments[0]}.ipynb")
        self.depends_on(path)
        found = next(panels(json.loads(path.read_text(encoding="utf-8"))), None) if path.exists() else None
        if found is None:
            return []
        panel, self.caption = found
        box = nodes.container("", nodes.raw("", panel, format="html"), classes=["landing-panel"])
        return [nodes.container("", box, *super().run(), classes=["landing-figure"])]

    def markdown(self):
        return f"{self.caption} " + "\n".join(self.content)


def setup(app):
    app.add_directive("landing-figure", LandingFigure)
