"""Runs every benchmark, or those named: `python -m benchmarks metrics`."""

import sys
from importlib import import_module
from pkgutil import iter_modules

import benchmarks

EVERY = sorted(module.name for module in iter_modules(benchmarks.__path__) if not module.name.startswith("_"))

for name in sys.argv[1:] or EVERY:
    import_module(f"benchmarks.{name}").main()
