"""A Chromium, and the built book on localhost."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

HTML = Path(__file__).parents[2] / "_build" / "html"
HOME = "/cmlearn/"  # the path under which the book is published
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
    handler = functools.partial(Handler, directory=str(HTML))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
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
    wide = {"width": 1400, "height": 900}
    context = browser.new_context(viewport=wide, color_scheme="light", base_url=site)
    yield context.new_page()
    context.close()
