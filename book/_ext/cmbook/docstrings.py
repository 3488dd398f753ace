"""Docstrings are written as the book is: `code` in backticks, `$math$`, papers as `[key2015word]`.

Sphinx reads reStructuredText, so they are rewritten before it sees them.
"""

import re
from functools import lru_cache

from pybtex.backends.plaintext import Backend
from pybtex.database import parse_file
from pybtex.plugin import register_plugin

MATH_BLOCK = re.compile(r"^([ \t]*)\$\$(.+?)\$\$([^\n]*)$", re.MULTILINE | re.DOTALL)
CODE_OR_MATH = re.compile(r"`[^`]+`|^\s*>>> .*$|(?<![\\$])\$([^$\n]+(?:\n[^$\n]+)?)\$", re.MULTILINE)
KEYS = re.compile(r"\[([a-z]+\d{4}[a-z]+(?:,\s*[a-z]+\d{4}[a-z]+)*)\]")


@lru_cache
def works(path):
    """The keys of a .bib file."""
    return frozenset(parse_file(str(path)).entries)


def math_block(found):
    indent, body, after = found.groups()
    lines = "\n".join(f"{indent}   {line.strip()}" for line in body.strip().splitlines())
    return f"\n{indent}.. math::\n\n{lines}\n\n{indent}{after.strip(' .,;')}\n"


def math(found):
    return f":math:`{' '.join(found[1].split())}`" if found[1] else found[0]


def citation(known):
    def role(found):
        keys = re.split(r",\s*", found[1])
        return f":cite:p:`{','.join(keys)}`" if known.issuperset(keys) else found[0]

    return role


def rest(text, bibliography):
    """A docstring in reStructuredText."""
    text = CODE_OR_MATH.sub(math, MATH_BLOCK.sub(math_block, text))
    return KEYS.sub(citation(works(bibliography)), text)


def bibliography(app):
    return app.srcdir / app.config.bibtex_bibfiles[0]


def process(app, what, name, obj, options, lines):
    lines[:] = rest("\n".join(lines), bibliography(app)).split("\n")


def setup(app):
    # Else it is looked up among all installed packages once for every citation, a tenth of the whole build.
    register_plugin("pybtex.backends", "plaintext", Backend, force=True)
    app.connect("autodoc-process-docstring", process, priority=100)
