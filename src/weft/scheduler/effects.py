"""What jobs leave behind that is there only as long as somebody needs it.

Temporary files and loaded data: they are made when a job that needs them must run, and given up
when all of those are done. Pure: the plan asks, the loop carries out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from weft.graph.graph import Graph
from weft.model.job import FilesJob, Job, LoadingJob, PartJob
from weft.model.kind import Kind

_LOADING, _PART, _FILES = Kind.LOADING, Kind.PART, Kind.FILES


def is_temporary(job: Job) -> bool:
    """Whether some of the job's files may be missing as long as nobody needs them."""
    return isinstance(job, FilesJob) and job.style.is_temporary


def is_lazy(job: Job) -> bool:
    """Whether the job is done only for others: as a rule, since nothing of it stays."""
    base = whole(job)
    if isinstance(base, FilesJob):
        style = base.style
        return style.lazy or (len(style.temporary) == len(base.paths) and all(style.temporary))
    return base.command.kind is _LOADING


def whole(job: Job) -> Job:
    """The job that makes what this one stands for: that of a part, or itself."""
    return job.extra[0] if job.command.kind is _PART else job


class Effects:
    """Who needs what for how long.

    A job that is done needs nothing any more. But a lazy one that did not run itself may have to,
    for others: it needs what it reads until all who need it are done. So one that nobody needs at
    all never needs anything.

    Parameters
    ----------
    is_done
        Whether a job, by its index, is settled with a result that counts.
    """

    def __init__(self, graph: Graph, is_done: Callable[[int], bool]) -> None:
        self._graph = graph
        self._is_done = is_done
        self._users: dict[int, list[Job]] | None = None
        self._needing: dict[int, set[int]] | None = None
        """Jobs that need something still, by the index of who makes it; None: to be found out."""
        self.made: set[int] = set()
        """Lazy jobs that ran, and whose files or data are there since, by index."""
        self.asked: set[int] = set()
        """Jobs whose files or data are wanted for themselves, by index: they are not given up."""
        self.spent: dict[int, Job] = {}
        """Jobs whose files or data nobody seems to need any more, by index."""
        self.active = _any_lazy(graph, graph)

    def __repr__(self) -> str:
        return f"Effects(active={self.active}, made={len(self.made)}, spent={len(self.spent)})"

    def grow(self, jobs: Iterable[Job]) -> None:
        """Jobs came into the graph, and maybe dependencies between old ones."""
        self.active = self.active or _any_lazy(self._graph, jobs)
        self._users = self._needing = None

    # -- who needs what ----------------------------------------------------------------------

    def users(self, job: Job) -> Sequence[Job]:
        """The jobs that depend on this one directly."""
        if self._users is None:
            self._users = {}
            for user in self._graph:
                for upstream in user.upstream:
                    self._users.setdefault(upstream.index, []).append(user)
        return self._users.get(job.index, ())

    def needs(self, job: Job) -> list[Job]:
        """The jobs that make what a job reads when it runs, and what may not be there."""
        if isinstance(job, PartJob):
            return []
        found: dict[int, Job] = {}
        for upstream in job.upstream:
            base = whole(upstream)
            if is_lazy(base) or is_temporary(base):
                found[base.index] = base
        return list(found.values())

    def is_wanted(self, job: Job) -> bool:
        """Whether a job is made although nobody needs it."""
        return job.index in self.asked or not is_lazy(job)

    def _still_needing(self, base: Job) -> set[int]:
        if self._needing is None:
            self._needing = {}
            for job in self._graph:
                for needed in self.needs(job):
                    self._needing.setdefault(needed.index, set()).add(job.index)
            for job in self._graph:
                self._close(job)
        return self._needing.setdefault(base.index, set())

    def _is_closed(self, job: Job) -> bool:
        if self.is_wanted(job):
            return self._is_done(job.index)
        return job.index in self.made or not self._still_needing(job)

    # -- events ------------------------------------------------------------------------------

    def settled(self, job: Job) -> None:
        """A job is done: what it needed may be spent now."""
        if is_temporary(job) and not self._still_needing(job):
            self._spend(job)  # what is temporary beside the files that it keeps
        self._close(job)

    def _close(self, job: Job) -> None:
        """If a job needs nothing any more, let go what it needed; and so on."""
        agenda = [job]
        while agenda:
            job = agenda.pop()
            for base in self.needs(job) if self._is_closed(job) else ():
                needing = self._still_needing(base)
                if job.index in needing:
                    needing.discard(job.index)
                    if not needing:
                        self._spend(base)
                        agenda.append(base)

    def unsettled(self, job: Job) -> None:
        """A job that was done is to be decided about again: it needs what it needed before."""
        self.spent.pop(job.index, None)
        agenda = [job]
        while agenda:
            job = agenda.pop()
            for base in self.needs(job):
                was_closed = self._is_closed(base)
                self._still_needing(base).add(job.index)
                if was_closed and not self._is_closed(base):
                    agenda.append(base)

    def _spend(self, base: Job) -> None:
        # Data that nobody can give back stay: loaded again, for a consumer that is defined later,
        # they could be twice there.
        stays = isinstance(base, LoadingJob) and base.unload is None
        is_there = base.command.kind is not _LOADING or base.index in self.made
        if is_there and not stays and base.index not in self.asked:
            self.spent[base.index] = base

    def take_spent(self) -> list[Job]:
        """Those of the spent jobs that are not needed again: their files or data must go now."""
        spent, self.spent = self.spent, {}
        found = [base for base in spent.values() if not self._still_needing(base)]
        self.made.difference_update(base.index for base in found)
        return found


def _any_lazy(graph: Graph, jobs: Iterable[Job]) -> bool:
    kinds = {command.kind for command in graph.commands.values()}
    if _LOADING in kinds:
        return True
    return _FILES in kinds and any(is_lazy(job) or is_temporary(job) for job in jobs)
