"""Changing what the store remembers of jobs (rule 12).

Each change has two steps, so that a person can be asked in between: ``preview`` says what it would
do and writes nothing, ``carry_out`` does it. Both first find out which jobs it concerns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from weft.context.definitions import save_definitions
from weft.context.recovering import remove_outputs
from weft.errors import UserError
from weft.graph.expression import quoted
from weft.graph.graph import Graph
from weft.model.job import FilesJob, InvariantJob, Job
from weft.model.kind import Kind
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan
from weft.scheduler.ready import Budget
from weft.scheduler.rebuilder import Rebuilder, TraceHead
from weft.store.store import Store

if TYPE_CHECKING:
    from weft.context.context import Context, Selected
    from weft.model.job import Digest
    from weft.store.garbage import Needs, Policy, Waste
    from weft.store.removal import Weight

_NAMED = 4
"""Jobs that an error names."""


class Change(Enum):
    """What can be done to what is remembered of jobs."""

    INVALIDATE = "invalidate"
    CLEAN = "clean"
    FORGET = "forget"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do."""

    change: Change
    ids: tuple[str, ...]
    weight: Weight
    """What the store has of these jobs."""


def preview(context: Context, change: Change, selection: Sequence[Selected]) -> Preview:
    """What ``change`` would do to the selection; writes nothing.

    Raises
    ------
    UserError
        When it is refused.
    """
    context.prepare()
    with context.reading() as store:
        ids = _concerned(context, change, selection, store)
        return Preview(change, tuple(ids), store.weigh(ids))


def carry_out(
    context: Context, change: Change, selection: Sequence[Selected] | Preview
) -> list[str]:
    """Do it, to a selection or to the jobs of a preview; returns the ids of the jobs."""
    context.prepare()
    graph = context.graph
    with context.writing() as store:
        save_definitions(graph, store)
        if isinstance(selection, Preview):
            ids = list(selection.ids)
        else:
            ids = _concerned(context, change, selection, store)
        if change is not Change.INVALIDATE:
            remove_outputs(store, graph, ids)
        _DO[change](store, ids)
        if change is Change.DELETE:
            graph.remove(ids)
            save_definitions(graph, store)
        store.flush()
    return ids


_DO: dict[Change, Callable[[Store, list[str]], None]] = {
    Change.INVALIDATE: Store.invalidate,
    Change.CLEAN: Store.clean,
    Change.FORGET: Store.forget,
    Change.DELETE: Store.delete,
}


def _concerned(
    context: Context, change: Change, selection: Sequence[Selected], store: Store
) -> list[str]:
    """Ids of the selected jobs; but for ``invalidate`` also of what they generated."""
    graph = context.graph
    ids: dict[str, None] = {}
    for job in context.select(selection, store):
        ids[job.id] = None
        if change is not Change.INVALIDATE:
            ids.update(dict.fromkeys(graph.generated_by(job.id)))
    if change is Change.DELETE:
        check_deletable(graph, ids)
    return list(ids)


def check_deletable(graph: Graph, ids: Collection[str]) -> None:
    """Refuse to take jobs out that others rest on.

    Raises
    ------
    UserError
        When a job that stays depends on one of them, or a generator that stays defined one.
    """
    for name in ids:
        definer = graph.jobs[name].definer
        if definer is not None and definer not in ids:
            raise UserError(
                f"Job {name!r} can't be deleted alone: {definer!r} defined it.",
                cure=f"clean {quoted(name)}, or delete its generator: {quoted(definer)}.",
            )
    needed: dict[str, list[str]] = {}
    for job in graph:
        if job.id not in ids and job.command.kind is not Kind.FINAL:
            for upstream in job.upstream:
                if upstream.id in ids:
                    needed.setdefault(upstream.id, []).append(job.id)
    for name, users in needed.items():
        shown = ", ".join(dict.fromkeys(users[:_NAMED]))
        more = len(users) - _NAMED
        raise UserError(
            f"Job {name!r} can't be deleted: others depend on it.",
            facts={"needed by": f"{shown} and {more} more" if more > 0 else shown},
            cure=f"delete {quoted(name)} or downstream of {quoted(name)} takes them along.",
        )


# -- garbage -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Collected:
    """What a garbage collection removed, or would remove."""

    waste: Waste
    carried_out: bool
    before: int
    """Bytes of the database."""
    after: int
    """Bytes of the database, when it was done."""


def collect(context: Context, policy: Policy, *, dry_run: bool) -> Collected:
    """Remove what nothing needs; with ``dry_run`` only find it, and write nothing."""
    with context.reading() if dry_run else context.writing() as store:
        # Without the script, too, what counts is the code as it is now: as for ``make``.
        context.prepare_to_run(store)
        garbage = store.garbage
        waste = garbage.find(_needs(context.graph, store), policy, time.time())
        before = after = garbage.database_bytes()
        if not dry_run and not waste.empty:
            garbage.remove(waste)
            after = garbage.database_bytes()
    return Collected(waste, not dry_run, before, after)


def _needs(graph: Graph, store: Store) -> Needs:
    """What the jobs need that are defined here, and those that the store has as defined."""
    from weft.store.garbage import Needs

    used = _used_traces(graph, store)  # by which the jobs of fresh generators come into the graph
    rows = [row for row in store.jobs() if row.active]
    codes = {row.code for row in rows if row.code is not None}
    codes.update(c.code for c in graph.commands.values() if c.code is not None)
    files = {str(Path(graph.root or "", path)) for path in _watched(graph)}
    return Needs({*graph.jobs, *(row.job_id for row in rows)}, used, codes, files)


def _watched(graph: Graph) -> Iterator[str]:
    """Files whose content is compared in each run."""
    for job in graph:
        if isinstance(job, InvariantJob):
            yield from job.watched
        elif isinstance(job, FilesJob):
            yield from job.paths


class _Noting(Rebuilder):
    """Notes the traces that make jobs fresh."""

    def __init__(self, store: Store, remembered: Remembered) -> None:
        super().__init__(
            store.traces(),
            store.observations,
            remembered.observe,
            store.invalidated(),
            remembered.intact,
        )
        self.used: set[int] = set()

    def take(self, job: Job, key: Digest) -> TraceHead | None:
        trace = super().take(job, key)
        if trace is not None:
            self.used.add(trace[0])
        return trace


def _used_traces(graph: Graph, store: Store) -> set[int]:
    remembered = Remembered(store, graph)
    rebuilder = _Noting(store, remembered)
    Plan(graph, rebuilder, remembered, budget=Budget(1, 0), looking=True).want(None)
    return rebuilder.used
