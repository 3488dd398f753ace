"""What holds for the repository as a whole: one address, one version, ranges and pins, safe short code."""

import ast
import re
import subprocess
import tomllib
from statistics import median, quantiles

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import cmlearn
from tests.code_tree import (
    Function,
    body_lines,
    dotted,
    exported,
    is_public,
    public_callables,
    sources,
    untyped,
)
from tools.lessons import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUP_CELL = (ROOT / "book/_static/setup-cell.py").read_text(encoding="utf-8")
MEGABYTE = 1_000_000
CODE = ["cmlearn", "tools", "book/_ext", "benchmarks"]


def read_yaml(name: str) -> dict:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def requirements(*extras: str) -> list[Requirement]:
    """What the package needs, with some extras."""
    optional = PROJECT["project"]["optional-dependencies"]
    lines = PROJECT["project"]["dependencies"] + [line for extra in extras for line in optional[extra]]
    return [Requirement(line) for line in lines]


def committed() -> list[str]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def test_one_address():
    address = PROJECT["project"]["urls"]["Repository"]
    assert read_yaml("_config.yml")["repository"]["url"] == address
    assert read_yaml("CITATION.cff")["repository-code"] == address
    assert f'"cmlearn[lessons] @ git+{address}"' in SETUP_CELL


def test_one_version():
    assert PROJECT["project"]["version"] == cmlearn.__version__
    assert str(read_yaml("CITATION.cff")["version"]) == cmlearn.__version__
    assert cmlearn.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_readers_get_ranges():
    optional = PROJECT["project"]["optional-dependencies"]
    exact = [str(r) for r in requirements(*optional) if any(s.operator in {"==", "==="} for s in r.specifier)]
    assert exact == []


def test_ci_gets_exact_versions_within_the_ranges():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    versions = {canonicalize_name(name): Version(version) for name, version in pins.items()}
    for requirement in requirements("lessons", "book", "test"):
        version = versions.get(canonicalize_name(requirement.name))
        assert version in requirement.specifier if version else False, requirement


def test_conda_gets_the_same_ranges():
    names = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
    listed = [line for line in read_yaml("environment.yml")["dependencies"] if isinstance(line, str)]
    wanted = [f"{names.get(r.name, r.name)}{r.specifier}" for r in requirements()]
    assert [line for line in wanted if line not in listed] == []
    assert [line for line in listed if re.search(r"(?<![<>!])=", line)] == []


MACHINE = re.compile(r"(?<![\w.~-])/(work|tmp|root|home|Users)/[\w.]")


@pytest.mark.parametrize("folder", ["book", "notebooks", "cmlearn", "tools", "benchmarks"])
def test_no_path_of_one_machine(folder):
    for name in committed():
        if name.startswith(f"{folder}/") and name.endswith((".md", ".py", ".ipynb", ".bib", ".yml", ".txt")):
            assert not MACHINE.search((ROOT / name).read_text(encoding="utf-8")), name


def calls(folder: str) -> list[tuple[str, ast.Call]]:
    trees = sources(folder)
    return [(f"{path}:{n.lineno}", n) for path, t in trees for n in ast.walk(t) if isinstance(n, ast.Call)]


@pytest.mark.parametrize("folder", CODE)
def test_nothing_reads_pickles_or_runs_text(folder):
    for place, call in calls(folder):
        name, options = ast.unparse(call.func), {k.arg: ast.unparse(k.value) for k in call.keywords}
        assert name not in {"eval", "exec", "compile"}, place
        assert options.get("weights_only", "True") == "True", place
        assert options.get("allow_pickle", "False") == "False", place
        assert name != "torch.load" or "weights_only" in options, place
        assert name not in {"np.load", "numpy.load"} or "allow_pickle" in options, place


# The source of this data set is a pickled array; its reader admits arrays and plain values only.
RESTRICTED_UNPICKLERS = {"tools/build_data/watch.py"}


@pytest.mark.parametrize("folder", CODE)
def test_nothing_imports_pickle(folder):
    banned = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    for path, tree in sources(folder):
        for node in ast.walk(tree) if path.as_posix() not in RESTRICTED_UNPICKLERS else []:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not banned & {name.partition(".")[0] for name in names}, path


def test_functions_are_short():
    lengths = [
        body_lines(n) for _, tree in sources("cmlearn") for n in ast.walk(tree) if isinstance(n, Function)
    ]
    assert median(lengths) <= 12
    assert quantiles(lengths, n=20)[-1] <= 35


def test_all_public_names_are_documented():
    assert [name for name, node in public_callables() if not ast.get_docstring(node)] == []


def test_all_public_functions_are_typed():
    functions = [(name, node) for name, node in public_callables() if isinstance(node, Function)]
    assert [f"{name}: {', '.join(untyped(node))}" for name, node in functions if untyped(node)] == []


def test_every_public_function_and_class_is_exported():
    """The API pages list `__all__`."""
    for path, tree in sources("cmlearn"):
        defined = {n.name for n in tree.body if isinstance(n, Function | ast.ClassDef) and is_public(n.name)}
        if is_public(dotted(path)) and path.name != "__init__.py":
            assert defined - (exported(tree) or defined) == set(), path


def test_packages_are_tables_of_names():
    """`tools/notebooks.py` leaves `__init__` files out of a notebook's key; nothing may be computed there."""
    for path, tree in sources("cmlearn"):
        if path.name == "__init__.py":
            defined = {node.name for node in tree.body if isinstance(node, Function | ast.ClassDef)}
            assert defined <= {"__getattr__", "__dir__"}, path


def test_sizes():
    data = sum(path.stat().st_size for path in (ROOT / "cmlearn/data/files").rglob("*") if path.is_file())
    assert data <= 16 * MEGABYTE
    assert sum((ROOT / name).stat().st_size for name in committed()) <= 100 * MEGABYTE
