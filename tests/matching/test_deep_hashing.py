"""The hashing loss against a naive loop, its terms one by one, and what training on it does."""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

import cmlearn as cm
from cmlearn.matching import hamming_distances, pack_bits
from cmlearn.matching.deep_hashing import DeepHash, HashingLoss, hashing_loss


def relaxed(n: int = 6, bits: int = 5, seed: int = 0) -> tuple[Tensor, Tensor]:
    a, b = torch.rand(2, n, bits, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return a, b


def binary(n: int = 6, bits: int = 5) -> tuple[Tensor, Tensor]:
    a, b = relaxed(n, bits)
    return a.sign(), b.sign()


def naive(a: Tensor, b: Tensor, similar: Tensor, quantization: float, balance: float) -> float:
    n, bits = a.shape
    kinds: dict[bool, list[float]] = {True: [], False: []}
    for i, j in itertools.product(range(n), repeat=2):
        probability = 1 / (1 + math.exp(-sum(x * y for x, y in zip(a[i], b[j], strict=True)) / 2))
        alike = bool(similar[i, j])
        kinds[alike].append(-math.log(probability if alike else 1 - probability))
    ends = [
        (math.copysign(1, x + y) - side) ** 2
        for x, y in zip(a.flatten().tolist(), b.flatten().tolist(), strict=True)
        for side in (x, y)
    ]
    means = [sum(column) / n for view in (a, b) for column in view.T.tolist()]
    likelihood = sum(sum(kind) / len(kind) for kind in kinds.values())
    return (
        likelihood + quantization * sum(ends) / (n * bits) + balance * sum(mean**2 for mean in means) / bits
    )


@pytest.mark.parametrize(("quantization", "balance"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.7), (0.1, 0.1)])
def test_loss_equals_a_naive_loop(device: torch.device, quantization: float, balance: float) -> None:
    a, b = relaxed()
    labels = torch.tensor([0, 0, 1, 1, 2, 0])
    similar = labels[:, None] == labels
    ours = hashing_loss(
        a.to(device), b.to(device), similar.to(device), quantization=quantization, balance=balance
    )
    assert ours.item() == pytest.approx(naive(a, b, similar, quantization, balance), abs=1e-5)


def test_without_labels_only_partners_are_similar() -> None:
    a, b = relaxed()
    assert torch.equal(hashing_loss(a, b), hashing_loss(a, b, torch.eye(6, dtype=torch.bool)))


def test_score_of_binary_codes_is_their_hamming_distance() -> None:
    a, b = binary(bits=8)
    distances = torch.tensor(hamming_distances(pack_bits(a.numpy()), pack_bits(b.numpy())))
    assert torch.equal(a @ b.T / 2, 4.0 - distances)


def test_the_common_code_is_the_best_of_all() -> None:
    a, b = relaxed(n=1, bits=4)
    ends = hashing_loss(a, b, quantization=1.0, balance=0.0) - hashing_loss(
        a, b, quantization=0.0, balance=0.0
    )
    corners = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=4)))
    every = ((corners - a) ** 2 + (corners - b) ** 2).mean(dim=1)
    assert ends.item() == pytest.approx(every.min().item(), abs=1e-6)


def test_equal_balanced_binary_codes_leave_only_the_likelihood() -> None:
    codes = torch.tensor([[1.0, 1, -1, -1], [-1, -1, 1, 1]])
    assert hashing_loss(codes, codes, quantization=5.0, balance=5.0).item() == pytest.approx(
        2 * math.log1p(math.exp(-2)), abs=1e-6
    )


def test_modality_order_does_not_matter() -> None:
    a, b = relaxed()
    assert hashing_loss(a, b).item() == pytest.approx(hashing_loss(b, a).item(), abs=1e-6)


def test_module_is_the_function() -> None:
    a, b = relaxed()
    assert torch.equal(HashingLoss(0.3, 0.2)(a, b), hashing_loss(a, b, quantization=0.3, balance=0.2))


def test_gradient_is_right() -> None:
    a, b = (x.double().requires_grad_() for x in relaxed())
    assert torch.autograd.gradcheck(hashing_loss, (a, b))


def towers(bits: int = 8) -> DeepHash:
    torch.manual_seed(0)
    return DeepHash({"x": nn.Linear(6, bits), "y": nn.Linear(5, bits)})


def test_codes_are_the_signs_of_the_relaxed_codes() -> None:
    model = towers()
    x = torch.randn(20, 6)
    soft = model({"x": x, "y": torch.randn(20, 5)})["x"]
    assert soft.abs().max() < 1
    assert torch.equal(model.codes("x", x), soft.sign().to(torch.int8))


def test_training_brings_partners_together_and_bits_to_their_ends() -> None:
    cm.seed_everything()
    shared = torch.randn(300, 4)
    views = {"x": shared @ torch.randn(4, 6), "y": shared @ torch.randn(4, 5)}
    model = towers()
    before = model(views)["x"].abs().mean()

    def loss(model: DeepHash, batch: dict[str, Tensor]) -> Tensor:
        return hashing_loss(*model(batch).values(), quantization=1.0)

    cm.fit(model, loss, cm.DictDataset(**views), epochs=20, batch_size=50, lr=1e-2)
    model.cpu()
    codes = [model.codes(name, view).numpy() for name, view in views.items()]
    distances = hamming_distances(*map(pack_bits, codes))
    assert distances.diagonal().mean() < 1
    assert distances.mean() > 3
    assert model(views)["x"].abs().mean() > before


@pytest.mark.errors
def test_bad_input_is_named() -> None:
    a, b = relaxed()
    with pytest.raises(ValueError, match=r"`a`: expected 2 dimension\(s\)"):
        hashing_loss(a[0], b[0])
    with pytest.raises(ValueError, match=r"`b`: expected shape \(6, 5\), that of `a`, got \(4, 5\)"):
        hashing_loss(a, b[:4])
    with pytest.raises(ValueError, match=r"`similar`: expected shape \(6, 6\), got \(5, 6\)"):
        hashing_loss(a, b, torch.ones(5, 6, dtype=torch.bool))
    with pytest.raises(ValueError, match="`quantization`: expected a number >= 0, got -1"):
        hashing_loss(a, b, quantization=-1)
    with pytest.raises(ValueError, match="`balance`: expected a number >= 0, got -1"):
        hashing_loss(a, b, balance=-1)
    with pytest.raises(ValueError, match="`encoders`: expected at least one"):
        DeepHash({})
    with pytest.raises(ValueError, match="`batch`: expected the modalities"):
        towers()({"x": torch.randn(2, 6)})
    with pytest.raises(ValueError, match="`modality`: expected one of"):
        towers().codes("z", torch.randn(2, 6))
