"""Claims: sentences with their numbers that a lesson states, and that hold or stop it."""

import json
import os
from numbers import Real
from typing import Any, SupportsFloat

from cmlearn._validate import require, require_type

__all__ = ["ClaimError", "check", "claim"]


class ClaimError(AssertionError):
    """A claim does not hold.

    Example:
        >>> issubclass(ClaimError, AssertionError)
        True
    """


def claim(statement: str, holds: object, **numbers: SupportsFloat) -> None:
    """State a result: print it with its numbers if it holds, stop if it does not.

    The statement holds no measured number; those follow, by name, so that a check can tell the sentence
    from its figures. Let the condition leave a margin that other seeds and machines keep.

    With the environment variable `CMLEARN_CLAIMS_FILE`, the claim is added to that file as a line of JSON
    (`statement`, `holds`, `numbers`, `seed`), and a false one is printed with `✗` instead of raised.

    Args:
        statement: a sentence without its full stop.
        holds: whether it is true.
        numbers: what it rests on.

    Raises:
        ClaimError: if it does not hold.
        TypeError: if `statement` is no string, `holds` no bool (of Python, NumPy or PyTorch) or one of
            `numbers` no number.
        ValueError: if `statement` is empty.

    Example:
        >>> claim("A trained model beats chance", 0.514 > 2 * 0.1, accuracy=0.514, chance=0.1)
        ✓ A trained model beats chance (accuracy=0.514, chance=0.1)
    """
    require_type(statement, str, "statement")
    require(bool(statement.strip()), "statement", "a sentence", repr(statement))
    truth = _plain(holds)
    require_type(truth, bool, "holds")
    values = {name: _number(value, name) for name, value in numbers.items()}
    listed = ", ".join(f"{name}={_figures(value)}" for name, value in values.items())
    said = f"{statement} ({listed})" if listed else statement
    file = os.environ.get("CMLEARN_CLAIMS_FILE")
    if file:
        _record(file, {"statement": statement, "holds": truth, "numbers": values})
    elif not truth:
        raise ClaimError(f"does not hold: {said}")
    print("✓" if truth else "✗", said)


def check(ok: object, hint: str) -> None:
    """Tell a reader whether an exercise's answer is right. It never raises.

    Args:
        ok: whether it is; anything but a true bool (of Python, NumPy or PyTorch) counts as not yet.
        hint: what to think of next.

    Raises:
        Nothing.

    Example:
        >>> check(2 + 2 == 4, "count on your fingers")
        Right.
        >>> check(None, "replace None by your answer")
        Not yet: replace None by your answer
    """
    print("Right." if _plain(ok) is True else f"Not yet: {hint}")


def _plain(value: Any) -> Any:
    """A scalar of NumPy or PyTorch as Python's own; anything else as it is."""
    is_scalar = hasattr(value, "item") and getattr(value, "ndim", None) == 0
    return value.item() if is_scalar else value


def _number(value: Any, name: str) -> int | float:
    number = _plain(value)
    require_type(number, Real, name)
    require(not isinstance(number, bool), name, "a number", number)
    return number if isinstance(number, int) else float(number)


def _figures(value: int | float) -> str:
    """Whole numbers as they are, others to three significant digits: 12, 0.97, 1e-7, 12346."""
    if isinstance(value, int) or 999.5 <= abs(value) < 1e6:
        return f"{value:.0f}"
    digits, _, power = f"{value:.3g}".partition("e")
    return f"{digits}e{int(power)}" if power else digits


def _record(file: str, claimed: dict[str, Any]) -> None:
    seed = int(os.environ.get("CMLEARN_SEED", "0"))
    with open(file, "a", encoding="utf-8") as lines:
        lines.write(json.dumps({**claimed, "seed": seed}, ensure_ascii=False) + "\n")
