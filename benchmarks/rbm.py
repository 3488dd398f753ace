"""`cmlearn.matching.RBM` beside scikit-learn's `BernoulliRBM` on its own 8 x 8 digits: time, and likelihood.

Both do persistent contrastive divergence with the same batches, chains and number of steps. Ours lowers the
learning rate to zero on the way, scikit-learn's keeps it, so the likelihoods have a third row: scikit-learn's
steps with our schedule. The log-likelihood of held-out digits is by annealed importance sampling for all.
"""

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.neural_network import BernoulliRBM

from benchmarks._timing import compare
from cmlearn.matching import RBM, BoltzmannMachine, ais_log_z, log_likelihood

TRAIN, EPOCHS = 1200, 30


def main() -> None:
    """Print one table of times for each setting, and one of likelihoods."""
    digits = (load_digits().data > 7.5).astype(np.float32)
    train, test = digits[:TRAIN], torch.as_tensor(digits[TRAIN:])
    for hidden, batch in ((256, 10), (256, 100)):
        settings = {"n_components": hidden, "batch_size": batch, "n_iter": EPOCHS, "random_state": 0}
        ways = {
            "cmlearn": lambda settings=settings: RBM(**settings).fit(train),
            "scikit-learn": lambda settings=settings: BernoulliRBM(**settings).fit(train),
        }
        compare(f"RBM, {TRAIN} digits, {hidden} hidden units, batches of {batch}", ways, repeats=3)
        machines = {
            "cmlearn": ways["cmlearn"]().machine_,
            "scikit-learn": as_machine(ways["scikit-learn"]()),
            "scikit-learn, falling rate": as_machine(with_falling_rate(train, **settings)),
        }
        for name, machine in machines.items():
            print(f"  {name:<27}{held_out(machine, test):8.2f} nats a held-out digit")


def with_falling_rate(train: np.ndarray, *, n_iter: int, batch_size: int, **settings: int) -> BernoulliRBM:
    """scikit-learn's own steps, with the learning rate set before each epoch."""
    model = BernoulliRBM(**settings, batch_size=batch_size)
    rng = np.random.default_rng(0)
    for epoch in range(n_iter):
        model.set_params(learning_rate=0.1 * (1 - epoch / n_iter))
        for rows in np.split(rng.permutation(len(train)), len(train) // batch_size):
            model.partial_fit(train[rows])
    return model


def as_machine(model: BernoulliRBM) -> BoltzmannMachine:
    """scikit-learn's parameters in our shape."""
    tensors = (model.components_.T, model.intercept_visible_, model.intercept_hidden_)
    weight, visible, hidden = (torch.tensor(values, dtype=torch.float32) for values in tensors)
    return BoltzmannMachine([weight], [visible, hidden])


def held_out(machine: BoltzmannMachine, test: torch.Tensor) -> float:
    """Mean log-likelihood of the test digits."""
    generator = torch.Generator().manual_seed(0)
    log_z = ais_log_z(machine, temperatures=2000, generator=generator).log_z
    return log_likelihood(machine, {0: test}, log_z).mean().item()
