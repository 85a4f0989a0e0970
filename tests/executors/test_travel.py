"""Code and values that travel give the same everywhere (rule 33)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What the script told of each executor: one process, since each takes seconds to start."""
    folder = tmp_path_factory.mktemp("travel")
    shutil.copy(Path(__file__).with_name("travelling.py"), folder / "script.py")
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
    assert len(found) == 6
    expected = found["fork"]
    assert len(expected) == 2 * 20 + 1 + 6 + 1
    for name, facts in found.items():
        for job_id, fact in facts.items():
            assert fact == expected[job_id], f"{job_id} with {name}"
    failed = {job_id for job_id, fact in expected.items() if fact[2] != "None"}
    assert failed == {"boom"}
    [frame] = expected["boom"][3]
    assert frame[1:] == [frame[1], "boom", "raise ValueError(n)"]
    assert frame[0].endswith("script.py")


def test_to_change_the_executor_runs_nothing(outcome):
    assert all(ran == ["boom"] for ran in outcome["ran"].values()), outcome["ran"]
