"""The contract: what everything that the catalogue implements must keep. The cases are in `cases.py`."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cmlearn import catalog

from .cases import BATCH, CASES, Case

CHECKS = ("gradient", "state_dict", "batch_of_one", "permutation", "autocast", "devices", "missing_modality")


def test_everything_that_the_catalogue_implements_has_a_case() -> None:
    missing = set(catalog.implemented()) - set(CASES)
    assert not missing, f"add a case to tests/cases.py for {sorted(missing)}"


@pytest.mark.parametrize("path", CASES)
def test_a_case_names_what_exists_and_gives_reasons(path: str) -> None:
    module, name = path.rsplit(".", 1)
    assert hasattr(import_module(module), name)
    assert set(CASES[path].exempt) <= set(CHECKS)
    assert all(CASES[path].exempt.values())


def check(name: str) -> Any:
    """Run a test over the cases that are not exempt from it."""
    cases = {path: case for path, case in CASES.items() if name not in case.exempt}
    return pytest.mark.parametrize("case", cases.values(), ids=cases)


@check("gradient")
def test_every_parameter_has_a_finite_gradient_and_moves(case: Case, device: torch.device) -> None:
    call, inputs = build(case, device)
    inputs = change(lambda x: x.requires_grad_() if x.is_floating_point() else x, inputs)
    learned = list(call.parameters()) if isinstance(call, nn.Module) else []
    learned = learned or [x for x in tensors(inputs) if x.requires_grad]
    before = [p.detach().clone() for p in learned]
    optimizer = torch.optim.SGD(learned, lr=0.1)
    direction = None
    for _ in range(2):
        outputs = tensors(call(*inputs))
        direction = direction or [torch.randn_like(y) for y in outputs]
        optimizer.zero_grad()
        sum((y * w).sum() for y, w in zip(outputs, direction, strict=True)).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in learned)
        optimizer.step()
    assert all((p != old).any() for p, old in zip(learned, before, strict=True))


@check("state_dict")
def test_a_state_dict_restores_equal_outputs(case: Case, device: torch.device) -> None:
    call, inputs = build(case, device)
    if isinstance(call, nn.Module):
        torch.manual_seed(1)
        other, _ = build(case, device)
        other.load_state_dict(call.state_dict())
        assert_same(other.eval()(*inputs), call.eval()(*inputs), tolerance=0)


@check("batch_of_one")
def test_a_batch_of_one_gives_finite_output(case: Case, device: torch.device) -> None:
    call, inputs = build(case, device, evaluate=True)
    for y in tensors(call(*rows(inputs, slice(1)))):
        assert torch.isfinite(y).all()


@check("permutation")
def test_the_order_of_a_batch_does_not_matter(case: Case, device: torch.device) -> None:
    """Outputs with a batch are permuted with it, numbers stay the same."""
    call, inputs = build(case, device, evaluate=True)
    order = torch.randperm(BATCH)
    expected = [y[order] if y.ndim else y for y in tensors(call(*inputs))]
    assert_same(call(*rows(inputs, order)), expected, tolerance=1e-4)


@check("autocast")
def test_bfloat16_autocast_stays_near_float32(case: Case, device: torch.device) -> None:
    call, inputs = build(case, device, evaluate=True)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        low = [y.float() for y in tensors(call(*inputs))]
    assert_same(low, call(*inputs), tolerance=0.05)


@check("devices")
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_cpu_and_gpu_agree(case: Case) -> None:
    call, inputs = build(case, torch.device("cpu"), evaluate=True)
    expected = call(*inputs)
    call = call.cuda() if isinstance(call, nn.Module) else call
    outputs = [y.cpu() for y in tensors(call(*change(Tensor.cuda, inputs)))]
    assert_same(outputs, expected, tolerance=1e-3)


@check("missing_modality")
def test_a_missing_modality_is_named(case: Case, device: torch.device) -> None:
    call, inputs = build(case, device)
    for position, value in enumerate(inputs):
        for name in value if isinstance(value, dict) else ():
            less = {key: x for key, x in value.items() if key != name}
            with pytest.raises(ValueError, match=name):
                call(*inputs[:position], less, *inputs[position + 1 :])


def build(case: Case, device: torch.device, *, evaluate: bool = False) -> tuple[Any, tuple[Any, ...]]:
    call, inputs = case.make(), change(lambda x: x.to(device), case.inputs())
    if isinstance(call, nn.Module):
        call = call.to(device).train(not evaluate)
    return call, inputs


def change(f: Callable[[Tensor], Tensor], x: Any) -> Any:
    """Apply `f` to every tensor in tuples, lists and dicts."""
    if isinstance(x, Tensor):
        return f(x)
    if isinstance(x, dict):
        return {key: change(f, value) for key, value in x.items()}
    return type(x)(change(f, value) for value in x) if isinstance(x, (tuple, list)) else x


def rows(inputs: Any, index: Any) -> Any:
    """Take rows of every tensor and array in the inputs."""
    if isinstance(inputs, tuple):
        return tuple(rows(x, index) for x in inputs)
    return inputs[index] if isinstance(inputs, np.ndarray) else change(lambda x: x[index], inputs)


def tensors(x: Any) -> list[Tensor]:
    """All tensors in tuples, lists and dicts; arrays and numbers as tensors too."""
    if isinstance(x, (dict, tuple, list)):
        return [y for value in (x.values() if isinstance(x, dict) else x) for y in tensors(value)]
    return [torch.as_tensor(x)]


def assert_same(actual: Any, expected: Any, *, tolerance: float) -> None:
    """Each tensor is finite and within `tolerance` of the expected one's largest value."""
    for y, y_expected in zip(tensors(actual), tensors(expected), strict=True):
        assert y.isfinite().all()
        scale = max(1.0, y_expected.abs().max().item())
        torch.testing.assert_close(y, y_expected, rtol=0, atol=tolerance * scale)
