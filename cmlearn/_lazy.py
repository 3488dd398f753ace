"""Names of a package that are loaded on first use, so that importing the package imports nothing else."""

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def lazy(
    package: str, names: Mapping[str, str], modules: Collection[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package, from its table of names and the modules that define them.

    Args:
        package: The package's own `__name__`.
        names: Each public name, and the module inside the package that defines it.
        modules: The modules that are public names themselves.
    """

    def load(name: str) -> Any:
        """Import what defines the name."""
        if name in modules:
            return import_module(f"{package}.{name}")
        if name in names:
            return getattr(import_module(f"{package}.{names[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def listing() -> list[str]:
        """All public names."""
        return sorted({*names, *modules})

    return load, listing
