"""Progress bars that `TQDM_DISABLE` turns off in a notebook too, where tqdm itself does not look at it."""

import os
from typing import Any

from tqdm.auto import tqdm


def progress(iterable: Any = None, *, disable: bool = False, **options: Any) -> Any:
    """A `tqdm` bar; quiet where `disable` or the environment says so."""
    quiet = os.environ.get("TQDM_DISABLE", "0") not in ("", "0")
    return tqdm(iterable, disable=disable or quiet, **options)
