"""A world without disk, clock or processes: a store in dicts, and functions that are numbers.

``World.run`` drives the real plan and rebuilder; ``oracle`` computes the same jobs from scratch,
by plain recursion. Files that jobs make are in ``World.disk``, loaded data in ``Run.memory``: when
a job begins, and again when it ends, all that it needs must be there, as it was promised.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from typing import Any

from weft.graph.graph import Graph
from weft.graph.spec import job_of
from weft.model.job import DIGEST_SIZE, Command, Digest, Job, JobRecord
from weft.model.kind import Kind
from weft.model.outcome import Observation
from weft.model.outputs import Form, OutputStyle
from weft.model.resources import DEFAULT_OPTIONS, Options
from weft.scheduler.identity import NOTHING
from weft.scheduler.plan import Plan
from weft.scheduler.port import Expansion
from weft.scheduler.ready import Budget, History
from weft.scheduler.rebuilder import Rebuilder, TraceHead
from weft.scheduler.status import Status
from weft.store.rows import TraceFlag

READ = frozenset({Kind.FILES, Kind.PART, Kind.LOADING, Kind.INVARIANT})
"""Kinds of jobs that are read by those which only name them as ``extra``, too."""


def digest(value: object) -> Digest:
    return blake2b(repr(value).encode(), digest_size=DIGEST_SIZE).digest()


@dataclass(frozen=True, repr=False)
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
    """For one that defines jobs: those, whose ids have its own as prefix."""
    promises: tuple[str, ...] = ()
    injects: tuple[tuple[str, str], ...] = ()
    """For one of ``Kind.EXTENDING``: an old job, and a new one that it shall depend on."""
    kind: Kind = Kind.VALUE
    temporary: tuple[bool, ...] = (False,)
    """For each file that it makes."""
    lazy: bool = False
    place: int = 0
    """Of the file that a part stands for."""
    watched: tuple[str, ...] = ()
    """Files that an invariant compares."""
    writes: str = ""
    """A place outside that nobody else knows of: what it would return it leaves there, for those
    that run after it, and returns None."""
    random: bool = False
    """Whether each attempt leaves something else."""

    def __repr__(self) -> str:
        told = {f.name: v for f in fields(self) if (v := getattr(self, f.name)) != f.default}
        return f"Call({', '.join(f'{name}={value!r}' for name, value in told.items())})"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    def made(self, read: Sequence[object], files: dict[str, int], salt: int = 0) -> object:
        """Its value, or the contents of its files."""
        if self.kind is Kind.INVARIANT:
            return [files.get(name) for name in self.watched] or self.argument
        if self.writes:
            return None
        if self.kind is Kind.FILES:
            return [self._number(read, files, salt, place) for place in range(len(self.temporary))]
        return self._number(read, files, salt, 0)

    def left(self, read: Sequence[object], files: dict[str, int]) -> object:
        """What it leaves outside."""
        return self._number(read, files, 0, 0)

    def _number(
        self, read: Sequence[object], files: dict[str, int], salt: int, place: int
    ) -> object:
        own = [files.get(name) for name in self.reads]
        number = digest((self.code, self.argument, read, own, salt if self.random else 0, place))
        return int(number[:4].hex(), 16) % self.spread

    @property
    def definition(self) -> Digest:
        what = (self.code, self.argument, self.spread, self.reads, self.makes, self.injects)
        what += (self.writes,)
        shape = (self.paths, self.temporary) if self.kind is Kind.FILES else ()
        return digest((what, self.kind, self.kind and self.extra, shape, self.place, self.watched))

    @property
    def paths(self) -> tuple[str, ...]:
        """Of its files."""
        number = len(self.temporary)
        return (self.id,) if number == 1 else tuple(f"{self.id}/{n}" for n in range(number))

    @property
    def spec(self) -> tuple[object, ...] | None:
        match self.kind:
            case Kind.VALUE:
                return None
            case Kind.FILES:
                form = Form.ONE if len(self.temporary) == 1 else Form.LIST
                temporary = self.temporary if True in self.temporary else ()
                return (
                    self.extra,
                    self.paths,
                    OutputStyle(form, temporary=temporary, lazy=self.lazy),
                )
            case Kind.PART:
                return self.extra, self.place
            case Kind.INVARIANT:
                return self.extra, self.watched
            case _:
                return (self.extra,)


class Oracle:
    """What every job leaves, computed from scratch."""

    def __init__(self, files: dict[str, int]) -> None:
        self.files = files
        self.made: dict[str, object] = {}
        self.calls: dict[str, Call] = {}
        self.injected: dict[str, list[str]] = {}
        self.outside: dict[str, object] = {}

    def make(self, call: Call) -> None:
        self.calls[call.id] = call
        extra = sorted({*call.extra, *self.injected.get(call.id, ())})
        read = [self.made[name] for name in call.inputs]
        read += [self.made[name] for name in extra if self.calls[name].kind in READ]
        places = [self.calls[name].writes for name in (*call.inputs, *extra)]
        read += [self.outside[place] for place in places if place]
        if call.kind is Kind.PART:
            self.made[call.id] = read[0][call.place]  # type: ignore[index]
            return
        if call.writes:
            self.outside[call.writes] = call.left(read, self.files)
        own = call.made(read, self.files)
        for old, new in call.injects:
            self.injected.setdefault(old, []).append(new)
        for child in children_of(call):
            self.make(child)
        promised = [self.made[f"{call.id}-{name}"] for name in call.promises]
        self.made[call.id] = (own, promised) if promised else own


def oracle(calls: Sequence[Call], files: dict[str, int]) -> dict[str, object]:
    """What every job leaves, generated ones too."""
    return whole_oracle(calls, files).made


def whole_oracle(calls: Sequence[Call], files: dict[str, int]) -> Oracle:
    """The same, and what they leave outside."""
    truth = Oracle(files)
    for call in calls:
        truth.make(call)
    return truth


@dataclass
class Finished:
    """What a run did."""

    plan: Plan
    graph: Graph
    executed: list[str]
    values: dict[str, object]
    revived: set[str]
    """Ids of the jobs that ran only because what they had left was not there."""

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
    disk: dict[str, object] = field(default_factory=dict)
    """The files that jobs made."""
    outside: dict[str, object] = field(default_factory=dict)
    """What jobs left where nobody looks but jobs."""
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

    def adopt(self, rebuilder: Rebuilder) -> None:
        """Traces belong to the jobs that they serve."""
        owners = rebuilder.adopted
        if not owners:
            return
        self.traces = [(*t[:3], owners.get(t[0], t[3]), *t[4:]) for t in self.traces]

    def supersede(self, job_id: str) -> None:
        """Of a job that leaves nothing only the newest attempt counts."""
        old = [t for t in self.traces if t[3] == job_id and t[2] == NOTHING]
        self.invalidated.update((t[3], t[1]) for t in old)
        self.traces = [trace for trace in self.traces if trace not in old]

    def graph(self, calls: Iterable[Call]) -> Graph:
        graph = Graph("world")
        for call in calls:
            add(call, graph)
        return graph

    def is_there(self, outputs: bytes, *, kept: bool) -> bool:
        """Whether files are as a job left them: all, or those that it keeps."""
        files = pickle.loads(outputs)
        return all(self.disk.get(p) == c for p, c, stays in files if stays or not kept)

    def run(
        self,
        calls: Sequence[Call],
        *targets: str,
        fails: Callable[[str], bool] = lambda _id: False,
        cancels: Callable[[str], bool] = lambda _id: False,
        budget: Budget | None = None,
        recurse: bool = True,
        fail_fast: bool = False,
        stop_after: int | None = None,
        amid: bool = False,
        lanes: int = 1,
        pick: Callable[[int], int] = lambda _number: 0,
    ) -> Finished:
        """One run.

        Parameters
        ----------
        stop_after
            After that many jobs the process is killed.
        amid
            Whether more jobs are under way then.
        pick
            Chooses which of so many running jobs ends next.
        """
        graph = self.graph(calls)
        run = Run(self, graph, {call.id: call for call in calls})
        rebuilder = Rebuilder(
            list(self.traces),
            lambda ids: {i: self.observations[i] for i in ids},
            self.observe,
            self.invalidated,
            lambda _id, _result, outputs: self.is_there(outputs, kept=True),
        )
        plan = run.plan = Plan(
            graph,
            rebuilder,
            run,
            budget=budget or Budget(4, 1 << 40),
            recurse=recurse,
            fail_fast=fail_fast,
        )
        plan.want([graph.jobs[name] for name in targets] if targets else None)
        self.adopt(rebuilder)
        while stop_after is None or len(run.executed) < stop_after:
            while len(run.running) < lanes and (batch := plan.take(lanes)):
                for job in batch:
                    self.adopt(rebuilder)
                    run.begin(job)
            if not run.running:
                break
            job = run.running.pop(pick(len(run.running)))
            run.end(job, failing=fails(job.id), cancelling=cancels(job.id))
            run.give_up()
        else:
            for job in plan.take(1) if amid else ():
                self.adopt(rebuilder)
                run.begin(job)
            return Finished(plan, graph, run.executed, {}, run.revived)
        run.give_up()
        self.adopt(rebuilder)
        return Finished(plan, graph, run.executed, run.results(), run.revived)


def add(call: Call, graph: Graph, definer: str | None = None) -> Job:
    """Put a job into the graph."""
    command = Command(f"f{call.code}", None, call.options, call.makes is not None, kind=call.kind)
    command.dynamic = call.makes is not None and not call.kind
    graph.commands[call.id,] = command
    job = job_of(
        call.id,
        command,
        graph.size,
        call.spec,
        inputs=tuple(graph.jobs[name] for name in call.inputs),
        extra=tuple(graph.jobs[name] for name in sorted(call.extra)),
        definer=definer,
        packed=b"x",
    )
    job.definition = call.definition
    graph.jobs[call.id] = job
    graph.size += 1
    return job


class Run:
    """The plan's ``Memory`` port, and an executor that computes at once."""

    plan: Plan

    def __init__(self, world: World, graph: Graph, calls: dict[str, Call]) -> None:
        self.world = world
        self.graph = graph
        self.calls = calls
        self.memory: dict[int, object] = {}
        """Loaded data, by the index of the job that loaded them."""
        self.running: list[Job] = []
        self.executed: list[str] = []
        self.revived: set[str] = set()

    # -- the port ----------------------------------------------------------------------------

    def carried(self, job: Job, stood: Sequence[Digest]) -> TraceHead | None:
        del job, stood
        return None

    def expand(self, job: Job, trace: TraceHead) -> Expansion:
        return self.take_in(job, *self.world.children[trace[0]])

    def take_in(self, job: Job, made: Sequence[Call], promised: Sequence[str]) -> Expansion:
        children = children_of(replace(self.calls[job.id], makes=tuple(made)))
        self.calls.update((call.id, call) for call in children)
        records = [record_of(call, job.id) for call in children]
        jobs = self.graph.replace_generated(job.id, records)
        return Expansion(jobs, [self.graph.jobs[f"{job.id}-{name}"] for name in promised])

    def present(self, results: Iterable[Digest]) -> set[Digest]:
        return {result for result in results if result in self.world.values}

    def invariant(self, job: Job) -> Digest | None:
        watched = self.calls[job.id].watched
        if not watched:
            return job.definition
        contents = [self.world.files.get(name) for name in watched]
        return None if None in contents else digest(contents)

    def part(self, job: Job, outputs: bytes | None) -> Digest | None:
        return None if outputs is None else digest(pickle.loads(outputs)[self.calls[job.id].place])

    def has_files(self, _job: Job, _result: Digest, outputs: bytes) -> bool:
        return self.world.is_there(outputs, kept=False)

    def history(self, _job_ids: Collection[str]) -> History:
        return History(self.world.durations, frozenset(self.world.failed))

    def keeps_failure(self, job: Job, key: Digest) -> bool:
        return self.world.failures.get(job.id) == key

    # -- what jobs see -----------------------------------------------------------------------

    def value(self, job: Job) -> object:
        """What is to be read of a job that is done."""
        match job.command.kind:
            case Kind.FILES:
                return self._contents(job)
            case Kind.PART:
                return self._contents(job.extra[0])[self.calls[job.id].place]
            case Kind.LOADING:
                assert job.index in self.memory, f"{job.id} is not loaded"
                return self.memory[job.index]
            case Kind.INVARIANT:
                return self.calls[job.id].made((), self.world.files)
            case _:
                own = self.world.values[self._result(job)]
                promised = self.plan.promised.get(job.index)
                return (own, [self.value(p) for p in promised]) if promised else own

    def _result(self, job: Job) -> Digest:
        return self.plan.templates.get(job.index) or self.plan.results[job.index] or b""

    def _contents(self, job: Job) -> list[object]:
        outputs = self.plan.outputs[job.index]
        assert self.plan.results[job.index] is not None, f"{job.id} is not done"
        assert outputs is not None
        assert self.world.is_there(outputs, kept=False), f"the files of {job.id} are not there"
        return [content for _path, content, _kept in pickle.loads(outputs)]

    def read(self, job: Job) -> list[object]:
        """What a job reads of those that it depends on."""
        read = [*job.inputs, *(u for u in job.extra if u.command.kind in READ)]
        places = [self.calls[u.id].writes for u in (*job.inputs, *job.extra)]
        outside = [self.world.outside[place] for place in places if place]
        return [*map(self.value, read), *outside]

    def results(self) -> dict[str, object]:
        """What is there of the jobs that are done, when the run is over."""
        done = self.plan.jobs_in(Status.DONE)
        return {job.id: self.value(job) for job in done if self._has(job)}

    def _has(self, job: Job) -> bool:
        kind = job.command.kind
        if kind in {Kind.FILES, Kind.PART}:
            outputs = self.plan.outputs[(job.extra[0] if kind is Kind.PART else job).index]
            return outputs is not None and self.world.is_there(outputs, kept=False)
        if kind:
            return kind is Kind.INVARIANT
        promised = self.plan.promised.get(job.index, ())
        return self._result(job) in self.world.values and all(self._has(p) for p in promised)

    # -- what becomes of them ----------------------------------------------------------------

    def begin(self, job: Job) -> None:
        self.executed.append(job.id)
        if job.index in self.plan.revived:
            self.revived.add(job.id)
        if self.calls[job.id].writes:
            self.world.supersede(job.id)
            self.world.outside[self.calls[job.id].writes] = "half written"
        if job.command.kind is not Kind.INVARIANT:
            self.read(job)
        self.running.append(job)

    def end(self, job: Job, *, failing: bool, cancelling: bool) -> None:
        if cancelling:
            self.plan.cancelled(job)
        elif failing or job.command.kind is Kind.INVARIANT:
            self._fail(job)
        else:
            self._succeed(job)

    def _fail(self, job: Job) -> None:
        self.world.failures[job.id] = self.plan.keys[job.index]
        self.world.failed.add(job.id)
        for path in self.calls[job.id].paths:
            self.world.disk.pop(path, None)
        self.plan.failed(job)

    def _succeed(self, job: Job) -> None:
        world, call, key = self.world, self.calls[job.id], self.plan.keys[job.index]
        world.failed.discard(job.id)
        world.attempts += 1
        read = self.read(job)
        if call.writes:
            world.outside[call.writes] = call.left(read, world.files)
        made = call.made(read, world.files, world.attempts)
        result, outputs = NOTHING if made is None else digest(made), None
        if call.options.cutoff is False and made is not None:
            result = digest((made, world.attempts))
        match job.command.kind:
            case Kind.FILES:
                outputs = self._write(call, made)
            case Kind.LOADING:
                self.memory[job.index], result = made, key
            case Kind.VALUE:
                world.values[result] = made
            case _:
                result = key
        expansion, number = self._extend(job, call), world.attempts
        origin = self.plan.origin(job, result)
        stands = number if origin is None else origin
        if job.command.kind is not Kind.LOADING:
            world.traces.append((number, key, result, job.id, self._flags(call), outputs, stands))
        self.plan.done(job, result, stands, 0.001, expansion, outputs)

    def _write(self, call: Call, contents: object) -> bytes:
        assert isinstance(contents, list)
        self.world.disk.update(zip(call.paths, contents, strict=True))
        kept = [not temporary for temporary in call.temporary]
        return pickle.dumps(list(zip(call.paths, contents, kept, strict=True)))

    def _flags(self, call: Call) -> int:
        world = self.world
        flags = 0 if world.inline or call.kind else int(TraceFlag.FILE)
        if call.reads:
            flags |= TraceFlag.OBSERVED
            world.observations[world.attempts] = tuple(
                Observation(i, "file", name, world.observe("file", name))
                for i, name in enumerate(call.reads)
            )
        if call.makes is not None:
            flags |= TraceFlag.CHILDREN
            world.children[world.attempts] = (call.makes, call.promises)
        return flags

    def _extend(self, job: Job, call: Call) -> Expansion | None:
        if call.makes is None:
            return None
        if call.kind is Kind.VALUE:
            return self.take_in(job, call.makes, call.promises)
        children = children_of(call)
        self.calls.update((child.id, child) for child in children)
        jobs = [add(child, self.graph, job.id) for child in children]
        self.graph.generated[job.id] = [child.id for child in jobs]
        for old, new in call.injects:
            user = self.graph.jobs[old]
            links = {*user.extra, self.graph.jobs[new]}
            user.extra = tuple(sorted(links, key=lambda one: one.id))
        return Expansion(jobs, ())

    def give_up(self) -> None:
        """Remove what nobody needs any more."""
        for job in self.plan.effects.take_spent():
            outputs = self.plan.outputs[job.index]
            if job.command.kind is Kind.LOADING:
                del self.memory[job.index]
            elif outputs is not None and self.plan.results[job.index] is not None:
                for path, _content, kept in pickle.loads(outputs):
                    if not kept:
                        self.world.disk.pop(path, None)


def children_of(call: Call) -> list[Call]:
    """The jobs that one defines, under the ids that they get."""
    own = {child.id for child in call.makes or ()}

    def names(given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{call.id}-{name}" if name in own else name for name in given)

    return [
        replace(
            child,
            id=f"{call.id}-{child.id}",
            inputs=names(child.inputs),
            extra=names(child.extra),
        )
        for child in call.makes or ()
    ]


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
        kind=call.kind,
        spec=call.spec,
    )
