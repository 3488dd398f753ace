import numpy as np
import pytest
import torch
from torch import nn

from cmlearn.embedding import SemanticEncoder, SentenceEncoder, SeriesEncoder, WordVectors, pad_series

WORDS = WordVectors(["the", "cat", "dog"], [[0.0, 1.0], [3.0, 4.0], [1.0, 0.0]], counts=[900, 60, 40])


def recordings(*lengths: int) -> list[torch.Tensor]:
    return [torch.randn(length, 6) for length in lengths]


def test_codes_have_length_one_and_keep_their_direction(device: torch.device) -> None:
    linear = nn.Linear(7, 5).to(device)
    x = 1000 * torch.randn(20, 7, device=device)
    codes = SemanticEncoder(linear)(x)
    torch.testing.assert_close(codes.norm(dim=1), torch.ones(20, device=device), atol=1e-6, rtol=0)
    torch.testing.assert_close(codes * linear(x).norm(dim=1, keepdim=True), linear(x), rtol=1e-5, atol=1e-3)


def test_even_tiny_codes_have_length_one() -> None:
    codes = SemanticEncoder(nn.Identity())(torch.tensor([[1e-15, 0.0], [3e-18, 4e-18]]))
    torch.testing.assert_close(codes, torch.tensor([[1.0, 0.0], [0.6, 0.8]]))


def test_half_precision_is_normalised_in_float32() -> None:
    codes = SemanticEncoder(nn.Identity())(torch.tensor([[300.0, 400.0]], dtype=torch.float16))
    torch.testing.assert_close(codes, torch.tensor([[0.6, 0.8]]))


def test_encode_prepares_and_has_no_gradient_and_leaves_the_mode() -> None:
    encoder = SemanticEncoder(nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 3)), prepare=torch.tensor)
    encoder.train()
    codes = encoder.encode([[1.0, 2.0], [3.0, 4.0]])
    assert encoder.training
    assert not codes.requires_grad
    torch.testing.assert_close(codes, encoder.eval()(torch.tensor([[1.0, 2.0], [3.0, 4.0]])).detach())


def test_encode_brings_codes_to_the_cpu(device: torch.device) -> None:
    encoder = SemanticEncoder(nn.Linear(2, 3)).to(device)
    assert encoder.encode(torch.ones(4, 2)).device.type == "cpu"


def test_the_parameters_of_the_encoder_are_its_own() -> None:
    linear = nn.Linear(2, 3)
    assert list(SemanticEncoder(linear).parameters()) == list(linear.parameters())
    assert list(SemanticEncoder(SentenceEncoder(WORDS)).parameters()) == []


@pytest.mark.errors
@pytest.mark.parametrize("bad", [[0.0, 0.0], [float("nan"), 1.0], [float("inf"), 1.0]])
def test_what_has_no_direction_is_named(bad: list[float]) -> None:
    encoder = SemanticEncoder(nn.Identity())
    with pytest.raises(ValueError, match=r"`x`.*rows \[1, 2\]"):
        encoder(torch.tensor([[1.0, 0.0], bad, bad]))


@pytest.mark.errors
def test_a_sentence_of_unknown_words_is_an_error_not_a_code() -> None:
    with pytest.raises(ValueError, match=r"rows \[1\]"):
        SemanticEncoder(SentenceEncoder(WORDS)).encode(["cat", "xyz"])


def test_a_word_is_its_vector_whatever_the_smoothing() -> None:
    for smoothing in (None, 1e-3):
        codes = SentenceEncoder(WORDS, smoothing=smoothing)(["cat", "DOG."])
        np.testing.assert_allclose(codes, WORDS.vectors[1:], rtol=1e-6)


def test_a_sentence_is_the_weighted_mean_by_hand() -> None:
    a = 0.01
    weights = [a / (a + 0.9), a / (a + 0.06), a / (a + 0.06)]
    by_hand = np.average(WORDS.vectors[[0, 1, 1]], axis=0, weights=weights)
    (code,) = SentenceEncoder(WORDS, smoothing=a)(["The cat, an unknown cat"])
    np.testing.assert_allclose(code, by_hand, rtol=1e-5)


def test_without_smoothing_all_words_count_alike() -> None:
    (code,) = SentenceEncoder(WORDS)(["the cat"])
    np.testing.assert_allclose(code, [1.5, 2.5])


def test_unknown_words_are_left_out_and_listed() -> None:
    encoder = SentenceEncoder(WORDS)
    assert encoder.known("The cat's hat, the CAT") == ("the", "the", "cat")
    assert encoder.unknown("The cat's hat, the CAT") == ("cat's", "hat")
    assert torch.equal(encoder(["cat hat"]), encoder(["cat"]))
    assert encoder(["hat", ""]).tolist() == [[0, 0], [0, 0]]


@pytest.mark.errors
def test_bad_texts_and_smoothing_are_refused() -> None:
    with pytest.raises(TypeError, match="texts"):
        SentenceEncoder(WORDS)("cat")
    with pytest.raises(TypeError, match="texts"):
        SentenceEncoder(WORDS)(["cat", 3])
    with pytest.raises(ValueError, match=r"`smoothing`: expected a positive"):
        SentenceEncoder(WORDS, smoothing=0.0)
    with pytest.raises(ValueError, match="counts"):
        SentenceEncoder(WordVectors(["cat"], [[1.0]]), smoothing=1e-3)


@pytest.mark.parametrize("lengths", [(90, 41, 8, 1), (64, 63, 2, 3)])
@pytest.mark.parametrize(("stages", "kernel"), [(1, 1), (2, 3), (3, 5), (4, 7)])
def test_padding_changes_no_code(lengths: tuple[int, ...], stages: int, kernel: int) -> None:
    series = recordings(*lengths)
    model = SeriesEncoder(6, 10, width=8, stages=stages, kernel=kernel)
    alone = torch.cat([model(pad_series([x])) for x in series])
    together = model(pad_series([*series, torch.randn(200, 6)]))[: len(series)]
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_padding_changes_no_gradient_and_gets_none() -> None:
    model = SeriesEncoder(6, 10, width=8)
    x = pad_series(recordings(50, 20)).requires_grad_()
    model(x)[1].sum().backward()
    assert x.grad is not None
    assert x.grad[1, 20:].abs().sum() == 0 < x.grad[1, :20].abs().sum()
    padded = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    model.zero_grad()
    model(x[1:, :20].detach()).sum().backward()
    for p, gradient in zip(model.parameters(), padded, strict=True):
        assert p.grad is not None
        torch.testing.assert_close(p.grad, gradient, rtol=1e-4, atol=1e-4)


def test_a_stage_agrees_with_a_naive_loop() -> None:
    model = SeriesEncoder(2, 3, width=4, stages=1, kernel=3)
    x = torch.randn(7, 2)
    weight, bias = model.convolutions[0].weight, model.convolutions[0].bias
    padded = torch.cat([torch.zeros(1, 2), x, torch.zeros(1, 2)])
    steps = []
    for start in range(0, 7, 2):
        z = torch.stack([(weight[c] * padded[start : start + 3].T).sum() + bias[c] for c in range(4)])
        steps.append(((z - z.mean()) / (z.var(unbiased=False) + 1e-5).sqrt()).relu())
    summary = torch.cat([torch.stack(steps).mean(dim=0), torch.stack(steps).max(dim=0).values])
    torch.testing.assert_close(model(x[None])[0], model.project(summary))


def test_recordings_are_padded_flat_and_thinned() -> None:
    padded = pad_series([np.ones((5, 2, 3)), torch.zeros(2, 2, 3)], every=2)
    assert padded.shape == (2, 3, 6)
    assert padded[1, 1:].isnan().all()
    assert not padded[0].isnan().any()


@pytest.mark.errors
def test_bad_recordings_and_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        pad_series([])
    with pytest.raises(ValueError, match="channels"):
        pad_series([np.ones((5, 2)), np.ones((5, 3))])
    with pytest.raises(ValueError, match="every"):
        pad_series([np.ones((5, 2))], every=0)
    with pytest.raises(ValueError, match="6 channels"):
        SeriesEncoder(6, 3)(torch.ones(2, 9, 5))
    with pytest.raises(ValueError, match="3 dimension"):
        SeriesEncoder(6, 3)(torch.ones(9, 6))
    with pytest.raises(ValueError, match="empty"):
        SeriesEncoder(6, 3)(torch.full((1, 9, 6), torch.nan))
    with pytest.raises(ValueError, match="kernel"):
        SeriesEncoder(6, 3, kernel=4)
    with pytest.raises(ValueError, match="width"):
        SeriesEncoder(6, 3, width=0)
