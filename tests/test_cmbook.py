"""The book's own Sphinx extensions: what they make of Markdown, docstrings and signatures."""

import ast
import sys
from pathlib import Path

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from cmbook import callouts, docstrings, landing, page, signatures, solutions
from cmbook.directive import table

BIBLIOGRAPHY = ROOT / "book" / "references.bib"


def quote(*words: nodes.Node) -> nodes.document:
    document = new_document("page.md", get_default_settings())
    document += nodes.block_quote("", nodes.paragraph("", "", *words))
    return document


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Trap.", "trap"),
        ("In full size.", "in-full-size"),
        ("Survey check: A.", "survey-check"),
        ("?", "other"),
    ],
)
def test_a_bold_label_makes_a_callout(label, kind):
    document = quote(nodes.Text(""), nodes.strong("", label), nodes.Text(" text"))
    callouts.Callouts(document).apply()
    assert document[0]["classes"] == ["callout", f"callout-{kind}"]


def test_a_plain_quote_stays_a_quote():
    document = quote(nodes.Text("To be, or "), nodes.strong("", "not"))
    callouts.Callouts(document).apply()
    assert isinstance(document[0], nodes.block_quote)


def test_a_solution_is_named_by_its_title_line():
    source = "# @title Solution\nprint(1)"
    cell = nodes.container("", nodes.literal_block(source, source), prompt_show="Show", prompt_hide="Hide")
    solutions.name(cell)
    assert (cell["prompt_show"], cell["prompt_hide"], cell.astext()) == ("Solution", "Solution", "print(1)")


def test_docstrings_become_rest():
    text = "Costs $x^2$ [tran2015learning], not [anyone2000else].\n\n$$y = \\\\\n  x.$$\n"
    rest = docstrings.rest(text, BIBLIOGRAPHY)
    assert ":math:`x^2` :cite:p:`tran2015learning`, not [anyone2000else]." in rest
    assert "\n.. math::\n\n   y = \\\\\n   x.\n" in rest


def test_code_with_dollars_is_left_alone():
    assert docstrings.rest("`$HOME` and `$PATH`", BIBLIOGRAPHY) == "`$HOME` and `$PATH`"


def test_signatures_keep_the_shapes():
    function = ast.parse("def f(self, x: Float[Tensor, 'batch dim'], *, k: int = 1): ...").body[0]
    assert signatures.arguments(function, is_method=True) == "(x: Float[Tensor, 'batch dim'], *, k: int=1)"


def test_table_cells_hold_bars_and_line_breaks():
    assert table(("a",), [("x | y\nz",)]) == "| a |\n| --- |\n| x \\| y z |"


def test_the_landing_page_shows_a_search_that_succeeds():
    def code(html):
        return {"source": [], "outputs": [{"data": {"text/html": [f'<div aria-label="{html}</div>']}}]}

    caption = {"source": ["*What ", "to see.*\n\nMore."]}
    miss, hit, other = (code(html) for html in ('Pictures found for a">✗', 'Pictures found for b">✓', 'x">✓'))
    found = list(landing.panels({"cells": [miss, caption, hit, caption, other, caption]}))
    assert found == [('<div aria-label="Pictures found for b">✓</div>', "What to see.")]


def test_signatures_that_sphinx_breaks_over_lines_are_no_definition_list():
    body = '<dl class="py"><dt>(<dl>\n<dd><em>x</em>,</dd>\n<dd>y,</dd>\n</dl>)</dt></dl>'
    assert page.repair(body).count("<dl") == 1
    assert page.repair(body).count('<span class="sig-line">') == 2
