r"""The two-tower model: one encoder a modality, all ending on the same unit sphere.

`ConvEncoder` reads 32-pixel pictures and `NgramEncoder` reads names in any script, as bags of hashed
words and character n-grams. `DualEncoder` holds any number of such encoders and returns unit vectors, so
that the inner product of two of them is their cosine. [radford2021learning]
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Shaped, UInt8
from torch import Tensor, nn

from cmlearn._validate import require, require_counts, require_ndim, require_type

__all__ = ["ConvEncoder", "DualEncoder", "NgramEncoder", "NgramTokenizer", "PairLoss"]


class NgramTokenizer:
    r"""Turns text of any script into the numbers of its words and character n-grams.

    A text is case-folded and split at white space. Each word gives itself and its n-grams, with `<` and
    `>` marking its ends, as in fastText. Each of these is hashed to one of `buckets - 1` numbers by
    CRC-32, so the numbers are the same in every process; number 0 is padding. [bojanowski2017enriching]

    Args:
        buckets: how many numbers there are, with the padding.
        shortest: characters in the shortest n-gram.
        longest: characters in the longest n-gram.

    Raises:
        ValueError: if `buckets` is below 2, `shortest` below 1 or `longest` below `shortest`.

    Example:
        >>> tokens = NgramTokenizer()(["red apple", "红苹果"])
        >>> tokens.shape[0], tokens.dtype
        (2, torch.int64)
    """

    def __init__(self, buckets: int = 2**14, *, shortest: int = 1, longest: int = 4) -> None:
        require(buckets >= 2, "buckets", "a number >= 2", buckets)
        require_counts(shortest=shortest)
        require(longest >= shortest, "longest", f"at least `shortest` ({shortest})", longest)
        self.buckets = buckets
        self.shortest = shortest
        self.longest = longest

    def __call__(self, texts: Sequence[str]) -> Int[Tensor, "text length"]:
        """The numbers of each text's parts, padded with 0 to the longest text.

        Args:
            texts: the texts, at least one; a single string is refused, because its letters would be taken
                for texts.

        Returns:
            One row a text.

        Raises:
            TypeError: if `texts` is a string, or holds anything but strings.
            ValueError: if `texts` is empty.

        Example:
            >>> NgramTokenizer(shortest=3, longest=3)(["cat"]).shape  # "<cat>", "<ca", "cat", "at>"
            torch.Size([1, 4])
        """
        require_type(texts, (list, tuple), "texts")
        require(len(texts) > 0, "texts", "at least one text", "none")
        for text in texts:
            require_type(text, str, "texts")
        rows = [torch.tensor([self._number(part) for part in self._parts(text)]) for text in texts]
        return nn.utils.rnn.pad_sequence(rows, batch_first=True)

    def _parts(self, text: str) -> Iterator[str]:
        for word in text.casefold().split() or [""]:
            marked = f"<{word}>"
            yield marked
            for length in range(self.shortest, min(self.longest, len(marked) - 1) + 1):
                yield from (marked[i : i + length] for i in range(len(marked) - length + 1))

    def _number(self, part: str) -> int:
        return 1 + zlib.crc32(part.encode()) % (self.buckets - 1)


class NgramEncoder(nn.Module):
    r"""A text is the mean of the learned vectors of its parts, then one linear layer: $W \bar e + c$.

    Args:
        dim: size of the output.
        width: size of a part's vector.
        buckets: as in the `NgramTokenizer` that makes the input.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if a size is not positive.

    Example:
        >>> NgramEncoder(64)(NgramTokenizer()(["red apple", "boat"])).shape
        torch.Size([2, 64])
    """

    def __init__(
        self,
        dim: int,
        *,
        width: int = 128,
        buckets: int = 2**14,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require_counts(dim=dim, width=width, buckets=buckets)
        self.parts = nn.EmbeddingBag(buckets, width, mode="mean", padding_idx=0, device=device, dtype=dtype)
        nn.init.normal_(self.parts.weight, std=0.02)  # small: what is learned soon outweighs where it started
        self.project = nn.Linear(width, dim, device=device, dtype=dtype)

    def forward(self, tokens: Int[Tensor, "batch length"]) -> Float[Tensor, "batch dim"]:
        """Encode rows of part numbers.

        Args:
            tokens: what `NgramTokenizer` returns; 0 is padding.

        Returns:
            One vector a row, not normalised.

        Raises:
            ValueError: if `tokens` is not two-dimensional.
        """
        require_ndim(tokens, 2, "tokens")
        return self.project(self.parts(tokens))


class ConvEncoder(nn.Module):
    r"""A small convolutional net for small RGB pictures on a white ground.

    Three stages halve the picture and double the channels. A linear layer then reads a 4 x 4 grid of places,
    so the output knows where things are: on 32-pixel emoji this learns much faster than a mean over places.
    Batch normalisation makes it depend on the batch in training, and with several processes on each one's
    share of it.

    Args:
        dim: size of the output.
        width: channels of the first stage.
        device: where the parameters live.
        dtype: the type of the parameters.

    Raises:
        ValueError: if a size is not positive.

    Example:
        >>> import torch
        >>> pictures = torch.zeros(2, 32, 32, 3, dtype=torch.uint8)
        >>> ConvEncoder(64)(pictures).shape
        torch.Size([2, 64])
    """

    def __init__(
        self,
        dim: int,
        *,
        width: int = 16,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require_counts(dim=dim, width=width)
        channels = [3, width, 2 * width, 4 * width]
        self.stages = nn.Sequential(*(_stage(m, n, device, dtype) for m, n in pairwise(channels)))
        self.grid = nn.AdaptiveAvgPool2d(4)
        self.project = nn.Linear(4 * width * 4 * 4, dim, device=device, dtype=dtype)

    def forward(
        self, pictures: UInt8[Tensor, "batch height width 3"] | Float[Tensor, "batch height width 3"]
    ) -> Float[Tensor, "batch dim"]:
        """Encode RGB pictures.

        Args:
            pictures: channels last, as the data sets hold them: bytes 0 to 255, or floats 0 to 1.

        Returns:
            One vector a picture, not normalised.

        Raises:
            ValueError: if `pictures` is not four-dimensional with three channels at the end.
        """
        require_ndim(pictures, 4, "pictures")
        require(pictures.shape[-1] == 3, "pictures", "3 channels in the last dimension", pictures.shape[-1])
        x = pictures.to(self.project.weight.dtype) / (255 if pictures.dtype == torch.uint8 else 1)
        ink = 2 * (1 - x.permute(0, 3, 1, 2))  # white, like the padding, is 0
        return self.project(self.grid(self.stages(ink)).flatten(1))


class DualEncoder(nn.Module):
    r"""Encoders of several modalities whose outputs are scaled to length 1: $z = f(x) / \lVert f(x) \rVert$.

    Two encoders make the two-tower model of CLIP; more may share the space. [radford2021learning]

    Args:
        encoders: modality name to encoder; all encoders have the same output size.

    Raises:
        ValueError: if there are no encoders.

    Example:
        >>> import torch
        >>> model = DualEncoder({"image": ConvEncoder(64), "name": NgramEncoder(64)})
        >>> batch = {"image": torch.zeros(2, 32, 32, 3), "name": NgramTokenizer()(["boat", "car"])}
        >>> z = model(batch)
        >>> z["image"].shape, torch.allclose(z["name"].norm(dim=1), torch.ones(2))
        (torch.Size([2, 64]), True)
    """

    def __init__(self, encoders: Mapping[str, nn.Module]) -> None:
        super().__init__()
        require(len(encoders) > 0, "encoders", "at least one encoder", "none")
        self.encoders = nn.ModuleDict(dict(encoders))

    def forward(
        self, batch: Mapping[str, Shaped[Tensor, "..."]], *, modalities: Sequence[str] | None = None
    ) -> dict[str, Float[Tensor, "batch dim"]]:
        """Encode the modalities of a batch; entries that no encoder reads, such as labels, are ignored.

        Args:
            batch: modality name to input.
            modalities: which ones to encode; `None` for all that the model knows.

        Returns:
            Modality name to unit vectors.

        Raises:
            ValueError: if a modality is missing from `batch`, or the model has no encoder for it.
        """
        names = list(self.encoders) if modalities is None else modalities
        missing = [name for name in names if name not in batch]
        require(not missing, "batch", f"the modalities {list(names)}", f"{list(batch)}, without {missing}")
        return {name: self.encode(name, batch[name]) for name in names}

    def encode(self, modality: str, x: Shaped[Tensor, "batch ..."]) -> Float[Tensor, "batch dim"]:
        """Unit vectors of one modality.

        Args:
            modality: its name.
            x: what its encoder reads.

        Returns:
            One unit vector a row.

        Raises:
            ValueError: if the model has no encoder of that name.

        Example:
            >>> model = DualEncoder({"name": NgramEncoder(64)})
            >>> model.encode("name", NgramTokenizer()(["boat"])).shape
            torch.Size([1, 64])
        """
        known = list(self.encoders)
        require(modality in known, "modality", f"one of {known}", repr(modality))
        return F.normalize(self.encoders[modality](x), dim=-1)


class PairLoss(nn.Module):
    r"""What `cm.fit` minimises for a `DualEncoder`: a contrastive loss, averaged over pairs of modalities.

    Its parameters, such as the temperature of `InfoNCE`, are trained with the model. With two pairs that
    share a modality, that modality is the pivot between the other two. [radford2021learning],
    [girdhar2023imagebind]

    Args:
        loss: a contrastive loss of two batches of embeddings.
        pairs: one or more pairs of modality names.

    Raises:
        TypeError: if a pair is no tuple.
        ValueError: if there are no pairs, or one does not name two modalities.

    Example:
        >>> from cmlearn.matching import InfoNCE
        >>> model = DualEncoder({"a": nn.Linear(6, 2), "b": nn.Linear(5, 2)})
        >>> loss = PairLoss(InfoNCE(), ("a", "b"))
        >>> loss(model, {"a": torch.randn(4, 6), "b": torch.randn(4, 5)}).shape
        torch.Size([])
    """

    def __init__(self, loss: nn.Module, *pairs: tuple[str, str]) -> None:
        super().__init__()
        require(len(pairs) > 0, "pairs", "at least one pair of modalities", "none")
        for pair in pairs:
            require_type(pair, tuple, "pairs")
            require(len(set(pair)) == len(pair) == 2, "pairs", "two modalities in each", pair)
        self.loss = loss
        self.pairs = pairs

    def forward(
        self,
        model: Callable[..., Mapping[str, Float[Tensor, "batch dim"]]],
        batch: Mapping[str, Shaped[Tensor, "..."]],
    ) -> Float[Tensor, ""]:
        """The loss of a batch.

        Args:
            model: a `DualEncoder`, or what is called like one.
            batch: modality name to input.

        Returns:
            The mean of the pairs' losses.

        Raises:
            ValueError: if a modality is missing from `batch`.
        """
        z = model(batch, modalities=sorted({name for pair in self.pairs for name in pair}))
        return torch.stack([self.loss(z[a], z[b]) for a, b in self.pairs]).mean()


def _stage(
    channels: int, out: int, device: torch.device | str | None, dtype: torch.dtype | None
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, stride=2, padding=1, device=device, dtype=dtype),
        nn.BatchNorm2d(out, device=device, dtype=dtype),
        nn.ReLU(),
    )
