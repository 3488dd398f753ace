import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cmlearn import data
from cmlearn.data import CARDS, _files, card

BUILDERS = Path(__file__).parents[2] / "tools" / "build_data"


def counted_emoji():
    d = data.emoji()
    return {
        "concepts": len(d.characters),
        "families": len(d.families),
        "styles": len(d.styles),
        "languages": len(d.languages),
        "groups": len(d.groups),
        "subgroups": len(d.subgroups),
        "training concepts": len(d.split.train),
        "validation concepts": len(d.split.validation),
        "test concepts": len(d.split.test),
    }


def counted_fingerspelling():
    d = data.fingerspelling()
    return {
        "clips": len(d.poses),
        "frames": sum(map(len, d.poses)),
        "letters": len(d.letters),
        "languages": len(d.languages),
        "points": len(d.points),
        "distinct SignWriting pictures": len(d.signwriting),
        "clips with a picture": int((d.picture >= 0).sum()),
    }


def counted_watch():
    d = data.watch()
    return {
        "series": len(d.series),
        "samples": sum(map(len, d.series)),
        "subjects": len(np.unique(d.subject)),
        "exercises": len(d.exercises),
        "channels": len(d.channels),
        "samples a second": d.rate_hz,
    }


def counted_clips():
    d = data.clips()
    return {
        "clips": len(d.frames),
        "frames a clip": d.frames.shape[1],
        "actions": len(d.actions),
        "directions": len(d.directions),
        "characters": len(d.characters),
        "families": len(d.families),
        "sounds": len(d.sounds),
        "training clips": len(d.by_character.train),
        "validation clips": len(d.by_character.validation),
        "test clips": len(d.by_character.test),
    }


def counted_glosses():
    d = data.glosses()
    return {
        "synsets": len(d.texts),
        "words and phrases": sum(map(len, d.lemmas)),
        "tokens": sum(map(len, d.sentences)),
        "classes": len(d.lexnames),
        "hypernyms": len(d.hypernyms),
        "families": len(np.unique(d.family)),
        "training synsets": len(d.split.train),
        "validation synsets": len(d.split.validation),
        "test synsets": len(d.split.test),
    }


COUNTED = {
    "emoji": counted_emoji,
    "fingerspelling": counted_fingerspelling,
    "watch": counted_watch,
    "clips": counted_clips,
    "glosses": counted_glosses,
}


def test_every_loader_has_a_card():
    assert set(CARDS) == set(COUNTED)
    assert all(callable(getattr(data, name)) for name in CARDS)


@pytest.mark.parametrize("name", CARDS)
def test_counts_are_those_of_the_data(name):
    assert dict(card(name).counts) == COUNTED[name]()


@pytest.mark.parametrize("name", CARDS)
def test_licences_are_bundled_and_name_their_credit(name):
    for source in card(name).sources:
        text = _files.read_bytes(f"LICENSES/{source.licence_file}").decode()
        assert source.package in text
        assert source.version in text
        assert re.search(source.licence.replace("-", "[- ]"), text, re.IGNORECASE)
        assert len(text) > 1000
        assert "<copyright holders>" not in text


def test_every_bundled_file_belongs_to_one_card():
    named = [file for each in CARDS.values() for file in each.files]
    licences = {f"LICENSES/{s.licence_file}" for each in CARDS.values() for s in each.sources}
    assert sorted([*named, *licences]) == sorted(_files.checksums())


@pytest.mark.parametrize("name", CARDS)
def test_builders_use_the_packages_that_the_card_names(name):
    text = "".join((BUILDERS / f"{stem}.py").read_text() for stem in (name, "sprites"))
    for source in card(name).sources:
        assert f'"{source.package}"' in text
        assert f'"{source.version}"' in text


@pytest.mark.parametrize("name", CARDS)
def test_a_card_shows_all_that_it_holds(name):
    shown = card(name)
    text = shown._repr_markdown_()
    assert f"cm.data.{name}()" in text
    for part in (shown.what, shown.built, shown.splits, shown.fair_use, *shown.flaws, *shown.files):
        assert part in text
    for source in shown.sources:
        assert source.package in text
        assert source.licence in text


def test_cards_need_neither_numpy_nor_torch():
    code = (
        "import sys, cmlearn as cm; cm.data.card('emoji'); assert not {'numpy', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.errors
def test_a_set_that_is_not_there():
    with pytest.raises(ValueError, match=r"`name`: expected one of 'emoji'.*got 'mnist'"):
        card("mnist")
