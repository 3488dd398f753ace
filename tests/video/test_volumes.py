"""Constructed volumes: what is claimed of them, counted."""

import pytest
import torch

from cmlearn.video import blob_volumes
from cmlearn.video.vnet import dice_coefficient


def drawn(**changes: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return tuple(blob_volumes(40, 16, generator=torch.Generator().manual_seed(1), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.0003, 0.005, 0.04])
def test_target_and_decoy_fill_exactly_their_share_and_never_meet(share: float) -> None:
    _, target, decoy = drawn(share=share)
    for blob in (target, decoy):
        assert (blob.sum((1, 2, 3, 4)) == round(share * 16**3)).all()
    assert not (target & decoy).any()


def test_contrasts_are_what_they_are_said_to_be() -> None:
    volume, target, decoy = drawn(noise=0.0)
    torch.testing.assert_close(volume[:, :1], 2.0 * (target | decoy))
    torch.testing.assert_close(volume[:, 1:], 2.0 * target - 2.0 * decoy)


def test_noise_has_its_size() -> None:
    clean, noisy = drawn(noise=0.0)[0], drawn(noise=0.7)[0]
    assert (noisy - clean).std().item() == pytest.approx(0.7, rel=0.01)


def test_blobs_are_in_one_piece_without_holes() -> None:
    """On each line through a blob its voxels follow each other."""
    _, target, _ = drawn(share=0.03)
    for axis in (2, 3, 4):
        changes = (
            target.int().diff(dim=axis).abs().sum(axis) + target.select(axis, 0) + target.select(axis, -1)
        )
        assert set(changes.unique().tolist()) <= {0, 2}


def test_every_axis_and_half_is_used() -> None:
    _, target, _ = drawn()
    centre = torch.stack([voxels.nonzero().float().mean(0) for voxels in target[:, 0]])
    assert ((centre < 6).any(0) & (centre > 9).any(0)).all()


def test_taking_both_scores_two_thirds() -> None:
    _, target, decoy = drawn()
    torch.testing.assert_close(dice_coefficient((target | decoy).float(), target), torch.full((40,), 2 / 3))


def test_the_generator_decides() -> None:
    assert torch.equal(drawn()[0], drawn()[0])


@pytest.mark.errors
@pytest.mark.parametrize(
    ("argument", "value"),
    [("count", 0), ("side", 7), ("side", 6), ("share", 0.05), ("share", 0.0), ("noise", -1.0)],
)
def test_bad_input_is_named(argument: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"`{argument}`"):
        blob_volumes(**{"count": 2, argument: value})  # type: ignore[arg-type]
