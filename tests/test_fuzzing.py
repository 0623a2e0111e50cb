"""Whatever is given for a config, it runs, or it is one clear line and nothing was written."""

import contextlib
import dataclasses
import io
import os
import sys
import zlib
from pathlib import Path
from unittest import mock

import pytest
from fuzzing import as_flags, as_toml, tables
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import select
from wholeness import check_whole

import jobs.command
from db.connect import open_for_writing
from db.schema import Run
from jobs.loop import prepare_database, run_requests
from jobs.main import main
from jobs.plan import check_room, plan
from jobs.workers import Resources
from modadd.config import ConfigError
from modadd.simulators import SIMULATORS

CASES = 80
MOST_NUMBERS = 2_000_000  # of a run that is accepted and computed here


def cases(count):
    return settings(max_examples=count, suppress_health_check=[HealthCheck.too_slow])


def ran(words):
    """Run a command line up to where computing begins; its status, errors and requests."""
    asked = []

    def take(arguments, requests):
        jobs.command.resources(arguments)
        asked.extend(requests)
        return 0

    errors = io.StringIO()
    with (
        mock.patch("jobs.sweep.compute_requests", take),
        mock.patch("jobs.run.compute_requests", take),
        mock.patch.object(sys, "argv", ["modadd", *words]),
        contextlib.redirect_stderr(errors),
    ):
        try:
            status = main()
        except SystemExit as leaving:
            status = leaving.code
    return status, errors.getvalue(), asked


def check_answer(words):
    """Exit 0 and requests, or exit 2 and one line; returns the requests."""
    status, errors, asked = ran(words)
    assert status in (0, 2)
    assert bool(asked) == (status == 0)
    if status == 2:
        assert errors.startswith("modadd")
        assert len(errors.strip().splitlines()) == 1
    return asked


def check_that_it_runs(request):
    """Plan what is accepted; compute and store a run of it, if it is small."""
    with open_for_writing("plan.db") as engine:
        prepare_database(engine)
        planned = plan(engine, request, Resources())
        with contextlib.suppress(ConfigError):  # no room on the disk
            check_room(engine.url, [planned])
    config = next(planned.configs)
    worked, stored = SIMULATORS[request.kind].numbers(config)
    if max(worked * config.length, stored) > MOST_NUMBERS:
        return
    one = dataclasses.replace(request, configs=(config,), schedule="default")
    Path("one.db").unlink(missing_ok=True)
    with open_for_writing("one.db") as engine:
        prepare_database(engine)
        ((_, summary),) = run_requests(engine, [one], Resources())
        with engine.connect() as connection:
            (row,) = connection.execute(select(Run.config_hash, Run.status)).all()
    assert summary.computed == 1
    assert row.config_hash == config.identity
    assert row.status in ("done", "diverged")
    assert check_whole("one.db") == 1


def check_flags(case):
    before = set(os.listdir())
    asked = check_answer(as_flags(*case))
    assert set(os.listdir()) == before
    return asked


def check_toml(content):
    Path("sweep.toml").write_bytes(content)
    before = set(os.listdir())
    asked = check_answer(["run", "sweep.toml"])
    assert set(os.listdir()) == before
    return asked


def encoded(case):
    return as_toml(*case).encode("utf-8", "surrogateescape")


@cases(CASES)
@given(tables())
def test_any_flags_are_accepted_or_one_line(case):
    check_flags(case)


@cases(CASES)
@given(tables())
def test_any_sweep_file_is_accepted_or_one_line(case):
    check_toml(encoded(case))


@cases(CASES)
@given(tables(), st.integers(0, 400), st.binary(max_size=3), st.integers(0, 9))
def test_any_damaged_sweep_file_is_accepted_or_one_line(case, place, inserted, gone):
    content = encoded(case)
    check_toml(content[:place] + inserted + content[place + gone :])


@pytest.mark.parametrize("text", ["[[train]]\nmodulus = " + "9" * 5000, "a = " + "[" * 5000])
def test_numbers_and_nests_without_end_are_one_line(text):
    assert not check_toml(text.encode())


@cases(12)
@given(tables())
def test_what_is_accepted_runs(case):
    for request in check_flags(case)[:1]:
        check_that_it_runs(request)


@pytest.mark.stress
@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_configs_run_or_are_one_line(part):
    """A thousand of them a part, drawn differently, so that any part can be run alone."""
    outcomes = {"accepted": 0, "refused": 0, "run": 0}

    @seed(part)
    @settings(cases(500), derandomize=False)
    @given(tables(), st.booleans())
    def fuzz(case, damaged):
        content = encoded(case)
        if damaged:
            place = zlib.crc32(content) % len(content)
            content = content[:place] + content[place + 1 :]
        for asked in (check_flags(case), check_toml(content)):
            outcomes["accepted" if asked else "refused"] += 1
            for request in asked[:1]:
                check_that_it_runs(request)
                outcomes["run"] += 1

    fuzz()
    print(f"\npart {part}: " + ", ".join(f"{count} {name}" for name, count in outcomes.items()))
    assert outcomes["accepted"] + outcomes["refused"] >= 1000
