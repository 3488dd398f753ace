"""`{execution-status}`: what ran when, on what, for how long, from the metadata of the notebooks."""

import json
from pathlib import Path

from cmbook.directive import MarkdownDirective, table

HEAD = ("lesson", "executed", "seconds", "claims that hold", "device", "Python", "PyTorch")


def title(notebook):
    """The text of the first heading."""
    for cell in notebook["cells"]:
        for line in "".join(cell["source"]).splitlines():
            if cell["cell_type"] == "markdown" and line.startswith("# "):
                return line[2:].strip()
    return "untitled"


def claims(notebook):
    """How many claims the outputs show to hold."""
    outputs = (o for c in notebook["cells"] if c["cell_type"] == "code" for o in c["outputs"])
    lines = (line for o in outputs for line in "".join(o.get("text", "")).splitlines())
    return sum(line.startswith("✓ ") for line in lines)


def unbroken(text):
    """For narrow columns: hyphens and spaces that do not break."""
    return text.replace("-", "\N{NON-BREAKING HYPHEN}").replace(" ", "\N{NO-BREAK SPACE}")


class ExecutionStatus(MarkdownDirective):
    def markdown(self):
        lessons = [page for page in self.env.external_site_map if page.startswith("notebooks/")]
        if not lessons:
            return "No lesson has been executed yet."
        rows = [self.row(name) for name in lessons]
        total = sum(row[2] for row in rows)
        text = f"{len(rows)} lessons, {total:.0f} s of execution in all."
        return f"{text}\n\n{table(HEAD, rows, 'wide-table')}"

    def row(self, name):
        path = Path(self.env.srcdir, f"{name}.ipynb")
        self.depends_on(path)
        notebook = json.loads(path.read_text(encoding="utf-8"))
        ran = notebook["metadata"]["cmlearn"]
        device = f"{ran['device']}, {ran['threads']} thread" + "s" * (ran["threads"] > 1)
        seconds = ran["seconds"]
        return (
            f"[{title(notebook)}](/{name}.ipynb)",
            unbroken(ran["executed"]),
            seconds,
            claims(notebook),
            unbroken(device),
            ran["python"],
            ran["torch"],
        )


def setup(app):
    app.add_directive("execution-status", ExecutionStatus)
