"""A world without disk, clock or processes: a store in dicts, and functions that are numbers.

``World.run`` drives the real plan and rebuilder; ``oracle`` computes the same jobs from scratch,
by plain recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from weft.graph.graph import Graph
from weft.model.job import DIGEST_SIZE, Command, Digest, FullJob, Job, JobRecord
from weft.model.outcome import Observation
from weft.model.resources import DEFAULT_OPTIONS, Options
from weft.scheduler.plan import Plan
from weft.scheduler.port import Expansion
from weft.scheduler.ready import Budget, History
from weft.scheduler.rebuilder import Rebuilder, TraceHead
from weft.scheduler.status import Status
from weft.store.rows import TraceFlag


def digest(value: object) -> Digest:
    return blake2b(repr(value).encode(), digest_size=DIGEST_SIZE).digest()


@dataclass(frozen=True)
class Call:
    """A job of the world: its value is a number below ``spread``, so equal results are common."""

    id: str
    code: int = 0
    argument: int = 0
    inputs: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    options: Options = DEFAULT_OPTIONS
    spread: int = 3
    reads: tuple[str, ...] = ()
    makes: tuple[Call, ...] | None = None
    """For a generator: the jobs that it defines, whose ids have its own as prefix."""
    promises: tuple[str, ...] = ()

    def value(self, inputs: Sequence[object], files: dict[str, int]) -> object:
        read = [files.get(name) for name in self.reads]
        return int(digest((self.code, self.argument, inputs, read))[:4].hex(), 16) % self.spread

    @property
    def definition(self) -> Digest:
        return digest((self.code, self.argument, self.spread, self.reads, self.makes))


def oracle(calls: Sequence[Call], files: dict[str, int]) -> dict[str, object]:
    """Every job's value, generated jobs' too, from scratch."""
    values: dict[str, object] = {}
    for call in calls:
        own = call.value([values[name] for name in call.inputs], files)
        children = [prefixed(call.id, child) for child in call.makes or ()]
        values.update(oracle(children, files))
        promised = [values[f"{call.id}-{name}"] for name in call.promises]
        values[call.id] = (own, promised) if promised else own
    return values


@dataclass
class Finished:
    """What a run did."""

    plan: Plan
    graph: Graph
    executed: list[str]
    values: dict[str, object]

    @property
    def nothing_to_do(self) -> bool:
        """Whether all that was wanted is done, and nothing ran."""
        counts = self.plan.counts()
        return not self.executed and counts.done == counts.total

    def status(self, job_id: str) -> Status:
        return Status(self.plan.status[self.graph.jobs[job_id].index])


@dataclass
class World:
    """What outlives a run: traces, values, attempts and files."""

    files: dict[str, int] = field(default_factory=dict)
    traces: list[TraceHead] = field(default_factory=list)
    observations: dict[int, tuple[Observation, ...]] = field(default_factory=dict)
    children: dict[int, tuple[tuple[Call, ...], tuple[str, ...]]] = field(default_factory=dict)
    values: dict[Digest, object] = field(default_factory=dict)
    failures: dict[str, Digest] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    invalidated: set[tuple[str, Digest]] = field(default_factory=set)
    attempts: int = 0
    inline: bool = True
    """False: values count as files, and may be lost."""

    def observe(self, kind: str, key: str) -> Digest:
        return digest((kind, self.files.get(key)))

    def invalidate(self, job_id: str) -> None:
        """The job's traces do not count any more."""
        self.invalidated.update((t[3], t[1]) for t in self.traces if t[3] == job_id)
        self.traces = [trace for trace in self.traces if trace[3] != job_id]

    def graph(self, calls: Iterable[Call]) -> Graph:
        graph = Graph("world")
        for call in calls:
            graph.jobs[call.id] = job_of(call, graph, None, graph.size)
            graph.size += 1
        return graph

    def run(
        self,
        calls: Sequence[Call],
        *targets: str,
        fails: Callable[[str], bool] = lambda _id: False,
        budget: Budget | None = None,
        recurse: bool = True,
        fail_fast: bool = False,
        stop_after: int | None = None,
    ) -> Finished:
        """One run, one job at a time; ``stop_after`` that many jobs the process is killed."""
        graph = self.graph(calls)
        run = _Run(self, graph, {call.id: call for call in calls})
        rebuilder = Rebuilder(
            list(self.traces),
            lambda ids: {i: self.observations[i] for i in ids},
            self.observe,
            self.invalidated,
        )
        plan = Plan(
            graph,
            rebuilder,
            run,
            budget=budget or Budget(4, 1 << 40),
            recurse=recurse,
            fail_fast=fail_fast,
        )
        run.plan = plan
        plan.want([graph.jobs[name] for name in targets] if targets else None)
        executed: list[str] = []
        while (stop_after is None or len(executed) < stop_after) and (batch := plan.take(1)):
            for job in batch:
                executed.append(job.id)
                run.execute(job, failing=fails(job.id))
        return Finished(plan, graph, executed, run.results())


def job_of(call: Call, graph: Graph, definer: str | None, index: int) -> Job:
    command = Command(f"f{call.code}", None, call.options, call.makes is not None)
    inputs = tuple(graph.jobs[name] for name in call.inputs)
    extra = tuple(graph.jobs[name] for name in sorted(call.extra))
    job = FullJob(
        call.id, command, (), index, inputs=inputs, extra=extra, definer=definer, packed=b"x"
    )
    job.definition = call.definition
    return job


class _Run:
    """The plan's ``Memory`` port, and an executor that computes at once."""

    plan: Plan

    def __init__(self, world: World, graph: Graph, calls: dict[str, Call]) -> None:
        self.world = world
        self.graph = graph
        self.calls = calls

    def expand(self, job: Job, trace: TraceHead) -> Expansion:
        return self.take_in(job, *self.world.children[trace[0]])

    def take_in(self, job: Job, made: Sequence[Call], promised: Sequence[str]) -> Expansion:
        children = [prefixed(job.id, call) for call in made]
        self.calls.update((call.id, call) for call in children)
        records = [record_of(call, job.id) for call in children]
        jobs = self.graph.replace_generated(job.id, records)
        return Expansion(jobs, [self.graph.jobs[f"{job.id}-{name}"] for name in promised])

    def present(self, results: Iterable[Digest]) -> set[Digest]:
        return {result for result in results if result in self.world.values}

    def invariant(self, job: Job) -> Digest | None:
        return job.definition

    def part(self, job: Job, outputs: bytes | None) -> Digest | None:
        raise NotImplementedError

    def has_files(self, job: Job, result: Digest, outputs: bytes) -> bool:
        raise NotImplementedError

    def history(self, _job_ids: Collection[str]) -> History:
        return History(self.world.durations, frozenset(self.world.failed))

    def keeps_failure(self, job: Job, key: Digest) -> bool:
        return self.world.failures.get(job.id) == key

    def value(self, job: Job) -> object:
        own = self.world.values[self.plan.templates.get(job.index) or self.plan.results[job.index]]
        promised = self.plan.promised.get(job.index)
        return (own, [self.value(p) for p in promised]) if promised else own

    def results(self) -> dict[str, object]:
        done = self.plan.jobs_in(Status.DONE)
        return {job.id: self.value(job) for job in done if self._has(job)}

    def _has(self, job: Job) -> bool:
        own = self.plan.templates.get(job.index) or self.plan.results[job.index]
        promised = self.plan.promised.get(job.index, ())
        return own in self.world.values and all(self._has(p) for p in promised)

    def execute(self, job: Job, *, failing: bool) -> None:
        world, plan, call = self.world, self.plan, self.calls[job.id]
        key = plan.keys[job.index]
        if failing:
            world.failures[job.id] = key
            world.failed.add(job.id)
            plan.failed(job)
            return
        world.failed.discard(job.id)
        value = call.value([self.value(u) for u in job.inputs], world.files)
        result = digest(value)
        if not call.options.cutoff:
            result = digest((value, world.attempts))
        world.values[result] = value
        world.attempts += 1
        trace_id = world.attempts
        flags = 0 if world.inline else int(TraceFlag.FILE)
        if call.reads:
            flags |= TraceFlag.OBSERVED
            world.observations[trace_id] = tuple(
                Observation(i, "file", name, world.observe("file", name))
                for i, name in enumerate(call.reads)
            )
        expansion = None
        if call.makes is not None:
            flags |= TraceFlag.CHILDREN
            world.children[trace_id] = (call.makes, call.promises)
            expansion = self.take_in(job, call.makes, call.promises)
        world.traces.append((trace_id, key, result, job.id, flags, None))
        plan.done(job, result, 0.001, expansion)


def prefixed(definer: str, call: Call) -> Call:
    return replace(
        call, id=f"{definer}-{call.id}", inputs=tuple(f"{definer}-{name}" for name in call.inputs)
    )


def record_of(call: Call, definer: str) -> JobRecord:
    return JobRecord(
        id=call.id,
        name=f"f{call.code}",
        definer=definer,
        code=b"",
        definition=call.definition,
        arguments_text="",
        inputs=call.inputs,
        extra=call.extra,
        dynamic=call.makes is not None,
        options=call.options,
        packed=b"x",
    )
