"""The constructed city: its law, its noise, its regions, and the frames that are read from it."""

import pytest
import torch

from cmlearn.video import branch_frames, branch_lags, constructed_flow

REGIONS = {"closeness": 0, "period": 1, "trend": 2}


def test_without_noise_the_frame_one_cycle_ago_is_the_frame():
    city = constructed_flow(4, size=6, day=4, persistence=1.0, diffusion=0.0)
    for name, lag in {"closeness": 1, "period": city.day, "trend": city.week}.items():
        here = city.flow[:, :, city.region == REGIONS[name]]
        assert torch.equal(here[city.week :], here[city.week - lag : -lag])


def test_each_cell_follows_its_law_one_cell_at_a_time():
    city = constructed_flow(3, size=5, day=3, persistence=0.8, diffusion=0.3)
    for t in (21, 40, 62):
        for row in range(5):
            for column in range(5):
                kind = city.region[row, column]
                near = [(row + i, column + j) for i, j in ((0, 1), (1, 0), (0, -1), (-1, 0))]
                near = [(r, c) for r, c in near if min(r, c) >= 0 and max(r, c) < 5]
                near = [place for place in near if city.region[place] == kind]
                last = city.flow[t - 1, :, row, column]
                if near:
                    around = torch.stack([city.flow[t - 1, :, r, c] for r, c in near]).mean(0)
                    last = 0.7 * last + 0.3 * around
                past = {0: last, 1: city.flow[t - 3, :, row, column], 2: city.flow[t - 21, :, row, column]}
                torch.testing.assert_close(city.expected[t, :, row, column], 0.8 * past[int(kind)])


def test_what_no_forecast_can_know_is_the_noise():
    city = constructed_flow(20, persistence=0.9, scale=0.5)
    error = (city.flow - city.expected)[city.week :]
    assert abs(error.std().item() / (0.5 * (1 - 0.9**2) ** 0.5) - 1) < 0.02
    assert abs((error[1:] * error[:-1]).mean() / error.var()) < 0.02


@pytest.mark.parametrize("size", [3, 8])
def test_the_regions_are_thirds(size: int):
    sizes = constructed_flow(2, size=size).region.flatten().bincount()
    assert len(sizes) == 3
    assert sizes.max() - sizes.min() <= 1


def test_a_branch_reads_the_frames_at_its_lags():
    flow = torch.randn(60, 1, 2, 2)
    lags = branch_lags(4, 28, closeness=2, period=3, trend=2)
    assert lags == {"closeness": (1, 2), "period": (4, 8, 12), "trend": (28, 56)}
    frames = branch_frames(flow, torch.tensor([57, 60]), lags)
    for name, steps in lags.items():
        for n, time in enumerate((57, 60)):
            for i, lag in enumerate(steps):
                assert torch.equal(frames[name][n, i], flow[time - lag])


def test_a_generator_repeats_its_draws():
    first, second = (constructed_flow(2, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first.flow, second.flow)
    assert torch.equal(first.region, second.region)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("weeks", {"weeks": 1}),
        ("size", {"size": 1}),
        ("day", {"day": 1}),
        ("persistence", {"persistence": 1.1}),
        ("diffusion", {"diffusion": -0.1}),
        ("scale", {"scale": 0.0}),
    ],
)
def test_bad_arguments_are_named(argument: str, options: dict[str, object]):
    with pytest.raises(ValueError, match=argument):
        constructed_flow(**({"weeks": 3} | options))


@pytest.mark.errors
@pytest.mark.parametrize("time", [27, 61])
def test_frames_outside_the_series_are_refused(time: int):
    with pytest.raises(ValueError, match="times"):
        branch_frames(torch.zeros(60, 1, 2, 2), torch.tensor([time]), branch_lags(4, 28))


@pytest.mark.errors
def test_a_branch_needs_a_frame():
    with pytest.raises(ValueError, match="trend"):
        branch_lags(4, 28, trend=0)
