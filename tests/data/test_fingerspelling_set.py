import numpy as np
import pytest

from cmlearn.data import fingerspelling


@pytest.fixture(scope="module")
def data():
    return fingerspelling()


def test_shapes_and_types(data):
    assert (
        len(data.poses) == len(data.confidence) == len(data.letter) == len(data.language) == len(data.picture)
    )
    for pose, confidence in zip(data.poses, data.confidence, strict=True):
        assert pose.shape == (*confidence.shape, 3)
        assert pose.shape[1] == len(data.points)
        assert pose.dtype == confidence.dtype == np.float32
    assert data.letters == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_ranges(data):
    assert all(np.abs(pose).max() < 4 for pose in data.poses)
    assert all(c.min() >= 0 and c.max() <= 1 for c in data.confidence)
    assert set(np.round(data.rate_hz)) == {25, 30}


def test_unseen_points_are_zero(data):
    for pose, confidence in zip(data.poses, data.confidence, strict=True):
        assert not pose[confidence == 0].any()


def test_shoulders_are_the_unit_and_the_origin(data):
    left, right = data.points.index("left shoulder"), data.points.index("right shoulder")
    for pose in data.poses:
        across = np.linalg.norm(pose[:, left, :2] - pose[:, right, :2], axis=-1)
        assert np.median(across) == pytest.approx(1, abs=0.01)
        assert np.abs(pose[:, [left, right]].mean(axis=(0, 1))).max() < 0.01


def test_some_hand_is_seen_in_every_clip(data):
    for confidence in data.confidence:
        assert max(confidence[:, :21].min(axis=1).mean(), confidence[:, 21:42].min(axis=1).mean()) > 0.4


def test_no_language_copies_another(data):
    assert "fsl" not in data.languages
    assert len({pose.tobytes() for pose in data.poses}) == len(data.poses)
    pairs = set(zip(data.language.tolist(), data.letter.tolist(), strict=True))
    assert len(pairs) == len(data.poses)


def test_pictures_are_drawn_and_found(data):
    assert data.signwriting.dtype == np.uint8
    assert (data.signwriting == 0).any(axis=(1, 2)).all()
    assert (data.signwriting[:, 0, 0] == 255).all()
    assert set(data.picture.tolist()) == {-1, *range(len(data.signwriting))}
    with_picture = {data.languages[i] for i in data.language[data.picture >= 0]}
    assert with_picture == {"ase", "bzs", "gsg", "ise", "mfs", "psr", "sgg", "ssp", "swl"}


def test_leaving_a_language_out(data, check_split):
    for position, language in enumerate(data.languages):
        split = data.leave_out(language)
        check_split(split, len(data.poses), data.language)
        assert set(data.language[split.test].tolist()) == {position}


@pytest.mark.errors
def test_a_language_that_is_not_there():
    with pytest.raises(ValueError, match=r"`language`: expected one of 'ase'.*got 'fsl'"):
        fingerspelling().leave_out("fsl")
