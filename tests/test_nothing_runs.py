"""Nothing that a database holds runs: not in the browser, not in a spreadsheet, not in Python."""

import ast
import csv
import socket
from urllib.parse import urlsplit

import pandas as pd
import pytest
from sessions import reading
from test_imports import FILES, ROOT
from websockets.exceptions import InvalidStatus

from dashboard.report.parts import Table
from dashboard.report.tables import to_csv
from dashboard.states import plain

UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
# Reads code that it compiled, by a digest; whoever may write there may write our code itself.
CODE_IS_CODE = {"modadd/kernels/kept.py": {"pickle"}}
UNSAFE_CALLS = {"eval", "exec", "read_pickle", "to_pickle"}


def test_a_commands_csv_has_no_formulae(modadd, own_directory):
    name = '=HYPERLINK("http://evil","x")'
    modadd("simulate", "--steps", 2, "--experiment", name)
    status, printed, _ = modadd("tables", "--csv", name)
    assert status == 0
    rows = list(csv.DictReader(printed.splitlines()))
    assert {row["experiment"] for row in rows} == {"'" + name}


def names_called(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def unsafe_in(path):
    """What a file imports, calls or allows that runs what it reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {alias.name.split(".")[0] for node in imports for alias in node.names}
    modules |= {(node.module or "").split(".")[0] for node in imports if hasattr(node, "module")}
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    calls = UNSAFE_CALLS & set(names_called(tree))
    return modules & UNSAFE_MODULES | calls | keywords & {"allow_pickle"}


def test_nothing_is_unpickled_or_evaluated():
    found = {str(path.relative_to(ROOT)): unsafe_in(path) for path in FILES}
    assert {path: names for path, names in found.items() if names} == CODE_IS_CODE


def test_the_server_listens_on_loopback_alone(server):
    port = urlsplit(server).port
    with socket.socket() as reader:
        reader.settimeout(10)
        assert reader.connect_ex(("127.0.0.2", port))  # 0, had it listened to all addresses


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_pages_of_elsewhere_do_not_get_in_through_the_browser(server, origin):
    with pytest.raises(InvalidStatus, match="403"), reading(server, "", origin):
        pass


def test_nor_do_pages_whose_name_leads_here(server):
    """Whose owner has their host's name mean 127.0.0.1 now: "DNS rebinding"."""
    evil = f"evil.example:{urlsplit(server).port}"
    with (
        pytest.raises(InvalidStatus, match="400"),
        reading(server, "", f"http://{evil}", additional_headers={"Host": evil}),
    ):
        pass


def test_what_is_stored_is_no_markup():
    assert plain("[here](http://x) *b* `c` $d$ <b>") == (
        r"\[here\]\(http://x\) \*b\* \`c\` \$d\$ \<b\>"
    )
    assert plain(":smile: a: b") == ":\u2060smile: a: b"
    assert plain("# one\ntwo") == r"\# one two"


def test_a_table_of_the_report_computes_nothing_in_a_spreadsheet():
    rows = pd.DataFrame({"name": ["=1+1", "plain"], "value": [-1.5, 2.0]})
    table = Table(name="t", label="T", caption="", rows=rows)
    assert to_csv(table).splitlines()[1:] == ["'=1+1,-1.5", "plain,2.0"]
