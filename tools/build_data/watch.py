"""Builds `watch`: a smartwatch's accelerometer and gyroscope during shoulder exercises."""

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from tools.build_data.common import write_arrays, write_licence
from tools.build_data.sources import Source

PACKAGE = Source(
    "pip",
    "seglearn",
    "1.2.5",
    "ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd",
)
EXERCISES = {
    "PEN": "pendulum",
    "ABD": "abduction",
    "FEL": "forward elevation",
    "IR": "internal rotation",
    "ER": "external rotation",
    "TRAP": "trapezius extension",
    "ROW": "upright row",
}
CHANNELS = {
    "ax": "acceleration x",
    "ay": "acceleration y",
    "az": "acceleration z",
    "wx": "rotation x",
    "wy": "rotation y",
    "wz": "rotation z",
}
RATE_HZ = 25
PICKLED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


class ArraysOnly(pickle.Unpickler):
    """Unpickles arrays and plain values, and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        """Look up one of the few names that a pickled array needs."""
        if (module, name) not in PICKLED:
            raise pickle.UnpicklingError(f"unexpected {module}.{name}")
        return super().find_class(module, name)


def build(out: Path) -> None:
    """Write the series and labels, and the licence."""
    data = read()
    series = [halve_rate(s) for s in tqdm(data["X"], desc="watch")]
    order = np.lexsort((data["side"], data["y"], data["subject"]))
    write_arrays(
        out / "watch.npz.xz",
        series=np.concatenate([series[i] for i in order]).T.astype(np.float16),
        length=np.array([len(series[i]) for i in order]),
        exercise=data["y"][order],
        exercises=np.array([EXERCISES[name] for name in data["y_labels"]]),
        subject=data["subject"][order] - 1,
        side=data["side"][order].astype(np.int64),
        channels=np.array([CHANNELS[name] for name in data["X_labels"]]),
    )
    about = (
        f"Smartwatch recordings of shoulder exercises, by David M. Burns\nFrom PyPI {PACKAGE.name} "
        f"{PACKAGE.version}; described in https://arxiv.org/abs/1802.01489\nChanged: averaged from 50 to "
        f"{RATE_HZ} samples a second, rounded to half precision, sorted.\nFile: watch.npz.xz\n"
        "Licence: BSD 3-clause"
    )
    write_licence(out, "watch", about, PACKAGE.read("seglearn-1.2.5.dist-info/LICENSE").decode())


def read() -> dict[str, Any]:
    """Return the package's data: a pickled dictionary behind the header of an `.npy` file."""
    content = PACKAGE.read("seglearn/data/watch_dataset.npy")
    (header,) = struct.unpack("<H", content[8:10])
    data: dict[str, Any] = ArraysOnly(io.BytesIO(content[10 + header :])).load().item()
    return data


def halve_rate(series: np.ndarray) -> np.ndarray:
    """Average every two samples: from 50 to 25 a second."""
    even = series[: len(series) // 2 * 2]
    return even.reshape(-1, 2, even.shape[1]).mean(axis=1)
