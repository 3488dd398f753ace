"""The survey that this book follows, checked: every name in it, what the literature says, and what we build.

Plain data: importing this module loads neither PyTorch nor NumPy. The catalogue page, the correction notes in
the lessons and the contract suite are made from it.
"""

from dataclasses import dataclass
from enum import StrEnum

from cmlearn._validate import require_choice

__all__ = [
    "CORRECTIONS",
    "PARTS",
    "SECTIONS",
    "SYSTEMS",
    "TOPICS",
    "Correction",
    "Part",
    "System",
    "Topic",
    "Verdict",
    "implemented",
    "in_section",
    "readers_note",
    "system",
    "topic",
    "verdict_counts",
]


class Verdict(StrEnum):
    """What we found when we looked for a name of the survey in the literature.

    Example:
        >>> print(Verdict.NOT_FOUND)
        not found
    """

    REAL = "real"
    MISATTRIBUTED = "misattributed"
    NOT_FOUND = "not found"


@dataclass(frozen=True, kw_only=True)
class System:
    """One name of the survey: a system (keys `1` to `46`) or a concept (keys `C1` to `C8`).

    The keys 39 and 40 are missing because the survey names those two systems twice: they are 14 and 26.

    Args:
        key: Our number for it, in the survey's order.
        name: The survey's name for it.
        section: The survey's heading under which it first appears.
        verdict: Whether the literature knows it as the survey describes it.
        says: What the survey says.
        correction: What the literature says.
        builds: What we implement under this name.
        reference: The canonical work, a key of `references.bib`.
        further: Other works that the correction or the implementation rests on.
        family: The package that holds the implementation.
        implements: Dotted paths of what exists; empty while nothing does.
        lesson: The lesson that exists, such as `works/contrastive`.
        planned: The lesson that is planned, where its place is fixed.
        also: Further headings of the survey that name it.

    Example:
        >>> system("27").name
        'ConvLSTM'
    """

    key: str
    name: str
    section: str
    verdict: Verdict
    says: str
    correction: str
    builds: str
    reference: str
    family: str
    further: tuple[str, ...] = ()
    implements: tuple[str, ...] = ()
    lesson: str | None = None
    planned: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A trend that the survey names (keys `T1` to `T7`) or a subject that it leaves out (keys `M1` to `M25`).

    Args:
        key: Our number for it.
        name: The subject.
        sections: The survey's headings where it belongs.
        builds: What we implement, and how we check its claim.
        references: Keys of `references.bib`, the canonical work first.
        family: The package that holds the implementation.
        implements: Dotted paths of what exists; empty while nothing does.
        lesson: The lesson that exists.
        planned: The lesson that is planned, where its place is fixed.

    Example:
        >>> topic("M2").references[0]
        'zhai2023sigmoid'
    """

    key: str
    name: str
    sections: tuple[str, ...]
    builds: str
    references: tuple[str, ...]
    family: str
    implements: tuple[str, ...] = ()
    lesson: str | None = None
    planned: str | None = None


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A correction that holds for a whole heading of the survey, or for all of it (`section` is empty).

    Example:
        >>> [c.section for c in CORRECTIONS if c.section]
        ['3.2(3)', '4.3', '4.4', '5.1', '6']
    """

    section: str
    title: str
    text: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """Headings of the survey beside the two standard taxonomies of the field.

    Args:
        sections: The survey's headings.
        baltrusaitis: The challenge it belongs to in [baltrusaitis2019multimodal].
        liang: The challenge it belongs to in [liang2024foundations].
        systems: Keys of the systems and concepts.
        adds: Keys of the topics that a present-day reader expects there.

    Example:
        >>> [p.sections for p in PARTS if "M1" in p.adds]
        [('3.2(3)',), ('4.4',)]
    """

    sections: tuple[str, ...]
    baltrusaitis: str
    liang: str
    systems: tuple[str, ...]
    adds: tuple[str, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """The packages that hold this part's systems, in the systems' order.

        Example:
            >>> PARTS[1].families
            ('embedding',)
        """
        return tuple(dict.fromkeys(system(key).family for key in self.systems))


SECTIONS: dict[str, str] = {
    "2.1": "Cross-modal learning",
    "2.2": "Automatic semantic understanding and encoding",
    "2.3": "Representation learning and multi-task learning",
    "2.4": "Supervised and unsupervised learning",
    "2.5": "Attention",
    "2.6": "Spatio-temporal features",
    "2.7": "Joint knowledge",
    "3.1": "Modal interaction",
    "3.2(1)": "Attention-based learning",
    "3.2(2)": "Hybrid learning",
    "3.2(3)": "Mutual information learning",
    "3.3": "Multimodal modelling",
    "4.1": "LSTM and attention",
    "4.2": "C3D and its variants",
    "4.3": "Network embedding",
    "4.4": "Feature matching",
    "4.5": "Attention learning",
    "4.6": "Spatio-temporal learning",
    "4.7": "Joint knowledge learning",
    "5.1": "Embedding learning",
    "5.2": "Attention methods",
    "5.3": "Spatio-temporal methods",
    "5.4": "Joint knowledge methods",
    "6": "Trends",
}

_REAL, _MISATTRIBUTED, _NOT_FOUND = Verdict.REAL, Verdict.MISATTRIBUTED, Verdict.NOT_FOUND

SYSTEMS: tuple[System, ...] = (
    System(
        key="C1",
        name="Cross-modal learning",
        section="2.1",
        verdict=_MISATTRIBUTED,
        says="Proposed in 2009; the interaction between data of different modalities.",
        correction=(
            "It has no single inventor: canonical correlation (1936), the McGurk effect (1976), learning "
            "from two views (1992, 1993), cross-modal retrieval (2010) and multimodal deep learning (2011) "
            "each hold a part. It is a learning setting, not a property of data: Ngiam et al. separate "
            "multimodal fusion, cross-modality learning and shared representation learning."
        ),
        builds=(
            "A harness with Ngiam's three settings: which modality is present in feature learning, in "
            "training and in testing."
        ),
        reference="ngiam2011multimodal",
        further=(
            "hotelling1936relations",
            "mcgurk1976hearing",
            "becker1992self",
            "desa1993learning",
            "rasiwasia2010new",
        ),
        family="matching",
        implements=("cmlearn.matching.cross_modal_learning.CrossModalLearner",),
        lesson="concepts/cross-modal-learning",
    ),
    System(
        key="C2",
        name="AES",
        section="2.2",
        verdict=_NOT_FOUND,
        says=(
            "Automatic semantic understanding and encoding turns data into readable, easily understood text."
        ),
        correction=(
            "We found no publication under this name; AES is automated essay scoring, or the cipher. What is "
            "described is representation learning into a semantic vector space, and its codes are dense "
            "vectors that nobody reads."
        ),
        builds="One interface from word, sentence, image or sensor to a unit vector, and VSE++ on top of it.",
        reference="faghri2018vse",
        further=("frome2013devise", "kiros2014unifying", "reimers2019sentence"),
        family="embedding",
        implements=(
            "cmlearn.embedding.semantic_encoder.SemanticEncoder",
            "cmlearn.embedding.semantic_encoder.SentenceEncoder",
            "cmlearn.embedding.semantic_encoder.SeriesEncoder",
            "cmlearn.embedding.devise.DeViSE",
        ),
        lesson="concepts/semantic-encoding",
    ),
    System(
        key="C3",
        name="Representation learning and multi-task learning",
        section="2.3",
        verdict=_REAL,
        says="Two network structures.",
        correction=(
            "Neither is a network structure, and they are not alternatives: representation learning is a "
            "goal, multi-task learning a way to train, and one way to reach that goal."
        ),
        builds=(
            "Hard parameter sharing with uncertainty weights (Kendall et al.) and gradient surgery (PCGrad)."
        ),
        reference="caruana1997multitask",
        further=("bengio2013representation", "kendall2018multi", "yu2020gradient"),
        family="fusion",
    ),
    System(
        key="C4",
        name="Supervised and unsupervised learning",
        section="2.4",
        verdict=_REAL,
        says="Methods are supervised or unsupervised.",
        correction=(
            "True, but the regime that dominates cross-modal work is missing: self-supervision from the "
            "pairing of modalities (contrastive, masked, generative). So are weak supervision and "
            "semi-supervision."
        ),
        builds=(
            "One encoder under four losses (supervised, autoencoder, InfoNCE pairing, masked), probed with "
            "few to many labels."
        ),
        reference="radford2021learning",
        further=("oord2018representation", "he2022masked"),
        family="matching",
    ),
    System(
        key="C5",
        name="Attention",
        section="2.5",
        verdict=_REAL,
        says="Weights each time step by its importance.",
        correction=(
            "Attention averages the members of any set (steps, regions, channels, modalities), with weights "
            "that depend on a query."
        ),
        builds="Query-key-value attention over a set, beside the kernel regression it equals.",
        reference="bahdanau2015neural",
        further=("vaswani2017attention",),
        family="attention",
    ),
    System(
        key="C6",
        name="Spatio-temporal features",
        section="2.6",
        verdict=_REAL,
        says=(
            "Obtained by transforming different modalities to different degrees; texture and colour are "
            "examples."
        ),
        correction=(
            "The description does not tell a temporal feature from another one, and texture and colour at "
            "one moment are spatial only. A usable test: a feature is temporal if shuffling the frames "
            "changes it."
        ),
        builds="The two probes that every video lesson applies: shuffle the frames, reverse the frames.",
        reference="tran2015learning",
        further=("ji2013convolutional",),
        family="video",
        implements=("cmlearn.video.probes.probe_order",),
        lesson="concepts/spatiotemporal",
    ),
    System(
        key="C7",
        name="Joint knowledge",
        section="2.7",
        verdict=_NOT_FOUND,
        says=(
            "Knowledge that modalities share, as when a sign language joins gestures to the grammar of text."
        ),
        correction=(
            "We found no publication under this name; the field's terms are joint representation and "
            "co-learning. The example is wrong too: sign languages have grammars of their own."
        ),
        builds="Priors joined as a product of experts, checked against the Gaussian posterior.",
        reference="baltrusaitis2019multimodal",
        further=("wu2018multimodal",),
        family="fusion",
    ),
    System(
        key="C8",
        name="Modal interaction",
        section="3.1",
        verdict=_MISATTRIBUTED,
        says="The earliest topic; its models are LSTM, V-Net and C3D.",
        correction=(
            "None of these three models an interaction between modalities. Today interaction is measured: "
            "redundancy, uniqueness and synergy by partial information decomposition, and EMAP."
        ),
        builds="Partial information decomposition of discrete variables, and EMAP of any two-input model.",
        reference="liang2023quantifying",
        further=("williams2010nonnegative", "hessel2020does"),
        family="information",
    ),
    System(
        key="1",
        name="LSTM",
        section="3.1",
        also=("4.1",),
        verdict=_MISATTRIBUTED,
        says=(
            "A multimodal model, proposed for the long-tailed distribution of multimodal data after "
            "attention; its gates fuse modalities, and it is prone to vanishing gradients."
        ),
        correction=(
            "A sequence encoder from 1997, 17 years before additive attention. Its cell carries error across "
            "long time lags, which is the answer to vanishing gradients, and lag has nothing to do with a "
            "long tail. The 1997 cell has no forget gate; Gers et al. added it."
        ),
        builds=(
            "The LSTM cell with and without the forget gate, and early-fusion LSTM as a multimodal baseline."
        ),
        reference="hochreiter1997long",
        further=("gers2000learning", "greff2017lstm", "pascanu2013difficulty"),
        family="sequence",
    ),
    System(
        key="2",
        name="V-Net",
        section="3.1",
        verdict=_MISATTRIBUTED,
        says="A model of interaction between modalities.",
        correction=(
            "It segments the prostate in one MRI volume: one modality, a 3-D encoder-decoder and the Dice "
            "loss."
        ),
        builds="V-Net and the Dice loss, then two contrasts as two modalities, one of them dropped.",
        reference="milletari2016vnet",
        family="video",
        implements=("cmlearn.video.vnet.DiceLoss", "cmlearn.video.vnet.VNet"),
        lesson="hotspots/vnet",
    ),
    System(
        key="3",
        name="C3D",
        section="3.1",
        also=("4.2",),
        verdict=_MISATTRIBUTED,
        says="A multimodal model by Yang Qi et al. (2014), too complex and slow to train.",
        correction=(
            "The authors are Tran, Bourdev, Fergus, Torresani and Paluri, and the input is RGB video alone. "
            "Ji et al. had 3-D convolutions for actions before. The paper advertises fast inference."
        ),
        builds="C3D as published and small, with kernel depth as a choice.",
        reference="tran2015learning",
        further=("ji2013convolutional",),
        family="video",
        implements=("cmlearn.video.c3d.C3D",),
        lesson="works/c3d",
    ),
    System(
        key="4",
        name="MARNN",
        section="3.2(1)",
        verdict=_MISATTRIBUTED,
        says="Memory-augmented recurrent neural network: attention for multimodal data.",
        correction=(
            "The paper of that name learns formal languages from text, without attention over modalities. "
            "The idea meant here is the multi-attention recurrent network (MARN) or the memory fusion "
            "network (MFN)."
        ),
        builds="Stack-RNN (the name) and the memory fusion network (the idea).",
        reference="suzgun2019memory",
        further=(
            "zadeh2018memory",
            "zadeh2018multi",
            "pei2019memory",
            "graves2014neural",
            "santoro2016meta",
            "joulin2015inferring",
        ),
        family="attention",
    ),
    System(
        key="5",
        name="ICAM",
        section="3.2(1)",
        verdict=_NOT_FOUND,
        says="Image captioning with attention model.",
        correction="We found no publication under this name; the method is Show, Attend and Tell.",
        builds="Soft and hard attention captioning.",
        reference="xu2015show",
        family="attention",
    ),
    System(
        key="6",
        name="MT-STAM",
        section="3.2(1)",
        verdict=_NOT_FOUND,
        says=(
            "Multimodal multi-label sentiment analysis with spatial-temporal attention, called "
            "multi-supervised."
        ),
        correction=(
            "We found no publication under this name. Spatial and temporal attention, unaligned cross-modal "
            "attention and multi-label emotion recognition each have their own papers; multi-label is not "
            "multi-supervised."
        ),
        builds="Spatial and temporal gates per modality (STA-LSTM) with one sigmoid per label.",
        reference="song2017end",
        further=("tsai2019multimodal", "zhang2020multi", "zhang2022tailor", "zadeh2018multimodal"),
        family="attention",
    ),
    System(
        key="7",
        name="BGRU-CNN",
        section="3.2(2)",
        verdict=_REAL,
        says="Maps modalities into one unified space.",
        correction=(
            "A family of models rather than one paper. Its cross-modal case, audio-visual speech "
            "recognition, fuses in the middle of the network; it does not embed both streams in one space."
        ),
        builds="A frame CNN and a bidirectional GRU per stream, and a bidirectional GRU that fuses them.",
        reference="petridis2018end",
        further=("stafylakis2017combining", "cho2014learning"),
        family="sequence",
    ),
    System(
        key="8",
        name="HCN",
        section="3.2(2)",
        verdict=_NOT_FOUND,
        says="A hybrid of a language generator and an image classifier.",
        correction=(
            "We found no publication under this name with this meaning: HCN is Hybrid Code Networks "
            "(dialogue) or a hierarchical co-occurrence network (skeletons). The system described is a CNN "
            "encoder with a language generator, as in Show and Tell."
        ),
        builds="Show and Tell with a class head on the image vector.",
        reference="vinyals2015show",
        further=("mao2015deep", "wang2016cnn", "williams2017hybrid", "li2018cooccurrence"),
        family="sequence",
    ),
    System(
        key="9",
        name="Maximum entropy model",
        section="3.2(3)",
        verdict=_REAL,
        says="A mutual information method that learns a unified representation.",
        correction=(
            "It fits p(y|x) on given features; it measures no mutual information between modalities and "
            "learns no representation."
        ),
        builds="Conditional maximum entropy, and its duality with logistic regression.",
        reference="berger1996maximum",
        further=("jaynes1957information", "jeon2004using", "fang2015captions", "devlin2015language"),
        family="sequence",
    ),
    System(
        key="10",
        name="CRF-SL",
        section="3.2(3)",
        verdict=_REAL,
        says="A mutual information method: a conditional random field for sequence labelling.",
        correction=(
            "Conditional random fields are real, the suffix is not used, and they are neither a mutual "
            "information method nor multimodal by themselves."
        ),
        builds="A linear-chain CRF, then one whose emissions see a gated image.",
        reference="lafferty2001conditional",
        further=("huang2015bidirectional", "lample2016neural", "moon2018multimodal", "zhang2018adaptive"),
        family="sequence",
    ),
    System(
        key="11",
        name="VBN",
        section="3.2(3)",
        verdict=_NOT_FOUND,
        says="A variational Bayesian network that registers images.",
        correction=(
            "We found no publication under this name with this meaning; in deep learning VBN is virtual "
            "batch normalisation. Registration by mutual information and by variational Bayes are two "
            "separate lines of work."
        ),
        builds="Registration by mutual information, and a probabilistic diffeomorphic registration.",
        reference="viola1997alignment",
        further=(
            "maes1997multimodality",
            "simpson2012probabilistic",
            "dalca2018unsupervised",
            "balakrishnan2019voxelmorph",
            "salimans2016improved",
        ),
        family="information",
    ),
    System(
        key="12",
        name="CMRS",
        section="3.3",
        verdict=_NOT_FOUND,
        says="Collaborative filtering for multimodal recommendation systems.",
        correction="We found no publication under this name; the method that fits is VBPR, built on BPR.",
        builds="BPR and VBPR with image and text features.",
        reference="he2016vbpr",
        further=("rendle2009bpr", "koren2009matrix", "wei2019mmgcn"),
        family="retrieval",
    ),
    System(
        key="13",
        name="MERIR",
        section="3.3",
        verdict=_NOT_FOUND,
        says="Ranker ensemble for multimodal information retrieval.",
        correction="We found no publication under this name; the methods that fit are rank and score fusion.",
        builds="CombSUM, CombMNZ, reciprocal rank fusion, inverse square rank fusion and a learned fusion.",
        reference="cormack2009reciprocal",
        further=("fox1994combination", "escalante2008late", "mourao2014inverse"),
        family="retrieval",
    ),
    System(
        key="14",
        name="LSTM with Bahdanau attention",
        section="4.1",
        also=("5.2",),
        verdict=_MISATTRIBUTED,
        says=(
            "Attention was added to the LSTM against vanishing gradients and long-tailed multimodal data, "
            "and to reduce decoding time."
        ),
        correction=(
            "The network is a bidirectional RNN with GRU-type units. Attention removes the bottleneck of one "
            "vector of fixed length, and it adds work: one score for every pair of input and output "
            "positions."
        ),
        builds="Encoder-decoder with additive attention.",
        reference="bahdanau2015neural",
        further=("cho2014learning",),
        family="attention",
    ),
    System(
        key="15",
        name="C3D++",
        section="4.2",
        verdict=_NOT_FOUND,
        says="By Hoffer et al.: half of C3D's parameters, and more accurate.",
        correction=(
            "We found no publication under this name, and none on C3D by Hoffer, who is known for triplet "
            "networks. The claim fits Res3D; the factorised cousins are P3D, R(2+1)D and S3D."
        ),
        builds="Factorised (2+1)D convolutions, with matched and with half the parameters.",
        reference="tran2018closer",
        further=("tran2017convnet", "qiu2017learning", "xie2018rethinking", "hoffer2015deep"),
        family="video",
        implements=("cmlearn.video.r2plus1d.Conv2Plus1d", "cmlearn.video.r2plus1d.R2Plus1D"),
        lesson="works/c3d",
    ),
    System(
        key="16",
        name="C3D+R",
        section="4.2",
        verdict=_NOT_FOUND,
        says="By Fei-Fei Li et al.: C3D with ResNet.",
        correction=(
            "We found no publication under this name. Residual 3-D networks are Res3D and 3-D ResNets; the "
            "video paper with Fei-Fei Li fuses 2-D features over time, with neither C3D nor ResNet."
        ),
        builds="A 3-D ResNet beside the plain network of the same depth.",
        reference="tran2017convnet",
        further=("hara2018can", "he2016deep", "carreira2017quo", "karpathy2014large"),
        family="video",
        implements=("cmlearn.video.res3d.BasicBlock3d", "cmlearn.video.res3d.Res3D"),
        lesson="works/c3d",
    ),
    System(
        key="17",
        name="HGES",
        section="4.3",
        verdict=_NOT_FOUND,
        says="Homogeneous graph embedding.",
        correction=(
            "We found no publication under this name. The closest is graph embedding with side information "
            "(GES and EGES), on top of DeepWalk."
        ),
        builds="DeepWalk, GES and EGES.",
        reference="wang2018billion",
        further=("perozzi2014deepwalk",),
        family="graph",
    ),
    System(
        key="18",
        name="HLVM",
        section="4.3",
        verdict=_NOT_FOUND,
        says="Hierarchical latent variable model.",
        correction=(
            "We found no publication under this name for networks; the words are a general term. Graph "
            "models that fit have one level (VGAE) or several (ladder gamma VAE, nested block models)."
        ),
        builds="VGAE and a two-level version.",
        reference="kipf2016variational",
        further=(
            "sarkar2020graph",
            "hasanzadeh2019semi",
            "peixoto2014hierarchical",
            "serban2017hierarchical",
        ),
        family="graph",
    ),
    System(
        key="19",
        name="GCNTII",
        section="4.3",
        verdict=_NOT_FOUND,
        says="Graph convolutional network on texts and images.",
        correction=(
            "We found no publication under this name. Graph convolution on texts is TextGCN, on image, text "
            "and audio MMGCN; GCNII, which looks alike, is about depth."
        ),
        builds="GCN over text and image features, and GCNII.",
        reference="kipf2017semi",
        further=("yao2019graph", "wei2019mmgcn", "chen2020simple", "li2018deeper"),
        family="graph",
    ),
    System(
        key="20",
        name="BCNN",
        section="4.4",
        verdict=_REAL,
        says="A feature matching method between modalities.",
        correction=(
            "Bilinear CNNs pool two streams over the same image, for fine-grained recognition. For two "
            "modalities the relative is multimodal compact bilinear pooling (MCB)."
        ),
        builds="Bilinear pooling and compact bilinear pooling.",
        reference="lin2015bilinear",
        further=("pham2013fast", "gao2016compact", "fukui2016multimodal"),
        family="matching",
        implements=("cmlearn.matching.bilinear.BilinearCNN", "cmlearn.matching.bilinear.CompactBilinear"),
        lesson="works/bilinear",
    ),
    System(
        key="21",
        name="ProtoNet",
        section="4.4",
        verdict=_REAL,
        says="A feature matching method between modalities.",
        correction=(
            "Prototypical networks classify from few examples. Their zero-shot form, with prototypes made "
            "from class attributes, is cross-modal."
        ),
        builds="Prototypical networks with picture prototypes and with text prototypes.",
        reference="snell2017prototypical",
        family="matching",
        implements=("cmlearn.matching.protonet.PrototypicalNetwork",),
        lesson="works/protonet",
    ),
    System(
        key="22",
        name="DBM",
        section="4.4",
        verdict=_REAL,
        says="A feature matching method between modalities.",
        correction=(
            "A deep Boltzmann machine is an undirected generative model. Its multimodal version, a different "
            "paper, models both modalities jointly; neither matches features."
        ),
        builds="RBM, DBM and multimodal DBM, with exact checks on tiny models.",
        reference="salakhutdinov2009deep",
        further=(
            "srivastava2012multimodal",
            "srivastava2014multimodal",
            "tieleman2008training",
            "salakhutdinov2008quantitative",
        ),
        family="matching",
        implements=(
            "cmlearn.matching.rbm.RBM",
            "cmlearn.matching.dbm.DBM",
            "cmlearn.matching.dbm.MultimodalDBM",
        ),
        lesson="works/dbm",
    ),
    System(
        key="23",
        name="SALHS",
        section="4.4",
        verdict=_NOT_FOUND,
        says="Self-adaptive layer-wise hypersphere.",
        correction=(
            "We found no publication under this name. The words fit deep hyperspherical learning: "
            "hyperspherical convolution in every layer, with a learnable operator."
        ),
        builds="Hyperspherical convolution, and alignment and uniformity on the sphere.",
        reference="liu2017deep",
        further=("liu2017sphereface", "wang2020understanding"),
        family="matching",
        implements=(
            "cmlearn.matching.hypersphere.SphereConv2d",
            "cmlearn.matching.hypersphere.SphereLinear",
            "cmlearn.matching.hypersphere.AngularSoftmax",
        ),
        lesson="works/hypersphere",
    ),
    System(
        key="24",
        name="AWM",
        section="4.5",
        verdict=_NOT_FOUND,
        says="Attention within molecules: multi-head multimodal attention.",
        correction=(
            "We found no publication under this name. Attention inside molecules (Molecule Attention "
            "Transformer) and multimodal multi-head attention (MulT) are two things: a molecule is one "
            "modality."
        ),
        builds="Multi-head attention, molecule attention and cross-modal attention, separately.",
        reference="maziarka2020molecule",
        further=("tsai2019multimodal", "vaswani2017attention", "xiong2020pushing", "velickovic2018graph"),
        family="attention",
    ),
    System(
        key="25",
        name="LSTM_Attn",
        section="4.5",
        verdict=_REAL,
        says="LSTM with attention.",
        correction="A pattern with several papers rather than one system.",
        builds="A bidirectional LSTM with attention pooling, beside the last state and the mean.",
        reference="zhou2016attention",
        further=("wang2016attention", "yang2016hierarchical", "jain2019attention"),
        family="attention",
    ),
    System(
        key="26",
        name="CA",
        section="4.5",
        also=("5.2",),
        verdict=_REAL,
        says=(
            "Channel-wise attention with a squeeze-and-excitation block, by the group credited with "
            "attention."
        ),
        correction=(
            "Squeeze-and-excitation is by Hu, Shen and Sun and sees one modality. SCA-CNN had channel "
            "attention for captions before; the cross-modal version is MMTM."
        ),
        builds="Squeeze-and-excitation and the multimodal transfer module.",
        reference="hu2018squeeze",
        further=("chen2017sca", "woo2018cbam", "joze2020mmtm"),
        family="attention",
    ),
    System(
        key="27",
        name="ConvLSTM",
        section="4.6",
        verdict=_REAL,
        says="A CNN-based method.",
        correction=(
            "It is an LSTM whose state transitions are convolutions, made to forecast rain from one modality."
        ),
        builds="ConvLSTM with peepholes as an encoder-forecaster.",
        reference="shi2015convolutional",
        further=("srivastava2015unsupervised",),
        family="video",
        implements=(
            "cmlearn.video.convlstm.ConvLSTM",
            "cmlearn.video.convlstm.FrameForecaster",
        ),
        lesson="works/convlstm",
    ),
    System(
        key="28",
        name="Spectral Temporal ConvNet",
        section="4.6",
        verdict=_NOT_FOUND,
        says="Fuses spectra over time.",
        correction=(
            "We found no publication under this name. In remote sensing TempCNN fits; read as a graph "
            "spectrum, STGCN or StemGNN."
        ),
        builds="TempCNN on many-band series.",
        reference="pelletier2019temporal",
        further=("ji2018crop", "roy2020hybridsn", "yu2018spatio", "cao2020spectral"),
        family="video",
        implements=("cmlearn.video.spectral_temporal.TempCNN",),
        lesson="works/spectral-temporal",
    ),
    System(
        key="29",
        name="STAM",
        section="4.6",
        verdict=_MISATTRIBUTED,
        says="Joint attention over space and time.",
        correction=(
            "Several models share the acronym. STAM and the best TimeSformer divide attention, space first "
            "or time first; joint attention is the costly variant."
        ),
        builds="Divided and joint space-time attention.",
        reference="sharir2021image",
        further=("bertasius2021space", "song2017end", "yan2020stat", "dosovitskiy2021image"),
        family="video",
        implements=(
            "cmlearn.video.space_time_attention.STAM",
            "cmlearn.video.space_time_attention.TimeSformer",
        ),
        lesson="works/space-time-attention",
    ),
    System(
        key="30",
        name="FusionNet",
        section="4.7",
        also=("5.4",),
        verdict=_MISATTRIBUTED,
        says="Joint enhancement learning.",
        correction=(
            "At least three unrelated models bear the name. Only the one that classifies 3-D objects from "
            "voxels and views fuses representations of one thing."
        ),
        builds="Voxel and view networks with fused scores.",
        reference="hegde2016fusionnet",
        further=("huang2018fusionnet", "quan2016fusionnet", "hazirbas2016fusenet"),
        family="fusion",
    ),
    System(
        key="31",
        name="SAE-MTL",
        section="4.7",
        also=("5.4",),
        verdict=_NOT_FOUND,
        says="Shared-attention multimodal autoencoder with multi-task learning.",
        correction=(
            "We found no publication under this name. Its pieces are real: the bimodal autoencoder, and "
            "multi-task learning with attention."
        ),
        builds="A multimodal autoencoder with shared attention over modalities and weighted task losses.",
        reference="ngiam2011multimodal",
        further=("liu2019end", "zeng2021multi", "kendall2018multi"),
        family="fusion",
    ),
    System(
        key="32",
        name="DBRNet",
        section="4.7",
        also=("5.4",),
        verdict=_NOT_FOUND,
        says="Deep bidirectional recurrent network: a joint knowledge method.",
        correction=(
            "We found no publication under this name with this meaning. Bidirectional and deep bidirectional "
            "recurrent networks are sequence encoders."
        ),
        builds="A deep bidirectional RNN, judged by the exact filtering and smoothing posteriors.",
        reference="schuster1997bidirectional",
        further=("graves2013speech",),
        family="sequence",
    ),
    System(
        key="33",
        name="Word2Vec",
        section="5.1",
        verdict=_REAL,
        says="Represents similarity by adding vectors.",
        correction=(
            "Training predicts contexts; similarity is the cosine. That analogies add up is an observed "
            "by-product."
        ),
        builds="Skip-gram and CBOW with negative sampling.",
        reference="mikolov2013efficient",
        further=("mikolov2013distributed", "levy2014neural"),
        family="embedding",
        implements=("cmlearn.embedding.word2vec.Word2Vec",),
        lesson="methods/word2vec",
    ),
    System(
        key="34",
        name="Doc2Vec",
        section="5.1",
        verdict=_REAL,
        says="A deep learning method.",
        correction="A shallow log-linear model, and its best reported result has been contested.",
        builds="PV-DBOW and PV-DM, with inference for new documents.",
        reference="le2014distributed",
        further=("mesnil2014ensemble", "lau2016empirical"),
        family="embedding",
        implements=("cmlearn.embedding.doc2vec.Doc2Vec",),
        lesson="methods/doc2vec",
    ),
    System(
        key="35",
        name="GloVe",
        section="5.1",
        verdict=_REAL,
        says="Matrix factorisation that reduces dimension.",
        correction="Weighted least squares on the logarithm of co-occurrence counts, with biases.",
        builds="GloVe on streamed co-occurrence counts.",
        reference="pennington2014glove",
        family="embedding",
        implements=("cmlearn.embedding.glove.GloVe", "cmlearn.embedding.glove.glove_loss"),
        lesson="methods/glove",
    ),
    System(
        key="36",
        name="Char2Vec",
        section="5.1",
        verdict=_REAL,
        says="Learns the vectors of characters.",
        correction="It composes word vectors from characters, so that an unseen word gets one too.",
        builds="A BiLSTM over characters with attention over split points, and character n-grams.",
        reference="cao2016joint",
        further=("ling2015finding", "bojanowski2017enriching"),
        family="embedding",
        implements=(
            "cmlearn.embedding.char2vec.Char2Vec",
            "cmlearn.embedding.char2vec.SplitEncoder",
            "cmlearn.embedding.fasttext.FastText",
        ),
        lesson="methods/char2vec",
    ),
    System(
        key="37",
        name="Bag of words",
        section="5.1",
        verdict=_REAL,
        says="Maps words to a low-dimensional space.",
        correction="It represents documents, in a space that is high-dimensional and sparse.",
        builds="Counts, tf-idf and visual words.",
        reference="salton1975vector",
        further=("harris1954distributional", "sparckjones1972statistical", "sivic2003video"),
        family="embedding",
        implements=(
            "cmlearn.embedding.bag_of_words.BagOfWords",
            "cmlearn.embedding.bag_of_words.TfIdf",
            "cmlearn.embedding.bag_of_words.VisualWords",
        ),
        lesson="methods/bag-of-words",
    ),
    System(
        key="38",
        name="Seq2Seq",
        section="5.2",
        verdict=_MISATTRIBUTED,
        says=(
            "The earliest attention is the Seq2Seq decoder, slow because of a fully connected pass after "
            "alignment."
        ),
        correction=(
            "Plain sequence-to-sequence learning has no attention and aligns nothing. Its price is what one "
            "vector of fixed length loses."
        ),
        builds="Encoder-decoder with source reversal and beam search.",
        reference="sutskever2014sequence",
        further=("cho2014learning",),
        family="sequence",
    ),
    System(
        key="41",
        name="Global attention",
        section="5.2",
        verdict=_REAL,
        says="Attention over all source positions.",
        correction=(
            "Luong et al. propose global and local attention in one paper, with three scores to choose from."
        ),
        builds="Global and local attention with dot, general and concat scores.",
        reference="luong2015effective",
        family="attention",
    ),
    System(
        key="42",
        name="ConvNet",
        section="5.3",
        verdict=_REAL,
        says="A spatio-temporal method that cannot capture long-range dependence.",
        correction=(
            "The receptive field grows with depth, stride and dilation; the limit is the effective field. A "
            "2-D ConvNet does not see time."
        ),
        builds="Receptive field theory beside measured fields.",
        reference="lecun1998gradient",
        further=("fukushima1980neocognitron", "waibel1989phoneme", "luo2016understanding", "yu2016multi"),
        family="video",
        implements=("cmlearn.video.convnet.ConvNet", "cmlearn.video.convnet.TDNN"),
        lesson="methods/convnet",
    ),
    System(
        key="43",
        name="STCNN",
        section="5.3",
        verdict=_MISATTRIBUTED,
        says="By Zhang et al.: three convolution kernels, global and long-range.",
        correction=(
            "STCNN is a traffic model by He, Chow and Zhang, built on ConvLSTM. What is described fits "
            "ST-ResNet: three branches for closeness, period and trend."
        ),
        builds="ST-ResNet.",
        reference="zhang2017deep",
        further=("he2019stcnn", "xu2019spatiotemporal"),
        family="video",
        implements=("cmlearn.video.st_resnet.STResNet",),
        lesson="methods/st-resnet",
    ),
    System(
        key="44",
        name="TSM",
        section="5.3",
        verdict=_NOT_FOUND,
        says="Temporal semantic similarity model.",
        correction=(
            "We found no publication under this name with this meaning: TSM is the temporal shift module. "
            "Similarity over time is temporal semantic analysis, or alignment by (soft) dynamic time "
            "warping."
        ),
        builds="Soft-DTW similarity and the temporal shift module.",
        reference="cuturi2017soft",
        further=("radinsky2011word", "lin2019tsm", "sakoe1978dynamic", "dwibedi2019temporal"),
        family="video",
        implements=(
            "cmlearn.video.temporal_matching.SoftDTW",
            "cmlearn.video.temporal_matching.soft_dtw",
            "cmlearn.video.temporal_shift.ShiftNet",
            "cmlearn.video.temporal_shift.TemporalShift",
        ),
        lesson="methods/temporal-matching",
    ),
    System(
        key="45",
        name="STCAN",
        section="5.3",
        verdict=_NOT_FOUND,
        says="Spatio-temporal continuous attention.",
        correction=(
            "We found no publication under this name with this meaning. The literal match is sparse and "
            "continuous attention: densities over time or over the image plane."
        ),
        builds="Continuous attention with closed-form contexts.",
        reference="martins2020sparse",
        further=("wang2018non", "woo2018cbam"),
        family="video",
        implements=("cmlearn.video.continuous_attention.ContinuousAttention",),
        lesson="methods/continuous-attention",
    ),
    System(
        key="46",
        name="NetEM",
        section="5.4",
        verdict=_NOT_FOUND,
        says="A network embedding, the earliest joint knowledge method.",
        correction=(
            "We found no publication under this name with this meaning; NetEm is Linux's network emulator. A "
            "network embedding uses no second modality, and canonical correlation is far older."
        ),
        builds="NetMF, and its joint factorisation with text.",
        reference="qiu2018network",
        further=("perozzi2014deepwalk",),
        family="graph",
    ),
)

TOPICS: tuple[Topic, ...] = (
    Topic(
        key="T1",
        name="Deeper models",
        sections=("6",),
        builds=(
            "Loss against depth for plain, residual and pre-norm nets; a power law of retrieval error "
            "against data."
        ),
        references=("he2016deep", "vaswani2017attention", "dosovitskiy2021image", "cherti2023reproducible"),
        family="matching",
    ),
    Topic(
        key="T2",
        name="Multi-task learning",
        sections=("6",),
        builds=(
            "Where many tasks help and where they hurt; a joint net worse than its best modality, and the "
            "repair."
        ),
        references=(
            "caruana1997multitask",
            "kendall2018multi",
            "yu2020gradient",
            "liu2019end",
            "wang2020what",
            "peng2022balanced",
        ),
        family="fusion",
    ),
    Topic(
        key="T3",
        name="Continual learning",
        sections=("6",),
        builds="Emoji groups that arrive in five tasks: naive training, replay, EWC, LwF and joint training.",
        references=("kirkpatrick2017overcoming", "li2016learning", "rebuffi2017icarl", "lopez2017gradient"),
        family="matching",
    ),
    Topic(
        key="T4",
        name="Large data sets",
        sections=("6",),
        builds="A scaling curve, and noisy pairs filtered by their similarity score.",
        references=(
            "gadre2023datacomp",
            "lin2014microsoft",
            "sharma2018conceptual",
            "schuhmann2022laion",
            "zadeh2018multimodal",
            "liang2021multibench",
        ),
        family="data",
    ),
    Topic(
        key="T5",
        name="Metrics: robustness",
        sections=("6",),
        builds=(
            "A grid of corruptions and severities, calibration error, and accuracy as modalities are dropped."
        ),
        references=(
            "hendrycks2019benchmarking",
            "guo2017calibration",
            "ma2021smil",
            "ma2022are",
            "neverova2016moddrop",
        ),
        family="fusion",
    ),
    Topic(
        key="T6",
        name="Metrics: interpretability",
        sections=("6",),
        builds=(
            "Integrated gradients, exact Shapley values over modalities, and the randomised-weights sanity "
            "check."
        ),
        references=(
            "sundararajan2017axiomatic",
            "lundberg2017unified",
            "parcalabescu2023mm",
            "hessel2020does",
            "adebayo2018sanity",
        ),
        family="information",
    ),
    Topic(
        key="T7",
        name="Efficiency and resources",
        sections=("6",),
        builds="Accuracy against bytes and latency: pruning, int8, low-rank adapters, bottleneck tokens.",
        references=(
            "hinton2015distilling",
            "han2016deep",
            "jacob2018quantization",
            "hu2022lora",
            "jaegle2021perceiver",
            "nagrani2021attention",
        ),
        family="attention",
    ),
    Topic(
        key="M1",
        name="Contrastive pairing: CLIP and InfoNCE",
        sections=("4.4", "3.2(3)"),
        builds=(
            "Two towers and the InfoNCE loss: retrieval, zero-shot labels, and the bound that saturates at "
            "log N."
        ),
        references=("radford2021learning", "oord2018representation", "jia2021scaling", "chen2020simclr"),
        family="matching",
        implements=("cmlearn.matching.contrastive.InfoNCE", "cmlearn.matching.dual_encoder.DualEncoder"),
        lesson="works/contrastive",
    ),
    Topic(
        key="M2",
        name="SigLIP: a sigmoid for every pair",
        sections=("4.4",),
        builds="The pairwise sigmoid loss, additive over pairs, beside the softmax across batch sizes.",
        references=("zhai2023sigmoid",),
        family="matching",
        implements=("cmlearn.matching.contrastive.SigLIP",),
        lesson="works/contrastive",
    ),
    Topic(
        key="M3",
        name="Canonical correlation analysis",
        sections=("4.4", "2.1"),
        builds="CCA as the SVD of the whitened cross-covariance, recovering known correlations.",
        references=(
            "hotelling1936relations",
            "bjorck1973numerical",
            "vinod1976canonical",
            "hardoon2004canonical",
        ),
        family="matching",
        implements=("cmlearn.matching.cca.CCA", "cmlearn.matching.cca.KernelCCA"),
        lesson="works/cca",
    ),
    Topic(
        key="M4",
        name="Deep CCA",
        sections=("4.4",),
        builds="Deep CCA with a loss that stays finite, beside CCA on warped views.",
        references=("andrew2013deep", "wang2015deep"),
        family="matching",
        implements=(
            "cmlearn.matching.dcca.DCCAELoss",
            "cmlearn.matching.dcca.DCCALoss",
            "cmlearn.matching.dcca.DeepCCA",
        ),
        lesson="works/cca",
    ),
    Topic(
        key="M5",
        name="Early, late and hybrid fusion",
        sections=("3.3", "4.7"),
        builds="XOR, where early fusion wins, and independent Gaussians, where late fusion is optimal.",
        references=("atrey2010multimodal", "baltrusaitis2019multimodal"),
        family="fusion",
    ),
    Topic(
        key="M6",
        name="Tensor fusion and low-rank fusion",
        sections=("4.4", "4.7"),
        builds=(
            "Tensor fusion as an outer product, and low-rank fusion that reproduces a low-rank tensor "
            "exactly."
        ),
        references=("zadeh2017tensor", "liu2018efficient"),
        family="fusion",
    ),
    Topic(
        key="M7",
        name="Cross-modal transformers and bottlenecks",
        sections=("4.5",),
        builds="Cross-modal attention that finds an unknown lag, and attention bottlenecks.",
        references=("tsai2019multimodal", "nagrani2021attention"),
        family="attention",
    ),
    Topic(
        key="M8",
        name="Modality imbalance in optimisation",
        sections=("3.3", "6"),
        builds="A strong and a weak modality: joint training below the best single one, and its repair.",
        references=("wang2020what", "peng2022balanced"),
        family="fusion",
    ),
    Topic(
        key="M9",
        name="Bridges to a frozen language model",
        sections=("3.2(2)", "4.5"),
        builds="Linear, MLP and query bridges, and gated cross-attention that starts as the identity.",
        references=("li2023blip2", "liu2023visual", "alayrac2022flamingo"),
        family="attention",
    ),
    Topic(
        key="M10",
        name="Discrete tokens and text-to-image generation",
        sections=("5.1", "4.7"),
        builds="VQ-VAE on emoji and an autoregressive transformer over its tokens.",
        references=("oord2017neural", "ramesh2021zero", "rombach2022high"),
        family="embedding",
    ),
    Topic(
        key="M11",
        name="Estimators of mutual information",
        sections=("3.2(3)",),
        builds="MINE, NWJ, InfoNCE and nearest neighbours on Gaussians whose mutual information is known.",
        references=("poole2019variational", "belghazi2018mutual", "oord2018representation", "becker1992self"),
        family="information",
    ),
    Topic(
        key="M12",
        name="Masked modelling and fusion encoders",
        sections=("2.3", "4.7"),
        builds="Masked patches, recovered better when the name is given.",
        references=("he2022masked", "bachmann2022multimae", "lu2019vilbert", "singh2022flava"),
        family="fusion",
    ),
    Topic(
        key="M13",
        name="Binding through a hub modality",
        sections=("3.3", "4.4"),
        builds="English and Chinese meet through pictures, without any pair of texts.",
        references=("girdhar2023imagebind",),
        family="matching",
        implements=("cmlearn.matching.dual_encoder.DualEncoder",),
        lesson="works/contrastive",
    ),
    Topic(
        key="M14",
        name="Missing modalities and generative models",
        sections=("3.3", "6"),
        builds="Product and mixture of experts, and accuracy against the rate of missing modalities.",
        references=(
            "wu2018multimodal",
            "shi2019variational",
            "neverova2016moddrop",
            "ma2021smil",
            "ma2022are",
        ),
        family="fusion",
    ),
    Topic(
        key="M15",
        name="The modality gap",
        sections=("4.4",),
        builds=(
            "The distance between the modalities' centroids: at the start, after training, against "
            "temperature."
        ),
        references=("liang2022mind",),
        family="matching",
        implements=("cmlearn.matching.geometry.modality_gap",),
        lesson="works/contrastive",
    ),
    Topic(
        key="M16",
        name="Cross-modal hashing",
        sections=("4.4", "3.3"),
        builds="CCA with iterative quantisation, a deep hash, and binary search.",
        references=("ding2014collective", "gong2013iterative", "jiang2017deep", "johnson2021billion"),
        family="matching",
        implements=(
            "cmlearn.matching.deep_hashing.DeepHash",
            "cmlearn.matching.deep_hashing.HashingLoss",
            "cmlearn.matching.hashing.CCAITQ",
        ),
        lesson="works/hashing",
    ),
    Topic(
        key="M17",
        name="Cross-modal distillation",
        sections=("4.7", "6"),
        builds="A teacher in one modality and a student in another, on pairs without labels.",
        references=("gupta2016cross", "hinton2015distilling", "aytar2016soundnet", "tian2020contrastive"),
        family="fusion",
    ),
    Topic(
        key="M18",
        name="Evaluation",
        sections=("6",),
        builds="Recall@K, median rank, mAP and nDCG with exact ties and chance levels; paired bootstrap.",
        references=(
            "hodosh2013framing",
            "papineni2002bleu",
            "lin2004rouge",
            "vedantam2015cider",
            "hessel2021clipscore",
            "antol2015vqa",
            "thrush2022winoground",
            "yuksekgonul2023when",
        ),
        family="metrics",
        implements=("cmlearn.metrics.recall_at_k", "cmlearn.metrics.ndcg"),
        lesson="start/quickstart",
    ),
    Topic(
        key="M19",
        name="Image-text matching before CLIP",
        sections=("2.2", "4.4"),
        builds="The hinge loss with the hardest negative (VSE++), beside InfoNCE and SigLIP.",
        references=("faghri2018vse", "frome2013devise", "karpathy2015deep"),
        family="matching",
        implements=("cmlearn.matching.contrastive.HardestHinge",),
        lesson="works/contrastive",
    ),
    Topic(
        key="M20",
        name="Alignment without pairs or without training",
        sections=("4.4", "5.1"),
        builds="Procrustes, Gromov-Wasserstein and ASIF.",
        references=("conneau2018word", "alvarez2018gromov", "norelli2023asif"),
        family="matching",
    ),
    Topic(
        key="M21",
        name="Similarity of representations",
        sections=("4.4", "6"),
        builds="CKA with its exact invariances, and mutual neighbours of image and name encoders.",
        references=("kornblith2019similarity", "huh2024platonic"),
        family="matching",
    ),
    Topic(
        key="M22",
        name="Decomposition of interactions",
        sections=("3.1",),
        builds="Redundancy, uniqueness and synergy of real pairs of modalities.",
        references=("liang2023quantifying", "hessel2020does"),
        family="information",
    ),
    Topic(
        key="M23",
        name="Pairing without negatives; alignment and uniformity",
        sections=("4.4",),
        builds=(
            "Alignment and uniformity on the sphere; Barlow Twins, and its collapse without the off-diagonal "
            "term."
        ),
        references=("wang2020understanding", "zbontar2021barlow"),
        family="matching",
        implements=("cmlearn.matching.geometry.alignment", "cmlearn.matching.geometry.uniformity"),
        lesson="works/contrastive",
    ),
    Topic(
        key="M24",
        name="One trunk for every modality",
        sections=("6",),
        builds="One latent trunk for image, sequence and graph tokens, its cost linear in the input.",
        references=("jaegle2021perceiver", "dosovitskiy2021image"),
        family="attention",
    ),
    Topic(
        key="M25",
        name="Retrieval-augmented generation",
        sections=("3.3",),
        builds="Emoji captions with and without retrieved neighbours.",
        references=("lewis2020retrieval",),
        family="retrieval",
    ),
)

CORRECTIONS: tuple[Correction, ...] = (
    Correction(
        section="",
        title="Founders",
        text=(
            "Sections 4.3 to 4.7 each credit a field (network embedding, feature matching, attention, "
            "spatio-temporal learning, joint knowledge) to one founding group. We know of no founding paper "
            "by any of these groups, and every one of these fields has earlier origins that are on record; "
            "the entries name them."
        ),
    ),
    Correction(
        section="",
        title="Encoders, not multimodal models",
        text=(
            "Sections 3.1 and 4 call LSTM, V-Net, C3D, ConvLSTM, GloVe and others multimodal learning "
            "models. All were published for one modality. They are encoders that a multimodal model uses: we "
            "teach the encoder, then show the fusion."
        ),
    ),
    Correction(
        section="",
        title="Origin",
        text=(
            "Section 2.1 credits cross-modal learning to a single proposal of 2009. We know of no such "
            "origin. Canonical correlation dates from 1936, learning from two views from the early 1990s."
        ),
        references=("hotelling1936relations", "becker1992self", "desa1993learning"),
    ),
    Correction(
        section="3.2(3)",
        title="Mutual information learning",
        text=(
            "Maximum entropy, conditional random fields and variational Bayes are three other principles; "
            "none measures the mutual information between modalities. What the title promises is InfoMax: "
            "Imax, registration by mutual information, MINE, contrastive predictive coding, and the bounds "
            "that compare them. We teach both."
        ),
        references=(
            "becker1992self",
            "viola1997alignment",
            "belghazi2018mutual",
            "oord2018representation",
            "poole2019variational",
        ),
    ),
    Correction(
        section="4.3",
        title="Network embedding",
        text=(
            "Here a network is a graph; the section mixes it up with the architecture of a neural network. "
            "Network embedding is no defence against attacks on networks: its tasks are node classification, "
            "link prediction and clustering. Its origins are Laplacian eigenmaps, DeepWalk, LINE, node2vec, "
            "SDNE and GCN."
        ),
        references=(
            "belkin2003laplacian",
            "perozzi2014deepwalk",
            "tang2015line",
            "grover2016node2vec",
            "wang2016structural",
            "kipf2017semi",
        ),
    ),
    Correction(
        section="4.4",
        title="Feature matching",
        text=(
            "The field calls this coordinated representation, metric learning or correspondence. The four "
            "methods listed are a pooling operator, a few-shot classifier, a generative model and a name "
            "that we could not find. None is defined by similar low-level features across modalities; "
            "low-level features are what modalities do not share. CCA, deep CCA and CLIP belong here and are "
            "missing."
        ),
        references=("hotelling1936relations", "andrew2013deep", "radford2021learning"),
    ),
    Correction(
        section="5.1",
        title="Embedding learning",
        text=(
            "None of the methods listed is cross-modal: they embed text. The bridge to pictures is to map an "
            "image into the space of word vectors, as DeViSE does."
        ),
        references=("frome2013devise",),
    ),
    Correction(
        section="6",
        title="Trends",
        text=(
            "F1, accuracy and recall are named as the usual metrics. Cross-modal work mostly reports "
            "Recall@K, median rank, mean average precision, BLEU and CIDEr, and accuracy on visual "
            "questions. The four kinds of method named here contradict the three of section 3.2 and the list "
            "in section 1."
        ),
        references=("hodosh2013framing", "papineni2002bleu", "vedantam2015cider", "antol2015vqa"),
    ),
)

PARTS: tuple[Part, ...] = (
    Part(
        sections=("2.1", "2.7", "3.1"),
        baltrusaitis="definitions; representation, co-learning",
        liang="principles: heterogeneity, connections, interactions; quantification",
        systems=("C1", "C7", "C8"),
        adds=("M11", "M22"),
    ),
    Part(
        sections=("2.2", "5.1"),
        baltrusaitis="representation: unimodal to coordinated",
        liang="representation: coordination",
        systems=("C2", "33", "34", "35", "36", "37"),
        adds=("M19", "M20", "M10"),
    ),
    Part(
        sections=("2.3", "2.4"),
        baltrusaitis="co-learning, joint representation",
        liang="representation; transference",
        systems=("C3", "C4"),
        adds=("M12", "M8"),
    ),
    Part(
        sections=("3.1", "4.1", "4.2"),
        baltrusaitis="none: unimodal encoders",
        liang="none: the substrate",
        systems=("1", "2", "3", "14", "15", "16"),
        adds=("M24",),
    ),
    Part(
        sections=("2.5", "3.2(1)", "4.5", "5.2"),
        baltrusaitis="alignment (implicit), translation",
        liang="alignment; generation",
        systems=("C5", "4", "5", "6", "24", "25", "26", "38", "41"),
        adds=("M7", "M9"),
    ),
    Part(
        sections=("3.2(2)",),
        baltrusaitis="fusion (model-based), translation",
        liang="representation: fusion; generation",
        systems=("7", "8"),
        adds=("M5", "M6", "M9"),
    ),
    Part(
        sections=("3.2(3)",),
        baltrusaitis="coordinated representation; the rest is fusion by graphical models",
        liang="representation: coordination; quantification",
        systems=("9", "10", "11"),
        adds=("M1", "M11"),
    ),
    Part(
        sections=("3.3",),
        baltrusaitis="fusion (late), retrieval",
        liang="representation: fusion; alignment",
        systems=("12", "13"),
        adds=("M13", "M14", "M16", "M25"),
    ),
    Part(
        sections=("4.3", "5.4"),
        baltrusaitis="none directly; joint representation when nodes carry content",
        liang="representation; reasoning (structure)",
        systems=("17", "18", "19", "46"),
        adds=("M20",),
    ),
    Part(
        sections=("4.4",),
        baltrusaitis="coordinated and joint representation",
        liang="representation: coordination, fusion",
        systems=("20", "21", "22", "23"),
        adds=("M1", "M2", "M3", "M4", "M15", "M16", "M23"),
    ),
    Part(
        sections=("2.6", "4.6", "5.3"),
        baltrusaitis="alignment (explicit: dynamic time warping), fusion over time",
        liang="alignment (continuous, temporal)",
        systems=("C6", "27", "28", "29", "42", "43", "44", "45"),
        adds=("M7",),
    ),
    Part(
        sections=("4.7", "5.4"),
        baltrusaitis="joint representation, fusion, co-learning",
        liang="representation: fusion; transference",
        systems=("30", "31", "32", "46"),
        adds=("M5", "M12", "M14", "M17"),
    ),
    Part(
        sections=("6",),
        baltrusaitis="evaluation, not a challenge there",
        liang="quantification",
        systems=(),
        adds=("T1", "T2", "T3", "T4", "T5", "T6", "T7", "M18", "M21"),
    ),
)

_BY_KEY = {row.key: row for row in SYSTEMS}
_TOPIC_BY_KEY = {row.key: row for row in TOPICS}


def system(key: str) -> System:
    """Return the system or concept with this key.

    Raises:
        ValueError: There is no such key.

    Example:
        >>> system("33").name
        'Word2Vec'
    """
    require_choice(key, _BY_KEY, "key")
    return _BY_KEY[key]


def topic(key: str) -> Topic:
    """Return the trend or omitted subject with this key.

    Raises:
        ValueError: There is no such key.

    Example:
        >>> topic("M15").name
        'The modality gap'
    """
    require_choice(key, _TOPIC_BY_KEY, "key")
    return _TOPIC_BY_KEY[key]


def in_section(section: str) -> tuple[System, ...]:
    """Return the systems that the survey names under a heading, repeats included, in the survey's order.

    Raises:
        ValueError: The survey has no such heading.

    Example:
        >>> [s.name for s in in_section("5.2")]
        ['LSTM with Bahdanau attention', 'CA', 'Seq2Seq', 'Global attention']
    """
    require_choice(section, SECTIONS, "section")
    return tuple(row for row in SYSTEMS if section == row.section or section in row.also)


def implemented() -> tuple[str, ...]:
    """Return the dotted path of everything that the catalogue implements, each once, sorted.

    Example:
        >>> "cmlearn.matching.contrastive.InfoNCE" in implemented()
        True
    """
    rows: tuple[System | Topic, ...] = (*SYSTEMS, *TOPICS)
    return tuple(sorted({path for row in rows for path in row.implements}))


def verdict_counts() -> dict[Verdict, int]:
    """Count the verdicts over the survey's systems; the concepts C1 to C8 are not systems.

    Example:
        >>> {str(verdict): count for verdict, count in verdict_counts().items()}
        {'real': 16, 'misattributed': 9, 'not found': 19}
    """
    verdicts = [row.verdict for row in SYSTEMS if not row.key.startswith("C")]
    return {verdict: verdicts.count(verdict) for verdict in Verdict}


def readers_note() -> str:
    """Say in one paragraph what the survey is worth, with the counts of the catalogue.

    Example:
        >>> readers_note().startswith("This book keeps")
        True
    """
    counts = verdict_counts()
    return (
        "This book keeps the chapter order of a Chinese overview article because its list of names makes a "
        f"good syllabus. The article gives no sources. Of the {sum(counts.values())} systems it names, "
        f"{counts[Verdict.REAL]} are real and more or less what it says, {counts[Verdict.MISATTRIBUTED]} "
        f"exist but are credited, dated or described wrongly; for {counts[Verdict.NOT_FOUND]} we found no "
        "publication under that name and meaning. Each chapter says which it is, and what we built."
    )
