"""Arrays from whatever a caller has."""

from typing import Any

import numpy as np


def as_array(values: Any) -> np.ndarray:
    """As a NumPy array; a torch tensor on any device is detached and copied over, bfloat16 as float32."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if str(values.dtype) == "torch.bfloat16" else values
    return np.asarray(values)
