"""Check every claim of the lessons under several seeds.

Each lesson runs in a fresh kernel once per seed; there `cm.claim` writes to a file instead of raising. A
result is kept in `.cache/claims/` and used again while the lesson's code, the modules it imported and the
data it loaded are the same. Exits 1 if a claim is false, missing, or not reached because a cell failed.

    python -m tools.claims --seeds 5                all lessons
    python -m tools.claims --seeds 5 works/cca      one
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.lessons import ROOT, Lesson, changes, inputs, statements
from tools.notebooks import LessonError, choose, execute


@dataclass(frozen=True)
class Outcome:
    """What one lesson claimed under one seed: JSON lines of `cm.claim`, by statement."""

    claims: dict[str, dict[str, Any]]
    error: str = ""
    depends: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def mark(self, statement: str) -> str:
        """`✓` it holds, `✗` it does not, `!` unreached because a cell failed, `?` unreached all the same."""
        if statement in self.claims:
            return "✓" if self.claims[statement]["holds"] else "✗"
        return "!" if self.error else "?"


def outcome(lesson: Lesson, seed: int) -> Outcome:
    """The kept outcome if it still stands, or a new run."""
    file = lesson.root / ".cache" / "claims" / lesson.name / f"{seed}.json"
    kept = _kept(lesson, file)
    if kept:
        print(f"{lesson.name}, seed {seed}: unchanged since it last ran", flush=True)
        return kept
    new = _run(lesson, seed)
    print(
        f"{lesson.name}, seed {seed}: {'failed' if new.error else f'ran in {new.seconds:.1f} s'}", flush=True
    )
    if not new.error:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(new), ensure_ascii=False, indent=1), encoding="utf-8")
    return new


def _kept(lesson: Lesson, file: Path) -> Outcome | None:
    if not file.is_file():
        return None
    kept = Outcome(**json.loads(file.read_text(encoding="utf-8")))
    now = inputs(lesson.root, lesson.read(), kept.depends["modules"], kept.depends["data"])
    return None if changes(kept.depends, now) else kept


def _run(lesson: Lesson, seed: int) -> Outcome:
    notebook = lesson.read()
    with TemporaryDirectory() as folder:
        file = Path(folder, "claims.jsonl")
        try:
            found = execute(notebook, lesson.root, CMLEARN_SEED=str(seed), CMLEARN_CLAIMS_FILE=str(file))
        except LessonError as error:
            return Outcome(_read(file), error=str(error))
        depends = inputs(lesson.root, notebook, found["modules"], found["data"])
        return Outcome(_read(file), depends=depends, seconds=found["seconds"])


def _read(file: Path) -> dict[str, dict[str, Any]]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return {claim["statement"]: claim for claim in map(json.loads, lines)}


def table(name: str, claimed: Sequence[str], outcomes: Sequence[Outcome]) -> Iterator[str]:
    """One line per claim: a mark per seed, the statement, and the range of each number."""
    yield f"\n{name}   (one mark per seed, from 0)"
    for statement in claimed:
        yield f"  {' '.join(one.mark(statement) for one in outcomes)}  {statement}"
        yield from (f"  {'  ' * len(outcomes)}  {line}" for line in _spread(statement, outcomes))
    for seed, one in enumerate(outcomes):
        if one.error:
            yield f"\n  seed {seed}: {one.error}"


def _spread(statement: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    numbers = [one.claims[statement]["numbers"] for one in outcomes if statement in one.claims]
    for name in dict.fromkeys(name for those in numbers for name in those):
        values = [those[name] for those in numbers if name in those]
        yield f"{name} {min(values):.4g} to {max(values):.4g}"


def holds(claimed: Sequence[str], outcomes: Sequence[Outcome]) -> bool:
    """Whether every claim was reached and true under every seed, and no cell failed."""
    marks = {one.mark(statement) for statement in claimed for one in outcomes}
    return marks <= {"✓"} and not any(one.error for one in outcomes)


def check(chosen: Sequence[Lesson], seeds: int, workers: int) -> bool:
    """Run lessons x seeds, print the tables, return whether all holds."""
    claimed = [statements(lesson.read()) for lesson in chosen]
    jobs = [(lesson, seed) for lesson in chosen for seed in range(seeds)]
    with ProcessPoolExecutor(workers) as pool:
        done = list(pool.map(outcome, *zip(*jobs, strict=True)))
    good = True
    for number, lesson in enumerate(chosen):
        outcomes = done[number * seeds : (number + 1) * seeds]
        print("\n".join(table(lesson.name, claimed[number], outcomes)))
        good &= holds(claimed[number], outcomes)
    return good


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Check every claim under several seeds.")
    parser.add_argument("lesson", nargs="*", help="such as works/cca (default: all)")
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0, 1, ... (default 5)")
    parser.add_argument("-n", "--workers", type=int, default=2, help="lessons run at once (default 2)")
    options = parser.parse_args(arguments)
    try:
        good = check(choose(options.lesson, root), options.seeds, options.workers)
    except LessonError as error:
        print(error, file=sys.stderr)
        return 1
    print("\nEvery claim holds." if good else "\nNot every claim holds.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
