"""From what jobs say that they depend on to the links of the graph, just before a run."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from weft.errors import CycleFound
from weft.fingerprint.files import distinct_names
from weft.graph.graph import Graph
from weft.graph.order import put_in_order, refuse_cycle
from weft.graph.redefinition import relink
from weft.model.job import FilesJob, InvariantJob
from weft.model.job import Job as HeartJob
from weft.model.kind import Kind
from weft.pipegraph.errors import CycleError, JobContractError, PyPipeGraphError
from weft.pipegraph.job import Job
from weft.pipegraph.naming import joined, place_of

Question = tuple[str, Callable[[], Any]]
"""Id of a job, and a function that says what it depends on."""


class Links:
    """Which jobs of a graph are to be linked anew; all others cost nothing."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.touched: dict[str, None] = {}
        """Ids of the jobs whose dependencies changed."""
        self.questions: deque[Question] = deque()
        self.finals: set[str] = set()
        """Ids of the jobs that wait for all others."""
        self.pruned: set[str] = set()
        """Ids of the jobs that are left out of runs, with what depends on them."""
        self._size = 0
        """Of the graph, when all was linked last."""

    def __repr__(self) -> str:
        return f"Links({len(self.touched)} to do)"

    def bring_in(self, *, in_order: bool) -> None:
        """Link the jobs whose dependencies changed.

        Parameters
        ----------
        in_order
            Whether jobs may be moved behind what they depend on: only between two runs.

        Raises
        ------
        CycleError
            When jobs depend on each other; the next call says so again.
        """
        self.ask()
        graph = self._graph
        if not self.touched and not graph.unlinked and graph.size == self._size:
            return
        linked = [job for name in self.touched if isinstance(job := graph.jobs.get(name), Job)]
        for job in linked:
            self._link(job)
        linked += self._wait_for_all()
        try:
            if not in_order:
                refuse_cycle(graph, linked)
            else:
                graph.disordered |= any(_points_forward(job) for job in linked)
                _put_right(graph)
        except CycleFound as error:
            raise _told(error) from None
        self.touched.clear()
        self._size = graph.size

    def ask(self) -> None:
        """Ask the functions that were given to ``depends_on``, and those that they give."""
        while self.questions:
            name, function = self.questions[0]
            job = self._graph.jobs.get(name)
            if isinstance(job, Job):
                job.depends_on(_answer(job, function))
            self.questions.popleft()

    def drop(self, job: HeartJob, needed: str) -> None:
        """Let a job not depend on another any more."""
        if isinstance(job, Job) and needed in job.needs:
            job.needs = {name: None for name in job.needs if name != needed}
            self.touched[job.id] = None

    def upstream(self, job_id: str) -> list[HeartJob]:
        """What a job depends on directly, as far as its functions were asked."""
        jobs = self._graph.jobs
        job = jobs.get(job_id)
        if not isinstance(job, Job):
            return list(job.upstream) if job is not None else []
        return [*(jobs[name] for name in job.needs if name in jobs), *job.inputs]

    def users(self, job_id: str) -> list[HeartJob]:
        """What depends on a job directly, as far as functions were asked."""
        jobs = self._graph.jobs.values()
        return [job for job in jobs if any(u.id == job_id for u in self.upstream(job.id))]

    def downstream(self, first: Iterable[str]) -> set[str]:
        """These jobs and all that depends on them, but for those that wait for all."""
        found = set(first)
        if not found:
            return found
        users: dict[str, list[str]] = {}
        for job in self._graph:
            for upstream in self.upstream(job.id):
                users.setdefault(upstream.id, []).append(job.id)
        agenda = list(found)
        while agenda:
            new = set(users.get(agenda.pop(), ())) - found
            found |= new
            agenda += new
        return found

    def prune(self, job: Job) -> None:
        """Leave a job out of runs."""
        self.pruned.add(job.id)
        self.touched[job.id] = None

    def unprune(self, job: Job) -> None:
        """Leave it out no longer."""
        self.pruned.discard(job.id)
        self.touched[job.id] = None

    def left_out(self) -> set[str]:
        """Ids of the jobs that were pruned, and of those that depend on them."""
        return self.downstream(self.pruned.intersection(self._graph.jobs))

    def _link(self, job: Job) -> None:
        """Bring the links of one job up to date, in the order of their roles."""
        needed = [self._find(name, job) for name in job.needs]
        roles = _roles(needed)
        order = sorted(range(len(needed)), key=roles.__getitem__)
        job.extra = tuple([needed[place] for place in order])
        job.roles = tuple([roles[place] for place in order])
        job.definition = None

    def _find(self, name: str, job: Job) -> HeartJob:
        found = self._graph.jobs.get(name)
        if found is None:
            raise JobContractError(
                f"Job {job.id!r} depends on {name!r}, which is not defined any more, or pruned.",
                facts={"defined": place_of(job.origin)},
                cure=f"Define or unprune {name!r}, or define {job.id!r} without it.",
            )
        return found

    def _wait_for_all(self) -> list[Job]:
        """Link the jobs that wait for all others; not to what is there only when it is needed."""
        jobs = self._graph.jobs
        finals = [job for name in self.finals if isinstance(job := jobs.get(name), Job)]
        if finals:
            pruned = self.left_out()
            others = [j for j in self._graph if _stays(j) and j.id not in pruned]
            for job in finals:
                job.extra = tuple(others)
        return finals


@contextmanager
def left_out(graph: Graph, job_ids: Collection[str]) -> Iterator[None]:
    """While this is open, the graph is without these jobs, on which nothing else depends."""
    if not job_ids:
        yield
        return
    before = dict(graph.jobs)
    for name in job_ids:
        del graph.jobs[name]
    try:
        yield
    finally:
        new = dict(graph.jobs)
        graph.jobs.clear()
        graph.jobs.update({**before, **new})


def _stays(job: HeartJob) -> bool:
    """Whether a job that waits for all others waits for this one."""
    kind = job.command.kind
    if kind is Kind.FILES:
        assert isinstance(job, FilesJob)
        return not job.style.is_temporary and not job.style.lazy
    return kind not in {Kind.LOADING, Kind.PART, Kind.FINAL}


def _roles(needed: list[HeartJob]) -> list[str]:
    """What each of these is to the job that needs them.

    Files that are read count by their names without the folder, where only one has that name: so
    they may be moved.
    """
    ids = [job.id for job in needed]
    names = {
        place: joined(distinct_names(job.watched))
        for place, job in enumerate(needed)
        if isinstance(job, InvariantJob) and job.watched
    }
    if not names:
        return ids
    others = (name for place, name in enumerate(ids) if place not in names)
    often = Counter([*names.values(), *others])
    return [
        names[place] if place in names and often[names[place]] == 1 else name
        for place, name in enumerate(ids)
    ]


def _points_forward(job: HeartJob) -> bool:
    return any(upstream.index > job.index for upstream in job.upstream)


def _put_right(graph: Graph) -> None:
    if graph.unlinked:
        relink(graph)
    elif graph.disordered:
        put_in_order(graph)
        graph.disordered = False


def _told(error: CycleFound) -> CycleError:
    """The same as an error of pipegraphs."""
    return CycleError(error.title, cycle=error.cycle, facts=error.facts, cure=error.cure)


def _answer(job: Job, function: Callable[[], Any]) -> Any:
    try:
        return function()
    except PyPipeGraphError:
        raise
    except Exception as error:
        raise PyPipeGraphError(
            f"The function that says what job {job.id!r} depends on failed.",
            facts={"with": f"{type(error).__name__}: {error}", "defined": place_of(job.origin)},
            cure="Mend the function that was given to depends_on().",
        ) from error
