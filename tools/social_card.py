"""Draw `book/_static/social-card.png`, the picture that a link to the book shows.

Run `python tools/social_card.py`. It is a web page of 1200 x 630 pixels, photographed by Chromium.
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).resolve().parents[1] / "book" / "_static"
PAGE = f"""<!doctype html>
<link rel="stylesheet" href="file://{STATIC}/fonts.css">
<style>
  body {{ margin: 0; width: 1200px; height: 630px; display: flex; align-items: center; gap: 70px;
         box-sizing: border-box; padding: 0 80px; background: #fcfcfb; color: #1f2630;
         border-bottom: 14px solid #2f7fd1; }}
  img {{ width: 320px; flex: none; }}
  h1 {{ font: 640 74px/1.08 "Source Serif 4", serif; margin: 0 0 26px; letter-spacing: -0.01em; }}
  p {{ font: 400 33px/1.35 "Source Sans 3", sans-serif; margin: 0; color: #56616f; }}
</style>
<img src="file://{STATIC}/logo.svg" alt="">
<div>
  <h1>Cross-Modal Learning, Executable</h1>
  <p>One method a page: read it, run it, take it apart. Every result is checked.</p>
</div>
"""


def main() -> None:
    """Write the picture."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        draft = STATIC / "social-card.html"
        draft.write_text(PAGE, encoding="utf-8")
        try:
            page.goto(f"file://{draft}")
            page.evaluate("document.fonts.ready.then(() => null)")
            page.screenshot(path=str(STATIC / "social-card.png"))
        finally:
            draft.unlink()
        browser.close()


if __name__ == "__main__":
    main()
