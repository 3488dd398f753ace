"""The book's own promises. A lesson joins by being listed in `_toc.yml`."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.code_tree import is_public, lazy_names, public_names
from tests.lesson_rules import LINK, PICTURE, RULES, Page, without_code
from tools.lessons import ROOT, Lesson, lessons, toc_files

TOC = toc_files()
LESSONS = lessons()
PROSE = [ROOT / f"{name}.md" for name in TOC if not name.startswith("notebooks/")]
HTML = ROOT / "_build" / "html"

# Pages that are no chapters: the server shows the first for an unknown address.
OUTSIDE_TOC = {"book/404"}


@cache
def config() -> dict:
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


@cache
def page(lesson: Lesson) -> Page:
    bibliography = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    return Page(lesson, frozenset(TOC), bibliography)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_lesson(rule, lesson):
    assert lesson.notebook.is_file(), f"not made yet: make lesson LESSON={lesson.name}"
    amiss = list(rule(page(lesson)))
    assert not amiss, f"{lesson.name} breaks: {rule.__doc__}\n" + "\n".join(amiss)


def test_every_entry_of_the_toc_exists():
    files = [f"{name}.ipynb" if name.startswith("notebooks/") else f"{name}.md" for name in TOC]
    assert [file for file in files if not (ROOT / file).is_file()] == []
    assert len(set(TOC)) == len(TOC)


def test_every_text_is_in_the_toc():
    texts = {path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.glob("book/*/**/*.md")}
    written = {name for name in texts if not name.startswith("book/_")}
    listed = {f"book/{lesson.name}" for lesson in LESSONS} | {
        name for name in TOC if name.startswith("book/")
    }
    assert written - OUTSIDE_TOC == listed


def test_a_text_with_code_is_listed_as_a_lesson():
    assert [
        path for path in PROSE if re.search(r"^```\{code-cell\}", path.read_text(encoding="utf-8"), re.M)
    ] == []


def test_notebooks_holds_lessons_only():
    files = {
        path
        for path in (ROOT / "notebooks").rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }
    assert files == {lesson.notebook for lesson in LESSONS}


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_prose_links_to_what_exists(path: Path):
    text = without_code(path.read_text(encoding="utf-8"))
    targets = [*LINK.findall(text), *(target for _, target in PICTURE.findall(text))]
    relative = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:", target)]
    base = {"/": ROOT}
    missing = [t for t in relative if t and not (base.get(t[0], path.parent) / t.lstrip("/")).is_file()]
    assert missing == []


def test_the_colab_button_opens_the_lesson():
    """The theme joins Colab's address, the repository, the branch and the notebook's path in the book."""
    assert config()["launch_buttons"]["colab_url"] == "https://colab.research.google.com"
    assert config()["repository"]["branch"] == "main"
    assert config()["repository"].get("path_to_book", "") == ""


def test_colab_links_name_files_that_exist():
    here = config()["repository"]["url"].removeprefix("https://github.com/")
    pattern = rf"https://colab\.research\.google\.com/github/{re.escape(here)}/blob/main/([^\s)\"#]+)"
    for path in [
        ROOT / "README.md",
        *PROSE,
        *(lesson.source for lesson in LESSONS),
        *HTML.glob("notebooks/**/*.html"),
    ]:
        text = path.read_text(encoding="utf-8")
        paths = re.findall(pattern, text)
        assert len(paths) == text.count("colab.research.google.com/github/"), (
            f"a link to another repository in {path}"
        )
        assert [p for p in paths if not (ROOT / p).is_file()] == []


def api_modules() -> list[str]:
    """What the API pages ask for, with all that lies below it."""
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob("book/appendix/**/*.md")]
    return [
        name
        for text in texts
        for block in re.findall(r"```\{api\}\n(.*?)```", text, re.S)
        for name in block.split()
    ]


def test_every_public_name_has_an_api_page():
    asked = api_modules()
    assert [n for n, _ in public_names() if not any(n.startswith(f"{module}.") for module in asked)] == []


def test_every_name_that_a_package_offers_is_defined_in_a_public_module():
    """The API pages show a name where it is defined."""
    assert [f"{name} of {module}" for name, module in lazy_names() if not is_public(f"{module}.{name}")] == []


@pytest.mark.skipif(not HTML.is_dir(), reason="the book is not built: make book")
def test_every_public_name_is_in_the_built_book():
    pages = "".join(path.read_text(encoding="utf-8") for path in HTML.glob("book/appendix/**/*.html"))
    assert [name for name, _ in public_names() if f'id="{name}"' not in pages] == []
