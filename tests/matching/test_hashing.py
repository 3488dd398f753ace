"""Binary codes against counting by hand, FAISS, SciPy's Procrustes and rotations known by construction."""

import itertools

import faiss
import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from cmlearn.matching.cca import CCA
from cmlearn.matching.hashing import CCAITQ, hamming_distances, iterative_quantization, pack_bits


def random_codes(n: int, bits: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1, 1], size=(n, bits)).astype(np.int8)


def two_views(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    shared = rng.standard_normal((n, 8)) * np.linspace(2, 1, 8)
    views = [shared @ rng.standard_normal((8, size)) + rng.standard_normal((n, size)) for size in (12, 10)]
    return views[0], views[1]


def skewed_points(n: int = 300, bits: int = 6) -> np.ndarray:
    rng = np.random.default_rng(2)
    return rng.standard_t(5, size=(n, bits)) @ np.diag(np.linspace(2, 0.5, bits))


# Bits.


@pytest.mark.parametrize("bits", [1, 7, 8, 9, 64, 100])
def test_packed_distance_counts_the_bits_that_differ(bits: int) -> None:
    a, b = random_codes(9, bits), random_codes(11, bits, seed=1)
    naive = [[sum(p != q for p, q in zip(one, other, strict=True)) for other in b] for one in a]
    assert hamming_distances(pack_bits(a), pack_bits(b)).tolist() == naive


@pytest.mark.parametrize("bits", [8, 33, 64])
def test_distance_and_inner_product_say_the_same(bits: int) -> None:
    a, b = random_codes(20, bits), random_codes(30, bits, seed=1)
    products = a.astype(int) @ b.T.astype(int)
    assert np.array_equal(2 * hamming_distances(pack_bits(a), pack_bits(b)), bits - products)


def test_distances_agree_with_faiss() -> None:
    queries, items = (pack_bits(random_codes(n, 64, seed=n)) for n in (20, 500))
    index = faiss.IndexBinaryFlat(64)
    index.add(items)
    found, where = index.search(queries, 500)
    assert np.array_equal(found, np.take_along_axis(hamming_distances(queries, items), where, axis=1))


def test_packing_keeps_every_bit_and_takes_booleans() -> None:
    codes = random_codes(5, 19)
    packed = pack_bits(codes)
    assert packed.shape == (5, 3)
    assert np.array_equal(np.unpackbits(packed, axis=1)[:, :19], codes > 0)
    assert np.array_equal(pack_bits(codes > 0), packed)


# The rotation.


def test_the_loss_never_rises_in_any_half_step() -> None:
    found = iterative_quantization(skewed_points(), iterations=60, random_state=0)
    assert found.losses.shape == (121,)
    assert (np.diff(found.losses) <= 1e-9 * found.losses[0]).all()
    assert found.losses[-1] < found.losses[0]


def test_the_rotation_is_orthogonal_and_gives_the_last_loss() -> None:
    points = skewed_points()
    found = iterative_quantization(points, random_state=0)
    np.testing.assert_allclose(found.rotation @ found.rotation.T, np.eye(6), atol=1e-12)
    turned = points @ found.rotation
    assert found.losses[-1] == pytest.approx(np.square(np.sign(turned) - turned).sum())


def test_each_rotation_is_the_procrustes_solution_of_scipy() -> None:
    points = skewed_points()
    for steps in range(4):
        before, after = (
            iterative_quantization(points, iterations=steps + more, random_state=3) for more in (0, 1)
        )
        corners = np.sign(points @ before.rotation)
        expected, _ = scipy.linalg.orthogonal_procrustes(points, corners)
        np.testing.assert_allclose(after.rotation, expected, atol=1e-10)
        assert after.losses[-2] == pytest.approx(np.square(corners - points @ expected).sum())


def test_signs_are_the_best_of_all_corners() -> None:
    points = skewed_points(n=5, bits=4)
    found = iterative_quantization(points, iterations=3, random_state=0)
    corners = np.array(list(itertools.product([-1, 1], repeat=4)))
    turned = points @ found.rotation
    best = np.square(turned[:, None] - corners).sum(axis=2).min(axis=1).sum()
    assert found.losses[-1] == pytest.approx(best)


def test_no_rotation_near_the_end_is_better() -> None:
    points = skewed_points()
    found = iterative_quantization(points, iterations=300, random_state=0)
    rng = np.random.default_rng(4)
    for _ in range(50):
        skew = rng.standard_normal((6, 6))
        turned = points @ found.rotation @ scipy.linalg.expm(1e-3 * (skew - skew.T))
        assert np.square(np.sign(turned) - turned).sum() >= found.losses[-1] * (1 - 1e-12)


def test_turned_corners_are_turned_back() -> None:
    codes = random_codes(400, 4).astype(float)
    turn = scipy.stats.ortho_group.rvs(4, random_state=5)
    losses = [iterative_quantization(codes @ turn, random_state=seed).losses[-1] for seed in range(10)]
    assert min(losses) == pytest.approx(0, abs=1e-9)


def test_no_iterations_keep_the_random_rotation() -> None:
    found = iterative_quantization(skewed_points(), iterations=0, random_state=0)
    start = np.random.RandomState(0).standard_normal((6, 6))
    np.testing.assert_allclose(found.rotation, np.linalg.qr(start)[0])
    assert found.losses.shape == (1,)


# Two views.


def test_codes_are_the_signs_of_weighted_turned_canonical_variates() -> None:
    x, y = two_views()
    model = CCAITQ(6, regularization=0.01, random_state=0).fit(x, y)
    plain = CCA(6, regularization=0.01).fit(x, y)
    expected = [view * plain.singular_values_ @ model.rotation_ for view in plain.transform(x, y)]
    for ours, theirs in zip(model.project(x, y), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)
    for codes, values in zip(model.transform(x, y), expected, strict=True):
        assert codes.dtype == np.int8
        assert np.array_equal(codes, np.sign(values))
    assert np.array_equal(model.correlations_, plain.correlations_)


def test_the_rotation_changes_no_inner_product_before_the_signs() -> None:
    x, y = two_views()
    first, other = (CCAITQ(6, random_state=seed).fit(x, y).project(x, y) for seed in (0, 1))
    np.testing.assert_allclose(first[0] @ first[1].T, other[0] @ other[1].T, atol=1e-9)


def test_partners_are_nearer_than_strangers_and_itq_helps() -> None:
    x, y = two_views(600)
    x_new, y_new = x[400:], y[400:]
    rank = {}
    for iterations in (0, 50):
        model = CCAITQ(8, iterations=iterations, random_state=0).fit(x[:400], y[:400])
        distances = hamming_distances(*map(pack_bits, model.transform(x_new, y_new)))
        assert distances.diagonal().mean() < distances.mean() - 1
        rank[iterations] = (distances.diagonal()[:, None] > distances).mean()
    assert rank[50] < rank[0]


def test_views_swap() -> None:
    x, y = two_views()
    straight = CCAITQ(4, random_state=0).fit(x, y)
    swapped = CCAITQ(4, random_state=0).fit(y, x)
    assert straight.losses_.shape == swapped.losses_.shape == (101,)
    np.testing.assert_allclose(straight.singular_values_, swapped.singular_values_, atol=1e-12)


def test_works_in_pipelines_and_names_its_bits() -> None:
    x, y = two_views()
    assert make_pipeline(StandardScaler(), CCAITQ(4, random_state=0)).fit(x, y).transform(x).shape == (400, 4)
    named = CCAITQ(2, random_state=0).set_output(transform="pandas").fit(x, y).transform(x)
    assert list(named.columns) == ["ccaitq0", "ccaitq1"]


@pytest.mark.errors
def test_scikit_learn_estimator_checks() -> None:
    check_estimator(CCAITQ(random_state=0), on_skip=None)


# Bad input.


@pytest.mark.errors
def test_bad_codes_are_named() -> None:
    packed = pack_bits(random_codes(3, 16))
    with pytest.raises(ValueError, match=r"`codes`: expected 2 dimension\(s\), got shape \(16,\)"):
        pack_bits(random_codes(3, 16)[0])
    with pytest.raises(ValueError, match="`a`: expected packed codes of type uint8, got int8"):
        hamming_distances(random_codes(3, 16), packed)
    with pytest.raises(ValueError, match=r"`b`: expected 2 dimension\(s\)"):
        hamming_distances(packed, packed[0])
    with pytest.raises(ValueError, match="`b`: expected 2 bytes a code, as in `a`, got 1"):
        hamming_distances(packed, packed[:, :1])


@pytest.mark.errors
def test_bad_values_and_settings_are_named() -> None:
    x, y = two_views()
    with pytest.raises(ValueError, match="`iterations`: expected a number >= 0, got -1"):
        iterative_quantization(skewed_points(), iterations=-1)
    with pytest.raises(ValueError, match="values contains NaN"):
        iterative_quantization([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="`iterations`"):
        CCAITQ(iterations=-1).fit(x, y)
    with pytest.raises(ValueError, match="`n_components`: expected 1 to 10"):
        CCAITQ(11).fit(x, y)
    with pytest.raises(ValueError, match=r"`y`: expected 10 column\(s\), got 9"):
        CCAITQ(4).fit(x, y).transform(x, y[:, :9])
