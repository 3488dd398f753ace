import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from cmlearn.data import clips


@pytest.fixture(scope="module")
def data():
    return clips()


def equal_frames(frames):
    """Which frames of a clip are equal, and nothing else: (clip, time x time)."""
    flat = frames.reshape(*frames.shape[:2], -1)
    return (flat[:, :, None] == flat[:, None]).all(axis=-1).reshape(len(frames), -1)


def test_shapes_and_types(data):
    count = len(data.captions)
    assert data.frames.shape == (count, 4, 32, 32, 3)
    assert data.frames.dtype == np.uint8
    for number, names in (
        (data.action, data.actions),
        (data.direction, data.directions),
        (data.character, data.characters),
        (data.family, data.families),
    ):
        assert number.shape == (count,)
        assert sorted(set(number.tolist())) == list(range(len(names)))


def test_the_ground_is_grey(data):
    corners = data.frames[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
    assert np.abs(np.median(corners, axis=(0, 1, 2)) - 128).max() <= 2


@pytest.mark.parametrize("k", range(4))
def test_a_tree_that_sees_only_equal_frames_scores_the_majority(data, k):
    split = (data.by_character, *data.by_family)[k]
    pattern = equal_frames(data.frames)
    tree = DecisionTreeClassifier(random_state=0).fit(pattern[split.train], data.action[split.train])
    majority = np.bincount(data.action[split.train]).argmax()
    score = tree.score(pattern[split.test], data.action[split.test])
    assert score == pytest.approx(np.mean(data.action[split.test] == majority), abs=1e-12)


def test_no_clip_copies_another(data):
    assert len({clip.tobytes() for clip in data.frames}) == len(data.frames)


def test_characters_belong_to_one_family(data):
    pairs = set(zip(data.character.tolist(), data.family.tolist(), strict=True))
    assert len(pairs) == len(data.characters)


def test_splits(data, check_split):
    count = len(data.captions)
    check_split(data.by_character, count, data.character)
    for fold in data.by_family:
        check_split(fold, count, data.family)
    assert sorted(np.concatenate([fold.test for fold in data.by_family])) == list(range(count))


def test_captions_name_what_is_labelled(data):
    assert len(set(data.captions)) == len(data.captions)
    for caption, character, direction in zip(data.captions, data.character, data.direction, strict=True):
        assert data.characters[character] in caption
        assert caption.endswith(f"facing {data.directions[direction]}")


def test_source_animations_have_at_least_four_frames(data):
    assert data.source_frames.min() == 4
    assert data.source_frames.max() == 8


def test_sounds_are_short_and_audible(data):
    assert 5 <= len(data.sounds) <= 8
    for sound in data.sounds.values():
        assert sound.dtype == np.int16
        assert 0.2 < len(sound) / data.sound_rate_hz < 2
        assert np.abs(sound.astype(int)).max() > 3000
