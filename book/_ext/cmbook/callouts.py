"""Block quotes that open with a bold label (`> **Trap.** ...`) become callouts.

Lessons are plain Markdown, so that they read well on GitHub and in Jupyter too; only the book adds the look.
"""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

KNOWN = {"survey-check", "trap", "try-it", "in-full-size", "why-it-works", "credit", "note"}


class callout(nodes.Element):  # noqa: N801
    """A boxed remark; `label` names its kind."""


def label_of(quote):
    """The bold text that opens a block quote, or None."""
    paragraph = quote.children[0] if quote.children else None
    if not isinstance(paragraph, nodes.paragraph):
        return None
    words = [child for child in paragraph.children if child.astext()]
    return words[0] if words and isinstance(words[0], nodes.strong) else None


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Callouts(SphinxTransform):
    default_priority = 400

    def apply(self):
        for quote in list(self.document.findall(nodes.block_quote)):
            label = label_of(quote)
            if label is None:
                continue
            kind = slug(label.astext().split(":")[0])
            label["classes"].append("callout-label")
            name = kind if kind in KNOWN else "other"
            quote.replace_self(callout("", *quote.children, classes=["callout", f"callout-{name}"]))


def visit(self, node):
    self.body.append(self.starttag(node, "div", role="note"))


def depart(self, node):
    self.body.append("</div>\n")


def plain(self, node):
    """Other builders show the content as it is."""


def setup(app):
    app.add_node(callout, html=(visit, depart), latex=(plain, plain), text=(plain, plain))
    app.add_transform(Callouts)
