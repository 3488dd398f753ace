"""Does a model use time? Two probes: show it the clips with the frames shuffled, and reversed."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Shaped
from torch import Tensor

from cmlearn.video.frames import reverse_frames, shuffle_frames

__all__ = ["OrderProbe", "probe_order"]


class OrderProbe(NamedTuple):
    """A score on the same clips in three orders.

    Attributes:
        ordered: frames as they are.
        shuffled: frames in a random order, another one for each clip.
        reversed: frames from last to first.

    Example:
        >>> OrderProbe(ordered=0.9, shuffled=0.5, reversed=0.1)._asdict()
        {'ordered': 0.9, 'shuffled': 0.5, 'reversed': 0.1}
    """

    ordered: float
    shuffled: float
    reversed: float


def probe_order(
    score: Callable[[Shaped[Tensor, "clip ..."]], float],
    clips: Shaped[Tensor, "clip ..."],
    *,
    dim: int = 2,
    generator: torch.Generator | None = None,
) -> OrderProbe:
    """Score the clips as they are, shuffled and reversed.

    A feature is temporal if shuffling the frames changes it: f(x) ≠ f(x∘π) for some order π. Equal scores
    therefore show a model that does not need time here; unequal ones show that it reads the order.

    Args:
        score: from clips to a number, an accuracy say.
        clips: clips, or other series, of which `dim` is the axis of time.
        dim: the axis of time.
        generator: draws the orders, on the CPU; `None` is PyTorch's own.

    Raises:
        ValueError: if `dim` is the axis of the clips, or is not there.

    Example:
        >>> import torch
        >>> clips = torch.arange(8.0).view(1, 1, 8, 1, 1)
        >>> probe_order(lambda x: x.mean().item(), clips)  # the mean of the frames is not temporal
        OrderProbe(ordered=3.5, shuffled=3.5, reversed=3.5)
    """
    return OrderProbe(
        ordered=score(clips),
        shuffled=score(shuffle_frames(clips, dim, generator)),
        reversed=score(reverse_frames(clips, dim)),
    )
