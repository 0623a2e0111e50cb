"""The faults that `make stress` plants can be planted: their lines are still there."""

import mutations
import pytest


@pytest.mark.parametrize("module", mutations.FAULTS)
def test_each_faults_line_stands_once_in_its_module(module):
    source = mutations.source(module)
    assert [line for line, _ in mutations.FAULTS[module] if source.count(line) != 1] == []


def test_a_planted_fault_changes_its_line_alone():
    for faults in mutations.FAULTS.values():
        assert all(line != fault for line, fault in faults)
