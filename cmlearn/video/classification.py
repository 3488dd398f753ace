"""Classes of clips: the loss to train with, and the share of right answers."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from cmlearn._validate import require

__all__ = ["clip_accuracy", "clip_loss", "clip_scores"]


def clip_loss(model: nn.Module, batch: dict[str, Tensor]) -> Float[Tensor, ""]:
    """The cross-entropy of the classes of a batch, for `cm.fit`.

    Args:
        model: from clips to scores of shape `(clip, class)`.
        batch: `clip`, the clips, and `label`, their classes.

    Example:
        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 5))
        >>> batch = {"clip": torch.zeros(8, 3, 4, 1, 1), "label": torch.arange(8) % 5}
        >>> clip_loss(model, batch).ndim
        0
    """
    return F.cross_entropy(model(batch["clip"]), batch["label"])


def clip_scores(
    model: nn.Module, clips: Shaped[Tensor, "clip ..."], batch_size: int = 256
) -> Float[Tensor, "clip class"]:
    """The scores of many clips, batch by batch, without gradients, as the model's device holds them.

    Args:
        model: from clips to scores; it is left in `eval()` mode.
        clips: on any device.
        batch_size: clips at a time.

    Raises:
        ValueError: if there are no clips.

    Example:
        >>> import torch
        >>> clip_scores(torch.nn.Flatten(), torch.ones(3, 2)).shape
        torch.Size([3, 2])
    """
    require(len(clips) > 0, "clips", "one or more", "none")
    device = next((p.device for p in model.parameters()), clips.device)
    model.eval()
    with torch.no_grad():
        return torch.cat([model(part.to(device)) for part in torch.split(clips, batch_size)])


def clip_accuracy(
    model: nn.Module, clips: Shaped[Tensor, "clip ..."], labels: Int[Tensor, " clip"], batch_size: int = 256
) -> float:
    """The share of clips whose highest score is at their class.

    Args:
        model: from clips to scores; it is left in `eval()` mode.
        clips: on any device.
        labels: the classes.
        batch_size: clips at a time.

    Raises:
        ValueError: if there are no clips, or not one label a clip.

    Example:
        >>> import torch
        >>> clip_accuracy(torch.nn.Flatten(), torch.eye(4), torch.tensor([0, 1, 2, 0]))
        0.75
    """
    require(len(labels) == len(clips), "labels", f"one for each of {len(clips)} clips", len(labels))
    found = clip_scores(model, clips, batch_size).argmax(1)
    return (found == labels.to(found.device)).float().mean().item()
