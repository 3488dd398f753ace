"""Copy what the pages need from npm packages into `book/_static`, with the licences.

No page of the book may fetch anything from another host, so MathJax and the two typefaces are committed.
Run this only to change a version: `python tools/vendor.py`. It needs `npm`, which checks each package's
integrity.
"""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "book" / "_static"


def font_files(family: str, scripts: tuple[str, ...]) -> list[str]:
    """Names of the variable-weight files of `family` for some scripts, upright and italic."""
    styles = ("normal", "italic")
    return [f"files/{family}-{script}-wght-{style}.woff2" for script in scripts for style in styles]


SCRIPTS = ("latin", "latin-ext", "greek")
PACKAGES = {  # npm package: (folder in _static, files to keep)
    "mathjax@3.2.2": ("mathjax", ["LICENSE", "es5/tex-chtml-full.js", "es5/output/chtml/fonts/woff-v2"]),
    "@fontsource-variable/source-sans-3@5.3.0": (
        "fonts/source-sans-3",
        ["LICENSE", *font_files("source-sans-3", SCRIPTS)],
    ),
    "@fontsource-variable/source-serif-4@5.3.1": (
        "fonts/source-serif-4",
        ["LICENSE", *font_files("source-serif-4", SCRIPTS)],
    ),
}


def fetch(package: str, folder: Path) -> Path:
    """Download an npm package into `folder` and unpack it."""
    subprocess.run(["npm", "pack", package, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def keep(source: Path, names: list[str], target: Path) -> None:
    """Replace `target` by the named files; paths below `es5/` and `files/` lose that prefix."""
    shutil.rmtree(target, ignore_errors=True)
    for name in names:
        place = target / name.removeprefix("es5/").removeprefix("files/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, place, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source / name, place)


def main() -> None:
    """Fetch and copy every package."""
    for package, (folder, names) in PACKAGES.items():
        with tempfile.TemporaryDirectory() as scratch:
            keep(fetch(package, Path(scratch)), names, STATIC / folder)
        (STATIC / folder / "VERSION").write_text(package + "\n")


if __name__ == "__main__":
    main()
