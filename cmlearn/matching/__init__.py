"""Feature matching: losses, encoders and measures that put two modalities into one space."""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.matching.bilinear import BilinearCNN as BilinearCNN
    from cmlearn.matching.bilinear import BilinearPooling as BilinearPooling
    from cmlearn.matching.bilinear import CompactBilinear as CompactBilinear
    from cmlearn.matching.bilinear import CountSketch as CountSketch
    from cmlearn.matching.bilinear import bilinear_pool as bilinear_pool
    from cmlearn.matching.bilinear import circular_convolution as circular_convolution
    from cmlearn.matching.bilinear import signed_sqrt as signed_sqrt
    from cmlearn.matching.boltzmann import BoltzmannMachine as BoltzmannMachine
    from cmlearn.matching.boltzmann import mirrored as mirrored
    from cmlearn.matching.cca import CCA as CCA
    from cmlearn.matching.cca import KernelCCA as KernelCCA
    from cmlearn.matching.contrastive import HardestHinge as HardestHinge
    from cmlearn.matching.contrastive import InfoNCE as InfoNCE
    from cmlearn.matching.contrastive import SigLIP as SigLIP
    from cmlearn.matching.contrastive import gather as gather
    from cmlearn.matching.contrastive import hinge as hinge
    from cmlearn.matching.contrastive import info_nce as info_nce
    from cmlearn.matching.contrastive import siglip as siglip
    from cmlearn.matching.cross_modal_learning import CrossModalLearner as CrossModalLearner
    from cmlearn.matching.cross_modal_learning import PerView as PerView
    from cmlearn.matching.cross_modal_learning import Setting as Setting
    from cmlearn.matching.cross_modal_learning import SharedSpace as SharedSpace
    from cmlearn.matching.dbm import DBM as DBM
    from cmlearn.matching.dbm import MultimodalDBM as MultimodalDBM
    from cmlearn.matching.dcca import DCCAELoss as DCCAELoss
    from cmlearn.matching.dcca import DCCALoss as DCCALoss
    from cmlearn.matching.dcca import DeepCCA as DeepCCA
    from cmlearn.matching.dcca import dcca_loss as dcca_loss
    from cmlearn.matching.dcca import dccae_loss as dccae_loss
    from cmlearn.matching.deep_hashing import DeepHash as DeepHash
    from cmlearn.matching.deep_hashing import HashingLoss as HashingLoss
    from cmlearn.matching.deep_hashing import hashing_loss as hashing_loss
    from cmlearn.matching.dual_encoder import ConvEncoder as ConvEncoder
    from cmlearn.matching.dual_encoder import DualEncoder as DualEncoder
    from cmlearn.matching.dual_encoder import NgramEncoder as NgramEncoder
    from cmlearn.matching.dual_encoder import NgramTokenizer as NgramTokenizer
    from cmlearn.matching.dual_encoder import PairLoss as PairLoss
    from cmlearn.matching.geometry import alignment as alignment
    from cmlearn.matching.geometry import modality_gap as modality_gap
    from cmlearn.matching.geometry import uniformity as uniformity
    from cmlearn.matching.geometry import uniformity_of_random_points as uniformity_of_random_points
    from cmlearn.matching.hashing import CCAITQ as CCAITQ
    from cmlearn.matching.hashing import Quantization as Quantization
    from cmlearn.matching.hashing import hamming_distances as hamming_distances
    from cmlearn.matching.hashing import iterative_quantization as iterative_quantization
    from cmlearn.matching.hashing import pack_bits as pack_bits
    from cmlearn.matching.hypersphere import AngularSoftmax as AngularSoftmax
    from cmlearn.matching.hypersphere import SphereConv2d as SphereConv2d
    from cmlearn.matching.hypersphere import SphereLinear as SphereLinear
    from cmlearn.matching.hypersphere import angle as angle
    from cmlearn.matching.hypersphere import angular_response as angular_response
    from cmlearn.matching.hypersphere import angular_softmax as angular_softmax
    from cmlearn.matching.hypersphere import cosine_conv2d as cosine_conv2d
    from cmlearn.matching.hypersphere import cosine_linear as cosine_linear
    from cmlearn.matching.likelihood import ais_log_z as ais_log_z
    from cmlearn.matching.likelihood import exact_log_z as exact_log_z
    from cmlearn.matching.likelihood import log_likelihood as log_likelihood
    from cmlearn.matching.likelihood import negative_free_energy as negative_free_energy
    from cmlearn.matching.likelihood import variational_bound as variational_bound
    from cmlearn.matching.pcd import pcd_step as pcd_step
    from cmlearn.matching.pcd import train_pcd as train_pcd
    from cmlearn.matching.protonet import EpisodeLoss as EpisodeLoss
    from cmlearn.matching.protonet import Episodes as Episodes
    from cmlearn.matching.protonet import PrototypicalNetwork as PrototypicalNetwork
    from cmlearn.matching.protonet import prototypes as prototypes
    from cmlearn.matching.rbm import RBM as RBM

_NAMES = {
    "BilinearCNN": "bilinear",
    "BilinearPooling": "bilinear",
    "CompactBilinear": "bilinear",
    "CountSketch": "bilinear",
    "bilinear_pool": "bilinear",
    "circular_convolution": "bilinear",
    "signed_sqrt": "bilinear",
    "BoltzmannMachine": "boltzmann",
    "mirrored": "boltzmann",
    "CCA": "cca",
    "KernelCCA": "cca",
    "HardestHinge": "contrastive",
    "InfoNCE": "contrastive",
    "SigLIP": "contrastive",
    "gather": "contrastive",
    "hinge": "contrastive",
    "info_nce": "contrastive",
    "siglip": "contrastive",
    "CrossModalLearner": "cross_modal_learning",
    "PerView": "cross_modal_learning",
    "Setting": "cross_modal_learning",
    "SharedSpace": "cross_modal_learning",
    "DBM": "dbm",
    "MultimodalDBM": "dbm",
    "DCCAELoss": "dcca",
    "DCCALoss": "dcca",
    "DeepCCA": "dcca",
    "dcca_loss": "dcca",
    "dccae_loss": "dcca",
    "DeepHash": "deep_hashing",
    "HashingLoss": "deep_hashing",
    "hashing_loss": "deep_hashing",
    "ConvEncoder": "dual_encoder",
    "DualEncoder": "dual_encoder",
    "NgramEncoder": "dual_encoder",
    "NgramTokenizer": "dual_encoder",
    "PairLoss": "dual_encoder",
    "alignment": "geometry",
    "modality_gap": "geometry",
    "uniformity": "geometry",
    "uniformity_of_random_points": "geometry",
    "CCAITQ": "hashing",
    "Quantization": "hashing",
    "hamming_distances": "hashing",
    "iterative_quantization": "hashing",
    "pack_bits": "hashing",
    "AngularSoftmax": "hypersphere",
    "SphereConv2d": "hypersphere",
    "SphereLinear": "hypersphere",
    "angle": "hypersphere",
    "angular_response": "hypersphere",
    "angular_softmax": "hypersphere",
    "cosine_conv2d": "hypersphere",
    "cosine_linear": "hypersphere",
    "ais_log_z": "likelihood",
    "exact_log_z": "likelihood",
    "log_likelihood": "likelihood",
    "negative_free_energy": "likelihood",
    "variational_bound": "likelihood",
    "pcd_step": "pcd",
    "train_pcd": "pcd",
    "EpisodeLoss": "protonet",
    "Episodes": "protonet",
    "PrototypicalNetwork": "protonet",
    "prototypes": "protonet",
    "RBM": "rbm",
}
_MODULES = {
    "bilinear",
    "boltzmann",
    "cca",
    "contrastive",
    "dbm",
    "dcca",
    "dual_encoder",
    "geometry",
    "likelihood",
    "pcd",
    "rbm",
}

__all__ = sorted({*_NAMES, *_MODULES})
__getattr__, __dir__ = lazy(__name__, _NAMES, _MODULES)
