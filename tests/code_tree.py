"""The source files of the package as syntax trees: what is public, documented, typed, and how long it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.lessons import ROOT

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(folder: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file below a folder of the repository."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


def is_overload(node: Function | ast.ClassDef) -> bool:
    return any(ast.unparse(decorator).endswith("overload") for decorator in node.decorator_list)


def public_names() -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Dotted names of the public functions and classes in the public modules of the package."""
    for path, tree in sources("cmlearn"):
        for node in tree.body:
            if isinstance(node, Function | ast.ClassDef) and not is_overload(node):
                name = f"{dotted(path)}.{node.name}"
                yield from [(name, node)] if is_public(name) else []


def public_callables() -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """The public names, and the public methods of the classes among them."""
    for name, node in public_names():
        yield name, node
        members = node.body if isinstance(node, ast.ClassDef) else []
        methods = (member for member in members if isinstance(member, Function))
        yield from ((f"{name}.{method.name}", method) for method in methods if is_public(method.name))


def lazy_names() -> Iterator[tuple[str, str]]:
    """Names that the packages offer on first use, each with the module that defines it."""
    for path, tree in sources("cmlearn"):
        if path.name == "__init__.py":
            for name, module in _table(tree).items():
                yield name, f"{dotted(path)}.{module}"


def _table(tree: ast.Module) -> dict[str, str]:
    tables = (
        node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "_NAMES"
    )
    return next((ast.literal_eval(table) for table in tables), {})


def untyped(node: Function) -> list[str]:
    """Parameters without an annotation, and `return` where that is missing."""
    arguments = node.args
    named = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    bare = [a.arg for a in named if a is not None and a.annotation is None and a.arg not in {"self", "cls"}]
    return bare + ([] if node.returns else ["return"])


def body_lines(node: Function) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def shown_lines(path: Path, tree: ast.Module) -> list[str]:
    """What `cm.show_source` can show of a file: its lines without docstrings, empty lines and indentation."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            first, last = node.body[0].lineno - 1, node.body[0].end_lineno
            lines[first:last] = [""] * (last - first)
    return [line.strip() for line in lines if line.strip()]


def exported(tree: ast.Module) -> set[str] | None:
    """The names in a module's `__all__`, or None where it has none that is written out."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value)) if isinstance(node.value, ast.List) else None
    return None
