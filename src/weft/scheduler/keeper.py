"""Takes care of the files that jobs make, and of the data that they load, while a run goes on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from weft.executors.base import Task
from weft.executors.outputs import abandon
from weft.graph.graph import Graph
from weft.model.job import FilesJob, InvariantJob, Job, LoadingJob
from weft.model.outcome import Outcome
from weft.model.states import AttemptState
from weft.scheduler.effects import is_temporary, whole
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan
from weft.store.journal import Journal
from weft.store.seals import State, remove_temporary
from weft.store.store import Store

SUSPECTS = 3
"""Jobs that are named when a file was written by somebody else."""
SLACK = 0.05
"""Seconds by which the clock of files may lag behind that of processes."""


class Keeper:
    """What is to be done about files and data besides running the jobs.

    Parameters
    ----------
    remembered
        How files are compared.
    """

    def __init__(self, graph: Graph, plan: Plan, store: Store, remembered: Remembered) -> None:
        self._graph = graph
        self._plan = plan
        self._store = store
        self._remembered = remembered
        self._journal = Journal(store.folder)
        self._rests_on_files = any(command.kind for command in graph.commands.values())
        """Whether some jobs may."""
        self.troubles: list[tuple[Job, str]] = []
        """What could not be done, to be told when the run is over."""
        self._acts: dict[str, list[int]] | None = None
        """Traces that say nothing but that their job ran, by its id; None: not asked for yet."""
        self._attempts: list[tuple[float, float, str]] = []
        """When the jobs that made files began and ended, in seconds since the epoch."""

    def intend(self, tasks: Sequence[Task]) -> None:
        """Note durably which files are about to be written, and what will not be as it was."""
        jobs = [task.job for task in tasks if isinstance(task.job, FilesJob)]
        if jobs:
            self._journal.intend(jobs)
        again = [task.job.id for task in tasks if task.attempt > 1 and not task.job.command.kind]
        if again:
            self._supersede(again)

    def _supersede(self, job_ids: Iterable[str]) -> None:
        """Of jobs that leave nothing but what they do only the newest attempt counts: even if it
        is killed, what they did before is not there any more, as far as anybody knows."""
        self._remembered.adopt()
        if self._acts is None:
            self._acts = self._remembered.acts()
        old = [trace for name in job_ids for trace in self._acts.pop(name, ())]
        if old:
            self._store.supersede(old)

    def acted(self, job: Job, attempt: int) -> None:
        """A job has left a trace that says nothing but that it ran."""
        if self._acts is not None:
            self._acts.setdefault(job.id, []).append(attempt)

    def settle(self, job: FilesJob, outcome: Outcome) -> None:
        """Take over what an attempt made; or remove it, when the attempt failed."""
        if outcome.state is AttemptState.DONE:
            outcome.outputs, outcome.value, outcome.size = outcome.value, None, 0
            self._attempts.append((outcome.started, outcome.started + outcome.duration, job.id))
        elif not outcome.lost and outcome.other is None:
            entry = self._journal.entry(job)
            abandon(
                entry.paths,
                rename_broken=entry.rename_broken,
                restore=outcome.state is AttemptState.CANCELLED or not self._made_before(job),
                there=entry.there,
            )

    def _made_before(self, job: FilesJob) -> bool:
        """Whether the job has made its files in an earlier run: else, what stood there is not
        its own to drop."""
        prior = self._remembered.prior(job)
        return prior is not None and prior.outputs is not None

    def check_inputs(self, job: Job, outcome: Outcome) -> None:
        """Let no result be remembered that may rest on files which somebody changed (rule 23).

        What a job itself changed, when it ran alone, it had read before, or knows.
        """
        if not self._rests_on_files or outcome.state is not AttemptState.DONE:
            return
        found = {whole(upstream).id: self._moved(upstream) for upstream in job.upstream}
        moved = {owner: path for owner, path in found.items() if path is not None}
        if not all(self._is_own_doing(*one, job, outcome) for one in moved.items()):
            outcome.remember = False
            told = f"not remembered: {', '.join([*moved.values()][:SUSPECTS])} changed meanwhile"
            outcome.note = f"{outcome.note}; {told}" if outcome.note else told

    def _moved(self, upstream: Job) -> str | None:
        """A file that a job depends on and that is another than the plan knows of."""
        if isinstance(upstream, InvariantJob):
            moved = self._remembered.moved(upstream)
            return moved[0] if moved else None
        base = whole(upstream)
        result, outputs = self._plan.results[base.index], self._plan.outputs[base.index]
        if result is None or outputs is None or self._remembered.has_files(base, result, outputs):
            return None
        return self._remembered.look(base.id, result, outputs).path or base.id

    def _is_own_doing(self, owner: str, path: str, job: Job, outcome: Outcome) -> bool:
        """Whether nobody but this job can have changed the file since its owner had made it."""
        try:
            written = Path(path).stat().st_mtime
        except OSError:
            return False
        if written < outcome.started - SLACK or self._plan.counts().running > 1:
            return False
        return {owner}.issuperset(self._at_work(written, job.id))

    def give_up(self, spent: Iterable[Job]) -> bool:
        """Remove what nobody needs any more; whether data of this process were among it."""
        unloaded = False
        for job in spent:
            if isinstance(job, LoadingJob):
                self._unload(job)
                unloaded = True
            else:
                remove_spent(job, self._plan)
        return unloaded

    def _unload(self, job: LoadingJob) -> None:
        try:
            if job.unload is not None:
                job.unload()
        except Exception as error:  # noqa: BLE001 - the user's object may raise anything
            self.troubles.append((job, f"its data could not be given back: {error!r}"))

    def missing(self, job: InvariantJob) -> str:
        """The first file that an invariant watches in vain."""
        return next((path for path in job.watched if not Path(path).exists()), job.id)

    def close(self) -> None:
        """The run has ended in order: unload what is still loaded, and let the journal be."""
        for job in self._graph:
            if isinstance(job, LoadingJob) and job.index in self._plan.effects.made:
                self._unload(job)
        self._journal.remove()

    # -- files that somebody else wrote --------------------------------------------------------

    def overwritten(self) -> Iterator[tuple[Job, str]]:
        """Jobs whose files are not as they left them any more, with what is known about it."""
        if not self._attempts:
            return
        for job in self._graph:
            result, outputs = self._plan.results[job.index], self._plan.outputs[job.index]
            if outputs is None or result is None or is_temporary(job):
                continue
            seen = self._remembered.look(job.id, result, outputs)
            if seen.state is not State.UNCHANGED:
                text = f"{seen.path} {self._changed(job, seen.path)}"
                yield job, f"{text}; the next run makes it again"

    def _changed(self, owner: Job, path: str) -> str:
        try:
            written = Path(path).stat().st_mtime
        except OSError:
            return "was removed by another job, or by somebody else"
        names = self._at_work(written, owner.id)
        if not names:
            return "was changed by somebody else after its job had ended"
        listed = ", ".join(names[:SUSPECTS]) + (" and others" if len(names) > SUSPECTS else "")
        return f"was changed after its job had ended; then there ran: {listed}"

    def _at_work(self, moment: float, owner: str) -> list[str]:
        """Jobs that were running at a moment, as far as they have ended."""
        self._attempts.sort()
        first = bisect_right(self._attempts, (moment + SLACK, 0.0, ""))
        return [
            name
            for _, ended, name in self._attempts[:first]
            if ended >= moment - SLACK and name != owner
        ]


def remove_spent(job: Job, plan: Plan) -> None:
    """Remove the temporary files of a job."""
    result, outputs = plan.results[job.index], plan.outputs[job.index]
    if outputs is not None and result is not None:
        remove_temporary(outputs, job.id, result)
