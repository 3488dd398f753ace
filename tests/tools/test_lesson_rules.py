"""Every rule is kept by a good lesson and seen when it is broken."""

import contextlib
import copy
import io

import nbformat
import nbformat.v4 as nbf
import pytest

import cmlearn as cm
from tests import lesson_rules as rules
from tests.tools.tiny_book import replace, write
from tools.lessons import Lesson

BIB = """@article{tran2015learning, eprint = {1412.0767}}
@article{hotelling1936relations, doi = {10.1093/biomet/28.3-4.321}}
@article{x, url = {https://aclanthology.org/P18-1208/}}"""

TITLE = """# A lesson

What does it answer? It answers this.

Survey 4.2 · reads in 15 min · runs in about 40 s on one CPU core

Read [the first lesson](../start/first.ipynb) and [how to](../../book/start/how-to-use.md#notes) before."""

CHECK = (
    "> **Survey check.** The survey says this; [Tran et al. (2015)](https://arxiv.org/abs/1412.0767v2) that."
)

REFERENCES = """## References

- Tran et al., [Learning](https://arxiv.org/abs/1412.0767). 2015.
- Hotelling, [Relations](https://doi.org/10.1093/biomet/28.3-4.321). 1936.
- Zadeh, [Language](https://aclanthology.org/P18-1208/). 2018."""

COLLAPSED = {"tags": ["hide-cell"], "cellView": "form", "jupyter": {"source_hidden": True}}
ALT = {"mystnb": {"image": {"alt": "two curves that cross at four"}}}


def stdout(text):
    return nbf.new_output("stream", name="stdout", text=text)


def shown(**data):
    return nbf.new_output(
        "display_data", data={kind.replace("_", "/"): value for kind, value in data.items()}
    )


def source_of(thing):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        cm.show_source(thing)
    return printed.getvalue()


def cells():
    yield nbf.new_markdown_cell(TITLE)
    yield nbf.new_code_cell("import cmlearn as cm")
    yield nbf.new_markdown_cell(CHECK)
    yield nbf.new_code_cell("cm.plot.curves()", outputs=[shown(image_png="aGk=")], metadata=ALT)
    yield nbf.new_markdown_cell(
        "*The two curves cross where both **budgets** are the same: $a^2$.*\n\nMore prose."
    )
    tags = {"tags": ["nbval-check-output"]}
    yield nbf.new_code_cell(
        'cm.claim("A beats B", a > b, a=a)', outputs=[stdout("✓ A beats B (a=2)")], metadata=tags
    )
    yield nbf.new_code_cell("cm.show_source(cm.claim)", outputs=[stdout(source_of(cm.claim))])
    yield nbf.new_markdown_cell("## Exercises")
    for number in (1, 2, 3):
        yield nbf.new_markdown_cell(f"### {number}. Change a line\n\nAnd look.")
        yield nbf.new_code_cell("answer = None  # yours")
        yield nbf.new_code_cell("# @title Solution\nprint(3)", metadata=copy.deepcopy(COLLAPSED))
    yield nbf.new_markdown_cell(REFERENCES)


@pytest.fixture
def page(tmp_path):
    lesson = Lesson(tmp_path, "works/good")
    write(tmp_path / "book/_static/setup-cell.py", "import cmlearn as cm\n")
    write(tmp_path / "book/start/how-to-use.md", "")
    write(tmp_path / "notebooks/start/first.ipynb", "")
    notebook = nbf.new_notebook(cells=list(cells()), metadata={"cmlearn": {"seconds": 41.2}})
    lesson.notebook.parent.mkdir(parents=True)
    nbformat.write(notebook, lesson.notebook)
    return rules.Page(lesson, frozenset({"notebooks/start/first", "book/start/how-to-use"}), BIB)


OFFLINE = [rule for rule in rules.RULES if rule is not rules.is_up_to_date]


@pytest.mark.parametrize("rule", OFFLINE)
def test_a_good_lesson_keeps(rule, page):
    assert list(rule(page)) == []


def set_source(number, old, new):
    def change(cells):
        assert old in cells[number].source
        cells[number].source = cells[number].source.replace(old, new)

    return change


def set_output(number, *outputs):
    return lambda cells: cells[number].update(outputs=list(outputs))


def set_metadata(number, **metadata):
    return lambda cells: cells[number].update(metadata=metadata)


def insert(number, cell):
    return lambda cells: cells.insert(number, cell)


def error():
    return nbf.new_output("error", ename="E", evalue="e", traceback=["t"])


BROKEN = [
    (rules.shows_the_present_source, set_output(6, stdout(source_of(cm.claim).replace("truth", "holds")))),
    (rules.shows_the_present_source, set_output(6, stdout(source_of(cm.claim) + "# more"))),
    (rules.has_clean_outputs, set_output(1, error())),
    (rules.has_clean_outputs, set_output(1, nbf.new_output("stream", name="stderr", text="x"))),
    (rules.has_clean_outputs, set_output(1, stdout("see /home/me/x.py"))),
    (rules.has_clean_outputs, set_output(1, stdout("<A object at 0x7f11d3843d80>"))),
    (rules.has_clean_outputs, set_output(1, shown(text_html="UserWarning: no"))),
    (rules.has_clean_outputs, set_output(1, stdout("training:  30%|###   "))),
    (
        rules.has_clean_outputs,
        set_output(1, nbf.new_output("display_data", {"application/vnd.widget+json": {}})),
    ),
    (rules.is_small, set_output(1, stdout("a" * 1_000_000))),
    (rules.begins_with_setup, set_source(1, "import", "import os\nimport")),
    (rules.begins_with_setup, insert(1, nbf.new_code_cell("1"))),
    (rules.has_alt_texts, set_metadata(3)),
    (rules.has_alt_texts, set_metadata(3, mystnb={"image": {"alt": "figure"}})),
    (rules.has_alt_texts, set_output(1, shown(text_html="<img src='a'>"))),
    (rules.has_alt_texts, set_source(0, "What", "![](a.png) What")),
    (rules.has_captions, set_source(4, "*The", "The")),
    (rules.has_captions, insert(4, nbf.new_code_cell("1"))),
    (rules.states_its_claims, set_metadata(5)),
    (rules.states_its_claims, set_output(5, stdout("✗ A beats B (a=2)"))),
    (rules.states_its_claims, set_output(5, stdout("✓ A loses to B (a=2)"))),
    (rules.states_its_claims, set_source(5, "cm.claim", "a = 2\ncm.claim")),
    (rules.states_its_claims, set_source(5, "cm.claim", "if a: cm.claim")),
    (rules.states_its_claims, set_source(5, '"A beats', 'f"{A} beats')),
    (rules.states_its_claims, lambda cells: cells.insert(5, nbf.new_code_cell(**{**cells[5], "id": "twin"}))),
    (rules.states_its_claims, lambda cells: cells.pop(5)),
    (rules.has_no_literal_seed, set_source(3, "curves()", "curves(torch.Generator().manual_seed(0))")),
    (rules.has_no_literal_seed, set_source(3, "curves()", "curves(random_state=3)")),
    (rules.has_no_literal_seed, set_source(3, "curves()", "curves(np.random.default_rng(1))")),
    (rules.has_no_literal_seed, set_source(3, "curves()", "fit(model, seed=1)")),
    (rules.is_plain_markdown, set_source(2, ">", "{cite}`tran` >")),
    (rules.is_plain_markdown, set_source(2, ">", ":::{note}\n:::\n>")),
    (rules.is_plain_markdown, set_source(2, ">", "```{note}\n```\n>")),
    (rules.is_plain_markdown, set_source(2, ">", "(here)=\n# >")),
    (rules.is_plain_markdown, set_source(2, ">", "$$\nx\n$$ (eq)\n>")),
    (rules.is_plain_markdown, set_source(2, ">", "% hidden\n>")),
    (rules.cites_the_bibliography, set_source(2, "1412.0767v2", "1412.0768")),
    (rules.cites_the_bibliography, set_source(-1, "P18", "P19")),
    (rules.cites_the_bibliography, set_source(-1, "https", "")),
    (rules.links_to_what_exists, set_source(0, "first.ipynb", "second.ipynb")),
    (rules.links_to_what_exists, set_source(0, "first.ipynb", "first")),
    (rules.links_to_what_exists, set_source(0, "../start", "/start")),
    (rules.links_to_what_exists, set_source(0, "how-to-use.md", "how-to.md")),
    (rules.links_to_what_exists, set_source(0, "What", "![a picture](a.png) What")),
    (rules.has_solved_exercises, lambda cells: cells.pop(10)),
    (rules.has_solved_exercises, lambda cells: cells.__delitem__(slice(8, 11))),
    (rules.has_solved_exercises, set_metadata(10, tags=["hide-cell"])),
    (rules.says_how_long_it_runs, set_source(0, "40 s", "20 s")),
    (rules.says_how_long_it_runs, set_source(0, "40 s", "90 s")),
    (rules.says_how_long_it_runs, set_source(0, "Survey 4.2 · ", "")),
    (rules.has_its_parts_in_order, set_source(0, "# A lesson", "## A lesson")),
    (rules.has_its_parts_in_order, set_source(2, ">", "# Another title\n>")),
    (rules.has_its_parts_in_order, set_source(2, ">", "### Deep\n>")),
    (rules.has_its_parts_in_order, set_source(2, "Survey check", "Check")),
    (rules.has_its_parts_in_order, lambda cells: cells.insert(2, cells.pop(0))),
    (rules.has_its_parts_in_order, lambda cells: cells.insert(2, cells.pop(-1))),
]


def test_a_figure_in_a_solution_needs_no_caption(page):
    cells = page.notebook.cells
    assert cells[10].source.startswith(rules.SOLUTION)
    cells[10].outputs = [shown(image_png="aGk=")]
    assert list(rules.has_captions(page)) == []
    assert list(rules.has_alt_texts(page)) != []


@pytest.mark.parametrize(
    ("rule", "change"), BROKEN, ids=[f"{r.__name__}-{n}" for n, (r, _) in enumerate(BROKEN)]
)
def test_a_broken_rule_is_seen(rule, change, page):
    change(page.notebook.cells)
    nbformat.write(page.notebook, page.lesson.notebook)
    assert list(rule(page)) != []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("book/start/first.md", "A sentence.", "A better sentence."),
        ("book/start/first.md", "double(21)", "double(22)"),
        ("cmlearn/toy.py", "2 * x", "3 * x"),
        ("notebooks/start/first.ipynb", '"execution_count": 2', '"execution_count": 3'),
        ("notebooks/start/first.ipynb", "Another sentence.", "An edited sentence."),
    ],
)
def test_out_of_date_is_seen(book, file, old, new):
    page = rules.Page(Lesson(book, "start/first"), frozenset(), "")
    assert list(rules.is_up_to_date(page)) == []
    replace(book / file, old, new)
    page = rules.Page(Lesson(book, "start/first"), frozenset(), "")
    assert list(rules.is_up_to_date(page)) != []
