"""Progress bars are quiet where `TQDM_DISABLE` says so."""

import pytest

from cmlearn._progress import progress


@pytest.mark.parametrize(("value", "quiet"), [("1", True), ("0", False), ("", False), (None, False)])
def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch, value: str | None, quiet: bool) -> None:
    monkeypatch.delenv("TQDM_DISABLE")
    if value is not None:
        monkeypatch.setenv("TQDM_DISABLE", value)
    bar = progress([1, 2], desc="steps", leave=False)
    assert bar.disable == quiet
    assert list(bar) == [1, 2]


def test_so_does_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TQDM_DISABLE")
    assert progress([], disable=True).disable
