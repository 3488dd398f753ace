"""`{data-cards}`: one section for each bundled set, from `cmlearn.data.cards`."""

from cmbook.directive import MarkdownDirective, table

LICENCES = "https://github.com/cmlearn/cmlearn/blob/main/cmlearn/data/files/LICENSES/"


class DataCards(MarkdownDirective):
    def markdown(self):
        from cmlearn.data import cards

        self.depends_on(cards.__file__)
        return "\n\n".join(section(card) for card in cards.CARDS.values())


def section(card):
    return "\n\n".join(
        (
            f"## {card.name}: {card.title}",
            card.what,
            "**Counts.** " + " · ".join(f"{count:,} {thing}" for thing, count in card.counts.items()),
            f"**How it was built.** {card.built}",
            table(("what", "from", "licence", "credit"), [source(s) for s in card.sources], "wide-table"),
            f"**Splits.** {card.splits}",
            "**Known flaws.**\n\n" + "\n".join(f"- {flaw}" for flaw in card.flaws),
            f"**What is fair to do with it.** {card.fair_use}",
            f"**Load it**: `cm.data.{card.name}()`. Files: {', '.join(f'`{file}`' for file in card.files)}.",
        )
    )


def source(item):
    package = f"{item.registry} `{item.package}` {item.version}"
    return (item.gives, package, f"[{item.licence}]({LICENCES}{item.licence_file})", item.credit)


def setup(app):
    app.add_directive("data-cards", DataCards)
