"""What every page gets: social-card metadata, markup for screen readers, nothing from another host."""

import re
from html import escape, unescape

from docutils import nodes

ELSEWHERE = re.compile(r"thebe", re.IGNORECASE)
SIGNATURE = re.compile(r"<dl>\n(<dd>.*?)</dl>", re.DOTALL)


def drop_thebe(context):
    """Jupyter Book adds Thebe's loader, which names another host, whether or not it is used."""
    for kind in ("script_files", "css_files"):
        context[kind] = [f for f in context[kind] if not ELSEWHERE.search(str(vars(f)))]


def name_toggles(context):
    """Give the sidebar's `<summary>` elements, which hold only an icon, a name."""
    generate = context["generate_toctree_html"]

    def named(*args, **kwargs):
        tree = str(generate(*args, **kwargs))
        return tree.replace("<summary>", '<summary aria-label="Show or hide its pages">')

    context["generate_toctree_html"] = named


def signature_lines(found):
    lines = found[1].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")
    return f'<span class="sig-lines">{lines}</span>'


def repair(body):
    """Sphinx sets a long signature as a definition list without terms, references as a list without items."""
    return SIGNATURE.sub(signature_lines, body).replace('role="doc-biblioentry"', 'role="listitem"')


def description(doctree):
    """The first plain paragraph, cut at a word near 200 characters."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        text = " ".join(paragraph.astext().split())
        if len(text) > 40:
            return text if len(text) <= 200 else text[:200].rsplit(" ", 1)[0] + " …"
    return ""


def social_card(app, pagename, context, doctree):
    title = unescape(re.sub(r"<[^>]+>", "", context.get("title", ""))) or app.config.html_title
    base = app.config.html_baseurl
    text = description(doctree) or app.config.html_title
    tags = {
        "og:type": "website",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": text,
        "og:url": base + app.builder.get_target_uri(pagename),
        "og:image": base + "_static/social-card.png",
        "og:image:alt": "The title of the book beside a grid of pictures and words whose diagonal is bright",
    }
    lines = [f'<meta property="{k}" content="{escape(v, quote=True)}" />' for k, v in tags.items()]
    lines.append(f'<meta name="description" content="{escape(text, quote=True)}" />')
    lines.append('<meta name="twitter:card" content="summary_large_image" />')
    return "\n".join(lines) + "\n"


def dress(app, pagename, templatename, context, doctree):
    drop_thebe(context)
    if "generate_toctree_html" in context:
        name_toggles(context)
    if context.get("body"):
        context["body"] = repair(context["body"])
    context["metatags"] = context.get("metatags", "") + social_card(app, pagename, context, doctree)


def setup(app):
    app.connect("html-page-context", dress, priority=900)
