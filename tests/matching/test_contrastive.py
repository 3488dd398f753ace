"""The losses against naive loops, closed forms, finite differences, their own chunks and two processes."""

import math
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from cmlearn.matching import HardestHinge, InfoNCE, SigLIP, hinge, info_nce, siglip

LOSSES = {
    "info_nce": info_nce,
    "siglip": siglip,
    "hardest": hinge,
    "sum": partial(hinge, hardest=False),
}
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def pairs(
    n: int, dim: int = 5, dtype: torch.dtype = torch.float64, device: object = "cpu"
) -> tuple[Tensor, Tensor]:
    """Unit vectors whose partners are near."""
    a = torch.randn(n, dim, dtype=dtype, device=device)
    b = a + 0.8 * torch.randn_like(a)
    return F.normalize(a).requires_grad_(), F.normalize(b).requires_grad_()


# Naive loops over Python numbers.


def naive_info_nce(s: list[list[float]], temperature: float = 0.07) -> float:
    n, total = len(s), 0.0
    for i in range(n):
        row = sum(math.exp(s[i][j] / temperature) for j in range(n))
        column = sum(math.exp(s[j][i] / temperature) for j in range(n))
        total -= math.log(math.exp(s[i][i] / temperature) / row)
        total -= math.log(math.exp(s[i][i] / temperature) / column)
    return total / (2 * n)


def naive_siglip(s: list[list[float]]) -> float:
    n, total = len(s), 0.0
    for i in range(n):
        for j in range(n):
            sign = 1 if i == j else -1
            total -= math.log(1 / (1 + math.exp(-sign * (10 * s[i][j] - 10))))
    return total / n


def naive_hinge(s: list[list[float]], pick: object) -> float:
    n, total = len(s), 0.0
    for i in range(n):
        others = [j for j in range(n) if j != i]
        total += pick([max(0.0, 0.2 + s[i][j] - s[i][i]) for j in others])  # type: ignore[operator]
        total += pick([max(0.0, 0.2 + s[j][i] - s[i][i]) for j in others])  # type: ignore[operator]
    return total / n


NAIVE = {
    "info_nce": naive_info_nce,
    "siglip": naive_siglip,
    "hardest": partial(naive_hinge, pick=max),
    "sum": partial(naive_hinge, pick=sum),
}


@pytest.mark.parametrize("name", LOSSES)
def test_equals_a_naive_loop(name: str, device: torch.device) -> None:
    a, b = pairs(9, device=device)
    scores = (a @ b.T).tolist()
    assert LOSSES[name](a, b).item() == pytest.approx(NAIVE[name](scores), rel=1e-10)


@each_loss
@pytest.mark.parametrize("chunk", [None, 3])
def test_gradient_equals_finite_differences(loss, chunk: int | None) -> None:
    assert torch.autograd.gradcheck(lambda a, b: loss(a, b, chunk=chunk), pairs(7, 4))


@pytest.mark.parametrize("chunk", [None, 3])
def test_gradient_of_temperature_and_bias(chunk: int | None) -> None:
    a, b = pairs(7, 4)
    temperature, bias = torch.tensor([0.3, -1.0], dtype=torch.float64).requires_grad_().unbind()
    assert torch.autograd.gradcheck(lambda t: info_nce(a, b, temperature=t, chunk=chunk), temperature)
    assert torch.autograd.gradcheck(
        lambda t, c: siglip(a, b, temperature=t, bias=c, chunk=chunk), (temperature, bias)
    )


# Closed forms.


@pytest.mark.parametrize("n", [2, 16, 100])
def test_info_nce_of_identical_rows_is_log_n(n: int) -> None:
    same = torch.ones(n, 3)
    assert info_nce(same, same).item() == pytest.approx(math.log(n), abs=1e-5)


@pytest.mark.parametrize("n", [2, 16, 100])
def test_orthogonal_rows_have_the_closed_form(n: int) -> None:
    eye = torch.eye(n, dtype=torch.float64)
    assert info_nce(eye, eye, temperature=0.5).item() == pytest.approx(math.log(1 + (n - 1) * math.exp(-2)))
    expected = math.log1p(math.exp(-(2 - 1))) + (n - 1) * math.log1p(math.exp(-1))
    assert siglip(eye, eye, temperature=0.5, bias=-1.0).item() == pytest.approx(expected)
    assert hinge(eye, eye).item() == 0
    assert hinge(eye, eye, margin=1.5, hardest=False).item() == pytest.approx(2 * (n - 1) * 0.5)


@each_loss
def test_symmetric_in_the_modalities_and_in_the_order_of_pairs(loss) -> None:
    a, b = pairs(8)
    order = torch.randperm(8)
    assert loss(b, a).item() == pytest.approx(loss(a, b).item(), rel=1e-12)
    assert loss(a[order], b[order]).item() == pytest.approx(loss(a, b).item(), rel=1e-12)


def test_siglip_adds_up_over_blocks_of_pairs() -> None:
    """Any block of the score matrix can be computed alone; only the diagonal ones hold matched pairs."""
    a, b = pairs(12)
    total = 0.0
    for rows in torch.arange(12).split(4):
        for columns in torch.arange(12).split(3):
            logits = 10 * a[rows] @ b[columns].T - 10
            sign = torch.where(rows[:, None] == columns, 1.0, -1.0)
            total -= F.logsigmoid(sign * logits).sum().item()
    assert siglip(a, b).item() == pytest.approx(total / 12, rel=1e-12)


@pytest.mark.parametrize("name", ["info_nce", "hardest", "sum"])
def test_a_batch_of_one_has_no_negatives(name: str) -> None:
    a, b = pairs(1)
    loss = LOSSES[name](a, b)
    loss.backward()
    assert loss.item() == 0
    assert a.grad is not None
    assert a.grad.abs().max() == 0


def test_siglip_of_one_pair_is_its_positive_term() -> None:
    a, b = pairs(1)
    assert siglip(a, b).item() == pytest.approx(math.log1p(math.exp(10 - 10 * (a @ b.T).item())))


# Chunks.


@each_loss
@pytest.mark.parametrize("chunk", [1, 4, 13, 50])
def test_chunks_change_neither_value_nor_gradient(loss, chunk: int, device: torch.device) -> None:
    a, b = pairs(13, device=device)
    plain, chunked = loss(a, b), loss(a, b, chunk=chunk)
    torch.testing.assert_close(chunked, plain)
    gradients = zip(torch.autograd.grad(chunked, (a, b)), torch.autograd.grad(plain, (a, b)), strict=True)
    for one, other in gradients:
        torch.testing.assert_close(one, other)


class PeakBytes(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive at once, forward and backward."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self.peak = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                storage = tensor.untyped_storage()
                self.alive[storage._cdata] = (StorageWeakRef(storage), storage.nbytes())
        self.alive = {key: entry for key, entry in self.alive.items() if not entry[0].expired()}
        self.peak = max(self.peak, sum(size for _, size in self.alive.values()))
        return out


def peak_bytes(loss, n: int, chunk: int | None) -> int:
    a, b = pairs(n, 4, torch.float32)
    with PeakBytes() as counter:
        torch.autograd.grad(loss(a, b, chunk=chunk), (a, b))
    return counter.peak


@each_loss
def test_peak_memory_is_linear_in_the_batch_for_a_fixed_chunk(loss) -> None:
    """Four times the batch: four times the bytes by chunks, sixteen times without."""
    assert peak_bytes(loss, 1024, chunk=32) < 4.5 * peak_bytes(loss, 256, chunk=32)
    assert peak_bytes(loss, 1024, chunk=None) > 14 * peak_bytes(loss, 256, chunk=None)


# Precision.


@each_loss
def test_autocast_computes_scores_in_float32(loss, device: torch.device) -> None:
    a, b = pairs(16, 64, torch.float32, device)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        inside = loss(a, b)
    assert inside.dtype == torch.float32
    assert torch.equal(inside, loss(a, b))


@each_loss
def test_bfloat16_embeddings_give_a_float32_loss_near_the_exact_one(loss) -> None:
    a, b = pairs(16, 64, torch.float32)
    low = loss(a.bfloat16(), b.bfloat16())
    assert low.dtype == torch.float32
    torch.testing.assert_close(low, loss(a, b), rtol=0.05, atol=0.05)


# Modules.


def test_info_nce_starts_at_the_temperature_of_clip_and_learns_it() -> None:
    loss = InfoNCE()
    a, b = pairs(8, dtype=torch.float32)
    assert loss.temperature.item() == pytest.approx(0.07)
    assert loss(a, b).item() == pytest.approx(info_nce(a, b).item(), rel=1e-5)
    loss(a, b).backward()
    assert loss.log_scale.grad is not None
    assert loss.log_scale.grad != 0


@pytest.mark.parametrize(("max_scale", "expected"), [(100.0, 100.0), (1.0, 1.0), (None, 1000.0)])
def test_the_scale_is_clamped_and_can_come_back(max_scale: float | None, expected: float) -> None:
    loss = InfoNCE(temperature=1e-3, max_scale=max_scale)
    assert 1 / loss.temperature.item() == pytest.approx(expected, rel=1e-4)
    a, b = pairs(8, dtype=torch.float32)
    loss(a, b).backward()
    assert loss.log_scale.grad is not None
    assert loss.log_scale.grad != 0


def test_siglip_starts_as_in_the_paper() -> None:
    loss = SigLIP()
    a, b = pairs(8, dtype=torch.float32)
    assert (loss.log_scale.item(), loss.bias.item()) == (pytest.approx(math.log(10)), -10)
    assert loss(a, b).item() == pytest.approx(siglip(a, b).item(), rel=1e-5)


def test_hardest_hinge_is_the_function() -> None:
    a, b = pairs(8, dtype=torch.float32)
    assert torch.equal(HardestHinge(margin=0.5)(a, b), hinge(a, b, margin=0.5))


# Two processes.


def test_two_processes_give_the_value_and_gradient_of_one(tmp_path: Path) -> None:
    script = [str(Path(__file__).with_name("two_processes.py")), str(tmp_path)]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for launcher in ([], torchrun):
        subprocess.run([sys.executable, *launcher, *script], check=True, env=environment, timeout=120)
    one, *two = (torch.load(tmp_path / f"{name}.pt", weights_only=True) for name in ("1-0", "2-0", "2-1"))
    for rank in two:
        assert rank["world"] == 2
        torch.testing.assert_close(rank["results"], one["results"])


# Bad input.


@pytest.mark.errors
@each_loss
@pytest.mark.parametrize(
    ("a", "b", "kwargs", "message"),
    [
        ((4, 3), (5, 3), {}, "`b`: expected 4 rows, as many as `a`, got 5"),
        ((4, 3), (4, 2), {}, "`b`: expected embeddings of dimension 3, as in `a`, got 2"),
        ((4,), (4, 3), {}, r"`a`: expected 2 dimension\(s\), got shape \(4,\)"),
        ((0, 3), (0, 3), {}, "`a`: expected at least one row"),
        ((4, 3), (4, 3), {"chunk": 0}, "`chunk`: expected an integer >= 1 or None, got 0"),
    ],
)
def test_bad_batches_are_named(loss, a, b, kwargs, message) -> None:
    with pytest.raises(ValueError, match=message):
        loss(torch.ones(a), torch.ones(b), **kwargs)


@pytest.mark.errors
@pytest.mark.parametrize("temperature", [0.0, -1.0, torch.tensor(0.0)])
@pytest.mark.parametrize("loss", [info_nce, siglip])
def test_the_temperature_must_be_positive(loss, temperature) -> None:
    with pytest.raises(ValueError, match="`temperature`: expected a positive number"):
        loss(*pairs(3), temperature=temperature)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: InfoNCE(0.0), "temperature"),
        (lambda: InfoNCE(max_scale=0.0), "max_scale"),
        (lambda: InfoNCE(chunk=0), "chunk"),
        (lambda: SigLIP(-1.0), "temperature"),
        (lambda: SigLIP(chunk=0), "chunk"),
        (lambda: HardestHinge(-0.1), "margin"),
        (lambda: hinge(*pairs(3), margin=-0.1), "margin"),
    ],
)
def test_bad_settings_are_named(make, argument: str) -> None:
    with pytest.raises(ValueError, match=f"`{argument}`: expected"):
        make()
