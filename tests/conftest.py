"""One device for the suite (`CMLEARN_DEVICE`, else the CPU), a fresh seed for each test, no progress bars."""

import os

os.environ["TQDM_DISABLE"] = "1"
os.environ.setdefault("CMLEARN_DEVICE", "cpu")

import pytest
import torch


@pytest.fixture
def device() -> torch.device:
    return torch.device(os.environ["CMLEARN_DEVICE"])


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
