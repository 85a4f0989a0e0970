"""``accept`` and ``pretend``: a person says that jobs need no run (rule 12).

Both go through the jobs as a run does, in an order in which they could run, but instead of being
run a stale job gets a trace: that of its kept result, or one without any value. So after a job its
dependants have keys, and whole chains can be vouched for at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from weft.context.definitions import save_code, save_definitions
from weft.errors import WeftError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definition import arguments_text
from weft.graph.graph import Graph
from weft.model.job import DIGEST_SIZE, Digest, Job
from weft.model.kind import Kind
from weft.model.outcome import Observation, Outcome
from weft.model.states import AttemptState
from weft.scheduler.memory import COMPARED, Remembered
from weft.scheduler.plan import Plan
from weft.scheduler.port import Expansion
from weft.scheduler.ready import Budget
from weft.scheduler.status import Status
from weft.store.objects import ObjectRef
from weft.store.rows import TraceFlag, TraceRow
from weft.store.seals import State
from weft.store.store import Store

if TYPE_CHECKING:
    from weft.context.context import Context, Selected


@dataclass(frozen=True, slots=True)
class Vouched:
    """What came of it."""

    ids: tuple[str, ...]
    """The jobs that are fresh now and were not before."""
    refused: dict[str, str]
    """The selected jobs that stay as they were, with the reason in words."""


class _Refused(Exception):
    """This job can't be vouched for; the text says why."""


def accept(
    context: Context, fingerprinter: Fingerprinter, selection: Sequence[Selected]
) -> Vouched:
    """Let the newest results of the selected jobs count for their present code and inputs.

    Parameters
    ----------
    fingerprinter
        That of the context: what it knows of the code is kept with the traces.
    """
    return _vouch(context, fingerprinter, selection, _Acceptance)


def pretend(
    context: Context, fingerprinter: Fingerprinter, selection: Sequence[Selected]
) -> Vouched:
    """Let the selected jobs count as done without a result."""
    return _vouch(context, fingerprinter, selection, _Pretence)


def _vouch(
    context: Context,
    fingerprinter: Fingerprinter,
    selection: Sequence[Selected],
    kind: Callable[[Store, Graph, Iterable[Job]], _Vouching],
) -> Vouched:
    context.prepare()
    with context.writing() as store:
        save_definitions(context.graph, store)
        chosen = context.select(selection, store)
        vouching = kind(store, context.graph, chosen)
        vouching.go_through(chosen)
        if vouching.ids:
            save_code(context.graph, fingerprinter, store)
        vouching.remembered.adopt()
        store.flush()
        return Vouched(tuple(vouching.ids), vouching.refusals(chosen))


class _Given(NamedTuple):
    """What the plan is told of a job that was vouched for."""

    result: Digest
    attempt: int
    """The one that stands for it."""
    expansion: Expansion | None = None
    outputs: bytes | None = None


class _Settled(Remembered):
    """The store to one who asks for results, not for values, and tries what failed again."""

    def present(self, results: Iterable[Digest]) -> set[Digest]:
        return set(results)

    def keeps_failure(self, job: Job, key: Digest) -> bool:
        del job, key
        return False


class _Vouching:
    """One pass over the selected jobs and their upstream."""

    def __init__(self, store: Store, graph: Graph, chosen: Iterable[Job]) -> None:
        self.ids: list[str] = []
        self._store = store
        self._graph = graph
        self._chosen = {job.id for job in chosen}
        self._refused: dict[str, str] = {}
        self.remembered = _Settled(store, graph)
        rebuilder = self.remembered.rebuilder
        self._plan = Plan(graph, rebuilder, self.remembered, budget=Budget(1, 0), looking=True)

    def go_through(self, jobs: Sequence[Job]) -> None:
        """Vouch for what can be vouched for; nothing changes for the others."""
        plan = self._plan
        plan.want(jobs)
        while batch := plan.take(1):
            for job in batch:
                if job.id not in self._chosen:
                    plan.failed(job)
                    continue
                try:
                    given = self.vouch(job, plan.keys[job.index])
                except _Refused as refused:
                    self._refused[job.id] = str(refused)
                    plan.failed(job)
                else:
                    self.ids.append(job.id)
                    plan.done(job, given.result, given.attempt, 0.0, given.expansion, given.outputs)

    def vouch(self, job: Job, key: Digest) -> _Given:
        """Give a stale job a trace.

        Raises
        ------
        _Refused
            When that is impossible.
        """
        raise NotImplementedError

    def refusals(self, chosen: Iterable[Job]) -> dict[str, str]:
        """The selected jobs that are not done now, and why."""
        found: dict[str, str] = {}
        for name in dict.fromkeys(job.id for job in chosen):
            job = self._graph.jobs.get(name)
            if job is None:
                found[name] = "its generator does not define it any more"
            elif self._plan.status[job.index] != Status.DONE:
                found[name] = self._refused.get(name) or self._waits(job)
        return found

    def _waits(self, job: Job) -> str:
        """What an unsettled job waits for."""
        jobs, status = self._graph.jobs, self._plan.status
        if job.definer is not None and status[jobs[job.definer].index] != Status.DONE:
            return f"{job.definer}, which defines it, is not done"
        awaited = (*job.upstream, *self._plan.promised.get(job.index, ()))
        names = (u.id for u in awaited if status[u.index] != Status.DONE)
        return f"{next(names, 'something')}, which it depends on, is not done"

    def _record(
        self,
        job: Job,
        key: Digest,
        result: Digest,
        flags: TraceFlag,
        *,
        value: bytes | ObjectRef | None = None,
        observed: tuple[Observation, ...] = (),
        promised: tuple[str, ...] = (),
        children: Digest | None = None,
        outputs: bytes | None = None,
        origin: int | None = None,
    ) -> int:
        past = self.remembered.past(job.id)
        is_file = isinstance(value, ObjectRef)
        # What computing it took before: estimates and sums go by the newest success.
        took = past.duration or 0.0 if past is not None else 0.0
        outcome = Outcome(
            AttemptState.DONE,
            time.time() - took,
            took,
            result=result,
            value=None if isinstance(value, ObjectRef) else value,
            size=value.size if isinstance(value, ObjectRef) else len(value or b""),
            observed=observed,
            promised=promised,
            outputs=outputs,
        )
        ids = hashes = None
        if job.upstream:
            ids = "\n".join([u.id for u in job.upstream])
            hashes = b"".join(self._plan.identities.stood(job))
        return self._store.record(
            job.id,
            past.number + 1 if past is not None else 1,
            key,
            outcome,
            executor=self.name,
            trace=(
                int(flags | TraceFlag.FILE if is_file else flags),
                job.definition,
                job.command.code,
                self._text(job),
                ids,
                hashes,
                children,
            ),
            origin=origin,
        )

    def _text(self, job: Job) -> str:
        """The arguments; of a job whose arguments are not here as its last trace has them."""
        if job.command.function is not None or job.text is not None:
            return arguments_text(job)
        prior = self.remembered.prior(job)
        return prior.arguments_text if prior is not None else ""

    name = ""
    """What stands for the executor in the attempt."""


class _Acceptance(_Vouching):
    name = "accept"

    def vouch(self, job: Job, key: Digest) -> _Given:
        trace = self._newest_result(job)
        if trace.outputs is None:
            self._check_values(trace)
        else:
            self._check_files(trace, trace.outputs)
        observed = self._observed_now(trace)
        expansion = self._expansion(job, trace)
        kept = TraceFlag.OBSERVED | TraceFlag.CHILDREN | TraceFlag.PROMISED
        self._record(
            job,
            key,
            trace.result,
            trace.flags & kept | TraceFlag.ACCEPTED,
            value=self._value(trace.result) if trace.outputs is None else None,
            observed=observed,
            promised=trace.promised,
            children=trace.children,
            outputs=trace.outputs,
            origin=trace.origin,
        )
        return _Given(trace.result, trace.origin, expansion, trace.outputs)

    def _check_values(self, trace: TraceRow) -> None:
        wanted = [trace.result] if trace.children is None else [trace.result, trace.children]
        if len(self._store.has_values(wanted)) < len(set(wanted)):
            raise _Refused("its result is not there any more")

    def _check_files(self, trace: TraceRow, outputs: bytes) -> None:
        seen = self.remembered.look(trace.job_id, trace.result, outputs)
        if seen.state is not State.UNCHANGED:
            raise _Refused(f"its file {seen.path} is {seen.state.value}")

    def _newest_result(self, job: Job) -> TraceRow:
        past = self.remembered.past(job.id)
        if past is None:
            raise _Refused("it never ran")
        for trace_id in past.traces[: -1 - COMPARED : -1]:
            trace = self._store.trace(trace_id)
            if not trace.flags & TraceFlag.PRETENDED:
                return trace
        raise _Refused("it has no result that could be accepted")

    def _value(self, result: Digest) -> bytes | ObjectRef:
        found = self._store.input(result)
        assert isinstance(found, (bytes, ObjectRef))
        return found

    def _observed_now(self, trace: TraceRow) -> tuple[Observation, ...]:
        """What the job read, as it is now: it is blessed with it."""
        if not trace.flags & TraceFlag.OBSERVED:
            return ()
        seen = self._store.observations([trace.id]).get(trace.id, ())
        now = [self.remembered.observe(o.kind, o.key) for o in seen]
        for observation, digest in zip(seen, now, strict=True):
            if digest is None:
                raise _Refused(f"the {observation.kind} {observation.key} can't be read now")
        pairs = zip(seen, now, strict=True)
        return tuple(replace(o, digest=digest) for o, digest in pairs if digest is not None)

    def _expansion(self, job: Job, trace: TraceRow) -> Expansion | None:
        """The jobs of a generator come along: they are what it would define now, too."""
        if trace.children is None:
            if job.command.dynamic:
                raise _Refused("it was no generator when it ran")
            return None
        if not job.command.dynamic:
            raise _Refused("it was a generator when it ran")
        records = self._store.children(trace.children)
        try:
            expansion = self.remembered.take_in(job, records, trace.promised)
        except WeftError as error:
            raise _Refused(error.title.rstrip(".")) from None
        self._chosen.update(child.id for child in expansion.children)
        self._store.add_generated(job.id, records)
        return expansion


class _Pretence(_Vouching):
    name = "pretend"

    def vouch(self, job: Job, key: Digest) -> _Given:
        if job.command.dynamic or job.command.kind is Kind.EXTENDING:
            raise _Refused("it defines jobs, and which ones only a run can tell")
        if job.command.kind:
            raise _Refused("it is there for what it does, which nothing can stand for")
        result = blake2b(b"pretended;" + key, digest_size=DIGEST_SIZE).digest()
        attempt = self._record(job, key, result, TraceFlag.PRETENDED | TraceFlag.FILE)
        return _Given(result, attempt)
