r"""Contrastive losses: InfoNCE (CLIP), SigLIP and the hinge with hardest negatives (VSE++).

Each loss is a pure function of two batches of embeddings, `a` and `b`: row `i` of `a` belongs with row
`i` of `b`, and every other row of the batch is a negative. The score of a pair is the inner product
$a_i^\top b_j$, so pass unit vectors to compare by cosine. Scores and losses are computed in float32 (or
wider), also under autocast.

`chunk=` computes the same value and the same gradient from `chunk` rows of the score matrix at a time. The
peak memory is then linear in the batch instead of quadratic; the scores are computed twice.

The modules hold the learnable temperature and gather the batches of all processes before they call the
function.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from cmlearn._precision import full_precision, widen
from cmlearn._validate import require, require_ndim

__all__ = ["HardestHinge", "InfoNCE", "SigLIP", "gather", "hinge", "info_nce", "siglip"]


def info_nce(
    a: Float[Tensor, "batch dim"],
    b: Float[Tensor, "batch dim"],
    *,
    temperature: float | Float[Tensor, ""] = 0.07,
    chunk: int | None = None,
) -> Float[Tensor, ""]:
    r"""InfoNCE in both directions, the loss of CLIP: find the partner among all rows of the batch.

    With scores $s_{ij} = a_i^\top b_j / \tau$,

    $$L = -\frac{1}{2N} \sum_i \Big( \log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}}
        + \log \frac{e^{s_{ii}}}{\sum_j e^{s_{ji}}} \Big).$$

    An embedding that knows nothing gives $L = \log N$, and $\log N - L$ is a lower bound of the mutual
    information of the two modalities, in nats. A batch of one has no negatives: its loss is 0.
    [oord2018representation], [radford2021learning]

    Args:
        a: embeddings of one modality.
        b: embeddings of the other, row by row the partners of `a`.
        temperature: $\tau > 0$; small values look only at the hardest negatives.
        chunk: rows of the score matrix to hold at a time; `None` holds them all.

    Returns:
        The loss in nats, averaged over the batch and both directions.

    Raises:
        ValueError: if the batches are not paired or empty, or `temperature` or `chunk` is not positive.

    Example:
        >>> import torch
        >>> same = torch.ones(8, 4)
        >>> round(info_nce(same, same).item(), 4)  # nothing to tell the rows apart: log 8
        2.0794
    """
    _require_pairs(a, b, chunk)
    _require_positive(temperature)
    with full_precision(a):
        a, b = widen(a) / temperature, widen(b)
        terms = _softmax_terms(a, b) if chunk is None else _chunked_softmax_terms(a, b, chunk)
        rows, columns, matched = terms
        return ((rows - matched) + (columns - matched)).mean() / 2


def siglip(
    a: Float[Tensor, "batch dim"],
    b: Float[Tensor, "batch dim"],
    *,
    temperature: float | Float[Tensor, ""] = 0.1,
    bias: float | Float[Tensor, ""] = -10.0,
    chunk: int | None = None,
) -> Float[Tensor, ""]:
    r"""SigLIP: every pair of the batch is its own yes-or-no question.

    With $z_{ij} = 1$ on the diagonal and $-1$ elsewhere,

    $$L = -\frac{1}{N} \sum_{ij} \log \sigma\big( z_{ij} (a_i^\top b_j / \tau + \beta) \big).$$

    The loss is a plain sum over pairs, so any division into blocks adds up exactly. [zhai2023sigmoid]

    Args:
        a: embeddings of one modality.
        b: embeddings of the other, row by row the partners of `a`.
        temperature: $\tau > 0$.
        bias: $\beta$; starts at -10 because almost every pair is a negative.
        chunk: rows of the score matrix to hold at a time; `None` holds them all.

    Returns:
        The loss in nats, summed over a row's pairs and averaged over the rows.

    Raises:
        ValueError: if the batches are not paired or empty, or `temperature` or `chunk` is not positive.

    Example:
        >>> import torch
        >>> apart = torch.eye(2)
        >>> round(siglip(apart, apart, temperature=0.1, bias=0.0).item(), 4)  # log 2 from the one negative
        0.6932
    """
    _require_pairs(a, b, chunk)
    _require_positive(temperature)

    def block(rows: Float[Tensor, "rows dim"], first: int) -> Float[Tensor, ""]:
        """Sum of the terms of some rows of the scores."""
        logits = rows @ b.T + bias
        sign = torch.ones_like(logits)
        sign.diagonal(first).neg_()  # entry [i, first + i] is a matched pair
        return F.softplus(sign * logits).sum()

    with full_precision(a):
        a, b = widen(a) / temperature, widen(b)
        return _sum_over_blocks(block, a, chunk) / len(a)


def hinge(
    a: Float[Tensor, "batch dim"],
    b: Float[Tensor, "batch dim"],
    *,
    margin: float = 0.2,
    hardest: bool = True,
    chunk: int | None = None,
) -> Float[Tensor, ""]:
    r"""Hinge (triplet) ranking loss: a partner must beat the negatives by a margin.

    With scores $s_{ij} = a_i^\top b_j$ and $[x]_+ = \max(0, x)$,

    $$L = \frac{1}{N} \sum_i \Big( \max_{j \ne i} [m + s_{ij} - s_{ii}]_+
        + \max_{j \ne i} [m + s_{ji} - s_{ii}]_+ \Big),$$

    the VSE++ loss; `hardest=False` replaces both maxima by sums over $j \ne i$, the older sum of hinges.
    The paper sums over the batch, we average. A batch of one has no negatives: its loss is 0.
    [faghri2018vse]

    Args:
        a: embeddings of one modality, unit vectors for a margin in units of cosine.
        b: embeddings of the other, row by row the partners of `a`.
        margin: $m \ge 0$.
        hardest: count only the highest-scoring negative of each row and column.
        chunk: rows of the score matrix to hold at a time; `None` holds them all.

    Returns:
        The loss in units of the score, averaged over the batch.

    Raises:
        ValueError: if the batches are not paired or empty, `margin` is negative or `chunk` is not positive.

    Example:
        >>> import torch
        >>> same = torch.nn.functional.normalize(torch.ones(8, 4))
        >>> round(hinge(same, same).item(), 4)  # each negative ties: the margin, in both directions
        0.4
    """
    _require_pairs(a, b, chunk)
    require(margin >= 0, "margin", "a number >= 0", margin)
    with full_precision(a):
        a, b = widen(a), widen(b)
        if len(a) == 1:
            return 0.0 * _matched(a, b).sum()
        costs = _hardest_costs if hardest else _sum_of_costs
        return costs(a, b, margin, chunk) / len(a)


class InfoNCE(nn.Module):
    r"""`info_nce` with a learnable temperature, over the batches of all processes.

    The parameter is $\log(1/\tau)$. Before each use it is cut to at most `log(max_scale)`, as in CLIP: in
    place, so that it can come back. Inputs as in `info_nce`. [radford2021learning]

    Args:
        temperature: where $\tau$ starts.
        max_scale: the largest $1/\tau$ allowed; `None` for no limit.
        chunk: rows of the score matrix to hold at a time; `None` holds them all.
        device: where the parameter lives.
        dtype: the type of the parameter.

    Raises:
        ValueError: if `temperature`, `max_scale` or `chunk` is not positive.

    Example:
        >>> import torch
        >>> loss = InfoNCE()
        >>> round(loss.temperature.item(), 2)
        0.07
        >>> loss(torch.eye(4), torch.eye(4)) < 0.01
        tensor(True)
    """

    def __init__(
        self,
        temperature: float = 0.07,
        *,
        max_scale: float | None = 100.0,
        chunk: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require(temperature > 0, "temperature", "a positive number", temperature)
        require(max_scale is None or max_scale > 0, "max_scale", "a positive number or None", max_scale)
        _require_chunk(chunk)
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature), device=device, dtype=dtype))
        self.max_scale = max_scale
        self.chunk = chunk

    @property
    def temperature(self) -> Float[Tensor, ""]:
        r"""The present $\tau$, differentiable."""
        if self.max_scale is not None:
            with torch.no_grad():
                self.log_scale.clamp_(max=math.log(self.max_scale))
        return (-self.log_scale).exp()

    def forward(self, a: Float[Tensor, "batch dim"], b: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
        """The loss of the paired embeddings `a` and `b`."""
        return info_nce(gather(a), gather(b), temperature=self.temperature, chunk=self.chunk)


class SigLIP(nn.Module):
    r"""`siglip` with a learnable temperature and bias, over the batches of all processes.

    The parameters are $t' = \log(1/\tau)$, which starts at $\log 10$, and $\beta$, which starts at -10,
    as in the paper. Inputs as in `siglip`. [zhai2023sigmoid]

    Args:
        temperature: where $\tau$ starts.
        bias: where $\beta$ starts.
        chunk: rows of the score matrix to hold at a time; `None` holds them all.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if `temperature` or `chunk` is not positive.

    Example:
        >>> import torch
        >>> loss = SigLIP()
        >>> round(loss.log_scale.item(), 4), loss.bias.item()
        (2.3026, -10.0)
        >>> loss(torch.eye(4), torch.eye(4)).shape
        torch.Size([])
    """

    def __init__(
        self,
        temperature: float = 0.1,
        bias: float = -10.0,
        *,
        chunk: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require(temperature > 0, "temperature", "a positive number", temperature)
        _require_chunk(chunk)
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature), device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.tensor(float(bias), device=device, dtype=dtype))
        self.chunk = chunk

    @property
    def temperature(self) -> Float[Tensor, ""]:
        r"""The present $\tau$, differentiable."""
        return (-self.log_scale).exp()

    def forward(self, a: Float[Tensor, "batch dim"], b: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
        """The loss of the paired embeddings `a` and `b`."""
        return siglip(gather(a), gather(b), temperature=self.temperature, bias=self.bias, chunk=self.chunk)


class HardestHinge(nn.Module):
    r"""`hinge` with the hardest negatives of the batches of all processes: the loss of VSE++.

    Inputs as in `hinge`. [faghri2018vse]

    Args:
        margin: by how much a partner must beat the hardest negative.
        chunk: rows of the score matrix to hold at a time; `None` holds them all.

    Raises:
        ValueError: if `margin` is negative or `chunk` is not positive.

    Example:
        >>> import torch
        >>> HardestHinge()(torch.eye(4), torch.eye(4)).item()  # all negatives are more than 0.2 away
        0.0
    """

    def __init__(self, margin: float = 0.2, *, chunk: int | None = None) -> None:
        super().__init__()
        require(margin >= 0, "margin", "a number >= 0", margin)
        _require_chunk(chunk)
        self.margin = margin
        self.chunk = chunk

    def forward(self, a: Float[Tensor, "batch dim"], b: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
        """The loss of the paired embeddings `a` and `b`."""
        return hinge(gather(a), gather(b), margin=self.margin, chunk=self.chunk)


def gather(x: Float[Tensor, "batch dim"]) -> Float[Tensor, "all dim"]:
    """Rows of all processes with their gradients, in the order of the ranks; with one process, `x` itself.

    Gradients flow back to the process that a row came from. Each process then computes the loss of the
    whole batch, so the value equals the one-process run, and so does the gradient once it is averaged over
    processes, as `DistributedDataParallel` does. All processes must hold equally many rows.

    Args:
        x: this process's embeddings.

    Returns:
        The embeddings of all processes.

    Example:
        >>> import torch
        >>> gather(torch.eye(2)).shape  # one process
        torch.Size([2, 2])
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return x
    return _gather(x)


class _Gather(torch.autograd.Function):
    """All-gather whose gradient is the sum over processes of what each computed for these rows."""

    @staticmethod
    def forward(ctx: Any, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "all dim"]:
        """Rows of all processes."""
        parts = [torch.empty_like(x) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, x.contiguous())
        return torch.cat(parts)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Float[Tensor, "all dim"]) -> Float[Tensor, "batch dim"]:
        """This process's share of the summed gradient."""
        total = grad.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total.chunk(dist.get_world_size())[dist.get_rank()]


def _gather(x: Float[Tensor, "batch dim"]) -> Float[Tensor, "all dim"]:
    return _Gather.apply(x)  # type: ignore[no-untyped-call]


def _require_pairs(a: Float[Tensor, "..."], b: Float[Tensor, "..."], chunk: int | None) -> None:
    require_ndim(a, 2, "a")
    require_ndim(b, 2, "b")
    require(len(a) > 0, "a", "at least one row", "none")
    require(len(a) == len(b), "b", f"{len(a)} rows, as many as `a`", len(b))
    require(a.shape[1] == b.shape[1], "b", f"embeddings of dimension {a.shape[1]}, as in `a`", b.shape[1])
    _require_chunk(chunk)


def _require_chunk(chunk: int | None) -> None:
    require(chunk is None or chunk >= 1, "chunk", "an integer >= 1 or None", chunk)


def _require_positive(temperature: float | Float[Tensor, ""]) -> None:
    value = temperature.item() if isinstance(temperature, Tensor) else temperature
    require(value > 0, "temperature", "a positive number", value)


def _matched(a: Float[Tensor, "batch dim"], b: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch"]:
    return (a * b).sum(dim=1)


def _blocks(
    a: Float[Tensor, "batch dim"], chunk: int | None
) -> Iterator[tuple[int, Float[Tensor, "rows dim"]]]:
    """Pieces of at most `chunk` rows, each with the number of its first row."""
    size = chunk or len(a)
    return ((first, a[first : first + size]) for first in range(0, len(a), size))


def _softmax_terms(
    a: Float[Tensor, "rows dim"], b: Float[Tensor, "batch dim"], first: int = 0
) -> tuple[Float[Tensor, "rows"], Float[Tensor, "batch"], Float[Tensor, "rows"]]:
    """Log-sum-exp of each row and of each column of the scores, and the scores of the matched pairs."""
    scores = a @ b.T
    matched = scores.diagonal(first)  # entry [i, first + i]
    return scores.logsumexp(dim=1), scores.logsumexp(dim=0), matched


class _ChunkedSoftmaxTerms(torch.autograd.Function):
    """`_softmax_terms` that never holds more than `chunk` rows of the scores, forward or backward."""

    @staticmethod
    def forward(
        ctx: Any, a: Float[Tensor, "batch dim"], b: Float[Tensor, "batch dim"], chunk: int
    ) -> tuple[Float[Tensor, "batch"], Float[Tensor, "batch"], Float[Tensor, "batch"]]:
        """The terms, block by block."""
        rows, matched = a.new_empty(len(a)), a.new_empty(len(a))
        columns = a.new_full((len(b),), -torch.inf)
        for first, block in _blocks(a, chunk):
            here = slice(first, first + len(block))
            rows[here], block_columns, matched[here] = _softmax_terms(block, b, first)
            columns = torch.logaddexp(columns, block_columns)
        ctx.save_for_backward(a, b, rows, columns)
        ctx.chunk = chunk
        return rows, columns, matched

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(
        ctx: Any,
        grad_rows: Float[Tensor, "batch"],
        grad_columns: Float[Tensor, "batch"],
        grad_matched: Float[Tensor, "batch"],
    ) -> tuple[Float[Tensor, "batch dim"], Float[Tensor, "batch dim"], None]:
        """Gradients by the softmax of each row and column, block by block."""
        a, b, rows, columns = ctx.saved_tensors
        grad_a, grad_b = torch.zeros_like(a), torch.zeros_like(b)
        with full_precision(a):
            for first, block in _blocks(a, ctx.chunk):
                here = slice(first, first + len(block))
                scores = block @ b.T
                grad = (scores - columns).exp() * grad_columns  # softmax down the columns
                grad += (scores - rows[here, None]).exp() * grad_rows[here, None]  # and along the rows
                grad.diagonal(first).add_(grad_matched[here])
                grad_a[here] = grad @ b
                grad_b += grad.T @ block
        return grad_a, grad_b, None


def _chunked_softmax_terms(
    a: Float[Tensor, "batch dim"], b: Float[Tensor, "batch dim"], chunk: int
) -> tuple[Float[Tensor, "batch"], Float[Tensor, "batch"], Float[Tensor, "batch"]]:
    return _ChunkedSoftmaxTerms.apply(a, b, chunk)  # type: ignore[no-untyped-call]


def _sum_over_blocks(
    block: Callable[[Float[Tensor, "rows dim"], int], Float[Tensor, ""]],
    a: Float[Tensor, "batch dim"],
    chunk: int | None,
) -> Float[Tensor, ""]:
    """Sum of `block(rows, first)`; with `chunk`, scores are dropped and recomputed for the gradient."""
    if chunk is None:
        return block(a, 0)
    parts = [checkpoint(block, rows, first, use_reentrant=False) for first, rows in _blocks(a, chunk)]
    return torch.stack(parts).sum()


def _negatives(
    rows: Float[Tensor, "rows dim"], b: Float[Tensor, "batch dim"], first: int
) -> Float[Tensor, "rows batch"]:
    """Scores with minus infinity for the matched pairs."""
    scores = rows @ b.T
    scores.diagonal(first).fill_(-torch.inf)
    return scores


def _sum_of_costs(
    a: Float[Tensor, "batch dim"], b: Float[Tensor, "batch dim"], margin: float, chunk: int | None
) -> Float[Tensor, ""]:
    def block(rows: Float[Tensor, "rows dim"], first: int) -> Float[Tensor, ""]:
        """Sum of the hinges of some rows of the scores."""
        matched = margin - _matched(a, b)
        negatives = _negatives(rows, b, first)
        along = negatives + matched[first : first + len(rows), None]
        return F.relu(along).sum() + F.relu(negatives + matched).sum()

    return _sum_over_blocks(block, a, chunk)


def _hardest_costs(
    a: Float[Tensor, "batch dim"], b: Float[Tensor, "batch dim"], margin: float, chunk: int | None
) -> Float[Tensor, ""]:
    in_row, in_column = _hardest(a.detach(), b.detach(), chunk)
    matched = margin - _matched(a, b)
    return (F.relu(matched + _matched(a, b[in_row])) + F.relu(matched + _matched(a[in_column], b))).sum()


def _hardest(
    a: Float[Tensor, "batch dim"], b: Float[Tensor, "batch dim"], chunk: int | None
) -> tuple[Int[Tensor, "batch"], Int[Tensor, "batch"]]:
    """Where the highest-scoring negative of every row and of every column is."""
    in_row = torch.empty(len(a), dtype=torch.long, device=a.device)
    in_column = torch.zeros_like(in_row)
    best = a.new_full((len(b),), -torch.inf)
    for first, rows in _blocks(a, chunk):
        negatives = _negatives(rows, b, first)
        in_row[first : first + len(rows)] = negatives.argmax(dim=1)
        score, row = negatives.max(dim=0)
        in_column = torch.where(score > best, row + first, in_column)
        best = torch.maximum(best, score)
    return in_row, in_column
