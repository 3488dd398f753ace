"""Collapsed cells are named by their `# @title` line, and their `<summary>` by what it says."""

import re

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms import SphinxTransform

TITLE = re.compile(r"# @title (?P<title>.+)\n+")


class Titles(SphinxTransform):
    default_priority = 400

    def apply(self):
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") == "cell_code" and cell.get("hide_mode"):
                name(cell)


def name(cell):
    """Move the title line of a collapsed cell from its source into its prompts."""
    block = next(iter(cell.findall(nodes.literal_block)), None)
    found = TITLE.match(block.astext()) if block is not None else None
    if found is None:
        return
    source = block.astext()[found.end() :]
    block.children = [nodes.Text(source)]
    block.rawsource = source
    cell["prompt_show"] = cell["prompt_hide"] = found["title"]
    cell["classes"].append("solution")


def visit(self, node):
    classes = " ".join(["admonition", "hide", *node["classes"]])
    prompts = dict.fromkeys((node["prompt_show"], node["prompt_hide"]))
    states = ("collapsed", "expanded") if len(prompts) == 2 else ("",)
    spans = (f'<span class="{s}">{self.encode(p)}</span>' for s, p in zip(states, prompts, strict=True))
    self.body.append(f'<details class="{classes}">\n<summary>{"".join(spans)}</summary>\n')


def depart(self, node):
    self.body.append("</details>\n")


def setup(app):
    app.add_transform(Titles)
    app.add_node(HideCodeCellNode, html=(visit, depart), override=True)
