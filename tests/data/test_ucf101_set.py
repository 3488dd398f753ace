"""The loader of UCF101, on small videos that are written here in the published layout."""

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from torch import nn

import cmlearn as cm
from cmlearn.data import UCF101, DataFileError

STEP = 8
"""How much brighter each frame of a written video is than the one before."""


def write_video(path: Path, frames: int, width: int = 64, height: int = 48) -> None:
    """Frame `i` is grey of level `STEP * i`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as video:
        stream = video.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = 2_000_000
        for i in range(frames):
            picture = np.full((height, width, 3), STEP * i, np.uint8)
            video.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        video.mux(stream.encode(None))


def frame_numbers(clip: torch.Tensor) -> list[int]:
    """Which frames of a written video a clip shows."""
    return ((clip.mean((0, 2, 3)) + 1) * 127.5 / STEP).round().int().tolist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lists = tmp_path / "ucfTrainTestlist"
    lists.mkdir()
    (lists / "classInd.txt").write_text("1 Archery\r\n2 YoYo\r\n")
    (lists / "trainlist01.txt").write_text(
        "Archery/v_Archery_g08_c01.avi 1\r\nYoYo/v_YoYo_g09_c02.avi 2\r\nYoYo/v_YoYo_g25_c01.avi 2\r\n"
    )
    (lists / "testlist01.txt").write_text("YoYo/v_YoYo_g01_c01.avi\r\n")
    for name in ("Archery/v_Archery_g08_c01", "YoYo/v_YoYo_g09_c02", "YoYo/v_YoYo_g25_c01"):
        write_video(tmp_path / "UCF-101" / f"{name}.avi", 20)
    write_video(tmp_path / "UCF-101/YoYo/v_YoYo_g01_c01.avi", 12)
    return tmp_path


def test_the_published_lists_are_read(folder: Path) -> None:
    data = UCF101(folder)
    assert data.classes == ("Archery", "YoYo")
    assert data.videos[0] == "Archery/v_Archery_g08_c01.avi"
    assert data.labels.tolist() == [0, 1, 1]
    assert data.groups.tolist() == [8, 9, 25]
    assert len(UCF101(folder, "test")) == 1
    assert UCF101(folder, "test")[0]["label"] == 1


def test_a_test_clip_is_the_middle_of_the_video(folder: Path) -> None:
    clip = UCF101(folder, "test", frames=4, stride=2, size=28)[0]["clip"]
    assert clip.shape == (3, 4, 28, 28)
    assert clip.min() >= -1
    assert clip.max() <= 1
    assert frame_numbers(clip) == [2, 4, 6, 8]


def test_a_training_clip_starts_anywhere(folder: Path) -> None:
    data = UCF101(folder, frames=16, size=28)
    starts = set()
    for _ in range(60):
        numbers = frame_numbers(data[0]["clip"])
        assert numbers == list(range(numbers[0], numbers[0] + 16))
        starts.add(numbers[0])
    assert starts == set(range(5))


def test_a_short_video_rests_on_its_last_frame(folder: Path) -> None:
    clip = UCF101(folder, "test", frames=16, size=28)[0]["clip"]
    assert frame_numbers(clip) == [*range(12), 11, 11, 11, 11]


def test_the_picture_is_scaled_and_not_distorted(folder: Path) -> None:
    path = folder / "UCF-101/YoYo/v_YoYo_g01_c01.avi"
    with av.open(str(path), "w") as video:
        stream = video.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 128, 96, "yuv420p", 4_000_000
        picture = np.zeros((96, 128, 3), np.uint8)
        picture[36:60, 52:76] = 255  # a white square of a quarter of the height, in the middle
        video.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        video.mux(stream.encode(None))
    white = UCF101(folder, "test", frames=1, size=42)[0]["clip"][0, 0] > 0
    rows, columns = white.any(1).sum(), white.any(0).sum()
    assert abs(int(rows) - 12) <= 1  # a quarter of 48, the short side
    assert abs(int(columns) - 12) <= 1


def test_fit_decodes_in_other_processes(folder: Path) -> None:
    data = UCF101(folder, frames=4, size=14)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 14 * 14, 2))
    history = cm.fit(model, cm.video.clip_loss, data, epochs=2, batch_size=3, lr=0.01, workers=2)
    assert history.steps == 2


@pytest.mark.errors
def test_what_is_missing_or_damaged_is_named(folder: Path) -> None:
    with pytest.raises(DataFileError, match="trainlist02"):
        UCF101(folder, fold=2)
    data = UCF101(folder, "test")
    video = folder / "UCF-101" / data.videos[0]
    video.write_bytes(video.read_bytes()[:200])
    with pytest.raises(DataFileError, match=r"v_YoYo_g01_c01\.avi is damaged"):
        data[0]
    video.unlink()
    with pytest.raises(DataFileError, match=r"v_YoYo_g01_c01\.avi is missing"):
        data[0]


@pytest.mark.errors
@pytest.mark.parametrize("name", ["../../secret.avi", "/etc/passwd", "YoYo/../../v_YoYo_g01_c01.avi"])
def test_a_list_does_not_lead_out_of_the_folder(folder: Path, name: str) -> None:
    (folder / "ucfTrainTestlist/testlist01.txt").write_text(f"{name}\n")
    with pytest.raises(DataFileError, match="a list names"):
        UCF101(folder, "test")


@pytest.mark.errors
def test_a_class_that_is_not_listed_is_named(folder: Path) -> None:
    (folder / "ucfTrainTestlist/testlist01.txt").write_text("Surfing/v_Surfing_g01_c01.avi\n")
    with pytest.raises(DataFileError, match="'Surfing'"):
        UCF101(folder, "test")


@pytest.mark.errors
@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"part": "val"}, ValueError),
        ({"fold": 4}, ValueError),
        ({"frames": 0}, ValueError),
        ({"size": 11.5}, TypeError),
    ],
)
def test_bad_arguments_are_named(folder: Path, bad: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error, match=f"`{next(iter(bad))}`"):
        UCF101(folder, **bad)
