import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from cmlearn.data import DataFileError, _files

LOADERS = ("emoji", "fingerspelling", "watch", "clips", "glosses")


def bundled():
    return sorted(
        str(p.relative_to(_files.FILES))
        for p in _files.FILES.rglob("*")
        if p.is_file() and p.name != "SHA256SUMS"
    )


def test_every_bundled_file_is_listed_with_its_hash():
    assert bundled() == sorted(_files.checksums())
    for name, digest in _files.checksums().items():
        assert hashlib.sha256((_files.FILES / name).read_bytes()).hexdigest() == digest


def test_the_sets_stay_within_their_budget():
    size = {name: (_files.FILES / name).stat().st_size for name in bundled()}
    assert sum(size.values()) <= 14.1e6
    assert size["emoji.json.xz"] <= 0.9e6
    assert size["fingerspelling.npz.xz"] <= 1e6
    assert size["watch.npz.xz"] <= 1.4e6
    assert sum(s for name, s in size.items() if name.startswith("clips")) <= 4e6
    assert sum(s for name, s in size.items() if name.startswith("glosses")) <= 3.3e6


@pytest.fixture
def copied(tmp_path, monkeypatch):
    shutil.copytree(_files.FILES, tmp_path / "files")
    monkeypatch.setattr(_files, "FILES", tmp_path / "files")
    _files.checksums.cache_clear()
    yield tmp_path / "files"
    _files.checksums.cache_clear()


@pytest.mark.errors
def test_a_damaged_file_is_named_with_how_to_restore_it(copied):
    path = copied / "watch.npz.xz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DataFileError, match="damaged") as error:
        _files.read_arrays("watch.npz.xz")
    for part in ("watch.npz.xz", "pip install --force-reinstall cmlearn", "git checkout -- ", "make data"):
        assert part in str(error.value)


@pytest.mark.errors
def test_a_missing_file_is_named(copied):
    (copied / "emoji.json.xz").unlink()
    with pytest.raises(DataFileError, match=r"emoji\.json\.xz is missing.*git checkout"):
        _files.read_json("emoji.json.xz")


@pytest.mark.errors
def test_a_missing_list_of_hashes_is_named(copied):
    (copied / "SHA256SUMS").unlink()
    with pytest.raises(DataFileError, match="SHA256SUMS is missing"):
        _files.read_bytes("emoji.json.xz")


@pytest.mark.errors
def test_an_unknown_file_name_is_refused():
    with pytest.raises(ValueError, match="`name`"):
        _files.read_bytes("../__init__.py")


def test_reading_notes_the_files_and_needs_no_torch():
    code = """
import json, sys
import cmlearn as cm
from cmlearn.data._files import loaded_files
before = sorted(loaded_files())
cm.data.watch()
print(json.dumps([before, sorted(loaded_files()), "torch" in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], ["watch.npz.xz"], False]


@pytest.mark.parametrize("name", LOADERS)
def test_every_caller_gets_arrays_of_its_own(name):
    from cmlearn import data

    first, second = vars(getattr(data, name)()), vars(getattr(data, name)())
    arrays = {key: value for key, value in first.items() if isinstance(value, np.ndarray)}
    assert arrays
    assert all(value.flags.writeable for value in arrays.values())
    assert not any(np.shares_memory(value, second[key]) for key, value in arrays.items())


def test_loader_names_survive_the_import_of_their_modules():
    import cmlearn.data.clips_set
    import cmlearn.data.emoji_set  # noqa: F401
    from cmlearn import data

    assert callable(data.emoji)
    assert callable(data.clips)
    with pytest.raises(AttributeError, match="nonsense"):
        data.nonsense  # noqa: B018
