"""The paper's own numbers, as printed: T. Mușat, arXiv 2408.09414v1, Tables 1 and 2.

Accuracies and shares are fractions in [0, 1] here; the paper prints per cent.
"""

from typing import NamedTuple

CITATION = (
    "T. Mușat, Clustering and Alignment: Understanding the Training Dynamics in Modular "
    "Addition, arXiv:2408.09414v1 (2024)"
)


class Reported(NamedTuple):
    """One printed cell. n: the runs behind it; low, high: its 95 % interval where one is printed.

    A `circles` cell holds the count as its value.
    """

    value: float
    n: int
    low: float | None = None
    high: float | None = None


Row = dict[str, Reported]


def _table_1_row(
    circles: int,
    circle_accuracy: float | None,
    grid_accuracy: float,
    imperfections: tuple[float, float],
    correlation: tuple[float, float, float],
) -> Row:
    grids = 100 - circles
    count, half = imperfections
    row = {
        "circles": Reported(circles, 100),
        "grid_accuracy": Reported(grid_accuracy, grids),
        "grid_imperfections": Reported(count, grids, count - half, count + half),
        "correlation": Reported(correlation[0], grids, *correlation[1:]),
    }
    if circle_accuracy is not None:
        row["circle_accuracy"] = Reported(circle_accuracy, circles)
    return row


def _table_2_row(circles: int, imperfections: float, half: float) -> Row:
    return {
        "circles": Reported(circles, 100),
        "grid_imperfections": Reported(
            imperfections, 100 - circles, imperfections - half, imperfections + half
        ),
    }


TABLE_1: dict[tuple[float], Row] = {
    (0.0,): _table_1_row(0, None, 0.182, (102.2, 6.1), (-0.92, -0.95, -0.88)),
    (0.3,): _table_1_row(1, 0.774, 0.348, (72.7, 6.6), (-0.90, -0.93, -0.85)),
    (0.6,): _table_1_row(12, 0.659, 0.516, (39.6, 4.0), (-0.84, -0.89, -0.77)),
    (1.0,): _table_1_row(18, 0.604, 0.467, (31.6, 4.0), (-0.64, -0.75, -0.49)),
}

TABLE_2: dict[tuple[float], Row] = {
    (0.5,): _table_2_row(0, 35.5, 3.7),
    (1.0,): _table_2_row(17, 36.3, 4.8),
    (2.0,): _table_2_row(56, 42.9, 10.1),
}
