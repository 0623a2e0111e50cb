import numpy as np
import pandas as pd

from dashboard.charts_learned_law import SOURCES, learned_functions
from modadd.learned_law import FUNCTIONS, HATS, law_at


def test_a_chart_of_the_learnt_law_has_every_knot_and_the_papers_form():
    law = law_at(np.array([2.0, 1.0, 1.5, 0.5]))
    table = pd.DataFrame(
        {
            "function": [name for name, _ in HATS],
            "at": [at for _, at in HATS],
            "value": np.arange(len(HATS), dtype=float),
            "low": np.arange(len(HATS)) - 1.0,
            "high": np.arange(len(HATS)) + 1.0,
            "n": 9,
            "law": [law[hat] for hat in HATS],
        }
    )
    drawn = learned_functions(table, "weight decay 1, n = 9")
    assert len(drawn.datasets) == len(FUNCTIONS)
    for rows, (name, knots) in zip(drawn.datasets.values(), FUNCTIONS.items(), strict=True):
        learnt, paper = (rows[rows["source"] == source] for source in SOURCES)
        assert learnt["at"].tolist() == list(knots)
        # 1/r has no value at 0.
        assert len(paper) == len(knots) - (name == "push_different")
        assert set(rows["n"]) == {9}
    assert "weight decay 1, n = 9" in drawn.to_json()
