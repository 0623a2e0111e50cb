import pandas as pd
import pytest

from dashboard.typesetting import FORMS, SUFFIXES, to_document, to_latex, to_markdown

ROWS = pd.DataFrame(
    {"weight_decay": [0.3, 1.0], "n": pd.array([100, None], dtype="Int64"), "r": ["● 5 %", None]}
)


def test_markdown_is_a_pipe_table():
    assert to_markdown(ROWS) == (
        "| weight\\_decay | n | r |\n| --- | --- | --- |\n| 0.3 | 100 | ● 5 % |\n| 1 | – | – |\n"
    )


def test_latex_is_a_tabular():
    body = to_latex(ROWS).splitlines()
    assert body[1:4] == ["\\begin{tabular}{lll}", "\\toprule", "weight\\_decay & n & r \\\\"]
    assert body[5:7] == ["0.3 & 100 & 5 \\% \\\\", "1 & – & – \\\\"]


HOSTILE = pd.DataFrame(
    {"a|b": ["<script>x</script>", "\\input{/etc/passwd}", "[a](b)\n| c |", "$&#"]}
)


def test_no_cell_breaks_out_of_markdown():
    text = to_markdown(HOSTILE)
    assert len(text.splitlines()) == 2 + len(HOSTILE)
    assert "\\<script\\>" in text
    assert "\\[a\\](b) \\| c \\|" in text


def test_no_cell_is_a_command_of_latex():
    text = to_latex(HOSTILE)
    assert "\\input" not in text
    assert "\\textbackslash{}input\\{/etc/passwd\\}" in text
    assert "\\$\\&\\#" in text


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_utf_8_and_has_a_suffix(form):
    assert to_document(ROWS, form).decode()
    assert SUFFIXES[form]
