"""`cmlearn.matching.CCA` beside scikit-learn's CCA and cca-zoo's: 5,000 samples, 512 columns a view.

scikit-learn finds the pairs one by one by iteration, so it is asked for ten only; cca-zoo and ours find all
512 by linear algebra. Ten strong pairs are planted, so that the iteration converges, and all three agree on
their correlations before the clock starts.
"""

import numpy as np
from cca_zoo.linear import CCA as zoo_cca  # noqa: N811
from sklearn import cross_decomposition

from benchmarks._timing import compare
from cmlearn.matching import CCA

SAMPLES, COLUMNS, PAIRS = 5000, 512, 10


def main() -> None:
    """Print one table."""
    x, y = views()
    ways = {
        f"cmlearn, all {COLUMNS} pairs": lambda: CCA().fit(x, y),
        f"cca-zoo, all {COLUMNS} pairs": lambda: zoo_cca(COLUMNS).fit([x, y]),
        f"scikit-learn, {PAIRS} pairs": lambda: cross_decomposition.CCA(PAIRS, max_iter=5000).fit(x, y),
    }
    ours, zoo, iterated = (way() for way in ways.values())
    expected = ours.correlations_[:PAIRS]
    np.testing.assert_allclose(correlations(*zoo.transform([x, y])), expected, atol=1e-8)
    np.testing.assert_allclose(correlations(*iterated.transform(x, y)), expected, atol=1e-3)
    compare(f"CCA, {SAMPLES} x {COLUMNS} a view", ways, repeats=1)


def views() -> tuple[np.ndarray, np.ndarray]:
    """Two noisy views of a few hidden numbers."""
    rng = np.random.default_rng(0)
    hidden = rng.standard_normal((SAMPLES, PAIRS)) * np.linspace(3, 2, PAIRS)
    mixed = [hidden @ rng.standard_normal((PAIRS, COLUMNS)) for _ in range(2)]
    x, y = (view + 20 * rng.standard_normal((SAMPLES, COLUMNS)) for view in mixed)
    return x, y


def correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of the first pairs of variates."""
    return np.array([np.corrcoef(a[:, k], b[:, k])[0, 1] for k in range(PAIRS)])
