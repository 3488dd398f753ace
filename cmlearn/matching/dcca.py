r"""Deep canonical correlation analysis: two encoders trained so that their outputs correlate.

The loss is the total correlation of a batch, the sum of the canonical correlations of the two outputs. Each
view is whitened with a Cholesky factor. The textbook inverse square root needs eigenvectors, whose gradient
divides by differences of eigenvalues: it is NaN as soon as two of them are equal, above all when a view has
collapsed to a constant. A Cholesky factor has no such divisions, and singular *values* have a bounded
gradient. [andrew2013deep]
"""

from collections.abc import Iterable, Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from cmlearn._precision import full_precision, widen
from cmlearn._validate import require, require_ndim

__all__ = ["DCCAELoss", "DCCALoss", "DeepCCA", "dcca_loss", "dccae_loss"]


def dcca_loss(
    a: Float[Tensor, "batch p"], b: Float[Tensor, "batch q"], *, eps: float = 1e-3
) -> Float[Tensor, ""]:
    r"""Minus the total correlation of two batches of codes.

    Each column is first standardised, as batch normalisation does it, so that `eps` means the same for codes
    of any size. With the covariances of the standardised codes and $L_x L_x^\top = \Sigma_{xx} + \epsilon I$,

    $$L = -\lVert L_x^{-1} \Sigma_{xy} L_y^{-\top} \rVert_* = -\sum_k \rho_k.$$

    The factors differ from the inverse square roots by a rotation, which singular values do not feel. The
    batch must be much larger than p and q: with fewer rows any two views correlate perfectly. The linear
    algebra is float32 or wider, also under autocast. [andrew2013deep]

    Args:
        a: codes of one view.
        b: codes of the other, row by row the partners of `a`.
        eps: $\epsilon > 0$, relative to the variance of a column.

    Returns:
        The loss, between $-\min(p, q)$ and 0.

    Raises:
        ValueError: if the batches are not paired, hold fewer than two rows, or `eps` is not positive.

    Example:
        >>> import torch
        >>> codes = torch.randn(100, 3, generator=torch.Generator().manual_seed(0))
        >>> mixed = codes @ torch.tensor([[1.0, 2, 0], [0, 1, 0], [3, 0, 1]])
        >>> round(dcca_loss(codes, mixed, eps=1e-6).item(), 3)  # an invertible map: three correlations of 1
        -3.0
    """
    _require_pairs(a, b)
    require(eps > 0, "eps", "a number > 0", eps)
    with full_precision(a):
        a, b = _standardise(a, eps), _standardise(b, eps)
        whitened = _whiten(_whiten(a.T @ b, a, eps).T, b, eps) / len(a)
        return -torch.linalg.svdvals(whitened).sum()


def dccae_loss(
    codes: Mapping[str, Shaped[Tensor, "batch ..."]],
    rebuilt: Mapping[str, Shaped[Tensor, "batch ..."]],
    views: Mapping[str, Shaped[Tensor, "batch ..."]],
    *,
    weight: float = 1.0,
    eps: float = 1e-3,
) -> Float[Tensor, ""]:
    r"""Deep canonically correlated autoencoders: total correlation, and how well each code rebuilds its view.

    $$L = -\sum_k \rho_k + \mu \sum_{v} \frac{1}{N} \sum_i \lVert x^v_i - \hat x^v_i \rVert^2$$

    The second term keeps in the codes what the views do not share. [wang2015deep]

    Args:
        codes: the two modalities' codes, (batch, dim) each.
        rebuilt: $\hat x$ by modality, of the views' shapes.
        views: $x$ by modality; further entries are ignored.
        weight: $\mu \ge 0$; 0 is DCCA.
        eps: as in `dcca_loss`.

    Returns:
        The loss.

    Raises:
        ValueError: if there are not two modalities, one is missing from `rebuilt` or `views`, the batches are
            not paired, or `weight` is negative.

    Example:
        >>> import torch
        >>> views = {"a": torch.eye(4), "b": torch.eye(4)}
        >>> codes = {name: view[:, :1] for name, view in views.items()}
        >>> perfect = dccae_loss(codes, views, views)
        >>> bool(perfect == dcca_loss(codes["a"], codes["b"]))
        True
    """
    require(len(codes) == 2, "codes", "two modalities", list(codes))
    require(weight >= 0, "weight", "a number >= 0", weight)
    _require_modalities(rebuilt, codes, "rebuilt")
    _require_modalities(views, codes, "views")
    errors = [F.mse_loss(rebuilt[name], views[name], reduction="sum") / len(views[name]) for name in codes]
    return dcca_loss(*codes.values(), eps=eps) + weight * torch.stack(errors).sum()


class DCCALoss(nn.Module):
    """`dcca_loss` as a module [andrew2013deep].

    Args:
        eps: as there.

    Example:
        >>> import torch
        >>> DCCALoss()(torch.randn(8, 2), torch.randn(8, 2)).shape
        torch.Size([])
    """

    def __init__(self, eps: float = 1e-3) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, a: Float[Tensor, "batch p"], b: Float[Tensor, "batch q"]) -> Float[Tensor, ""]:
        """The loss of two paired batches of codes."""
        return dcca_loss(a, b, eps=self.eps)


class DCCAELoss(nn.Module):
    """`dccae_loss` as a module [wang2015deep].

    Args:
        weight: as there.
        eps: as there.

    Example:
        >>> import torch
        >>> views = {"a": torch.randn(8, 3), "b": torch.randn(8, 5)}
        >>> DCCAELoss(weight=0.1)(views, views, views).shape
        torch.Size([])
    """

    def __init__(self, weight: float = 1.0, eps: float = 1e-3) -> None:
        super().__init__()
        self.weight = weight
        self.eps = eps

    def forward(
        self,
        codes: Mapping[str, Shaped[Tensor, "batch ..."]],
        rebuilt: Mapping[str, Shaped[Tensor, "batch ..."]],
        views: Mapping[str, Shaped[Tensor, "batch ..."]],
    ) -> Float[Tensor, ""]:
        """The loss of a batch: codes, what was rebuilt from them, and the views themselves."""
        return dccae_loss(codes, rebuilt, views, weight=self.weight, eps=self.eps)


class DeepCCA(nn.Module):
    r"""Two encoders, and for DCCAE two decoders, by modality name.

    Trained with `dcca_loss`, the codes correlate as subspaces: any invertible mix of them has the same loss.
    Fit a linear `CCA` on the trained codes to get the ordered, matched variates, as the paper does.
    [andrew2013deep], [wang2015deep]

    Args:
        encoders: modality name to encoder, two of them; outputs (batch, dim).
        decoders: modality name to decoder, from a code back to the view; `None` for plain DCCA.

    Raises:
        ValueError: if there are not two encoders, or the decoders' names differ from theirs.

    Example:
        >>> import torch
        >>> model = DeepCCA({"image": nn.Linear(20, 4), "text": nn.Linear(10, 4)})
        >>> codes = model({"image": torch.randn(32, 20), "text": torch.randn(32, 10)})
        >>> loss = dcca_loss(*codes.values())
    """

    def __init__(
        self, encoders: Mapping[str, nn.Module], decoders: Mapping[str, nn.Module] | None = None
    ) -> None:
        super().__init__()
        require(len(encoders) == 2, "encoders", "two modalities", list(encoders))
        same = decoders is None or set(decoders) == set(encoders)
        require(same, "decoders", f"the modalities {list(encoders)}", list(decoders or ()))
        self.encoders = nn.ModuleDict(dict(encoders))
        self.decoders = nn.ModuleDict(dict(decoders or {}))

    def forward(
        self, batch: Mapping[str, Shaped[Tensor, "batch ..."]]
    ) -> dict[str, Float[Tensor, "batch _"]]:
        """Codes of both modalities.

        Args:
            batch: modality name to input; further entries are ignored.

        Returns:
            Modality name to codes, in the order of the encoders.

        Raises:
            ValueError: if a modality is missing.
        """
        _require_modalities(batch, self.encoders, "batch")
        return {name: encoder(batch[name]) for name, encoder in self.encoders.items()}

    def rebuild(self, codes: Mapping[str, Float[Tensor, "batch _"]]) -> dict[str, Float[Tensor, "batch ..."]]:
        """Views rebuilt from the codes; empty without decoders.

        Args:
            codes: what `forward` returns.

        Returns:
            Modality name to view.

        Raises:
            ValueError: if a modality is missing.
        """
        _require_modalities(codes, self.decoders, "codes")
        return {name: decoder(codes[name]) for name, decoder in self.decoders.items()}


def _standardise(codes: Float[Tensor, "batch dim"], eps: float) -> Float[Tensor, "batch dim"]:
    return F.batch_norm(widen(codes), None, None, training=True, eps=eps)


def _whiten(
    cross: Float[Tensor, "dim other"], view: Float[Tensor, "batch dim"], eps: float
) -> Float[Tensor, "dim other"]:
    """`inv(L) @ cross`, where `L @ L.T` is the view's covariance plus `eps` on the diagonal."""
    covariance = view.T @ view / len(view)
    ridge = eps * torch.eye(len(covariance), dtype=view.dtype, device=view.device)
    factor = torch.linalg.cholesky(covariance + ridge)
    return torch.linalg.solve_triangular(factor, cross, upper=False)


def _require_pairs(a: Float[Tensor, "..."], b: Float[Tensor, "..."]) -> None:
    require_ndim(a, 2, "a")
    require_ndim(b, 2, "b")
    require(len(a) >= 2, "a", "at least two rows", len(a))
    require(len(a) == len(b), "b", f"{len(a)} rows, as many as `a`", len(b))


def _require_modalities(
    given: Mapping[str, Shaped[Tensor, "batch ..."]], names: Iterable[str], argument: str
) -> None:
    missing = [name for name in names if name not in given]
    require(not missing, argument, f"the modalities {list(names)}", f"{list(given)}, without {missing}")
