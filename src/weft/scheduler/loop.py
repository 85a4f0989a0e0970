"""The only place that waits: hands jobs to the executor, and what comes back to plan and store."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from weft.errors import WeftError
from weft.executors.base import Executor, Report, Running, RunSettings, Task
from weft.executors.comparing import Comparison, other_words
from weft.graph.definition import arguments_text
from weft.graph.extending import extend
from weft.graph.graph import Graph
from weft.model.job import FilesJob, Job
from weft.model.kind import Kind
from weft.model.outcome import CALL, CANNOT_START, ErrorReport, OtherCode, Outcome, describe
from weft.model.reasons import Reason, to_json
from weft.model.states import AttemptState
from weft.scheduler.identity import NOTHING
from weft.scheduler.keeper import Keeper
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan
from weft.scheduler.port import Expansion
from weft.scheduler.refusing import why_not
from weft.scheduler.summary import Reporter, RunSummary, summarise
from weft.store.live import Live, LiveFile, LiveJob
from weft.store.objects import ObjectLost
from weft.store.rows import TraceFlag
from weft.store.store import Store

TICK = 0.1
"""Seconds between two looks at the clock: commits, status line."""
PLACES = 3
"""Workers that a job is given to until one has its code."""
LIVE_SECONDS = 0.5
"""Between two times that other processes are told what is running."""


@dataclass(slots=True)
class _Trial:
    """What the loop keeps of a job under way, if it ran before."""

    number: int
    """Of its last attempt before this run."""
    tries: int = 0
    """How many attempts of this run failed."""
    given_back: int = 0
    """How often a worker had other code."""
    reasons: tuple[Reason, ...] = field(default=())


class Loop:
    """One run: from the first decision to the last report.

    While it goes on it can be steered, from the reporter's ``tick``: ``pause``, ``resume``,
    ``set_workers`` and ``kill``.

    Parameters
    ----------
    run
        Its number in the store.
    retries
        How often failed jobs are tried again that don't say so themselves.
    timeout
        Seconds for each job that has no timeout of its own.
    stops
        Returns how often the user asked to stop: once cancels gently, twice at once.
    beat
        Called about ten times a second, to say that this process is alive.
    here
        Runs the jobs that change this process; None where the executor itself runs all here.
    """

    def __init__(
        self,
        graph: Graph,
        plan: Plan,
        remembered: Remembered,
        store: Store,
        executor: Executor,
        settings: RunSettings,
        *,
        reporter: Reporter,
        run: int | None = None,
        retries: int = 0,
        timeout: float | None = None,
        stops: Callable[[], int] = lambda: 0,
        beat: Callable[[], None] | None = None,
        here: Executor | None = None,
    ) -> None:
        self.plan = plan
        self.executor = executor
        self.ran = 0
        self.started = time.monotonic()
        self.left: float | None = None
        """Seconds that the rest will take, as far as the reporter knows: others are told."""
        self._graph = graph
        self._remembered = remembered
        self._store = store
        self._settings = settings
        self._reporter = reporter
        self._echo = reporter.echo
        self._run = run
        self._retries = retries
        self._timeout = timeout
        self._stops = stops
        self._beat = beat
        self._here = here
        self._keeper = Keeper(graph, plan, store, remembered)
        self._executed: list[str] = []
        self._demanding = False
        """Whether some jobs may need what this executor's workers have not."""
        self._obeyed = 0
        self._killed: set[str] = set()
        self._trials: dict[int, _Trial] = {}
        self._comparison = Comparison(settings.fingerprinter)
        self._made_anew: set[str] = set()
        """Jobs that run again because what they gave could not be read."""
        self._live = LiveFile(store.folder)
        self._began = time.time()
        self._next_tick = self._next_live = 0.0

    def run(self) -> RunSummary:
        """Run what the plan wants, until there is nothing left that can run."""
        self.executor.start(self._by_index(), self._settings)
        self._demanding = not self.executor.inherits and self.plan.effects.active
        if self._here is not None:
            self._here.start((), self._settings)
        try:
            self._turn()
        finally:
            self.executor.close()
            if self._here is not None:
                self._here.close()
            self._store.flush()
            self._live.remove()
        self._keeper.close()
        for job, text in (*self._keeper.troubles, *self._keeper.overwritten()):
            self._reporter.note(job, text)
        return summarise(
            self.plan,
            ran=self.ran,
            executed=tuple(self._executed),
            seconds=time.monotonic() - self.started,
            interrupted=bool(self._obeyed),
        )

    def _by_index(self) -> list[Job | None]:
        jobs: list[Job | None] = [None] * self._graph.size
        for job in self._graph:
            jobs[job.index] = job
        return jobs

    def _turn(self) -> None:
        plan, executor = self.plan, self.executor
        self._dispatch()
        while not plan.finished:
            for report in executor.wait(TICK):
                self._take(report)
            for task in executor.take_back():
                plan.returned(task.job)
            self._obey()
            self._give_up()
            self._dispatch()
            self._tick()
        self._give_up()

    def _tick(self) -> None:
        now = time.monotonic()
        if now >= self._next_tick:
            self._next_tick = now + TICK
            self._store.tick(now)
            if self._beat is not None:
                self._beat()
            self._reporter.tick(self)
            if now >= self._next_live:
                self._next_live = now + LIVE_SECONDS
                self._live.write(self._snapshot())

    def _snapshot(self) -> Live:
        """What other processes are told."""
        counts = self.plan.counts()
        return Live(
            run=self._run,
            pid=os.getpid(),
            began=self._began,
            workers=self.workers,
            paused=self.plan.paused,
            done=counts.done,
            failed=counts.failed,
            blocked=counts.blocked,
            cancelled=counts.cancelled,
            waiting=counts.waiting + counts.ready,
            total=counts.total,
            left=self.left,
            jobs=tuple(self._live_job(one) for one in self.running()),
        )

    def _live_job(self, running: Running) -> LiveJob:
        job = running.task.job
        return LiveJob(
            id=job.id,
            function=job.command.name,
            attempt=running.task.attempt,
            number=running.number,
            pid=running.pid,
            started=running.started,
            rss=running.rss,
            cpu=running.cpu,
            progress=running.progress,
            trail=running.trail,
        )

    def running(self) -> list[Running]:
        """The jobs under way now."""
        here = self._here.running() if self._here is not None else []
        return [*(replace(one, number=0) for one in here), *self.executor.running()]

    # -- steering ----------------------------------------------------------------------------

    @property
    def workers(self) -> int:
        """How many jobs may run at the same time now."""
        return min(self.executor.lanes, self.plan.ready.budget.all_cores)

    def pause(self) -> None:
        """Begin no more jobs, until ``resume``; those that run go on."""
        self.plan.paused = True

    def resume(self) -> None:
        """Begin jobs again."""
        self.plan.paused = False

    def set_workers(self, n: int) -> int:
        """Let that many jobs run at the same time; returns how many the executor is able to."""
        able = min(self.executor.resize(n), max(n, 1))
        self.plan.ready.budget.resize(able)
        return able

    def kill(self, job_id: str) -> None:
        """End a running job: it counts as cancelled, and what depends on it waits.

        The job is asked to end, and made to after the grace; at the second call, at once.
        """
        self.executor.cancel({job_id}, now=job_id in self._killed)
        self._killed.add(job_id)

    def _obey(self) -> None:
        stops = self._stops()
        if stops > self._obeyed:
            self._obeyed = stops
            self.plan.stopping = True
            self.executor.cancel(None, now=stops > 1)

    # -- out ---------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        plan, executor = self.plan, self.executor
        while plan.ready and executor.idle():
            batch = plan.take(executor.lanes)
            if not batch:
                break
            tasks = [task for task in map(self._task, batch) if task is not None]
            if tasks and self._here is not None and tasks[0].job.command.kind.runs_here:
                self._run_here(tasks, self._here)
            elif tasks:
                self._keeper.intend(tasks)
                executor.submit(tasks)

    def _run_here(self, tasks: list[Task], here: Executor) -> None:
        """Run jobs that change this process, which waits for them; workers are forked anew."""
        self._keeper.intend(tasks)
        here.submit(tasks)
        self._next_tick = self._next_live = 0.0
        self._tick()  # so that they are seen: nothing is painted while they run
        for _ in tasks:
            for report in here.wait(None):
                self._take(report)
        self.executor.renew(self._by_index())

    def _give_up(self) -> None:
        """Remove temporary files, and unload data, that nobody needs any more."""
        if self.plan.effects.spent and self._keeper.give_up(self.plan.effects.take_spent()):
            self.executor.renew(self._by_index())

    def _task(self, job: Job) -> Task | None:
        trial = self._trials.get(job.index)
        if trial is None and self._remembered.past(job.id) is not None:
            trial = self._trials[job.index] = self._new_trial(job)
        command = job.command
        options = command.options
        demanding = options.isolated or options.memory is not None or self._demanding
        if command.function is None or demanding:
            problem = why_not(job, self.executor, self._keeper, self.plan.ready.budget.all_memory)
            if problem is not None:
                self._end_badly(job, problem)
                return None
        number = 1 if trial is None else trial.number + trial.tries + 1
        timeout = job.command.options.timeout or self._timeout
        if not job.inputs:
            return Task(job, number, (), timeout)
        try:
            return Task(job, number, self._remembered.inputs(job, self.plan), timeout)
        except ObjectLost as lost:
            self._lost(job, (lost.digest,))
            return None

    def _new_trial(self, job: Job) -> _Trial:
        past = self._remembered.past(job.id)
        reasons = self._remembered.reasons(job, self.plan)
        return _Trial(past.number if past else 0, reasons=reasons)

    def _end_badly(self, job: Job, problem: str) -> None:
        error = ErrorReport(CANNOT_START, problem, text=problem)
        outcome = Outcome(AttemptState.FAILED, time.time(), 0.0, error=error)
        self._fail(job, outcome)

    # -- in ----------------------------------------------------------------------------------

    def _take(self, report: Report) -> None:
        job, outcome = report.task.job, report.outcome
        other = self._other_code(job, outcome)
        if isinstance(job, FilesJob):
            self._keeper.settle(job, outcome)
        if job.extra or job.inputs:
            self._keeper.check_inputs(job, outcome)
        if self._echo and (outcome.stdout is not None or outcome.stderr is not None):
            self._reporter.printed(job, outcome)
        if outcome.state is AttemptState.DONE:
            self._succeed(job, outcome)
        elif outcome.lost:
            self._lost(job, outcome.lost)
        elif outcome.unread is not None and self._is_made_anew(report.task, outcome):
            self._reporter.note(job, f"waits: {describe(outcome)}; that is made again")
        elif other is not None:
            self._give_back(job, other)
        elif outcome.state is AttemptState.CANCELLED:
            self._record(job, outcome)
            self.plan.cancelled(job)
            if job.id in self._killed:
                self._reporter.note(job, "killed; the next make runs it, and what waits for it")
        else:
            self._fail(job, outcome)

    def _succeed(self, job: Job, outcome: Outcome) -> None:
        assert outcome.result is not None
        expansion = None
        kind = job.command.kind
        if kind is not Kind.VALUE and kind is not Kind.FILES:
            outcome.result = self.plan.keys[job.index]
        if kind.each_run or outcome.children is not None:
            try:
                expansion = self._expansion(job, outcome)
            except WeftError as error:
                report = ErrorReport(type(error).__name__, str(error), text=str(error))
                outcome.state, outcome.error = AttemptState.FAILED, report
                outcome.result = outcome.children = None
                self._fail(job, outcome)
                return
        origin = self.plan.origin(job, outcome.result)
        attempt = self._record(job, outcome, origin)
        if expansion is not None:
            self._store.add_generated(job.id, outcome.children or ())
            for code, parts in outcome.codes:
                self._store.add_code(code, parts)
        if outcome.note:
            self._reporter.note(job, outcome.note)
        self.ran += 1
        self._executed.append(job.id)
        stands = attempt if origin is None else origin
        self.plan.done(job, outcome.result, stands, outcome.duration, expansion, outcome.outputs)

    def _expansion(self, job: Job, outcome: Outcome) -> Expansion:
        """The jobs that came of one."""
        if not job.command.kind.each_run:
            records = outcome.children or ()
            return self._remembered.take_in(job, records, outcome.promised)
        new = extend(self._graph, job, self._settings.fingerprinter)
        outcome.children = new.records
        outcome.codes = new.codes
        return Expansion(new.jobs, ())

    def _fail(self, job: Job, outcome: Outcome) -> None:
        self._record(job, outcome)
        self.ran += 1
        if job.command.kind is Kind.EXTENDING:
            self.plan.grow()  # it may have brought in jobs before it failed
        trial = self._trials.get(job.index)
        if trial is None:
            trial = self._trials[job.index] = self._new_trial(job)
        retries = job.command.options.retries or self._retries
        again = trial.tries < retries and self._may_retry(job, outcome)
        self._reporter.failed(job, outcome, again=again)
        if again:
            trial.tries += 1
            self.plan.returned(job)
        else:
            self.plan.failed(job, outcome.duration)

    def _may_retry(self, job: Job, outcome: Outcome) -> bool:
        if self.plan.stopping:
            return False
        wanted = job.command.options.retry_on
        if wanted is None:
            return True
        names = {f"{kind.__module__}.{kind.__qualname__}" for kind in wanted}
        return outcome.error is not None and not names.isdisjoint(outcome.error.type_names)

    def _lost(self, job: Job, digests: tuple[bytes, ...]) -> None:
        for digest in digests:
            self._store.objects.remove(digest)
        if not self.plan.lost(job, digests):
            self._end_badly(job, "an input of it can't be read, and can't be made again")

    def _other_code(self, job: Job, outcome: Outcome) -> OtherCode | None:
        """What a worker has other code of; its attempt does not count then."""
        other = outcome.other
        if outcome.brought is not None and outcome.state is AttemptState.DONE:
            other = self._comparison.other(outcome.brought)
            if other is not None:
                outcome.state = AttemptState.FAILED
        if other is not None and job.packed is not None and self._comparison.other(other.named):
            outcome.unread = CALL  # kept by an earlier run, and not of this script's code any more
        return other

    def _is_made_anew(self, task: Task, outcome: Outcome) -> bool:
        """Let what a job could not read be made again, once; False where that is no help."""
        job, place = task.job, outcome.unread
        source = self._graph.jobs.get(job.definer or "") if place == CALL else None
        if place is not None and place != CALL:
            source = job.inputs[place]
            try:
                self._store.objects.load_input(task.inputs[place])
            except (WeftError, ObjectLost):
                pass
            else:  # it is the worker that can't
                return False
        if source is None or source.id in self._made_anew:
            return False
        self._made_anew.add(source.id)
        if place == CALL:
            return self.plan.unreadable(job, source)
        gone = list(filter(None, map(self.plan.value_of, self.plan.holders([source]))))
        for digest in gone:
            self._store.drop_value(digest)
        return self.plan.lost(job, gone)

    def _give_back(self, job: Job, other: OtherCode) -> None:
        """Try a job elsewhere whose code a worker has another of."""
        trial = self._trials.get(job.index)
        if trial is None:
            trial = self._trials[job.index] = self._new_trial(job)
        trial.given_back += 1
        if trial.given_back < PLACES:
            self.plan.returned(job)
        else:
            self._end_badly(job, other_words(other, self._settings.fingerprinter))

    def _record(self, job: Job, outcome: Outcome, origin: int | None = None) -> int:
        key = self.plan.keys[job.index]
        trial = self._trials.get(job.index)
        here = self._here if job.command.kind.runs_here else None
        is_kept = outcome.remember and job.command.kind is not Kind.LOADING
        done = outcome.state is AttemptState.DONE and is_kept
        attempt = self._store.record(
            job.id,
            1 if trial is None else trial.number + trial.tries + 1,
            key,
            outcome,
            executor=(self.executor if here is None else here).name,
            host=outcome.host,
            reason=to_json(trial.reasons) if trial is not None and trial.reasons else None,
            trace=self._trace(job, outcome) if done else None,
            origin=origin,
        )
        if done and outcome.result == NOTHING:
            self._keeper.acted(job, attempt)
        return attempt

    def _trace(self, job: Job, outcome: Outcome) -> tuple[object, ...]:
        flags = 0
        if outcome.observed:
            flags |= TraceFlag.OBSERVED
        if outcome.value is None and outcome.outputs is None:
            flags |= TraceFlag.FILE
        children = None
        if outcome.children is not None:
            flags |= TraceFlag.CHILDREN
            children = self._store.add_children(outcome.children)
        if outcome.promised:
            flags |= TraceFlag.PROMISED
        ids = hashes = None
        upstream = job.upstream
        if upstream:
            ids = "\n".join([u.id for u in upstream])
            hashes = b"".join(self.plan.identities.stood(job))
        code = job.command.code
        return (flags, job.definition, code, arguments_text(job), ids, hashes, children)
