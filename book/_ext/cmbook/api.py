"""The API pages, by static analysis: `{api}` documents whole modules, `{api-index}` lists their names."""

import sys

from astroid.manager import AstroidManager

from cmbook.directive import MarkdownDirective
from cmbook.docstrings import bibliography, rest

DIRECTIVES = {"function": "func", "class": "class", "exception": "exc", "data": "data"}


class Foreign(set):
    """Every module that is neither ours nor Python's own: the analysis would else read all of PyTorch."""

    def __contains__(self, name):
        return name.partition(".")[0] not in {"cmlearn", *sys.stdlib_module_names}


def modules(env, package):
    """Public modules at or below a dotted name, in alphabetical order."""
    everything = env.autoapi_all_objects.values()
    kinds = ("module", "package")
    return sorted((o for o in everything if o.type in kinds and is_public(o.id, package)), key=lambda o: o.id)


def is_public(name, package):
    private = any(part.startswith("_") for part in name.split("."))
    return not private and (name == package or name.startswith(package + "."))


def members(module):
    """The names that a module defines for others, in the order of its `__all__`."""
    own = {m.short_name: m for m in module.children if m.type in DIRECTIVES and not m.imported}
    order = module.all if module.all is not None else [name for name in own if not name.startswith("_")]
    return [own[name] for name in order if name in own]


def directive(member):
    """What Sphinx is asked to document: a class comes with its own documented methods and properties."""
    parts = [c for c in member.children if c.type in ("method", "property") and not c.inherited]
    names = ", ".join(c.short_name for c in parts if c.docstring and not c.short_name.startswith("_"))
    options = f"\n   :members: {names}" if names else ""
    return f".. autoapi{member.type}:: {member.id}{options}"


class Api(MarkdownDirective):
    """One section for each module that the content lists, with all its public names."""

    def markdown(self):
        self.env.note_reread()
        found = [module for name in self.content for module in modules(self.env, name.strip())]
        return "\n\n".join(self.section(module) for module in found if members(module))

    def section(self, module):
        names = "\n\n".join(directive(member) for member in members(module))
        text = rest(module.docstring, bibliography(self.env.app))
        return f"({module.id})=\n## {module.id}\n\n```{{eval-rst}}\n{text}\n\n{names}\n```"


class ApiIndex(MarkdownDirective):
    """Every public name with its first line, by module."""

    def markdown(self):
        self.env.note_reread()
        found = [module for module in modules(self.env, "cmlearn") if members(module)]
        return "\n\n".join(self.listing(module) for module in found)

    def listing(self, module):
        rows = "\n".join(self.entry(member) for member in members(module))
        return f"## [{module.id}](#{module.id})\n\n```{{eval-rst}}\n{rows}\n```"

    def entry(self, member):
        summary = " ".join(member.docstring.strip().split("\n\n")[0].split())
        name = f":py:{DIRECTIVES[member.type]}:`~{member.id}`"
        return f"- {name} {rest(summary, bibliography(self.env.app))}"


def setup(app):
    AstroidManager.brain["module_denylist"] = Foreign()
    app.add_directive("api", Api)
    app.add_directive("api-index", ApiIndex)
