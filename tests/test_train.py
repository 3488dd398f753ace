"""The loop against a loop written out here, seeds, checkpoints under attack, and two processes."""

import errno
import itertools
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

import cmlearn as cm
from cmlearn import train

EXACT = {"rtol": 0.0, "atol": 0.0} if os.environ["CMLEARN_DEVICE"] == "cpu" else {"rtol": 1e-5, "atol": 1e-6}
SETTINGS = {"epochs": 4, "batch_size": 10, "lr": 0.05}


class Net(nn.Module):
    """Small, with dropout, so that a run depends on every kind of random number."""

    def __init__(self, width: int = 8, dropout: float = 0.5) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).squeeze(1)


class ScaledError(nn.Module):
    """A loss with a parameter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(()))

    def forward(self, model: Net, batch: dict[str, Tensor]) -> Tensor:
        error = (model(batch["x"]) - batch["y"]).square()
        return (error * (-self.log_scale).exp() + self.log_scale).mean()


class Noisy(Dataset[dict[str, Tensor]]):
    """Items that are drawn anew each time, from Python's and NumPy's generators."""

    def __init__(self, data: cm.DictDataset) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        item = self.data[index]
        return {**item, "x": item["x"] * random.random() + float(np.random.rand())}  # noqa: NPY002


def squared_error(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    return (model(batch["x"]) - batch["y"]).square().mean()


def line(items: int = 44) -> cm.DictDataset:
    x = torch.randn(items, 3, generator=torch.Generator().manual_seed(5))
    return cm.DictDataset(x=x, y=x.sum(dim=1))


def fresh() -> tuple[Net, ScaledError]:
    torch.manual_seed(1)
    return Net(), ScaledError()


def weights(*modules: nn.Module) -> Tensor:
    return torch.cat([p.detach().cpu().flatten() for module in modules for p in module.parameters()])


def mean_weight(model: nn.Module) -> dict[str, float]:
    return {"mean": float(weights(model).mean())}


# Seeds and devices.


def test_seed_everything_repeats_all_three_generators(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: NPY002

    monkeypatch.setenv("CMLEARN_SEED", "7")
    assert cm.seed_everything() == 7
    from_environment = draw()
    assert cm.seed_everything(7) == 7
    assert draw() == from_environment
    cm.seed_everything(8)
    assert not set(draw()) & set(from_environment)
    monkeypatch.delenv("CMLEARN_SEED")
    assert cm.seed_everything() == 0


def test_epoch_seeds_are_all_different() -> None:
    seeds = {train.epoch_seed(*numbers) for numbers in itertools.product(range(20), repeat=3)}
    assert len(seeds) == 20**3


def test_device_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMLEARN_DEVICE", "cpu")
    assert cm.device() == torch.device("cpu")
    assert cm.by_device(cpu="small", gpu="large") == "small"
    monkeypatch.delenv("CMLEARN_DEVICE")
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert cm.device().type == best
    assert cm.by_device(cpu="small", gpu="large") == ("large" if best == "cuda" else "small")


# The data set.


def test_dict_dataset_through_a_loader_is_plain_indexing() -> None:
    data = cm.DictDataset(x=torch.randn(7, 2, 3), label=torch.arange(7))
    batches = list(DataLoader(Subset(data, [6, 2, 5]), batch_size=2))
    assert [batch["label"].tolist() for batch in batches] == [[6, 2], [5]]
    torch.testing.assert_close(batches[0]["x"], data.tensors["x"][[6, 2]], rtol=0, atol=0)
    assert len(data) == 7
    assert data[6]["label"] == 6


# The loop.


def by_hand(model: nn.Module, data: cm.DictDataset, seed: int) -> list[float]:
    """`fit` in plain PyTorch, for one process."""
    order = torch.Generator()
    loader = DataLoader(data, 10, shuffle=True, drop_last=True, generator=order)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    total, step, means = 4 * len(loader), 0, []
    for epoch in range(4):
        order.manual_seed(train.epoch_seed(seed, epoch))
        torch.manual_seed(train.epoch_seed(seed, epoch))
        losses = []
        for batch in loader:
            loss = squared_error(model, {name: value.to(cm.device()) for name, value in batch.items()})
            optimizer.param_groups[0]["lr"] = 0.05 * train.up_flat_down(step, total)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            step += 1
        means.append(sum(losses) / len(losses))
    return means


def test_fit_is_the_loop_written_out() -> None:
    ours, (model, _), (reference, _) = line(), fresh(), fresh()
    history = cm.fit(model, squared_error, ours, optimizer=torch.optim.SGD, seed=3, **SETTINGS)
    expected = by_hand(reference.to(cm.device()), ours, seed=3)
    torch.testing.assert_close(torch.tensor(history.loss), torch.tensor(expected), **EXACT)
    torch.testing.assert_close(weights(model), weights(reference), **EXACT)
    assert history.steps == 16  # 44 items: four batches of ten an epoch, the rest left out
    assert history.seconds > 0
    assert history.seed == 3


def test_workers_fetch_the_items_in_the_same_order() -> None:
    plain, ahead = fresh(), fresh()
    cm.fit(plain[0], squared_error, line(), seed=3, **SETTINGS)
    cm.fit(ahead[0], squared_error, line(), seed=3, workers=2, **SETTINGS)
    torch.testing.assert_close(weights(ahead[0]), weights(plain[0]), **EXACT)


def test_the_random_numbers_of_workers_follow_from_the_seed() -> None:
    models = [fresh()[0] for _ in range(3)]
    for model, seed in zip(models, (3, 3, 4), strict=True):
        cm.fit(model, squared_error, Noisy(line()), seed=seed, workers=2, **SETTINGS)
    torch.testing.assert_close(weights(models[0]), weights(models[1]), **EXACT)
    assert not torch.equal(weights(models[0]), weights(models[2]))


def test_the_model_comes_back_on_the_device_ready_to_use() -> None:
    model, loss = fresh()
    cm.fit(model, loss, line(), **SETTINGS)
    assert not any(module.training for module in model.modules())
    assert {p.device.type for p in model.parameters()} == {cm.device().type}
    assert "forward" not in vars(model)  # nothing wrapped stays behind


def test_parameters_of_the_loss_are_trained() -> None:
    model, loss = fresh()
    cm.fit(model, loss, line(), **SETTINGS)
    assert loss.log_scale != 0


def test_validate_sees_the_model_at_rest_after_every_epoch() -> None:
    seen: list[tuple[bool, bool]] = []

    def validate(model: Net) -> dict[str, float]:
        seen.append((model.training, torch.is_grad_enabled()))
        return {"count": len(seen), **mean_weight(model)}

    model, loss = fresh()
    history = cm.fit(model, loss, line(), validate=validate, **SETTINGS)
    assert seen == [(False, False)] * 4
    assert history.metrics["count"] == [1, 2, 3, 4]
    assert history.metrics["mean"][-1] == pytest.approx(mean_weight(model)["mean"])
    assert len(history.loss) == 4


def test_one_seed_is_one_run() -> None:
    def losses(seed: int | None, before: int = 0) -> list[float]:
        model, loss = fresh()
        torch.manual_seed(before)
        return cm.fit(model, loss, Noisy(line()), seed=seed, **SETTINGS).loss

    assert losses(3, before=1) == losses(3, before=2)
    assert losses(3) != losses(4)
    assert losses(None, before=1) == losses(None, before=1)
    assert losses(None, before=1) != losses(None, before=2)


def test_the_order_of_the_data_does_not_depend_on_the_model() -> None:
    def order(width: int) -> list[float]:
        seen: list[float] = []

        def loss(model: Net, batch: dict[str, Tensor]) -> Tensor:
            seen.extend(batch["y"].tolist())
            return squared_error(model, batch)

        cm.fit(Net(width), loss, line(), seed=0, **SETTINGS)
        return seen

    first = order(4)
    assert first == order(16)
    assert first[:40] != first[40:80]  # another order each epoch


def test_long_gradients_are_scaled_down() -> None:
    model = nn.Linear(3, 1)
    before = weights(model)

    def steep(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        return 1e6 * model(batch["x"]).mean()

    cm.fit(model, steep, line(10), epochs=1, batch_size=10, lr=0.5, optimizer=torch.optim.SGD)
    assert (weights(model) - before).norm() == pytest.approx(0.5 * train.MAX_GRADIENT_NORM, rel=1e-4)


def test_learning_rate_goes_up_stays_and_comes_down() -> None:
    shares = [train.up_flat_down(step, 200) for step in range(200)]
    assert shares[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert set(shares[10:140]) == {1.0}
    assert all(after < before for before, after in itertools.pairwise(shares[140:]))
    assert 0 < shares[-1] < 0.02
    assert [train.up_flat_down(0, total) for total in (1, 2, 5)] == [1.0, 1.0, 1.0]


def test_precision_can_change_within_a_process() -> None:
    seen: list[torch.dtype] = []

    def loss(model: Net, batch: dict[str, Tensor]) -> Tensor:
        value = model(batch["x"])
        seen.append(value.dtype)
        return (value.float() - batch["y"]).square().mean()

    for mixed_precision, expected in {"no": torch.float32, "bf16": torch.bfloat16}.items():
        model, _ = fresh()
        cm.fit(model, loss, line(), mixed_precision=mixed_precision, **SETTINGS)
        assert seen[-1] is expected
        assert {p.dtype for p in model.parameters()} == {torch.float32}


@pytest.mark.skipif(os.environ["CMLEARN_DEVICE"] != "cuda", reason="fp16 needs a GPU")
def test_fp16_trains_and_resumes(tmp_path: Path) -> None:
    model, loss = fresh()
    arguments = {"checkpoint": tmp_path / "run.pt", "mixed_precision": "fp16", "seed": 0, **SETTINGS}
    history = cm.fit(model, loss, line(), **arguments)
    assert history.loss[-1] < history.loss[0]
    assert cm.fit(model, loss, line(), **arguments).loss == history.loss


@pytest.mark.parametrize(("setting", "shown"), [("1", False), ("0", True), ("", True)])
def test_progress_follows_the_environment_and_nothing_else_is_printed(
    setting: str, shown: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TQDM_DISABLE", setting)
    model, loss = fresh()
    cm.fit(model, loss, line(), **SETTINGS)
    out, err = capfd.readouterr()
    assert out == ""
    assert ("training" in err) is shown


# Checkpoints.


class CrashError(Exception):
    """A crash."""


def stopping(loss: nn.Module, step: int, stop: Callable[[], None]) -> nn.Module:
    """The loss, except that step `step` (from 1) stops the run."""
    steps = itertools.count(1)
    loss.register_forward_pre_hook(lambda *_: stop() if next(steps) == step else None)
    return loss


def crash() -> None:
    raise CrashError


def whole_run() -> tuple[cm.History, Tensor]:
    model, loss = fresh()
    history = cm.fit(model, loss, Noisy(line()), validate=mean_weight, seed=2, **SETTINGS)
    return history, weights(model, loss)


def checkpointed(path: Path, stop: Callable[[], None] | None = None) -> tuple[cm.History, Tensor]:
    """The same run with a checkpoint; `stop` is called in its third epoch."""
    model, loss = fresh()
    if stop is not None:
        loss = stopping(loss, 10, stop)
    history = cm.fit(model, loss, Noisy(line()), validate=mean_weight, seed=2, checkpoint=path, **SETTINGS)
    return history, weights(model, loss)


def assert_same_run(one: tuple[cm.History, Tensor], other: tuple[cm.History, Tensor]) -> None:
    torch.testing.assert_close(torch.tensor(one[0].loss), torch.tensor(other[0].loss), **EXACT)
    means = [torch.tensor(history.metrics["mean"]) for history, _ in (one, other)]
    torch.testing.assert_close(*means, **EXACT)
    torch.testing.assert_close(one[1], other[1], **EXACT)
    assert one[0].steps == other[0].steps
    assert one[0].seed == other[0].seed


def in_another_process(code: str) -> subprocess.CompletedProcess[str]:
    """Without jaxtyping's hook: its type checker picks entries to look at with Python's random numbers."""
    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r})\nfrom test_train import *\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_killed_in_mid_epoch_it_goes_on_to_the_same_numbers(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    killed = in_another_process(
        f"checkpointed(Path({str(path)!r}), stop=lambda: os.kill(os.getpid(), signal.SIGKILL))"
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(torch.load(path, weights_only=True)["history"]["loss"]) == 2
    resumed = in_another_process(f"assert_same_run(checkpointed(Path({str(path)!r})), whole_run())")
    assert resumed.returncode == 0, resumed.stderr


@pytest.mark.parametrize("stop", [crash, lambda: signal.raise_signal(signal.SIGINT)], ids=["crash", "ctrl-c"])
def test_stopped_in_mid_epoch_it_leaves_the_last_whole_epoch(
    tmp_path: Path, stop: Callable[[], None]
) -> None:
    path = tmp_path / "deep" / "run.pt"
    with pytest.raises((CrashError, KeyboardInterrupt)):
        checkpointed(path, stop)
    assert [file.name for file in path.parent.iterdir()] == ["run.pt"]
    assert_same_run(checkpointed(path), whole_run())


def test_a_full_disk_leaves_the_last_good_checkpoint(tmp_path: Path) -> None:
    path, (model, loss) = tmp_path / "run.pt", fresh()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    epochs = itertools.count(1)

    def fill_the_disk(model: nn.Module) -> dict[str, float]:
        if next(epochs) == 3:  # writing a file beyond 1000 bytes now fails, part way through
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        return mean_weight(model)

    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            cm.fit(model, loss, Noisy(line()), validate=fill_the_disk, seed=2, checkpoint=path, **SETTINGS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
    assert_same_run(checkpointed(path), whole_run())


def test_stopped_while_writing_it_leaves_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, calls, replace = tmp_path / "run.pt", itertools.count(1), os.replace

    def interrupted(*paths: Path) -> None:
        if next(calls) == 3:
            raise KeyboardInterrupt
        replace(*paths)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkpointed(path)
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
    assert_same_run(checkpointed(path), whole_run())


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    first = checkpointed(path)
    model, loss = fresh()
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
    again = cm.fit(model, loss, Noisy(line()), validate=mean_weight, seed=2, checkpoint=path, **SETTINGS)
    assert again == first[0]
    torch.testing.assert_close(weights(model, loss), first[1], **EXACT)


def test_an_unseeded_run_goes_on_with_its_own_seed(tmp_path: Path) -> None:
    def run(path: Path | None, before: int, stop_at: int = 0) -> tuple[cm.History, Tensor]:
        model, loss = fresh()
        torch.manual_seed(before)
        loss = stopping(loss, stop_at, crash)
        history = cm.fit(model, loss, line(), validate=mean_weight, checkpoint=path, **SETTINGS)
        return history, weights(model, loss)

    whole = run(None, before=1)
    with pytest.raises(CrashError):
        run(tmp_path / "run.pt", before=1, stop_at=6)
    assert_same_run(run(tmp_path / "run.pt", before=2), whole)


def test_a_checkpoint_gives_back_the_model_alone(tmp_path: Path) -> None:
    model, loss = fresh()
    cm.fit(model, loss, line(), checkpoint=tmp_path / "run.pt", **SETTINGS)
    state = torch.load(tmp_path / "run.pt", map_location="cpu", weights_only=True)
    other = Net()
    other.load_state_dict(state["model"])
    torch.testing.assert_close(weights(other), weights(model), rtol=0, atol=0)


# Several processes.


def test_two_processes_give_the_numbers_of_one(tmp_path: Path) -> None:
    script = str(Path(__file__).with_name("distributed_train.py"))
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    environment = {**os.environ, "CMLEARN_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    for name, how in {"one": [], "two": launch}.items():
        command = [sys.executable, *how, script, str(tmp_path / name)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
    one, two = load_file(tmp_path / "one"), load_file(tmp_path / "two")
    assert (one.pop("processes"), two.pop("processes")) == (1, 2)
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=1e-5, atol=1e-6, msg=name)
    assert "info_nce.log_scale" in one


# Bad input.

GOOD = {"model": nn.Linear(3, 1), "loss": squared_error, "data": line(), **SETTINGS}
ROWS = [(torch.zeros(3), torch.zeros(()))] * 44


class Tuples(Dataset[tuple[Tensor, Tensor]]):
    def __len__(self) -> int:
        return len(ROWS)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return ROWS[index]


@pytest.mark.errors
@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "`epochs`: expected 1 or more, got 0"),
        ({"epochs": 2.0}, TypeError, "`epochs`: expected int, got float"),
        ({"workers": -1}, ValueError, "`workers`: expected 0 or more, got -1"),
        ({"batch_size": 0}, ValueError, "`batch_size`: expected 1 or more, got 0"),
        ({"batch_size": 45}, ValueError, "`batch_size`: expected at most the 44 items of `data`, got 45"),
        ({"lr": 0.0}, ValueError, "`lr`: expected a positive number, got 0.0"),
        ({"lr": float("nan")}, ValueError, "`lr`: expected a positive number, got nan"),
        ({"lr": "fast"}, TypeError, "`lr`: expected .* got str"),
        (
            {"mixed_precision": "fp8"},
            ValueError,
            "`mixed_precision`: expected one of .*, got 'fp8'",
        ),
        ({"data": ROWS}, TypeError, "`data`: expected Dataset, got list"),
        ({"data": Tuples()}, TypeError, r"`data\[0\]`: expected dict, got tuple"),
        (
            {"loss": lambda model, batch: model(batch["x"])},
            ValueError,
            "`loss`: expected a scalar",
        ),
        ({"loss": lambda model, batch: 0.5}, TypeError, "`loss`: expected Tensor, got float"),
        ({"loss": lambda model, batch: batch["y"].mean()}, ValueError, "`loss`: .*depends on the model"),
        ({"validate": lambda model: 0.5}, TypeError, "`validate`: expected Mapping, got float"),
        ({"seed": -1}, ValueError, "`seed`: expected 0 or more, got -1"),
        ({"model": torch.sin}, TypeError, "`model`: expected Module"),
        ({"model": nn.Identity()}, ValueError, "`model`: expected parameters to train"),
    ],
)
def test_bad_input_is_named(bad: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cm.fit(**{**GOOD, **bad})


@pytest.mark.errors
@pytest.mark.skipif(os.environ["CMLEARN_DEVICE"] != "cpu", reason="a GPU has fp16")
def test_fp16_on_a_cpu_is_refused() -> None:
    with pytest.raises(ValueError, match="`mixed_precision`: expected 'no' or 'bf16' on a CPU, got 'fp16'"):
        cm.fit(**GOOD, mixed_precision="fp16")


@pytest.mark.errors
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_names_the_place(bad: float) -> None:
    model, _ = fresh()
    calls = itertools.count(1)
    before: list[Tensor] = []

    def loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        before.append(weights(model))
        return squared_error(model, batch) * (bad if next(calls) == 7 else 1.0)

    with pytest.raises(FloatingPointError, match=f"the loss is {bad} in epoch 2, step 3"):
        cm.fit(model, loss, line(), **SETTINGS)
    torch.testing.assert_close(weights(model), before[-1], rtol=0, atol=0)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 5}, "epochs=5"),
        ({"epochs": 3}, "epochs=3"),
        ({"batch_size": 11}, "batch_size=11"),
        ({"lr": 0.1}, "lr=0.1"),
        ({"seed": 1}, "seed=1"),
        ({"mixed_precision": "bf16"}, "mixed_precision='bf16'"),
        ({"optimizer": torch.optim.SGD}, "optimizer='SGD'"),
        ({"loss": squared_error}, "loss='squared_error'"),
        ({"data": line(88)}, "steps=32"),
        ({"model": Net(width=9)}, "weights that fit `model`"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    model, loss = fresh()
    arguments = {"model": model, "loss": loss, "data": line(), "checkpoint": tmp_path / "run.pt", **SETTINGS}
    cm.fit(**arguments)
    kept = (tmp_path / "run.pt").read_bytes()
    with pytest.raises(ValueError, match=f"`checkpoint`: expected .*{message}.*run.pt"):
        cm.fit(**{**arguments, **change})
    assert (tmp_path / "run.pt").read_bytes() == kept


@pytest.mark.errors
@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:-100], lambda b: b"\0" * len(b)], ids=["empty", "cut", "zeros"]
)
def test_a_damaged_checkpoint_is_named(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path, (model, loss) = tmp_path / "run.pt", fresh()
    cm.fit(model, loss, line(), checkpoint=path, **SETTINGS)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"`checkpoint`: .*run.pt is damaged .* delete it"):
        cm.fit(model, loss, line(), checkpoint=path, **SETTINGS)


@pytest.mark.errors
def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    torch.save({"model": {}}, tmp_path / "weights.pt")
    with pytest.raises(ValueError, match=r"`checkpoint`: .*weights.pt is damaged or no checkpoint"):
        cm.fit(**GOOD, checkpoint=tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="`checkpoint`: expected a file, got the folder"):
        cm.fit(**GOOD, checkpoint=tmp_path)


@pytest.mark.errors
@pytest.mark.parametrize("bad", [-1, 2**32, "one", 1.5])
def test_bad_seeds_are_named(bad: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="`seed`: expected a whole number"):
        cm.seed_everything(bad)
    monkeypatch.setenv("CMLEARN_SEED", str(bad))
    with pytest.raises(ValueError, match="`CMLEARN_SEED`: expected a whole number"):
        cm.seed_everything()


@pytest.mark.errors
def test_unknown_and_missing_devices_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = "mps" if torch.cuda.is_available() else "cuda"
    for name in ("tpu", missing):
        monkeypatch.setenv("CMLEARN_DEVICE", name)
        with pytest.raises(ValueError, match=f"`CMLEARN_DEVICE`: expected one of .*'cpu', got '{name}'"):
            cm.device()


@pytest.mark.errors
def test_bad_tensors_of_a_data_set_are_named() -> None:
    with pytest.raises(TypeError, match="`x`: expected Tensor, got list"):
        cm.DictDataset(x=[1, 2])
    with pytest.raises(ValueError, match=r"`tensors`: expected .* of equal length, got {'x': 2, 'y': 3}"):
        cm.DictDataset(x=torch.zeros(2), y=torch.zeros(3))
    with pytest.raises(ValueError, match="`tensors`: expected one or more"):
        cm.DictDataset()


@pytest.mark.errors
def test_bad_steps_and_epochs_are_named() -> None:
    with pytest.raises(ValueError, match="`total`: expected 1 or more, got 0"):
        train.up_flat_down(0, 0)
    with pytest.raises(ValueError, match="`step`: expected 0 or more, got -1"):
        train.up_flat_down(-1, 5)
    with pytest.raises(ValueError, match="`epoch`: expected 0 or more, got -1"):
        train.epoch_seed(0, -1)
