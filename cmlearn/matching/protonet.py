r"""Prototypical networks: a class is the mean of its examples, and a query goes to the nearest.

An encoder $f$ is learned on *episodes*, small tasks of the kind that will be met later: a few classes, a few
labelled examples of each (the support), and queries to be sorted. New classes then need no training at all:
a handful of examples is averaged into a prototype. A class without any example can have one too, made by an
encoder $g$ of its name or description; that form is cross-modal. [snell2017prototypical]
"""

import math
from typing import Literal, NamedTuple, get_args

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Int64, Shaped
from torch import Tensor, nn
from torch.utils.data import Dataset

from cmlearn._validate import require, require_choice, require_counts, require_ndim

__all__ = [
    "EpisodeLoss",
    "Episodes",
    "LinearForm",
    "Metric",
    "PrototypicalNetwork",
    "as_linear",
    "prototypes",
    "similarity",
]

Metric = Literal["euclidean", "cosine"]


class LinearForm(NamedTuple):
    """Weights and biases of a linear classifier, one row a class.

    Example:
        >>> LinearForm(torch.eye(2), torch.zeros(2)).bias
        tensor([0., 0.])
    """

    weight: Float[Tensor, "way dim"]
    bias: Float[Tensor, " way"]


def prototypes(
    codes: Float[Tensor, "support dim"], labels: Int[Tensor, " support"]
) -> Float[Tensor, "way dim"]:
    r"""The mean code of each class: $c_k = \frac{1}{|S_k|} \sum_{i \in S_k} z_i$ [snell2017prototypical].

    Args:
        codes: $z$, one row a labelled example.
        labels: its class, counted from 0; every class up to the largest has at least one example.

    Returns:
        One row a class.

    Raises:
        ValueError: if the shapes do not fit, or a class has no example.

    Example:
        >>> codes = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 5.0]])
        >>> prototypes(codes, torch.tensor([0, 0, 1]))
        tensor([[1., 0.],
                [0., 5.]])
    """
    require_ndim(codes, 2, "codes")
    require(labels.shape == codes.shape[:1], "labels", f"shape {tuple(codes.shape[:1])}", tuple(labels.shape))
    counts = torch.bincount(labels)
    require(bool((counts > 0).all()), "labels", "an example of every class", counts.tolist())
    sums = codes.new_zeros(len(counts), codes.shape[1]).index_add(0, labels, codes)
    return sums / counts[:, None]


def similarity(
    query: Float[Tensor, "query dim"], centres: Float[Tensor, "way dim"], metric: Metric = "euclidean"
) -> Float[Tensor, "query way"]:
    r"""How near each query is to each prototype: $-\lVert z - c_k \rVert^2$, or the cosine of their angle.

    Args:
        query: $z$, one row a query.
        centres: $c$, one row a class.
        metric: "euclidean" or "cosine".

    Returns:
        Higher is nearer; cosines are in [-1, 1].

    Raises:
        ValueError: if the sizes differ or the metric is unknown.

    Example:
        >>> similarity(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 0.0], [3.0, 0.0]]))
        tensor([[-1., -4.]])
    """
    require_choice(metric, get_args(Metric), "metric")
    require(centres.shape[-1] == query.shape[-1], "centres", f"size {query.shape[-1]}", centres.shape[-1])
    if metric == "cosine":
        return F.normalize(query, dim=-1) @ F.normalize(centres, dim=-1).T
    return -(query[:, None] - centres).square().sum(dim=-1)


def as_linear(centres: Float[Tensor, "way dim"]) -> LinearForm:
    r"""The linear classifier that Euclidean prototypes are: $w_k = 2 c_k$, $b_k = -\lVert c_k \rVert^2$.

    For $-\lVert z - c_k \rVert^2 = 2 c_k^\top z - \lVert c_k \rVert^2 - \lVert z \rVert^2$, and the last
    term is the same for all classes, so that softmax does not see it. [snell2017prototypical]

    Args:
        centres: $c$, one row a class.

    Returns:
        Weights and biases, as `torch.nn.functional.linear` takes them.

    Raises:
        ValueError: if `centres` is not two-dimensional.

    Example:
        >>> as_linear(torch.tensor([[1.0, 2.0]]))
        LinearForm(weight=tensor([[2., 4.]]), bias=tensor([-5.]))
    """
    require_ndim(centres, 2, "centres")
    return LinearForm(2 * centres, -centres.square().sum(dim=1))


class PrototypicalNetwork(nn.Module):
    r"""An encoder whose classes are prototypes: $p(k \mid x) = \operatorname{softmax}_k(s \, m(f(x), c_k))$.

    Here $m$ is `similarity`. With "euclidean" and $s = 1$ it is the network of the paper. Cosines lie between
    -1 and 1, so there $s$ limits how sure the model can be; it can be learned. [snell2017prototypical]

    Args:
        encoder: $f$, from a batch of examples to codes, (batch, dim).
        class_encoder: $g$, from descriptions of classes to codes, for `zero_shot`.
        metric: "euclidean" or "cosine".
        scale: $s > 0$.
        learn_scale: whether $s$ is learned, from `scale` on.

    Raises:
        ValueError: if the metric is unknown or the scale not positive.

    Example:
        >>> model = PrototypicalNetwork(nn.Identity())
        >>> support, labels = torch.tensor([[0.0, 0.0], [4.0, 0.0]]), torch.tensor([0, 1])
        >>> model(torch.tensor([[1.9, 7.0]]), support, labels).argmax(dim=1)
        tensor([0])
    """

    def __init__(
        self,
        encoder: nn.Module,
        class_encoder: nn.Module | None = None,
        *,
        metric: Metric = "euclidean",
        scale: float = 1.0,
        learn_scale: bool = False,
    ) -> None:
        super().__init__()
        require_choice(metric, get_args(Metric), "metric")
        require(scale > 0, "scale", "a number > 0", scale)
        self.encoder, self.class_encoder, self.metric = encoder, class_encoder, metric
        log_scale = torch.tensor(math.log(scale))
        if learn_scale:
            self.log_scale = nn.Parameter(log_scale)
        else:
            self.register_buffer("log_scale", log_scale)

    def forward(
        self,
        query: Shaped[Tensor, "query ..."],
        support: Shaped[Tensor, "support ..."],
        labels: Int[Tensor, " support"],
    ) -> Float[Tensor, "query way"]:
        """Few-shot: sort queries by the prototypes of labelled examples.

        Queries and examples go through the encoder in one batch, as batch normalisation in training makes
        one batch unlike another.

        Args:
            query: what the encoder reads.
            support: the same, labelled.
            labels: the class of each example, counted from 0.

        Returns:
            Log-probabilities.

        Raises:
            ValueError: as `prototypes`.
        """
        codes = self.encoder(torch.cat([query, support]))
        return self.compare(codes[: len(query)], prototypes(codes[len(query) :], labels))

    def zero_shot(
        self, query: Shaped[Tensor, "query ..."], descriptions: Shaped[Tensor, "way ..."]
    ) -> Float[Tensor, "query way"]:
        """Zero-shot: sort queries by the prototypes $g(v_k)$ of classes without a single example.

        Args:
            query: what the encoder reads.
            descriptions: what the class encoder reads, one row a class.

        Returns:
            Log-probabilities.

        Raises:
            ValueError: if the network has no class encoder.
        """
        return self.compare(self.encoder(query), self.describe(descriptions))

    def describe(self, descriptions: Shaped[Tensor, "way ..."]) -> Float[Tensor, "way dim"]:
        """Prototypes from descriptions.

        Args:
            descriptions: what the class encoder reads, one row a class.

        Returns:
            One row a class.

        Raises:
            ValueError: if the network has no class encoder.
        """
        if self.class_encoder is None:
            raise ValueError("`class_encoder`: expected an encoder of descriptions, got None")
        return self.class_encoder(descriptions)

    def compare(
        self, codes: Float[Tensor, "query dim"], centres: Float[Tensor, "way dim"]
    ) -> Float[Tensor, "query way"]:
        """Log-probabilities of encoded queries for given prototypes.

        Args:
            codes: encoded queries.
            centres: prototypes, one row a class.

        Returns:
            One row a query, whose exponentials sum to 1.

        Raises:
            ValueError: if the sizes differ.
        """
        with torch.autocast(codes.device.type, enabled=False):
            near = similarity(codes.float(), centres.float(), self.metric)
            return F.log_softmax(self.log_scale.exp() * near, dim=1)


class EpisodeLoss(nn.Module):
    """Mean negative log-probability of the right class over the queries of a batch of episodes.

    What `cm.fit` minimises for a `PrototypicalNetwork` on `Episodes`. [snell2017prototypical]

    Raises:
        ValueError: from the call, if the batch has no episode.

    Example:
        >>> data = Episodes(torch.randn(40, 3), torch.arange(40) // 4, ways=5, shots=1, queries=3, episodes=2)
        >>> batch = {name: value[None] for name, value in data[0].items()}
        >>> EpisodeLoss()(PrototypicalNetwork(nn.Linear(3, 2)), batch).shape
        torch.Size([])
    """

    def forward(
        self, model: PrototypicalNetwork, batch: dict[str, Shaped[Tensor, "episode ..."]]
    ) -> Float[Tensor, ""]:
        """The loss of a batch; all its examples go through the encoder at once.

        Args:
            model: a `PrototypicalNetwork`.
            batch: what `Episodes` gives, episodes stacked.

        Returns:
            The mean over episodes and queries.
        """
        query, support = batch["query"], batch["support"]
        require(len(query) > 0, "batch", "at least one episode", 0)
        codes = model.encoder(torch.cat([query.flatten(0, 1), support.flatten(0, 1)]))
        asked, known = codes.split([query.shape[:2].numel(), support.shape[:2].numel()])
        episodes = zip(
            asked.unflatten(0, query.shape[:2]),
            known.unflatten(0, support.shape[:2]),
            batch["support_label"],
            batch["query_label"],
            strict=True,
        )
        losses = [
            F.nll_loss(model.compare(q, prototypes(s, labels)), right) for q, s, labels, right in episodes
        ]
        return torch.stack(losses).mean()


class Episodes(Dataset[dict[str, Tensor]]):
    """Small tasks, drawn anew each time: some classes, and of each some examples and some queries.

    An item is a dict: `support` (way * shot, ...) and `query` (way * query, ...) with `support_label` and
    `query_label` from 0 to ways - 1, and `classes` (way,), the classes' own numbers. No example of an
    episode is both. [vinyals2016matching]

    Args:
        examples: all examples.
        labels: their classes; those with fewer than `shots + queries` examples are never drawn.
        ways: classes of an episode.
        shots: labelled examples of a class.
        queries: queries of a class.
        episodes: the length of the data set.
        generator: draws the episodes, on the CPU; `None` follows `cm.seed_everything`, and within `cm.fit`
            its seed.

    Raises:
        ValueError: if a number is less than 1, there are fewer than `ways` classes large enough, or `labels`
            has another length than `examples`.

    Example:
        >>> labels = torch.arange(40) // 4
        >>> data = Episodes(torch.randn(40, 3), labels, ways=5, shots=1, queries=3, episodes=100)
        >>> {name: tuple(value.shape) for name, value in data[0].items()}["query"]
        (15, 3)
    """

    def __init__(
        self,
        examples: Shaped[Tensor, "example ..."],
        labels: Int[Tensor, " example"],
        *,
        ways: int,
        shots: int,
        queries: int,
        episodes: int,
        generator: torch.Generator | None = None,
    ) -> None:
        require_counts(ways=ways, shots=shots, queries=queries, episodes=episodes)
        require(len(labels) == len(examples), "labels", f"{len(examples)}, one an example", len(labels))
        large = [(labels == k).nonzero().flatten().cpu() for k in torch.unique(labels).tolist()]
        self.members = [rows for rows in large if len(rows) >= shots + queries]
        found = len(self.members)
        require(found >= ways, "labels", f"{ways} classes of {shots + queries} examples or more", found)
        self.examples, self.labels = examples, labels
        self.ways, self.shots, self.queries, self.episodes = ways, shots, queries, episodes
        self.generator = generator

    def __len__(self) -> int:
        return self.episodes

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if not 0 <= index < self.episodes:
            raise IndexError(index)
        chosen = self._draw(len(self.members), self.ways)
        rows = [self.members[k][self._draw(len(self.members[k]), self.shots + self.queries)] for k in chosen]
        drawn = torch.stack(rows)
        support, query = drawn[:, : self.shots], drawn[:, self.shots :]
        return {
            "support": self.examples[support.flatten()],
            "query": self.examples[query.flatten()],
            "support_label": torch.arange(self.ways).repeat_interleave(self.shots),
            "query_label": torch.arange(self.ways).repeat_interleave(self.queries),
            "classes": self.labels[support[:, 0]],
        }

    def _draw(self, among: int, count: int) -> Int64[Tensor, " count"]:
        return torch.randperm(among, generator=self.generator)[:count]
