"""Claims: what is printed, what is raised, what is written down."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import cmlearn as cm


def test_a_true_claim_is_printed_with_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    cm.claim("The net beats the mean", True, net=0.9712, mean=0.5)
    assert capsys.readouterr().out == "✓ The net beats the mean (net=0.971, mean=0.5)\n"


def test_a_claim_needs_no_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    cm.claim("Both give the same", True)
    assert capsys.readouterr().out == "✓ Both give the same\n"


def test_a_false_claim_stops_with_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(cm.ClaimError, match=re.escape("does not hold: A wins (a=1, b=2.5)")):
        cm.claim("A wins", False, a=1, b=2.5)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (12, "12"),
        (123456789, "123456789"),
        (0.97, "0.97"),
        (0.97149, "0.971"),
        (1.0, "1"),
        (0.0, "0"),
        (1e-7, "1e-7"),
        (-2.345e-12, "-2.34e-12"),
        (999.6, "1000"),
        (12345.6, "12346"),
        (3.21e8, "3.21e8"),
        (1e15, "1e15"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (np.float32(0.1), "0.1"),
        (np.int64(7), "7"),
        (torch.tensor(0.25), "0.25"),
        (torch.tensor(3), "3"),
    ],
)
def test_numbers_are_short(number: float, printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    cm.claim("It is so", True, x=number)
    assert capsys.readouterr().out == f"✓ It is so (x={printed})\n"


@pytest.mark.parametrize("truth", [True, np.True_, np.array(True), torch.tensor(True)])
def test_every_librarys_true_is_true(truth: bool, capsys: pytest.CaptureFixture[str]) -> None:
    cm.claim("It is so", truth)
    cm.check(truth, "no")
    assert capsys.readouterr().out == "✓ It is so\nRight.\n"


def test_nbval_hides_every_number_and_keeps_the_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    settings = Path(__file__).with_name("nbval.cfg").read_text(encoding="utf-8")
    figure = re.compile(re.search(r"^regex: (.+)$", settings, re.MULTILINE)[1])
    numbers = [12, 0.971, -2.3e-12, 3.21e8, 12345.6, float("inf"), float("nan")]
    cm.claim("At K = 5 it holds", True, **{f"n{i}": number for i, number in enumerate(numbers)})
    shown = figure.sub("#", capsys.readouterr().out)
    assert shown == "✓ At K = 5 it holds (n0=#, n1=#, n2=#, n3=#, n4=#, n5=#, n6=#)\n"


def test_with_a_file_claims_are_recorded_and_false_ones_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CMLEARN_CLAIMS_FILE", str(tmp_path / "claims.jsonl"))
    monkeypatch.setenv("CMLEARN_SEED", "3")
    cm.claim("Größer", np.True_, a=np.float32(0.5), n=4)
    cm.claim("Kleiner", False)
    lines = (tmp_path / "claims.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"statement": "Größer", "holds": True, "numbers": {"a": 0.5, "n": 4}, "seed": 3},
        {"statement": "Kleiner", "holds": False, "numbers": {}, "seed": 3},
    ]
    assert capsys.readouterr().out == "✓ Größer (a=0.5, n=4)\n✗ Kleiner\n"


@pytest.mark.parametrize("ok", [False, None, 1, "yes", np.array([True, True]), torch.tensor([True])])
def test_check_says_not_yet_and_never_raises(ok: object, capsys: pytest.CaptureFixture[str]) -> None:
    cm.check(ok, "look at the sign")
    assert capsys.readouterr().out == "Not yet: look at the sign\n"


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "numbers", "error", "message"),
    [
        ((3, True), {}, TypeError, "`statement`: expected str, got int"),
        (("  ", True), {}, ValueError, "`statement`: expected a sentence, got '  '"),
        (("It is so", 1), {}, TypeError, "`holds`: expected bool, got int"),
        (("It is so", None), {}, TypeError, "`holds`: expected bool, got NoneType"),
        (("It is so", np.array([True])), {}, TypeError, "`holds`: expected bool, got ndarray"),
        (("It is so", True), {"a": "0.5"}, TypeError, "`a`: expected Real, got str"),
        (("It is so", True), {"a": torch.ones(2)}, TypeError, "`a`: expected Real, got Tensor"),
        (("It is so", True), {"a": True}, ValueError, "`a`: expected a number, got True"),
    ],
)
def test_bad_input_is_named(
    arguments: tuple[object, ...], numbers: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        cm.claim(*arguments, **numbers)
