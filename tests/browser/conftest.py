"""A Chromium, the built book on localhost, and one visit to every page that all tests look at."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

HTML = Path(__file__).parents[2] / "_build" / "html"
HOME = "/cmlearn/"  # the path under which the book is published
WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 375, "height": 800}
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the book as GitHub Pages does: below `HOME`, and with `404.html` for what is missing."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(HOME.rstrip("/")))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        body = (HTML / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the book's first page, without `index.html`."""
    if not (HTML / "index.html").exists():
        pytest.fail("the book is not built: run `make book` first")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(HTML))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{HOME}"
    server.shutdown()


def chromium() -> str:
    """Path of a Chromium; where there is none, skip, or fail if one is required."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    message = f"no Chromium: none of {', '.join(NAMES)} is on the PATH"
    if os.environ.get("CMLEARN_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{message}, and CMLEARN_REQUIRE_BROWSER=1")
    pytest.skip(f"{message}; the pages were not looked at")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, color_scheme="light", base_url=site)
    yield context.new_page()
    context.close()


@dataclass
class Visit:
    """What one page showed."""

    console: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    axe: dict[str, list[str]] = field(default_factory=dict)
    overflow: dict[str, list[str]] = field(default_factory=dict)
    search_boxes: dict[str, int] = field(default_factory=dict)
    open_at_first: int = 0


def addresses() -> list[str]:
    """Every page of the book."""
    found = (path.relative_to(HTML) for path in HTML.rglob("*.html"))
    return sorted(str(path) for path in found if not path.parts[0].startswith("_"))


def listen(page: Page, site: str, visit: Visit) -> None:
    origin = site.removesuffix(HOME)
    page.on("console", lambda m: visit.console.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: visit.console.append(str(error)))
    page.on("requestfailed", lambda request: visit.failed.append(request.url))
    page.on("response", lambda r: visit.failed.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    local = (origin, "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(local) else visit.elsewhere.append(r.url))


def settle(page: Page) -> None:
    """Wait for the mathematics and the typefaces."""
    page.evaluate("window.MathJax?.startup?.promise")
    page.evaluate("document.fonts.ready.then(() => null)")


def violations(page: Page) -> list[str]:
    """Serious and critical findings of axe, with the first element of each."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{v['id']} ({v['impact']}, {len(v['nodes'])}x): {v['help']}: {v['nodes'][0]['html'][:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > width + 1)
    .slice(0, 5).map(e => e.outerHTML.slice(0, 120));
}"""
SEARCH_BOXES = """() =>
  [...document.querySelectorAll(".search-button__button")].filter(e => e.checkVisibility()).length"""


def look(page: Page, address: str, site: str) -> Visit:
    """Load a page once and look at it wide and narrow, light and dark, with all solutions open."""
    visit = Visit()
    listen(page, site, visit)
    page.goto(address)
    settle(page)
    visit.open_at_first = page.locator("main details.hide[open]").count()
    page.evaluate("document.querySelectorAll('main details').forEach(e => e.open = true)")
    for name, size in {"wide": WIDE, "narrow": NARROW}.items():
        page.set_viewport_size(size)
        visit.overflow[name] = page.evaluate(TOO_WIDE)
        visit.search_boxes[name] = page.evaluate(SEARCH_BOXES)
    for theme in ("light", "dark"):
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{theme}'")
        visit.axe[theme] = violations(page)
    return visit


@pytest.fixture(scope="session")
def visits(browser: Browser, site: str) -> dict[str, Visit]:
    """Every page of the book, looked at once."""
    context = browser.new_context(viewport=WIDE, color_scheme="light", base_url=site)
    found = {}
    for address in addresses():
        page = context.new_page()
        found[address] = look(page, address, site)
        page.close()
    context.close()
    return found
