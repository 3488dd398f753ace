r"""Soft dynamic time warping: how alike two series are when each may be stretched in time.

An *alignment* of a series of n frames with one of m is a path through the n x m grid from the first cell to
the last, by steps down, right or diagonal; its cost is the sum of the costs of its cells. Dynamic time
warping takes the cheapest path [sakoe1978dynamic]. Soft-DTW takes the soft minimum over all of them and so
has a gradient, the expected alignment [cuturi2017soft].

Cells on one anti-diagonal do not depend on each other. So the recursion runs over the n + m - 1
anti-diagonals, forward for the value and back for the gradient, and each step handles all cells of all pairs.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from cmlearn._validate import require, require_ndim

__all__ = [
    "SoftDTW",
    "expected_alignment",
    "soft_dtw",
    "soft_dtw_divergence",
    "squared_distances",
    "temporal_similarity",
]


def squared_distances(
    x: Float[Tensor, "pair n dim"], y: Float[Tensor, "pair m dim"]
) -> Float[Tensor, "pair n m"]:
    r"""Squared Euclidean distance of every frame of $x$ to every frame of $y$, $\lVert x_i - y_j \rVert^2$.

    The differences are formed, so that equal frames are at distance 0 exactly.

    Args:
        x: one series a pair.
        y: its partners.

    Raises:
        ValueError: if `x` or `y` has not three axes, or they differ in pairs or dimension.

    Example:
        >>> import torch
        >>> squared_distances(torch.tensor([[[0.0], [3.0]]]), torch.tensor([[[1.0]]])).flatten().tolist()
        [1.0, 4.0]
    """
    require_ndim(x, 3, "x")
    require_ndim(y, 3, "y")
    fits = len(x) == len(y) and x.shape[2] == y.shape[2]
    require(fits, "y", f"{len(x)} series of dimension {x.shape[2]}", f"shape {tuple(y.shape)}")
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square()


def soft_dtw(
    cost: Float[Tensor, "pair n m"],
    gamma: float = 1.0,
    x_lengths: Int[Tensor, " pair"] | None = None,
    y_lengths: Int[Tensor, " pair"] | None = None,
) -> Float[Tensor, " pair"]:
    r"""The soft minimum of the costs of all alignments, and with `gamma=0` the minimum: DTW.

    $$r_{ij} = \delta_{ij} + {\min}^\gamma (r_{i-1,j-1}, r_{i-1,j}, r_{i,j-1}), \qquad
      {\min}^\gamma(a) = -\gamma \log \sum_k e^{-a_k / \gamma},$$

    with $r_{00} = 0$, $r_{i0} = r_{0j} = \infty$; the result is $r_{nm}$. It is never above DTW, and can be
    negative, also for two equal series. Its gradient by the cost is `expected_alignment`. [cuturi2017soft]

    Args:
        cost: $\delta_{ij}$, finite; of frame i of the first series and frame j of the second.
        gamma: $\gamma \ge 0$, in units of the cost.
        x_lengths: how many rows of each pair count; `None` is all.
        y_lengths: how many columns of each pair count; `None` is all. What stands beyond has no influence.

    Raises:
        ValueError: if `cost` has not three axes or no cells, `gamma` is negative, or the lengths are not one
            a pair, from 1 to the size of the grid.

    Example:
        >>> import torch
        >>> cost = torch.tensor([[[1.0, 2.0], [5.0, 0.0]]])
        >>> soft_dtw(cost, gamma=0.0).item()  # straight along the diagonal
        1.0
        >>> soft_dtw(torch.zeros(1, 2, 2), gamma=1.0).exp().item()  # three alignments, all of cost 0: -log 3
        0.333...
    """
    require_ndim(cost, 3, "cost")
    pairs, n, m = cost.shape
    require(n > 0 and m > 0, "cost", "one cell or more a pair", f"shape {tuple(cost.shape)}")
    require(bool(gamma >= 0), "gamma", "a number >= 0", gamma)
    rows = _lengths(x_lengths, pairs, n, "x_lengths", cost.device)
    columns = _lengths(y_lengths, pairs, m, "y_lengths", cost.device)
    inside = _first(rows, n)[:, :, None] & _first(columns, m)[:, None]
    cost = cost.masked_fill(~inside, 0.0)
    return _SoftDTW.apply(cost, float(gamma), rows, columns)  # type: ignore[no-untyped-call]


def expected_alignment(
    cost: Float[Tensor, "pair n m"],
    gamma: float = 1.0,
    x_lengths: Int[Tensor, " pair"] | None = None,
    y_lengths: Int[Tensor, " pair"] | None = None,
) -> Float[Tensor, "pair n m"]:
    r"""For each cell the probability that an alignment visits it; with `gamma=0` a cheapest path.

    Alignments are drawn with probability $p(\pi) \propto e^{-c(\pi) / \gamma}$, where $c(\pi)$ is the cost of
    alignment $\pi$. So all entries are in [0, 1], and the first and the last cell have 1. It is the gradient
    of `soft_dtw` by the cost. [cuturi2017soft]

    Args:
        cost: $\delta_{ij}$, finite.
        gamma: $\gamma \ge 0$, in units of the cost.
        x_lengths: how many rows of each pair count; `None` is all.
        y_lengths: how many columns of each pair count; `None` is all.

    Raises:
        ValueError: as in `soft_dtw`.

    Example:
        >>> import torch
        >>> expected_alignment(torch.zeros(1, 2, 2)).round(decimals=2).tolist()  # three alignments
        [[[1.0, 0.33...], [0.33..., 1.0]]]
    """
    with torch.enable_grad():
        cost = cost.detach().requires_grad_()
        value = soft_dtw(cost, gamma, x_lengths, y_lengths).sum()
    return torch.autograd.grad(value, cost)[0]


def soft_dtw_divergence(
    x: Float[Tensor, "pair n dim"], y: Float[Tensor, "pair m dim"], gamma: float = 1.0
) -> Float[Tensor, " pair"]:
    r"""Soft-DTW less its value at home: 0 for equal series, which soft-DTW itself is not.

    $$D(x, y) = s(x, y) - \tfrac12 s(x, x) - \tfrac12 s(y, y)$$

    with $s$ the soft-DTW of the squared distances. [blondel2021differentiable]

    Args:
        x: one series a pair.
        y: its partners.
        gamma: $\gamma \ge 0$, in units of the squared distance.

    Raises:
        ValueError: as in `squared_distances` and `soft_dtw`.

    Example:
        >>> import torch
        >>> x = torch.randn(1, 5, 2)
        >>> soft_dtw_divergence(x, x).item(), soft_dtw(squared_distances(x, x)).item() < 0
        (0.0, True)
    """
    at_home = soft_dtw(squared_distances(x, x), gamma) + soft_dtw(squared_distances(y, y), gamma)
    return soft_dtw(squared_distances(x, y), gamma) - at_home / 2


class SoftDTW(nn.Module):
    r"""The mean soft-DTW of pairs of series, as a loss between a predicted and a wanted one.

    Args:
        gamma: $\gamma \ge 0$, in units of the squared distance.

    Raises:
        ValueError: if `gamma` is negative.

    Example:
        >>> import torch
        >>> wanted = torch.tensor([[[0.0], [1.0], [0.0]]])
        >>> late = torch.tensor([[[0.0], [0.0], [1.0], [0.0]]])
        >>> SoftDTW(gamma=0.0)(late, wanted).item()  # being late costs nothing
        0.0
    """

    def __init__(self, gamma: float = 1.0) -> None:
        super().__init__()
        require(bool(gamma >= 0), "gamma", "a number >= 0", gamma)
        self.gamma = gamma

    def forward(
        self,
        x: Float[Tensor, "pair n dim"],
        y: Float[Tensor, "pair m dim"],
        x_lengths: Int[Tensor, " pair"] | None = None,
        y_lengths: Int[Tensor, " pair"] | None = None,
    ) -> Float[Tensor, ""]:
        """The mean over the pairs.

        Args:
            x: one series a pair, padded to one length.
            y: their partners, padded to one length.
            x_lengths: how many frames of each count; `None` is all.
            y_lengths: how many frames of each partner count; `None` is all.

        Raises:
            ValueError: as in `squared_distances` and `soft_dtw`.
        """
        return soft_dtw(squared_distances(x, y), self.gamma, x_lengths, y_lengths).mean()


def temporal_similarity(
    queries: Sequence[Float[Tensor, "_time dim"]],
    items: Sequence[Float[Tensor, "_time dim"]],
    gamma: float = 1.0,
) -> Float[Tensor, "query item"]:
    r"""How alike each query and each item are up to a warp of time, $-s(x, y) / (n + m)$.

    $s$ is the soft-DTW of the squared distances. The sum of the lengths n + m makes long and short items
    comparable: a path through the grid has between $\max(n, m)$ and $n + m - 1$ cells.

    Args:
        queries: series of any lengths.
        items: series of any lengths, of the same dimension.
        gamma: $\gamma \ge 0$, in units of the squared distance; 0 is DTW.

    Raises:
        ValueError: if there are no queries or no items, or as in `squared_distances` and `soft_dtw`.

    Example:
        >>> import torch
        >>> rise, fall = torch.arange(5.0)[:, None], 4 - torch.arange(5.0)[:, None]
        >>> slow = rise.repeat_interleave(3, 0)
        >>> temporal_similarity([slow], [rise, fall], gamma=0.0).argmax().item()
        0
    """
    require(len(queries) > 0, "queries", "one or more", "none")
    require(len(items) > 0, "items", "one or more", "none")
    lengths = torch.tensor([len(item) for item in items], device=items[0].device)
    padded = pad_sequence(list(items), batch_first=True)
    rows = []
    for query in queries:
        cost = squared_distances(query.expand(len(items), -1, -1), padded)
        rows.append(-soft_dtw(cost, gamma, y_lengths=lengths) / (len(query) + lengths))
    return torch.stack(rows)


class _SoftDTW(torch.autograd.Function):
    r"""The recursion in the scores $s = -r / \gamma$, where the soft minimum is `logaddexp`."""

    @staticmethod
    def forward(
        ctx: Any,
        cost: Float[Tensor, "pair n m"],
        gamma: float,
        rows: Int[Tensor, " pair"],
        columns: Int[Tensor, " pair"],
    ) -> Float[Tensor, " pair"]:
        scores = _scores(cost, gamma)
        ctx.save_for_backward(scores, rows, columns)
        ctx.gamma = gamma
        return -(gamma or 1.0) * scores[_ends(rows, columns)]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Float[Tensor, " pair"]) -> tuple[Float[Tensor, "pair n m"] | None, ...]:
        scores, rows, columns = ctx.saved_tensors
        return gradient[:, None, None] * _visits(scores, ctx.gamma, rows, columns), None, None, None


def _scores(cost: Float[Tensor, "pair n m"], gamma: float) -> Float[Tensor, "diagonal row pair"]:
    """The scores of all cells, cell (i, j) on diagonal i + j in row i; diagonal 0 holds the start."""
    pairs, n, m = cost.shape
    gather = torch.logaddexp if gamma > 0 else torch.maximum
    cost = _skew(cost / (gamma or 1.0))
    scores = cost.new_full((n + m + 1, n + 1, pairs), -torch.inf)
    scores[0, 0] = 0
    for k in range(2, n + m + 1):
        first, last = max(1, k - m), min(n, k - 1)
        left, up, diagonal = _predecessors(scores, k, first, last)
        best = gather(gather(left, up), diagonal)
        torch.sub(best, cost[k - 2, first - 1 : last], out=scores[k, first : last + 1])
    return scores


def _visits(
    scores: Float[Tensor, "diagonal row pair"],
    gamma: float,
    rows: Int[Tensor, " pair"],
    columns: Int[Tensor, " pair"],
) -> Float[Tensor, "pair n m"]:
    """Walk back from the last cell: each cell hands its probability on to its three predecessors."""
    n, m = scores.shape[1] - 1, scores.shape[0] - scores.shape[1]
    visits = torch.zeros_like(scores)
    visits[_ends(rows, columns)] = 1
    for k in range(n + m, 1, -1):
        first, last = max(1, k - m), min(n, k - 1)
        shares = _shares(torch.stack(_predecessors(scores, k, first, last)), gamma)
        here = visits[k, first : last + 1]
        for before, share in zip(_predecessors(visits, k, first, last), shares, strict=True):
            before.addcmul_(here, share)
    return _unskew(visits[2:, 1:])


def _shares(scores: Float[Tensor, "3 row pair"], gamma: float) -> Float[Tensor, "3 row pair"]:
    """How likely a path came from each predecessor; without softness, from the best."""
    if gamma > 0:
        return scores.softmax(0)
    return torch.zeros_like(scores).scatter_(0, scores.argmax(0, keepdim=True), 1.0)


def _predecessors(
    table: Float[Tensor, "diagonal row pair"], k: int, first: int, last: int
) -> tuple[Float[Tensor, "row_ pair"], Float[Tensor, "row_ pair"], Float[Tensor, "row_ pair"]]:
    """Left, upper and diagonal neighbours of the cells of diagonal `k` in rows `first` to `last`."""
    return table[k - 1, first : last + 1], table[k - 1, first - 1 : last], table[k - 2, first - 1 : last]


def _ends(
    rows: Int[Tensor, " pair"], columns: Int[Tensor, " pair"]
) -> tuple[Int[Tensor, " pair"], Int[Tensor, " pair"], Int[Tensor, " pair"]]:
    """Where each pair's last cell is."""
    return rows + columns, rows, torch.arange(len(rows), device=rows.device)


def _skew(cost: Float[Tensor, "pair n m"]) -> Float[Tensor, "diagonal n pair"]:
    """Make anti-diagonals rows: pad each row of a pair by `n`, and read on with rows that are one shorter."""
    _, n, m = cost.shape
    padded = pad(cost.permute(1, 2, 0), (0, 0, 0, n)).flatten(0, 1)
    return padded[: n * (n + m - 1)].view(n, n + m - 1, -1).transpose(0, 1).contiguous()


def _unskew(table: Float[Tensor, "diagonal n pair"]) -> Float[Tensor, "pair n m"]:
    """Undo `_skew`."""
    diagonals, n, pairs = table.shape
    padded = pad(table.transpose(0, 1).flatten(0, 1), (0, 0, 0, n))
    return padded.view(n, diagonals + 1, pairs)[:, : diagonals + 1 - n].permute(2, 0, 1)


def _lengths(
    lengths: Int[Tensor, " pair"] | None, pairs: int, longest: int, argument: str, device: torch.device
) -> Int[Tensor, " pair"]:
    if lengths is None:
        return torch.full((pairs,), longest, device=device)
    require(lengths.shape == (pairs,), argument, f"one for each of {pairs} pairs", tuple(lengths.shape))
    fits = bool(((lengths >= 1) & (lengths <= longest)).all())
    require(fits, argument, f"1 to {longest}", lengths.tolist())
    return lengths.to(device)


def _first(lengths: Int[Tensor, " pair"], longest: int) -> Bool[Tensor, "pair longest"]:
    """Which places count."""
    return torch.arange(longest, device=lengths.device) < lengths[:, None]
