"""The pages, in the order of the navigation. A page is one file in `views/` and one entry here."""

from pathlib import Path
from typing import NamedTuple

VIEWS = Path(__file__).parent / "views"


class Page(NamedTuple):
    """name: the file in `views/` and the path in the URL. section: of the navigation. filtered:
    whether the page shows the runs of the filter; only then does the sidebar have it. needs_runs:
    whether there is nothing to see without a database that holds runs. of_kind: whether it shows
    runs of the filter's kind alone, so that others are no news to it."""

    name: str
    title: str
    section: str
    icon: str
    filtered: bool = True
    needs_runs: bool = True
    of_kind: bool = False

    @property
    def address(self) -> str:
        """The page's path in the URL: the first page is at the root."""
        return "" if self.name == next(iter(PAGES)) else self.name

    @property
    def path(self) -> Path:
        """The page's file."""
        return VIEWS / f"{self.name}.py"


PAGES: dict[str, Page] = {
    page.name: page
    for page in (
        Page("overview", "Overview", "Results", ":material/home:"),
        Page("runs", "Runs", "Results", ":material/apps:", of_kind=True),
        Page("run", "Run", "Results", ":material/play_circle:"),
        Page("compare", "Compare", "Results", ":material/compare_arrows:"),
        Page("tables", "Tables", "Results", ":material/table_chart:", of_kind=True),
        Page("phases", "Phase diagram", "Results", ":material/grid_on:", of_kind=True),
        Page("law", "The law on trial", "Results", ":material/gavel:"),
        Page("lab", "Lab", "Workbench", ":material/science:", filtered=False, needs_runs=False),
        Page("sql", "SQL", "Workbench", ":material/terminal:", filtered=False),
    )
}
