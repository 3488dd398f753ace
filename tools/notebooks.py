"""Make `notebooks/**.ipynb` from `book/**.md`, one way: convert, execute, keep.

A notebook is executed only when it is stale: its `metadata.cmlearn.key` covers the lesson's code cells and
their tags, the syntax of the `cmlearn` modules it imported (docstrings apart) and the data files it loaded.
Package `__init__` files are not covered, because they hold nothing but tables of names. When only prose has
changed, the Markdown cells are replaced and the outputs stay.

    python -m tools.notebooks                 every stale lesson
    python -m tools.notebooks works/cca       this lesson, stale or not
    python -m tools.notebooks --check         report what is stale, write nothing
"""

import argparse
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from jupytext.cli import jupytext
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.reader import NotJSONError
from nbformat.v4 import new_code_cell
from nbformat.validator import NotebookValidationError
from traitlets import default

from tools.lessons import ROOT, Lesson, changed_since, changes, code_cells, inputs, lessons

LARGEST_NOTEBOOK = 1_000_000
LONGEST_CELL_S = 600

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",
    "CMLEARN_SEED": "0",
    "CMLEARN_DEVICE": "cpu",
}

# Runs as the last cell: only the kernel knows what the lesson imported and loaded. Its seconds are processor
# time: on one thread, what the lesson takes on a free core, however busy this machine is.
PROBE = """
import json, os, platform, sys
_modules = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "cmlearn"}
_files = _modules.get("cmlearn.data._files")
print(json.dumps({
    "modules": sorted(name for name, module in _modules.items() if not hasattr(module, "__path__")),
    "data": sorted(map(str, _files.loaded_files())) if _files else [],
    "python": platform.python_version(),
    "torch": sys.modules["torch"].__version__ if "torch" in sys.modules else None,
    "cmlearn": _modules["cmlearn"].__version__ if "cmlearn" in _modules else None,
    "device": os.environ["CMLEARN_DEVICE"],
    "threads": int(os.environ["OMP_NUM_THREADS"]),
    "seconds": round(sum(os.times()[:4]), 1),
}))
"""


class LessonError(Exception):
    """A lesson could not be made; the message says which cell and why."""


class OwnKernel(AsyncKernelManager):
    """Starts `python3` as the interpreter that runs this script, whatever kernels the user has installed."""

    @default("kernel_spec_manager")
    def _own_interpreter(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def convert(lesson: Lesson) -> NotebookNode:
    """The lesson's text as a notebook, with the cell ids and outputs that its present notebook has."""
    if not lesson.source.is_file():
        raise LessonError(f"_toc.yml lists it, but there is no book/{lesson.name}.md")
    with TemporaryDirectory() as folder:
        target = Path(folder, "lesson.ipynb")
        if _readable(lesson.notebook):
            shutil.copy(lesson.notebook, target)
        source = str(lesson.source)
        try:
            jupytext(["--quiet", "--from", "md:myst", "--to", "ipynb", "--update", "-o", str(target), source])
        except (ValueError, NotebookValidationError) as error:
            raise LessonError(f"book/{lesson.name}.md can't be read: {error}") from error
        notebook = nbformat.read(target, as_version=4)
    _plain_metadata(notebook)
    return notebook


def _readable(path: Path) -> bool:
    """False for a notebook that is missing or, after a merge conflict, no notebook at all."""
    try:
        nbformat.read(path, as_version=4)
    except (FileNotFoundError, NotJSONError):
        return False
    return True


def _plain_metadata(notebook: NotebookNode) -> None:
    """Leave out what differs between machines, and the pairing by which JupyterLab would write the text."""
    notebook.metadata.pop("jupytext", None)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}


def stale_because(lesson: Lesson, notebook: NotebookNode) -> list[str]:
    """Why the outputs of `convert(lesson)` can't be kept; empty when they can."""
    then = notebook.metadata.get("cmlearn", {})
    if "key" not in then:
        return ["it was never executed"]
    reasons = changes(then, inputs(lesson.root, notebook, then["modules"], then["data"]))
    executed = all(cell.execution_count for cell in code_cells(notebook))
    return reasons or ([] if executed else ["a cell has no execution count"])


def execute(notebook: NotebookNode, root: Path, **environment: str) -> dict[str, Any]:
    """Run every cell in a fresh kernel and an empty folder; return what the probe cell found."""
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("execution", None)
    notebook.cells.append(new_code_cell(PROBE))
    start = time.time()
    with TemporaryDirectory() as folder, TemporaryDirectory() as profile:
        _run(notebook, folder, _environment(root, profile) | environment)
    _plain_metadata(notebook)
    found = json.loads(notebook.cells.pop().outputs[-1].text)
    changed = changed_since(start, root, found["modules"], found["data"])
    if changed:
        raise LessonError(f"{', '.join(changed)} changed while it ran; run it again")
    return found


def _environment(root: Path, profile: str) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    kept_out = {"CMLEARN_CLAIMS_FILE", "MPLBACKEND"}
    inherited = {name: value for name, value in os.environ.items() if name not in kept_out}
    return inherited | ENVIRONMENT | {"PYTHONPATH": path, "IPYTHONDIR": profile}


def _run(notebook: NotebookNode, folder: str, environment: dict[str, str]) -> None:
    client = NotebookClient(
        notebook,
        kernel_manager_class=OwnKernel,
        extra_arguments=["--log-level=ERROR"],
        timeout=LONGEST_CELL_S,
        coalesce_streams=True,
        store_widget_state=False,
        resources={"metadata": {"path": folder}},
    )
    try:
        client.execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise LessonError(_failure(notebook, error)) from None


def _failure(notebook: NotebookNode, error: Exception) -> str:
    """The number and source of the cell that failed, and its traceback."""
    begun = [number for number, cell in enumerate(notebook.cells, start=1) if "execution" in cell.metadata]
    number = begun[-1] if begun else 1
    cell = notebook.cells[number - 1]
    tracebacks = ["\n".join(o.traceback) for o in cell.get("outputs", []) if o.output_type == "error"]
    text = "\n".join([f"cell {number} failed:", "", cell.source, "", *(tracebacks or [str(error)])])
    return text if sys.stderr.isatty() else re.sub(r"\x1b\[[\d;]*m", "", text)


def save(lesson: Lesson, notebook: NotebookNode) -> None:
    """Write the notebook whole or not at all."""
    text = nbformat.writes(notebook) + "\n"
    size = len(text.encode())
    if size > LARGEST_NOTEBOOK:
        raise LessonError(
            f"the notebook has {size:,} bytes, at most {LARGEST_NOTEBOOK:,} are allowed: {_largest(notebook)}"
        )
    lesson.notebook.parent.mkdir(parents=True, exist_ok=True)
    draft = lesson.notebook.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(lesson.notebook)


def _largest(notebook: NotebookNode) -> str:
    sizes = {number: len(json.dumps(cell)) for number, cell in enumerate(notebook.cells, start=1)}
    return ", ".join(f"cell {n} has {sizes[n]:,}" for n in sorted(sizes, key=sizes.__getitem__)[-3:][::-1])


def remake(lesson: Lesson, notebook: NotebookNode) -> float:
    """Execute the notebook, note in it what its outputs depend on, and save it; return the seconds."""
    notebook.metadata.pop("cmlearn", None)
    found = execute(notebook, lesson.root)
    depends = inputs(lesson.root, notebook, found["modules"], found["data"])
    notebook.metadata["cmlearn"] = found | depends | {"executed": f"{datetime.now(UTC):%Y-%m-%d}"}
    save(lesson, notebook)
    return found["seconds"]


def refresh(lesson: Lesson, always: bool = False, dry: bool = False) -> bool:
    """Bring one notebook up to date (if `dry`, only say what is amiss); return whether it already was."""
    notebook = convert(lesson)
    reasons = stale_because(lesson, notebook)
    if reasons or always:
        why = f"stale because {', '.join(reasons)}" if reasons else "asked for"
        print(f"{lesson.name}: {why}", end="\n" if dry else "; ", flush=True)
        if not dry:
            print(f"executed in {remake(lesson, notebook):.1f} s", flush=True)
        return False
    if nbformat.writes(notebook) + "\n" == lesson.notebook.read_text(encoding="utf-8"):
        return True
    print(f"{lesson.name}: only its prose changed" + ("" if dry else "; rendered, outputs kept"), flush=True)
    if not dry:
        save(lesson, notebook)
    return False


def choose(names: Sequence[str], root: Path = ROOT) -> list[Lesson]:
    """The lessons of these names, or all."""
    listed = {lesson.name: lesson for lesson in lessons(root)}
    unknown = set(names) - listed.keys()
    if unknown:
        raise LessonError(f"{', '.join(sorted(unknown))}: not in _toc.yml, which lists {', '.join(listed)}")
    return [listed[name] for name in names or listed]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Make the notebooks from the text of the lessons.")
    parser.add_argument(
        "lesson", nargs="*", help="such as works/cca: made whether stale or not (default: every stale one)"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a notebook is not up to date"
    )
    options = parser.parse_args(arguments)
    fresh, name = True, ""
    try:
        for lesson in choose(options.lesson, root):
            name = lesson.name
            fresh &= refresh(lesson, always=bool(options.lesson) and not options.check, dry=options.check)
    except LessonError as error:
        print(f"\n{name}: {error}" if name else error, file=sys.stderr)
        return 1
    return 1 if options.check and not fresh else 0


if __name__ == "__main__":
    sys.exit(main())
