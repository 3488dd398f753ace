"""One case for every path that the catalogue implements: how to build it, and a batch to call it with.

To add a module, list its path in `cmlearn.catalog` and give it a case here; `test_contract.py` does the rest.
`make` returns what is called: a module, a function, or a fitted estimator's method. Tensors, arrays and dicts
of them among the `inputs` have the batch first; anything else is passed as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cmlearn import embedding, matching, metrics, video

BATCH = 8


@dataclass(frozen=True)
class Case:
    """What to call, and with what; `exempt` maps a check to the reason why it does not apply."""

    make: Callable[[], Callable[..., Any]]
    inputs: Callable[[], tuple[Any, ...]]
    exempt: Mapping[str, str] = field(default_factory=dict)


def codes(*dims: int) -> tuple[torch.Tensor, ...]:
    return tuple(F.normalize(torch.randn(BATCH, dim)) for dim in dims)


def rises(clips: torch.Tensor) -> tuple[float, ...]:
    """Both probes of a score that reads the order: how much brighter the last frame is than the first."""
    generator = torch.Generator().manual_seed(0)
    return video.probe_order(lambda x: (x[:, :, -1] - x[:, :, 0]).mean().item(), clips, generator=generator)


def modalities(**dims: int) -> dict[str, torch.Tensor]:
    return {name: torch.randn(BATCH, dim) for name, dim in dims.items()}


def prototypical_network() -> nn.Module:
    return matching.PrototypicalNetwork(nn.Linear(6, 4), metric="cosine", learn_scale=True)


def pictures() -> torch.Tensor:
    return torch.randint(256, (BATCH, 32, 32, 3), dtype=torch.uint8)


def tokens() -> torch.Tensor:
    return torch.randint(50, (BATCH, 6))


def two_towers() -> nn.Module:
    encoders = {
        "image": matching.ConvEncoder(16, width=4),
        "name": matching.NgramEncoder(16, width=8, buckets=50),
    }
    return matching.DualEncoder(encoders)


def bilinear_cnn() -> nn.Module:
    return matching.BilinearCNN(nn.Conv2d(3, 8, 3), nn.Conv2d(3, 6, 3), features=48, classes=5)


def deep_cca() -> nn.Module:
    return matching.dcca.DeepCCA({"x": nn.Linear(6, 3), "y": nn.Linear(5, 3)})


def deep_hash() -> nn.Module:
    return matching.DeepHash({"x": nn.Linear(6, 4), "y": nn.Linear(5, 4)})


def fitted(estimator: Any) -> Callable[..., Any]:
    """The `transform` of an estimator fitted to two views."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(60, 5))
    return estimator.fit(x, x[:, :3] + generator.normal(size=(60, 3))).transform


def cross_modal_learner() -> Callable[..., Any]:
    """The `predict` of a classifier that reads two views."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(60, 5))
    views = {"x": x, "y": x[:, :3] + generator.normal(size=(60, 3))}
    model = matching.CrossModalLearner(matching.Setting.fusion("x", "y"), matching.SharedSpace(2))
    return model.learn_features(views).fit(views, (x[:, 0] > 0).astype(int)).predict


def sparse(estimator: Any) -> Callable[..., np.ndarray]:
    """The `transform` of a fitted estimator, its sparse result made dense."""
    return lambda x: estimator.transform(x).toarray()


def recordings() -> torch.Tensor:
    """Recordings of different lengths, NaN after their ends."""
    return embedding.pad_series([torch.randn(12 + i, 6) for i in range(BATCH)])


def documents() -> np.ndarray:
    return np.array([f"a dog bites man number {i % 3}" for i in range(BATCH)])


def word_lookup() -> Callable[[np.ndarray], np.ndarray]:
    """The vectors of words, by a fitted Word2Vec."""
    vectors = embedding.Word2Vec(dim=4, min_count=1, epochs=1).fit([["a", "b"], ["b", "c"], ["c", "a"]])
    return lambda words: np.stack([vectors.vectors[word] for word in words])


def glove_lookup() -> Callable[[np.ndarray], np.ndarray]:
    """The vectors of words, by a fitted GloVe."""
    model = embedding.GloVe(4, min_count=1, epochs=1).fit([["a", "b"], ["b", "c"], ["c", "a"]])
    return lambda words: np.stack([model.vectors[word] for word in words])


def spelt_lookup(estimator: Any) -> Callable[[np.ndarray], np.ndarray]:
    """The vectors of any words, by a model that reads their spelling."""
    model = estimator.fit([["ab", "bcd"], ["bcd", "cab"], ["cab", "ab"]])
    return lambda words: model.transform(words.tolist())


def spellings() -> torch.Tensor:
    """Words of six characters and two marks, so that none is 0."""
    return 1 + torch.randint(9, (BATCH, 8))


def glove_cells() -> tuple[torch.Tensor, ...]:
    """What `glove_loss` takes of some cells: two vectors, two biases, a count."""
    return (*torch.randn(2, BATCH, 4), *torch.randn(2, BATCH), 50 + 100 * torch.rand(BATCH))


def sentence_lookup() -> Callable[[np.ndarray], np.ndarray]:
    """The vectors of texts, by the vectors of their words."""
    words = embedding.WordVectors(["a", "dog", "bites"], np.eye(3, 4), counts=[9, 2, 1])
    encoder = embedding.SentenceEncoder(words, smoothing=0.1)
    return lambda texts: encoder(texts.tolist()).numpy()


def token_lists() -> np.ndarray:
    """Documents of one length as an array of objects, so that rows can be taken."""
    return np.array([["a", "dog", "bites", f"man{i % 3}"] for i in range(BATCH)], dtype=object)


def doc2vec(documents: np.ndarray) -> np.ndarray:
    """The vectors of new documents, from a model of a few steps."""
    model = embedding.Doc2Vec(4, epochs=2, random_state=0, device="cpu")
    return model.fit(token_lists().tolist()).transform(documents.tolist())


def bags() -> np.ndarray:
    return np.random.default_rng(0).integers(3, size=(BATCH, 6))


def visual_words() -> Any:
    return embedding.VisualWords(4, patch=4, stride=4, random_state=0).fit(pictures().numpy())


def fitted_to_units(estimator: Any) -> Callable[..., Any]:
    """The `transform` of an estimator fitted to binary units, of two modalities where it takes them."""
    generator = np.random.default_rng(0)
    return estimator.fit(*generator.integers(2, size=(2, 40, 5))).transform


def units() -> tuple[np.ndarray]:
    return (np.random.default_rng(1).random((BATCH, 5)),)


def samples() -> tuple[np.ndarray]:
    return (np.random.default_rng(1).normal(size=(BATCH, 5)),)


def scores() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(BATCH, 20))


def relevant() -> np.ndarray:
    return np.random.default_rng(1).random((BATCH, 20)) < 0.2


SAMPLED = dict.fromkeys(("gradient", "autocast", "devices"), "learns by sampling and returns arrays")
NUMPY = dict.fromkeys(("gradient", "autocast", "devices"), "computes in NumPy")
TWO_ROWS = {"batch_of_one": "needs at least two rows"}

CASES: dict[str, Case] = {
    "cmlearn.embedding.bag_of_words.BagOfWords": Case(
        lambda: sparse(embedding.BagOfWords().fit(documents())), lambda: (documents(),), NUMPY
    ),
    "cmlearn.embedding.bag_of_words.TfIdf": Case(
        lambda: sparse(embedding.TfIdf().fit(bags())), lambda: (bags(),), NUMPY
    ),
    "cmlearn.embedding.bag_of_words.VisualWords": Case(
        lambda: sparse(visual_words()), lambda: (pictures().numpy(),), NUMPY
    ),
    "cmlearn.embedding.char2vec.Char2Vec": Case(
        lambda: spelt_lookup(embedding.Char2Vec(4, min_count=1, epochs=1)),
        lambda: (np.random.default_rng(0).choice(["ab", "bcd", "new"], BATCH),),
        NUMPY,
    ),
    "cmlearn.embedding.char2vec.SplitEncoder": Case(
        lambda: embedding.SplitEncoder(10, 4, width=3, hidden=5), lambda: (spellings(),)
    ),
    "cmlearn.embedding.devise.DeViSE": Case(
        lambda: embedding.DeViSE(nn.Linear(6, 4), torch.eye(5, 4)), lambda: (torch.randn(BATCH, 6),)
    ),
    "cmlearn.embedding.fasttext.FastText": Case(
        lambda: spelt_lookup(embedding.FastText(4, min_count=1, epochs=1)),
        lambda: (np.random.default_rng(0).choice(["ab", "bcd", "new"], BATCH),),
        NUMPY,
    ),
    "cmlearn.embedding.glove.GloVe": Case(
        glove_lookup, lambda: (np.random.default_rng(0).choice(list("abc"), BATCH),), NUMPY
    ),
    "cmlearn.embedding.glove.glove_loss": Case(lambda: embedding.glove_loss, glove_cells),
    "cmlearn.embedding.semantic_encoder.SemanticEncoder": Case(
        lambda: embedding.SemanticEncoder(nn.Linear(6, 4)), lambda: (torch.randn(BATCH, 6),)
    ),
    "cmlearn.embedding.semantic_encoder.SentenceEncoder": Case(
        sentence_lookup, lambda: (documents(),), NUMPY
    ),
    "cmlearn.embedding.semantic_encoder.SeriesEncoder": Case(
        lambda: embedding.SeriesEncoder(6, 4, width=8), lambda: (recordings(),)
    ),
    "cmlearn.embedding.word2vec.Word2Vec": Case(
        word_lookup, lambda: (np.random.default_rng(0).choice(list("abc"), BATCH),), NUMPY
    ),
    "cmlearn.embedding.doc2vec.Doc2Vec": Case(lambda: doc2vec, lambda: (token_lists(),), NUMPY),
    "cmlearn.matching.bilinear.BilinearCNN": Case(bilinear_cnn, lambda: (torch.randn(BATCH, 3, 8, 8),)),
    "cmlearn.matching.bilinear.CompactBilinear": Case(
        lambda: matching.CompactBilinear(12, 9, 16), lambda: (torch.randn(BATCH, 12), torch.randn(BATCH, 9))
    ),
    "cmlearn.matching.cca.CCA": Case(lambda: fitted(matching.cca.CCA(2)), samples, NUMPY),
    "cmlearn.matching.cca.KernelCCA": Case(lambda: fitted(matching.cca.KernelCCA(2)), samples, NUMPY),
    "cmlearn.matching.contrastive.HardestHinge": Case(matching.HardestHinge, lambda: codes(16, 16)),
    "cmlearn.matching.contrastive.InfoNCE": Case(matching.InfoNCE, lambda: codes(16, 16)),
    "cmlearn.matching.contrastive.SigLIP": Case(matching.SigLIP, lambda: codes(16, 16)),
    "cmlearn.matching.cross_modal_learning.CrossModalLearner": Case(
        cross_modal_learner, lambda: (modalities(x=5, y=3),), NUMPY
    ),
    "cmlearn.matching.dbm.DBM": Case(
        lambda: fitted_to_units(matching.DBM((4, 3), n_iter=2, pretrain_iter=2)), units, SAMPLED
    ),
    "cmlearn.matching.dbm.MultimodalDBM": Case(
        lambda: fitted_to_units(matching.MultimodalDBM((4, 4), 3, n_iter=2, pretrain_iter=2)), units, SAMPLED
    ),
    "cmlearn.matching.dcca.DCCAELoss": Case(
        matching.dcca.DCCAELoss,
        lambda: (modalities(x=2, y=2), modalities(x=6, y=5), modalities(x=6, y=5)),
        TWO_ROWS | {"missing_modality": "`codes` says which two modalities there are"},
    ),
    "cmlearn.matching.dcca.DCCALoss": Case(matching.dcca.DCCALoss, lambda: codes(3, 2), TWO_ROWS),
    "cmlearn.matching.dcca.DeepCCA": Case(deep_cca, lambda: (modalities(x=6, y=5),)),
    "cmlearn.matching.deep_hashing.DeepHash": Case(deep_hash, lambda: (modalities(x=6, y=5),)),
    "cmlearn.matching.deep_hashing.HashingLoss": Case(matching.HashingLoss, lambda: codes(16, 16)),
    "cmlearn.matching.dual_encoder.ConvEncoder": Case(
        lambda: matching.ConvEncoder(16, width=4), lambda: (pictures(),)
    ),
    "cmlearn.matching.dual_encoder.DualEncoder": Case(
        two_towers, lambda: ({"image": pictures(), "name": tokens()},)
    ),
    "cmlearn.matching.dual_encoder.NgramEncoder": Case(
        lambda: matching.NgramEncoder(16, width=8, buckets=50), lambda: (tokens(),)
    ),
    "cmlearn.matching.geometry.alignment": Case(lambda: matching.alignment, lambda: codes(16, 16)),
    "cmlearn.matching.geometry.modality_gap": Case(lambda: matching.modality_gap, lambda: codes(16, 16)),
    "cmlearn.matching.geometry.uniformity": Case(lambda: matching.uniformity, lambda: codes(16), TWO_ROWS),
    "cmlearn.matching.hashing.CCAITQ": Case(
        lambda: fitted(matching.CCAITQ(2, random_state=0)), samples, NUMPY
    ),
    "cmlearn.matching.hypersphere.AngularSoftmax": Case(
        lambda: matching.AngularSoftmax(6, 5, operator="sigmoid", margin=1.5),
        lambda: (torch.randn(BATCH, 6), torch.arange(BATCH) % 5),
    ),
    "cmlearn.matching.hypersphere.SphereConv2d": Case(
        lambda: matching.SphereConv2d(3, 4, 3, operator="sigmoid"), lambda: (torch.randn(BATCH, 3, 8, 8),)
    ),
    "cmlearn.matching.hypersphere.SphereLinear": Case(
        lambda: matching.SphereLinear(6, 4, operator="sigmoid"), lambda: (torch.randn(BATCH, 6),)
    ),
    "cmlearn.matching.rbm.RBM": Case(lambda: fitted_to_units(matching.RBM(4, n_iter=2)), units, SAMPLED),
    "cmlearn.matching.protonet.PrototypicalNetwork": Case(
        prototypical_network,
        lambda: (torch.randn(BATCH, 6), torch.randn(BATCH, 6), torch.arange(BATCH) // 2),
    ),
    "cmlearn.video.vnet.DiceLoss": Case(
        video.DiceLoss, lambda: (torch.randn(BATCH, 2, 4, 4), torch.rand(BATCH, 1, 4, 4) < 0.4)
    ),
    "cmlearn.video.vnet.VNet": Case(
        lambda: video.VNet(2, width=4, convolutions=(1, 1), kernel=3),
        lambda: (torch.randn(BATCH, 2, 4, 4, 4),),
    ),
    "cmlearn.metrics.ndcg": Case(lambda: metrics.ndcg, lambda: (scores(), relevant().astype(float)), NUMPY),
    "cmlearn.metrics.recall_at_k": Case(
        lambda: metrics.recall_at_k, lambda: (scores(), 5, relevant()), NUMPY
    ),
    "cmlearn.video.c3d.C3D": Case(
        lambda: video.C3D(5, shape=(3, 4, 8, 8), stages=((4,), (4,)), hidden=(6,), dropout=0.0),
        lambda: (torch.randn(BATCH, 3, 4, 8, 8),),
    ),
    "cmlearn.video.continuous_attention.ContinuousAttention": Case(
        lambda: video.ContinuousAttention(video.RadialBasis.grid(5, [0.1]), density="parabola"),
        lambda: (torch.randn(BATCH, 6, 4), torch.randn(BATCH, 6), torch.rand(BATCH, 6, 1)),
    ),
    "cmlearn.video.convlstm.ConvLSTM": Case(
        lambda: video.ConvLSTM(2, 3), lambda: (torch.randn(BATCH, 2, 4, 6, 6),)
    ),
    "cmlearn.video.convlstm.FrameForecaster": Case(
        lambda: video.FrameForecaster(1, 4, 3, layers=2, patch=2), lambda: (torch.rand(BATCH, 1, 4, 8, 8),)
    ),
    "cmlearn.video.convnet.ConvNet": Case(
        lambda: video.ConvNet(2, 3, [video.ConvLayer(3), video.ConvLayer(3, stride=2)], width=4),
        lambda: (torch.randn(BATCH, 2, 8, 8),),
    ),
    "cmlearn.video.convnet.TDNN": Case(
        lambda: video.TDNN(2, 3, depth=2, width=4), lambda: (torch.randn(BATCH, 2, 12),)
    ),
    "cmlearn.video.probes.probe_order": Case(
        lambda: rises,
        lambda: (torch.randn(BATCH, 3, 4, 2, 2),),
        {"gradient": "returns numbers", "permutation": "shuffles each clip by its place in the batch"},
    ),
    "cmlearn.video.r2plus1d.Conv2Plus1d": Case(
        lambda: video.Conv2Plus1d(3, 4, padding=1), lambda: (torch.randn(BATCH, 3, 4, 8, 8),)
    ),
    "cmlearn.video.r2plus1d.R2Plus1D": Case(
        lambda: video.R2Plus1D(
            5, widths=(4, 6), blocks=(1, 1), stem=nn.Conv3d(3, 4, 3, padding=1, bias=False)
        ),
        lambda: (torch.randn(BATCH, 3, 4, 8, 8),),
    ),
    "cmlearn.video.res3d.BasicBlock3d": Case(
        lambda: video.BasicBlock3d(3, 4, stride=2), lambda: (torch.randn(BATCH, 3, 4, 8, 8),)
    ),
    "cmlearn.video.res3d.Res3D": Case(
        lambda: video.Res3D(5, widths=(4, 6), blocks=(1, 1), stem=nn.Conv3d(3, 4, 3, padding=1, bias=False)),
        lambda: (torch.randn(BATCH, 3, 4, 8, 8),),
    ),
    "cmlearn.video.st_resnet.STResNet": Case(
        lambda: video.STResNet((2, 6, 6), lengths={"closeness": 2, "trend": 1}, width=4, units=1),
        lambda: ({"closeness": torch.randn(BATCH, 2, 2, 6, 6), "trend": torch.randn(BATCH, 1, 2, 6, 6)},),
    ),
    "cmlearn.video.temporal_matching.SoftDTW": Case(
        lambda: video.SoftDTW(0.5), lambda: (torch.randn(BATCH, 6, 3), torch.randn(BATCH, 5, 3))
    ),
    "cmlearn.video.temporal_matching.soft_dtw": Case(
        lambda: video.soft_dtw, lambda: (torch.rand(BATCH, 6, 5),)
    ),
    "cmlearn.video.temporal_shift.ShiftNet": Case(
        lambda: video.ShiftNet(5, width=8), lambda: (torch.randn(BATCH, 3, 4, 16, 16),)
    ),
    "cmlearn.video.temporal_shift.TemporalShift": Case(
        lambda: video.TemporalShift(1), lambda: (torch.randn(BATCH, 8, 4, 4),)
    ),
    "cmlearn.video.space_time_attention.STAM": Case(
        lambda: video.STAM(5, (3, 4, 16, 16), patch=8, dim=12, depth=1, temporal_depth=1, heads=2),
        lambda: (torch.randn(BATCH, 3, 4, 16, 16),),
    ),
    "cmlearn.video.space_time_attention.TimeSformer": Case(
        lambda: video.TimeSformer(5, (3, 4, 16, 16), patch=8, dim=12, depth=2, heads=2),
        lambda: (torch.randn(BATCH, 3, 4, 16, 16),),
    ),
    "cmlearn.video.spectral_temporal.TempCNN": Case(
        lambda: video.TempCNN(3, 10, 4, width=6, hidden=8, dropout=0.1), lambda: (torch.randn(BATCH, 3, 10),)
    ),
}
