"""What every lesson must keep to, as functions that return what is amiss."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import nbformat
from nbformat import NotebookNode

from tests.code_tree import shown_lines, sources
from tools.lessons import Lesson, claim_calls, code_cells, parse_cell
from tools.notebooks import LARGEST_NOTEBOOK, convert, stale_because

TIME_LINE = re.compile(
    r"^Survey \S.* · reads in \d+ min · runs in about (\d+) s on one CPU core", re.MULTILINE
)
CAPTION = re.compile(r"\*[^*\s](?:[^*]|\*\*[^*]+\*\*){19,}\*(\n\n|$)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
ADDRESS = re.compile(r"https?://[^\s<>\"]+?(?=[).,;:]*(?:[\s<>\"]|$))")
NOT_PLAIN = {
    "a directive": re.compile(r"^\s*(:{3,}|[`~]{3,}\s*\{)", re.MULTILINE),
    "a role": re.compile(r"\{[A-Za-z][\w:+.-]*\}`"),
    "a label": re.compile(r"^\([\w:-]+\)=|^\$\$\s*\([\w:-]+\)\s*$", re.MULTILINE),
    "a comment": re.compile(r"^%", re.MULTILINE),
    "a footnote": re.compile(r"\[\^\w+\]"),
}
NOISE = {
    "a machine's path": re.compile(r"(?<![\w.:/])/(tmp|home|root|Users|work|usr|opt)/|site-packages"),
    "a memory address": re.compile(r"\bat 0x[0-9a-f]{6,}"),
    "a warning": re.compile(r"\b\w*Warning: "),
    "a progress bar": re.compile(r"\d+%\|"),
}
SEEDERS = {"manual_seed", "seed", "default_rng", "RandomState", "seed_everything", "SeedSequence"}
SOLUTION = "# @title Solution"


@dataclass(frozen=True)
class Page:
    """A lesson with its notebook on disk, and what a rule needs to look around."""

    lesson: Lesson
    toc: frozenset[str]
    bibliography: str

    @cached_property
    def notebook(self) -> NotebookNode:
        return nbformat.read(self.lesson.notebook, as_version=4)

    @cached_property
    def code(self) -> list[NotebookNode]:
        return code_cells(self.notebook)

    @cached_property
    def prose(self) -> str:
        return "\n\n".join(cell.source for cell in self.notebook.cells if cell.cell_type == "markdown")

    @cached_property
    def headings(self) -> list[tuple[int, str]]:
        found = re.findall(r"^(#+) +(.+?) *$", without_code(self.prose), flags=re.MULTILINE)
        return [(len(marks), text) for marks, text in found]

    def section(self, title: str) -> list[NotebookNode]:
        """The cells from the one that holds the heading `## title` to the next such heading."""
        cells, inside = [], False
        for cell in self.notebook.cells:
            marks = (
                re.findall(r"^## +(.+?) *$", cell.source, flags=re.MULTILINE)
                if cell.cell_type == "markdown"
                else []
            )
            inside = title in marks if marks else inside
            cells += [cell] if inside else []
        return cells


def without_code(markdown: str) -> str:
    """Markdown without code blocks, code spans and formulas."""
    return re.sub(r"```.*?```|\$\$.*?\$\$|(?<!\})`[^`\n]*`", "", markdown, flags=re.DOTALL)


def is_up_to_date(page: Page) -> Iterator[str]:
    """Every code cell was executed from the present source, in order, and the text is the present text."""
    fresh = convert(page.lesson)
    yield from stale_because(page.lesson, fresh)
    if [cell.source for cell in fresh.cells] != [cell.source for cell in page.notebook.cells]:
        yield "its text is not the present text"
    counts = [cell.execution_count for cell in page.code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"cells ran in the order {counts}"


def shows_the_present_source(page: Page) -> Iterator[str]:
    """What `cm.show_source` printed is in the package, comments included; it is alone in its output."""
    for cell in page.code:
        if "show_source(" in cell.source:
            shown = [
                line.strip() for output in cell.outputs for line in words(output).splitlines() if line.strip()
            ]
            if "\n".join(["", *shown, ""]) not in package_text():
                yield cell.source


@cache
def package_text() -> str:
    return "\n".join(line for path, tree in sources("cmlearn") for line in ["", *shown_lines(path, tree), ""])


def has_clean_outputs(page: Page) -> Iterator[str]:
    """No traceback, nothing on stderr, no widget, nothing that differs between machines."""
    for cell in page.code:
        kinds = {kind for output in cell.outputs for kind in noise(output)}
        yield from (f"{kind} in the output of: {cell.source}" for kind in sorted(kinds))


def noise(output: NotebookNode) -> Iterator[str]:
    if output.output_type == "error" or output.get("name") == "stderr":
        yield "an error or stderr"
    if any("widget" in kind for kind in output.get("data", {})):
        yield "a widget"
    yield from (kind for kind, pattern in NOISE.items() if pattern.search(words(output)))


def words(output: NotebookNode) -> str:
    """The text of an output, without pictures."""
    parts = {"text/plain", "text/html", "text/markdown"}
    return output.get("text", "") + "".join(
        value for kind, value in output.get("data", {}).items() if kind in parts
    )


def is_small(page: Page) -> Iterator[str]:
    """At most 1 MB."""
    size = page.lesson.notebook.stat().st_size
    if size > LARGEST_NOTEBOOK:
        yield f"{size:,} bytes"


def begins_with_setup(page: Page) -> Iterator[str]:
    """The first code cell is the standard one."""
    standard = (page.lesson.root / "book/_static/setup-cell.py").read_text(encoding="utf-8").strip()
    if page.code[0].source.strip() != standard:
        yield f"the first code cell is:\n{page.code[0].source}"


def has_alt_texts(page: Page) -> Iterator[str]:
    """Every picture says in words what it shows."""
    for cell in page.code:
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if any("image/png" in output.get("data", {}) for output in cell.outputs) and len(alt.split()) < 4:
            yield f"alt text {alt!r} of the picture from: {cell.source}"
        tags = re.findall(r"<img\b[^>]*>", "".join(map(words, cell.outputs)))
        yield from (
            f"no alt text: {tag[:80]}" for tag in tags if not re.search(r"""\balt=(["']).+?\1""", tag)
        )
    yield from (f"no alt text: {target}" for alt, target in PICTURE.findall(page.prose) if not alt.strip())


def has_captions(page: Page) -> Iterator[str]:
    """The text after each figure begins with a caption in italics, which says what to see.

    Figures in solutions are collapsed with their cell, and the text after them is the next exercise.
    """
    cells = page.notebook.cells
    for cell, after in zip(cells, [*cells[1:], None], strict=True):
        drawn = cell.cell_type == "code" and any(
            "image/png" in output.get("data", {}) for output in cell.outputs
        )
        caption = after is not None and after.cell_type == "markdown" and CAPTION.match(after.source)
        if drawn and not caption and not cell.source.startswith(SOLUTION):
            yield f"no caption after the figure from: {cell.source}"


def states_its_claims(page: Page) -> Iterator[str]:
    """Each claim is alone in its cell, tagged, a literal sentence said once, and its output has a ✓."""
    claims = [(cell, call) for cell in page.code for call in claim_calls(cell.source)]
    for cell, call in claims:
        if len(parse_cell(cell.source).body) > 1 or not re.match(r"(cm\.)?claim\(", cell.source):
            yield f"not alone in its cell: {cell.source}"
        if not (call.args and isinstance(call.args[0], ast.Constant)):
            yield f"its statement is not a literal string: {cell.source}"
        elif not "".join(map(words, cell.outputs)).startswith(f"✓ {call.args[0].value}"):
            yield f"no ✓ in the output of: {cell.source}"
        if "nbval-check-output" not in cell.metadata.get("tags", []):
            yield f"not tagged nbval-check-output: {cell.source}"
    said = [ast.unparse(call.args[0]) for _, call in claims if call.args]
    yield from (f"claimed twice: {statement}" for statement in set(said) if said.count(statement) > 1)
    yield from [] if claims else ["it claims nothing"]


def has_no_literal_seed(page: Page) -> Iterator[str]:
    """All randomness follows `cm.seed_everything()`, so that other seeds can be tried."""
    for cell in page.code:
        for call in (node for node in ast.walk(parse_cell(cell.source)) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func).split(".")[-1]
            values = [k.value for k in call.keywords if k.arg in {"seed", "random_state"}]
            values += call.args[:1] if name in SEEDERS else []
            if any(isinstance(value, ast.Constant) and isinstance(value.value, int) for value in values):
                yield ast.unparse(call)


def is_plain_markdown(page: Page) -> Iterator[str]:
    """It reads well on GitHub, in Colab and in JupyterLab, which know nothing of MyST."""
    for kind, pattern in NOT_PLAIN.items():
        yield from (f"{kind}: {found.group()!r}" for found in pattern.finditer(page.prose))


def cites_the_bibliography(page: Page) -> Iterator[str]:
    """Links to works, and all links under References, are those of `references.bib`."""
    listed = "\n".join(cell.source for cell in page.section("References") if cell.cell_type == "markdown")
    if not ADDRESS.search(listed):
        yield "the section References has no link"
    works = [
        url
        for url in ADDRESS.findall(page.prose)
        if re.search(r"//(www\.)?(arxiv\.org|(dx\.)?doi\.org)/", url)
    ]
    for url in {*works, *ADDRESS.findall(listed)}:
        if not re.search(rf"{{{re.escape(work_id(url))}}}", page.bibliography, flags=re.IGNORECASE):
            yield url


def work_id(url: str) -> str:
    """The value that the bibliography has for a link: an arXiv number, a DOI, or the address."""
    arxiv = re.search(r"arxiv\.org/(?:abs|pdf)/(.+?)(v\d+)?(\.pdf)?$", url)
    doi = re.search(r"doi\.org/(.+)$", url)
    return arxiv[1] if arxiv else doi[1] if doi else url


def links_to_what_exists(page: Page) -> Iterator[str]:
    """Links to lessons are relative `.ipynb` paths, to prose pages relative `.md` paths, all in the book."""
    here, root = page.lesson.notebook.parent, page.lesson.root
    targets = [*LINK.findall(page.prose), *(target for _, target in PICTURE.findall(page.prose))]
    for target in targets:
        path = target.partition("#")[0]
        if re.match(r"[a-z]+:", target) or not path:
            continue
        found = (here / path).resolve()
        inside = found.is_relative_to(root.resolve())
        name = found.relative_to(root.resolve()).with_suffix("").as_posix() if inside else ""
        if not found.is_file() or (found.suffix in {".ipynb", ".md"} and name not in page.toc):
            yield target


def has_solved_exercises(page: Page) -> Iterator[str]:
    """Three to five exercises, each followed by a solution that runs and starts collapsed everywhere."""
    cells = page.section("Exercises")
    kinds = [kind for cell in cells for kind in exercise_parts(cell)]
    if not 3 <= kinds.count("exercise") <= 5:
        yield f"{kinds.count('exercise')} exercises"
    if kinds != ["exercise", "solution"] * (len(kinds) // 2):
        yield f"exercises and solutions come as {kinds}"
    solutions = [cell for cell in page.code if cell.source.startswith(SOLUTION)]
    yield from (f"not collapsed everywhere: {cell.source}" for cell in solutions if not is_collapsed(cell))


def exercise_parts(cell: NotebookNode) -> list[str]:
    if cell.cell_type == "code":
        return ["solution"] if cell.source.startswith(SOLUTION + "\n") else []
    return ["exercise" for _ in re.findall(r"^(?:### |\*\*\d+\. ?)", cell.source, flags=re.MULTILINE)]


def is_collapsed(cell: NotebookNode) -> bool:
    here = cell.metadata
    hidden = here.get("jupyter", {}).get("source_hidden") is True
    return "hide-cell" in here.get("tags", []) and here.get("cellView") == "form" and hidden


def says_how_long_it_runs(page: Page) -> Iterator[str]:
    """The line under the title, true within a factor of two; never more than two minutes."""
    stated = TIME_LINE.search(page.prose)
    measured = page.notebook.metadata.cmlearn.seconds
    if not stated:
        yield "no line 'Survey x · reads in N min · runs in about N s on one CPU core'"
    elif not measured / 2 <= int(stated[1]) <= measured * 2:
        yield f"it says {stated[1]} s, and took {measured} s"
    if measured > 120:
        yield f"{measured} s are too long"


def has_its_parts_in_order(page: Page) -> Iterator[str]:
    """Title, time, setup, survey check, the lesson itself, exercises, references."""
    titles = [text for level, text in page.headings if level == 1]
    yield from [] if len(titles) == 1 and page.headings[0][0] == 1 else [f"titles: {titles}"]
    seconds = [text for level, text in page.headings if level == 2]
    yield from (
        [] if seconds[-2:] == ["Exercises", "References"] else [f"the last sections are {seconds[-2:]}"]
    )
    for (above, _), (level, text) in zip(page.headings, page.headings[1:], strict=False):
        yield from [f"a level is skipped before: {text}"] if level > above + 1 else []
    yield from opening_faults(page)


def opening_faults(page: Page) -> Iterator[str]:
    source = [cell.source for cell in page.notebook.cells]
    first_code = next(n for n, cell in enumerate(page.notebook.cells) if cell.cell_type == "code")
    if not TIME_LINE.search("\n\n".join(source[:first_code])):
        yield "the time line is not above the setup cell"
    if "> **Survey check.**" not in "\n\n".join(source[first_code + 1 :]):
        yield "no callout '> **Survey check.**' below the setup cell"


RULES: list[Callable[[Page], Iterator[str]]] = [
    is_up_to_date,
    shows_the_present_source,
    has_clean_outputs,
    is_small,
    begins_with_setup,
    has_alt_texts,
    has_captions,
    states_its_claims,
    has_no_literal_seed,
    is_plain_markdown,
    cites_the_bibliography,
    links_to_what_exists,
    has_solved_exercises,
    says_how_long_it_runs,
    has_its_parts_in_order,
]
