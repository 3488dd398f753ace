"""`404.html` at the root of the site, made from `book/404.md`; it works from any depth.

A host serves it in place of any missing address, so relative links would break. A small script sets the base:
the path under which the book is published, or `/` where the address does not start with it (a local server).
"""

from pathlib import Path
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

SCRIPT = """<script>
(function () {{
  var home = {home!r};
  var base = document.createElement("base");
  base.href = location.pathname.indexOf(home) === 0 ? home : "/";
  document.head.prepend(base);
}})();
</script>"""


def pages(app):
    text = Path(app.srcdir, "book", "404.md").read_text(encoding="utf-8")
    title = text.splitlines()[0].lstrip("# ")
    yield "404", {"title": title, "body": MarkdownIt().render(text)}, "404.html"


def add_base(app, pagename, templatename, context, doctree):
    if pagename == "404":
        home = urlsplit(app.config.html_baseurl).path or "/"
        context["base_script"] = SCRIPT.format(home=home)


def setup(app):
    app.connect("html-collect-pages", pages)
    app.connect("html-page-context", add_base)
