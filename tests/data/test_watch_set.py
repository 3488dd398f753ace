import numpy as np
import pytest

from cmlearn.data import watch


@pytest.fixture(scope="module")
def data():
    return watch()


def test_shapes_and_types(data):
    assert all(s.ndim == 2 and s.shape[1] == len(data.channels) == 6 for s in data.series)
    assert all(s.dtype == np.float32 and np.isfinite(s).all() for s in data.series)
    assert min(map(len, data.series)) > 10 * data.rate_hz


def test_every_subject_does_every_exercise_with_each_arm(data):
    done = set(zip(data.subject.tolist(), data.exercise.tolist(), data.side.tolist(), strict=True))
    assert len(done) == len(data.series) == len(data.subjects) * len(data.exercises) * 2


def test_acceleration_is_about_gravity(data):
    size = [np.linalg.norm(s[:, :3], axis=1).mean() for s in data.series]
    assert 0.8 < np.median(size) < 1.3


def test_folds_divide_no_subject_and_test_everyone_once(data, check_split):
    folds = [data.fold(k) for k in range(5)]
    for fold in folds:
        check_split(fold, len(data.series), data.subject)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(data.series)))


@pytest.mark.errors
@pytest.mark.parametrize("k", [-1, 5])
def test_a_fold_that_is_not_there(k):
    with pytest.raises(ValueError, match=f"`k`: expected one of 0, 1, 2, 3, 4, got {k}"):
        watch().fold(k)


@pytest.mark.errors
def test_a_fold_that_is_no_number():
    with pytest.raises(TypeError, match="`k`: expected int, got str"):
        watch().fold("1")
