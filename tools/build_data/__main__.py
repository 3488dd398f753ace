"""Builds the bundled data: `python -m tools.build_data [--check] [name ...]`."""

import argparse
import hashlib
import io
import lzma
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import numpy as np
from PIL import Image

FILES = Path(__file__).parents[2] / "cmlearn" / "data" / "files"
SETS = ("emoji", "fingerspelling", "watch", "clips", "glosses")


def build(name: str, out: Path) -> list[str]:
    """Build one set into a folder; return the names of its files."""
    import_module(f"tools.build_data.{name}").build(out)
    return sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())


def same(left: Path, right: Path) -> str | None:
    """Say how two files agree: by bytes, by what they decode to, or not at all."""
    if not right.exists():
        return None
    if left.read_bytes() == right.read_bytes():
        return "same bytes"
    return "same decoded content" if decoded(left) == decoded(right) else None


def decoded(path: Path) -> object:
    """Return what a data file holds, independent of how its codec packed it."""
    if path.suffix == ".webp":
        return np.asarray(Image.open(path).convert("RGB")).tobytes()
    if path.suffixes == [".npz", ".xz"]:
        arrays = np.load(io.BytesIO(lzma.decompress(path.read_bytes())), allow_pickle=False)
        return [(k, a.shape, a.dtype.str, a.tobytes()) for k, a in sorted(arrays.items())]
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()


def write_sums() -> None:
    """List every bundled file with its SHA-256, in the format of `sha256sum`."""
    files = sorted(p for p in FILES.rglob("*") if p.is_file() and p.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(FILES)}\n" for p in files]
    (FILES / "SHA256SUMS").write_text("".join(lines))


def main() -> int:
    """Build the named sets, or compare a rebuild with the bundled files."""
    parser = argparse.ArgumentParser(prog="python -m tools.build_data", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(SETS)}; all by default")
    parser.add_argument("--check", action="store_true", help="rebuild elsewhere and compare; change nothing")
    options = parser.parse_args()
    if unknown := set(options.names) - set(SETS):
        parser.error(f"unknown set: {', '.join(sorted(unknown))}")
    different = 0
    for name in options.names or SETS:
        with tempfile.TemporaryDirectory() as folder:
            for file in build(name, Path(folder)):
                if options.check:
                    verdict = same(Path(folder, file), FILES / file)
                    different += verdict is None
                    print(f"{verdict or 'DIFFERENT':22}{file}", flush=True)
                else:
                    (FILES / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(Path(folder, file), FILES / file)
                    print(f"{(FILES / file).stat().st_size:10,d}  {file}")
    if not options.check:
        write_sums()
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
