"""The report as files: the page, the PDF, each figure and each table."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dashboard.report.build import Report
from dashboard.report.document import document
from dashboard.report.page import page
from dashboard.report.pictures import Picture, picture
from dashboard.report.tables import to_csv, to_tex
from modadd.config import ConfigError


def check_folder(folder: Path) -> None:
    """Raise ConfigError if nothing can be written there."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise ConfigError(f"--to must be a folder that can be written to, got {folder}")


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write report.html, report.pdf, figures/ and tables/; the paths, relative to the folder.

    All is made beside the folder first, so that what is there stays whole if anything fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {f.name: picture(f.chart) for s in report.sections for f in s.figures}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as made:
        files = _make(report, pictures, Path(made))
        for file in files:
            (folder / file).parent.mkdir(exist_ok=True)
            (Path(made) / file).replace(folder / file)
    return files


def _make(report: Report, pictures: Mapping[str, Picture], folder: Path) -> list[Path]:
    texts = {Path("report.html"): page(report, pictures).encode()}
    for name, drawn in pictures.items():
        texts[Path(f"figures/{name}.svg")] = drawn.svg.encode()
        texts[Path(f"figures/{name}.pdf")] = drawn.pdf
    for table in (table for section in report.sections for table in section.tables):
        texts[Path(f"tables/{table.name}.csv")] = to_csv(table).encode()
        texts[Path(f"tables/{table.name}.tex")] = to_tex(table).encode()
    for file, content in texts.items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(content)
    (folder / "report.pdf").write_bytes(document(report, folder))
    return [Path("report.pdf"), *texts]
