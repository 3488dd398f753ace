"""What nbval makes of a claim's output: the sentence and its truth are compared, the figures are not."""

import re
import subprocess
import sys

import nbformat
import nbformat.v4 as nbf
import pytest

from tools.lessons import ROOT

KEPT = "✓ A beats B (a=0.93, b=-1.2e-05, c=inf, n=1,024)"
CASES = {
    "figures moved": ("✓ A beats B (a=0.9, b=0.3, c=nan, n=7)", True),
    "nothing changed": (KEPT, True),
    "sentence changed": (KEPT.replace("beats", "loses to"), False),
    "truth changed": (KEPT.replace("✓", "✗"), False),
    "number of another name": (KEPT.replace("n=", "m="), False),
    "number in the sentence": (KEPT.replace("A beats", "3 beat"), False),
    "a word for a figure": (KEPT.replace("0.93", "high"), False),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nbval")
    cells = [claim_cell(prints) for prints, _ in CASES.values()]
    notebook = nbf.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": ""}})
    nbformat.write(notebook, folder / "lesson.ipynb")
    command = ["--nbval-lax", "--nbval-current-env", "--nbval-sanitize-with", str(ROOT / "tests/nbval.cfg")]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *command, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    return re.findall(r"^(PASSED|FAILED) .*::Cell (\d+)", ran.stdout, flags=re.MULTILINE)


def claim_cell(prints):
    return nbf.new_code_cell(
        f"print({prints!r})",
        execution_count=1,
        metadata={"tags": ["nbval-check-output"]},
        outputs=[nbf.new_output("stream", text=KEPT + "\n")],
    )


@pytest.mark.parametrize("case", CASES)
def test_claim(outcomes, case):
    number = list(CASES).index(case)
    assert {int(n): o == "PASSED" for o, n in outcomes}[number] == CASES[case][1]
