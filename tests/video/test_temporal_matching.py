"""Soft-DTW against all alignments one by one, naive loops, tslearn and finite differences."""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
import tslearn.metrics
from torch import Tensor

from cmlearn.video.temporal_matching import (
    SoftDTW,
    expected_alignment,
    soft_dtw,
    soft_dtw_divergence,
    squared_distances,
    temporal_similarity,
)

Cell = tuple[int, int]


def alignments(n: int, m: int) -> Iterator[list[Cell]]:
    """All paths from (0, 0) to (n - 1, m - 1) by steps down, right and diagonal."""

    def extend(path: list[Cell]) -> Iterator[list[Cell]]:
        i, j = path[-1]
        if (i, j) == (n - 1, m - 1):
            yield path
        for a, b in ((i + 1, j), (i, j + 1), (i + 1, j + 1)):
            if a < n and b < m:
                yield from extend([*path, (a, b)])

    return extend([(0, 0)])


def delannoy(n: int, m: int) -> int:
    """How many alignments there are."""
    ways = np.ones((n, m), dtype=object)
    for i in range(1, n):
        for j in range(1, m):
            ways[i, j] = ways[i - 1, j] + ways[i, j - 1] + ways[i - 1, j - 1]
    return ways[-1, -1]


def by_enumeration(cost: np.ndarray, gamma: float) -> tuple[float, np.ndarray]:
    """Value and expected alignment from the list of all alignments."""
    paths = list(alignments(*cost.shape))
    costs = np.array([sum(cost[cell] for cell in path) for path in paths])
    probability = np.exp(-(costs - costs.min()) / gamma)
    value = costs.min() - gamma * np.log(probability.sum())
    expected = np.zeros_like(cost)
    for path, p in zip(paths, probability / probability.sum(), strict=True):
        for cell in path:
            expected[cell] += p
    return value, expected


def by_loops(cost: np.ndarray, gamma: float) -> tuple[float, np.ndarray]:
    """The recursions cell by cell, as they are written down."""
    n, m = cost.shape
    r = np.full((n + 2, m + 2), np.inf)
    r[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            before = np.array([r[i - 1, j - 1], r[i - 1, j], r[i, j - 1]])
            r[i, j] = cost[i - 1, j - 1] - gamma * np.logaddexp.reduce(-before / gamma)
    visits = np.zeros((n + 2, m + 2))
    visits[n, m] = 1
    for i in range(n, 0, -1):
        for j in range(m, 0, -1):
            for a, b in ((i + 1, j), (i, j + 1), (i + 1, j + 1)):
                if a <= n and b <= m:
                    visits[i, j] += visits[a, b] * np.exp((r[a, b] - cost[a - 1, b - 1] - r[i, j]) / gamma)
    return r[n, m], visits[1:-1, 1:-1]


def costs(pairs: int = 3, n: int = 7, m: int = 5, seed: int = 0) -> Tensor:
    return 2 * torch.rand(pairs, n, m, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


def series(pairs: int = 3, n: int = 7, dim: int = 2, seed: int = 0) -> Tensor:
    return torch.randn(pairs, n, dim, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (3, 3), (5, 4), (3, 6)])
@pytest.mark.parametrize("gamma", [0.05, 1.0, 20.0])
def test_it_sums_over_all_alignments(shape: Cell, gamma: float) -> None:
    cost = costs(1, *shape)
    value, expected = by_enumeration(cost[0].numpy(), gamma)
    assert soft_dtw(cost, gamma).item() == pytest.approx(value, abs=1e-10)
    np.testing.assert_allclose(expected_alignment(cost, gamma)[0], expected, atol=1e-10)


@pytest.mark.parametrize("shape", [(3, 3), (5, 4), (2, 6)])
def test_without_softness_it_is_the_cheapest_alignment(shape: Cell) -> None:
    cost = costs(1, *shape)
    best = min(alignments(*shape), key=lambda path: sum(cost[0][cell].item() for cell in path))
    assert soft_dtw(cost, 0.0).item() == pytest.approx(sum(cost[0][cell].item() for cell in best))
    path = expected_alignment(cost, 0.0)[0]
    assert [tuple(cell) for cell in path.nonzero().tolist()] == sorted(best)
    assert set(path.unique().tolist()) == {0.0, 1.0}


def test_costs_of_zero_count_the_alignments() -> None:
    for n, m in ((1, 1), (2, 2), (3, 5), (10, 10)):
        expected = -2.0 * math.log(delannoy(n, m))
        assert soft_dtw(torch.zeros(1, n, m, dtype=torch.double), 2.0).item() == pytest.approx(expected)


@pytest.mark.parametrize("gamma", [0.1, 1.0, 5.0])
def test_anti_diagonals_equal_the_loops(gamma: float) -> None:
    cost = costs(4, 23, 17)
    expected = [by_loops(c.numpy(), gamma) for c in cost]
    np.testing.assert_allclose(soft_dtw(cost, gamma), [value for value, _ in expected], atol=1e-10)
    np.testing.assert_allclose(
        expected_alignment(cost, gamma), np.stack([grid for _, grid in expected]), atol=1e-10
    )


@pytest.mark.parametrize("gamma", [0.3, 2.0])
def test_gradient_is_that_of_finite_differences(gamma: float) -> None:
    cost = costs(2, 3, 4).requires_grad_()
    rows, columns = torch.tensor([3, 2]), torch.tensor([2, 4])
    assert torch.autograd.gradcheck(lambda c: soft_dtw(c, gamma, rows, columns), cost)
    x, y = series(2, 3).requires_grad_(), series(2, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, y: soft_dtw(squared_distances(x, y), gamma), (x, y))
    assert torch.autograd.gradcheck(lambda x, y: soft_dtw_divergence(x, y, gamma), (x, y))


def test_the_gradient_is_the_expected_alignment() -> None:
    cost = costs().requires_grad_()
    weights = torch.tensor([1.0, -2.0, 0.5], dtype=torch.double)
    (gradient,) = torch.autograd.grad(soft_dtw(cost, 0.7) @ weights, cost)
    torch.testing.assert_close(gradient, weights[:, None, None] * expected_alignment(cost, 0.7))


@pytest.mark.parametrize("gamma", [0.0, 0.1, 1.0, 100.0])
def test_alignments_are_probabilities(gamma: float) -> None:
    visits = expected_alignment(costs(5, 9, 6), gamma)
    assert visits.min() >= 0
    assert visits.max() <= 1 + 1e-12
    torch.testing.assert_close(visits[:, 0, 0], torch.ones(5, dtype=torch.double))
    torch.testing.assert_close(visits[:, -1, -1], torch.ones(5, dtype=torch.double))
    assert visits.sum(1).min() >= 1 - 1e-12  # every frame meets another
    assert visits.sum(2).min() >= 1 - 1e-12
    length = visits.sum((1, 2))
    assert length.min() >= 9 - 1e-9
    assert length.max() <= 9 + 6 - 1 + 1e-9


def test_it_ends_in_dtw_as_gamma_shrinks() -> None:
    cost = costs(4, 12, 15)
    hard = soft_dtw(cost, 0.0)
    values = torch.stack([soft_dtw(cost, gamma) for gamma in (10.0, 1.0, 0.1, 1e-2, 1e-4, 1e-8)])
    assert (values.diff(dim=0) > -1e-12).all()  # more softness, less cost
    torch.testing.assert_close(values[-1], hard, rtol=0, atol=1e-6)
    torch.testing.assert_close(
        expected_alignment(cost, 1e-8), expected_alignment(cost, 0.0), rtol=0, atol=1e-6
    )


def test_the_gap_to_dtw_is_at_most_gamma_times_the_log_of_the_number_of_alignments() -> None:
    cost = costs(6, 8, 8)
    for gamma in (0.1, 1.0, 10.0):
        gap = soft_dtw(cost, 0.0) - soft_dtw(cost, gamma)
        assert gap.min() >= 0
        assert gap.max() <= gamma * math.log(delannoy(8, 8))


@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_what_stands_beyond_the_lengths_has_no_influence(gamma: float) -> None:
    cost = costs(4, 9, 8)
    rows, columns = torch.tensor([9, 4, 1, 6]), torch.tensor([3, 8, 5, 1])
    padded = cost.clone()
    for pair, (n, m) in enumerate(zip(rows, columns, strict=True)):
        padded[pair, n:] = torch.nan
        padded[pair, :, m:] = torch.inf
    values = soft_dtw(padded, gamma, rows, columns)
    visits = expected_alignment(padded, gamma, rows, columns)
    for pair, (n, m) in enumerate(zip(rows, columns, strict=True)):
        alone = cost[pair : pair + 1, :n, :m]
        assert values[pair].item() == pytest.approx(soft_dtw(alone, gamma).item())
        torch.testing.assert_close(visits[pair, :n, :m], expected_alignment(alone, gamma)[0])
        assert visits[pair, n:].eq(0).all()
        assert visits[pair, :, m:].eq(0).all()


def test_values_and_alignments_agree_with_tslearn() -> None:
    x, y = series(4, 20, 3), series(4, 15, 3, seed=1)
    cost = squared_distances(x, y)
    for pair in range(4):
        grid, value = tslearn.metrics.soft_dtw_alignment(x[pair].numpy(), y[pair].numpy(), gamma=0.8)
        assert soft_dtw(cost, 0.8)[pair].item() == pytest.approx(value, rel=1e-9)
        np.testing.assert_allclose(expected_alignment(cost, 0.8)[pair], grid, atol=1e-9)


def test_the_gradient_by_the_series_agrees_with_tslearn() -> None:
    gradients = []
    for loss in (SoftDTW(0.8), tslearn.metrics.SoftDTWLossPyTorch(gamma=0.8)):
        x = series(4, 20, 3).requires_grad_()
        gradients.append(torch.autograd.grad(loss(x, series(4, 15, 3, seed=1)).mean(), x)[0])
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-3)  # tslearn goes through float32


def test_hard_alignment_agrees_with_tslearn() -> None:
    x, y = series(3, 12), series(3, 18, seed=1)
    cost = squared_distances(x, y)
    for pair in range(3):
        path, distance = tslearn.metrics.dtw_path(x[pair].numpy(), y[pair].numpy())
        assert soft_dtw(cost, 0.0)[pair].sqrt().item() == pytest.approx(distance)
        found = expected_alignment(cost, 0.0)[pair].nonzero().tolist()
        assert [tuple(cell) for cell in found] == [tuple(map(int, cell)) for cell in path]


def test_repeated_frames_cost_dtw_nothing() -> None:
    x = series(1, 6)
    slow = x.repeat_interleave(torch.tensor([1, 3, 1, 2, 4, 1]), dim=1)
    assert soft_dtw(squared_distances(x, slow), 0.0).item() == 0
    assert temporal_similarity([x[0]], [slow[0], x[0].flip(0)], gamma=0.0)[0].argmax() == 0


def test_a_series_with_itself_is_below_zero_and_not_the_minimum() -> None:
    """The trap of soft-DTW as a distance, and what the divergence mends."""
    x = series(1, 20)
    assert soft_dtw(squared_distances(x, x), 1.0).item() < 0
    y = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(soft_dtw(squared_distances(y, x), 1.0).sum(), y)
    assert slope.norm() > 0.1
    (slope,) = torch.autograd.grad(soft_dtw_divergence(y, x).sum(), y)
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-12)
    assert soft_dtw_divergence(x, x).item() == pytest.approx(0, abs=1e-12)
    for seed in range(5):
        assert soft_dtw_divergence(x, series(1, 14, seed=seed)).item() > 0


def test_swapping_the_series_transposes_the_alignment() -> None:
    cost = costs()
    torch.testing.assert_close(soft_dtw(cost.mT, 0.5), soft_dtw(cost, 0.5))
    torch.testing.assert_close(expected_alignment(cost.mT, 0.5), expected_alignment(cost, 0.5).mT)


def test_squared_distances_are_those_of_the_frames() -> None:
    x, y = series(2, 60, 5), series(2, 70, 5, seed=1)
    torch.testing.assert_close(squared_distances(x, y), (x[:, :, None] - y[:, None]).square().sum(-1))
    x = x.float() + 1000  # far from the origin
    assert squared_distances(x, x).diagonal(dim1=1, dim2=2).eq(0).all()


def test_similarities_are_those_of_the_pairs_alone() -> None:
    queries = [series(1, n, seed=n)[0] for n in (4, 9)]
    items = [series(1, n, seed=10 + n)[0] for n in (3, 8, 5)]
    table = temporal_similarity(queries, items, gamma=0.5)
    for q, query in enumerate(queries):
        for i, item in enumerate(items):
            alone = soft_dtw(squared_distances(query[None], item[None]), 0.5).item()
            assert table[q, i].item() == pytest.approx(-alone / (len(query) + len(item)))


def test_the_loss_is_the_mean_and_the_cost_stays_as_it_was() -> None:
    x, y = series(), series(n=4, seed=1)
    lengths = torch.tensor([3, 7, 5])
    cost = squared_distances(x, y)
    before = cost.clone()
    expected = soft_dtw(cost, 0.5, lengths).mean()
    torch.testing.assert_close(SoftDTW(0.5)(x, y, lengths), expected)
    assert cost.equal(before)


def test_long_series_in_single_precision_stay_finite() -> None:
    cost = squared_distances(series(2, 150).float() * 100, series(2, 200, seed=1).float() * 100)
    for gamma in (1e-3, 1e4):
        assert soft_dtw(cost, gamma).isfinite().all()
        assert expected_alignment(cost, gamma).isfinite().all()


def test_paths_are_as_many_as_the_delannoy_numbers() -> None:
    for n, m in pairwise((1, 2, 3, 4, 5)):
        assert len(list(alignments(n, m))) == delannoy(n, m)


# Bad input.


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="`cost`: expected 3 dimension"):
        soft_dtw(torch.zeros(3, 3))
    with pytest.raises(ValueError, match="`cost`: expected one cell or more"):
        soft_dtw(torch.zeros(1, 0, 3))
    for call in (lambda: soft_dtw(costs(), -1.0), lambda: SoftDTW(float("nan"))):
        with pytest.raises(ValueError, match="`gamma`: expected a number >= 0"):
            call()
    with pytest.raises(ValueError, match="`x_lengths`: expected one for each of 3 pairs"):
        soft_dtw(costs(), 1.0, torch.tensor([2, 2]))
    with pytest.raises(ValueError, match=r"`y_lengths`: expected 1 to 5, got \[0, 5, 6\]"):
        soft_dtw(costs(), 1.0, None, torch.tensor([0, 5, 6]))
    with pytest.raises(ValueError, match="`y`: expected 3 series of dimension 2"):
        squared_distances(series(), series(dim=4))
    with pytest.raises(ValueError, match="`x`: expected 3 dimension"):
        squared_distances(series()[0], series())
    with pytest.raises(ValueError, match="`queries`: expected one or more"):
        temporal_similarity([], [series()[0]])
    with pytest.raises(ValueError, match="`items`: expected one or more"):
        temporal_similarity([series()[0]], [])
