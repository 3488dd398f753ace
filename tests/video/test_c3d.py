"""C3D: counts in closed form, and a kernel of depth 1 against 2-D convolutions frame by frame."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import cmlearn as cm
from cmlearn.video import clip_accuracy, clip_loss, count_cost, drifting_digits, shuffle_frames
from cmlearn.video.c3d import C3D

SMALL = {"shape": (3, 4, 32, 32), "stages": ((4,), (6, 8)), "hidden": (), "dropout": 0.0}


def published_convolutions() -> list[tuple[int, int, int]]:
    """Channels in, channels out, and places of each of the eight, as the paper draws them."""
    widths = (3, 64, 128, 256, 256, 512, 512, 512, 512)
    frames, side = (16, 16, 8, 8, 4, 4, 2, 2), (112, 56, 28, 28, 14, 14, 7, 7)
    places = [t * s * s for t, s in zip(frames, side, strict=True)]
    return [(m, n, p) for (m, n), p in zip(itertools.pairwise(widths), places, strict=True)]


def test_the_published_net_has_the_published_numbers():
    model = C3D(101, device="meta")
    convolutions = sum(27 * m * n + n for m, n, _ in published_convolutions())
    connected = sum(m * n + n for m, n in itertools.pairwise((512 * 1 * 4 * 4, 4096, 4096, 101)))
    assert sum(p.numel() for p in model.features.parameters()) == convolutions == 27_655_936
    assert sum(p.numel() for p in model.parameters()) == convolutions + connected == 78_409_573


def test_the_published_net_costs_what_its_layers_cost():
    cost = count_cost(C3D(101, device="meta"), torch.zeros(1, 3, 16, 112, 112, device="meta"))
    convolutions = sum(27 * m * n * places for m, n, places in published_convolutions())
    connected = 8192 * 4096 + 4096 * 4096 + 4096 * 101
    assert cost.flops == 2 * (convolutions + connected)


def test_depth_1_is_a_picture_net_on_each_frame(device: torch.device):
    model = C3D(5, depth=1, pool_time=False, norm=True, **SMALL).to(device).eval()
    clips = torch.randn(3, 3, 4, 32, 32, device=device)
    frames = clips.transpose(1, 2).flatten(0, 1)
    for layer in model.features:
        if isinstance(layer, nn.Conv3d):
            frames = F.conv2d(frames, layer.weight[:, :, 0], layer.bias, padding=1)
        elif isinstance(layer, nn.BatchNorm3d):
            frames = F.batch_norm(
                frames, layer.running_mean, layer.running_var, layer.weight, layer.bias, eps=layer.eps
            )
        else:
            frames = F.relu(frames) if isinstance(layer, nn.ReLU) else F.max_pool2d(frames, 2)
    maps = frames.unflatten(0, (3, 4)).transpose(1, 2)
    torch.testing.assert_close(model.features(clips), maps)
    torch.testing.assert_close(model(clips), model.classify(maps.flatten(1)))


def test_the_mean_of_frames_of_a_picture_net_ignores_their_order():
    model = C3D(5, depth=1, pool_time=False, average=True, **SMALL).eval()
    clips = torch.randn(3, 3, 4, 32, 32)
    torch.testing.assert_close(model(shuffle_frames(clips)), model(clips))
    deep = C3D(5, depth=3, pool_time=False, average=True, **SMALL).eval()
    assert not torch.allclose(deep(clips.flip(2)), deep(clips), rtol=0.01)


def test_pools_round_up_and_the_first_leaves_time_alone():
    model = C3D(2, shape=(1, 5, 9, 9), stages=((2,), (2,)), hidden=(7,), depth=1)
    assert model.features(torch.zeros(1, 1, 5, 9, 9)).shape == (1, 2, 3, 3, 3)
    assert model(torch.zeros(4, 1, 5, 9, 9)).shape == (4, 2)


def test_it_tells_directions_apart_that_a_mean_of_frames_cannot():
    train, test = drifting_digits(600, frames=4), drifting_digits(200, frames=4, part="test")
    found = {}
    for depth in (1, 3):
        small = {"shape": (1, 4, 16, 16), "stages": ((8,), (8,)), "hidden": ()}
        model = C3D(4, **small, depth=depth, pool_time=False, average=True, norm=True)
        data = cm.DictDataset(clip=train.clip, label=train.direction)
        cm.fit(model, clip_loss, data, epochs=4, batch_size=30, lr=0.03, seed=0)
        found[depth] = clip_accuracy(model, test.clip, test.direction)
    assert found[3] > 0.8
    assert found[1] < 0.6


@pytest.mark.errors
@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("depth", {"depth": 2}),
        ("stages", {"stages": ()}),
        ("stages", {"stages": ((4,), ())}),
        ("hidden", {"hidden": (0,)}),
        ("classes", {"shape": (3, 0, 32, 32)}),
    ],
)
def test_bad_sizes_are_named(argument: str, options: dict[str, object]):
    with pytest.raises(ValueError, match=argument):
        C3D(5, **(SMALL | options))
