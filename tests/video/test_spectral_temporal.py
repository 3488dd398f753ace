"""TempCNN against a plain computation, and growth curves whose ceiling and whose blind spots are exact."""

import pytest
import torch
import torch.nn.functional as F

from cmlearn.video import GrowthCurves, TempCNN


def test_it_is_the_stack_of_the_paper():
    torch.manual_seed(0)
    model = TempCNN(3, 12, 4, width=5, kernel=3, layers=2, hidden=7).double()
    series = torch.randn(6, 3, 12, dtype=torch.float64)
    model(series)  # moves the running statistics off their start
    model.eval()
    x = series
    for conv, norm in ((model.features[0], model.features[1]), (model.features[4], model.features[5])):
        padded = F.pad(x, (1, 1))
        out = torch.zeros(6, 5, 12, dtype=torch.float64)
        for date in range(12):
            out[:, :, date] = torch.einsum("nbs,kbs->nk", padded[:, :, date : date + 3], conv.weight)
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        x = F.relu((out - norm.running_mean[:, None]) * scale[:, None] + norm.bias[:, None])
    dense, norm = model.dense[1], model.dense[2]
    out = x.reshape(6, 60) @ dense.weight.T
    out = (out - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight + norm.bias
    torch.testing.assert_close(model(series), model.head(F.relu(out)))


def test_a_kernel_of_one_looks_at_each_date_alone():
    model = TempCNN(3, 12, 4, kernel=1).eval()
    series, order = torch.randn(5, 3, 12), torch.randperm(12)
    torch.testing.assert_close(model.features(series[:, :, order]), model.features(series)[:, :, order])


def test_without_pooling_features_move_with_the_series():
    model = TempCNN(2, 40, 4).eval()
    series = torch.zeros(1, 2, 40)
    series[..., 15:20] = torch.randn(2, 5)
    moved, features = model.features(series.roll(4, dims=2)), model.features(series)
    torch.testing.assert_close(moved[..., 12:34], features.roll(4, dims=2)[..., 12:34])


@pytest.mark.parametrize(("pool", "left"), [(1, 28), (2, 3), (3, 1)])
def test_pooling_shortens_the_series(pool, left):
    model = TempCNN(3, 28, 6, pool=pool)
    assert model.features(torch.randn(2, 3, 28)).shape == (2, 64, left)


@pytest.mark.parametrize("bands", [2, 3, 4])
def test_neither_bands_nor_dates_alone_know_the_class(bands):
    task = GrowthCurves(bands)
    for onset in range(task.onsets):
        curves = torch.stack([task.curve(c, onset) for c in range(len(task.orders))])
        torch.testing.assert_close(curves.mean(dim=1), curves[:1].mean(dim=1).expand(len(curves), -1))
        spectra = [sorted(map(tuple, curve.T.tolist())) for curve in curves]
        assert all(spectrum == spectra[0] for spectrum in spectra)
        assert len(curves.flatten(1).unique(dim=0)) == len(curves)


def test_peaks_come_in_the_order_of_the_class():
    task = GrowthCurves(3)
    for label, order in enumerate(task.orders):
        assert task.curve(label, onset=2).argmax(dim=1).argsort().tolist() == list(order)


def test_onsets_shift_the_curve():
    task = GrowthCurves(3)
    assert torch.equal(task.curve(4, onset=3)[:, 3:], task.curve(4, onset=0)[:, :-3])


def test_samples_are_curves_and_noise():
    task = GrowthCurves(noise=0.2)
    series, label, onset = task.sample(3000, torch.Generator().manual_seed(0))
    rest = series - torch.stack(
        [task.curve(c, s) for c, s in zip(label.tolist(), onset.tolist(), strict=True)]
    )
    assert abs(rest.mean()) < 0.003
    assert abs(rest.std() - 0.2) < 0.003
    assert label.bincount().min() > 400
    assert onset.bincount().min() > 400


def test_the_posterior_is_that_of_gaussians_one_by_one():
    task = GrowthCurves(2, onsets=3)
    series = task.sample(20, torch.Generator().manual_seed(0)).series.double()
    for x, found in zip(series, task.posterior(series), strict=True):
        density = torch.zeros(2, dtype=torch.float64)
        for label in range(2):
            for onset in range(3):
                away = (x - task.curve(label, onset)).square().sum()
                density[label] += torch.exp(-away / (2 * task.noise**2))
        torch.testing.assert_close(found, density / density.sum())


def test_the_posterior_is_calibrated():
    task = GrowthCurves(noise=0.6)
    series, label, _ = task.sample(20_000, torch.Generator().manual_seed(0))
    sure, guess = task.posterior(series).max(dim=1)
    for low, high in ((0.3, 0.5), (0.5, 0.7), (0.7, 0.9)):
        chosen = (sure > low) & (sure <= high)
        right = (guess == label)[chosen].float().mean()
        assert abs(right - sure[chosen].mean()) < 0.03


@pytest.mark.errors
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: TempCNN(0, 28, 6), "bands"),
        (lambda: TempCNN(3, 28, 6, kernel=4), "kernel"),
        (lambda: TempCNN(3, 28, 6, dropout=1.0), "dropout"),
        (lambda: TempCNN(3, 28, 6, pool=4), "dates"),
        (lambda: TempCNN(3, 28, 6, pool=0), "pool"),
        (lambda: TempCNN(3, 28, 6)(torch.zeros(2, 28, 3)), "series"),
        (lambda: TempCNN(3, 28, 6)(torch.zeros(3, 28)), "series"),
        (lambda: GrowthCurves(1), "bands"),
        (lambda: GrowthCurves(noise=-1.0), "noise"),
        (lambda: GrowthCurves(onsets=0), "onsets"),
        (lambda: GrowthCurves().curve(6, 0), "label"),
        (lambda: GrowthCurves().curve(0, 6), "onset"),
        (lambda: GrowthCurves().sample(0), "count"),
        (lambda: GrowthCurves(noise=0.0).posterior(torch.zeros(1, 3, 28)), "noise"),
    ],
)
def test_bad_input_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
