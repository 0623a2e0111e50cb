"""Provenance: with what a job computed, as it is stored beside its runs."""

import shlex
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import modadd
from db.connect import without_password

PACKAGES = ("torch", "numba", "numpy", "scipy", "sqlalchemy")


def provenance(device: str, threads: int) -> dict[str, str | int | None]:
    """The columns of `jobs` that describe the program and the machine."""
    return {
        "command": shlex.join(["modadd", *map(without_password, sys.argv[1:])]),
        "project_version": modadd.__version__,
        "git_commit": git_commit(),
        "device": device,
        "threads": threads,
    }


def packages() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    found = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):  # Numba may be missing
            found[name] = version(name)
    return found


def git_commit() -> str | None:
    """The commit of the project's checkout, with `-dirty` if files differ; None outside of one."""
    root = Path(modadd.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + ("-dirty" if _git(root, "status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
