"""Metrics against brute force over all tie orders, ranx and scikit-learn; chance levels by enumeration."""

import importlib
import itertools
import math

import numba
import numpy as np
import pytest
import scipy.stats
import torch
from sklearn.metrics import average_precision_score, ndcg_score

from cmlearn import metrics

METRICS = [
    metrics.rank_of,
    metrics.mean_rank,
    metrics.median_rank,
    metrics.mean_reciprocal_rank,
    metrics.mean_average_precision,
    lambda scores, relevant=None: metrics.recall_at_k(scores, 1, relevant),
    lambda scores, relevant=None: metrics.ndcg(
        scores, np.eye(len(scores)) if relevant is None else np.asarray(relevant).astype(float)
    ),
]


def orders(scores):
    """All orders of one query's items that agree with its scores."""
    groups = [np.flatnonzero(scores == level) for level in np.unique(scores)[::-1]]
    for parts in itertools.product(*(itertools.permutations(group) for group in groups)):
        yield [int(item) for part in parts for item in part]


def naive(order, gain, k):
    """Every metric of one order, written out."""
    hits = [rank for rank, item in enumerate(order, start=1) if gain[item] > 0]
    dcg = sum(gain[item] / math.log2(rank + 1) for rank, item in enumerate(order[:k], start=1))
    best = sum(g / math.log2(rank + 1) for rank, g in enumerate(sorted(gain, reverse=True)[:k], start=1))
    precisions = [(i + 1) / rank for i, rank in enumerate(hits)]
    return hits[0], hits[0] <= k, 1 / hits[0], sum(precisions) / len(precisions), dcg / best


def tied_problem(seed, queries=4, items=6):
    rng = np.random.default_rng(seed)
    gains = rng.integers(0, 3, (queries, items)) * rng.integers(0, 2, (queries, items))
    gains[np.arange(queries), rng.integers(0, items, queries)] = 2
    return rng.integers(0, 3, (queries, items)), gains


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("k", [1, 3, 6])
def test_ties_are_the_mean_over_all_orders(seed, k):
    scores, gains = tied_problem(seed)
    relevant = gains > 0
    table = [
        [naive(order, gain, k) for order in orders(row)] for row, gain in zip(scores, gains, strict=True)
    ]
    rank, hit, reciprocal, precision, dcg = np.array([np.mean(rows, axis=0) for rows in table]).T
    np.testing.assert_allclose(metrics.rank_of(scores, relevant), rank)
    np.testing.assert_allclose(metrics.recall_at_k(scores, k, relevant, per_query=True), hit, atol=1e-12)
    np.testing.assert_allclose(metrics.mean_reciprocal_rank(scores, relevant, per_query=True), reciprocal)
    np.testing.assert_allclose(metrics.mean_average_precision(scores, relevant, per_query=True), precision)
    np.testing.assert_allclose(metrics.ndcg(scores, gains, k, per_query=True), dcg)


@pytest.mark.parametrize("seed", range(8))
def test_median_rank_is_the_median_over_queries_and_orders(seed):
    scores, gains = tied_problem(seed)
    relevant = gains > 0
    ranks, weights = [], []
    for row, gain in zip(scores, gains, strict=True):
        first = [naive(order, gain, 1)[0] for order in orders(row)]
        ranks += first
        weights += [720 // len(first)] * len(first)
    assert metrics.median_rank(scores, relevant) == np.median(np.repeat(ranks, weights))


def test_median_rank_without_ties_is_the_usual_median():
    for queries in (5, 6):
        scores = np.random.default_rng(queries).random((queries, queries))
        assert metrics.median_rank(scores) == np.median(metrics.rank_of(scores))


@pytest.fixture(scope="module")
def ranx():
    """The metrics of ranx as plain Python: compiling them takes longer than running them on small data."""
    numba.config.DISABLE_JIT = True
    module = importlib.import_module("ranx.metrics")
    numba.config.DISABLE_JIT = False
    return module


def best_first(order, values):
    return np.stack([order, np.take_along_axis(values, order, axis=1)], axis=2).astype(float)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_ranx_without_ties(ranx, seed):
    rng = np.random.default_rng(seed)
    scores = rng.random((20, 30))
    grades = rng.integers(0, 4, scores.shape) * (rng.random(scores.shape) < 0.2)
    grades[:, 0] = 1
    run, right = best_first(np.argsort(-scores), scores), best_first(np.argsort(-grades), grades)
    pairs = [
        (metrics.recall_at_k(scores, 5, grades > 0, per_query=True), ranx.hit_rate(right, run, 5)),
        (metrics.mean_reciprocal_rank(scores, grades > 0, per_query=True), ranx.reciprocal_rank(right, run)),
        (
            metrics.mean_average_precision(scores, grades > 0, per_query=True),
            ranx.average_precision(right, run),
        ),
        (metrics.ndcg(scores, grades, per_query=True), ranx.ndcg(right, run)),
        (metrics.ndcg(scores, grades, 7, per_query=True), ranx.ndcg(right, run, 7)),
    ]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs)


def test_agrees_with_scikit_learn():
    scores, gains = tied_problem(0, queries=30, items=9)
    assert metrics.ndcg(scores, gains, 4) == pytest.approx(ndcg_score(gains, scores, k=4))
    smooth = np.random.default_rng(0).random(gains.shape)
    theirs = [average_precision_score(gain > 0, row) for gain, row in zip(gains, smooth, strict=True)]
    np.testing.assert_allclose(metrics.mean_average_precision(smooth, gains > 0, per_query=True), theirs)


@pytest.mark.parametrize(("items", "relevant", "k"), [(5, 1, 2), (6, 2, 1), (6, 3, 4), (4, 4, 1), (1, 1, 1)])
def test_chance_levels_by_enumeration(items, relevant, k):
    gain = [1] * relevant + [0] * (items - relevant)
    table = np.array([naive(order, gain, k) for order in itertools.permutations(range(items))], dtype=float)
    rank, hit, reciprocal, precision, dcg = table.mean(axis=0)
    assert metrics.chance_mean_rank(items, relevant) == pytest.approx(rank)
    assert metrics.chance_median_rank(items, relevant) == np.median(table[:, 0])
    assert metrics.chance_recall_at_k(items, k, relevant) == pytest.approx(hit)
    assert metrics.chance_mean_reciprocal_rank(items, relevant) == pytest.approx(reciprocal)
    assert metrics.chance_mean_average_precision(items, relevant) == pytest.approx(precision)
    assert metrics.chance_ndcg(gain, k) == pytest.approx(dcg)


def test_chance_levels_by_monte_carlo():
    rng = np.random.default_rng(0)
    queries, items, counts = 4000, 40, np.array([1, 5])
    relevant = np.arange(items) < np.repeat(counts, queries // 2)[:, None]
    scores = rng.random((queries, items))
    pairs = [
        (
            metrics.chance_recall_at_k(items, 5, counts),
            metrics.recall_at_k(scores, 5, relevant, per_query=True),
        ),
        (metrics.chance_mean_rank(items, counts), metrics.rank_of(scores, relevant)),
        (
            metrics.chance_mean_reciprocal_rank(items, counts),
            metrics.mean_reciprocal_rank(scores, relevant, per_query=True),
        ),
        (
            metrics.chance_mean_average_precision(items, counts),
            metrics.mean_average_precision(scores, relevant, per_query=True),
        ),
        (
            metrics.chance_ndcg(relevant.astype(int), 9),
            metrics.ndcg(scores, relevant.astype(int), 9, per_query=True),
        ),
    ]
    for expected, values in pairs:
        assert abs(values.mean() - expected) < 4 * values.std() / math.sqrt(queries)
    assert abs(metrics.median_rank(scores, relevant) - metrics.chance_median_rank(items, counts)) <= 1


def test_equal_scores_are_exactly_chance():
    scores, counts = np.zeros((2, 30)), [1, 7]
    relevant = np.arange(30) < np.array(counts)[:, None]
    assert metrics.recall_at_k(scores, 3, relevant) == metrics.chance_recall_at_k(30, 3, counts)
    assert metrics.rank_of(scores, relevant).mean() == metrics.chance_mean_rank(30, counts)
    assert metrics.median_rank(scores, relevant) == metrics.chance_median_rank(30, counts)
    assert metrics.mean_reciprocal_rank(scores, relevant) == metrics.chance_mean_reciprocal_rank(30, counts)
    assert metrics.mean_average_precision(scores, relevant) == pytest.approx(
        metrics.chance_mean_average_precision(30, counts), rel=1e-12
    )


def test_chance_is_stable_for_many_items():
    assert metrics.chance_mean_rank(1000, np.array([1], dtype=np.uint8)) == 500.5
    assert metrics.chance_recall_at_k(100_000, 10, 3) == pytest.approx(
        1 - math.comb(99_990, 3) / math.comb(100_000, 3), rel=1e-9
    )
    assert metrics.chance_median_rank(100_000) == 50_000.5


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64])
def test_tensors_on_any_device(metric, dtype, device):
    scores = torch.randint(0, 9, (6, 6)).to(dtype)
    np.testing.assert_allclose(metric(scores.to(device)), metric(scores.double().numpy()))


def test_masked_items_may_score_minus_infinity():
    scores = np.array([[-np.inf, 1.0, -np.inf], [2.0, 1.0, -np.inf]])
    relevant = np.array([[True, False, False], [True, False, False]])
    np.testing.assert_array_equal(metrics.rank_of(scores, relevant), [2.5, 1.0])


@pytest.mark.parametrize("metric", METRICS)
def test_shifting_scores_and_reordering_items_changes_nothing(metric):
    scores, gains = tied_problem(1, queries=5, items=5)
    order = np.random.default_rng(0).permutation(5)
    before = metric(scores, gains > 0)
    np.testing.assert_allclose(metric(scores * 3.0 - 7, gains > 0), before)
    np.testing.assert_allclose(metric(scores[:, order], (gains > 0)[:, order]), before)


def test_bootstrap_interval_agrees_with_scipy():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 300))
    ours = metrics.paired_bootstrap(a, b, confidence=0.9, generator=rng)
    theirs = scipy.stats.bootstrap(
        (a - b,), np.mean, n_resamples=10_000, confidence_level=0.9, method="percentile", random_state=rng
    ).confidence_interval
    assert ours.difference == pytest.approx((a - b).mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.002)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.1])
def test_bootstrap_p_value_is_close_to_the_t_test(shift):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 400))
    a = a - (a - b).mean() + shift
    ours = metrics.paired_bootstrap(a, b, generator=rng).p_value
    assert ours == pytest.approx(scipy.stats.ttest_rel(a, b).pvalue, abs=0.02)


def test_bootstrap_rejects_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    p_values = [
        metrics.paired_bootstrap(*rng.random((2, 60)), resamples=200, generator=rng).p_value
        for _ in range(400)
    ]
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.09


def test_bootstrap_of_equal_systems_and_swapped_systems():
    values = np.random.default_rng(3).random(50)
    same = metrics.paired_bootstrap(values, values)
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)
    ab = metrics.paired_bootstrap(values, values**2, generator=np.random.default_rng(0))
    ba = metrics.paired_bootstrap(values**2, values, generator=np.random.default_rng(0))
    assert (ab.low, ab.p_value) == (pytest.approx(-ba.high), ba.p_value)


def test_bootstrap_follows_the_global_seed():
    a, b = np.random.default_rng(4).random((2, 50))

    def run():
        np.random.seed(7)  # noqa: NPY002
        return metrics.paired_bootstrap(a, b, resamples=100)

    assert run() == run()


EYE = np.eye(3)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.recall_at_k(EYE, 0), "`k`.*from 1 to the number of items, 3, got 0"),
        (lambda: metrics.recall_at_k(EYE, 4), "`k`.*got 4"),
        (lambda: metrics.rank_of(EYE[0]), "`scores`.*2 dimension.*got shape"),
        (lambda: metrics.rank_of(EYE[:2]), "`scores`.*square"),
        (lambda: metrics.rank_of(np.zeros((0, 0))), "`scores`.*at least one query"),
        (lambda: metrics.rank_of(EYE * np.nan), "`scores`.*no NaN, got 9 NaN"),
        (lambda: metrics.rank_of([["a"]]), "`scores`.*real numbers"),
        (lambda: metrics.rank_of(EYE, EYE), "`relevant`.*dtype bool"),
        (lambda: metrics.rank_of(EYE, EYE[:2] > 0), r"`relevant`.*\(3, 3\), got \(2, 3\)"),
        (
            lambda: metrics.rank_of(EYE, EYE > [2, 0, 0]),
            r"`relevant`.*for every query, got none for queries \[0\]",
        ),
        (lambda: metrics.ndcg(EYE, -EYE), "`relevance`.*zero or more"),
        (lambda: metrics.ndcg(EYE, EYE * [1, 1, 0]), r"`relevance`.*none for queries \[2\]"),
        (lambda: metrics.ndcg(EYE, EYE[:2]), "`relevance`.*the shape of `scores`"),
        (lambda: metrics.ndcg(EYE, EYE, k=9), "`k`"),
        (lambda: metrics.chance_recall_at_k(3, 4), "`k`"),
        (lambda: metrics.chance_mean_rank(0), "`n_items`"),
        (lambda: metrics.chance_mean_rank(3, 4), "`n_relevant`.*from 1 to n_items = 3, got 4"),
        (lambda: metrics.chance_median_rank(3, [1, 0]), "`n_relevant`"),
        (lambda: metrics.chance_median_rank(3, []), "`n_relevant`"),
        (lambda: metrics.chance_mean_rank(3, 1.5), "`n_relevant`.*whole numbers"),
        (lambda: metrics.paired_bootstrap([1.0], [1.0]), "`a`.*at least two"),
        (lambda: metrics.paired_bootstrap([1.0, 2.0], [1.0]), "`b`.*the shape of `a`"),
        (lambda: metrics.paired_bootstrap([1.0, np.nan], [1.0, 2.0]), "finite"),
        (lambda: metrics.paired_bootstrap([1, 2], [1, 2], resamples=0), "`resamples`"),
        (lambda: metrics.paired_bootstrap([1, 2], [1, 2], confidence=1), "`confidence`"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.errors
def test_k_of_a_wrong_type():
    with pytest.raises(TypeError, match="`k`: expected int, got float"):
        metrics.recall_at_k(EYE, 1.0)
