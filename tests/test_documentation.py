"""What the documentation says is what happens."""

import contextlib
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from jobs.main import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DATABASE = (ROOT / "db" / "README.md").read_text(encoding="utf-8")
LAW = (ROOT / "docs" / "law.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", DATABASE, flags=re.S)
OF_THE_LAW = re.findall(r"```sql\n(.*?)```", LAW, flags=re.S)


def answering(query, request):
    """The database that has what the query asks for."""
    of_the_law = re.search(r"\b(law_\w+|twin_runs)\b", query)
    return request.getfixturevalue("law_database" if of_the_law else "small_database")


def test_there_are_at_least_12_worked_queries():
    assert len(QUERIES) >= 12


def test_the_law_is_asked_for_in_sql():
    assert len(OF_THE_LAW) >= 2


@pytest.mark.parametrize(
    "query", [*QUERIES, *OF_THE_LAW], ids=lambda query: query.split("\n")[0][:40]
)
def test_every_worked_query_runs_and_finds_something(query, request):
    with contextlib.closing(sqlite3.connect(answering(query, request))) as connection:
        assert connection.execute(query).fetchall()


def test_the_python_example_runs(small_database):
    (example,) = re.findall(r"```python\n(.*?)```", DATABASE, flags=re.S)
    shutil.copy(small_database, "modadd.db")
    names = {}
    exec(example, names)
    names["connection"].close()
    assert names["embedding"].shape == (17, 2)


@pytest.mark.parametrize("database", ["small_database", "law_database"])
def test_the_schema_table_names_every_table_and_view(database, request):
    path = request.getfixturevalue(database)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = {
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            )
        }
    undocumented = {name for name in names - {"store"} if name not in DATABASE}
    assert not undocumented


def test_the_diagram_has_every_table_that_hangs_on_a_run(law_database):
    with contextlib.closing(sqlite3.connect(law_database)) as connection:
        names = {
            name
            for (name,) in connection.execute(
                "SELECT m.name FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f "
                "WHERE m.type = 'table' AND f.\"table\" = 'runs'"
            )
        }
    (diagram,) = re.findall(r"```mermaid\n(.*?)```", DATABASE, flags=re.S)
    assert {"law_fits", "series"} <= names <= set(re.findall(r"\w+", diagram))


def test_the_readme_names_every_command_and_no_other():
    named = set(re.findall(r"modadd ([a-z]+)\b", "\n".join(re.findall(r"`[^`]+`", README))))
    assert set(COMMANDS) <= named
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("line", [
    line for block in re.findall(r"```sh\n(.*?)```", README, flags=re.S)
    for line in block.splitlines() if line.startswith("modadd ")
])  # fmt: skip
def test_every_command_line_of_the_readme_parses(line, modadd, monkeypatch, own_directory):
    """Checked as far as the plan: nothing is computed."""
    import shlex

    words = shlex.split(line, comments=True)[1:]
    (own_directory / "sweep.toml").write_text(re.search(r"```toml\n(.*?)```", README, re.S)[1])
    if (
        words[0] in ("train", "simulate", "run", "reproduce", "report")
        and "--no-compute" not in words
    ):
        asked = []
        monkeypatch.setattr(
            f"jobs.{'sweep' if words[0] in ('train', 'simulate') else words[0]}.compute_requests",
            lambda _, requests: asked.extend(requests) or 9,
        )
        assert modadd(*words)[0] == 9
        assert asked
    else:
        modadd("simulate", "--steps", 1, "--experiment", "mine")
        status, _, errors = modadd(*words)
        assert status == 0 or "no runs of" in errors


def test_the_version_stands_in_one_place():
    import modadd

    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version"]' in project
    assert f"## {modadd.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_readmes_library_example_prints_circles(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    exec(example, {})
    *networks, circles = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in networks] == ["0", "200", "2000"]
    assert int(networks[-1].split()[1]) > 0
    assert int(circles) > 10
