"""Many readers at once, while a job writes: no error, and nobody waits long."""

import os
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from browser.serving import serving
from many_runs import write_many_runs
from sessions import reading

PAGES = ["", "runs", "phases", "tables", "compare"]
CHOICES = ["circle", "grid", "imperfect grid"]
JOB = [sys.executable, "-m", "jobs.simulate", "--seeds", "0:30000", "--snapshots", "final"]


def read(address, number, changes, pause, together):
    """A reader who opens a page and, once all have, changes the filter so many times, with up to
    `pause` seconds of looking between; the seconds of each change, and the errors shown."""
    draw = random.Random(number)
    with reading(address, PAGES[number % len(PAGES)]) as session:
        together.wait(300)
        seconds, chosen = [], None
        for _ in range(changes):
            session.rest(draw.uniform(pause / 3, pause))
            chosen = draw.choice([choice for choice in CHOICES if choice != chosen])
            seconds.append(session.choose("Structure", chosen))
        return seconds, session.errors


def read_side_by_side(address, readers, changes, pause, opened=None):
    """The seconds of all changes, and the errors. opened: an event to set once all pages are."""
    together = threading.Barrier(readers, action=opened and opened.set)
    with ThreadPoolExecutor(readers) as pool:
        reader = partial(read, address, changes=changes, pause=pause, together=together)
        found = list(pool.map(reader, range(readers)))
    return [s for seconds, _ in found for s in seconds], [e for _, errors in found for e in errors]


def test_readers_side_by_side_see_no_error(server):
    seconds, errors = read_side_by_side(server, 5, 1, 0)
    assert (len(seconds), errors) == (5, [])


def timed_job(database):
    begun = time.monotonic()
    subprocess.run([*JOB, "--database", str(database)], check=True, capture_output=True)
    with_it = time.monotonic() - begun
    subprocess.run(
        [sys.executable, "-c", FORGET, str(database)], check=True
    )  # so that it can be done again
    return with_it


FORGET = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as connection:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("DELETE FROM runs WHERE kind = 'particle'")
"""


def server_megabytes():
    """The most memory that the server, a process of ours, ever held."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    server = next(p for p in children if b"streamlit" in Path(f"/proc/{p}/cmdline").read_bytes())
    line = next(x for x in Path(f"/proc/{server}/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1]) // 1024


def check_load(database, readers=20, changes=6, pause=15):
    alone = timed_job(database)
    with serving(database) as address, ThreadPoolExecutor(1) as pool:
        opened, begun = threading.Event(), time.monotonic()
        reading_all = pool.submit(read_side_by_side, address, readers, changes, pause, opened)
        opened.wait()
        opening = time.monotonic() - begun
        slower = timed_job(database) / alone - 1
        seconds, errors = reading_all.result()
        most = server_megabytes()
    assert errors == []
    print(
        f"\n{readers} pages opened at once in {opening:.1f} s; {len(seconds)} filter changes, each "
        f"after {pause / 3:.0f} to {pause} s: "
        f"median {np.median(seconds):.2f} s, 95 % within {np.quantile(seconds, 0.95):.2f} s; "
        f"server at most {most} MB; the job {alone:.1f} s alone, {slower:+.0%} beside them"
    )
    assert most < 1024  # the seconds are no assertion, as they are the machine's


@pytest.mark.stress
def test_twenty_readers_of_ten_thousand_runs_while_a_job_writes(own_directory):
    write_many_runs(own_directory / "many.db", 10_000, 59)
    check_load(own_directory / "many.db")
