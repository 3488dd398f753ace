r"""A constructed city in which it is known, cell by cell, which past frame says what comes next.

Every cell belongs to one of three regions. What flows there at step $t$ follows, up to fresh noise, from one
lag alone: the last frame, spread a little to the neighbours; the same time yesterday; or the same time last
week. A forecast that knows the law is wrong by the noise and by no more.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from cmlearn._validate import require, require_counts, require_ndim

__all__ = ["BRANCHES", "GridFlow", "branch_frames", "branch_lags", "constructed_flow"]

BRANCHES = ("closeness", "period", "trend")


class GridFlow(NamedTuple):
    """A series of flow maps and the law behind it.

    Attributes:
        flow: into and out of each cell, 0 is usual.
        expected: the best forecast of each frame from those before; during the first week, 0.
        region: which of `BRANCHES` rules a cell.
        day: steps of a day.
        week: steps of a week.

    Example:
        >>> city = constructed_flow(2)
        >>> city.flow.shape, city.day, city.week
        (torch.Size([168, 2, 8, 8]), 12, 84)
    """

    flow: Float[Tensor, "time 2 size size"]
    expected: Float[Tensor, "time 2 size size"]
    region: Int[Tensor, "size size"]
    day: int
    week: int


def constructed_flow(
    weeks: int,
    *,
    size: int = 8,
    day: int = 12,
    persistence: float = 0.95,
    diffusion: float = 0.2,
    scale: float = 0.3,
    generator: torch.Generator | None = None,
) -> GridFlow:
    r"""Draw a city and some weeks of its flow.

    With $\rho$ the persistence, $D$ the diffusion and $\varepsilon$ normal, of deviation
    $s \sqrt{1 - \rho^2}$, a cell of the region

    - closeness has $x_t = \rho\, (D x_{t-1}) + \varepsilon_t$,
    - period has $x_t = \rho\, x_{t - \text{day}} + \varepsilon_t$,
    - trend has $x_t = \rho\, x_{t - \text{week}} + \varepsilon_t$.

    $D$ keeps the share $1 - d$ of a cell and takes $d$ from the mean of its neighbours in the region. The
    first week is noise of deviation $s$. With $\rho = 1$ the cycles repeat exactly. The regions are equally
    large, give or take a cell, and come as patches: thirds of a smooth random field.

    Args:
        weeks: how many weeks of seven days.
        size: height and width of the grid.
        day: steps of a day.
        persistence: $\rho$, from 0 to 1.
        diffusion: $d$, from 0 to 1.
        scale: $s$.
        generator: draws everything, on the CPU; `None` is PyTorch's own.

    Raises:
        ValueError: if a number is out of range.

    Example:
        >>> city = constructed_flow(3, persistence=1.0)
        >>> weekly = city.region == BRANCHES.index("trend")
        >>> bool((city.flow[168:, :, weekly] == city.flow[84:168, :, weekly]).all())
        True
    """
    _check_numbers(weeks, size, day, persistence, diffusion, scale)
    week = 7 * day
    region = _patches(size, generator)
    spread = _spread(region, diffusion)
    closeness, period = (region.flatten() == kind for kind in (0, 1))
    noise = scale * torch.randn(weeks * week, 2, size**2, generator=generator)
    noise[week:] *= (1 - persistence**2) ** 0.5
    flow, expected = noise.clone(), torch.zeros_like(noise)
    for t in range(week, len(flow)):
        cycle = torch.where(period, flow[t - day], flow[t - week])
        expected[t] = persistence * torch.where(closeness, flow[t - 1] @ spread.T, cycle)
        flow[t] += expected[t]
    maps = (-1, 2, size, size)
    return GridFlow(flow.reshape(maps), expected.reshape(maps), region, day, week)


def branch_lags(
    day: int, week: int, *, closeness: int = 3, period: int = 1, trend: int = 1
) -> dict[str, tuple[int, ...]]:
    """How many steps back the frames of each branch lie, the nearest first.

    The three stretches of the past are those of [zhang2017deep].

    Args:
        day: steps of a day.
        week: steps of a week.
        closeness: how many of the last frames.
        period: how many days back, at the same time.
        trend: how many weeks back, at the same time.

    Raises:
        ValueError: if a number is less than 1.

    Example:
        >>> branch_lags(12, 84, period=2)
        {'closeness': (1, 2, 3), 'period': (12, 24), 'trend': (84,)}
    """
    counts = dict(zip(BRANCHES, (closeness, period, trend), strict=True))
    require_counts(day=day, week=week, **counts)
    steps = dict(zip(BRANCHES, (1, day, week), strict=True))
    return {name: tuple(steps[name] * i for i in range(1, counts[name] + 1)) for name in BRANCHES}


def branch_frames(
    flow: Float[Tensor, "time channel height width"],
    times: Int[Tensor, " step"],
    lags: Mapping[str, Sequence[int]],
) -> dict[str, Float[Tensor, "step _frame channel height width"]]:
    """The frames that each branch reads to forecast the frames at `times`.

    Args:
        flow: the series.
        times: which frames are to be forecast.
        lags: steps back, by branch, as `branch_lags` gives them.

    Raises:
        ValueError: if a frame would lie before the beginning or after the end.

    Example:
        >>> import torch
        >>> flow = torch.arange(200.0)[:, None, None, None]
        >>> frames = branch_frames(flow, torch.tensor([100, 101]), branch_lags(12, 84))
        >>> {name: frame[0].flatten().tolist() for name, frame in frames.items()}
        {'closeness': [99.0, 98.0, 97.0], 'period': [88.0], 'trend': [16.0]}
    """
    require_ndim(flow, 4, "flow")
    first = max(lag for steps in lags.values() for lag in steps)
    inside = bool(((times >= first) & (times <= len(flow))).all())
    require(inside, "times", f"steps from {first} to {len(flow)}", f"{times.min()} to {times.max()}")
    return {name: flow[times[:, None] - torch.tensor(steps)] for name, steps in lags.items()}


def _patches(size: int, generator: torch.Generator | None) -> Int[Tensor, "size size"]:
    """Thirds of a smooth random field over a torus."""
    field = torch.randn(size, size, generator=generator)
    for _ in range(2):
        field = torch.stack([field.roll((i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]).mean(0)
    rank = field.flatten().argsort().argsort()
    return (rank * len(BRANCHES) // size**2).reshape(size, size)


def _spread(region: Int[Tensor, "size size"], diffusion: float) -> Float[Tensor, "cell cell"]:
    """The matrix $D$: each row sums to 1, and only neighbours of the same region share."""
    side = torch.arange(len(region))
    place = torch.cartesian_prod(side, side)
    near = (place[:, None] - place).abs().sum(2) == 1
    share = (near & (region.flatten()[:, None] == region.flatten())).float()
    neighbours = share.sum(1, keepdim=True)
    given = diffusion * (neighbours > 0)
    return torch.diag(1 - given[:, 0]) + given * share / neighbours.clamp(min=1)


def _check_numbers(
    weeks: int, size: int, day: int, persistence: float, diffusion: float, scale: float
) -> None:
    require(weeks >= 2, "weeks", "2 or more", weeks)
    require(size >= 2, "size", "2 or more", size)
    require(day >= 2, "day", "2 or more steps", day)
    for name, value in {"persistence": persistence, "diffusion": diffusion}.items():
        require(0 <= value <= 1, name, "a number from 0 to 1", value)
    require(scale > 0, "scale", "a positive number", scale)
