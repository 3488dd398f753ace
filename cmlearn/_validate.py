"""Messages for bad input: every one names the argument, what was expected and what came."""

from collections.abc import Collection
from typing import Any


def require(ok: bool, argument: str, expected: str, got: object) -> None:
    """Raise `ValueError` naming the argument unless `ok`."""
    if not ok:
        raise ValueError(f"`{argument}`: expected {expected}, got {got}")


def require_counts(**counts: int) -> None:
    """Raise `ValueError` naming the first argument that is less than 1."""
    for argument, count in counts.items():
        require(count >= 1, argument, "1 or more", count)


def require_type(value: object, kind: type | tuple[type, ...], argument: str) -> None:
    """Raise `TypeError` naming the argument unless `value` is an instance of `kind`."""
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        expected = " or ".join(k.__name__ for k in kinds)
        raise TypeError(f"`{argument}`: expected {expected}, got {type(value).__name__}")


def require_choice(value: Any, choices: Collection[Any], argument: str) -> None:
    """Raise `ValueError` naming the argument and the choices unless `value` is one of them."""
    require(value in choices, argument, f"one of {', '.join(map(repr, choices))}", repr(value))


def require_ndim(value: Any, ndim: int, argument: str) -> None:
    """Raise `ValueError` naming the argument unless the array or tensor has `ndim` dimensions."""
    require(value.ndim == ndim, argument, f"{ndim} dimension(s)", f"shape {tuple(value.shape)}")
