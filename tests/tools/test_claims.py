import json

from tests.tools.tiny_book import HEADER, replace, write
from tools import claims

GOOD = """
```{code-cell} ipython3
import os
import cmlearn as cm
seed = int(os.environ["CMLEARN_SEED"])
```

```{code-cell} ipython3
cm.claim("Seeds are not negative", seed >= 0, seed=seed)
```
"""

BAD = (
    GOOD
    + """
```{code-cell} ipython3
cm.claim("The seed is zero", seed == 0, seed=seed)
```

```{code-cell} ipython3
if seed == 0:
    cm.claim("This is reached", True)
```

```{code-cell} ipython3
print(1 / (1 - seed))
```

```{code-cell} ipython3
cm.claim("Nothing failed before", True)
```
"""
)


def listing(root, *names):
    chapters = "".join(f"\n      - file: notebooks/{name}" for name in names)
    write(root / "_toc.yml", f"root: index\nparts:\n  - caption: A\n    chapters:{chapters}\n")


def test_every_kind_of_broken_claim_is_seen(claiming, capsys):
    listing(claiming, "works/bad")
    write(claiming / "book/works/bad.md", HEADER + BAD)
    assert claims.main(["--seeds", "2"], claiming) == 1
    out = capsys.readouterr().out
    assert "✓ ✓  Seeds are not negative" in out
    assert "seed 0 to 1" in out
    assert "✓ ✗  The seed is zero" in out
    assert "✓ !  This is reached" in out
    assert "✓ !  Nothing failed before" in out
    assert "seed 1: cell 5 failed:" in out
    assert "ZeroDivisionError" in out
    assert out.endswith("Not every claim holds.\n")


def test_outcomes_are_kept_until_something_changes(claiming, capfd):
    listing(claiming, "start/good")
    write(claiming / "book/start/good.md", HEADER + GOOD)
    assert claims.main(["--seeds", "1", "start/good"], claiming) == 0
    kept = json.loads((claiming / ".cache/claims/start/good/0.json").read_text(encoding="utf-8"))
    assert kept["claims"]["Seeds are not negative"]["numbers"] == {"seed": 0}
    replace(claiming / "book/start/good.md", "---\n\n", "---\n\nMore prose.\n\n")
    assert claims.main(["--seeds", "1"], claiming) == 0
    assert "start/good, seed 0: unchanged since it last ran" in capfd.readouterr().out
    replace(claiming / "book/start/good.md", "seed >= 0, ", "seed > 0, ")
    assert claims.main(["--seeds", "1"], claiming) == 1
    assert "✗  Seeds are not negative" in capfd.readouterr().out


def test_a_claim_that_nothing_reached_is_missing():
    nothing = claims.Outcome({})
    assert nothing.mark("A") == "?"
    assert not claims.holds(["A"], [nothing])
    assert claims.holds([], [nothing])
