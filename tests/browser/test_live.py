import shutil

from many_runs import some_runs

from browser.serving import serving, settle
from db import store
from db.connect import open_for_writing


def test_rows_of_a_running_job_appear_by_themselves(windows, small_database, own_directory):
    copy = own_directory / "copy.db"
    shutil.copy(small_database, copy)
    with serving(copy) as address:
        page = windows.new_page()
        page.goto(f"{address}/runs")
        settle(page)
        page.get_by_text("56 of 56 networks").wait_for()
        with open_for_writing(str(copy)) as engine:
            store.add_runs(engine, 1, some_runs(1000, 1003))
        page.get_by_text("59 of 59 networks").wait_for()
        page.close()
