r"""Doc2Vec: a vector for a whole text, learned by predicting the text's words.

Every document $d$ has a vector $v_d$, and every word $w$ a vector $u_w$ for when it is predicted. With
$h_i$ for what word $w_i$ at place $i$ of a document is predicted from, the objective is

$$\ell = \sum_i a_{w_i} \Big[ \log\sigma(h_i \cdot u_{w_i})
  + k\, \mathbb{E}_{n \sim P} \log\sigma(-h_i \cdot u_n) \Big],$$

where $k$ is the number of negatives and $a_w \le 1$ how much a word counts. In **PV-DBOW** the document
stands alone, $h_i = v_d$, and the order of its words does not matter. In **PV-DM** it is averaged with the
$m$ words before, each of which has another vector $x_w$ for when it is looked at:

$$h_i = \frac{v_d + \sum_{j=1}^{m} a_{w_{i-j}} x_{w_{i-j}}}{1 + \sum_{j=1}^{m} a_{w_{i-j}}}.$$

The paper [le2014distributed] predicts with a hierarchical softmax. Negative samples [mikolov2013distributed]
give the same model a simpler output. The vector of a new document is found by ascending $\ell$ with all else
held still, and since $\ell$ is then concave in $v_d$, there is one best answer to approach.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32, Int32, Int64
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from cmlearn import train
from cmlearn._progress import progress
from cmlearn._validate import require, require_choice, require_counts
from cmlearn.embedding.vocabulary import Corpus, Vocabulary, sentences
from cmlearn.embedding.word_vectors import WordVectors

__all__ = ["Doc2Vec", "paragraph_context", "paragraph_loss"]


def paragraph_loss(
    hidden: Float[Tensor, "row dim"],
    outputs: Float[Tensor, "word dim"],
    row: Int64[Tensor, " token"],
    word: Int64[Tensor, " token"],
    weight: Float[Tensor, " token"],
    noise: Int64[Tensor, " sample"],
    noise_weight: Float[Tensor, " sample"],
) -> Float[Tensor, ""]:
    r"""How badly words are told from noise words, summed over tokens.

    $$L = \sum_i a_i \Big[ -\log\sigma(h_{r_i} \cdot u_{w_i})
      - \sum_s b_s \log\sigma(-h_{r_i} \cdot u_{n_s}) \Big]$$

    The noise words are the same for all tokens, so that their scores are one matrix product. With $S$ of them
    drawn from $P$ and $b_s = k / S$ the loss has the expectation of $k$ negatives a token; with every word
    once and $b_n = k P(n)$ it *is* that expectation. [le2014distributed], [mikolov2013distributed]

    Args:
        hidden: what words are predicted from, $h$.
        outputs: the vectors of the words as predictions, $u$.
        row: $r_i$, the row of `hidden` that predicts token $i$.
        word: $w_i$, the row of `outputs` that is right.
        weight: $a_i$, how much a token counts.
        noise: $n_s$, rows of `outputs`.
        noise_weight: $b_s$, how much each of them counts.

    Returns:
        The loss in nats.

    Example:
        >>> d, u = torch.zeros(1, 3), torch.randn(5, 3)
        >>> token = torch.tensor([0])
        >>> paragraph_loss(d, u, token, token, torch.ones(1), torch.arange(5), torch.ones(5)) / np.log(2)
        tensor(6.)
    """
    rows = torch.zeros_like(hidden[:, 0]).index_add(0, row, weight)
    right = (hidden[row] * outputs[word]).sum(1)
    wrong = F.softplus(hidden @ outputs[noise].T) @ noise_weight
    return (weight * F.softplus(-right)).sum() + (rows * wrong).sum()


def paragraph_context(
    documents: Float[Tensor, "token dim"],
    words: Float[Tensor, "token dim"],
    weight: Float[Tensor, " token"],
    place: Int64[Tensor, " token"],
    window: int,
) -> Float[Tensor, "token dim"]:
    r"""The mean of a document's vector and of those of the words before each place: PV-DM's $h$.

    $$h_i = \frac{v_d + \sum_{j=1}^{m} a_{i-j} x_{i-j}}{1 + \sum_{j=1}^{m} a_{i-j}}$$

    where $j$ ends at the beginning of the document. [le2014distributed]

    Args:
        documents: the vector of each token's document, $v_d$.
        words: the vector of each token, $x$.
        weight: $a_i$, how much each token counts.
        place: the place of each token in its document, from 0.
        window: how many words before count, $m$.

    Returns:
        One row a token.

    Example:
        >>> document, words = torch.full((3, 1), 1.0), torch.tensor([[3.0], [5.0], [7.0]])
        >>> paragraph_context(document, words, torch.ones(3), torch.arange(3), window=2).flatten()
        tensor([1., 2., 3.])
    """
    total, count = documents, torch.ones_like(weight)
    for back in range(1, min(window, len(place) - 1) + 1):
        counts = F.pad(weight[:-back], (back, 0)) * (place >= back)
        total = total + counts[:, None] * F.pad(words[:-back], (0, 0, back, 0))
        count = count + counts
    return total / count[:, None]


class Doc2Vec(TransformerMixin, BaseEstimator):
    r"""Learns vectors of documents by predicting their words, and infers those of new documents.

    Both models of [le2014distributed], with negative sampling in the place of the paper's hierarchical
    softmax. Where Word2Vec drops some occurrences of frequent words, each counts here with the probability
    $a_w$ that it would be kept, which is the same on average. Every vector has its own step length, `lr` over
    the root of the sum of its squared gradients so far (AdaGrad [duchi2011adaptive], with one number a
    vector). A document without a word of the vocabulary has the vector 0.

    The corpus is read twice, as a stream. Four bytes a token are kept, less than the vectors of most
    documents take.

    Args:
        dim: how many numbers a vector has.
        method: "dbow" for PV-DBOW, "dm" for PV-DM.
        window: how many words before a word PV-DM looks at.
        negatives: $k$, how many noise words a word stands against. They are shared, so $k$ is a weight only.
        epochs: passes over the corpus in `fit`.
        infer_epochs: steps for each new document in `transform`.
        min_count: rarer words are left out.
        subsample: the threshold of `Vocabulary.keep_probabilities`, which gives $a_w$; 0 sets all to 1.
        lr: the step length.
        noise_power: noise words are drawn by their counts to this power.
        batch_words: a step takes whole documents, about so many words together.
        shared: so many noise words are drawn for a step.
        random_state: seed; `None` draws one from PyTorch's generator at each call.
        device: where to compute; `None` for `cm.device()`.

    Attributes:
        vocab: the `Vocabulary` of the corpus.
        document_vectors: $v$ of the documents that `fit` saw, in their order, (document, dim).

    Raises:
        ValueError: from `fit`, if no word occurs `min_count` times, or a setting is out of its range.
        TypeError: from `fit` and `transform`, if the corpus can be read only once, or a document is not a
            sequence of tokens.
        NotFittedError: from anything else, before `fit`.

    Example:
        >>> fruit, tools = ["ripe", "apple", "sweet", "pear"], ["steel", "saw", "sharp", "axe"]
        >>> corpus = [fruit[:3], fruit[1:], tools[:3], tools[1:]] * 10
        >>> model = Doc2Vec(dim=4, min_count=1, random_state=0).fit(corpus)
        >>> a, b, c = model.transform([["apple", "pear"], ["sweet", "ripe"], ["sharp", "saw"]])
        >>> bool(a @ b > a @ c)
        True
    """

    def __init__(
        self,
        dim: int = 100,
        *,
        method: str = "dbow",
        window: int = 5,
        negatives: int = 5,
        epochs: int = 20,
        infer_epochs: int = 50,
        min_count: int = 2,
        subsample: float = 1e-3,
        lr: float = 0.1,
        noise_power: float = 0.75,
        batch_words: int = 4096,
        shared: int = 512,
        random_state: int | None = None,
        device: str | torch.device | None = None,
    ) -> None:
        self.dim = dim
        self.method = method
        self.window = window
        self.negatives = negatives
        self.epochs = epochs
        self.infer_epochs = infer_epochs
        self.min_count = min_count
        self.subsample = subsample
        self.lr = lr
        self.noise_power = noise_power
        self.batch_words = batch_words
        self.shared = shared
        self.random_state = random_state
        self.device = device

    def fit(self, corpus: Corpus, y: Any = None) -> "Doc2Vec":
        """Learn the vectors of the documents and of their words, anew.

        Args:
            corpus: documents, each a sequence of tokens, which can be read again.
            y: not used.

        Returns:
            The model.
        """
        self._check()
        self.vocab = Vocabulary.from_corpus(corpus, min_count=self.min_count)
        objective = self._objective(_seed(self.random_state))
        tokens = _Tokens.read(corpus, self.vocab, objective.keep)
        tables = self._tables(len(tokens.length), objective.generator)
        for _ in progress(range(self.epochs), desc="Doc2Vec", unit=" epochs", leave=False):
            order = torch.randperm(
                len(tokens.length), generator=objective.generator, device=tokens.word.device
            )
            for documents in tokens.batches(order, self.batch_words):
                _learn(tables, documents, tokens.take(documents), objective, self.lr)
        found = {name: table.rows.cpu().numpy() for name, table in tables.items()}
        self._outputs, self._inputs = found["outputs"], found.get("inputs")
        self.document_vectors: Float32[np.ndarray, "document dim"] = found["documents"]
        self.document_vectors[(tokens.length == 0).cpu().numpy()] = 0
        return self

    def transform(self, corpus: Corpus) -> Float32[np.ndarray, "document dim"]:
        """The vectors of new documents, by gradient steps from 0 with all vectors of words held still.

        Every document meets the same noise words, so its vector does not depend on the others.

        Args:
            corpus: documents, each a sequence of tokens; unknown words are passed over.

        Returns:
            A row a document.
        """
        check_is_fitted(self, "vocab")
        self._check()
        seed = _seed(self.random_state)
        objective = self._objective(seed)
        device = objective.keep.device
        frozen = {"outputs": torch.as_tensor(self._outputs, device=device)}
        if self._inputs is not None:
            frozen["inputs"] = torch.as_tensor(self._inputs, device=device)
        tokens = _Tokens.read(corpus, self.vocab, objective.keep)
        order = torch.arange(len(tokens.length), device=device)
        found = [torch.zeros(0, self.dim, device=device)]
        for documents in progress(tokens.batches(order, self.batch_words), desc="Doc2Vec", leave=False):
            objective.generator.manual_seed(seed)
            found.append(
                _infer(len(documents), tokens.take(documents), frozen, objective, self.infer_epochs, self.lr)
            )
        return torch.cat(found).cpu().numpy()

    @property
    def vectors(self) -> WordVectors:
        """The word vectors: $u$ of PV-DBOW, in the space of the documents, and $x$ of PV-DM."""
        check_is_fitted(self, "vocab")
        chosen = self._outputs if self._inputs is None else self._inputs
        return WordVectors(self.vocab.words, chosen, self.vocab.counts)

    @property
    def output_vectors(self) -> WordVectors:
        """The vectors that words have as predictions, $u$."""
        check_is_fitted(self, "vocab")
        return WordVectors(self.vocab.words, self._outputs, self.vocab.counts)

    def to_keyedvectors(self) -> Any:
        """The word vectors as gensim's `KeyedVectors`.

        Raises:
            NotFittedError: before `fit`.
            ModuleNotFoundError: if gensim is not installed.
        """
        return self.vectors.to_keyedvectors()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model, but for its device, to one `.npz` file of plain arrays.

        Example:
            >>> from tempfile import TemporaryDirectory
            >>> model = Doc2Vec(dim=2, min_count=1).fit([["cat", "sat"], ["dog", "sat"]])
            >>> with TemporaryDirectory() as folder:
            ...     model.save(f"{folder}/model.npz")
            ...     Doc2Vec.load(f"{folder}/model.npz").document_vectors.shape
            (2, 2)
        """
        check_is_fitted(self, "vocab")
        settings = {name: value for name, value in self.get_params().items() if name != "device"}
        text = json.dumps({"settings": settings, "words": self.vocab.words})
        arrays: dict[str, Any] = {"documents": self.document_vectors, "outputs": self._outputs}
        arrays |= {} if self._inputs is None else {"inputs": self._inputs}
        with open(path, "wb") as file:
            about = np.frombuffer(text.encode(), np.uint8)
            np.savez(file, doc2vec=about, counts=self.vocab.counts, **arrays)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Doc2Vec":
        """Read what `save` wrote.

        Raises:
            ValueError: if the file holds something else.
        """
        with np.load(path, allow_pickle=False) as file:
            require("doc2vec" in file, "path", "a file that `save` wrote", sorted(file))
            text = json.loads(file["doc2vec"].tobytes())
            model = cls(**text["settings"])
            model.vocab = Vocabulary(tuple(text["words"]), file["counts"])
            model.document_vectors = file["documents"]
            model._outputs, model._inputs = file["outputs"], file.get("inputs")
        return model

    def _check(self) -> None:
        require_choice(self.method, ("dbow", "dm"), "method")
        whole = ("dim", "window", "negatives", "epochs", "infer_epochs", "min_count", "batch_words", "shared")
        require_counts(**{name: getattr(self, name) for name in whole})
        require(self.lr > 0, "lr", "a number above 0", self.lr)
        require(self.subsample >= 0, "subsample", "0 or more", self.subsample)

    def _objective(self, seed: int) -> "_Objective":
        device = train.device() if self.device is None else torch.device(self.device)
        keep = self.vocab.keep_probabilities(self.subsample)
        noise = self.vocab.noise(self.noise_power)
        return _Objective(
            window=self.window if self.method == "dm" else None,
            keep=torch.tensor(keep, dtype=torch.float32, device=device),
            noise=torch.tensor(noise, dtype=torch.float32, device=device),
            noise_weight=torch.full((self.shared,), self.negatives / self.shared, device=device),
            generator=torch.Generator(device).manual_seed(seed),
        )

    def _tables(self, documents: int, generator: torch.Generator) -> dict[str, "_Table"]:
        """Vectors to start from: small and random where something is read, 0 where it is predicted."""
        sizes = {"documents": documents} | ({"inputs": len(self.vocab)} if self.method == "dm" else {})
        device = generator.device
        start = {
            name: (torch.rand(size, self.dim, generator=generator, device=device) - 0.5) / self.dim
            for name, size in sizes.items()
        }
        start["outputs"] = torch.zeros(len(self.vocab), self.dim, device=device)
        return {name: _Table(rows) for name, rows in start.items()}


class _Batch(NamedTuple):
    """The tokens of some documents: word, row of the document, place in it, and $a$."""

    word: Int64[Tensor, " token"]
    row: Int64[Tensor, " token"]
    place: Int64[Tensor, " token"]
    weight: Float[Tensor, " token"]


class _Tokens:
    """The words of a corpus as numbers, one document after the other."""

    def __init__(
        self, word: Int32[Tensor, " token"], length: Int64[Tensor, " document"], keep: Float[Tensor, " word"]
    ) -> None:
        self.word, self.length, self.keep = word, length, keep
        self.start = length.cumsum(0) - length

    @classmethod
    def read(cls, corpus: Corpus, vocab: Vocabulary, keep: Float[Tensor, " word"]) -> "_Tokens":
        """Encode a corpus in one pass."""
        found = [vocab.encode(tokens).astype(np.int32) for tokens in sentences(corpus)]
        word = np.concatenate([np.zeros(0, np.int32), *found])
        length = np.array([len(words) for words in found], np.int64)
        return cls(
            torch.as_tensor(word, device=keep.device), torch.as_tensor(length, device=keep.device), keep
        )

    def batches(self, order: Int64[Tensor, " document"], words: int) -> Sequence[Int64[Tensor, " some"]]:
        """Divide documents into batches of about so many words."""
        number = self.length[order].cumsum(0) // words
        return order.tensor_split((number.diff().nonzero().flatten() + 1).tolist())

    def take(self, documents: Int64[Tensor, " document"]) -> _Batch:
        """The tokens of some documents."""
        length = self.length[documents]
        row = torch.repeat_interleave(length)
        place = torch.arange(len(row), device=row.device) - (length.cumsum(0) - length)[row]
        word = self.word[self.start[documents][row] + place].long()
        return _Batch(word, row, place, self.keep[word])


@dataclass(frozen=True)
class _Objective:
    """What is minimised: the loss of a batch, and the noise words it takes; `window` is for PV-DM."""

    window: int | None
    keep: Float[Tensor, " word"]
    noise: Float[Tensor, " word"]
    noise_weight: Float[Tensor, " sample"]
    generator: torch.Generator

    def draw(self) -> Int64[Tensor, " sample"]:
        """Noise words for a step."""
        return self.noise.multinomial(len(self.noise_weight), replacement=True, generator=self.generator)

    def hidden(
        self, vectors: dict[str, Tensor], batch: _Batch
    ) -> tuple[Float[Tensor, "row dim"], Int64[Tensor, " token"]]:
        """What words are predicted from, and which row of it predicts each token."""
        documents = vectors["documents"]
        if self.window is None:
            return documents, batch.row
        words = vectors["inputs"][batch.word]
        mean = paragraph_context(documents[batch.row], words, batch.weight, batch.place, self.window)
        return mean, torch.arange(len(mean), device=mean.device)

    def loss(
        self, vectors: dict[str, Tensor], batch: _Batch, noise: Int64[Tensor, " sample"]
    ) -> Float[Tensor, ""]:
        """The loss for the vectors of documents, outputs and, with a window, inputs."""
        hidden, row = self.hidden(vectors, batch)
        outputs = vectors["outputs"]
        return paragraph_loss(hidden, outputs, row, batch.word, batch.weight, noise, self.noise_weight)


class _Table:
    """Vectors, each with its own step length."""

    def __init__(self, rows: Float[Tensor, "row dim"]) -> None:
        self.rows = rows
        self.squares = torch.zeros_like(rows[:, :1])

    def descend(self, index: Int64[Tensor, " some"], gradient: Float[Tensor, "some dim"], lr: float) -> None:
        """A step of AdaGrad for some rows, each named once."""
        self.squares[index] += gradient.square().mean(1, keepdim=True)
        self.rows[index] -= lr * gradient / (self.squares[index].sqrt() + 1e-10)


def _learn(
    tables: dict[str, _Table],
    documents: Int64[Tensor, " document"],
    batch: _Batch,
    objective: _Objective,
    lr: float,
) -> None:
    """One step for documents and words together; only the words that occur, or are noise, are touched."""
    words, position = torch.unique(torch.cat([batch.word, objective.draw()]), return_inverse=True)
    word, noise = position.tensor_split([len(batch.word)])
    index = {name: documents if name == "documents" else words for name in tables}
    vectors = {name: table.rows[index[name]].requires_grad_() for name, table in tables.items()}
    loss = objective.loss(vectors, batch._replace(word=word), noise)
    gradients = torch.autograd.grad(loss, list(vectors.values()))
    for name, gradient in zip(vectors, gradients, strict=True):
        tables[name].descend(index[name], gradient, lr)


def _infer(
    documents: int, batch: _Batch, frozen: dict[str, Tensor], objective: _Objective, steps: int, lr: float
) -> Float[Tensor, "document dim"]:
    """Steps for the documents alone."""
    table = _Table(frozen["outputs"].new_zeros(documents, frozen["outputs"].shape[1]))
    every = torch.arange(len(table.rows), device=table.rows.device)
    for _ in range(steps):
        rows = table.rows.clone().requires_grad_()
        loss = objective.loss({"documents": rows, **frozen}, batch, objective.draw())
        table.descend(every, torch.autograd.grad(loss, rows)[0], lr)
    return table.rows


def _seed(random_state: int | None) -> int:
    return int(torch.randint(2**31, ())) if random_state is None else random_state
