"""Moving digits: places by a walk that turns at walls, pictures where the truth says, disjoint parts."""

import pytest
import torch

from cmlearn.video import MovingDigits, bounce, digit_pictures


def walk(start: int, velocity: int, frames: int, room: int) -> list[int]:
    """One pixel at a time; a wall turns the direction round."""
    place, direction, places = start, (1 if velocity > 0 else -1), [start]
    for _ in range(frames - 1):
        for _ in range(abs(velocity)):
            if not 0 <= place + direction <= room:
                direction = -direction
            place += direction
        places.append(place)
    return places


@pytest.mark.parametrize("room", [1, 3, 12])
def test_places_are_those_of_a_walk_that_turns_at_the_walls(room):
    for start in range(room + 1):
        for velocity in (-5, -2, -1, 0, 1, 2, 7):
            places = bounce(torch.tensor([start, 0]), torch.tensor([velocity, 0]), 30, room)
            assert places[:, 0].tolist() == walk(start, velocity, 30, room)


def test_a_film_played_backwards_is_a_film_of_the_same_world():
    places = bounce(torch.tensor([3, 11]), torch.tensor([2, -1]), 40, 12)
    back = places.flip(0)
    assert torch.equal(back, bounce(back[0], back[1] - back[0], 40, 12))


@pytest.mark.parametrize("digits", [1, 2, 4])
def test_every_frame_is_the_brightest_of_its_digits(digits):
    pictures = digit_pictures("test")
    clips, corner, which = MovingDigits(pictures, size=16).sample(20, frames=9, digits=digits)
    expected = torch.zeros(20, 1, 9, 16, 16)
    for clip, time in [(c, t) for c in range(20) for t in range(9)]:
        for k in range(digits):
            row, column = corner[clip, k, time].tolist()
            patch = expected[clip, 0, time, row : row + 8, column : column + 8]
            patch[:] = torch.maximum(patch, pictures[which[clip, k]])
    assert torch.equal(clips, expected)


def test_speeds_are_all_pairs_but_rest():
    corner = MovingDigits(torch.ones(1, 2, 2), size=40, speed=1).sample(4000, frames=2, digits=1).corner
    seen, count = (corner[:, 0, 1] - corner[:, 0, 0]).unique(dim=0, return_counts=True)
    inside = [[a, b] for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0)]
    assert seen.tolist() == inside
    assert count.min() > 400


def test_digits_for_tests_are_others():
    train, test = (digit_pictures(part).flatten(1) for part in ("train", "test"))
    assert torch.cdist(train, test).min() > 0
    assert 0 <= train.min() < train.max() <= 1


def test_the_generator_decides():
    world = MovingDigits(digit_pictures("train"))
    a, b = (world.sample(3, frames=4, generator=torch.Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(a.clips, b.clips)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: MovingDigits(torch.zeros(8, 8)), "pictures"),
        (lambda: MovingDigits(torch.zeros(2, 8, 7)), "square"),
        (lambda: MovingDigits(torch.zeros(2, 8, 8), size=8), "size"),
        (lambda: MovingDigits(torch.zeros(2, 8, 8), speed=0), "speed"),
        (lambda: MovingDigits(torch.zeros(2, 8, 8)).sample(1, frames=0), "frames"),
        (lambda: bounce(torch.tensor([0, 5]), torch.tensor([1, 1]), 3, 4), "start"),
        (lambda: bounce(torch.tensor([0, 0]), torch.tensor([1, 1]), 3, 0), "room"),
        (lambda: digit_pictures("both"), "part"),
    ],
)
def test_bad_input_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
