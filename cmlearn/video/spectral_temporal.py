r"""TempCNN: convolutions along the dates of a series of many bands, and curves where only both together tell.

A satellite sees a field in a few spectral bands at many dates. TempCNN convolves along the dates, with all
bands as channels, so that each filter is a short pattern in bands *and* dates:

$$z_{k,t} = \mathrm{ReLU}\Bigl(\mathrm{BN}\Bigl(\sum_{b} \sum_{s} w_{k,b,s}\, x_{b,\,t+s}\Bigr)\Bigr).$$

Three such layers, a dense layer over all dates, and the classes. [pelletier2019temporal]

`GrowthCurves` is a constructed task: its classes have the same mean over the bands at every date, and the
same spectra in another order, so that neither alone says anything about the class.
"""

import itertools
import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from cmlearn._validate import require, require_counts, require_ndim

__all__ = ["GrowthCurves", "GrowthSeries", "TempCNN"]


class TempCNN(nn.Module):
    r"""Convolutions over time on series of many bands.

    Each layer is a convolution along the dates, batch normalisation, ReLU and dropout; then come a dense
    layer of the same kind and the scores of the classes. Without pooling, as the paper recommends: the dense
    layer then knows at which date a pattern was seen. [pelletier2019temporal]

    Args:
        bands: channels of a series.
        dates: its length.
        classes: how many scores.
        width: filters a layer.
        kernel: dates that a filter sees, odd; 1 looks at each date alone.
        layers: how many convolutions.
        hidden: width of the dense layer.
        dropout: share of features that a training step leaves out.
        pool: dates of which the largest value is kept after each layer; 1 keeps all.

    Raises:
        ValueError: if a number is out of range, or pooling leaves no date; when called, if the series have
            another shape.

    Example:
        >>> import torch
        >>> model = TempCNN(bands=3, dates=28, classes=6)
        >>> model(torch.randn(10, 3, 28)).shape
        torch.Size([10, 6])
    """

    def __init__(
        self,
        bands: int,
        dates: int,
        classes: int,
        *,
        width: int = 64,
        kernel: int = 5,
        layers: int = 3,
        hidden: int = 256,
        dropout: float = 0.5,
        pool: int = 1,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        require_counts(bands=bands, classes=classes, width=width, layers=layers, hidden=hidden, pool=pool)
        require(kernel >= 1 and kernel % 2 == 1, "kernel", "an odd number", kernel)
        require(0 <= dropout < 1, "dropout", "a share from 0 to below 1", dropout)
        left = dates // pool**layers
        require(left >= 1, "dates", f"{pool**layers} or more, for pooling", dates)
        self.shape = (bands, dates)
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        blocks: list[nn.Module] = []
        for i in range(layers):
            conv = nn.Conv1d(width if i else bands, width, kernel, padding=kernel // 2, bias=False, **place)
            blocks += [conv, *_normal_relu_drop(width, dropout, **place)]
            blocks += [nn.MaxPool1d(pool)] if pool > 1 else []
        dense = nn.Linear(width * left, hidden, bias=False, **place)
        self.features = nn.Sequential(*blocks)
        self.dense = nn.Sequential(nn.Flatten(), dense, *_normal_relu_drop(hidden, dropout, **place))
        self.head = nn.Linear(hidden, classes, **place)

    def forward(self, series: Float[Tensor, "batch band date"]) -> Float[Tensor, "batch class"]:
        """Scores of the classes.

        Args:
            series: values by band and date.
        """
        require_ndim(series, 3, "series")
        expected = f"{self.shape[0]} bands and {self.shape[1]} dates"
        require(series.shape[1:] == self.shape, "series", expected, f"shape {tuple(series.shape)}")
        return self.head(self.dense(self.features(series)))


def _normal_relu_drop(width: int, dropout: float, **place: Any) -> list[nn.Module]:
    return [nn.BatchNorm1d(width, **place), nn.ReLU(), nn.Dropout(dropout)]


class GrowthSeries(NamedTuple):
    """Growth curves and the truth about them.

    Attributes:
        series: values by band and date.
        label: the class: which band peaks first, second, and so on.
        onset: the date at which growth begins.

    Example:
        >>> curves = GrowthCurves(noise=0.0).sample(2)
        >>> curves.series.shape
        torch.Size([2, 3, 28])
    """

    series: Float[Tensor, "sample band date"]
    label: Int[Tensor, " sample"]
    onset: Int[Tensor, " sample"]


class GrowthCurves:
    r"""Constructed growth curves whose classes differ only in which band peaks when.

    All bands rise together, stay at 1, and fall together. On the plateau each band has one peak, one after
    the other; the class is their order. The onset is random. Mean over the bands, and the spectra of a series
    taken in any order, are distributed alike in all classes, so that they allow no more than chance. With
    Gaussian noise the posterior of the class has a closed form: the ceiling.

    $$p(c \mid x) \propto \sum_{s} \exp\Bigl(-\frac{\lVert x - \mu_{c,s} \rVert^2}{2 \sigma^2}\Bigr),$$

    with $\mu_{c,s}$ the curve of class $c$ with onset $s$, and $\sigma$ the noise.

    Args:
        bands: how many; there are as many classes as orders of them.
        noise: standard deviation of every value.
        peak: height of the peaks above the plateau.
        onsets: how many dates growth may begin at.

    Attributes:
        orders: the bands of each class, in the order of their peaks.
        dates: length of a series.

    Raises:
        ValueError: if `bands` is less than 2, `noise` negative, or `onsets` less than 1.

    Example:
        >>> task = GrowthCurves()
        >>> len(task.orders), task.orders[1]
        (6, (0, 2, 1))
        >>> import torch
        >>> means = torch.stack([task.curve(c, onset=0).mean(dim=0) for c in range(6)])
        >>> torch.allclose(means, means[0].expand(6, -1))  # the mean over the bands is that of every class
        True
    """

    RISE, PEAK = 4, 5

    def __init__(self, bands: int = 3, *, noise: float = 0.35, peak: float = 0.6, onsets: int = 6) -> None:
        require(bands >= 2, "bands", "2 or more", bands)
        require(noise >= 0, "noise", "0 or more", noise)
        require_counts(onsets=onsets)
        self.bands, self.noise, self.peak, self.onsets = bands, noise, peak, onsets
        self.orders = tuple(itertools.permutations(range(bands)))
        self.season = 2 * self.RISE + self.PEAK * bands
        self.dates = self.season + onsets - 1

    def curve(self, label: int, onset: int) -> Float[Tensor, "band date"]:
        """The curve of a class without noise.

        Args:
            label: the class.
            onset: the date at which growth begins.

        Raises:
            ValueError: if there is no such class or onset.
        """
        require(0 <= label < len(self.orders), "label", f"0 to {len(self.orders) - 1}", label)
        require(0 <= onset < self.onsets, "onset", f"0 to {self.onsets - 1}", onset)
        slope = torch.arange(1, self.RISE + 1) / (self.RISE + 1)
        plateau = torch.ones(self.PEAK * self.bands)
        season = torch.cat([slope, plateau, slope.flip(0)]).repeat(self.bands, 1)
        bump = self.peak * torch.sin(math.pi * torch.arange(1, self.PEAK + 1) / (self.PEAK + 1))
        for place, band in enumerate(self.orders[label]):
            first = self.RISE + self.PEAK * place
            season[band, first : first + self.PEAK] += bump
        return nn.functional.pad(season, (onset, self.dates - self.season - onset))

    def sample(self, count: int, generator: torch.Generator | None = None) -> GrowthSeries:
        """Draw series of random classes and onsets.

        Args:
            count: how many.
            generator: draws everything, on the CPU; `None` is PyTorch's own.

        Raises:
            ValueError: if `count` is less than 1.
        """
        require_counts(count=count)
        label = torch.randint(len(self.orders), (count,), generator=generator)
        onset = torch.randint(self.onsets, (count,), generator=generator)
        noise = torch.randn(count, self.bands, self.dates, generator=generator)
        return GrowthSeries(self._curves()[label, onset] + self.noise * noise, label, onset)

    def posterior(self, series: Float[Tensor, "sample band date"]) -> Float[Tensor, "sample class"]:
        """The probability of each class given a series: no classifier is right more often than its largest.

        Args:
            series: values by band and date.

        Raises:
            ValueError: if there is no noise.
        """
        require(self.noise > 0, "noise", "more than 0 for a posterior", self.noise)
        curves = self._curves()
        distance = torch.cdist(series.flatten(1).double(), curves.flatten(2).flatten(0, 1).double())
        log_density = -(distance**2) / (2 * self.noise**2)
        by_class = log_density.view(len(series), *curves.shape[:2]).logsumexp(dim=2)
        return by_class.softmax(dim=1).to(series.dtype)

    def _curves(self) -> Float[Tensor, "class onset band date"]:
        return torch.stack(
            [torch.stack([self.curve(c, s) for s in range(self.onsets)]) for c in range(len(self.orders))]
        )
