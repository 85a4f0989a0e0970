"""Cells of a notebook: what a cell has defined, it may define again when it runs again.

A script defines each job once. A cell runs many times in one process, and each time the graph must
become what it would be in a fresh session in which each cell ran once, in its latest version.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from types import FunctionType

from weft.errors import UserError
from weft.graph.definition import define
from weft.graph.graph import Graph
from weft.graph.order import put_in_order
from weft.model.job import Command, Digest, FullJob, Job

Key = str
"""What stays the same of a cell from one of its executions to the next."""
ANONYMOUS: Key = ""
"""The key of cells that can't be recognised: what they define is never defined again."""


@dataclass(slots=True)
class _Cell:
    """What is kept of one cell."""

    ids: set[str] = field(default_factory=set)
    counters: dict[str, int] = field(default_factory=dict)
    """Where the automatic ids had got to before the cell defined any, by their base."""


@dataclass(slots=True)
class _Execution:
    """One cell, while it runs."""

    key: Key
    open: frozenset[str]
    """Ids that could be defined again when it began."""
    before: dict[str, int]
    """The counters of automatic ids when it began, wound back."""
    highest: dict[str, int]
    """The same, before they were wound back."""
    mark: int
    """Jobs defined since have this index or a larger one."""
    new: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Ended:
    """What the end of a cell did to the graph."""

    retired: tuple[str, ...] = ()
    """Ids that the cell does not define any more, left out of the graph."""
    stayed: tuple[str, ...] = ()
    """Ids that it does not define any more either, but other cells' jobs depend on them."""
    dependants: tuple[str, ...] = ()
    """Those other jobs."""


class Cells:
    """Which cell defined which jobs of one graph.

    Examples
    --------
    >>> from weft.fingerprint.fingerprinter import Fingerprinter
    >>> from weft.graph.definer import Definer
    >>> graph = Graph()
    >>> graph.cells = Cells(graph)
    >>> definer = Definer(graph, Fingerprinter())
    >>> for argument in (-1, -1, -2):
    ...     graph.cells.begin("the cell")
    ...     promise = definer.comp(abs, argument)
    ...     ended = graph.cells.end(whole=True)
    ...     print(promise, graph.jobs[promise.job_id].args)
    Promise('abs') (-1,)
    Promise('abs') (-1,)
    Promise('abs') (-2,)
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._cells: dict[Key, _Cell] = {}
        self._orphans: dict[str, Key] = {}
        """Ids that stayed although their cell does not define them any more."""
        self._running: _Execution | None = None

    def __repr__(self) -> str:
        return f"Cells({len(self._cells)}, running={self._running is not None})"

    # -- the cell runs -----------------------------------------------------------------------

    def begin(self, key: Key) -> None:
        """A cell begins: what its last execution defined can be defined again."""
        if self._running is not None:
            self.end(whole=False)
        graph = self._graph
        cell = self._cells.setdefault(key, _Cell())
        highest = {base: counter[0] for base, counter in graph.counters.items()}
        for base, number in cell.counters.items():
            graph.counters[base][0] = number
        graph.redefinable = {name for name in cell.ids if name in graph.jobs}
        graph.redefinable.update(self._orphans)
        self._running = _Execution(
            key,
            frozenset(graph.redefinable),
            {base: counter[0] for base, counter in graph.counters.items()},
            highest,
            graph.size,
        )

    def end(self, *, whole: bool) -> Ended:
        """The cell has ended.

        Parameters
        ----------
        whole
            Whether it came to its end. Otherwise nothing is retired: it may have raised before it
            could define all of its jobs.
        """
        running, graph = self._running, self._graph
        if running is None:
            return Ended()
        self.settle()
        self._harvest(running)
        left = graph.redefinable
        graph.redefinable = set()
        self._running = None
        self._own(running, running.new | (running.open - left))
        self._wind_on(running)
        if running.key == ANONYMOUS:
            self._cells.pop(ANONYMOUS)
            return Ended()
        return self._retire(running.key, left) if whole else Ended()

    def settle(self) -> None:
        """Link all jobs to those that took the places of others, in an order in which they can run.

        Once for many jobs, as one job that depends on 100,000 would be linked 100,000 times.
        """
        if not self._graph.unlinked:
            return
        running = self._running
        if running is not None:
            self._harvest(running)
        relink(self._graph)
        if running is not None:
            running.mark = self._graph.size

    def _harvest(self, running: _Execution) -> None:
        """Take note of the jobs that were added since the mark."""
        for job in reversed(self._graph.jobs.values()):
            if job.index < running.mark:
                break
            if job.definer is None and job.command.function is not None:
                running.new.add(job.id)

    def _own(self, running: _Execution, defined: set[str]) -> None:
        """Note that these jobs are this cell's."""
        for name in defined.intersection(self._orphans):
            self._cells[self._orphans.pop(name)].ids.discard(name)
        self._cells[running.key].ids |= defined

    def _wind_on(self, running: _Execution) -> None:
        """Put the counters of automatic ids back to where no other cell's ids are met.

        They never fall, so that an old promise of a retired job does not come to stand for the
        job of another cell.
        """
        cell = self._cells[running.key]
        for base, counter in self._graph.counters.items():
            before = running.before.get(base, 0)
            if counter[0] != before:
                cell.counters.setdefault(base, before)
            counter[0] = max(counter[0], running.highest.get(base, 0))

    # -- jobs that are no longer defined -----------------------------------------------------

    def forget(self, key: Key) -> Ended:
        """A cell was deleted: its jobs are retired, as if it had run and defined nothing."""
        cell = self._cells.get(key)
        if cell is None or key == ANONYMOUS:
            return Ended()
        ended = self._retire(key, set(cell.ids))
        if not cell.ids:
            del self._cells[key]
        return ended

    def _retire(self, key: Key, left: set[str]) -> Ended:
        graph = self._graph
        candidates = {name for name in left if name in graph.jobs}
        needed = _needed(graph, candidates) if candidates else {}
        stayed = sorted(name for name in candidates if name in needed and name not in self._orphans)
        gone = [name for name in graph.jobs if name in candidates and name not in needed]
        for name in gone:
            graph.retire(name)
        for name in left.difference(needed):
            self._cells[self._orphans.pop(name, key)].ids.discard(name)
        self._orphans.update(dict.fromkeys(stayed, key))
        dependants = sorted({needed[name] for name in stayed} - candidates)
        return Ended(tuple(gone), tuple(stayed), tuple(dependants))


def _needed(graph: Graph, candidates: Collection[str]) -> dict[str, str]:
    """Those of the candidates that other jobs depend on, each with one that does."""
    leaving = {*candidates}
    for name in candidates:
        leaving.update(graph.generated_by(name))
    needed: dict[str, str] = {}
    stack = [
        (upstream.id, job.id)
        for job in graph
        if job.id not in leaving
        for upstream in job.upstream
        if upstream.id in leaving
    ]
    while stack:
        name, dependant = stack.pop()
        if name in needed:
            continue
        needed[name] = dependant
        job = graph.jobs[name]
        stack += [(u.id, name) for u in job.upstream if u.id in leaving]
        if job.definer in leaving:
            stack.append((job.definer, name))
    return needed


# -- one job in the place of another -------------------------------------------------------------


def redefine(graph: Graph, job: Job) -> bool:
    """Put a job in the place of the one with its id; False if that one is equal, and stays.

    Raises
    ------
    UserError
        When the job would depend on itself.
    """
    old = graph.jobs[job.id]
    if not _equal(old, job):
        backward = any(upstream.index >= old.index for upstream in job.upstream)
        if backward or graph.disordered:
            _refuse_cycle(graph, job)
            graph.disordered = True
        job.index = old.index
        graph.jobs[job.id] = job
        graph.unlinked = True
        if graph.large:
            graph.large = [entry for entry in graph.large if entry[0] != job.id]
        if not job.command.dynamic:
            graph.retire_generated(job.id)
        graph.redefinable.discard(job.id)
        return True
    graph.redefinable.discard(job.id)
    return False


def _equal(old: Job, new: Job) -> bool:
    """Whether two jobs of one id are the same call, with the same options."""
    return (
        _same_command(old.command, new.command)
        and [u.id for u in old.inputs] == [u.id for u in new.inputs]
        and [u.id for u in old.extra] == [u.id for u in new.extra]
        and _definition(old) == _definition(new)
    )


def _same_command(one: Command, other: Command) -> bool:
    return one is other or (
        one.name == other.name
        and one.code == other.code
        and one.dynamic == other.dynamic
        and one.kind == other.kind
        and (one.options is other.options or repr(one.options) == repr(other.options))
    )


def _definition(job: Job) -> Digest:
    return job.definition or define(job)


def adopt(graph: Graph, command: Command) -> Command:
    """The known command of a function that was defined anew with equal code, else this one.

    A cell that defines a function makes another object of it each time. Their fingerprints are
    equal, so they are interchangeable; without this the commands, all of which are fingerprinted
    when a run starts, would grow with each execution.
    """
    if type(command.function) is not FunctionType:
        return command
    for known in graph.commands.values():
        if _is_older(known, command):
            keys = [key for key, held in graph.commands.items() if held is known]
            for key in keys:  # they hold the old function's id, which another may get now
                del graph.commands[key]
            known.function = command.function
            return known
    return command


def _is_older(known: Command, command: Command) -> bool:
    old, new = known.function, command.function
    return (
        type(old) is FunctionType
        and type(new) is FunctionType
        and old.__qualname__ == new.__qualname__
        and old.__globals__ is new.__globals__
        and _same_command(known, command)
    )


# -- links and order -----------------------------------------------------------------------------


def relink(graph: Graph) -> None:
    """Replace links to jobs that were defined anew, and sort the jobs if their order broke."""
    for job in graph:
        if isinstance(job, FullJob):
            job.inputs = _latest(graph, job.inputs)
            job.extra = _latest(graph, job.extra)
    if graph.disordered:
        put_in_order(graph)
    graph.unlinked = graph.disordered = False


def _latest(graph: Graph, upstream: tuple[Job, ...]) -> tuple[Job, ...]:
    jobs = graph.jobs
    if all(jobs.get(job.id, job) is job for job in upstream):
        return upstream
    return tuple([jobs.get(job.id, job) for job in upstream])


def _refuse_cycle(graph: Graph, job: Job) -> None:
    """Refuse a job that something it depends on depends on."""
    came_from: dict[str, str] = {}
    stack = []
    for upstream in job.upstream:
        came_from[upstream.id] = job.id
        stack.append(upstream.id)
    while stack:
        name = stack.pop()
        if name == job.id:
            raise _cycle(job.id, came_from)
        for upstream in graph.jobs[name].upstream:
            if upstream.id not in came_from:
                came_from[upstream.id] = name
                stack.append(upstream.id)


def _cycle(job_id: str, came_from: dict[str, str]) -> UserError:
    way = [job_id]
    while len(way) == 1 or way[-1] != job_id:
        way.append(came_from[way[-1]])
    if len(way) == 2:
        return UserError(
            f"Job {job_id!r} would depend on itself: its cell passes on what it defined before.",
            cure="Give what the cell defines another name than what it takes.",
        )
    return UserError(
        f"Job {job_id!r} would depend on itself.",
        facts={"cycle": " needs ".join(repr(name) for name in reversed(way))},
        cure="Run first the cell of the job that shall no longer depend on the others.",
    )
