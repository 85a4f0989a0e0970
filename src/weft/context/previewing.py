"""What a make would do, found out without doing any of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.context.making import Making
from weft.context.remembering import Recalled
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definition import code_of
from weft.model.job import Digest, Job
from weft.model.reasons import CodeChanged, DependencyChanged, NeverRun, Reason
from weft.scheduler.explain import explain
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan
from weft.scheduler.status import Status
from weft.store.store import Store

if TYPE_CHECKING:
    from weft.context.context import Context, Selected
    from weft.context.making import MakeOptions


@dataclass(frozen=True, slots=True)
class WillRun:
    """A job that must run, whatever the others give."""

    id: str
    function: str
    reasons: tuple[Reason, ...]
    generates: bool
    """Whether it defines jobs, which may run too."""
    seconds: float | None
    """Of its newest success, or what others of its function took; None when nothing is known."""


@dataclass(frozen=True, slots=True)
class MayRun:
    """A job whose turn depends on what others give."""

    id: str
    function: str
    waits_for: tuple[str, ...]
    """Those of its dependencies that are not done."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a make would do.

    Attributes
    ----------
    certain
        In the order of running.
    possible
        In the order of definition.
    refused
        Ids of jobs that had to run but can't here, and why.
    kept
        Ids of jobs that failed and are not tried again (``keep_failed``).
    blocked
        Ids of the jobs that wait for one of these.
    fresh
        How many jobs need no run.
    n
        Jobs that would run at the same time.
    """

    certain: tuple[WillRun, ...]
    possible: tuple[MayRun, ...]
    refused: Mapping[str, str]
    kept: tuple[str, ...]
    blocked: tuple[str, ...]
    fresh: int
    n: int


def preview(context: Context, selection: Sequence[Selected], how: MakeOptions) -> Preview:
    """What ``context.make`` of this selection would do now."""
    with context.reading() as store:
        context.prepare_to_run(store, selection)
        targets = context.select(selection, store) if selection else None
        making = context.making(store, how)
        plan, remembered = making.plan(targets)
        return _Foresight(making, plan, remembered).preview()


class _Foresight:
    """Reads a plan that nobody carries out."""

    def __init__(self, making: Making, plan: Plan, remembered: Remembered) -> None:
        self._making = making
        self._store: Store = making.store
        self._plan = plan
        self._remembered = remembered
        self._parts = changed_parts(making.store, making.fingerprinter)
        recalled = remembered if isinstance(remembered, Recalled) else None
        self._why_not = recalled.why_not if recalled is not None else _nothing
        self._refused = dict(recalled.refused) if recalled is not None else {}
        self._certain: list[tuple[Job, tuple[Reason, ...]]] = []
        self._possible: list[Job] = []
        self._blocked = plan.jobs_in(Status.BLOCKED)

    def preview(self) -> Preview:
        plan, refused = self._plan, self._refused
        self._certain += [(job, self._reasons(job)) for job in _in_order(plan)]
        self._sort_waiting()
        counts = plan.counts()
        return Preview(
            certain=tuple(self._will_run()),
            possible=tuple(self._may_run(job) for job in self._possible),
            refused=refused,
            kept=_ids(job for job in plan.jobs_in(Status.FAILED) if job.id not in refused),
            blocked=_ids(self._blocked),
            fresh=counts.done + len(plan.jobs_in(Status.DELEGATED)),
            n=self._making.how.n,
        )

    def _sort_waiting(self) -> None:
        """Tell jobs that must run, for no trace has their definition, from those that may."""
        waiting = self._plan.jobs_in(Status.WAITING)
        known = self._store.definitions() if waiting else set()
        stuck = {job.index for job in self._blocked}
        for job in waiting:
            if not stuck.isdisjoint([upstream.index for upstream in job.upstream]):
                self._blocked.append(job)
                stuck.add(job.index)
            elif job.index in self._plan.keys:
                self._certain.append((job, self._reasons(job)))
            elif job.definition in known:
                self._possible.append(job)
            elif why := self._why_not(job):
                self._refused[job.id] = why
                stuck.add(job.index)
            else:
                self._certain.append((job, self._reasons_before_all_is_known(job)))

    def _will_run(self) -> Iterable[WillRun]:
        durations = self._store.columns.durations() if self._certain else {}
        means = _means(self._making.graph, durations)
        for job, reasons in self._certain:
            name = job.command.name
            seconds = durations.get(job.id, means.get(name))
            yield WillRun(job.id, name, reasons, job.command.dynamic, seconds)

    def _may_run(self, job: Job) -> MayRun:
        results = self._plan.results
        open_ones = [u.id for u in job.upstream if results[u.index] is None]
        return MayRun(job.id, job.command.name, tuple(dict.fromkeys(open_ones)))

    def _reasons(self, job: Job) -> tuple[Reason, ...]:
        """Why a job runs whose dependencies are done."""
        reasons = self._remembered.reasons(job, self._plan) or (NeverRun(),)
        if CodeChanged() not in reasons:
            return reasons
        prior = self._remembered.prior(job)
        changed = CodeChanged(self._parts(job, prior.code) if prior is not None else ())
        return tuple(changed if reason == CodeChanged() else reason for reason in reasons)

    def _reasons_before_all_is_known(self, job: Job) -> tuple[Reason, ...]:
        """Why a job runs whatever its dependencies give: the part that lies in itself."""
        prior = self._remembered.prior(job)
        results = self._plan.results
        reasons = explain(
            job,
            b"",
            prior,
            self._plan.identities.stood(job),
            lambda _trace: None,
            lambda _trace: None,
            lambda before, _now: self._parts(job, before),
        )
        unknown = {DependencyChanged(u.id) for u in job.upstream if results[u.index] is None}
        return tuple(reason for reason in reasons if reason not in unknown) or (NeverRun(),)


def _nothing(_job: Job) -> str:
    return ""


def _in_order(plan: Plan) -> list[Job]:
    """The jobs that could run now, as they would be taken one by one."""
    found: list[Job] = []
    while plan.ready:
        batch = plan.ready.take(1)
        found += batch
        for job in batch:
            plan.ready.release(job)
    return found


def changed_parts(
    store: Store, fingerprinter: Fingerprinter
) -> Callable[[Job, Digest], tuple[str, ...]]:
    """Tells of a job and the code of an earlier trace in which parts its code differs now.

    The store has the parts of code that ran; what runs next is only here.
    """

    def parts(job: Job, before: Digest) -> tuple[str, ...]:
        old = {(part.kind, part.name): part.digest for part in store.code_parts(before)}
        if job.command.function is None or not old:
            return ()
        listed = code_of(job.command, fingerprinter).parts
        new = {(part.kind, part.name): part.digest for part in listed}
        names = {**new, **old}
        return tuple(dict.fromkeys(key[1] for key in names if old.get(key) != new.get(key)))

    return parts


def _means(jobs: Iterable[Job], durations: Mapping[str, float]) -> dict[str, float]:
    """Seconds by name of function."""
    found: dict[str, list[float]] = defaultdict(list)
    for job in jobs if durations else ():
        if job.id in durations:
            found[job.command.name].append(durations[job.id])
    return {name: sum(seconds) / len(seconds) for name, seconds in found.items()}


def _ids(jobs: Iterable[Job]) -> tuple[str, ...]:
    return tuple(job.id for job in jobs)
