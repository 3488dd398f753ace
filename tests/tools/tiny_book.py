"""The text of a tiny book: two lessons over a package of one module and one data file."""

from pathlib import Path

TOC = """\
format: jb-book
root: index
parts:
  - caption: Start
    chapters:
      - file: book/start/how-to-use
      - file: notebooks/start/first
        sections:
          - file: notebooks/works/second.ipynb
"""

HEADER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""

FIRST = """
# First

A sentence.

```{code-cell} ipython3
:tags: [hide-input]

import os
import sys
import cmlearn.toy
print(cmlearn.toy.double(21))
```

Another sentence.

```{code-cell} ipython3
---
mystnb:
  image:
    alt: a picture
---
print(sys.executable)
print(os.environ["OMP_NUM_THREADS"], os.environ["CMLEARN_SEED"], os.environ["CMLEARN_DEVICE"])
print(os.listdir())
```
"""

SECOND = """
# Second

```{code-cell} ipython3
print("hello")
print("again")
```
"""

TOY = '''\
"""A module."""

from cmlearn.data import _files

_files.load("numbers.txt")


def double(x):
    """Twice `x`."""
    return 2 * x
'''

FILES = """\
from pathlib import Path

_LOADED = []


def load(name):
    _LOADED.append(name)
    return Path(__file__).parent.joinpath("files", name).read_text()


def loaded_files():
    return sorted(_LOADED)
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
