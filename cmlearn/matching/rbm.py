r"""The restricted Boltzmann machine: visible units, hidden units, and nothing within a layer.

Given the visible units the hidden ones are independent, so the positive phase of learning is exact; for the
negative phase persistent chains are sampled. [hinton2002training], [tieleman2008training]
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from cmlearn.matching._binary import seeded, units
from cmlearn.matching.boltzmann import BoltzmannMachine
from cmlearn.matching.likelihood import negative_free_energy
from cmlearn.matching.pcd import train_pcd

__all__ = ["RBM"]


class RBM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Restricted Boltzmann machine with binary units, trained by persistent contrastive divergence.

    $$E(v, h) = -b^\top v - c^\top h - v^\top W h, \qquad
      p(h_j = 1 \mid v) = \sigma\big(c_j + (v^\top W)_j\big)$$

    Values between 0 and 1 are taken as the probability that a unit is on. Parameters have the names and
    meanings of `sklearn.neural_network.BernoulliRBM`, and the learning rate falls linearly to zero, without
    which persistent chains never settle. [hinton2002training], [tieleman2008training]

    Args:
        n_components: hidden units.
        learning_rate: of the first step.
        batch_size: rows a step, and the number of persistent chains.
        n_iter: passes over the data.
        random_state: seed of weights, batches and samples.
        device: of PyTorch, such as `"cuda"`.

    Attributes:
        machine_: the two-layer `BoltzmannMachine`.
        chains_: the states of the persistent chains after training, (chain, visible) and (chain, hidden).

    Raises:
        ValueError: from `fit`, if a value is outside [0, 1] or a setting is below 1.

    Example:
        >>> import numpy as np
        >>> X = np.repeat([[0, 0, 1, 1], [1, 1, 0, 0]], 50, axis=0)  # two patterns
        >>> model = RBM(4, learning_rate=0.2, n_iter=200, random_state=0).fit(X)
        >>> broken, whole = model.score_samples([[0, 1, 0, 1], [0, 0, 1, 1]])
        >>> bool(broken < whole)
        True
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        random_state: int | np.random.RandomState | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.random_state = random_state
        self.device = device

    def fit(self, X: ArrayLike, y: Any = None) -> "RBM":
        """Learn the parameters.

        Args:
            X: (sample, visible), in [0, 1].
            y: ignored.

        Returns:
            The estimator.
        """
        visible = units(validate_data(self, X, dtype=np.float32), "X", self.device)
        generator = seeded(self.random_state, self.device)
        self.machine_ = BoltzmannMachine.random(
            [visible.shape[1], self.n_components], generator=generator, device=self.device
        )
        self.chains_ = train_pcd(
            self.machine_,
            {0: visible},
            epochs=self.n_iter,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            chains=self.batch_size,
            mean_field_steps=1,
            generator=generator,
        )
        return self

    def transform(self, X: ArrayLike) -> Float[np.ndarray, "sample hidden"]:
        """Probabilities of the hidden units, (sample, hidden).

        Args:
            X: (sample, visible), in [0, 1].
        """
        return self.machine_.mean_field({0: self._visible(X)}, steps=1)[1].cpu().numpy()

    def gibbs(
        self, X: ArrayLike, steps: int = 1, random_state: int | np.random.RandomState | None = None
    ) -> Float[np.ndarray, "sample visible"]:
        """Walk from visible states by sampling hidden and visible units in turn.

        Args:
            X: where to start, (sample, visible).
            steps: how far.
            random_state: seed of the samples.

        Returns:
            Visible states of zeros and ones, (sample, visible).
        """
        visible = self._visible(X)
        states = [visible, visible.new_zeros(len(visible), self.n_components)]
        generator = seeded(random_state, self.device)
        return self.machine_.gibbs(states, steps=steps, generator=generator)[0].cpu().numpy()

    @torch.no_grad()
    def score_samples(self, X: ArrayLike) -> Float[np.ndarray, " sample"]:
        r"""Pseudo-log-likelihood: how well each unit is predicted by all others, in nats a sample.

        $$\sum_i \log p(v_i \mid v_{\setminus i}) = \sum_i \log \sigma\big(F(\tilde v^{(i)}) - F(v)\big)$$

        with the free energy $F$ and $\tilde v^{(i)}$ the sample with unit $i$ flipped. It needs no $Z$. Where
        scikit-learn tries one random unit a sample, this is the whole sum.

        Args:
            X: (sample, visible), zeros and ones.
        """
        visible = self._visible(X)
        weight, bias = self.machine_.weights[0], self.machine_.biases[0]
        heard = self.machine_.total_input(1, [visible, visible])
        before = F.softplus(heard).sum(dim=1)
        total = torch.zeros_like(before)
        for i in range(visible.shape[1]):
            change = 1 - 2 * visible[:, i]
            after = F.softplus(heard + change[:, None] * weight[i]).sum(dim=1)
            total += F.logsigmoid(before - after - change * bias[i])
        return total.cpu().numpy()

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Mean of `score_samples(X)`, so that grid search can choose the settings."""
        return float(self.score_samples(X).mean())

    def free_energy(self, X: ArrayLike) -> Float[np.ndarray, " sample"]:
        r"""$F(v) = -\log \sum_h e^{-E(v, h)}$, so that $p(v) = e^{-F(v)} / Z$.

        Args:
            X: (sample, visible), zeros and ones.
        """
        visible = self._visible(X)
        with torch.no_grad():
            return -negative_free_energy(self.machine_, [visible, visible]).cpu().numpy()

    def _visible(self, X: ArrayLike) -> Float[Tensor, "sample visible"]:
        check_is_fitted(self)
        return units(validate_data(self, X, dtype=np.float32, reset=False), "X", self.device)

    @property
    def _n_features_out(self) -> int:
        return int(self.n_components)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
