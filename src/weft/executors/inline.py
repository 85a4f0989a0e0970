"""Jobs run in this process, one after the other: for debugging, and where nothing else works."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Collection, Sequence

from weft.executors.base import Report, Running, RunSettings, Task
from weft.executors.capture import Capture
from weft.executors.chance import Chance
from weft.executors.postmortem import post_mortem
from weft.executors.surroundings import Surroundings
from weft.executors.worker import Worker
from weft.model.job import Job
from weft.model.states import AttemptState


class Inline:
    """Runs each job in this process, when ``wait`` is called.

    A job's timeout and declared memory can't be enforced here, and ``cancel`` reaches only jobs
    that have not begun: nobody watches this process but itself. A job that ends the process ends
    the run. What a job changes in the process (working folder, environment) is put back after it.

    Parameters
    ----------
    pdb
        Whether a job that fails drops into the post-mortem debugger; nothing is captured then.
    capture
        Whether what jobs print is kept, instead of being printed.
    """

    name = "inline"
    lanes = 1
    apart = False
    inherits = True

    def __init__(self, *, pdb: bool = False, capture: bool = True) -> None:
        self._pdb = pdb
        self.isolates = pdb
        """False; but who debugs wants the job here in any case."""
        self._capturing = capture and not pdb
        self._capture: Capture | None = None
        self._surroundings: Surroundings | None = None
        self._worker: Worker | None = None
        self._agenda: deque[Task] = deque()
        self._returned: list[Task] = []
        self._running: Running | None = None
        self._interrupted = False
        self._woken = threading.Event()

    def __repr__(self) -> str:
        return f"Inline({len(self._agenda)} tasks waiting)"

    def start(self, _jobs: Sequence[Job | None], settings: RunSettings) -> None:
        """Get ready; the jobs are in this process anyway."""
        if self._capturing and settings.capture:
            self._capture = Capture(settings.folder)
            self._capture.pause()
        self._surroundings = Surroundings(own=False)
        inspect = post_mortem if self._pdb else None
        self._seeds = settings.seeds
        chance = Chance(own=False, script=settings.chance)
        self._worker = Worker(settings, self._capture, self._surroundings, chance, on_error=inspect)

    def renew(self, _jobs: Sequence[Job | None]) -> None:
        """Nothing: jobs run in this process anyway."""

    def idle(self) -> int:
        return 0 if self._agenda else 1

    def resize(self, _lanes: int) -> int:
        """Stay at one: there is one process."""
        return 1

    def submit(self, batch: Sequence[Task]) -> None:
        """Keep the tasks for the next calls of ``wait``."""
        self._agenda.extend(batch)

    def wait(self, timeout: float | None) -> list[Report]:
        """Run the next task; ``timeout`` matters only when there is none."""
        if self._agenda:
            return [self._run(self._agenda.popleft())]
        if not self._returned:
            self._woken.wait(timeout)
            self._woken.clear()
        return []

    def _run(self, task: Task) -> Report:
        assert self._worker is not None
        self._running = Running(task, time.time(), os.getpid())
        self._interrupted = False
        if self._capture:
            self._capture.resume()
        try:
            outcome = self._worker.run(task.job, task.inputs, self._seeds.of(task.job))
        finally:
            self._running = None
            if self._capture:
                self._capture.pause()
        if self._interrupted and outcome.state.failed:
            outcome.state = AttemptState.CANCELLED
        return Report(task, outcome)

    def take_back(self) -> list[Task]:
        returned, self._returned = self._returned, []
        return returned

    def running(self) -> list[Running]:
        """The job under way, or that the next ``wait`` runs: in between nobody can ask."""
        if self._running is None and self._agenda:
            return [Running(self._agenda[0], time.time(), os.getpid())]
        return [self._running] if self._running else []

    def wake(self) -> None:
        """Make ``wait`` return; from a signal handler also interrupt the job that is running."""
        self._woken.set()
        here = threading.current_thread() is threading.main_thread()
        if here and self._worker is not None and self._worker.calling:
            self._interrupted = True
            raise KeyboardInterrupt

    def cancel(self, job_ids: Collection[str] | None, *, now: bool = False) -> None:  # noqa: ARG002
        """Give back the tasks that have not begun (all of them: nothing runs between two waits)."""
        kept: deque[Task] = deque()
        for task in self._agenda:
            chosen = job_ids is None or task.job.id in job_ids
            (self._returned if chosen else kept).append(task)
        self._agenda = kept

    def close(self) -> None:
        self._returned.extend(self._agenda)
        self._agenda.clear()
        self._worker = None
        if self._capture:
            self._capture.close()
            self._capture = None
        if self._surroundings:
            self._surroundings.close()
            self._surroundings = None
