"""The catalogue: its counts, its links to the works, the package and the book, and what it must never say."""

import dataclasses
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from cmlearn import catalog
from cmlearn.catalog import CORRECTIONS, PARTS, SECTIONS, SYSTEMS, TOPICS, Verdict

ROOT = Path(__file__).parents[1]
ROWS = (*SYSTEMS, *TOPICS)
FAMILIES = {
    "attention", "data", "embedding", "fusion", "graph", "information", "matching", "metrics", "retrieval",
    "sequence", "video",
}  # fmt: skip


def bib_keys() -> set[str]:
    return set(re.findall(r"^@\w+\{(\w+),", (ROOT / "book/references.bib").read_text("utf-8"), re.MULTILINE))


def references(row) -> tuple[str, ...]:
    return (row.reference, *row.further) if isinstance(row, catalog.System) else row.references


def texts(row) -> str:
    values = (value for value in dataclasses.astuple(row) if value is not None)
    return " ".join(" ".join(value) if isinstance(value, tuple) else value for value in values)


def test_every_name_of_the_survey_has_a_row():
    numbers = [str(n) for n in range(1, 47) if n not in (39, 40)]
    assert [row.key for row in SYSTEMS] == [f"C{n}" for n in range(1, 9)] + numbers
    assert [row.key for row in TOPICS] == [f"T{n}" for n in range(1, 8)] + [f"M{n}" for n in range(1, 26)]


def test_verdicts_are_counted_over_the_systems():
    counts = {Verdict.REAL: 16, Verdict.MISATTRIBUTED: 9, Verdict.NOT_FOUND: 19}
    assert catalog.verdict_counts() == counts
    assert all(str(n) in catalog.readers_note() for n in (44, *counts.values()))


def test_names_are_unique():
    for rows in (SYSTEMS, TOPICS):
        names = [row.name for row in rows]
        assert len(set(names)) == len(names)


def test_rows_follow_the_survey():
    order = list(SECTIONS)
    positions = [order.index(row.section) for row in SYSTEMS]
    assert positions == sorted(positions)
    assert all(order.index(also) > order.index(row.section) for row in SYSTEMS for also in row.also)
    assert {s for topic in TOPICS for s in topic.sections} <= set(order)
    assert [c.section for c in CORRECTIONS] == sorted(c.section for c in CORRECTIONS)


def test_parts_place_every_row_once_or_more():
    placed = {key for part in PARTS for key in part.systems}
    assert placed == {row.key for row in SYSTEMS}
    assert {key for part in PARTS for key in part.adds} <= {row.key for row in TOPICS}
    assert {section for part in PARTS for section in part.sections} == set(SECTIONS)
    for part in PARTS:
        for key in part.systems:
            row = catalog.system(key)
            assert {row.section, *row.also} & set(part.sections), (part.sections, key)


def test_rows_rest_on_known_works_and_a_known_family():
    known = bib_keys()
    assert {(row.key, key) for row in ROWS for key in references(row) if key not in known} == set()
    assert [row.key for row in ROWS if len(set(references(row))) < len(references(row))] == []
    assert {key for correction in CORRECTIONS for key in correction.references} <= known
    assert {row.family for row in ROWS} <= FAMILIES


@pytest.mark.parametrize("path", catalog.implemented())
def test_path_can_be_imported(path):
    module, name = path.rsplit(".", 1)
    assert hasattr(import_module(module), name)


def test_lessons_exist_or_are_planned():
    parts = {"concepts", "hotspots", "works", "methods", "trends"}
    lessons = {row.lesson for row in ROWS if row.lesson}
    assert {name for name in lessons if not (ROOT / "book" / f"{name}.md").is_file()} == set()
    assert [row.key for row in ROWS if row.lesson and row.planned] == []
    assert {row.planned.split("/")[0] for row in ROWS if row.planned} <= parts


def test_no_working_mark_and_no_reported_figure_is_left_in_the_text():
    marks = re.compile(r"\[[LMC?]\]|<NAME>|does not exist|doesn't exist|HOMONYM|§|\d ?%")
    found = {(str(row)[:40], mark) for row in [*ROWS, *CORRECTIONS] for mark in marks.findall(texts(row))}
    assert found == set()


def test_a_name_that_was_not_found_says_so_and_only_then():
    says_so = [row.key for row in SYSTEMS if "We found no publication under this name" in row.correction]
    assert says_so == [row.key for row in SYSTEMS if row.verdict is Verdict.NOT_FOUND]


def test_texts_are_sentences():
    told = [text for row in SYSTEMS for text in (row.says, row.correction, row.builds)]
    told += [row.builds for row in TOPICS] + [row.text for row in CORRECTIONS]
    assert [t for t in told if not (t[0].isupper() and t.endswith(".")) or "  " in t] == []


def test_sections_list_repeats():
    assert [row.key for row in catalog.in_section("5.4")] == ["30", "31", "32", "46"]
    assert [row.key for row in catalog.in_section("3.1")] == ["C8", "1", "2", "3"]


def test_importing_loads_neither_torch_nor_numpy():
    code = "import sys, cmlearn.catalog; print(sorted({'torch', 'numpy'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


@pytest.mark.errors
@pytest.mark.parametrize("lookup", [catalog.system, catalog.topic, catalog.in_section])
def test_unknown_keys_are_named(lookup):
    with pytest.raises(ValueError, match=r"`(key|section)`: expected one of .*, got '99'"):
        lookup("99")
