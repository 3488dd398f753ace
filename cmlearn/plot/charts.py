"""Charts of numbers: curves, bars, seed strips and scatters."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike
from sklearn.isotonic import isotonic_regression

from cmlearn._arrays import as_array
from cmlearn._validate import require
from cmlearn.plot._shared import Real, require_drawable, require_length, root, styled, text_colour
from cmlearn.plot.style import GROUND, INK, MARKERS, PALETTE, QUIET, Figure


@styled
def curves(
    series: Mapping[str, ArrayLike],
    x: ArrayLike | None = None,
    *,
    xlabel: str,
    ylabel: str,
    baseline: Real | None = None,
    baseline_label: str = "chance",
    xscale: str = "linear",
    yscale: str = "linear",
    ax: Axes | None = None,
) -> MatplotlibFigure:
    """Lines named at their right end; several seeds become their mean and a band from lowest to highest.

    Args:
        series: name to `(x,)` or `(seed, x)` values.
        x: where the values stand; None counts from 1.
        xlabel: what x is, with its unit.
        ylabel: what the values are, with their unit.
        baseline: height of a dashed line.
        baseline_label: the dashed line's name.
        xscale: Matplotlib's name of the scale, such as `"log"`.
        yscale: the same for the values.
        ax: draws here instead of into a new figure.

    Raises:
        ValueError: if there is no series, or one has no or non-finite values, a wrong shape or another length
            than `x`.

    Example:
        >>> losses = {"train": [3.0, 2.0], "held out": [3.0, 2.5]}
        >>> figure = curves(losses, xlabel="epoch", ylabel="loss (nats)")
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['train', 'held out']
    """
    require(len(series) > 0, "series", "at least one series", "none")
    require_drawable(series, "series")
    ax = ax or Figure().subplots()
    ax.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    ends = {name: _draw_curve(ax, name, values, x, i) for i, (name, values) in enumerate(series.items())}
    if baseline is not None:
        ax.axhline(baseline, color=QUIET, linestyle="--", linewidth=1.2)
        ends[baseline_label] = (baseline, QUIET)
    _place_ticks(ax, x)
    _label_ends(ax, ends)
    return root(ax)


@styled
def bars(
    values: Mapping[str, Real | ArrayLike],
    *,
    xlabel: str,
    baseline: Real | None = None,
    baseline_label: str = "chance",
    ax: Axes | None = None,
) -> MatplotlibFigure:
    """Horizontal bars from zero, one a row; several seeds become their mean with a dot for each.

    Args:
        values: name to one number or one number per seed.
        xlabel: what the numbers are, with their unit.
        baseline: position of a dashed line.
        baseline_label: the dashed line's name.
        ax: draws here instead of into a new figure.

    Raises:
        ValueError: if there are no values, or they are not finite.

    Example:
        >>> figure = bars({"two towers": [0.6, 0.7], "pixels": 0.1}, xlabel="recall@1", baseline=0.01)
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['two towers', 'pixels']
    """
    rows = _rows(values)
    ax = ax or Figure(height=0.8 + 0.36 * len(rows)).subplots()
    means = [row.mean() for row in rows.values()]
    drawn = ax.barh(range(len(rows)), means, height=0.62, color=PALETTE[0])
    _draw_seeds(ax, [row if row.size > 1 else row[:0] for row in rows.values()], GROUND)
    ends = [max(row.max(), 0) for row in rows.values()]
    for bar, mean, end in zip(drawn, means, ends, strict=True):
        _note(ax, f"{mean:.3g}", (end, bar.get_y() + bar.get_height() / 2))
    return _finish_rows(ax, list(rows), xlabel, baseline, baseline_label)


@styled
def strip(
    values: Mapping[str, Real | ArrayLike],
    *,
    xlabel: str,
    baseline: Real | None = None,
    baseline_label: str = "chance",
    ax: Axes | None = None,
) -> MatplotlibFigure:
    """One dot per seed and a tick at their mean, one condition a row; the axis need not start at zero.

    Args:
        values: name to one number per seed.
        xlabel: what the numbers are, with their unit.
        baseline: position of a dashed line.
        baseline_label: the dashed line's name.
        ax: draws here instead of into a new figure.

    Raises:
        ValueError: if there are no values, or they are not finite.

    Example:
        >>> figure = strip({"bf16": [0.61, 0.63], "float32": [0.62, 0.62]}, xlabel="recall@1")
        >>> len(figure.axes[0].collections)
        4
    """
    rows = _rows(values)
    ax = ax or Figure(height=0.8 + 0.36 * len(rows)).subplots()
    _draw_seeds(ax, list(rows.values()), PALETTE[0])
    for y, row in enumerate(rows.values()):
        ax.vlines(row.mean(), y - 0.25, y + 0.25, color=INK, linewidth=2)
    ax.grid(axis="x", color="#e4e4de")
    ax.set_axisbelow(True)
    return _finish_rows(ax, list(rows), xlabel, baseline, baseline_label)


@styled
def scatter(
    points: ArrayLike,
    labels: Sequence[str],
    *,
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> MatplotlibFigure:
    """Points in the plane by group, each group's name written on its middle.

    Args:
        points: `(point, 2)`.
        labels: the group of each point; groups differ in colour and in marker.
        xlabel: what x is; without both labels, as for an embedding, the axes lose their ticks.
        ylabel: what y is.
        ax: draws here instead of into a new figure.

    Raises:
        ValueError: if `points` is not `(point, 2)`, is empty, or has another length than `labels`.

    Example:
        >>> figure = scatter([[0, 0], [1, 1], [3, 3]], ["cat", "cat", "dog"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['cat', 'dog']
    """
    table = as_array(points).astype(float)
    require(table.ndim == 2 and table.shape[1] == 2 and len(table) > 0, "points", "shape (n, 2)", table.shape)
    require_length(labels, len(table), "labels", "point")
    require_drawable(labels, "labels")
    ax = ax or Figure(height=4.6).subplots()
    for i, name in enumerate(dict.fromkeys(labels)):
        _draw_group(ax, name, table[[label == name for label in labels]], i)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if not (xlabel or ylabel):
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return root(ax)


def _draw_curve(ax: Axes, name: str, values: ArrayLike, x: ArrayLike | None, i: int) -> tuple[Real, str]:
    """Draw one series and return the height of its right end and its colour."""
    table = np.atleast_2d(as_array(values).astype(float))
    require(table.ndim == 2 and table.size > 0, f"series[{name!r}]", "shape (x,) or (seed, x)", table.shape)
    require(bool(np.isfinite(table).all()), f"series[{name!r}]", "finite values", "NaN or infinity")
    places = np.arange(1, table.shape[1] + 1) if x is None else as_array(x)
    require(places.shape == table.shape[1:], f"series[{name!r}]", f"values at {places.shape} x", table.shape)
    colour, mean = PALETTE[i % len(PALETTE)], table.mean(axis=0)
    marker = MARKERS[i % len(MARKERS)] if len(places) <= 20 else ""
    ax.plot(places, mean, color=colour, marker=marker)
    if len(table) > 1:
        ax.fill_between(places, table.min(axis=0), table.max(axis=0), color=colour, alpha=0.2, linewidth=0)
    return float(mean[-1]), colour


def _place_ticks(ax: Axes, x: ArrayLike | None) -> None:
    """Whole numbers get whole ticks; up to ten places on a logarithmic axis are all named."""
    places = np.arange(1) if x is None else as_array(x)
    if ax.get_xscale() == "linear" and places.dtype.kind in "iu":
        ax.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True))
    elif ax.get_xscale() == "log" and x is not None and len(places) <= 10:
        ax.set_xticks(places, [f"{place:g}" for place in places])
        ax.minorticks_off()


def _label_ends(ax: Axes, ends: Mapping[str, tuple[Real, str]]) -> None:
    """Write each name beside its line's right end, moved apart as little as keeps them from overlapping."""
    ax.autoscale_view()
    to_axes = ax.transData - ax.transAxes
    wanted = np.array([to_axes.transform((1, height))[1] for height, _ in ends.values()])
    places = _spread(wanted, gap=1.3 * matplotlib.rcParams["font.size"] * root(ax).dpi / 72 / ax.bbox.height)
    for (name, (_, colour)), place in zip(ends.items(), places, strict=True):
        text = ax.annotate(name, (1, place), (6, 0), "axes fraction", "offset points", va="center")
        text.set_color(text_colour(colour))


def _spread(wanted: Float[np.ndarray, " n"], gap: float) -> Float[np.ndarray, " n"]:
    """The places nearest to the wanted ones (least squares) that keep a gap between neighbours."""
    order = np.argsort(wanted)
    steps = gap * np.arange(len(wanted))
    places = np.empty(len(wanted))
    places[order] = isotonic_regression(wanted[order] - steps) + steps
    return places


def _rows(values: Mapping[str, Real | ArrayLike]) -> dict[str, Float[np.ndarray, " _"]]:
    require(len(values) > 0, "values", "at least one row", "none")
    require_drawable(values, "values")
    rows = {name: np.atleast_1d(as_array(value).astype(float)) for name, value in values.items()}
    for name, row in rows.items():
        ok = row.ndim == 1 and row.size > 0 and bool(np.isfinite(row).all())
        require(ok, f"values[{name!r}]", "a finite number or several", row)
    return rows


def _draw_seeds(ax: Axes, rows: Sequence[Float[np.ndarray, " _"]], colour: str) -> None:
    for y, row in enumerate(rows):
        if row.size:
            ax.scatter(
                row, np.full(row.size, y), s=22, color=colour, edgecolors=INK, linewidths=0.8, zorder=3
            )


def _finish_rows(
    ax: Axes, names: Sequence[str], xlabel: str, baseline: Real | None, baseline_label: str
) -> MatplotlibFigure:
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel=xlabel, ylim=(len(names) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    if baseline is not None:
        ax.axvline(baseline, color=QUIET, linestyle="--", linewidth=1.2)
        ax.annotate(
            baseline_label, (baseline, 1), (0, 2), ("data", "axes fraction"), "offset points", ha="center"
        )
    return root(ax)


def _note(ax: Axes, text: str, place: tuple[Real, Real]) -> None:
    ax.annotate(text, place, (6, 0), textcoords="offset points", va="center", fontsize=9)


def _draw_group(ax: Axes, name: str, points: Float[np.ndarray, "point 2"], i: int) -> None:
    colour = PALETTE[i % len(PALETTE)]
    ax.scatter(
        points[:, 0],
        points[:, 1],
        s=18,
        color=colour,
        marker=MARKERS[i % len(MARKERS)],
        alpha=0.75,
        linewidths=0,
    )
    x, y = np.median(points, axis=0)
    halo = [withStroke(linewidth=3, foreground=GROUND)]
    ax.text(x, y, name, ha="center", va="center", color=text_colour(colour), path_effects=halo, weight="bold")
