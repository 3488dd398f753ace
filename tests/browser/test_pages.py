"""The built pages, in a browser: they work offline, on a phone, in the dark, and for everyone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.look import look

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
HOME = "/cmlearn/"
COLAB = "https://colab.research.google.com/github/cmlearn/cmlearn/blob/main/"


def addresses(pattern: str) -> list[str]:
    """Pages of the built book."""
    found = (path.relative_to(HTML) for path in HTML.glob(pattern))
    return sorted(str(path) for path in found if not path.parts[0].startswith("_"))


def test_the_book_is_built(site):
    assert "index.html" in addresses("*.html")


@pytest.mark.parametrize("address", addresses("**/*.html"))
def test_page(page: Page, site: str, address: str):
    faults = look(page, address, site.removesuffix(HOME))
    assert not faults, "\n".join([address, *faults])


def test_solutions_open_by_keyboard(page: Page):
    page.goto("notebooks/start/quickstart.html")
    solution = page.locator("details.hide", has_text="Solution").first
    code = solution.locator(".cell_input")
    expect(code).to_be_hidden()
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(code).to_be_visible()
    expect(code).not_to_contain_text("@title")


def test_search_finds_a_lesson(page: Page):
    page.goto("index.html")
    page.locator(".search-button__button").filter(visible=True).click()
    page.keyboard.type("pictures by words")
    page.keyboard.press("Enter")
    expect(page.locator("#search-results a[href*='notebooks/start/quickstart.html']").first).to_be_visible()


def test_theme_switch(page: Page):
    page.goto("index.html")
    shown = set()
    for _ in range(3):
        page.locator(".theme-switch-button").filter(visible=True).click()
        theme = page.evaluate("document.documentElement.dataset.theme")
        shown.add((theme, page.evaluate("getComputedStyle(document.body).backgroundColor")))
    assert {theme for theme, _ in shown} == {"light", "dark"}
    assert len(shown) == 2


def test_mathematics_is_drawn(page: Page):
    page.goto("book/appendix/notation.html")
    expect(page.locator("mjx-container").first).to_be_visible()
    page.evaluate("document.fonts.ready.then(() => null)")
    assert page.evaluate("[...document.fonts].some(f => f.family.includes('MJX') && f.status === 'loaded')")


@pytest.mark.parametrize("lesson", addresses("notebooks/**/*.html"))
def test_colab_and_binder_open_the_lesson(page: Page, lesson):
    notebook = lesson.replace(".html", ".ipynb")
    assert (ROOT / notebook).exists()
    page.goto(lesson)
    links = page.locator(".dropdown-launch-buttons a").evaluate_all("links => links.map(a => a.href)")
    assert COLAB + notebook in links
    assert f"https://mybinder.org/v2/gh/cmlearn/cmlearn/main?urlpath=lab/tree/{notebook}" in links


@pytest.mark.parametrize("address", ["/cmlearn/no/such/page.html", "/cmlearn/nothing", "/elsewhere/x/y/z"])
def test_missing_page(page: Page, address):
    response = page.goto(address)
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", level=1)).to_contain_text("not in the book")
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily").startswith(
        '"Source Serif 4"'
    )
    page.get_by_role("link", name="The landing page").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cross-Modal Learning")
