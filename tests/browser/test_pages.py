"""The built pages, in a browser: they work offline, on a phone, in the dark, and for everyone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
COLAB = "https://colab.research.google.com/github/cmlearn/cmlearn/blob/main/"


def lessons() -> list[str]:
    """Addresses of the lessons."""
    built = ROOT / "_build" / "html"
    return sorted(str(path.relative_to(built)) for path in built.glob("notebooks/**/*.html"))


def all_empty(findings: dict) -> None:
    bad = {page: found for page, found in findings.items() if found}
    assert not bad, "\n".join(f"{page}: {line}" for page, lines in bad.items() for line in lines)


def test_no_console_errors(visits):
    all_empty({page: visit.console for page, visit in visits.items()})


def test_no_failed_requests(visits):
    all_empty({page: visit.failed for page, visit in visits.items()})


def test_no_request_leaves_the_site(visits):
    all_empty({page: visit.elsewhere for page, visit in visits.items()})


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_no_sideways_scrolling(visits, width):
    all_empty({page: visit.overflow[width] for page, visit in visits.items()})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(visits, theme):
    all_empty({page: visit.axe[theme] for page, visit in visits.items()})


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_one_search_box(visits, width):
    assert {page: v.search_boxes[width] for page, v in visits.items() if v.search_boxes[width] != 1} == {}


def test_solutions_start_collapsed(visits):
    assert {page: v.open_at_first for page, v in visits.items() if v.open_at_first} == {}


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


@pytest.mark.parametrize("lesson", lessons())
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
