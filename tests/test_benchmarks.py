"""The shared timing helper, and that every benchmark can be run by name."""

from pathlib import Path

import pytest

import benchmarks
from benchmarks import _timing

SOURCES = [path for path in Path(benchmarks.__path__[0]).glob("*.py") if not path.stem.startswith("_")]


def test_compare_prints_ratios_and_leaves_out_the_warm_up(monkeypatch, capsys):
    clock = 0.0

    def takes(*durations):
        left = list(durations)

        def way():
            nonlocal clock
            clock += left.pop(0)

        return way

    monkeypatch.setattr(_timing, "perf_counter", lambda: clock)
    ways = {"ours": takes(9, 1, 2, 2), "theirs": takes(9, 8, 8, 1)}
    medians = _timing.compare("a task", ways, repeats=3)
    assert medians == {"ours": 2, "theirs": 8}
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["", "a task", "  ours        2000.0 ms     1.00 x", "  theirs      8000.0 ms     4.00 x"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_benchmark_has_a_main(path):
    assert "def main() -> None:" in path.read_text(encoding="utf-8")
