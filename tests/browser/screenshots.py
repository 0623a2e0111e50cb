"""One picture a page: `screenshots.py DATABASE FOLDER [light|dark]`, for `make screenshots`."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from browser.serving import open_chromium, serving, settle
from dashboard.pages import PAGES

SIZE = {"width": 1400, "height": 1600}


def take(database, folder, scheme="light"):
    folder.mkdir(parents=True, exist_ok=True)
    with serving(database) as address, sync_playwright() as playwright:
        browser = open_chromium(playwright)
        window = browser.new_page(viewport=SIZE, color_scheme=scheme)
        for page in PAGES.values():
            window.goto(f"{address}/{page.address}")
            settle(window)
            window.wait_for_timeout(1500)  # charts fade in
            suffix = "" if scheme == "light" else f"-{scheme}"
            window.screenshot(path=folder / f"{page.name}{suffix}.png")
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]).absolute(), Path(sys.argv[2]), *sys.argv[3:4])
