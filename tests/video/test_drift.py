"""Drifting digits: what is known about them exactly."""

import pytest
import torch
from sklearn.datasets import load_digits

from cmlearn.video import drifting_digits
from cmlearn.video.drift import DIRECTIONS

STEPS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}


def test_each_frame_is_the_last_one_rolled():
    clip, direction = drifting_digits(40, frames=5, size=12, speed=2)
    for moving, way in zip(clip[:, 0], direction, strict=True):
        down, right = STEPS[DIRECTIONS[way]]
        rolled = moving[:-1].roll((2 * down, 2 * right), dims=(1, 2))
        assert torch.equal(moving[1:], rolled)


def test_a_reversed_clip_is_a_clip_that_drifts_the_other_way():
    clip, direction = drifting_digits(40)
    opposite = direction ^ 1
    for moving, way in zip(clip.flip(2)[:, 0], opposite, strict=True):
        assert torch.equal(moving[1:], moving[:-1].roll(STEPS[DIRECTIONS[way]], dims=(1, 2)))


def test_a_frame_is_anywhere_whatever_the_direction():
    clip, direction = drifting_digits(20000, frames=3, size=8)
    last = clip[:, 0, -1]
    for way in range(4):
        mean = last[direction == way].mean(0)
        assert (mean - last.mean()).abs().max() < 0.03
    assert (direction.bincount() / 20000 - 1 / 4).abs().max() < 0.02


def test_parts_have_other_digits():
    """A digit is known by its sorted pixels, wherever it is."""
    real = torch.tensor(load_digits().images).flatten(1).sort(1).values
    for part, digits in (("train", real[:1297]), ("test", real[1297:])):
        shown = drifting_digits(200, part=part, size=8).clip[:, 0, 0].flatten(1).sort(1).values * 16
        assert {tuple(x) for x in shown.tolist()} <= {tuple(x) for x in digits.tolist()}


def test_a_generator_repeats_its_draws():
    first, second = (drifting_digits(30, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first.clip, second.clip)
    assert torch.equal(first.direction, second.direction)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("argument", "options"),
    [("count", {"count": 0}), ("size", {"size": 7}), ("frames", {"frames": 0}), ("part", {"part": "all"})],
)
def test_bad_arguments_are_named(argument: str, options: dict[str, object]):
    with pytest.raises(ValueError, match=argument):
        drifting_digits(**({"count": 3} | options))
