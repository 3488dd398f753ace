"""Cross-Modal Learning, Executable: the companion package of the book.

Importing `cmlearn` imports nothing else: every name below is loaded on first use, so that the catalogue and
the data cards are readable without PyTorch.
"""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.claims import ClaimError as ClaimError
    from cmlearn.claims import check as check
    from cmlearn.claims import claim as claim
    from cmlearn.source import show_source as show_source
    from cmlearn.train import DictDataset as DictDataset
    from cmlearn.train import History as History
    from cmlearn.train import by_device as by_device
    from cmlearn.train import device as device
    from cmlearn.train import fit as fit
    from cmlearn.train import seed_everything as seed_everything

__version__ = "0.1.0"

_NAMES = {
    "ClaimError": "claims",
    "check": "claims",
    "claim": "claims",
    "show_source": "source",
    "DictDataset": "train",
    "History": "train",
    "by_device": "train",
    "device": "train",
    "fit": "train",
    "seed_everything": "train",
}
_MODULES = {
    "catalog",
    "claims",
    "data",
    "embedding",
    "matching",
    "metrics",
    "plot",
    "source",
    "train",
    "video",
}

__all__ = sorted({*_NAMES, *_MODULES})
__getattr__, __dir__ = lazy(__name__, _NAMES, _MODULES)
