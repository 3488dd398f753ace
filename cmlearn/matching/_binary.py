"""What the estimators with binary units share: their input as states, their seed as a generator."""

import numpy as np
import torch
from jaxtyping import Float
from sklearn.utils import check_random_state
from torch import Tensor

from cmlearn._validate import require


def units(values: np.ndarray, argument: str, device: str | torch.device) -> Float[Tensor, "sample unit"]:
    """Validated values as states of units."""
    inside = bool(values.min() >= 0 and values.max() <= 1)
    require(inside, argument, "values from 0 to 1", f"{values.min():g} to {values.max():g}")
    return torch.as_tensor(values, device=device)


def seeded(random_state: int | np.random.RandomState | None, device: str | torch.device) -> torch.Generator:
    """A generator of PyTorch from a seed in scikit-learn's manner."""
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    return torch.Generator(device=device).manual_seed(seed)
