"""Clips as tensors and their frames in another order, against what can be counted by hand."""

import numpy as np
import pytest
import torch

from cmlearn.video import as_clips, reverse_frames, shuffle_frames


def numbered(clips: int, frames: int) -> torch.Tensor:
    """Clips whose every pixel is the number of its frame."""
    return torch.arange(float(frames)).view(1, 1, frames, 1, 1).repeat(clips, 3, 1, 2, 2)


def test_black_and_white_are_the_ends_and_each_pixel_keeps_its_place():
    frames = np.zeros((2, 4, 5, 6, 3), np.uint8)
    frames[1, 2, 3, 4, 0] = 255
    clips = as_clips(frames)
    assert clips.shape == (2, 3, 4, 5, 6)
    assert clips[1, 0, 2, 3, 4] == 1
    assert (clips == -1).sum() == clips.numel() - 1


def test_reversed_twice_is_the_clip():
    clips = torch.randn(3, 3, 4, 2, 2)
    assert torch.equal(reverse_frames(clips)[:, :, 0], clips[:, :, -1])
    assert torch.equal(reverse_frames(reverse_frames(clips)), clips)


def test_a_frame_is_moved_whole():
    shuffled = shuffle_frames(numbered(50, 4))
    assert torch.equal(shuffled, shuffled[:, :1, :, :1, :1].expand_as(shuffled))
    assert torch.equal(shuffled.sort(2).values, numbered(50, 4))


def test_all_orders_are_equally_likely():
    generator = torch.Generator().manual_seed(0)
    orders = shuffle_frames(numbered(6000, 3), generator=generator)[:, 0, :, 0, 0]
    counts = orders.unique(dim=0, return_counts=True)[1]
    assert len(counts) == 6
    assert (counts - 1000).abs().max() < 4 * (6000 * 1 / 6 * 5 / 6) ** 0.5


def test_another_axis_can_be_the_time_one():
    series = torch.arange(5.0).repeat(2, 1)
    assert torch.equal(reverse_frames(series, dim=-1), series.flip(1))
    assert torch.equal(shuffle_frames(series, dim=1).sort(1).values, series)


@pytest.mark.errors
@pytest.mark.parametrize("dim", [0, -3, 3])
def test_the_axis_of_the_clips_is_not_time(dim):
    with pytest.raises(ValueError, match="`dim`"):
        shuffle_frames(torch.zeros(2, 3, 4), dim=dim)


@pytest.mark.errors
@pytest.mark.parametrize("frames", [np.zeros((4, 8, 8, 3), np.uint8), np.zeros((1, 4, 8, 8, 3))])
def test_frames_are_8_bit_pictures_in_clips(frames):
    with pytest.raises(ValueError, match="`frames`"):
        as_clips(frames)
