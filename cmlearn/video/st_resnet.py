r"""ST-ResNet: a frame from the last ones, yesterday's and last week's, weighed anew in every cell.

Three branches of the same make read three stretches of the past. Their forecasts are added up with a weight
for each branch, channel and cell. [zhang2017deep]
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cmlearn._validate import require, require_choice, require_ndim

__all__ = ["PUBLISHED_LENGTHS", "ResidualUnit", "STResNet"]

Padding: TypeAlias = Literal["zeros", "circular"]
PUBLISHED_LENGTHS = {"closeness": 3, "period": 1, "trend": 1}


class ResidualUnit(nn.Module):
    r"""What goes in, plus two convolutions of it, each after a ReLU.

    $$x + K_2 * \max(0,\; K_1 * \max(0, x))$$

    [zhang2017deep], after [he2016deep]

    Args:
        width: channels.
        padding: `"zeros"` or `"circular"`.
        device: where the parameters live.
        dtype: their type.

    Example:
        >>> import torch
        >>> ResidualUnit(4)(torch.randn(2, 4, 8, 8)).shape
        torch.Size([2, 4, 8, 8])
    """

    def __init__(
        self,
        width: int,
        *,
        padding: Padding = "zeros",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        self.first = _convolution(width, width, padding, place)
        self.second = _convolution(width, width, padding, place)

    def forward(self, x: Float[Tensor, "batch width row column"]) -> Float[Tensor, "batch width row column"]:
        """Add what the convolutions find."""
        return x + self.second(self.first(x.relu()).relu())


class STResNet(nn.Module):
    r"""Branches of residual units over different stretches of the past, and their fusion cell by cell.

    A branch $b$ lays its frames on top of each other as channels: a convolution, residual units, a ReLU, a
    convolution give $X_b$. The forecast is

    $$\hat X = \tanh\Big(\sum_b W_b \odot X_b\Big)$$

    with a number in $W_b$ for every channel and cell. Flow is scaled to $[-1, 1]$. The paper adds the output
    of a small network that reads weather and holidays; this is the model without it. The $W_b$ start at 1.
    The defaults are the published ones. [zhang2017deep]

    Args:
        shape: channels, height and width of a frame.
        lengths: how many frames each branch reads, by its name.
        width: channels inside a branch.
        units: residual units of a branch.
        per_cell: with `False`, one weight per branch and channel serves all cells.
        padding: `"zeros"` or `"circular"`.
        device: where the parameters live.
        dtype: their type.

    Raises:
        ValueError: if a number is less than 1, there is no branch, or `padding` is unknown; when called, if
            the frames of a branch are missing or have another shape.

    Example:
        >>> import torch
        >>> model = STResNet((2, 8, 8), width=4, units=1)
        >>> past = {name: torch.rand(5, frames, 2, 8, 8) for name, frames in PUBLISHED_LENGTHS.items()}
        >>> model(past).shape
        torch.Size([5, 2, 8, 8])
    """

    def __init__(
        self,
        shape: tuple[int, int, int] = (2, 32, 32),
        *,
        lengths: Mapping[str, int] = PUBLISHED_LENGTHS,
        width: int = 64,
        units: int = 12,
        per_cell: bool = True,
        padding: Padding = "zeros",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require(len(lengths) > 0, "lengths", "one branch or more", dict(lengths))
        sizes = (*shape, *lengths.values(), width, units)
        require(min(sizes) >= 1, "shape, lengths, width, units", "1 or more each", sizes)
        require_choice(padding, ("zeros", "circular"), "padding")
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        self.shape, self.lengths = tuple(shape), dict(lengths)
        self.branches = nn.ModuleDict(
            {
                name: _branch(frames * shape[0], width, units, shape[0], padding, place)
                for name, frames in lengths.items()
            }
        )
        cells = shape if per_cell else (shape[0], 1, 1)
        self.weights = nn.ParameterDict({name: nn.Parameter(torch.ones(cells, **place)) for name in lengths})

    def parts(
        self, past: dict[str, Float[Tensor, "batch _frame channel height width"]]
    ) -> dict[str, Float[Tensor, "batch channel height width"]]:
        r"""What each branch adds to the sum: $W_b \odot X_b$.

        Args:
            past: the frames of each branch, by its name.
        """
        self._check(past)
        return {
            name: self.weights[name] * branch(past[name].flatten(1, 2))
            for name, branch in self.branches.items()
        }

    def forward(
        self, past: dict[str, Float[Tensor, "batch _frame channel height width"]]
    ) -> Float[Tensor, "batch channel height width"]:
        """The next frame.

        Args:
            past: the frames of each branch, by its name.
        """
        return torch.stack(list(self.parts(past).values())).sum(0).tanh()

    def _check(self, past: dict[str, Tensor]) -> None:
        for name, frames in self.lengths.items():
            require(name in past, "past", f"frames for {name!r}", f"only {sorted(past)}")
            require_ndim(past[name], 5, f"past[{name!r}]")
            wanted = (frames, *self.shape)
            given = tuple(past[name].shape[1:])
            require(given == wanted, f"past[{name!r}]", f"items of shape {wanted}", given)


def _branch(
    inputs: int, width: int, units: int, outputs: int, padding: Padding, place: dict[str, Any]
) -> nn.Sequential:
    return nn.Sequential(
        _convolution(inputs, width, padding, place),
        *(ResidualUnit(width, padding=padding, **place) for _ in range(units)),
        nn.ReLU(),
        _convolution(width, outputs, padding, place),
    )


def _convolution(inputs: int, outputs: int, padding: Padding, place: dict[str, Any]) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode=padding, **place)
