r"""Deep cross-modal hashing: two encoders trained so that the signs of their outputs are good codes.

A sign has no gradient, so in training a bit is a number between -1 and 1, and a term of the loss pulls it to
the one end or the other. [jiang2017deep]
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int8, Shaped
from torch import Tensor, nn

from cmlearn._precision import full_precision, widen
from cmlearn._validate import require, require_ndim

__all__ = ["DeepHash", "HashingLoss", "hashing_loss"]


def hashing_loss(
    a: Float[Tensor, "batch bit"],
    b: Float[Tensor, "batch bit"],
    similar: Bool[Tensor, "batch batch"] | None = None,
    *,
    quantization: float = 0.1,
    balance: float = 0.1,
) -> Float[Tensor, ""]:
    r"""Likelihood of who is similar to whom, plus quantisation and bit balance.

    With $S_{ij} = 1$ where $a_i$ and $b_j$ are similar, 0 elsewhere, and
    $\Theta_{ij} = \tfrac12 a_i^\top b_j$, which for codes of -1 and 1 is $\tfrac{k}{2} - d_H$, the loss is

    $$L = -\overline{\log \sigma(\Theta)}_{S = 1} - \overline{\log \sigma(-\Theta)}_{S = 0}
      + \frac{\gamma}{nk} \sum_{i} \big( \lVert c_i - a_i \rVert^2 + \lVert c_i - b_i \rVert^2 \big)
      + \frac{\eta}{k} \Big( \lVert \bar a \rVert^2 + \lVert \bar b \rVert^2 \Big),$$

    where $c_i = \operatorname{sign}(a_i + b_i)$ is the best common code of a pair, and bars are means:
    $\bar a$ over the batch, zero for a bit that divides it in halves. The paper sums over all pairs; here the
    few similar pairs weigh as much as the many others. [jiang2017deep]

    Args:
        a: relaxed codes of one modality, between -1 and 1.
        b: relaxed codes of the other, row by row the partners of `a`.
        similar: $S$; `None` for the partners only. Each of the two kinds must occur, but for a batch of one.
        quantization: $\gamma \ge 0$.
        balance: $\eta \ge 0$.

    Returns:
        The loss.

    Raises:
        ValueError: if the batches are not paired, `similar` has another shape, or a weight is negative.

    Example:
        >>> import torch
        >>> codes = torch.tensor([[1.0, 1, -1, -1], [-1, -1, 1, 1]])
        >>> round(hashing_loss(codes, codes).item(), 4)  # log(1 + exp(-2)), twice; the other terms are 0
        0.2539
    """
    _require_pairs(a, b, similar)
    require(quantization >= 0, "quantization", "a number >= 0", quantization)
    require(balance >= 0, "balance", "a number >= 0", balance)
    with full_precision(a):
        a, b = widen(a), widen(b)
        common = torch.where(a + b >= 0, 1.0, -1.0).to(a.dtype)
        to_ends = F.mse_loss(a, common) + F.mse_loss(b, common)
        unbalanced = a.mean(dim=0).square().mean() + b.mean(dim=0).square().mean()
        return _unlikelihood(a @ b.T / 2, similar) + quantization * to_ends + balance * unbalanced


class HashingLoss(nn.Module):
    """`hashing_loss` as a module [jiang2017deep].

    Args:
        quantization: as there.
        balance: as there.

    Example:
        >>> import torch
        >>> HashingLoss()(torch.rand(8, 16), torch.rand(8, 16)).shape
        torch.Size([])
    """

    def __init__(self, quantization: float = 0.1, balance: float = 0.1) -> None:
        super().__init__()
        self.quantization = quantization
        self.balance = balance

    def forward(
        self,
        a: Float[Tensor, "batch bit"],
        b: Float[Tensor, "batch bit"],
        similar: Bool[Tensor, "batch batch"] | None = None,
    ) -> Float[Tensor, ""]:
        """The loss of two paired batches of relaxed codes."""
        return hashing_loss(a, b, similar, quantization=self.quantization, balance=self.balance)


class DeepHash(nn.Module):
    r"""One encoder a modality, ending in $\tanh$ for training and in a sign for use.

    Args:
        encoders: modality name to encoder, whose outputs all have k numbers.

    Raises:
        ValueError: if there is no encoder.

    Example:
        >>> import torch
        >>> model = DeepHash({"image": nn.Linear(6, 16), "name": nn.Linear(5, 16)})
        >>> relaxed = model({"image": torch.randn(4, 6), "name": torch.randn(4, 5)})
        >>> relaxed["image"].shape, model.codes("name", torch.randn(4, 5)).dtype
        (torch.Size([4, 16]), torch.int8)
    """

    def __init__(self, encoders: Mapping[str, nn.Module]) -> None:
        super().__init__()
        require(len(encoders) > 0, "encoders", "at least one", "none")
        self.encoders = nn.ModuleDict(encoders)

    def forward(
        self, batch: Mapping[str, Shaped[Tensor, "batch ..."]]
    ) -> dict[str, Float[Tensor, "batch bit"]]:
        """Relaxed codes, between -1 and 1.

        Args:
            batch: modality name to input; further entries are ignored.

        Returns:
            Modality name to relaxed codes.

        Raises:
            ValueError: if a modality is missing.
        """
        missing = [name for name in self.encoders if name not in batch]
        require(
            not missing, "batch", f"the modalities {list(self.encoders)}", f"{list(batch)}, without {missing}"
        )
        return {name: encoder(batch[name]).tanh() for name, encoder in self.encoders.items()}

    @torch.no_grad()
    def codes(self, modality: str, x: Shaped[Tensor, "batch ..."]) -> Int8[Tensor, "batch bit"]:
        """Codes of -1 and 1 of one modality; 0 counts as 1.

        Args:
            modality: its name.
            x: what its encoder reads.

        Returns:
            One code a row.

        Raises:
            ValueError: if the model has no encoder of that name.
        """
        known = list(self.encoders)
        require(modality in known, "modality", f"one of {known}", repr(modality))
        return torch.where(self.encoders[modality](x) >= 0, 1, -1).to(torch.int8)


def _unlikelihood(
    scores: Float[Tensor, "batch batch"], similar: Bool[Tensor, "batch batch"] | None
) -> Float[Tensor, ""]:
    """Minus the mean log-likelihood of the similar pairs, and of the others."""
    if similar is None:
        similar = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    together, apart = F.softplus(-scores)[similar], F.softplus(scores)[~similar]
    return sum((kind.mean() for kind in (together, apart) if len(kind)), scores.new_zeros(()))


def _require_pairs(
    a: Float[Tensor, "..."], b: Float[Tensor, "..."], similar: Bool[Tensor, "..."] | None
) -> None:
    require_ndim(a, 2, "a")
    require(a.shape == b.shape, "b", f"shape {tuple(a.shape)}, that of `a`", tuple(b.shape))
    if similar is not None:
        expected = (len(a), len(a))
        require(similar.shape == expected, "similar", f"shape {expected}", tuple(similar.shape))
