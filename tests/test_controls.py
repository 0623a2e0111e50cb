"""The filter's widgets, by AppTest: widgets, session and URL say the same."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.pages import PAGES

APP = Path(__file__).parent.parent / "dashboard" / "script.py"


@pytest.fixture
def shown(monkeypatch, small_database):
    monkeypatch.setenv("MODADD_DATABASE", str(small_database))
    shown = AppTest.from_file(str(APP), default_timeout=30)
    shown.switch_page(str(PAGES["runs"].path))
    return shown


def in_url(shown):
    """The query parameters; AppTest gives lists or texts, by who wrote them."""
    return {
        key: value[-1] if isinstance(value, list) else value
        for key, value in dict(shown.query_params).items()
    }


def counted(shown):
    assert not shown.exception
    return shown.sidebar.caption[-1].value


def widget(elements, label):
    (found,) = [element for element in elements if element.label == label]
    return found


def test_the_url_sets_the_widgets(shown):
    shown.query_params["where"] = "weight_decay:0.3..0.6;learning_rate:0.01"
    shown.query_params["structure"] = "grid"
    shown.query_params["experiment"] = "table-1"
    shown.run()
    assert widget(shown.number_input, "weight decay from").value == 0.3
    assert widget(shown.number_input, "to").value == 0.6
    assert widget(shown.multiselect, "learning rate").value == [0.01]
    assert widget(shown.multiselect, "Experiment").value == ["table-1"]
    assert widget(shown.selectbox, "Structure").value == "grid"


def test_the_widgets_set_the_url(shown):
    shown.run()
    widget(shown.selectbox, "Structure").set_value("circle")
    widget(shown.multiselect, "Fields and metrics").set_value(["weight_decay", "radius_ratio"])
    shown.run()
    widget(shown.multiselect, "weight decay").set_value([0.6, 1.0])
    widget(shown.number_input, "radius ratio from").set_value(1.1)
    shown.run()
    assert in_url(shown)["structure"] == "circle"
    assert in_url(shown)["where"] == "weight_decay:0.6,1;radius_ratio:1.1.."


def test_a_column_without_a_choice_lets_every_run_pass(shown):
    every = counted(shown.run())
    widget(shown.multiselect, "Fields and metrics").set_value(["weight_decay", "circularity"])
    assert counted(shown.run()) == every
    assert "where" not in shown.query_params


def test_another_kind_drops_what_it_cannot_have(shown):
    shown.query_params["where"] = "weight_decay:0.3..0.6"
    shown.query_params["status"] = "done"
    shown.run()
    widget(shown.segmented_control, "Kind").set_value("particle").run()
    assert counted(shown) == "**36** of 36 particle simulations"
    assert in_url(shown) == {"kind": "particle", "status": "done"}


def test_an_empty_range_is_left_out_and_says_so(shown):
    shown.query_params["where"] = "weight_decay:0.3..0.6"
    shown.run()
    widget(shown.number_input, "weight decay from").set_value(5.0).run()
    assert any("is empty" in caption.value for caption in shown.sidebar.caption)
    assert counted(shown) == "**56** of 56 networks"


def test_clear_lets_every_run_pass_again(shown):
    shown.query_params["where"] = "weight_decay:0.3..0.6"
    shown.query_params["structure"] = "circle"
    shown.run()
    (clear,) = [button for button in shown.button if button.label == "Clear"]
    clear.click().run()
    assert counted(shown) == "**56** of 56 networks"
    assert in_url(shown) == {"kind": "transformer"}


def test_the_filter_goes_along_to_other_pages(shown):
    shown.query_params["where"] = "seed:0..3"
    before = counted(shown.run())
    shown.query_params.clear()
    shown.switch_page(str(PAGES["overview"].path)).run()
    assert counted(shown) == before
    assert in_url(shown)["where"] == "seed:0..3"
