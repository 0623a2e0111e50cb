"""One picture a page, and the report's first: `screenshots.py DATABASE FOLDER [light|dark]`, for
`make screenshots`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from browser.serving import DONE, open_chromium, serving, settle
from dashboard.pages import PAGES
from dashboard.report.build import build
from dashboard.report.document import first_page
from dashboard.report.sections import SECTIONS
from dashboard.report.write import write_report
from db.connect import open_for_reading

SIZE = {"width": 1400, "height": 1600}


def take(database, folder, scheme="light"):
    folder.mkdir(parents=True, exist_ok=True)
    with serving(database) as address, sync_playwright() as playwright:
        browser = open_chromium(playwright)
        window = browser.new_page(viewport=SIZE, color_scheme=scheme)
        for page in PAGES.values():
            window.goto(f"{address}/{page.address}")
            window.wait_for_selector(DONE, timeout=60_000)
            settle(window)
            window.wait_for_timeout(1500)  # charts fade in
            suffix = "" if scheme == "light" else f"-{scheme}"
            window.screenshot(path=folder / f"{page.name}{suffix}.png")
        browser.close()


def take_report(database, folder):
    with open_for_reading(str(database)) as engine:
        report = build(engine, SECTIONS)
    with tempfile.TemporaryDirectory() as made:
        write_report(report, Path(made))
        (folder / "report.png").write_bytes(first_page(report, Path(made)))


if __name__ == "__main__":
    take(Path(sys.argv[1]).absolute(), Path(sys.argv[2]), *sys.argv[3:4])
    take_report(Path(sys.argv[1]), Path(sys.argv[2]))
