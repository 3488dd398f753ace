import nbformat.v4 as nbf
import pytest

from tools import lessons


def test_reading_order_of_nested_entries(book):
    assert lessons.toc_files(book) == [
        "index",
        "book/start/how-to-use",
        "notebooks/start/first",
        "notebooks/works/second",
    ]
    assert [lesson.name for lesson in lessons.lessons(book)] == ["start/first", "works/second"]


SAMPLE = '''"""Doc."""
import os as o


class A(dict):
    """Doc."""

    def f(self, x: int = 3, *, y=None, **k) -> str:
        """Doc."""
        if x is None or not k:
            return f"{x!r:>{y}} {{}} {'a'}" "b" f"{y=}"
        return lambda z: (yield z[1:2, ...])
'''


def digest(tmp_path, text):
    (tmp_path / "m.py").write_text(text, encoding="utf-8")
    return lessons._module_digest(tmp_path, "m")


def test_digest_of_code_is_the_same_in_every_python_version(tmp_path):
    assert digest(tmp_path, SAMPLE) == "1df4e70de6a32a60"


def test_digest_ignores_docstrings_comments_and_layout(tmp_path):
    other = SAMPLE.replace('"""Doc."""', '"""Other words."""').replace(
        "import os as o", "import os as o  # why"
    )
    assert digest(tmp_path, other.replace("x: int = 3,", "x: int=3,")) == digest(tmp_path, SAMPLE)


@pytest.mark.parametrize(
    ("old", "new"), [("3", "4"), ("is None", "is not None"), ("!r", "!s"), ("(dict)", "")]
)
def test_digest_sees_every_change_of_code(tmp_path, old, new):
    assert digest(tmp_path, SAMPLE.replace(old, new)) != digest(tmp_path, SAMPLE)


def test_a_string_that_is_not_a_docstring_counts(tmp_path):
    assert digest(tmp_path, "x = 1\n'a'\n") != digest(tmp_path, "x = 1\n'b'\n")


def test_statements_of_claims():
    cells = [
        "%matplotlib inline\n!ls\nx = 1",
        'cm.claim("A is "\n  "B", x > 0, x=x)',
        'claim("C", True)',
        "claims(1)",
    ]
    notebook = nbf.new_notebook(cells=[nbf.new_markdown_cell("cm.claim(1)"), *map(nbf.new_code_cell, cells)])
    assert lessons.statements(notebook) == ["A is B", "C"]
