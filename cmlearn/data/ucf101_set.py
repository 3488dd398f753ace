"""UCF101: 13,320 videos of 101 human actions, read from a folder of their published layout."""

import itertools
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.utils.data import Dataset

from cmlearn._validate import require_choice, require_counts, require_type
from cmlearn.data.errors import DataFileError
from cmlearn.video.frames import as_clips

__all__ = ["UCF101"]

HOME = "https://www.crcv.ucf.edu/data/UCF101.php"
_VIDEO = re.compile(r"(\w+)/v_\w+_g(\d\d)_c\d\d\.avi")


class UCF101(Dataset[dict[str, Tensor]]):
    """A clip of every video of one published split [soomro2012ucf101], decoded when it is asked for.

    An item is a dict of `clip`, shape `(3, frames, size, size)` in [-1, 1], and `label`. Frames are scaled so
    that their short side is `size * 8 / 7`, as 128 for 112 [tran2015learning]. Of a training video a random
    stretch and a random square are taken, of a test video those in the middle. A video that is too short
    rests on its last frame.

    The videos and the lists are two archives of the data set's home; unpack both into one folder, which then
    holds `UCF-101/<class>/v_<class>_g01_c01.avi` and `ucfTrainTestlist/trainlist01.txt`. Training decodes in
    other processes with `cm.fit(..., workers=8)`. Needs PyAV: `pip install "cmlearn[video]"`.

    Attributes:
        classes: the names of the classes, in the order of their labels.
        videos: the paths of the videos below `UCF-101`.
        labels: the class of each video, a position in `classes`.
        groups: the group of each video, from 1 to 25; videos of a group show the same people and place, so
            that a split must not part them.

    Args:
        root: the folder that holds `UCF-101` and `ucfTrainTestlist`.
        part: `"train"` or `"test"`.
        fold: the split, 1, 2 or 3.
        frames: frames of a clip.
        stride: every which frame is taken.
        size: height and width of a clip in pixels.

    Raises:
        ValueError: if an argument is out of range.
        DataFileError: if a list or a video is missing or damaged.
        ModuleNotFoundError: if PyAV is not installed; on the first item.

    Example:
        >>> UCF101("no-such-folder")
        Traceback (most recent call last):
        cmlearn.data.errors.DataFileError: no-such-folder/ucfTrainTestlist/classInd.txt is missing...
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        part: str = "train",
        fold: int = 1,
        *,
        frames: int = 16,
        stride: int = 1,
        size: int = 112,
    ) -> None:
        require_choice(part, ("train", "test"), "part")
        require_choice(fold, (1, 2, 3), "fold")
        for name, value in {"frames": frames, "stride": stride, "size": size}.items():
            require_type(value, int, name)
        require_counts(frames=frames, stride=stride, size=size)
        self.root, self.part = Path(root), part
        self.frames, self.stride, self.size = frames, stride, size
        self.classes = tuple(line.split()[1] for line in self._list("classInd.txt"))
        names = [_checked(line.split()[0]) for line in self._list(f"{part}list{fold:02d}.txt")]
        self.videos = tuple(name.string for name in names)
        self.labels = torch.tensor([self._label(name[1]) for name in names])
        self.groups = torch.tensor([int(name[2]) for name in names])

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        path = self.root / "UCF-101" / self.videos[index]
        pictures = _decode(path, self.size * 8 // 7, self._stretch)
        top, left = (self._start(side - self.size) for side in pictures.shape[1:3])
        square = pictures[:, top : top + self.size, left : left + self.size]
        return {"clip": as_clips(square[None])[0], "label": self.labels[index]}

    def _start(self, room: int) -> int:
        """Where to begin, of `room + 1` places: anywhere in training, in the middle otherwise."""
        if self.part == "train" and room > 0:
            return int(torch.randint(room + 1, ()))
        return max(room, 0) // 2

    def _stretch(self, length: int) -> list[int]:
        """The frames to take of a video of so many."""
        start = self._start(length - (self.frames - 1) * self.stride - 1)
        last = max(length - 1, 0)
        return [min(start + i * self.stride, last) for i in range(self.frames)]

    def _list(self, name: str) -> list[str]:
        """The lines of a published list."""
        path = self.root / "ucfTrainTestlist" / name
        if not path.is_file():
            raise DataFileError(f"{path} is missing; the lists and the videos are at {HOME}")
        return [line for line in path.read_text("utf-8").splitlines() if line.strip()]

    def _label(self, name: str) -> int:
        if name not in self.classes:
            raise DataFileError(f"the class {name!r} of a list is not in classInd.txt")
        return self.classes.index(name)


def _checked(name: str) -> re.Match[str]:
    """The parts of a video's name, which is taken from a file and must not lead out of the folder."""
    match = _VIDEO.fullmatch(name)
    if match is None:
        raise DataFileError(f"a list names {name!r}, expected '<class>/v_<class>_g01_c01.avi'")
    return match


def _decode(
    path: Path, short_side: int, choose: Callable[[int], list[int]]
) -> UInt8[Tensor, "time height width 3"]:
    """The frames of a video that `choose` takes of so many, scaled."""
    import av

    if not path.is_file():
        raise DataFileError(f"{path} is missing; the videos are at {HOME}")
    try:
        with av.open(str(path)) as video:
            wanted = choose(sum(packet.size > 0 for packet in video.demux(video=0)))
            video.seek(0)
            frames = list(itertools.islice(video.decode(video=0), wanted[0], wanted[-1] + 1))
            chosen = [frames[min(i - wanted[0], len(frames) - 1)] for i in wanted]
    except (av.FFmpegError, IndexError) as error:
        raise DataFileError(f"{path} is damaged: {error}") from error
    ratio = short_side / min(chosen[0].width, chosen[0].height)
    width, height = round(chosen[0].width * ratio), round(chosen[0].height * ratio)
    pictures = [frame.reformat(width, height, "rgb24").to_ndarray() for frame in chosen]
    return torch.from_numpy(np.stack(pictures))
