"""Times of several ways to do one thing, measured in turn in one run and printed as ratios."""

import statistics
from collections.abc import Callable, Mapping
from time import perf_counter


def compare(title: str, ways: Mapping[str, Callable[[], object]], repeats: int = 5) -> dict[str, float]:
    """Median seconds of each way; prints them with their ratio to the first.

    Each way runs once unmeasured (compilation, caches); then all run in turn, `repeats` times, so that a busy
    machine slows all of them alike.
    """
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start = perf_counter()
            way()
            seconds[name].append(perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    _print_table(title, medians)
    return medians


def _print_table(title: str, medians: Mapping[str, float]) -> None:
    first, width = next(iter(medians.values())), max(map(len, medians))
    print(f"\n{title}")
    for name, value in medians.items():
        print(f"  {name:<{width}}  {value * 1000:10.1f} ms  {value / first:7.2f} x")
