"""What is wrong with one page, seen in a browser: wide and narrow, light and dark."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 375, "height": 800}

TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const scrolls = e => e && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
  return [...document.querySelectorAll("main *")]
    .filter(e => e.getBoundingClientRect().right > width + 1 && !scrolls(e.parentElement))
    .slice(0, 5).map(e => e.outerHTML.slice(0, 120));
}"""
SEARCH_BOXES = """() =>
  [...document.querySelectorAll(".search-button__button")].filter(e => e.checkVisibility()).length"""
# A colour that is still on its way from one theme to the other has no contrast to speak of.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"
# Axe measures the contrast of every word of code. One word of each kind is enough, and three times as fast.
ONE_OF_EACH_KIND = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight pre span, dt.sig span")) {
    const kind = word.className + (word.closest(".cell_input, .cell_output, .doctest")?.className ?? "");
    if (seen.has(kind)) word.replaceWith(...word.childNodes);
    seen.add(kind);
  }
}"""


def look(page: Page, address: str, origin: str) -> list[str]:
    """Load a page and list everything that a reader would trip over."""
    faults: list[str] = []
    listen(page, origin, faults)
    page.goto(address)
    page.evaluate("window.MathJax?.startup?.promise")
    page.evaluate("document.fonts.ready.then(() => null)")
    faults += [f"formula: {error}" for error in page.locator("mjx-merror").all_text_contents()]
    if page.locator("main details.hide[open]").count():
        faults.append("a solution is open at first")
    page.evaluate("document.querySelectorAll('main details').forEach(e => e.open = true)")
    for width, size in {"narrow": NARROW, "wide": WIDE}.items():
        page.set_viewport_size(size)
        faults += [f"{width}: scrolls sideways: {element}" for element in page.evaluate(TOO_WIDE)]
        if (boxes := page.evaluate(SEARCH_BOXES)) != 1:
            faults.append(f"{width}: {boxes} search boxes")
    page.evaluate(ONE_OF_EACH_KIND)
    page.add_style_tag(content=STILL)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{theme}'")
        faults += [f"{theme}: {violation}" for violation in violations(page, theme)]
    return faults


def listen(page: Page, origin: str, faults: list[str]) -> None:
    """Note console errors, failed requests, and requests to anywhere but the book's own server."""
    local = (origin, "data:", "blob:")
    page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"console: {error}"))
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
    page.on("response", lambda r: faults.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
    page.on("request", lambda r: None if r.url.startswith(local) else faults.append(f"elsewhere: {r.url}"))


def violations(page: Page, theme: str) -> list[str]:
    """Serious and critical findings of axe; between themes only colours differ."""
    only = {"runOnly": ["color-contrast"]} if theme == "dark" else {}
    options = {"resultTypes": ["violations"], "preload": False, **only}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{v['id']} ({v['impact']}, {len(v['nodes'])}x): {v['help']}: {v['nodes'][0]['html'][:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
