"""Rows as CSV that no spreadsheet computes anything of."""

import re
from typing import Any

import pandas as pd

# Where a spreadsheet would begin a formula: at the start of a text, or of what it makes a cell of
# where it splits at semicolons. The wide signs are for those that speak Japanese or Chinese.
_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=\s*[=+\-@＝＋－＠])|^(?=[\t\r\n])")


def to_csv(rows: pd.DataFrame) -> str:
    """Text that a spreadsheet would compute gets a `'` before it, numbers stay numbers.

    Read back, such text has that `'` still: for the rows exactly as they are, take Parquet.
    """
    texts = rows.select_dtypes(include=["object", "str", "category"]).columns
    harmless = rows.assign(**{column: rows[column].map(_harmless) for column in texts})
    return harmless.rename(columns=_harmless).to_csv(index=False)


def _harmless(value: Any) -> Any:
    return _FORMULA.sub("'", value) if isinstance(value, str) else value
