"""What `test_train.py` runs plainly and under `torchrun`: train, and write down what came out.

python tests/distributed_train.py FILE              one process
torchrun --nproc_per_node 2 tests/distributed_train.py FILE
"""

import os
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from accelerate.state import PartialState
from safetensors.torch import save_file
from torch import Tensor, nn

import cmlearn as cm
from cmlearn import train
from cmlearn.matching import InfoNCE


class Towers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(6, 4), nn.Linear(6, 4)


class Contrast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.info_nce = InfoNCE(temperature=0.5)

    def forward(self, model: Towers, batch: dict[str, Tensor]) -> Tensor:
        left, right = model.left(batch["left"]), model.right(batch["right"])
        return self.info_nce(F.normalize(left), F.normalize(right))


def data() -> cm.DictDataset:
    left = torch.randn(42, 6)  # the last two of every epoch are left out
    return cm.DictDataset(left=left, right=left + 0.5 * torch.randn(42, 6))


def main(file: Path) -> None:
    cm.seed_everything(0)
    pairs, model, loss = data(), Towers(), Contrast()
    start = {name: value.clone() for name, value in model.state_dict().items()}
    train.MAX_GRADIENT_NORM = 1e9  # a wrong factor in the gradient must show
    settings = {"batch_size": 8, "lr": 0.1, "optimizer": torch.optim.SGD, "seed": 0}

    def run(epochs: int, mixed_precision: str = "no") -> cm.History:
        checkpoint = file.with_suffix(f".{mixed_precision}")
        return cm.fit(
            model,
            loss,
            pairs,
            epochs=epochs,
            checkpoint=checkpoint,
            mixed_precision=mixed_precision,
            **settings,
        )

    history = run(3)
    state = PartialState()
    assert state.num_processes == int(os.environ.get("WORLD_SIZE", "1"))
    assert run(3).loss == history.loss  # from the checkpoint, by every process
    assert not torch.equal(model.left.weight, start["left.weight"])
    if state.is_main_process:
        weights = {**model.state_dict(), **loss.state_dict(), "loss": torch.tensor(history.loss)}
        save_file({**weights, "processes": torch.tensor(state.num_processes)}, file)
    run(1, "bf16")  # a second Accelerator, with another precision


if __name__ == "__main__":
    main(Path(sys.argv[1]))
