"""Res3D: published counts in closed form, the identity at the start, the block against its parts."""

import itertools

import pytest
import torch
from torch import nn

from cmlearn.video import count_cost
from cmlearn.video.res3d import BasicBlock3d, Res3D

WIDTHS = (64, 128, 256, 512)


def small(**options: object) -> Res3D:
    stem = nn.Conv3d(3, 4, 3, padding=1, bias=False)
    return Res3D(5, **({"widths": (4, 8), "blocks": (2, 1), "stem": stem} | options))


def test_the_published_net_has_33_million_parameters():
    stem = 3 * 7 * 7 * 3 * 64
    inside = sum(27 * (first * w + 3 * w * w) for first, w in zip((64, *WIDTHS), WIDTHS, strict=False))
    shortcuts = sum(m * n for m, n in itertools.pairwise(WIDTHS))
    norms = 2 * (64 + sum(4 * w for w in WIDTHS) + sum(WIDTHS[1:]))
    closed_form = stem + inside + shortcuts + norms + 512 * 400 + 400
    assert sum(p.numel() for p in Res3D(400, device="meta").parameters()) == closed_form == 33_371_472


def test_the_published_net_is_half_of_c3d():
    assert 0.4 < sum(p.numel() for p in Res3D(101, device="meta").parameters()) / 78_409_573 < 0.5


def test_the_published_net_costs_what_its_layers_cost():
    """16 frames of 112 x 112; each later stage's first block writes the smaller map."""
    places = [16 * 56**2, 8 * 28**2, 4 * 14**2, 2 * 7**2]
    macs = 3 * 7 * 7 * 3 * 64 * places[0] + 4 * 27 * 64 * 64 * places[0]
    for m, n, p in zip(WIDTHS, WIDTHS[1:], places[1:], strict=False):
        macs += p * (27 * m * n + 3 * 27 * n * n + m * n)
    cost = count_cost(Res3D(400, device="meta"), torch.zeros(1, 3, 16, 112, 112, device="meta"))
    assert cost.flops == 2 * (macs + 512 * 400)


def test_zero_initialised_blocks_are_the_identity_exactly(device: torch.device):
    net = Res3D(5, widths=(4,), blocks=(7,), stem=nn.Conv3d(3, 4, 1), zero_init=True).to(device)
    x = torch.rand(2, 4, 3, 6, 6, device=device)
    assert torch.equal(net.blocks(x), x)
    assert not torch.equal(Res3D(5, widths=(4,), blocks=(7,)).to(device).blocks(x), x)


def test_a_block_that_changes_sizes_starts_at_its_shortcut():
    block = BasicBlock3d(4, 8, stride=2, zero_init=True)
    x = torch.randn(2, 4, 5, 6, 6)
    torch.testing.assert_close(block(x), block.shortcut(x).relu())
    assert block(x).shape == (2, 8, 3, 3, 3)


def test_a_block_adds_and_a_plain_one_does_not():
    block = BasicBlock3d(4, 4).eval()
    plain = BasicBlock3d(4, 4, shortcut=False).eval()
    plain.load_state_dict(block.state_dict())
    first, norm1, relu, second, norm2 = block.residual
    x = torch.rand(2, 4, 3, 6, 6)
    change = norm2(second(relu(norm1(first(x)))))
    torch.testing.assert_close(block(x), (x + change).relu())
    torch.testing.assert_close(plain(x), change.relu())


def test_the_shortcut_costs_nothing_where_sizes_stay():
    residual, plain = (Res3D(5, widths=(4,), blocks=(3,), shortcut=s) for s in (True, False))
    count = [sum(p.numel() for p in net.parameters()) for net in (residual, plain)]
    assert count[0] == count[1]


@pytest.mark.errors
def test_bad_options_are_named():
    with pytest.raises(ValueError, match="`zero_init`"):
        BasicBlock3d(4, 4, shortcut=False, zero_init=True)
    with pytest.raises(ValueError, match="`blocks`"):
        small(blocks=(2,))
    with pytest.raises(ValueError, match="positive"):
        small(blocks=(2, 0))
