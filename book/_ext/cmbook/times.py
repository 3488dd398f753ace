"""The line under a lesson's title that says how long it takes gets its own look."""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

TIMES = re.compile(r"(Survey .* · )?reads in .* · runs in ")


class Times(SphinxTransform):
    default_priority = 400

    def apply(self):
        paragraphs = (p for p in self.document.findall(nodes.paragraph) if TIMES.match(p.astext()))
        for paragraph in paragraphs:
            paragraph["classes"].append("lesson-times")


def setup(app):
    app.add_transform(Times)
