"""Code and values that travel give the same everywhere (rule 33)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.executors.random_functions import written

SEED = 7


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the script told of each executor: one process, since each takes seconds to start."""
    folder = tmp_path_factory.mktemp("travel")
    text = Path(__file__).with_name("travelling.py").read_text()
    before, after = text.split("CHANCE = []", 1)
    seed = int(os.environ.get("WEFT_TRAVEL_SEED", SEED))
    folder.joinpath("script.py").write_text(f"{before}{written(seed)}{after}")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "script.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_results_definitions_and_tracebacks_are_the_same_everywhere(outcome):
    found = outcome["found"]
    assert len(found) == 2 * 6
    expected = found["fork"]
    assert len(expected) > 100
    for name, facts in found.items():
        for job_id, fact in facts.items():
            assert fact == expected[job_id], f"{job_id} with {name}"
        assert facts.keys() == expected.keys()
    [frame] = expected["boom"][3]
    assert frame[1:] == [frame[1], "boom", "raise ValueError(n)"]
    assert frame[0].endswith("script.py")
    [of_cell] = [fact for fact in expected.values() if fact[3:] and "<cell 1>" in str(fact[3])]
    assert of_cell[3] == [["<cell 1>", 15, "broken_of_cell", "raise ValueError("]]


def test_to_change_the_executor_runs_nothing(outcome):
    """But for the jobs that raise: those run in each make."""
    failed = {name for name, fact in outcome["found"]["fork"].items() if fact[3:] not in ([], [[]])}
    assert "boom" in failed
    for ran in outcome["ran"].values():
        assert failed.issuperset(ran), outcome["ran"]


def test_what_a_generator_defined_runs_elsewhere_without_it(outcome):
    for ran in outcome["again"].values():
        assert "gen" not in ran
        assert "gen-use_cached" in ran
