"""The two towers: stable hashing, bags without order or padding, unit vectors, named errors."""

import math
import subprocess
import sys
import zlib

import numpy as np
import pytest
import torch
from torch import nn

from cmlearn.matching import (
    ConvEncoder,
    DualEncoder,
    InfoNCE,
    NgramEncoder,
    NgramTokenizer,
    PairLoss,
    info_nce,
)


def test_numbers_are_those_of_crc32_in_every_process() -> None:
    environment = {"PYTHONHASHSEED": "7"}
    script = "from cmlearn.matching import NgramTokenizer; print(NgramTokenizer()(['red 苹果']).tolist())"
    other = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == str(NgramTokenizer()(["red 苹果"]).tolist())
    assert NgramTokenizer(10**6, shortest=9, longest=9)(["cat"]).tolist() == [
        [1 + zlib.crc32(b"<cat>") % (10**6 - 1)]
    ]


def test_a_word_gives_itself_and_its_n_grams() -> None:
    tokenizer = NgramTokenizer(shortest=3, longest=4)
    assert list(tokenizer._parts("Cat")) == ["<cat>", "<ca", "cat", "at>", "<cat", "cat>"]
    assert list(tokenizer._parts("a b")) == ["<a>", "<b>"]
    assert list(tokenizer._parts("")) == ["<>"]


@pytest.mark.parametrize("text", ["红苹果", "قلب أحمر", "लाल दिल", "сердце", "ハート", "❤", " "])
def test_any_script_gets_numbers_in_range(text: str) -> None:
    numbers = NgramTokenizer(100)([text])
    assert numbers.min() >= 1
    assert numbers.max() < 100


def test_padding_and_the_order_of_parts_do_not_matter(device: torch.device) -> None:
    encoder = NgramEncoder(8, buckets=50).to(device)
    tokens = torch.tensor([[3, 9, 4]], device=device)
    padded = torch.tensor([[4, 0, 3, 9, 0]], device=device)
    torch.testing.assert_close(encoder(padded), encoder(tokens))
    mean = encoder.parts.weight[[3, 9, 4]].mean(0)
    torch.testing.assert_close(encoder(tokens)[0], encoder.project(mean))


def test_bytes_and_floats_are_the_same_picture(device: torch.device) -> None:
    pictures = torch.randint(256, (4, 32, 32, 3), dtype=torch.uint8, device=device)
    encoder = ConvEncoder(8, width=4).to(device).eval()
    torch.testing.assert_close(encoder(pictures), encoder(pictures / 255))


@pytest.mark.parametrize("size", [16, 32, 48])
def test_pictures_of_other_sizes_fit(size: int) -> None:
    assert ConvEncoder(8, width=4)(torch.rand(2, size, size, 3)).shape == (2, 8)


def towers() -> DualEncoder:
    return DualEncoder({name: nn.Linear(6, 3) for name in ("image", "en", "zh")})


def batch(n: int = 5) -> dict[str, torch.Tensor]:
    return {name: torch.randn(n, 6) for name in ("image", "en", "zh", "label")}


def test_all_modalities_come_out_as_unit_vectors() -> None:
    z = towers()(batch())
    assert list(z) == ["image", "en", "zh"]
    for vectors in z.values():
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(5))


def test_a_part_of_the_modalities_can_be_encoded() -> None:
    model, x = towers(), batch()
    z = model({"en": x["en"]}, modalities=["en"])
    assert torch.equal(z["en"], model.encode("en", x["en"]))


def test_pair_loss_averages_its_pairs_and_trains_the_temperature() -> None:
    model, x = towers(), batch()
    loss = PairLoss(InfoNCE(), ("image", "en"), ("image", "zh"))
    z = model(x)
    expected = (info_nce(z["image"], z["en"]) + info_nce(z["image"], z["zh"])) / 2
    torch.testing.assert_close(loss(model, x), expected)
    assert [name for name, _ in loss.named_parameters()] == ["loss.log_scale"]


def test_a_two_tower_model_learns_its_pairs() -> None:
    model = DualEncoder({"image": ConvEncoder(16, width=4), "name": NgramEncoder(16, buckets=500)})
    x = {
        "image": torch.from_numpy(np.random.default_rng(0).random((16, 32, 32, 3), dtype=np.float32)),
        "name": NgramTokenizer(500)([f"picture {chr(97 + i)}" for i in range(16)]),
    }
    loss = PairLoss(InfoNCE(), ("image", "name"))
    optimizer = torch.optim.AdamW([*model.parameters(), *loss.parameters()], lr=1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        loss(model, x).backward()
        optimizer.step()
    assert loss(model, x) < 0.1 * math.log(16)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: NgramTokenizer(1), ValueError, "`buckets`"),
        (lambda: NgramTokenizer(shortest=0), ValueError, "`shortest`"),
        (
            lambda: NgramTokenizer(shortest=4, longest=3),
            ValueError,
            "`longest`: expected at least `shortest`",
        ),
        (lambda: NgramTokenizer()("boat"), TypeError, "`texts`: expected list or tuple, got str"),
        (lambda: NgramTokenizer()(["boat", 3]), TypeError, "`texts`: expected str, got int"),
        (lambda: NgramTokenizer()([]), ValueError, "`texts`: expected at least one text"),
        (lambda: NgramEncoder(0), ValueError, "`dim`"),
        (lambda: NgramEncoder(4)(torch.zeros(3, dtype=torch.long)), ValueError, "`tokens`: expected 2"),
        (lambda: ConvEncoder(4, width=0), ValueError, "`width`"),
        (lambda: ConvEncoder(4)(torch.zeros(3, 32, 32)), ValueError, "`pictures`: expected 4 dim"),
        (lambda: ConvEncoder(4)(torch.zeros(1, 3, 32, 32)), ValueError, "`pictures`: expected 3 channels"),
        (lambda: DualEncoder({}), ValueError, "`encoders`"),
        (lambda: towers()({"image": torch.zeros(1, 6)}), ValueError, r"without \['en', 'zh'\]"),
        (lambda: towers().encode("de", torch.zeros(1, 6)), ValueError, "`modality`: expected one of .*'de'"),
        (lambda: PairLoss(InfoNCE()), ValueError, "`pairs`: expected at least one"),
        (lambda: PairLoss(InfoNCE(), ("en", "en")), ValueError, "`pairs`: expected two modalities in each"),
        (lambda: PairLoss(InfoNCE(), "en"), TypeError, "`pairs`: expected tuple, got str"),
    ],
)
def test_bad_input_is_named(call, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
