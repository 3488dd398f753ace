"""Scores and accuracy batch by batch, beside all at once."""

import pytest
import torch
from torch import nn

import cmlearn as cm
from cmlearn.video import clip_accuracy, clip_loss, clip_scores


def classifier() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 3), nn.Dropout(0.5))


def test_batches_change_nothing():
    model, clips = classifier(), torch.randn(11, 3, 4, 1, 1)
    together = model.eval()(clips)
    assert torch.allclose(clip_scores(model, clips, batch_size=4), together)
    labels = together.argmax(1)
    labels[:3] = (labels[:3] + 1) % 3
    assert clip_accuracy(model, clips, labels, batch_size=4) == pytest.approx(8 / 11)


def test_it_trains_with_fit():
    clips = torch.randn(64, 3, 4, 1, 1)
    labels = (clips.mean((1, 2, 3, 4)) > 0).long()
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    cm.fit(model, clip_loss, cm.DictDataset(clip=clips, label=labels), epochs=30, batch_size=16, lr=0.05)
    assert clip_accuracy(model, clips, labels) > 0.9


@pytest.mark.errors
def test_each_clip_has_one_label():
    with pytest.raises(ValueError, match="`labels`"):
        clip_accuracy(classifier(), torch.zeros(4, 12), torch.zeros(3, dtype=torch.long))
    with pytest.raises(ValueError, match="`clips`"):
        clip_scores(classifier(), torch.zeros(0, 12))
