"""The shared timing helper, and that every benchmark can be run by name."""

import time
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks._timing import compare

MODULES = [path.stem for path in Path(import_module("benchmarks").__path__[0]).glob("[a-z]*.py")]


def test_compare_prints_ratios_and_leaves_out_the_warm_up(capsys):
    calls = []

    def first_is_slow():
        time.sleep(0.001 if calls else 0.2)
        calls.append(None)

    medians = compare("sleep", {"ours": first_is_slow, "theirs": lambda: time.sleep(0.05)}, repeats=3)
    assert len(calls) == 4
    assert medians["ours"] < 0.04 < medians["theirs"]
    printed = capsys.readouterr().out.splitlines()
    assert printed[1] == "sleep"
    assert printed[2].endswith("1.00 x")
    assert float(printed[3].split()[-2]) == pytest.approx(medians["theirs"] / medians["ours"], abs=0.01)


@pytest.mark.parametrize("name", MODULES)
def test_every_benchmark_has_a_main(name):
    source = Path(import_module("benchmarks").__path__[0], f"{name}.py").read_text(encoding="utf-8")
    assert "def main() -> None:" in source
