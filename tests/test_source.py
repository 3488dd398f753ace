"""Source without docstrings: it must still be the same program."""

import ast
import functools
import inspect
from collections.abc import Callable

import pytest
import torch

import cmlearn as cm
from cmlearn import claims, train


class Shown:
    """Words."""

    width = 3  # a comment stays

    def add(self, x: int) -> int:
        """More words.

        On several lines.
        """
        # this stays
        return x + self.width

    def nothing(self) -> None:
        """Only words."""

    class Inner:
        """Only words, too."""


ADD = """def add(self, x: int) -> int:
    # this stays
    return x + self.width
"""

SHOWN = """class Shown:
    width = 3  # a comment stays

    def add(self, x: int) -> int:
        # this stays
        return x + self.width

    def nothing(self) -> None:
        ...

    class Inner:
        ...
"""


def test_a_method_is_printed_at_the_margin(capsys: pytest.CaptureFixture[str]) -> None:
    cm.show_source(Shown.add)
    assert capsys.readouterr().out == ADD
    cm.show_source(Shown().add)
    assert capsys.readouterr().out == ADD


def test_a_class_keeps_its_layout_and_loses_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    cm.show_source(Shown)
    assert capsys.readouterr().out == SHOWN


def test_a_wrapped_function_is_shown_itself(capsys: pytest.CaptureFixture[str]) -> None:
    cm.show_source(functools.wraps(Shown.add)(lambda *arguments: None))
    assert capsys.readouterr().out == ADD


@pytest.mark.parametrize("thing", [train.fit, train.DictDataset, train._TrainStep, claims.claim])
def test_the_program_is_unchanged(thing: Callable[..., object], capsys: pytest.CaptureFixture[str]) -> None:
    cm.show_source(thing)
    shown = ast.parse(capsys.readouterr().out)
    source = ast.parse(inspect.getsource(inspect.unwrap(thing)))
    for node in ast.walk(source):
        documented = isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
        if documented:
            node.body = node.body[1:]
    assert ast.dump(shown) == ast.dump(source)


@pytest.mark.errors
@pytest.mark.parametrize("thing", [3, "fit", len, torch.sin, Shown.width])
def test_things_without_python_source_are_named(thing: object) -> None:
    with pytest.raises(TypeError, match="`thing`: expected a Python function, method or class, got"):
        cm.show_source(thing)


@pytest.mark.errors
def test_code_that_was_never_in_a_file_is_named() -> None:
    space: dict[str, Callable[[], None]] = {}
    exec("def typed(): pass", space)
    with pytest.raises(
        ValueError, match="`thing`: expected one with its source at hand, got <function typed"
    ):
        cm.show_source(space["typed"])
