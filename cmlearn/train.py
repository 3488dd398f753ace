"""Training: one loop for CPU, GPU and several processes, with seeds, history and checkpoints.

`fit` is the loop. The pieces it stands on are small and public where a lesson shows them: `device`,
`seed_everything`, `epoch_seed`, `up_flat_down`.
"""

import io
import math
import os
import random
import time
from collections.abc import Callable, Mapping, Sized
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import DataLoaderConfiguration
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset

from cmlearn._progress import progress
from cmlearn._validate import require, require_choice, require_counts, require_type

__all__ = [
    "MAX_GRADIENT_NORM",
    "DictDataset",
    "History",
    "by_device",
    "device",
    "epoch_seed",
    "fit",
    "seed_everything",
    "up_flat_down",
]

MAX_GRADIENT_NORM = 1.0
"""`fit` scales a gradient down to this Euclidean norm when it is longer."""

T = TypeVar("T")
Model = TypeVar("Model", bound=nn.Module)
Batch = dict[str, Tensor]
Validate = Callable[[Model], Mapping[str, float]]


def seed_everything(seed: int | None = None) -> int:
    """Seed Python's, NumPy's and PyTorch's random numbers.

    Args:
        seed: from 0 to 2³² - 1; `None` takes the environment variable `CMLEARN_SEED`, or 0 without it.

    Returns:
        The seed.

    Raises:
        ValueError: if the seed, or `CMLEARN_SEED`, is not a whole number in that range.

    Example:
        >>> import torch
        >>> seed_everything(3)
        3
        >>> first = torch.rand(2)
        >>> _ = seed_everything(3)
        >>> torch.equal(first, torch.rand(2))
        True
    """
    name = "CMLEARN_SEED" if seed is None else "seed"
    value = os.environ.get("CMLEARN_SEED", "0") if seed is None else str(seed)
    require(value.isdecimal() and int(value) < 2**32, name, "a whole number from 0 to 2**32 - 1", repr(value))
    random.seed(int(value))
    np.random.seed(int(value))  # noqa: NPY002 - code that readers bring may draw from the global generator
    torch.manual_seed(int(value))
    return int(value)


def epoch_seed(seed: int, epoch: int, process: int = 0) -> int:
    """The seed of one epoch in one process: well mixed, so that no two of them share random numbers.

    `fit` seeds every epoch anew. An epoch that is resumed then draws the numbers it would have drawn.

    Args:
        seed: the seed of the whole run, 0 or more.
        epoch: counted from 0.
        process: the rank of the process, counted from 0.

    Raises:
        ValueError: if one of them is negative.

    Example:
        >>> epoch_seed(0, 1) == epoch_seed(1, 0)
        False
    """
    for name, value in {"seed": seed, "epoch": epoch, "process": process}.items():
        require(value >= 0, name, "0 or more", value)
    return int(np.random.SeedSequence([seed, epoch, process]).generate_state(1)[0])


def device() -> torch.device:
    """The device to compute on: the environment variable `CMLEARN_DEVICE`, else `cuda`, `mps` or `cpu`.

    Which of several GPUs is meant is said in the usual way, with `CUDA_VISIBLE_DEVICES`.

    Raises:
        ValueError: if `CMLEARN_DEVICE` names another device, or one that this machine lacks.

    Example:
        >>> device().type in ("cuda", "mps", "cpu")
        True
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    available = [name for name, there in present.items() if there]
    chosen = os.environ.get("CMLEARN_DEVICE") or available[0]
    require_choice(chosen, available, "CMLEARN_DEVICE")
    return torch.device(chosen)


def by_device(*, cpu: T, gpu: T) -> T:
    """The small setting on a CPU, the large one on a CUDA GPU; Apple's `mps` takes the small one.

    Raises:
        ValueError: as `device`.

    Example:
        >>> width = by_device(cpu=32, gpu=256)
        >>> width in (32, 256)
        True
    """
    return gpu if device().type == "cuda" else cpu


class DictDataset(Dataset[Batch]):
    """A data set of dicts over tensors of equal length: item `i` holds entry `i` of each.

    Args:
        tensors: by name, each of shape `(item, ...)`.

    Raises:
        TypeError: if a value is not a tensor.
        ValueError: if there are no tensors, or their lengths differ.

    Example:
        >>> import torch
        >>> data = DictDataset(image=torch.zeros(5, 8, 8), label=torch.arange(5))
        >>> len(data), data[3]["label"]
        (5, tensor(3))
    """

    def __init__(self, **tensors: Shaped[Tensor, "item ..."]) -> None:
        for name, tensor in tensors.items():
            require_type(tensor, Tensor, name)
        lengths = {name: len(tensor) if tensor.ndim else 0 for name, tensor in tensors.items()}
        require(len(set(lengths.values())) == 1, "tensors", "one or more of equal length", lengths)
        self.tensors = tensors

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def __getitem__(self, index: int) -> Batch:
        return {name: tensor[index] for name, tensor in self.tensors.items()}

    def __getitems__(self, indices: list[int]) -> list[Batch]:
        """The items of a batch, each tensor indexed once: what `DataLoader` calls where it finds it."""
        columns = [tensor[indices].unbind() for tensor in self.tensors.values()]
        return [dict(zip(self.tensors, row, strict=True)) for row in zip(*columns, strict=True)]


@dataclass
class History:
    """What `fit` saw.

    Attributes:
        loss: the mean training loss of each epoch.
        metrics: what `validate` returned after each epoch, by name.
        seconds: the time spent, in seconds, validation included.
        steps: the number of optimizer steps.
        seed: the seed that all random numbers of the run followed from.

    Example:
        >>> History(loss=[0.7, 0.4]).loss[-1]
        0.4
    """

    loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    steps: int = 0
    seed: int = 0


def up_flat_down(step: int, total: int) -> float:
    """The learning rate of a step, as a share of `lr`: up in the first 5 %, flat, down in the last 30 %.

    Warm-up keeps the first steps, taken with poor gradients, short [goyal2017accurate]; the way down at the
    end settles the weights, and a flat middle needs no other choice [hagele2024scaling].

    Args:
        step: counted from 0.
        total: the number of steps of the run.

    Raises:
        ValueError: if `total` is less than 1 or `step` is negative.

    Example:
        >>> [round(up_flat_down(step, 100), 2) for step in (0, 4, 50, 85, 99)]
        [0.2, 1.0, 1.0, 0.5, 0.03]
    """
    require_counts(total=total)
    require(step >= 0, "step", "0 or more", step)
    return min(1.0, (step + 1) / (0.05 * total), max(0.0, total - step) / (0.3 * total))


def fit(
    model: Model,
    loss: Callable[[Model, Batch], Float[Tensor, ""]],
    data: Dataset[Batch],
    *,
    epochs: int,
    batch_size: int,
    lr: float,
    optimizer: Callable[..., Optimizer] | None = None,
    validate: Validate[Model] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    mixed_precision: str = "no",
    workers: int = 0,
) -> History:
    """Train a model: the one loop of the book.

    It runs on `device()`, and in every process that `torchrun` started. The model is trained in place and
    comes back on that device, in `eval()` mode. The order of the data is drawn anew each epoch, and a last
    batch that would be incomplete is left out. The learning rate follows `up_flat_down`, and gradients
    longer than `MAX_GRADIENT_NORM` are scaled down [pascanu2013difficulty].

    With several processes each takes its share of every batch and gradients are averaged. Every parameter
    must then take part in every step, and a loss that compares items of the batch has to gather them with
    their gradient, as those of `cmlearn.matching` do.

    Ctrl-C stops at once and leaves the checkpoint of the last complete epoch.

    Args:
        model: the model.
        loss: `loss(model, batch)` returns the mean loss of the batch. When it is an `nn.Module`, its
            parameters (a temperature, say) are trained too.
        data: a data set whose items are dicts of tensors.
        epochs: passes over the data.
        batch_size: items in a step, all processes together.
        lr: the highest learning rate.
        optimizer: called as `optimizer(parameters, lr=lr)`; `None` is `torch.optim.AdamW`
            [loshchilov2019decoupled].
        validate: called after each epoch, in `eval()` mode and without gradients, in every process; its
            numbers go to the history.
        checkpoint: a file, replaced after each epoch by a complete new one. When it exists, the run goes
            on from there and gives the numbers of a run that was never stopped.
        seed: all random numbers of the run follow from it; `None` draws it from PyTorch's generator.
        mixed_precision: `"no"`, `"bf16"`, or `"fp16"` (on a GPU) [micikevicius2018mixed].
        workers: processes that fetch the items ahead of their step, for data that is read from disk.

    Returns:
        The history: losses, metrics, seconds and steps.

    Raises:
        ValueError: if an argument is out of range, the loss is no scalar or has no gradient, or the
            checkpoint is damaged or comes from another run.
        TypeError: if an argument has the wrong type, or the items of `data` are no dicts.
        FloatingPointError: if the loss is not finite; the message names the epoch and the step.
        OSError: if the checkpoint cannot be written; the one before it stays.

    Example:
        >>> import torch
        >>> x = torch.linspace(-1, 1, 64)[:, None]
        >>> data = DictDataset(x=x, y=3 * x)
        >>> def squared_error(model, batch):
        ...     return (model(batch["x"]) - batch["y"]).square().mean()
        >>> model = torch.nn.Linear(1, 1)
        >>> history = fit(model, squared_error, data, epochs=20, batch_size=16, lr=0.1, seed=0)
        >>> history.loss[-1] < 0.01 < history.loss[0], history.steps
        (True, 80)
    """
    _check(model, data, epochs, batch_size, lr, seed, mixed_precision, workers)
    accelerator = _accelerator(mixed_precision, batch_size)
    objective = _Objective(model, loss)
    updates = (optimizer or AdamW)(_trainable(objective), lr=lr)
    order = torch.Generator()
    batches = DataLoader(data, batch_size, shuffle=True, drop_last=True, generator=order, num_workers=workers)
    total = epochs * len(batches)
    schedule = LambdaLR(updates, lambda step: up_flat_down(step, total))
    train_step = _TrainStep(accelerator, *accelerator.prepare(objective, updates, schedule))
    batches = accelerator.prepare(batches)

    saved = _Checkpoint(
        checkpoint,
        settings={"epochs": epochs, "batch_size": batch_size, "lr": float(lr), "seed": seed, "steps": total},
        parts={"model": model, "loss": loss, "optimizer": updates, "schedule": schedule},
        accelerator=accelerator,
    )
    history = saved.load() or History(seed=int(torch.randint(2**31, ())) if seed is None else seed)
    quiet = not accelerator.is_main_process
    bar = progress(
        disable=quiet, total=total, initial=history.steps, desc="training", unit="step", leave=False
    )
    with bar:
        for epoch in range(len(history.loss), epochs):
            start = time.perf_counter()
            order.manual_seed(epoch_seed(history.seed, epoch))
            seed_everything(epoch_seed(history.seed, epoch, accelerator.process_index))
            objective.train()
            losses: list[float] = []
            for batch in batches:
                losses.append(train_step(batch, f"epoch {epoch + 1}, step {len(losses) + 1}"))
                bar.update()
            history.loss.append(sum(losses) / len(losses))
            history.steps += len(losses)
            _validate(model, validate, history)
            history.seconds += time.perf_counter() - start
            saved.save(history)
    objective.eval()
    return history


class _Objective(nn.Module):
    """Model and loss as one module: one forward pass to wrap for precision and for many processes."""

    def __init__(self, model: nn.Module, loss: Callable[..., Float[Tensor, ""]]) -> None:
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, batch: Batch) -> Float[Tensor, ""]:
        """The loss of a batch."""
        value = self.loss(self.model, batch)
        require_type(value, Tensor, "loss")
        require(value.ndim == 0, "loss", "a scalar", f"shape {tuple(value.shape)}")
        require(value.requires_grad, "loss", "a value that depends on the model's parameters", "a constant")
        return value


def _trainable(objective: nn.Module) -> list[nn.Parameter]:
    parameters = [p for p in objective.parameters() if p.requires_grad]
    require(len(parameters) > 0, "model", "parameters to train", "none")
    return parameters


@dataclass
class _TrainStep:
    """One update of the parameters; returns the loss before it, averaged over the processes."""

    accelerator: Accelerator
    objective: nn.Module
    optimizer: Optimizer
    schedule: Any

    def __call__(self, batch: Batch, where: str) -> float:
        loss = self.objective(batch)
        value = float(self.accelerator.reduce(loss.detach(), "mean"))
        if not math.isfinite(value):
            raise FloatingPointError(
                f"the loss is {value} in {where}; the weights are those before this step"
            )
        self.optimizer.zero_grad()
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.objective.parameters(), MAX_GRADIENT_NORM)
        self.optimizer.step()
        self.schedule.step()
        return value


class _Checkpoint:
    """The file that a run goes on from; without a path, nothing is loaded or saved."""

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        settings: dict[str, Any],
        parts: dict[str, Any],
        accelerator: Accelerator,
    ) -> None:
        self.path = None if path is None else Path(path)
        usable = self.path is None or not self.path.is_dir()
        require(usable, "checkpoint", "a file", f"the folder {self.path}")
        kinds = {name: getattr(part, "__name__", type(part).__name__) for name, part in parts.items()}
        self.settings = {**settings, **kinds, "processes": accelerator.num_processes}
        self.settings["mixed_precision"] = accelerator.mixed_precision
        parts = {**parts, "scaler": accelerator.scaler}
        self.parts = {name: part for name, part in parts.items() if hasattr(part, "state_dict")}
        self.accelerator = accelerator

    def load(self) -> History | None:
        """Set model and optimiser to the checkpoint, and return its history; `None` without one."""
        if self.path is None or not self.path.exists():
            return None
        state = _read(self.path)
        for name, value in self.settings.items():
            found = state["settings"].get(name)
            got = f"{name}={found!r} in {self.path}"
            require(found == value, "checkpoint", f"a run with {name}={value!r}", got)
        for name, part in self.parts.items():
            fits = _fits(part, state[name])
            require(fits, "checkpoint", f"weights that fit `{name}`", f"others in {self.path}")
            part.load_state_dict(state[name])
        return History(**state["history"])

    def save(self, history: History) -> None:
        """Write the present state, atomically."""
        if self.path is not None and self.accelerator.is_main_process:
            states = {name: part.state_dict() for name, part in self.parts.items()}
            content = io.BytesIO()
            torch.save({"settings": self.settings, "history": asdict(history), **states}, content)
            _replace(self.path, content.getvalue())
        self.accelerator.wait_for_everyone()


def _read(path: Path) -> dict[str, Any]:
    """The state in a checkpoint, or a `ValueError` that says what to do."""
    content = io.BytesIO(path.read_bytes())
    try:
        state = torch.load(content, map_location="cpu", weights_only=True)
        return {"settings": state["settings"], **state}
    except Exception as error:
        message = f"`checkpoint`: {path} is damaged or no checkpoint of `fit`; delete it to start anew"
        raise ValueError(message) from error


def _fits(part: Any, state: Mapping[str, Any]) -> bool:
    """Whether names and shapes of saved weights are those of a module; optimizers follow their module."""
    if not isinstance(part, nn.Module):
        return True
    shapes, saved = ({k: v.shape for k, v in s.items()} for s in (part.state_dict(), state))
    return shapes == saved


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that at every moment there is the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with open(unfinished, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _accelerator(mixed_precision: str, batch_size: int) -> Accelerator:
    """A fresh Accelerator: the state of the last one would hold its device and its precision."""
    AcceleratorState._reset_state(True)
    GradientState._reset_state()
    accelerator = Accelerator(
        cpu=device().type == "cpu",
        mixed_precision=mixed_precision,
        dataloader_config=DataLoaderConfiguration(split_batches=True),
    )
    processes = accelerator.num_processes
    require(batch_size % processes == 0, "batch_size", f"a multiple of the {processes} processes", batch_size)
    return accelerator


def _validate(model: Model, validate: Validate[Model] | None, history: History) -> None:
    """Append what `validate` finds to the history."""
    if validate is None:
        return
    model.eval()
    with torch.no_grad():
        found = validate(model)
    require_type(found, Mapping, "validate")
    for name, value in found.items():
        history.metrics.setdefault(name, []).append(float(value))


def _check(
    model: Any,
    data: Any,
    epochs: int,
    batch_size: int,
    lr: float,
    seed: int | None,
    mixed_precision: str,
    workers: int,
) -> None:
    """Raise for the arguments of `fit` that can be judged before anything runs."""
    require_type(model, nn.Module, "model")
    require_type(data, Dataset, "data")
    require_type(data, Sized, "data")
    require_type(data[0], dict, "data[0]")
    for name, value in {"epochs": epochs, "batch_size": batch_size}.items():
        require_type(value, int, name)
    require_counts(epochs=epochs, batch_size=batch_size)
    require(batch_size <= len(data), "batch_size", f"at most the {len(data)} items of `data`", batch_size)
    require_type(lr, (int, float), "lr")
    require(lr > 0 and math.isfinite(lr), "lr", "a positive number", lr)
    require_type(workers, int, "workers")
    require(workers >= 0, "workers", "0 or more", workers)
    require_type(seed, (int, type(None)), "seed")
    require(seed is None or seed >= 0, "seed", "0 or more", seed)
    _check_precision(mixed_precision)


def _check_precision(mixed_precision: str) -> None:
    require_choice(mixed_precision, ("no", "bf16", "fp16"), "mixed_precision")
    if mixed_precision == "fp16":
        require(device().type != "cpu", "mixed_precision", "'no' or 'bf16' on a CPU", "'fp16'")
