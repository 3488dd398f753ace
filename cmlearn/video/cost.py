"""What a model costs: its parameters, and the operations of one forward pass."""

from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["Cost", "count_cost"]


class Cost(NamedTuple):
    """The cost of a model.

    Attributes:
        parameters: numbers that training changes.
        flops: multiplications and additions in matrix products and convolutions of one forward pass.

    Example:
        >>> Cost(parameters=6, flops=8).flops
        8
    """

    parameters: int
    flops: int


def count_cost(model: nn.Module, *inputs: Any) -> Cost:
    """Count a model's parameters, and run it once to count its operations.

    Args:
        model: the model; it is left in `eval()` mode.
        inputs: what it is called with; on the device `meta`, as the model, nothing is computed.

    Example:
        >>> import torch
        >>> count_cost(torch.nn.Linear(2, 3, bias=False), torch.zeros(1, 2))  # 6 products and 6 additions
        Cost(parameters=6, flops=12)
    """
    model.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(*inputs)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return Cost(trained, counter.get_total_flops())
