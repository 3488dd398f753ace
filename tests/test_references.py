"""`book/references.bib` is well formed, every entry has a link, and every key cited in the code is in it."""

import re
import unicodedata
from pathlib import Path

import pytest
from pybtex.database import parse_file
from pybtex.richtext import Text

ROOT = Path(__file__).parents[1]
ENTRIES = parse_file(str(ROOT / "book/references.bib")).entries
KEY = r"[a-z]+\d{4}[a-z0-9]+"
NEEDED = {
    "article": {"title", "journal", "year"},
    "inproceedings": {"title", "booktitle", "year"},
    "misc": {"title", "howpublished", "year"},
}
FORMS = {
    "eprint": r"\d{4}\.\d{4,5}",
    "doi": r"10\.\d{4,9}/\S+",
    "url": r"https://\S+",
    "year": r"(19|20)\d\d",
    "pages": r"\d+(--\d+)?",
}


def authors(key: str) -> list:
    return ENTRIES[key].persons.get("author", [])


def plain(text: str) -> str:
    """LaTeX accents resolved, then everything but the letters a to z dropped."""
    text = unicodedata.normalize("NFKD", str(Text.from_latex(text))).lower()
    return re.sub("[^a-z]", "", text)


def test_entries_have_what_their_type_needs():
    bare = [key for key, e in ENTRIES.items() if not authors(key) or not NEEDED[e.type] <= set(e.fields)]
    assert bare == []


@pytest.mark.parametrize("field", FORMS)
def test_field_is_well_formed(field):
    values = {key: e.fields[field] for key, e in ENTRIES.items() if field in e.fields}
    assert {key: value for key, value in values.items() if not re.fullmatch(FORMS[field], value)} == {}


def test_every_entry_has_a_link():
    assert [key for key, e in ENTRIES.items() if not {"eprint", "doi", "url"} & set(e.fields)] == []
    assert [k for k, e in ENTRIES.items() if ("eprint" in e.fields) != ("archivePrefix" in e.fields)] == []


def test_keys_are_first_author_year_word():
    for key, entry in ENTRIES.items():
        assert re.fullmatch(KEY, key)
        name, year = re.match(r"([a-z]+)(\d{4})", key).groups()
        first = authors(key)[0]
        assert name in plain(" ".join([*first.prelast_names, *first.last_names])), key
        assert year == entry.fields["year"], key


def test_all_authors_are_named():
    assert [key for key in ENTRIES if "others" in map(str, authors(key))] == []


@pytest.mark.parametrize("field", ["eprint", "doi", "url", "title"])
def test_no_work_is_listed_twice(field):
    values = [e.fields[field] for e in ENTRIES.values() if field in e.fields]
    twice = {value for value in values if values.count(value) > 1}
    # One title, two papers: the conference and the journal version.
    assert twice <= {"Multimodal Learning with Deep Boltzmann Machines"}


def test_keys_cited_in_the_package_are_known():
    cited = {
        (path.name, key)
        for path in (ROOT / "cmlearn").rglob("*.py")
        for key in re.findall(rf"\[({KEY})\]", path.read_text("utf-8"))
    }
    assert cited
    assert {(name, key) for name, key in cited if key not in ENTRIES} == set()
