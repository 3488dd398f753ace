"""What a lesson is: its place in the table of contents, its text, its notebook, and what that depends on."""

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import yaml
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
DATA_FILES = "cmlearn/data/files"


@dataclass(frozen=True)
class Lesson:
    """A text notebook `book/<name>.md` and the executed notebook `notebooks/<name>.ipynb` made from it."""

    root: Path
    name: str

    @property
    def source(self) -> Path:
        """The text that a person writes."""
        return self.root / "book" / f"{self.name}.md"

    @property
    def notebook(self) -> Path:
        """The notebook that is generated and never edited."""
        return self.root / "notebooks" / f"{self.name}.ipynb"

    def read(self) -> NotebookNode:
        """The text as a notebook without outputs."""
        return jupytext.read(self.source, fmt="md:myst")


def toc_files(root: Path = ROOT) -> list[str]:
    """Every file that `_toc.yml` names, in reading order, without `.md` or `.ipynb`."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [re.sub(r"\.(md|ipynb)$", "", name) for name in _toc_names(toc)]


def _toc_names(node: Any) -> Iterator[str]:
    for item in node if isinstance(node, list) else [node]:
        yield from (item[key] for key in ("root", "file") if key in item)
        for children in item.values():
            if isinstance(children, list):
                yield from _toc_names(children)


def lessons(root: Path = ROOT) -> list[Lesson]:
    """The lessons of the book, in reading order."""
    names = (name.removeprefix("notebooks/") for name in toc_files(root) if name.startswith("notebooks/"))
    return [Lesson(root, name) for name in names]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def inputs(root: Path, notebook: NotebookNode, modules: Iterable[str], data: Iterable[str]) -> dict[str, Any]:
    """Digests of all that a notebook's outputs depend on, and the one `key` made from them."""
    found = {
        "cells": _digest(
            [[cell.source, sorted(cell.metadata.get("tags", []))] for cell in code_cells(notebook)]
        ),
        "modules": {name: _module_digest(root, name) for name in modules},
        "data": {name: _file_digest(root / DATA_FILES / name) for name in data},
    }
    return found | {"key": _digest(found)}


def changed_since(start: float, root: Path, modules: Iterable[str], data: Iterable[str]) -> list[str]:
    """The modules and data files that were written after a time."""
    files = {name: _module_file(root, name) for name in modules}
    files |= {name: root / DATA_FILES / name for name in data}
    return [name for name, file in files.items() if file.stat().st_mtime > start]


def changes(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs between two results of `inputs` over the same modules and data, in words."""
    changed = ["its code cells changed"] if now["cells"] != then["cells"] else []
    for kind in ("modules", "data"):
        changed += [f"{name} changed" for name in now[kind] if now[kind][name] != then[kind][name]]
    return changed or (["its key does not match"] if now["key"] != then["key"] else [])


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else "missing"


def _module_file(root: Path, name: str) -> Path:
    return root.joinpath(*name.split(".")).with_suffix(".py")


def _module_digest(root: Path, name: str) -> str:
    path = _module_file(root, name)
    if not path.is_file():
        return "missing"
    return _digest(_syntax(ast.parse(path.read_text(encoding="utf-8"))))


def _syntax(node: Any) -> Any:
    """The syntax tree as plain lists, without docstrings, positions and empty fields.

    `ast.dump` and `ast.unparse` write the same tree differently in different Python versions; this does not.
    """
    if isinstance(node, list):
        return [_syntax(item) for item in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: value for name, value in ast.iter_fields(node) if value not in (None, [])}
    if _has_docstring(node):
        fields["body"] = fields["body"][1:]
    return [type(node).__name__, {name: _syntax(value) for name, value in fields.items()}]


def _has_docstring(node: ast.AST) -> bool:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None


def parse_cell(source: str) -> ast.Module:
    """The syntax tree of a code cell, whose `%magic` and `!shell` lines count as `pass`."""
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE))


def claim_calls(source: str) -> list[ast.Call]:
    """The calls of `claim` (or `cm.claim`) in a code cell."""
    calls = [node for node in ast.walk(parse_cell(source)) if isinstance(node, ast.Call)]
    return [call for call in calls if ast.unparse(call.func).split(".")[-1] == "claim"]


def statements(notebook: NotebookNode) -> list[str]:
    """The statements that a lesson claims, as written in its code."""
    arguments = (call.args[0] for cell in code_cells(notebook) for call in claim_calls(cell.source))
    return [ast.literal_eval(argument) for argument in arguments]
