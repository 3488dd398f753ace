"""(2+1)D: the budget that the formula matches, the kernel that two linear halves make, published counts."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cmlearn.video import count_cost
from cmlearn.video.r2plus1d import Conv2Plus1d, R2Plus1D, matched_middle
from cmlearn.video.res3d import Res3D

WIDTHS = (64, 128, 256, 512)


def weights(module: nn.Module) -> int:
    return sum(m.weight.numel() for m in module.modules() if isinstance(m, nn.Conv3d))


@pytest.mark.parametrize("sizes", [*itertools.product((3, 8, 64), (5, 16, 128), (1, 3, 5), (3, 7))])
def test_the_middle_is_the_largest_that_costs_no_more(sizes: tuple[int, int, int, int]):
    inputs, outputs, depth, size = sizes
    middle = matched_middle(inputs, outputs, depth=depth, size=size)
    full = depth * size**2 * inputs * outputs
    each = size**2 * inputs + depth * outputs
    assert middle * each <= full < (middle + 1) * each
    layer = Conv2Plus1d(inputs, outputs, (depth, size, size))
    assert weights(layer) == middle * each


def test_a_share_of_the_middle_is_that_share_of_the_weights():
    whole, half = Conv2Plus1d(64, 64), Conv2Plus1d(64, 64, share=0.5)
    assert (whole.middle, half.middle) == (144, 72)
    assert weights(half) * 2 == weights(whole) == weights(nn.Conv3d(64, 64, 3))


@pytest.mark.parametrize("stride", [1, 2, (1, 2, 2)])
def test_it_has_the_sizes_of_the_convolution_it_replaces(stride: int | tuple[int, int, int]):
    x = torch.randn(2, 3, 5, 9, 9)
    whole = nn.Conv3d(3, 4, (3, 5, 5), stride=stride, padding=(1, 2, 2))
    split = Conv2Plus1d(3, 4, (3, 5, 5), stride=stride, padding=(1, 2, 2), bias=True)
    assert split(x).shape == whole(x).shape


def test_without_the_relu_it_is_one_3d_convolution(device: torch.device):
    layer = Conv2Plus1d(3, 4, padding=1, stride=2, middle=5, relu=False).to(device).eval()
    x = torch.randn(2, 3, 6, 8, 8, device=device)
    scale = layer.norm.weight / (layer.norm.running_var + layer.norm.eps).sqrt()
    spatial = layer.spatial.weight[:, :, 0] * scale[:, None, None, None]
    kernel = torch.einsum("omt,miyx->oityx", layer.temporal.weight[..., 0, 0], spatial)
    torch.testing.assert_close(layer(x), F.conv3d(x, kernel, stride=2, padding=1))
    assert torch.linalg.matrix_rank(kernel.transpose(1, 2).reshape(12, 27)) <= 5


def test_with_the_relu_it_is_not_linear():
    layer = Conv2Plus1d(3, 4, padding=1).eval()
    x, z = torch.randn(2, 1, 3, 4, 8, 8)
    assert (layer(x + z) - layer(x) - layer(z)).abs().max() > 0.01


def test_the_full_net_costs_what_res3d_costs():
    clip = torch.zeros(1, 3, 16, 112, 112, device="meta")
    whole, split = (count_cost(make(400, device="meta"), clip) for make in (Res3D, R2Plus1D))
    assert split.parameters == 33_370_839
    assert abs(split.parameters / whole.parameters - 1) < 1e-3
    assert abs(split.flops / whole.flops - 1) < 0.03


def test_with_one_middle_a_block_it_is_the_net_of_torchvision():
    """That library's r2plus1d_18 says 31,505,325: both convolutions of a block share the first one's M."""
    model = R2Plus1D(400, device="meta")
    for block in model.blocks:
        first, second = block.residual[0], block.residual[3]
        outputs = first.temporal.out_channels
        block.residual[3] = Conv2Plus1d(outputs, outputs, padding=1, middle=first.middle, device="meta")
        assert (first.middle == second.middle) == (first.spatial.in_channels == outputs)
    assert sum(p.numel() for p in model.parameters()) == 31_505_325


@pytest.mark.errors
def test_bad_sizes_are_named():
    with pytest.raises(ValueError, match="`kernel_size`"):
        Conv2Plus1d(3, 4, (3, 3, 5))
    with pytest.raises(ValueError, match="`middle, share`"):
        Conv2Plus1d(3, 4, share=0.0)
    with pytest.raises(ValueError, match="`inputs, outputs, depth, size`"):
        matched_middle(0, 4)
