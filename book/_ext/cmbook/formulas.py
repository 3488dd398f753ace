r"""Displayed formulas go to MathJax as they are written.

Sphinx would wrap every formula with a `\\` in a `split` environment, where `\tag` is an error. Colab,
JupyterLab and GitHub don't, and lessons must read well there too.
"""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class AsWritten(SphinxPostTransform):
    default_priority = 400
    formats = ("html",)

    def run(self):
        for formula in self.document.findall(nodes.math_block):
            if not formula.get("nowrap"):
                formula["nowrap"] = True
                formula.children = [nodes.Text(rf"\[{formula.astext()}\]")]


def setup(app):
    app.add_post_transform(AsWritten)
