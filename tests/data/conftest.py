import numpy as np
import pytest


@pytest.fixture
def check_split():
    """Check that a split's parts cover all rows once, and that no value of `labels` is in two parts."""

    def check(split, count, labels=None):
        parts = [split.train, split.validation, split.test]
        assert all(part.dtype == np.int64 for part in parts)
        assert sorted(np.concatenate(parts)) == list(range(count))
        if labels is not None:
            held = [set(labels[part].tolist()) for part in parts]
            assert not held[0] & held[1]
            assert not held[0] & held[2]
            assert not held[1] & held[2]

    return check
