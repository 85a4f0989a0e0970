"""Random programs, edited and killed at random: no wrong result, and nothing runs for nothing.

``python -m tests.fuzz.test_edits STEPS [SEED]`` goes on for as long as one likes.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fuzz.programs import Program

STEPS = 6
"""Edits of each program in the suite."""


def start(program: Program, executor: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-B", "-W", "ignore", "script.py", executor],
        cwd=program.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(program: Program, executor: str, told: Sequence[str]) -> list[str]:
    """Run the program to its end and check what it gives; ids of what ran."""
    process = start(program, executor)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (told, err)
    outcome = json.loads(out.splitlines()[-1])
    assert outcome["found"] == outcome["right"], (program.units, told)
    return outcome["ran"]


def kill(program: Program, executor: str) -> None:
    """Begin a run, and kill all of it at a random moment."""
    process = start(program, executor)
    try:
        process.communicate(timeout=program.chance.uniform(0.05, 0.5))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def torment(folder: Path, seed: int, steps: int) -> None:
    chance = random.Random(seed)
    program = Program.new(folder, chance, 7)
    executors = ("processes",) if program.isolated else ("inline", "processes")
    told = [f"seed {seed}"]
    assert run(program, chance.choice(executors), told)
    for _ in range(steps):
        executor = chance.choice(executors)
        before = dict(program.knobs)
        what, counts = program.edit()
        told.append(f"{what}, {executor}")
        if chance.random() < 0.3:
            told.append("killed")
            kill(program, executor)
        ran = run(program, executor, told)
        assert counts or not ran, (program.units, told, ran)
        if chance.random() < 0.2:
            told.append("again")
            assert run(program, executor, told) == [], (program.units, told)
        if chance.random() < 0.2:
            told.append("undone")
            program.knobs = before
            program.write()
            run(program, executor, told)


@pytest.mark.parametrize("seed", range(4))
def test_random_edits_and_kills_leave_no_wrong_and_no_needless_result(tmp_path: Path, seed):
    torment(tmp_path, seed, STEPS)


def main(steps: int, seed: int) -> None:
    done = 0
    while done < steps:
        with tempfile.TemporaryDirectory() as folder:
            torment(Path(folder), seed, 20)
        done, seed = done + 20, seed + 1
        print(f"{done} edits, next seed {seed}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
