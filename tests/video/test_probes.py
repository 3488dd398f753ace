"""The probes, on scores whose answer to another order is known."""

import torch

from cmlearn.video import OrderProbe, probe_order


def test_a_score_of_a_set_of_frames_does_not_notice():
    clips = torch.randn(5, 3, 4, 2, 2, dtype=torch.float64)
    probe = probe_order(lambda x: x.amax(2).sum().item(), clips)
    assert probe == OrderProbe(probe.ordered, probe.ordered, probe.ordered)


def test_a_score_of_the_direction_turns_round():
    clips = torch.arange(4.0).view(1, 1, 4, 1, 1).repeat(20000, 1, 1, 1, 1)
    rising = probe_order(lambda x: (x[:, :, -1] > x[:, :, 0]).float().mean().item(), clips)
    assert (rising.ordered, rising.reversed) == (1, 0)
    assert abs(rising.shuffled - 0.5) < 0.02
