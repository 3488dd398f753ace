"""What no page says: working marks, filler, machine paths; and what the appendix promises of itself."""

import re
from pathlib import Path

import pytest

from cmlearn.catalog import SECTIONS, SYSTEMS, Verdict

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("book/**/*.md")])
SOURCES = sorted(ROOT.glob("cmlearn/**/*.py"))
FORBIDDEN = {
    "a working mark": r"\[[LMC?]\](?!\()|<NAME>|\bTODO\b|\bFIXME\b|\bTBD\b|lorem ipsum",
    "filler": (
        r"in today['’]s world|it is important to note|it['’]s worth noting|needless to say|as we all know"
        r"|in the realm of|delve|in this day and age|plays a (crucial|vital|pivotal) role|cutting-edge"
        r"|state-of-the-art results|seamless|unlock the power|game[- ]chang"
    ),
    "a machine's path": r"(?<![\w.])/(work|tmp|root|home)/|site-packages|\bC:\\",
    "a claim of non-existence": r"(paper|method|publication|system) does(n['’]t| not) exist",
}


def prose(path: Path) -> str:
    """The text without code blocks and inline code."""
    text = re.sub(r"^```\{code-cell\}.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]+`", "", text)


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_nothing_says(kind):
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in [*PAGES, *SOURCES]
        for match in re.finditer(FORBIDDEN[kind], prose(path), re.IGNORECASE)
    }
    assert found == set()


def test_no_word_is_written_twice():
    twice = re.compile(r"\b([a-z]{2,}) \1\b")
    found = {f"{path.relative_to(ROOT)}: {m[0]}" for path in PAGES for m in twice.finditer(prose(path))}
    assert found == set()


def glossary() -> dict[str, str]:
    text = (ROOT / "book/appendix/glossary.md").read_text("utf-8")
    body = re.search(r"```\{glossary\}\n(.*?)\n```", text, re.DOTALL)[1]
    entries = [entry.split("\n", 1) for entry in body.split("\n\n")]
    assert all(len(entry) == 2 for entry in entries)
    return dict(entries)


def test_glossary_is_alphabetical_and_in_two_languages():
    terms = list(glossary())
    assert terms == sorted(set(terms), key=str.lower)
    chinese = re.compile(r"  \*\*[^*]*[\u4e00-\u9fff]+[^*]*\*\* · \S.*[.]( → \[.*\]\(.*\))?")
    assert [term for term, text in glossary().items() if not chinese.fullmatch(text)] == []


def test_checked_survey_shows_every_verdict():
    text = (ROOT / "book/appendix/survey-checked.md").read_text("utf-8")
    assert all(f"[{verdict}]" in text for verdict in Verdict)
    assert {row.section for row in SYSTEMS} <= set(SECTIONS)
