"""Processes that can't outlive their test."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
import pytest

from tests.queues.roles import PATIENCE, Log, wait_for

EACH_METHOD = pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"], indirect=True)


class Crew:
    """The processes of one test.

    Parameters
    ----------
    method
        How they start: "fork", "spawn" or "forkserver".
    """

    def __init__(self, method: str) -> None:
        self.method = method
        self.context = multiprocessing.get_context(method)
        self.processes: list[BaseProcess] = []

    def start(self, target: Callable[..., object], *args: object, **kwargs: object) -> BaseProcess:
        return self.add(self.context.Process(target=target, args=args, kwargs=kwargs))

    def add(self, process: BaseProcess) -> BaseProcess:
        self.processes.append(process)
        with warnings.catch_warnings():
            # Python 3.12 warns of a fork beside the thread of pytest-xdist.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        return process

    def end(self, *processes: BaseProcess) -> None:
        """Wait until these, or all, have ended well by themselves."""
        deadline = time.monotonic() + PATIENCE
        for process in processes or self.processes:
            process.join(max(0.0, deadline - time.monotonic()))
        codes = {one.name: one.exitcode for one in processes or self.processes}
        assert set(codes.values()) <= {0}, codes

    def kill(self, *processes: BaseProcess) -> None:
        for process in processes:
            process.kill()
        for process in processes:
            # ``join`` would wait for the children that it leaves behind too.
            wait_for(lambda process=process: process.exitcode is not None)
            self.processes.remove(process)

    def stop(self) -> None:
        for process in self.processes:
            if process.is_alive():
                process.kill()
        for process in self.processes:
            wait_for(lambda process=process: process.exitcode is not None)
            process.close()


def run_script(text: str, folder: Path, *words: str) -> list[str]:
    """Run a script; the lines that it printed, once every process that it left behind has ended.

    Standard error is awaited to its end, which comes when nobody holds it any more.
    """
    script, said = folder / "script.py", folder / "said"
    script.write_text(text)
    with said.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, str(script), *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    try:
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        _kill_group(process.pid)
        process.communicate()
    assert "Exception ignored" not in errors, errors
    return [*said.read_text().splitlines(), *(f"! {line}" for line in errors.splitlines())]


def _kill_group(leader: int) -> None:
    """Kill a session's processes; those that moved elsewhere see their pipes close."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def wait_until_asleep(process: BaseProcess) -> None:
    """Wait until the process waits for something: five looks in a row see it asleep."""
    inside = psutil.Process(process.pid)
    looks: list[bool] = []

    def asleep() -> bool:
        looks.append(inside.status() == psutil.STATUS_SLEEPING)
        return len(looks) >= 5 and all(looks[-5:])

    wait_for(asleep)


def wait_for_word(log: Log, who: str, word: object = "ready") -> None:
    wait_for(lambda: word in log.of(who))


def children() -> set[int]:
    """Every process that this one has started and that lives."""
    return {child.pid for child in psutil.Process().children(recursive=True)}
