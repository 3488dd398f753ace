"""Costs, beside what the definition counts."""

import torch
from torch import nn

from cmlearn.video import count_cost


def test_a_convolution_costs_a_product_and_a_sum_per_weight_and_place():
    conv = nn.Conv3d(3, 5, kernel_size=(2, 3, 3), padding=(0, 1, 1))
    cost = count_cost(conv, torch.zeros(2, 3, 4, 8, 8))
    assert cost.parameters == 5 * 3 * 2 * 3 * 3 + 5
    assert cost.flops == 2 * (5 * 3 * 2 * 3 * 3) * (2 * 3 * 8 * 8)


def test_frozen_numbers_are_not_counted_and_nothing_is_computed_on_meta():
    model = nn.Sequential(nn.Linear(10, 20, bias=False), nn.Linear(20, 5, bias=False)).to("meta")
    model[0].requires_grad_(False)
    cost = count_cost(model, torch.zeros(7, 10, device="meta"))
    assert cost == (20 * 5, 2 * 7 * (10 * 20 + 20 * 5))
