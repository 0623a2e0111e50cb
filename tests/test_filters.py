import sqlite3

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import run_lists
from db.connect import StoreError, reader
from db.filters import Between, Filter, FilterError, OneOf, parse_condition

CIRCLES = Filter(
    structure="circle", where=(Between("weight_decay", 0.6, 1), OneOf("seed", (1.0, 2.0)))
)


@pytest.fixture(scope="module")
def engine(small_database):
    engine = reader(str(small_database))
    yield engine
    engine.dispose()


def test_a_filter_reads_well_in_a_url():
    assert CIRCLES.url == ("kind=transformer&structure=circle&where=weight_decay:0.6..1;seed:1,2")


def test_the_filter_of_nothing_is_every_run():
    assert Filter.from_query({}) == Filter()
    assert Filter(where=()).condition() == ("1 = 1", {})


NAMES = st.sampled_from(["weight_decay", "seed", "radius_ratio", "initialization"])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(min_size=1, max_size=8).filter(lambda word: not _is_a_number(word))
CONDITIONS = st.one_of(
    st.builds(
        lambda name, ends: Between(name, min(ends), max(ends)), NAMES, st.tuples(NUMBERS, NUMBERS)
    ),
    st.builds(lambda name, low: Between(name, low=low), NAMES, NUMBERS),
    st.builds(lambda name, high: Between(name, high=high), NAMES, NUMBERS),
    st.builds(OneOf, NAMES, st.lists(NUMBERS, min_size=1, max_size=4).map(tuple)),
    st.builds(OneOf, NAMES, st.lists(WORDS, min_size=1, max_size=4).map(tuple)),
)


def _is_a_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True


@given(
    kind=st.sampled_from(["transformer", "particle"]),
    experiments=st.lists(st.text(min_size=1, max_size=10), max_size=3).map(tuple),
    where=st.lists(CONDITIONS, max_size=3, unique_by=lambda condition: condition.column),
)
def test_every_filter_survives_the_url(kind, experiments, where):
    given = Filter(kind=kind, experiments=experiments, status="done", where=tuple(where))
    assert Filter.from_query(given.to_query()) == given


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"where": "weight_decay"}, "column:low..high"),
        ({"where": "weight_decay:"}, "column:low..high"),
        ({"where": "weight_decay:.."}, "must have a bound"),
        ({"where": "weight_decay:1..0"}, "is empty"),
        ({"where": "weight_decay:a..b"}, "must be numbers, got 'a'"),
        ({"where": "seed:1;seed:2"}, "seed twice"),
        ({"where": "x = 1; DROP TABLE runs:1"}, "column:low..high"),
        ({"where": "1 OR 1=1:1"}, "lower-case letters"),
        ({"kind": "runs; --"}, "lower-case letters"),
        ({"structure": "square"}, "circle, grid, imperfect grid"),
        ({"status": "fine"}, "done, diverged"),
    ],
)
def test_a_malformed_url_is_one_clear_line(query, message):
    with pytest.raises(FilterError) as caught:
        Filter.from_query(query)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_words_that_separate_are_quoted_in_text():
    condition = OneOf("device", ("a,b;c:d", "e"))
    assert parse_condition(condition.text) == condition


def test_a_condition_replaces_the_one_on_its_column():
    changed = CIRCLES.having(Between("weight_decay", 0, 0.3))
    assert changed.columns == ("seed", "weight_decay")
    assert changed.where[-1] == Between("weight_decay", 0, 0.3)


@pytest.mark.parametrize(
    "chosen",
    [
        Filter(),
        Filter(kind="particle", where=(Between("alignment", low=1),)),
        Filter(structure="grid", status="done"),
        Filter(structure="imperfect grid", where=(Between("validation_accuracy", high=0.5),)),
        Filter(
            experiments=("table-1", "appendix-b"), where=(OneOf("initialization", ("glorot",)),)
        ),
        Filter(status="diverged"),
    ],
    ids=lambda chosen: chosen.url,
)
def test_a_filter_passes_the_runs_that_it_says(engine, small_database, chosen):
    every = run_lists.filtered_runs(engine, Filter(kind=chosen.kind))
    passing = run_lists.filtered_runs(engine, chosen)
    expected = every[_passes(every, chosen, small_database)]
    assert len(passing) > 0
    assert passing["run_id"].tolist() == expected["run_id"].tolist()
    assert run_lists.count_runs(engine, chosen) == len(passing)


def _passes(runs, chosen, database):
    """The same in pandas, condition by condition."""
    kept = pd.Series(True, index=runs.index)
    for condition in chosen.conditions:
        kept &= condition.passes(runs)
    if chosen.structure:
        assert ((runs["radius_ratio"] < 1.2)[kept] == (chosen.structure == "circle")).all()
    if chosen.experiments:
        with sqlite3.connect(database) as connection:
            rows = connection.execute("SELECT run_id, experiment FROM experiment_runs").fetchall()
        kept &= runs["run_id"].isin([run for run, name in rows if name in chosen.experiments])
    return kept


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_rows_pass_as_the_database_says(engine, data):
    """Each condition, on columns with NULL, numbers and text, in pandas as in SQL."""
    rows = run_lists.filtered_runs(engine, Filter())
    column = data.draw(st.sampled_from(sorted(rows)))
    stored = st.sampled_from(rows[column].dropna().unique().tolist() or [0.0])
    is_text = run_lists.columns(engine, "transformer")[column] is str
    values = stored if is_text else stored.map(float) | st.floats(-10, 10)
    if is_text or data.draw(st.booleans()):
        condition = OneOf(column, tuple(data.draw(st.lists(values, min_size=1, max_size=4))))
    else:
        low, high = sorted(data.draw(st.tuples(values, values)))
        bounds = data.draw(st.sampled_from([(low, high), (low, None), (None, high)]))
        condition = Between(column, *bounds)
    passing = run_lists.filtered_runs(engine, Filter(where=(condition,)), ["run_id"])
    assert passing["run_id"].tolist() == rows["run_id"][condition.passes(rows)].tolist()


def test_text_has_no_range(engine):
    with pytest.raises(StoreError, match="initialization is text and has no range"):
        run_lists.check_filter(
            run_lists.columns(engine, "transformer"), Filter(where=(Between("initialization", 0),))
        )


def test_the_copied_sql_gives_the_same_runs(engine, small_database):
    chosen = Filter(
        experiments=("table-1", "it's"),
        structure="imperfect grid",
        where=(OneOf("weight_decay", (0.3, 1.0)), OneOf("initialization", ("glorot", "o'x"))),
    )
    with sqlite3.connect(small_database) as connection:
        copied = connection.execute(chosen.sql(["run_id"])).fetchall()
    assert copied
    assert [run for (run,) in copied] == run_lists.filtered_runs(engine, chosen, ["run_id"])[
        "run_id"
    ].tolist()


def test_values_are_bound_and_never_part_of_the_sql(engine):
    nasty = Filter(where=(OneOf("initialization", ("x'; DROP TABLE runs; --",)),))
    assert run_lists.count_runs(engine, nasty) == 0
    assert "DROP" not in nasty.condition()[0]


def test_a_column_that_the_database_lacks_is_named(engine):
    with pytest.raises(StoreError, match="transformer runs have no column alignment"):
        run_lists.filtered_runs(engine, Filter(where=(Between("alignment", 0, 1),)))


def test_a_kind_without_a_view_has_no_runs(engine):
    assert run_lists.filtered_runs(engine, Filter(kind="toy")).empty
    assert run_lists.count_runs(engine, Filter(kind="toy")) == 0
