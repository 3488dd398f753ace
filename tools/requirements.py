"""Print the requirements of the named extras of pyproject.toml, one a line.

The HTML book is built without installing the package itself, and so without PyTorch:
`pip install` has no way to install an extra alone.
"""

import sys
import tomllib
from pathlib import Path


def requirements(extras: list[str]) -> list[str]:
    """The requirements of `extras`, in the order of pyproject.toml."""
    project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())["project"]
    return [line for extra in extras for line in project["optional-dependencies"][extra]]


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1:])))
