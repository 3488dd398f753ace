r"""Deep Boltzmann machines: two hidden layers over one modality, or one model of two modalities.

`DBM` is a chain of layers $v - h^1 - h^2$. `MultimodalDBM` is a chain with data at both ends,
image - h - joint - h' - word: a model of $p(x_1, x_2)$, from which either modality follows from the other.

Both are pretrained greedily, one RBM a layer. A layer that will have two neighbours has one in its RBM, so
what it hears is doubled there (`mirrored`). Then the whole machine is trained with mean field on the data
and persistent chains for the model.
[salakhutdinov2009deep], [srivastava2012multimodal], [srivastava2014multimodal]
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data
from torch import Tensor

from cmlearn._validate import require, require_counts
from cmlearn.matching._binary import seeded, units
from cmlearn.matching.boltzmann import BoltzmannMachine, Layers, mirrored
from cmlearn.matching.pcd import train_pcd

__all__ = ["DBM", "MultimodalDBM"]


class _Deep(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What both estimators share: how a machine, or one layer of it, is trained."""

    machine_: BoltzmannMachine
    n_iter: int
    pretrain_iter: int
    learning_rate: float
    batch_size: int
    mean_field_steps: int
    device: str | torch.device
    _generator: torch.Generator

    def _train(
        self,
        machine: BoltzmannMachine,
        data: Mapping[int, Float[Tensor, "sample _"]],
        epochs: int,
        mean_field_steps: int,
    ) -> Layers:
        return train_pcd(
            machine,
            data,
            epochs=epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            chains=self.batch_size,
            mean_field_steps=mean_field_steps,
            generator=self._generator,
        )

    def _bottom(self, visible: Float[Tensor, "sample visible"], hidden: int) -> BoltzmannMachine:
        """The RBM visible - hidden - visible: the hidden layer, later between two others, hears double."""
        machine = mirrored((visible.shape[1], hidden), generator=self._generator, device=self.device)
        self._train(machine, {0: visible, 2: visible}, self.pretrain_iter, mean_field_steps=1)
        return machine

    def _top(self, below: Float[Tensor, "sample below"], top: int) -> BoltzmannMachine:
        """The RBM top - below - top: here it is the layer below that hears double."""
        machine = mirrored((top, below.shape[1]), generator=self._generator, device=self.device)
        self._train(machine, {1: below}, self.pretrain_iter, mean_field_steps=1)
        return machine

    def _check_settings(self) -> None:
        require(self.pretrain_iter >= 0, "pretrain_iter", "a number >= 0", self.pretrain_iter)
        require_counts(mean_field_steps=self.mean_field_steps)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class DBM(_Deep):
    r"""Deep Boltzmann machine: visible units and two hidden layers.

    $$E(v, h^1, h^2) = -b^\top v - b_1^\top h^1 - b_2^\top h^2 - v^\top W_0 h^1 - h^{1\top} W_1 h^2$$

    The posterior of $h^1$ depends on what is below *and* above, so the positive phase is mean field.
    Pretraining trains $v - h^1$ and $h^1 - h^2$ as RBMs in which $h^1$ hears double, and halves its two
    biases. The learning rate falls linearly to zero in each stage. [salakhutdinov2009deep]

    Args:
        hidden: units of the two hidden layers, from the data up.
        learning_rate: of the first step of each stage.
        batch_size: rows a step, and the number of persistent chains.
        n_iter: passes over the data with the whole machine.
        pretrain_iter: passes over the data with each RBM; 0 for no pretraining.
        mean_field_steps: sweeps of mean field.
        random_state: seed of weights, batches and samples.
        device: of PyTorch, such as `"cuda"`.

    Attributes:
        machine_: the three-layer `BoltzmannMachine`.
        chains_: the states of the persistent chains after training, one (chain, units) tensor a layer.

    Raises:
        ValueError: from `fit`, if a value is outside [0, 1], `hidden` is not two numbers, or a setting is too
            small.

    Example:
        >>> import numpy as np
        >>> X = np.repeat([[0, 0, 1, 1], [1, 1, 0, 0]], 50, axis=0)
        >>> model = DBM((4, 2), batch_size=20, random_state=0).fit(X)
        >>> model.transform(X).shape
        (100, 2)
    """

    def __init__(
        self,
        hidden: tuple[int, int] = (64, 32),
        *,
        learning_rate: float = 0.05,
        batch_size: int = 100,
        n_iter: int = 20,
        pretrain_iter: int = 20,
        mean_field_steps: int = 10,
        random_state: int | np.random.RandomState | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.pretrain_iter = pretrain_iter
        self.mean_field_steps = mean_field_steps
        self.random_state = random_state
        self.device = device

    def fit(self, X: ArrayLike, y: Any = None) -> "DBM":
        """Pretrain layer by layer, then train the whole.

        Args:
            X: (sample, visible), in [0, 1].
            y: ignored.

        Returns:
            The estimator.
        """
        require(len(self.hidden) == 2, "hidden", "two numbers", self.hidden)
        self._check_settings()
        visible = units(validate_data(self, X, dtype=np.float32), "X", self.device)
        self._generator = seeded(self.random_state, self.device)
        sizes = [visible.shape[1], *self.hidden]
        self.machine_ = BoltzmannMachine.random(sizes, generator=self._generator, device=self.device)
        if self.pretrain_iter:
            self._pretrain(visible)
        self.chains_ = self._train(self.machine_, {0: visible}, self.n_iter, self.mean_field_steps)
        return self

    def mean_field(self, X: ArrayLike) -> Layers:
        """The visible states and the means of both hidden layers, one (sample, units) tensor each.

        Args:
            X: (sample, visible), in [0, 1].
        """
        check_is_fitted(self)
        visible = units(validate_data(self, X, dtype=np.float32, reset=False), "X", self.device)
        return self.machine_.mean_field({0: visible}, self.mean_field_steps)

    def transform(self, X: ArrayLike) -> Float[np.ndarray, "sample top"]:
        """Mean-field probabilities of the top layer, (sample, top).

        Args:
            X: (sample, visible), in [0, 1].
        """
        return self.mean_field(X)[2].cpu().numpy()

    def _pretrain(self, visible: Float[Tensor, "sample visible"]) -> None:
        first, second = self.hidden
        bottom = self._bottom(visible, first)
        top = self._top(bottom.mean_field({0: visible, 2: visible}, 1)[1], second)
        weights = [bottom.weights[0], top.weights[1]]
        biases = [bottom.biases[0], (bottom.biases[1] + top.biases[1]) / 2, top.biases[2]]
        _assign(self.machine_, weights, biases)

    @property
    def _n_features_out(self) -> int:
        return int(self.hidden[1])


class MultimodalDBM(_Deep):
    r"""One Boltzmann machine over two modalities: $x_1 - h - j - h' - x_2$ with a joint layer $j$.

    It learns $p(x_1, x_2)$ and does not know which of the two is the question. Clamp both, one or none: mean
    field gives the means of what is missing (`fill`), Gibbs sampling draws it (`sample`), and the joint layer
    has a value in each case (`transform`). Here all units are binary; the papers have Gaussian units for
    pictures and word counts for texts. [srivastava2012multimodal], [srivastava2014multimodal]

    Args:
        hidden: units of the hidden layer of each modality.
        joint: units of the joint layer.
        learning_rate: of the first step of each stage.
        batch_size: rows a step, and the number of persistent chains.
        n_iter: passes over the data with the whole machine.
        pretrain_iter: passes over the data with each RBM; 0 for no pretraining.
        mean_field_steps: sweeps of mean field.
        random_state: seed of weights, batches and samples.
        device: of PyTorch, such as `"cuda"`.

    Attributes:
        machine_: the five-layer `BoltzmannMachine`.
        chains_: the states of the persistent chains after training, one (chain, units) tensor a layer.

    Raises:
        ValueError: from `fit`, if the modalities are not paired, a value is outside [0, 1], or a setting is
            too small.

    Example:
        >>> import numpy as np
        >>> bit = np.random.default_rng(0).integers(0, 2, size=(200, 1))
        >>> X, y = np.hstack([bit, 1 - bit] * 2), np.hstack([bit, bit])  # the second tells the first
        >>> settings = {"learning_rate": 0.2, "n_iter": 100, "pretrain_iter": 100, "random_state": 0}
        >>> model = MultimodalDBM((8, 8), 4, **settings).fit(X, y)
        >>> X_filled, y_filled = model.fill(X=[[1, 0, 1, 0], [0, 1, 0, 1]])
        >>> y_filled.round()
        array([[1., 1.],
               [0., 0.]], dtype=float32)
    """

    def __init__(
        self,
        hidden: tuple[int, int] = (64, 64),
        joint: int = 64,
        *,
        learning_rate: float = 0.05,
        batch_size: int = 100,
        n_iter: int = 20,
        pretrain_iter: int = 20,
        mean_field_steps: int = 10,
        random_state: int | np.random.RandomState | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.hidden = hidden
        self.joint = joint
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.pretrain_iter = pretrain_iter
        self.mean_field_steps = mean_field_steps
        self.random_state = random_state
        self.device = device

    def fit(self, X: ArrayLike, y: ArrayLike) -> "MultimodalDBM":
        """Pretrain both pathways and the joint layer, then train the whole.

        Args:
            X: first modality, (sample, first), in [0, 1].
            y: second modality, (sample, second), in [0, 1]; row by row the partner of `X`.

        Returns:
            The estimator.
        """
        require(len(self.hidden) == 2, "hidden", "two numbers", self.hidden)
        self._check_settings()
        X, y = validate_data(self, X, y, dtype=np.float32, multi_output=True, y_numeric=True)
        first = units(np.asarray(X), "X", self.device)
        second = units(_table(np.asarray(y)), "y", self.device)
        self.n_targets_in_ = second.shape[1]
        self._generator = seeded(self.random_state, self.device)
        left, right = self.hidden
        sizes = [first.shape[1], left, self.joint, right, second.shape[1]]
        self.machine_ = BoltzmannMachine.random(sizes, generator=self._generator, device=self.device)
        if self.pretrain_iter:
            self._pretrain(first, second)
        data = {0: first, 4: second}
        self.chains_ = self._train(self.machine_, data, self.n_iter, self.mean_field_steps)
        return self

    def mean_field(self, X: ArrayLike | None = None, y: ArrayLike | None = None) -> Layers:
        """All five layers, (sample, units) each: what is given as it is, and the means of all else.

        Args:
            X: first modality, (sample, first), or `None` where it is missing.
            y: second modality, (sample, second), or `None`.

        Raises:
            ValueError: if both are missing, or their numbers of rows differ.
        """
        return self.machine_.mean_field(self._given(X, y), self.mean_field_steps)

    def transform(self, X: ArrayLike | None, y: ArrayLike | None = None) -> Float[np.ndarray, "sample joint"]:
        """Mean-field probabilities of the joint layer, (sample, joint).

        Args:
            X: first modality, (sample, first), or `None` where it is missing.
            y: second modality, (sample, second), or `None`.
        """
        return self.mean_field(X, y)[2].cpu().numpy()

    def fill(self, X: ArrayLike | None = None, y: ArrayLike | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Both modalities, the missing one as its mean-field probabilities.

        Args:
            X: first modality, (sample, first), or `None` where it is missing.
            y: second modality, (sample, second), or `None`.
        """
        states = self.mean_field(X, y)
        return states[0].cpu().numpy(), states[4].cpu().numpy()

    def sample(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        steps: int = 200,
        random_state: int | np.random.RandomState | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Both modalities, the missing one drawn by Gibbs sampling with the other clamped.

        Each row walks on its own, from fair coins.

        Args:
            X: first modality, (sample, first), or `None` where it is missing.
            y: second modality, (sample, second), or `None`.
            steps: sweeps.
            random_state: seed of the samples.

        Returns:
            What was given, and for what was missing the probabilities from which the last sweep drew.
        """
        given, generator = self._given(X, y), seeded(random_state, self.device)
        rows = len(next(iter(given.values())))
        states = self.machine_.draw(rows, generator)
        for layer, values in given.items():
            states[layer] = values
        states = self.machine_.gibbs(states, clamped=given, steps=steps, generator=generator)
        both = [given.get(layer, self._mean(layer, states)) for layer in (0, 4)]
        return both[0].cpu().numpy(), both[1].cpu().numpy()

    @torch.no_grad()
    def _mean(self, layer: int, states: Layers) -> Float[Tensor, "sample _"]:
        return self.machine_.total_input(layer, states).sigmoid()

    def _given(self, X: ArrayLike | None, y: ArrayLike | None) -> dict[int, Float[Tensor, "sample _"]]:
        check_is_fitted(self)
        require(X is not None or y is not None, "X, y", "at least one modality", "neither")
        given = {}
        if X is not None:
            X = validate_data(self, X, dtype=np.float32, reset=False)
            given[0] = units(np.asarray(X), "X", self.device)
        if y is not None:
            table = _table(check_array(y, dtype=np.float32, ensure_2d=False, input_name="y"))
            columns = self.n_targets_in_
            require(table.shape[1] == columns, "y", f"{columns} column(s)", table.shape[1])
            given[4] = units(table, "y", self.device)
        rows = {len(values) for values in given.values()}
        require(len(rows) == 1, "y", "as many rows as `X`", sorted(rows))
        return given

    def _pretrain(self, first: Float[Tensor, "sample first"], second: Float[Tensor, "sample second"]) -> None:
        left, right = (
            self._bottom(visible, size) for visible, size in zip((first, second), self.hidden, strict=True)
        )
        below = [
            machine.mean_field({0: visible, 2: visible}, 1)[1]
            for machine, visible in ((left, first), (right, second))
        ]
        top = self._top(torch.cat(below, dim=1), self.joint)
        up, down = torch.split(top.weights[1], list(self.hidden))
        middle = torch.split(top.biases[1], list(self.hidden))
        weights = [left.weights[0], up, down.T, right.weights[1]]
        biases = [
            left.biases[0],
            (left.biases[1] + middle[0]) / 2,
            top.biases[0],
            (right.biases[1] + middle[1]) / 2,
            right.biases[0],
        ]
        _assign(self.machine_, weights, biases)

    @property
    def _n_features_out(self) -> int:
        return int(self.joint)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = True
        return tags


@torch.no_grad()
def _assign(machine: BoltzmannMachine, weights: list[Tensor], biases: list[Tensor]) -> None:
    for old, new in zip([*machine.weights, *machine.biases], [*weights, *biases], strict=True):
        old.copy_(new)


def _table(y: np.ndarray) -> Float[np.ndarray, "sample second"]:
    table = np.asarray(y, dtype=np.float32)
    return table.reshape(-1, 1) if table.ndim == 1 else table
