"""`{landing-figure} start/quickstart`: the first panel of a lesson in which a search succeeds.

It is taken from the executed notebook, so the landing page shows what the lesson really found.
"""

import json
from pathlib import Path

from docutils import nodes

from cmbook.directive import MarkdownDirective

PANEL = 'aria-label="Pictures found for '


def panels(notebook):
    outputs = (o for cell in notebook["cells"] if cell["cell_type"] == "code" for o in cell["outputs"])
    pages = ("".join(o.get("data", {}).get("text/html", "")) for o in outputs)
    return (page for page in pages if PANEL in page and "✓" in page)


class LandingFigure(MarkdownDirective):
    required_arguments = 1

    def run(self):
        path = Path(self.env.srcdir, "notebooks", f"{self.arguments[0]}.ipynb")
        self.depends_on(path)
        if not path.exists():
            return []
        panel = next(panels(json.loads(path.read_text(encoding="utf-8"))), None)
        return [figure(panel, super().run())] if panel else []

    def markdown(self):
        return "\n".join(self.content)


def figure(panel, caption):
    box = nodes.container("", nodes.raw("", panel, format="html"), classes=["landing-panel"])
    return nodes.container("", box, *caption, classes=["landing-figure"])


def setup(app):
    app.add_directive("landing-figure", LandingFigure)
