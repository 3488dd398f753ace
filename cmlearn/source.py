"""Show code from the package itself, so that what is read is what is tested."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

__all__ = ["show_source"]

_Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def show_source(thing: Callable[..., Any]) -> None:
    """Print the source of a function, method or class, without its docstrings.

    Args:
        thing: what to show, such as `cm.fit` or `DualEncoder.forward`.

    Raises:
        TypeError: if it is something else, or written in another language than Python.
        ValueError: if its source is not at hand, as for code typed into the interpreter.

    Example:
        >>> show_source(show_source)
        def show_source(thing: Callable[..., Any]) -> None:
            print(_without_docstrings(_source(inspect.unwrap(thing))))
    """
    print(_without_docstrings(_source(inspect.unwrap(thing))))


def _source(thing: Any) -> str:
    try:
        return textwrap.dedent(inspect.getsource(thing)).strip()
    except TypeError as error:
        expected = "a Python function, method or class"
        raise TypeError(f"`thing`: expected {expected}, got {type(thing).__name__} {thing!r:.60}") from error
    except OSError as error:
        raise ValueError(f"`thing`: expected one with its source at hand, got {thing!r:.60}") from error


def _without_docstrings(source: str) -> str:
    """The source with the lines of every docstring cut out; comments and layout stay."""
    lines: list[str | None] = [*source.splitlines()]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _Documented) and ast.get_docstring(node, clean=False) is not None:
            _cut(node, lines)
    return "\n".join(line for line in lines if line is not None).strip()


def _cut(node: Any, lines: list[str | None]) -> None:
    """Take out a docstring and the empty line behind it; `...` stays where there is nothing else."""
    docstring = node.body[0]
    first, after = docstring.lineno - 1, docstring.end_lineno
    alone = len(node.body) == 1
    if not alone and lines[after] == "":
        after += 1
    lines[first:after] = [None] * (after - first)
    if alone:
        lines[first] = " " * docstring.col_offset + "..."
