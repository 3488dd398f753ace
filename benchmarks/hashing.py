"""Search among a million codes of 64 bits: FAISS's binary indexes and ours beside float vectors, and recall.

The codes are generated: copies of 20,000 centres with a tenth of their bits flipped; the queries are copies
of items with a twentieth flipped. An answer counts as found if it is as near as the tenth nearest item.
"""

from collections.abc import Callable
from time import perf_counter

import faiss
import numpy as np

from benchmarks._timing import compare
from cmlearn.matching import hamming_distances, pack_bits

BITS, ITEMS, CENTRES, QUERIES, NEAREST = 64, 1_000_000, 20_000, 50, 10
Search = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]


def main() -> None:
    """Print a table of times, one of bytes, and one of recall."""
    faiss.omp_set_num_threads(1)
    items, queries = generated_codes()
    packed, asked = pack_bits(items), pack_bits(queries)
    flat, floats = faiss.IndexBinaryFlat(BITS), faiss.IndexFlatIP(BITS)
    flat.add(packed)
    floats.add(items.astype(np.float32))
    exact, where = flat.search(asked, NEAREST)
    distances = hamming_distances(asked, packed)
    np.testing.assert_array_equal(np.take_along_axis(distances, where, axis=1), exact)
    np.testing.assert_array_equal(np.sort(distances, axis=1)[:, :NEAREST], exact)
    ways = {
        "FAISS, binary": lambda: flat.search(asked, NEAREST),
        "cmlearn, distances only": lambda: hamming_distances(asked, packed),
        "FAISS, float32": lambda: floats.search(queries.astype(np.float32), NEAREST),
    }
    compare(f"exact search, {QUERIES} queries, {ITEMS:,} items of {BITS} bits", ways, repeats=3)
    print("\nbytes of the items")
    print(f"  packed codes    {packed.nbytes:>13,}     1.00 x")
    print(f"  float32         {items.size * 4:>13,}  {items.size * 4 / packed.nbytes:7.2f} x")
    print(f"\n{'approximate search':<34}  recall   us a query")
    report("brute force", flat.search, asked, exact)
    report_clusters(packed, asked, exact)
    report_substrings(packed, asked, exact)


def generated_codes() -> tuple[np.ndarray, np.ndarray]:
    """Items and queries, of -1 and 1."""
    rng = np.random.default_rng(0)
    centres = rng.choice(np.array([-1, 1], dtype=np.int8), size=(CENTRES, BITS))
    items = flipped(centres[rng.integers(CENTRES, size=ITEMS)], 0.1, rng)
    return items, flipped(items[rng.choice(ITEMS, QUERIES, replace=False)], 0.05, rng)


def flipped(codes: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """The codes with a share of their bits turned round."""
    return np.where(rng.random(codes.shape, dtype=np.float32) < share, -codes, codes)


def report_clusters(packed: np.ndarray, asked: np.ndarray, exact: np.ndarray) -> None:
    """IVF: look only into the clusters nearest to the query."""
    index = faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(BITS), BITS, 1024)
    index.cp.niter = 5
    index.train(packed[:50_000])
    index.add(packed)
    for clusters in (1, 16, 64, 256):
        index.nprobe = clusters
        report(f"IVF, {clusters} of 1,024 clusters", index.search, asked, exact)


def report_substrings(packed: np.ndarray, asked: np.ndarray, exact: np.ndarray) -> None:
    """Multi-index hashing: look up four substrings of 16 bits, with a few bits flipped."""
    index = faiss.IndexBinaryMultiHash(BITS, 4, 16)
    index.add(packed)
    for flips in (0, 1, 2):
        index.nflip = flips
        report(f"multi-index, at most {flips} flips", index.search, asked, exact)


def report(name: str, search: Search, asked: np.ndarray, exact: np.ndarray) -> None:
    """One line: how many of the nearest were found, and how fast."""
    start = perf_counter()
    found, _ = search(asked, NEAREST)
    seconds = perf_counter() - start
    recall = (found <= exact[:, -1:]).mean()
    print(f"  {name:<32}  {recall:6.3f}  {seconds / len(asked) * 1e6:11.1f}")
