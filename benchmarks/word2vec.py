"""`cmlearn.embedding.Word2Vec` beside gensim's: the gloss corpus, 100 dimensions, window 5, 5 negatives.

Both count the words, then make the same number of passes on two threads, in turn in one run. Processor time
stands beside the clock's, because it hardly depends on what else the machine does. Speed is nothing without
the vectors' worth, hence WordSim-353 and SimLex-999. gensim runs with its own learning rate, and with one of
0.1, which suits so small a corpus better.
"""

from collections.abc import Callable
from time import perf_counter, process_time

import torch
from gensim.models import Word2Vec as Gensim

from cmlearn import data
from cmlearn.embedding import Word2Vec, WordVectors, word_similarity

THREADS, EPOCHS = 2, 3


def main() -> None:
    """Print one table; the last two columns are the reason why the speeds may be compared."""
    corpus = data.glosses().sentences
    words = EPOCHS * sum(map(len, corpus))
    ways = {
        "gensim": lambda: gensim(corpus, 0.025),
        "gensim, lr 0.1": lambda: gensim(corpus, 0.1),
        "cmlearn": lambda: Word2Vec(epochs=EPOCHS, workers=THREADS, device="cpu").fit(corpus).vectors,
    }
    if torch.cuda.is_available():
        ways["cmlearn, GPU"] = lambda: Word2Vec(epochs=EPOCHS, device="cuda").fit(corpus).vectors
    print(f"\nWord2Vec, {EPOCHS} passes over {words // EPOCHS:,} words, {THREADS} threads")
    print(f"  {'':14}  {'words/s':>9}  ratio  {'words/cpu-s':>11}  ratio  WordSim  SimLex")
    first = None
    for name, way in ways.items():
        vectors, *seconds = timed(way)
        speeds = [words / taken for taken in seconds]
        first = first or speeds
        a, b = (speed / of_first for speed, of_first in zip(speeds, first, strict=True))
        scores = f"{agreement(vectors, data.wordsim353()):7.3f}  {agreement(vectors, data.simlex999()):6.3f}"
        print(f"  {name:14}  {speeds[0]:9,.0f}  {a:5.2f}  {speeds[1]:11,.0f}  {b:5.2f}  {scores}", flush=True)


def timed(way: Callable[[], WordVectors]) -> tuple[WordVectors, float, float]:
    """What it returns, and its seconds by the clock and of processor time."""
    clock, processor = perf_counter(), process_time()
    vectors = way()
    return vectors, perf_counter() - clock, process_time() - processor


def gensim(corpus: tuple[tuple[str, ...], ...], lr: float) -> WordVectors:
    """The same settings in gensim."""
    settings = {"vector_size": 100, "window": 5, "negative": 5, "sg": 1, "min_count": 5, "sample": 1e-3}
    model = Gensim(corpus, **settings, epochs=EPOCHS, workers=THREADS, alpha=lr)
    return WordVectors.from_keyedvectors(model.wv)


def agreement(vectors: WordVectors, ratings: data.WordPairs) -> float:
    """Rank correlation with people's ratings."""
    return word_similarity(vectors, ratings.pairs, ratings.scores).correlation
