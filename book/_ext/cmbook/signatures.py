"""Signatures as the source writes them: `Float[Tensor, "batch dim"]`, with quotes and short names."""

import ast
from functools import lru_cache
from pathlib import Path

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@lru_cache
def definitions(path):
    """Functions and methods of a file by their dotted name in it; of overloads, the last."""
    found = {}
    collect(ast.parse(Path(path).read_text(encoding="utf-8")), "", found)
    return found


def collect(node, prefix, found):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.ClassDef, *FUNCTIONS)):
            found[prefix + child.name] = child
        if isinstance(child, ast.ClassDef):
            collect(child, f"{prefix}{child.name}.", found)


def locate(objects, name):
    """The file that defines a dotted name, and the rest of the name in it."""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        module = objects.get(".".join(parts[:cut]))
        if module is not None and module.type in ("module", "package"):
            return module.obj["file_path"], ".".join(parts[cut:])
    raise KeyError(name)


def written(app, what, name, obj, options, signature, returns):
    """Sphinx's event: answer with the signature in the source, where there is a function to take it from."""
    path, inner = locate(app.env.autoapi_all_objects, name)
    found = definitions(path)
    is_class = isinstance(found.get(inner), ast.ClassDef)
    function = found.get(f"{inner}.__init__" if is_class else inner)
    if not isinstance(function, FUNCTIONS):
        return None
    is_method = is_class or isinstance(found.get(inner.rpartition(".")[0]), ast.ClassDef)
    return arguments(function, is_method), ast.unparse(
        function.returns
    ) if function.returns and not is_class else None


def arguments(function, is_method):
    """The argument list, without `self` or `cls`."""
    drop = is_method and not any(ast.unparse(d) == "staticmethod" for d in function.decorator_list)
    spec = ast.parse(ast.unparse(function)).body[0].args
    positional = spec.posonlyargs or spec.args
    if drop and positional:
        del positional[0]
    return f"({ast.unparse(spec)})"


def setup(app):
    app.connect("autodoc-process-signature", written)
