"""The tiny book, executed once for all tests of the tools."""

import shutil
from pathlib import Path

import pytest

from tests.tools import tiny_book
from tests.tools.tiny_book import write
from tools import notebooks
from tools.lessons import ROOT


@pytest.fixture(scope="session")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("book")
    write(root / "_toc.yml", tiny_book.TOC)
    write(root / "book/start/first.md", tiny_book.HEADER + tiny_book.FIRST)
    write(root / "book/works/second.md", tiny_book.HEADER + tiny_book.SECOND)
    write(root / "cmlearn/__init__.py", '__version__ = "1.2"')
    write(root / "cmlearn/toy.py", tiny_book.TOY)
    write(root / "cmlearn/data/__init__.py", "")
    write(root / "cmlearn/data/_files.py", tiny_book.FILES)
    write(root / "cmlearn/data/files/numbers.txt", "1 2 3")
    assert notebooks.main([], root) == 0
    return root


@pytest.fixture
def book(executed: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return shutil.copytree(executed, tmp_path / "book")


@pytest.fixture
def claiming(tmp_path: Path) -> Path:
    """A book whose package has the real `claim`, and no lessons yet."""
    for name in ("__init__.py", "_lazy.py", "_validate.py", "claims.py"):
        write(tmp_path / "cmlearn" / name, (ROOT / "cmlearn" / name).read_text(encoding="utf-8"))
    return tmp_path
