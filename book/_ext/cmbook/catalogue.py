"""Pages made from `cmlearn.catalog`, the survey's names with verdicts and what exists.

`{map}` shows the parts of the book; the other directives are the pieces of the page that checks the survey.
A lesson is linked once its notebook is in the table of contents.
"""

from cmbook.directive import MarkdownDirective, table

PARTS = {
    "2": ("Concepts", "What the words mean, and how each can be measured."),
    "3": ("Hotspots", "Interaction, attention, hybrids, mutual information, multimodal modelling."),
    "4": ("Works", "The representative systems, from network embedding to joint knowledge."),
    "5": ("Methods", "Word embeddings, attention, spatio-temporal nets and joint encoders, taken apart."),
    "6": ("Trends", "Where the field went: depth, many tasks, robustness, efficiency, evaluation."),
}


class FromCatalogue(MarkdownDirective):
    """Base: the catalogue, and links to the lessons that exist."""

    @property
    def catalog(self):
        from cmlearn import catalog

        self.depends_on(catalog.__file__)
        return catalog

    def lesson(self, row):
        """The page of a row's lesson, or None while it is not written."""
        page = f"notebooks/{row.lesson}"
        return page if row.lesson and page in self.env.found_docs else None

    def status(self, row):
        page = self.lesson(row)
        return f"[read the lesson](/{page}.ipynb)" if page else "[being written]{.book-badge .badge-writing}"


def anchor(row):
    return f"entry-{row.key.lower()}"


def badge(verdict):
    return f"[{verdict}]{{.book-badge .badge-{str(verdict).replace(' ', '-')}}}"


def cite(keys):
    return ", ".join(f"{{cite:t}}`{key}`" for key in keys)


class Map(FromCatalogue):
    """All parts of the book, as chips: linked where the lesson exists."""

    def markdown(self):
        return "\n\n".join([self.start(), *(self.part(number, *texts) for number, texts in PARTS.items())])

    def start(self):
        """The part that the survey does not have."""
        pages = [page for page in self.env.external_site_map if page.startswith("notebooks/start/")]
        chips = " ".join(f"[](/{page}.ipynb){{.chip .chip-written}}" for page in pages)
        return f"### Start\n\nA first model, the data, and the training loop written out.\n\n{chips}"

    def part(self, number, name, sentence):
        headings = {s: t for s, t in self.catalog.SECTIONS.items() if s.split(".")[0] == number}
        rows = {s: self.rows(s) for s in headings}
        every = [row for found in rows.values() for row in found]
        written = sum(self.lesson(row) is not None for row in every)
        lines = "\n".join(
            f"- [{s} {headings[s]}]{{.map-heading}} " + " ".join(self.chip(row) for row in found)
            for s, found in rows.items()
            if found
        )
        count = f"[{written} of {len(every)} written]{{.map-count}}"
        return f"### {name}\n\n{sentence} {count}\n\n:::{{div}} map\n{lines}\n:::"

    def rows(self, section):
        """What belongs under a heading first: the survey's names, then what it leaves out."""
        added = [topic for topic in self.catalog.TOPICS if topic.sections[0] == section]
        return [row for row in self.catalog.SYSTEMS if row.section == section] + added

    def chip(self, row):
        kind = " .chip-added" if row.key.startswith("M") else ""
        page = self.lesson(row)
        if page:
            return f"[{row.name}](/{page}.ipynb){{.chip .chip-written{kind}}}"
        return f"[{row.name}]{{.chip{kind}}}"


class Overview(FromCatalogue):
    """One line a name."""

    def markdown(self):
        head = ("name", "heading", "verdict", "what we build", "lesson")
        return table(head, [self.row(row) for row in self.catalog.SYSTEMS], "wide-table")

    def row(self, row):
        headings = ", ".join((row.section, *row.also))
        return (f"[{row.name}](#{anchor(row)})", headings, badge(row.verdict), row.builds, self.status(row))


class Corrections(FromCatalogue):
    """The corrections that hold for the whole survey."""

    def markdown(self):
        return "\n\n".join(correction(c) for c in self.catalog.CORRECTIONS if not c.section)


def correction(item):
    works = f" {cite(item.references)}." if item.references else ""
    return f"> **Survey check: {item.title}.** {item.text}{works}"


class Entries(FromCatalogue):
    """Every name of the survey, heading by heading."""

    def markdown(self):
        return "\n\n".join(self.section(number, title) for number, title in self.catalog.SECTIONS.items())

    def section(self, number, title):
        notes = [correction(c) for c in self.catalog.CORRECTIONS if c.section == number]
        entries = [self.entry(row) for row in self.catalog.SYSTEMS if row.section == number]
        again = [row for row in self.catalog.SYSTEMS if number in row.also]
        links = ", ".join(f"[{row.name}](#{anchor(row)})" for row in again)
        repeats = [f"Named again here: {links}."] if again else []
        return "\n\n".join([f"### {number} {title}", *notes, *entries, *repeats])

    def entry(self, row):
        code = " ".join(f"{{py:obj}}`~{path}`" for path in row.implements)
        return "\n".join(
            (
                f"({anchor(row)})=",
                "::::{div} entry",
                f"**{row.name}** {badge(row.verdict)} {self.status(row)}",
                "",
                f"- [The survey]{{.entry-label}} {row.says}",
                f"- [The literature]{{.entry-label}} {row.correction}",
                f"- [We build]{{.entry-label}} {row.builds} {code}",
                f"- [Works]{{.entry-label}} {cite((row.reference, *row.further))}",
                "::::",
            )
        )


class Topics(FromCatalogue):
    """The trends (`T`) or the subjects that the survey leaves out (`M`), as a table."""

    required_arguments = 1

    def markdown(self):
        head = ("subject", "belongs to", "what we build", "works", "lesson")
        rows = [self.row(t) for t in self.catalog.TOPICS if t.key.startswith(self.arguments[0])]
        return table(head, rows, "wide-table")

    def row(self, topic):
        return (
            topic.name,
            ", ".join(topic.sections),
            topic.builds,
            cite(topic.references),
            self.status(topic),
        )


class Parts(FromCatalogue):
    """The survey's headings beside the field's two standard taxonomies."""

    def markdown(self):
        head = (
            "survey",
            "{cite:t}`baltrusaitis2019multimodal`",
            "{cite:t}`liang2024foundations`",
            "we add",
            "package",
        )
        return table(head, [self.row(part) for part in self.catalog.PARTS], "wide-table")

    def row(self, part):
        added = ", ".join(self.catalog.topic(key).name for key in part.adds)
        packages = ", ".join(f"`{family}`" for family in part.families)
        return (", ".join(part.sections), part.baltrusaitis, part.liang, added, packages)


class ReadersNote(FromCatalogue):
    def markdown(self):
        return self.catalog.readers_note()


DIRECTIVES = {
    "map": Map,
    "survey-corrections": Corrections,
    "survey-table": Overview,
    "survey-entries": Entries,
    "survey-topics": Topics,
    "survey-parts": Parts,
    "readers-note": ReadersNote,
}


def setup(app):
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
