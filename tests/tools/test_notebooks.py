import sys

import nbformat
import nbformat.v4 as nbf
import pytest

from tests.tools.tiny_book import replace
from tools import notebooks
from tools.lessons import Lesson


def read(book, name="start/first"):
    return nbformat.read(Lesson(book, name).notebook, as_version=4)


def said(capsys):
    return capsys.readouterr().out.strip()


def test_executes_in_a_fresh_kernel_of_this_python(book):
    first, second = (cell for cell in read(book).cells if cell.cell_type == "code")
    assert (first.execution_count, second.execution_count) == (1, 2)
    assert first.outputs[0].text == "42\n"
    assert second.outputs[0].text.splitlines() == [sys.executable, "1 0 cpu", "[]"]
    assert first.metadata.tags == ["hide-input"]
    assert second.metadata.mystnb.image.alt == "a picture"


def test_notes_what_the_outputs_depend_on(book):
    record = read(book).metadata.cmlearn
    assert list(record.modules) == ["cmlearn.data._files", "cmlearn.toy"]
    assert list(record.data) == ["numbers.txt"]
    assert (record.cmlearn, record.device, record.threads, record.torch) == ("1.2", "cpu", 1, None)
    assert 0 <= record.seconds < 60
    assert len(record.executed) == len("2026-01-01")


def test_metadata_is_the_same_on_every_machine(book):
    metadata = read(book).metadata
    assert metadata.kernelspec == {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert metadata.language_info == {"name": "python", "pygments_lexer": "ipython3"}
    assert set(metadata) == {"kernelspec", "language_info", "cmlearn"}


def test_nothing_to_do_when_nothing_changed(book, capsys):
    before = Lesson(book, "start/first").notebook.read_bytes()
    assert notebooks.main(["--check"], book) == 0
    assert notebooks.main([], book) == 0
    assert said(capsys) == ""
    assert Lesson(book, "start/first").notebook.read_bytes() == before


def test_prose_is_rendered_and_outputs_stay(book, capsys):
    before = read(book)
    replace(book / "book/start/first.md", "A sentence.", "A better sentence.")
    replace(book / "book/start/first.md", "alt: a picture", "alt: a good picture")
    assert notebooks.main(["--check"], book) == 1
    assert notebooks.main([], book) == 0
    assert said(capsys).splitlines() == [
        "start/first: only its prose changed",
        "start/first: only its prose changed; rendered, outputs kept",
    ]
    after = read(book)
    assert "A better sentence." in after.cells[0].source
    assert after.cells[3].metadata.mystnb.image.alt == "a good picture"
    after.cells[0].source = before.cells[0].source
    after.cells[3].metadata.mystnb = before.cells[3].metadata.mystnb
    assert after == before


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("book/start/first.md", "double(21)", "double(22)", "its code cells changed"),
        ("book/start/first.md", "[hide-input]", "[hide-cell]", "its code cells changed"),
        ("cmlearn/toy.py", "2 * x", "x + x", "cmlearn.toy changed"),
        ("cmlearn/data/files/numbers.txt", "3", "4", "numbers.txt changed"),
        (
            "notebooks/start/first.ipynb",
            '"execution_count": 2',
            '"execution_count": null',
            "a cell has no execution count",
        ),
        ("notebooks/start/first.ipynb", '"cells": [', "<<<<<<< HEAD", "it was never executed"),
    ],
)
def test_stale(book, capsys, file, old, new, reason):
    replace(book / file, old, new)
    assert notebooks.main(["--check"], book) == 1
    assert said(capsys) == f"start/first: stale because {reason}"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("cmlearn/toy.py", "Twice", "Two times"),
        ("cmlearn/__init__.py", "1.2", "1.3"),
        ("book/start/first.md", "Another sentence.\n", "Another sentence.\n\n"),
    ],
)
def test_not_stale(book, file, old, new):
    replace(book / file, old, new)
    assert notebooks.main(["--check"], book) == 0


def test_a_named_lesson_is_always_executed_and_alone(book, capsys):
    replace(book / "book/start/first.md", "double(21)", "double(22)")
    assert notebooks.main(["works/second"], book) == 0
    assert said(capsys).startswith("works/second: asked for; executed in ")
    assert notebooks.main(["works/second", "--check"], book) == 0


def test_a_failing_cell_stops_everything_and_leaves_the_notebook(book, capsys):
    replace(book / "book/start/first.md", "print(os.listdir())", "print('before')\nprint(1 / 0)")
    replace(book / "book/works/second.md", "hello", "hallo")
    before = sorted((path, path.read_bytes()) for path in book.glob("notebooks/**/*") if path.is_file())
    assert notebooks.main([], book) == 1
    message = capsys.readouterr().err
    assert "start/first: cell 4 failed:" in message
    assert "print(1 / 0)\n" in message
    assert "ZeroDivisionError: division by zero" in message
    assert (
        sorted((path, path.read_bytes()) for path in book.glob("notebooks/**/*") if path.is_file()) == before
    )


def test_a_module_that_changes_under_a_running_lesson_is_noticed(book, capsys):
    here = (book / "cmlearn/toy.py").as_posix()
    replace(book / "book/start/first.md", "print(os.listdir())", f"os.utime({here!r}, (4e9, 4e9))")
    assert notebooks.main([], book) == 1
    assert "start/first: cmlearn.toy changed while it ran; run it again" in capsys.readouterr().err


def test_a_kernel_that_dies_is_a_failing_cell(book, capsys):
    replace(book / "book/works/second.md", 'print("again")', "import os; os._exit(1)")
    assert notebooks.main([], book) == 1
    message = capsys.readouterr().err
    assert "works/second: cell 2 failed:" in message
    assert "Kernel died" in message


def test_a_notebook_that_is_too_large_is_not_written(book):
    lesson = Lesson(book, "works/second")
    before = lesson.notebook.read_bytes()
    big = nbf.new_code_cell("x", outputs=[nbf.new_output("stream", text="a" * notebooks.LARGEST_NOTEBOOK)])
    with pytest.raises(notebooks.LessonError, match=r"at most 1,000,000 are allowed: cell 2 has 1,000,"):
        notebooks.save(lesson, nbf.new_notebook(cells=[nbf.new_markdown_cell("x"), big]))
    assert lesson.notebook.read_bytes() == before


def test_mistakes_in_names_and_text_are_named(book, capsys):
    assert notebooks.main(["works/secnd"], book) == 1
    assert "works/secnd: not in _toc.yml, which lists start/first, works/second" in capsys.readouterr().err
    replace(book / "book/start/first.md", "  display_name: Python 3\n", "")
    assert notebooks.main(["start/first"], book) == 1
    assert "start/first: book/start/first.md can't be read: 'display_name'" in capsys.readouterr().err
    (book / "book/start/first.md").unlink()
    assert notebooks.main([], book) == 1
    assert "there is no book/start/first.md" in capsys.readouterr().err
