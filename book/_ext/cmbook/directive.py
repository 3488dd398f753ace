"""The base of the directives here: each answers with Markdown, made from plain data."""

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList


class MarkdownDirective(Directive):
    """Subclasses return Markdown from `markdown()`; headings in it become sections of the page."""

    has_content = True

    def run(self):
        holder = nodes.Element()
        lines = StringList(self.markdown().split("\n"), self.name)
        self.state.nested_parse(lines, 0, holder, match_titles=True)
        return holder.children

    def markdown(self):
        raise NotImplementedError

    @property
    def env(self):
        return self.state.document.settings.env

    def depends_on(self, path):
        """Rebuild this page when a file changes."""
        self.env.note_dependency(str(path))


def table(head, rows, classes=""):
    """A Markdown table; cells hold inline Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    body = "\n".join("| " + " | ".join(cell(c) for c in line) + " |" for line in lines)
    return f":::{{div}} {classes}\n{body}\n:::" if classes else body


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")
