"""An order of the jobs in which they can run, whatever the order in which they were defined."""

from __future__ import annotations

from collections.abc import Iterable

from weft.errors import CycleFound
from weft.graph.graph import Graph
from weft.model.job import Job

SHOWN = 20
"""Jobs of a cycle that are named in an error; all are in its ``cycle``."""


def put_in_order(graph: Graph) -> None:
    """Move jobs behind what they depend on, and else leave them where they are.

    Their indexes change, so this is for the time between two runs.

    Raises
    ------
    CycleFound
        When some jobs depend on each other; then nothing is moved.
    """
    ordered: dict[str, Job] = {}
    for first in graph:
        if first.id not in ordered:
            _visit(graph, first, ordered)
    graph.jobs.clear()
    graph.jobs.update(ordered)
    for index, job in enumerate(graph):
        job.index = index
    graph.size = len(ordered)


def refuse_cycle(graph: Graph, jobs: Iterable[Job]) -> None:
    """Refuse a graph in which some of these jobs depend on themselves.

    Raises
    ------
    CycleFound
        With the cycle, job by job.
    """
    done: dict[str, Job] = {}
    for job in jobs:
        if job.id not in done:
            _visit(graph, job, done)


def _visit(graph: Graph, first: Job, ordered: dict[str, Job]) -> None:
    """Put a job, behind its upstream, at the end of ``ordered``."""
    way: dict[str, Job] = {first.id: first}
    """The jobs between ``first`` and the one looked at: each is needed by the one before."""
    agenda = [(first, iter(before(graph, first)))]
    while agenda:
        job, upstream = agenda[-1]
        for other in upstream:
            if other.id in way:
                raise _cycle(list(way), other.id)
            if other.id not in ordered:
                way[other.id] = other
                agenda.append((other, iter(before(graph, other))))
                break
        else:
            agenda.pop()
            del way[job.id]
            ordered[job.id] = job


def before(graph: Graph, job: Job) -> Iterable[Job]:
    """What must stand before a job: its upstream, and the generator that defined it."""
    if job.definer is not None and job.definer in graph.jobs:
        return (graph.jobs[job.definer], *job.upstream)
    return job.upstream


def _cycle(way: list[str], again: str) -> CycleFound:
    cycle = (*way[way.index(again) :], again)
    names = [repr(name) for name in cycle]
    if len(names) > SHOWN:
        names = [*names[: SHOWN // 2], f"{len(names) - SHOWN} more", *names[-SHOWN // 2 :]]
    return CycleFound(
        f"Job {again!r} would depend on itself.",
        cycle=cycle,
        facts={"cycle": " needs ".join(names)},
        cure="Take one of these dependencies away.",
    )
