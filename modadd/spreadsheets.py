"""Rows as CSV that no spreadsheet computes anything of."""

from typing import Any

import pandas as pd

# What a spreadsheet would take for a formula; the wide ones, where it speaks Japanese or Chinese.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def to_csv(rows: pd.DataFrame) -> str:
    """Text that a spreadsheet would compute gets a `'` before it, numbers stay numbers.

    Read back, such text has that `'` still: for the rows exactly as they are, take Parquet.
    """
    texts = rows.select_dtypes(include=["object", "str", "category"]).columns
    harmless = rows.assign(**{column: rows[column].map(_harmless) for column in texts})
    return harmless.rename(columns=_harmless).to_csv(index=False)


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
