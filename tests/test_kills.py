"""All or nothing a chunk: however a job ends, what is visible is whole, and the job started again
finishes with the database of one that was never ended."""

import collections

import killing
import pytest

PARTS = 8  # of 25 ends and a quarter of the jobs each: a part takes minutes, and runs alone


def test_a_job_ended_in_any_way_leaves_whole_runs_and_finishes():
    names = ["simulate", "measure", "audit"]
    ends = [end for end in killing.ENDS if end != "a worker dies"]
    assert len(killing.torment(names, ends, 6)) == 6


def test_a_worker_that_dies_is_one_line_and_loses_nothing():
    assert killing.torment(["processes"], ["a worker dies"], 1)[0][3] == 1


def test_a_full_disk_is_one_line_that_says_what_to_do():
    job = killing.start(killing.JOBS["train"], "full.db", file_size=killing.MEGABYTE)
    job.join()
    assert job.exitcode == 2
    last = killing.said(job).splitlines()[-1]
    assert "the database sqlite:///full.db refused" in last
    assert "what was stored" in last
    killing.check_whole("full.db")


@pytest.mark.stress
@pytest.mark.parametrize("part", range(PARTS))
def test_two_hundred_random_ends_over_all_kinds_of_jobs(part):
    hits = killing.torment(list(killing.JOBS)[part % 4 :: 4], list(killing.ENDS), 25, seed=part)
    print(f"\npart {part}: {len(hits)} jobs ended at random; each time whole, each finished equal")
    for title, index in (("job", 0), ("end", 1), ("exit status", 3)):
        counts = collections.Counter(hit[index] for hit in hits)
        print(f"by {title}: " + ", ".join(f"{name} {n}" for name, n in sorted(counts.items())))
    part_way = sum(hit[2] > 0 for hit in hits)
    print(f"{part_way} of them after some runs were stored")
