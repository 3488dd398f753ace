"""The local Sphinx extensions of the book, one a module."""

import hashlib
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = sorted(path for path in HERE.glob("*.py") if path.stem not in ("__init__", "directive"))


def digest():
    """Changes when one of these files does; Sphinx then reads every page again."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(HERE.glob("*.py")))).hexdigest()


def setup(app):
    app.add_config_value("cmbook_digest", digest(), "env")
    # The catalogue and the data cards are plain data, imported from the checkout without installing it.
    sys.path.insert(0, str(app.srcdir))
    for path in SOURCES:
        import_module(f"cmbook.{path.stem}").setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
