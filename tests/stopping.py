"""A job that is told to stop by itself, so that the moment does not hang on the machine's speed."""

import os

import killing


def start(words, path, name):
    """A process that runs a command line on the database, and is sent the signal as soon as it has
    stored its first chunk."""
    errors = f"{path}.stopped.err"
    job = killing.in_a_process(_run_until_something_is_stored, words, path, errors, name)
    job.errors = errors
    return job


def _run_until_something_is_stored(words, path, errors, name):
    from jobs.loop import store

    add_runs = store.add_runs

    def add_and_stop(*given):
        store.add_runs = add_runs
        left = add_runs(*given)
        os.kill(os.getpid(), name)
        return left

    store.add_runs = add_and_stop
    killing._run(words, path, errors, 0, 0)
