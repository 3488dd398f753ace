r"""DeViSE: a map from pictures, or anything else, into the space of word vectors learned from text alone.

The word vectors $t_j$ stay as they are. A map $M$ takes the features $v$ of a picture into their space, and
learns that the vector of the right word, $t_y$, fits it better than any other by a margin $m$:

$$\ell = \sum_{j \ne y} \big[ m - t_y^\top M v + t_j^\top M v \big]_+ .$$

A word that never came with a picture has a vector, too, and so it can be found: zero-shot recognition.
[frome2013devise] The control, `ridge_map`, does without false words: it is least squares onto $t_y$.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from cmlearn._precision import full_precision, widen
from cmlearn._validate import require, require_ndim

__all__ = ["DeViSE", "hinge_rank", "ridge_map"]


class DeViSE(nn.Module):
    r"""An encoder whose output is trained to point at the right one of some fixed word vectors.

    The paper trains a linear map of a picture net's features first, and then the net as well: `encoder` may
    be either. [frome2013devise]

    Args:
        encoder: a module that returns one vector of the words' dimension a row.
        words: the vectors of the words of training, scaled to length 1 and never changed.
        margin: $m$, by how much the right word must lead.

    Raises:
        ValueError: if `words` is not two-dimensional, or `margin` is negative.

    Example:
        >>> import torch
        >>> model = DeViSE(nn.Linear(5, 3, bias=False), torch.eye(3))
        >>> model(torch.randn(4, 5)).shape, model.loss(torch.zeros(4, 5), torch.tensor([0, 1, 2, 0])).item()
        (torch.Size([4, 3]), 0.20000000298023224)
    """

    words: Float[Tensor, "word dim"]

    def __init__(self, encoder: nn.Module, words: Float[Tensor, "word dim"], *, margin: float = 0.1) -> None:
        super().__init__()
        require_ndim(words, 2, "words")
        require(margin >= 0, "margin", "a number >= 0", margin)
        self.encoder = encoder
        self.margin = margin
        self.register_buffer("words", F.normalize(words, dim=1))

    def forward(self, x: Float[Tensor, "item ..."]) -> Float[Tensor, "item dim"]:
        """Places in the space of the words, not normalised.

        Args:
            x: what `encoder` reads.

        Returns:
            One vector a row.
        """
        return self.encoder(x)

    def loss(self, x: Float[Tensor, "item ..."], target: Int[Tensor, "item"]) -> Float[Tensor, ""]:
        """`hinge_rank` of what the encoder makes of `x`.

        Args:
            x: what `encoder` reads.
            target: the right word of each item, a row of `words`.

        Returns:
            The mean loss.
        """
        return hinge_rank(self(x), self.words, target, margin=self.margin)


def hinge_rank(
    outputs: Float[Tensor, "item dim"],
    words: Float[Tensor, "word dim"],
    target: Int[Tensor, "item"],
    *,
    margin: float = 0.1,
) -> Float[Tensor, ""]:
    r"""Hinge rank loss: the right word must beat each false one by a margin.

    With $[x]_+ = \max(0, x)$, mapped items $o_i$ and words $t_j$, the mean over the items of
    $\sum_{j \ne y_i} [m - t_{y_i}^\top o_i + t_j^\top o_i]_+$. It is zero exactly if every right word leads
    all others by $m$. [frome2013devise]

    Args:
        outputs: the mapped items.
        words: the word vectors.
        target: the right word of each item, a row of `words`.
        margin: $m \ge 0$.

    Returns:
        The loss in units of the score.

    Raises:
        ValueError: if there are no items, the dimensions differ, there is not one target an item, a target
            is no row of `words`, or `margin` is negative.

    Example:
        >>> import torch
        >>> hinge_rank(torch.eye(3), torch.eye(3), torch.arange(3)).item()
        0.0
        >>> round(hinge_rank(torch.eye(3), torch.eye(3), torch.tensor([1, 2, 0])).item(), 4)  # 1.1 + 0.1
        1.2
    """
    _require_targets(outputs, words, target)
    require(margin >= 0, "margin", "a number >= 0", margin)
    with full_precision(outputs):
        scores = widen(outputs) @ widen(words).T
        right = scores.gather(1, target[:, None])
        costs = F.relu(margin - right + scores).scatter(1, target[:, None], 0.0)
        return costs.sum(dim=1).mean()


def ridge_map(
    features: Float[Tensor, "item feature"], targets: Float[Tensor, "item dim"], *, penalty: float
) -> nn.Linear:
    r"""The linear map $x \mapsto W x + c$ with the least squared error onto the targets.

    It minimises $\sum_i \lVert W x_i + c - t_i \rVert^2 + \lambda \lVert W \rVert^2$. With $\bar X$ and
    $\bar T$ for the centred rows, $W^\top = (\bar X^\top \bar X + \lambda I)^{-1} \bar X^\top \bar T$.
    [hoerl1970ridge]

    Args:
        features: $x_i$.
        targets: $t_i$, for instance word vectors.
        penalty: $\lambda > 0$, against a sum over the items: with more of them it counts for less.

    Returns:
        The map, with fixed parameters, in the precision of `features`.

    Raises:
        ValueError: if there are no items, there is not one target an item, or `penalty` is not positive.

    Example:
        >>> import torch
        >>> x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
        >>> fitted = ridge_map(x, 3 * x + 1, penalty=1e-6)
        >>> fitted.weight.round(decimals=3) + 0.0, fitted.bias.round(decimals=3)
        (tensor([[3., 0.],
                [0., 3.]]), tensor([1., 1.]))
    """
    require_ndim(features, 2, "features")
    require_ndim(targets, 2, "targets")
    require(len(features) > 0, "features", "at least one item", "none")
    require(len(features) == len(targets), "targets", f"{len(features)} rows", len(targets))
    require(penalty > 0, "penalty", "a positive number", penalty)
    x, t = features.double(), targets.double()
    x, t = x - x.mean(dim=0), t - t.mean(dim=0)
    penalised = x.T @ x + penalty * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    weight = torch.linalg.solve(penalised, x.T @ t).T
    bias = targets.double().mean(dim=0) - weight @ features.double().mean(dim=0)
    return _fixed_linear(weight.to(features.dtype), bias.to(features.dtype))


def _fixed_linear(weight: Float[Tensor, "dim feature"], bias: Float[Tensor, "dim"]) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0], device=weight.device, dtype=weight.dtype)
    linear.weight.data, linear.bias.data = weight, bias
    return linear.requires_grad_(False)


def _require_targets(
    outputs: Float[Tensor, "..."], words: Float[Tensor, "..."], target: Int[Tensor, "..."]
) -> None:
    require_ndim(outputs, 2, "outputs")
    require_ndim(words, 2, "words")
    require(len(outputs) > 0, "outputs", "at least one item", "none")
    require(outputs.shape[1] == words.shape[1], "words", f"dimension {outputs.shape[1]}", words.shape[1])
    require(target.shape == outputs.shape[:1], "target", f"shape ({len(outputs)},)", tuple(target.shape))
    inside = bool(((target >= 0) & (target < len(words))).all())
    require(inside, "target", f"rows of `words`, 0 to {len(words) - 1}", target.tolist())
