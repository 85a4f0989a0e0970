"""What a picture of the graph shows: boxes and arrows, before anybody knows where they go."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from weft.console.drawing.palette import glyph_of
from weft.console.text.words import count_words, duration_words, one_line
from weft.model.states import JobState

if TYPE_CHECKING:
    from weft.console.views.sight import Sight
    from weft.model.job import Job
    from weft.scheduler.survey import Survey

COLLAPSE_ABOVE = 200
"""Jobs; a picture of more boxes than that is no help to anybody."""

_GRAVEST_FIRST = (
    JobState.FAILED,
    JobState.OUT_OF_MEMORY,
    JobState.TIMED_OUT,
    JobState.CANCELLED,
    JobState.RUNNING,
    JobState.BLOCKED,
    JobState.READY,
    JobState.WAITING,
    JobState.DONE,
)
"""Which state a box of many jobs is coloured by: the first that one of them has."""


class Label(Enum):
    """What is written into the boxes."""

    ID = "id"
    FUNCTION = "function"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Node:
    """One job, or with ``collapsed`` all the chosen jobs of one function."""

    id: str
    """Of the job; of many jobs the name of their function."""
    label: str
    function: str
    state: JobState
    """Of many jobs the gravest."""
    dynamic: bool
    definer: str | None
    """The generator that defined the job."""
    stale: bool
    seconds: float | None
    """Of the newest success; of many jobs their sum."""
    counts: tuple[tuple[JobState, int], ...]
    """How many jobs are in which state."""
    collapsed: bool = False

    @property
    def jobs(self) -> int:
        """How many jobs the box stands for."""
        return sum(number for _, number in self.counts)

    @property
    def facts(self) -> tuple[str, ...]:
        """What there is to tell beyond the label, line by line."""
        parts = [] if self.id == self.label else [self.id]
        if self.collapsed:
            parts += [f"{count_words(n, 'job')} {state.value}" for state, n in self.counts]
        else:
            parts += [f"{self.function}()", self._state_words()]
            parts += [] if self.definer is None else [f"defined by {self.definer}"]
        return tuple(one_line(part) for part in (*parts, *self._times()))

    def _state_words(self) -> str:
        return f"{self.state.value}, stale" if self.stale else self.state.value

    def _times(self) -> Iterator[str]:
        if self.seconds is not None:
            yield f"{duration_words(self.seconds)}{' in all' if self.collapsed else ''}"

    @property
    def summary(self) -> str:
        """The counts of many jobs in one line, with glyphs."""
        return "  ".join(f"{glyph_of(state)} {number}" for state, number in self.counts)


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two boxes, given by their places in ``Picture.nodes``."""

    source: int
    target: int
    generated: bool = False
    """Whether it leads from a generator to a job that it defined: drawn dashed."""
    count: int = 1
    """How many arrows between jobs it stands for."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes and arrows; arrows follow the data."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    collapsed: bool
    label: Label

    @property
    def counts(self) -> tuple[tuple[JobState, int], ...]:
        """How many jobs are in which state."""
        totals: Counter[JobState] = Counter()
        for node in self.nodes:
            totals.update(dict(node.counts))
        return _in_order(totals)

    @property
    def jobs(self) -> int:
        """How many jobs are shown."""
        return sum(node.jobs for node in self.nodes)

    @property
    def title(self) -> str:
        """How many jobs there are in which states."""
        states = ", ".join(f"{number} {state.value}" for state, number in self.counts)
        return f"{count_words(self.jobs, 'job')}: {states}" if states else "No jobs."


def picture_of(
    seen: Sight, jobs: Sequence[Job], *, collapse: bool | None = None, label: Label = Label.ID
) -> Picture:
    """The picture of some jobs, and of the arrows between them.

    Parameters
    ----------
    collapse
        Whether all jobs of one function share a box; by default from 200 jobs on.
    """
    durations = seen.store.columns.durations()
    nodes = tuple(_node(seen, job, durations, label) for job in jobs)
    edges = tuple(_edges(seen.survey, jobs))
    if collapse or (collapse is None and len(nodes) > COLLAPSE_ABOVE):
        return collapsed(Picture(nodes, edges, collapsed=False, label=label))
    return Picture(nodes, edges, collapsed=False, label=label)


def _node(seen: Sight, job: Job, durations: Mapping[str, float], label: Label) -> Node:
    name, state = job.command.name, seen.state(job)
    labels = {Label.ID: job.id, Label.FUNCTION: f"{name}()", Label.NONE: ""}
    return Node(
        id=job.id,
        label=labels[label],
        function=name,
        state=state,
        dynamic=job.command.dynamic,
        definer=job.definer,
        stale=seen.is_stale(job),
        seconds=durations.get(job.id),
        counts=((state, 1),),
    )


def _edges(survey: Survey, jobs: Sequence[Job]) -> Iterator[Edge]:
    places = {job.id: place for place, job in enumerate(jobs)}
    for target, job in enumerate(jobs):
        for source in origins(survey, job, places):
            yield Edge(places[source], target)
        if job.definer in places:
            yield Edge(places[job.definer], target, generated=True)


def origins(survey: Survey, job: Job, chosen: Mapping[str, int]) -> list[str]:
    """Ids of the chosen jobs whose values a job takes.

    The value of a generator that promised other jobs' values is theirs, so the arrow comes from
    them where they are chosen.
    """
    promised, found = survey.plan.promised, dict[str, None]()
    visited, stack = set[int](), list(reversed(job.upstream))
    while stack:
        above = stack.pop()
        if above.index in visited:
            continue
        visited.add(above.index)
        further = [p for p in promised.get(above.index, ()) if p.id in chosen]
        if further:
            stack.extend(reversed(further))
        elif above.id in chosen:
            found[above.id] = None
    return list(found)


def collapsed(picture: Picture) -> Picture:
    """The same with one box for all jobs of a function, in the order of their first ones."""
    members: dict[str, list[Node]] = defaultdict(list)
    for node in picture.nodes:
        members[node.function].append(node)
    places = {name: place for place, name in enumerate(members)}
    arrows: Counter[tuple[int, int, bool]] = Counter()
    for edge in picture.edges:
        source, target = (picture.nodes[end].function for end in (edge.source, edge.target))
        arrows[places[source], places[target], edge.generated] += edge.count
    return Picture(
        nodes=tuple(_merged(name, nodes) for name, nodes in members.items()),
        edges=tuple(Edge(*ends, count=count) for ends, count in arrows.items()),
        collapsed=True,
        label=picture.label,
    )


def _merged(function: str, nodes: Sequence[Node]) -> Node:
    counts = Counter(node.state for node in nodes)
    seconds = [node.seconds for node in nodes if node.seconds is not None]
    return Node(
        id=function,
        label=f"{function}()",
        function=function,
        state=next(state for state in _GRAVEST_FIRST if state in counts),
        dynamic=any(node.dynamic for node in nodes),
        definer=None,
        stale=any(node.stale for node in nodes),
        seconds=sum(seconds) if seconds else None,
        counts=_in_order(counts),
        collapsed=True,
    )


def _in_order(counts: Mapping[JobState, int]) -> tuple[tuple[JobState, int], ...]:
    return tuple((state, counts[state]) for state in JobState if counts.get(state))
