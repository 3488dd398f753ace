"""Prototypical networks against a linear classifier, scikit-learn, Bayes' rule and a naive loop."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.stats import multivariate_normal
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from torch import Tensor, nn

import cmlearn as cm
from cmlearn.matching.protonet import (
    EpisodeLoss,
    Episodes,
    Metric,
    PrototypicalNetwork,
    as_linear,
    prototypes,
    similarity,
)

WAYS, SHOTS, DIM = 5, 3, 7


def task(device: torch.device, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, and a support whose classes come in no order."""
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(11, DIM, generator=generator, dtype=torch.float64)
    support = torch.randn(WAYS * SHOTS, DIM, generator=generator, dtype=torch.float64)
    labels = torch.randperm(WAYS * SHOTS, generator=generator) % WAYS
    return query.to(device), support.to(device), labels.to(device)


def test_prototypes_are_class_means(device: torch.device) -> None:
    _, support, labels = task(device)
    expected = torch.stack([support[labels == k].mean(dim=0) for k in range(WAYS)])
    torch.testing.assert_close(prototypes(support, labels), expected)


def test_squared_euclid_is_a_linear_classifier(device: torch.device) -> None:
    query, support, labels = task(device)
    centres = prototypes(support, labels)
    linear = F.linear(query, *as_linear(centres))
    distance = similarity(query, centres)
    torch.testing.assert_close(linear - query.square().sum(dim=1, keepdim=True), distance)
    torch.testing.assert_close(F.log_softmax(linear, dim=1), F.log_softmax(distance, dim=1))


def test_it_is_the_nearest_centroid_of_scikit_learn(device: torch.device) -> None:
    query, support, labels = task(device)
    model = PrototypicalNetwork(nn.Identity()).to(device)
    expected = NearestCentroid().fit(support.cpu().numpy(), labels.cpu().numpy())
    answers = model(query, support, labels).argmax(dim=1).cpu().numpy()
    np.testing.assert_array_equal(answers, expected.predict(query.cpu().numpy()))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_with_one_shot_it_is_the_nearest_neighbour(metric: Metric, device: torch.device) -> None:
    query, support, _ = task(device)
    model = PrototypicalNetwork(nn.Identity(), metric=metric).to(device)
    each = torch.arange(len(support), device=device)
    expected = KNeighborsClassifier(1, metric=metric).fit(support.cpu().numpy(), each.cpu().numpy())
    answers = model(query, support, each).argmax(dim=1).cpu().numpy()
    np.testing.assert_array_equal(answers, expected.predict(query.cpu().numpy()))


def test_it_is_bayes_rule_for_round_gaussians() -> None:
    """Classes N(c_k, I / 2) of equal weight have exactly this posterior."""
    query, support, labels = task(torch.device("cpu"))
    centres = prototypes(support, labels).numpy()
    density = np.stack([multivariate_normal(c, np.eye(DIM) / 2).pdf(query.numpy()) for c in centres], axis=1)
    model = PrototypicalNetwork(nn.Identity())
    found = model(query, support, labels).exp().numpy()
    np.testing.assert_allclose(found, density / density.sum(axis=1, keepdims=True), atol=1e-6)


def test_cosine_ignores_lengths_of_queries(device: torch.device) -> None:
    query, support, labels = task(device)
    centres = prototypes(support, labels)
    near = similarity(query, centres, "cosine")
    torch.testing.assert_close(similarity(query * 7, centres * 3, "cosine"), near)
    expected = F.cosine_similarity(query[:, None], centres[None], dim=-1)
    torch.testing.assert_close(near, expected)


def test_scale_multiplies_the_similarity(device: torch.device) -> None:
    query, support, labels = task(device)
    centres = prototypes(support, labels).float()
    model = PrototypicalNetwork(nn.Identity(), metric="cosine", scale=10.0, learn_scale=True).to(device)
    expected = F.log_softmax(10 * similarity(query.float(), centres, "cosine"), dim=1)
    torch.testing.assert_close(model.compare(query.float(), centres), expected)
    assert [name for name, _ in model.named_parameters()] == ["log_scale"]
    assert list(PrototypicalNetwork(nn.Identity()).parameters()) == []


def test_zero_shot_prototypes_come_from_descriptions(device: torch.device) -> None:
    query, _, _ = task(device)
    query, descriptions = query.float(), torch.randn(WAYS, 4, device=device)
    model = PrototypicalNetwork(nn.Linear(DIM, 2), nn.Linear(4, 2)).to(device)
    expected = model.compare(model.encoder(query), model.class_encoder(descriptions))
    torch.testing.assert_close(model.zero_shot(query, descriptions), expected)
    torch.testing.assert_close(model.describe(descriptions), model.class_encoder(descriptions))


# The loss.


def naive_loss(model: PrototypicalNetwork, batch: dict[str, Tensor]) -> Tensor:
    """One query, one class and one example at a time."""
    total = torch.zeros((), device=batch["query"].device)
    count = 0
    for e in range(len(batch["query"])):
        centres = []
        for k in range(int(batch["support_label"][e].max()) + 1):
            of_class = [
                x for x, c in zip(batch["support"][e], batch["support_label"][e], strict=True) if c == k
            ]
            centres.append(sum(model.encoder(x[None])[0] for x in of_class) / len(of_class))
        for x, right in zip(batch["query"][e], batch["query_label"][e], strict=True):
            code = model.encoder(x[None])[0]
            scores = [-sum((a - b) ** 2 for a, b in zip(code, c, strict=True)) for c in centres]
            total = total - scores[right] + sum(score.exp() for score in scores).log()
            count += 1
    return total / count


def test_loss_and_gradient_agree_with_a_naive_loop(device: torch.device) -> None:
    torch.manual_seed(0)
    examples, labels = torch.randn(24, 4), torch.arange(24) // 4
    data = Episodes(examples, labels, ways=3, shots=2, queries=2, episodes=2)
    batch = {name: torch.stack([item[name] for item in (data[0], data[1])]).to(device) for name in data[0]}
    model = PrototypicalNetwork(nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))).to(device)
    results = []
    for loss in (EpisodeLoss()(model, batch), naive_loss(model, batch)):
        results.append((loss, torch.autograd.grad(loss, list(model.parameters()))))
    torch.testing.assert_close(results[0], results[1])


def test_episodes_teach_an_encoder_to_find_what_matters() -> None:
    """Classes differ in two of ten coordinates; the other eight are loud noise. New classes are found."""

    def draw(classes: int) -> tuple[Tensor, Tensor]:
        labels = torch.arange(classes).repeat_interleave(6)
        signal = 2 * torch.randn(classes, 2)[labels] + 0.1 * torch.randn(len(labels), 2)
        return torch.cat([signal, 3 * torch.randn(len(labels), 8)], dim=1), labels

    cm.seed_everything(0)
    train, test = draw(200), draw(200)
    model = PrototypicalNetwork(nn.Linear(10, 4))
    data = Episodes(*train, ways=10, shots=1, queries=5, episodes=200)
    accuracies = []
    for encoder in (nn.Identity(), model.encoder):
        if encoder is model.encoder:
            cm.fit(model, EpisodeLoss(), data, epochs=1, batch_size=2, lr=0.03, seed=0)
        network = PrototypicalNetwork(encoder).to("cpu")
        tasks = Episodes(*test, ways=10, shots=1, queries=5, episodes=20)
        right = [
            network(t["query"], t["support"], t["support_label"]).argmax(dim=1) == t["query_label"]
            for t in (tasks[i] for i in range(20))
        ]
        accuracies.append(torch.cat(right).float().mean().item())
    assert accuracies[0] < 0.35
    assert accuracies[1] > 0.6


# Episodes.


def episodes(generator: torch.Generator | None = None, **settings: int) -> Episodes:
    labels = torch.arange(50) // 5 * 10  # classes 0, 10, ... 90
    defaults = {"ways": 4, "shots": 2, "queries": 3, "episodes": 5}
    return Episodes(torch.arange(50), labels, **{**defaults, **settings}, generator=generator)


def test_episodes_hold_what_they_say() -> None:
    for i in range(5):
        item = episodes()[i]
        support, query = item["support"].tolist(), item["query"].tolist()
        assert len({*support, *query}) == len(support) + len(query) == 20  # nothing is drawn twice
        assert len(set(item["classes"].tolist())) == 4
        for part in ("support", "query"):
            own = item["classes"][item[f"{part}_label"]]
            torch.testing.assert_close(item[part] // 5 * 10, own)


def test_classes_that_are_too_small_are_never_drawn() -> None:
    labels = torch.tensor([0, 0, 1, 2, 2])
    data = Episodes(torch.arange(5), labels, ways=2, shots=1, queries=1, episodes=20)
    assert {k for i in range(20) for k in data[i]["classes"].tolist()} == {0, 2}


def test_every_class_is_drawn_equally_often() -> None:
    data = episodes(torch.Generator().manual_seed(0), ways=1, episodes=2000)
    drawn = torch.bincount(torch.cat([data[i]["classes"] for i in range(2000)]) // 10)
    assert (drawn - 200).abs().max() < 60


def test_randomness_follows_the_generator_or_the_seed() -> None:
    first, second = (episodes(torch.Generator().manual_seed(3)) for _ in range(2))
    for i in range(5):
        torch.testing.assert_close(first[i], second[i])
    seeded = []
    for _ in range(2):
        torch.manual_seed(4)
        seeded.append(episodes()[0])
    torch.testing.assert_close(seeded[0], seeded[1])
    assert any(not torch.equal(episodes()[0]["query"], seeded[0]["query"]) for _ in range(5))


def test_a_data_set_ends() -> None:
    assert len(list(episodes())) == len(episodes()) == 5


# Bad input.


@pytest.mark.errors
def test_bad_codes_are_named() -> None:
    codes = torch.zeros(4, 2)
    with pytest.raises(ValueError, match=r"`labels`: expected an example of every class, got \[2, 0, 2\]"):
        prototypes(codes, torch.tensor([0, 0, 2, 2]))
    with pytest.raises(ValueError, match=r"`labels`: expected shape \(4,\), got \(3,\)"):
        prototypes(codes, torch.tensor([0, 0, 1]))
    with pytest.raises(ValueError, match=r"`codes`: expected 2 dimension"):
        prototypes(torch.zeros(4), torch.tensor([0, 0, 1, 1]))
    with pytest.raises(ValueError, match="`centres`: expected size 2, got 3"):
        similarity(codes, torch.zeros(4, 3))
    with pytest.raises(ValueError, match="`metric`: expected one of 'euclidean', 'cosine', got 'manhattan'"):
        similarity(codes, codes, "manhattan")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`centres`: expected 2 dimension"):
        as_linear(torch.zeros(4))


@pytest.mark.errors
def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="`scale`: expected a number > 0, got 0"):
        PrototypicalNetwork(nn.Identity(), scale=0)
    with pytest.raises(ValueError, match="`metric`: expected one of"):
        PrototypicalNetwork(nn.Identity(), metric="manhattan")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`class_encoder`: expected an encoder of descriptions, got None"):
        PrototypicalNetwork(nn.Identity()).zero_shot(torch.zeros(2, 3), torch.zeros(2, 3))


@pytest.mark.errors
def test_bad_episodes_are_named() -> None:
    for name in ("ways", "shots", "queries", "episodes"):
        with pytest.raises(ValueError, match=f"`{name}`: expected 1 or more, got 0"):
            episodes(**{name: 0})
    with pytest.raises(ValueError, match="`labels`: expected 11 classes of 5 examples or more, got 10"):
        episodes(ways=11)
    with pytest.raises(ValueError, match="`labels`: expected 50, one an example, got 49"):
        Episodes(torch.arange(50), torch.arange(49), ways=1, shots=1, queries=1, episodes=1)
    with pytest.raises(IndexError):
        episodes()[5]
