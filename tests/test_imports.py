"""The import law: dashboard → db, modadd; jobs → db, modadd; modadd and db know nobody else.

One exception: `modadd report` is a command, and its report is made of the dashboard's charts."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "modadd": {"modadd"},
    "db": {"db"},
    "jobs": {"jobs", "db", "modadd"},
    "dashboard": {"dashboard", "db", "modadd"},
}
LIBRARIES_KEPT_OUT = {
    "modadd": {"sqlalchemy", "streamlit", "altair", "tqdm"},
    "db": {"torch", "streamlit", "altair", "scipy"},
    "jobs": {"streamlit", "altair"},
    "dashboard": {"torch"},
}
EXCEPTIONS = {"jobs/report.py": {"dashboard.report"}}
FILES = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


def imported(path):
    allowed = EXCEPTIONS.get(str(path.relative_to(ROOT)), set())
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        for module in modules:
            if ".".join(module.split(".")[:2]) not in allowed:
                yield module.split(".")[0]


def packages_against_the_law(path):
    """What a file imports that it must not."""
    package = path.relative_to(ROOT).parts[0]
    names = set(imported(path))
    return (names & set(MAY_IMPORT)) - MAY_IMPORT[package] | names & LIBRARIES_KEPT_OUT[package]


def test_imports_run_one_way():
    assert len(FILES) > 100
    against = {str(path.relative_to(ROOT)): packages_against_the_law(path) for path in FILES}
    assert {path: names for path, names in against.items() if names} == {}


def test_files_are_short():
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {str(path): count for path, count in lines.items() if count > 300} == {}


MODULES = [
    "modadd.structures", "modadd.metrics", "modadd.tables", "modadd.experiments", "modadd.forces",
    "db.queries", "db.store", "jobs.main", "jobs.list", "jobs.tables", "jobs.train",
]  # fmt: skip


def loaded_by(modules):
    imports = "; ".join(f"import {module}" for module in modules)
    code = f"import sys; {imports}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_what_starts_at_once_loads_nothing_that_takes_long():
    assert not {"torch", "scipy.stats"} & loaded_by(MODULES)


def test_no_run_waits_for_pandas():
    assert "pandas" not in loaded_by(["jobs.main", "jobs.reproduce", "jobs.train", "jobs.compute"])


def test_the_kernels_are_loaded_before_what_prints(own_directory):
    code = """
import sys, time
from jobs import loop, reproduce

def load_kernels(chunk):
    import modadd.kernels.processor
    time.sleep(0.3)  # in which what loads ahead would go on
    print("pandas" in sys.modules)

loop.load_kernels = load_kernels
reproduce.command(["table-2", "--seeds", "0"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("False\ntable-2: ")


def test_the_report_is_made_without_streamlit():
    files = sorted((ROOT / "dashboard" / "report").rglob("[a-z]*.py"))
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    assert "dashboard.report.write" in modules
    assert "streamlit" not in loaded_by([*modules, "jobs.report"])
