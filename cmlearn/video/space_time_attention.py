r"""Attention over space and time: joint, divided and factorised.

A clip of $T$ frames is cut into $N$ patches a frame; every patch becomes a token, and a class token collects
what the classifier reads. Who may look at whom is the only difference between the schemes:

- *joint*: every token at all $TN$ patches; the cost grows as $(TN)^2$;
- *divided*: a patch first at the same place in all $T$ frames, then at all $N$ patches of its frame; the
  cost grows as $TN^2 + NT^2$;
- *space*: at the patches of its frame only; the frames meet in the mean of their class tokens;
- *factorised* (`STAM`): a transformer for each frame, then one over the frames' class tokens.

[bertasius2021space], [sharir2021image], [dosovitskiy2021image]
"""

from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cmlearn._validate import require, require_choice, require_counts

__all__ = ["SCHEMES", "STAM", "SelfAttention", "TimeSformer", "attention_pairs"]

SCHEMES = ("space", "joint", "divided")


def attention_pairs(scheme: str, frames: int, patches: int) -> int:
    r"""How many query-key pairs the attention of one block compares, class tokens included.

    Space: $T(N+1)^2$. Joint: $(TN+1)^2$. Divided: $NT^2 + T(N+1)^2$.

    Args:
        scheme: one of `SCHEMES`.
        frames: $T$.
        patches: $N$, of one frame.

    Raises:
        ValueError: if the scheme is unknown, or a number is below 1.

    Example:
        >>> attention_pairs("joint", 8, 196), attention_pairs("divided", 8, 196)
        (2461761, 323016)
    """
    require_choice(scheme, SCHEMES, "scheme")
    require_counts(frames=frames, patches=patches)
    if scheme == "joint":
        return int((frames * patches + 1) ** 2)
    over_time = patches * frames**2 if scheme == "divided" else 0
    return int(over_time + frames * (patches + 1) ** 2)


class SelfAttention(nn.Module):
    r"""Multi-head self-attention.

    For each head, with $d_h = d / H$ and $Q, K, V$ linear maps of the tokens:

    $$\alpha = \operatorname{softmax}\left(Q K^\top / \sqrt{d_h}\right), \qquad \text{out} = \alpha V.$$

    Args:
        dim: $d$, size of a token.
        heads: $H$.
        device: where the parameters are made.
        dtype: of the parameters.

    Raises:
        ValueError: if `dim` is not a multiple of `heads`.

    Example:
        >>> import torch
        >>> attend = SelfAttention(8, heads=2)
        >>> tokens = torch.randn(3, 5, 8)
        >>> attend(tokens).shape, attend.weights(tokens).shape
        (torch.Size([3, 5, 8]), torch.Size([3, 2, 5, 5]))
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require(heads >= 1 and dim % heads == 0, "heads", f"a divisor of {dim}", heads)
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, device=device, dtype=dtype)
        self.out = nn.Linear(dim, dim, device=device, dtype=dtype)

    def forward(self, tokens: Float[Tensor, "*batch token dim"]) -> Float[Tensor, "*batch token dim"]:
        """Let every token look at every token of its group; each leading index is a group."""
        query, key, value = self._split(tokens)
        mixed = _weights(query, key) @ value
        return self.out(mixed.transpose(-3, -2).flatten(-2))

    def weights(self, tokens: Float[Tensor, "*batch token dim"]) -> Float[Tensor, "*batch head token token"]:
        """The attention weights; row $i$ says how much token $i$ looks at each token, and sums to one."""
        query, key, _ = self._split(tokens)
        return _weights(query, key)

    def _split(
        self, tokens: Float[Tensor, "*batch token dim"]
    ) -> tuple[Float[Tensor, "*batch head token part"], ...]:
        parts = self.qkv(tokens).unflatten(-1, (3, self.heads, -1))  # (*batch, token, 3, head, part)
        return tuple(part.transpose(-3, -2) for part in parts.unbind(-3))


def _weights(
    query: Float[Tensor, "*batch head token part"], key: Float[Tensor, "*batch head token part"]
) -> Float[Tensor, "*batch head token token"]:
    return (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)


class _Branch(nn.Module):
    """What is added to the tokens: a layer on the normalised tokens."""

    def __init__(
        self, dim: int, layer: nn.Module, device: torch.device | str | None, dtype: torch.dtype | None
    ) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, eps=1e-6, device=device, dtype=dtype)
        self.layer = layer

    def forward(self, tokens: Float[Tensor, "*batch token dim"]) -> Float[Tensor, "*batch token dim"]:
        return self.layer(self.norm(tokens))


def _mlp(dim: int, device: torch.device | str | None, dtype: torch.dtype | None) -> nn.Module:
    wide = nn.Linear(dim, 4 * dim, device=device, dtype=dtype)
    return nn.Sequential(wide, nn.GELU(), nn.Linear(4 * dim, dim, device=device, dtype=dtype))


class _Block(nn.Module):
    """One transformer block of a `TimeSformer`: a class token, and patches as (batch, time, patch, dim)."""

    def __init__(
        self, dim: int, heads: int, scheme: str, device: torch.device | str | None, dtype: torch.dtype | None
    ) -> None:
        super().__init__()
        options: dict[str, Any] = {"device": device, "dtype": dtype}
        self.scheme = scheme
        self.over_time: nn.Module | None = None
        if scheme == "divided":
            mixed = nn.Sequential(SelfAttention(dim, heads, **options), nn.Linear(dim, dim, **options))
            self.over_time = _Branch(dim, mixed, **options)
        self.norm = nn.LayerNorm(dim, eps=1e-6, **options)
        self.attend = SelfAttention(dim, heads, **options)
        self.mlp = _Branch(dim, _mlp(dim, **options), **options)

    def forward(
        self, cls: Float[Tensor, "batch 1 dim"], patches: Float[Tensor, "batch time patch dim"]
    ) -> tuple[Float[Tensor, "batch 1 dim"], Float[Tensor, "batch time patch dim"]]:
        patches = self._mix_frames(patches)
        groups = self._groups(cls, patches)
        cls, patches = _ungroup(groups + self.attend(self.norm(groups)), patches.shape[1])
        return cls + self.mlp(cls), patches + self.mlp(patches)

    def looks(
        self, cls: Float[Tensor, "batch 1 dim"], patches: Float[Tensor, "batch time patch dim"]
    ) -> Float[Tensor, "batch time patch"]:
        """The attention of the class token to each patch, averaged over heads and groups."""
        groups = self._groups(cls, self._mix_frames(patches))
        weights = self.attend.weights(self.norm(groups))[..., 0, 1:].mean(2)
        return weights.reshape(patches.shape[:3]) / groups.shape[1]

    def _mix_frames(
        self, patches: Float[Tensor, "batch time patch dim"]
    ) -> Float[Tensor, "batch time patch dim"]:
        if self.over_time is None:
            return patches
        return patches + self.over_time(patches.transpose(1, 2)).transpose(1, 2)

    def _groups(
        self, cls: Float[Tensor, "batch 1 dim"], patches: Float[Tensor, "batch time patch dim"]
    ) -> Float[Tensor, "batch group token dim"]:
        """The tokens that may look at each other, the class token first: one group, or one a frame."""
        if self.scheme == "joint":
            return torch.cat([cls, patches.flatten(1, 2)], dim=1)[:, None]
        return torch.cat([_to_frames(cls, patches), patches], dim=2)


def _to_frames(
    cls: Float[Tensor, "batch 1 dim"], patches: Float[Tensor, "batch time patch dim"]
) -> Float[Tensor, "batch time 1 dim"]:
    """A copy of the class token for each frame."""
    return cls[:, None].expand(-1, patches.shape[1], -1, -1)


def _ungroup(
    groups: Float[Tensor, "batch group token dim"], frames: int
) -> tuple[Float[Tensor, "batch 1 dim"], Float[Tensor, "batch time patch dim"]]:
    """The class token, averaged over the groups, and the patches."""
    patches = groups[:, :, 1:].reshape(len(groups), frames, -1, groups.shape[-1])
    return groups[:, :, :1].mean(1), patches


class _Patches(nn.Module):
    """A clip's patches as tokens, with their places in space."""

    def __init__(
        self,
        channels: int,
        size: int,
        patch: int,
        dim: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require(patch >= 1 and size % patch == 0, "patch", f"a divisor of {size}", patch)
        options: dict[str, Any] = {"device": device, "dtype": dtype}
        self.count = (size // patch) ** 2
        self.project = nn.Conv2d(channels, dim, patch, patch, **options)
        self.cls = nn.Parameter(0.02 * torch.randn(dim, **options))
        self.places = nn.Parameter(0.02 * torch.randn(1 + self.count, dim, **options))

    def forward(
        self, clips: Float[Tensor, "batch channel time height width"]
    ) -> tuple[Float[Tensor, "batch 1 dim"], Float[Tensor, "batch time patch dim"]]:
        """The class token and the patches."""
        frames = self.project(clips.transpose(1, 2).flatten(0, 1)).flatten(2).mT
        patches = frames.unflatten(0, (len(clips), -1)) + self.places[1:]
        return (self.cls + self.places[0]).expand(len(clips), 1, -1), patches


class TimeSformer(nn.Module):
    r"""A transformer over the patches of a clip, with joint, divided or space-only attention.

    Each block, in the divided scheme (LN is layer normalisation):

    $$\begin{aligned}
      u &= z + W\,\mathrm{Att}_\text{time}(\mathrm{LN}(z)) \\
      v &= u + \mathrm{Att}_\text{space}(\mathrm{LN}(u)) \\
      z &\leftarrow v + \mathrm{MLP}(\mathrm{LN}(v))
    \end{aligned}$$

    The attention over time leaves the class token out; that over space gives each frame a copy of it and
    averages the copies. The other schemes have no attention over time. `TimeSformer()` is the published base
    model. [bertasius2021space]

    Args:
        classes: how many.
        shape: a clip's channels, frames, and height and width (equal).
        patch: side of a patch in pixels.
        dim: size of a token.
        depth: blocks.
        heads: heads of each attention.
        scheme: one of `SCHEMES`.
        temporal_positions: whether tokens know their frame.
        device: where the parameters are made; `"meta"` allocates nothing.
        dtype: of the parameters.

    Raises:
        ValueError: if the pictures are not square, a patch does not divide them, the scheme is unknown, or a
            clip has another shape.

    Example:
        >>> import torch
        >>> model = TimeSformer(6, (3, 4, 32, 32), patch=8, dim=16, depth=2, heads=2)
        >>> model(torch.randn(2, 3, 4, 32, 32)).shape
        torch.Size([2, 6])
    """

    def __init__(
        self,
        classes: int = 400,
        shape: tuple[int, int, int, int] = (3, 8, 224, 224),
        *,
        patch: int = 16,
        dim: int = 768,
        depth: int = 12,
        heads: int = 12,
        scheme: str = "divided",
        temporal_positions: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require_choice(scheme, SCHEMES, "scheme")
        _require_square(shape)
        options: dict[str, Any] = {"device": device, "dtype": dtype}
        self.shape = shape
        self.patches = _Patches(shape[0], shape[2], patch, dim, **options)
        self.times = (
            nn.Parameter(0.02 * torch.randn(shape[1], 1, dim, **options)) if temporal_positions else None
        )
        self.blocks = nn.ModuleList(_Block(dim, heads, scheme, device, dtype) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, eps=1e-6, **options)
        self.head = nn.Linear(dim, classes, **options)

    def forward(
        self, clips: Float[Tensor, "batch channel time height width"]
    ) -> Float[Tensor, "batch class"]:
        """The scores of the classes."""
        cls, patches = self._tokens(clips)
        for block in self.blocks:
            cls, patches = block(cls, patches)
        return self.head(self.norm(cls[:, 0]))

    def attention_map(
        self, clips: Float[Tensor, "batch channel time height width"], block: int = -1
    ) -> Float[Tensor, "batch time patch"]:
        """How much the class token looks at each patch in a block, averaged over the heads.

        Args:
            clips: the clips.
            block: which one, the last by default.

        Returns:
            Weights that sum to one over a clip, but for what the class token gives to itself.
        """
        cls, patches = self._tokens(clips)
        chosen = range(len(self.blocks))[block]
        for earlier in self.blocks[:chosen]:
            cls, patches = earlier(cls, patches)
        return cast(_Block, self.blocks[chosen]).looks(cls, patches)

    def _tokens(
        self, clips: Float[Tensor, "batch channel time height width"]
    ) -> tuple[Float[Tensor, "batch 1 dim"], Float[Tensor, "batch time patch dim"]]:
        _require_clips(clips, self.shape)
        cls, patches = self.patches(clips)
        return cls, patches if self.times is None else patches + self.times


class STAM(nn.Module):
    """A transformer for each frame, then one over the frames' class tokens: the factorised encoder.

    The first sees space only. What it makes of a frame is one vector, and the second sees the vectors in
    their order, by temporal positions, with a class token of its own. [sharir2021image]

    Args:
        classes: how many.
        shape: a clip's channels, frames, and height and width (equal).
        patch: side of a patch in pixels.
        dim: size of a token.
        depth: blocks of the first transformer.
        temporal_depth: blocks of the second.
        heads: heads of each attention.
        temporal_positions: whether the second transformer knows which frame a vector is from.
        device: where the parameters are made; `"meta"` allocates nothing.
        dtype: of the parameters.

    Raises:
        ValueError: if the pictures are not square, a patch does not divide them, or a clip has another shape.

    Example:
        >>> import torch
        >>> model = STAM(6, (3, 4, 32, 32), patch=8, dim=16, depth=2, temporal_depth=1, heads=2)
        >>> model(torch.randn(2, 3, 4, 32, 32)).shape
        torch.Size([2, 6])
    """

    def __init__(
        self,
        classes: int = 400,
        shape: tuple[int, int, int, int] = (3, 16, 224, 224),
        *,
        patch: int = 16,
        dim: int = 768,
        depth: int = 12,
        temporal_depth: int = 6,
        heads: int = 12,
        temporal_positions: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        _require_square(shape)
        options: dict[str, Any] = {"device": device, "dtype": dtype}
        self.shape = shape
        self.patches = _Patches(shape[0], shape[2], patch, dim, **options)
        self.in_space = _encoder(dim, depth, heads, device, dtype)
        self.cls = nn.Parameter(0.02 * torch.randn(1, 1, dim, **options))
        self.times = (
            nn.Parameter(0.02 * torch.randn(shape[1], dim, **options)) if temporal_positions else None
        )
        self.in_time = _encoder(dim, temporal_depth, heads, device, dtype)
        self.head = nn.Linear(dim, classes, **options)

    def forward(
        self, clips: Float[Tensor, "batch channel time height width"]
    ) -> Float[Tensor, "batch class"]:
        """The scores of the classes."""
        _require_clips(clips, self.shape)
        cls, patches = self.patches(clips)
        tokens = torch.cat([_to_frames(cls, patches), patches], dim=2)
        frames = self.in_space(tokens)[:, :, 0]  # (batch, time, dim)
        frames = frames if self.times is None else frames + self.times
        tokens = torch.cat([self.cls.expand(len(clips), 1, -1), frames], dim=1)
        return self.head(self.in_time(tokens)[:, 0])


class _Layer(nn.Module):
    """One block of a plain transformer."""

    def __init__(
        self, dim: int, heads: int, device: torch.device | str | None, dtype: torch.dtype | None
    ) -> None:
        super().__init__()
        options: dict[str, Any] = {"device": device, "dtype": dtype}
        self.attention = _Branch(dim, SelfAttention(dim, heads, **options), **options)
        self.mlp = _Branch(dim, _mlp(dim, **options), **options)

    def forward(self, tokens: Float[Tensor, "*batch token dim"]) -> Float[Tensor, "*batch token dim"]:
        tokens = tokens + self.attention(tokens)
        return tokens + self.mlp(tokens)


def _encoder(
    dim: int, depth: int, heads: int, device: torch.device | str | None, dtype: torch.dtype | None
) -> nn.Sequential:
    layers = [_Layer(dim, heads, device, dtype) for _ in range(depth)]
    return nn.Sequential(*layers, nn.LayerNorm(dim, eps=1e-6, device=device, dtype=dtype))


def _require_square(shape: tuple[int, int, int, int]) -> None:
    require(len(shape) == 4, "shape", "channels, frames, height and width", shape)
    require(shape[2] == shape[3], "shape", "equal height and width", shape)


def _require_clips(clips: Float[Tensor, "..."], shape: tuple[int, int, int, int]) -> None:
    require(tuple(clips.shape[1:]) == tuple(shape), "clips", f"shape (batch, *{shape})", tuple(clips.shape))
