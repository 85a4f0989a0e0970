"""What jobs leave behind that is there only as long as somebody needs it.

Temporary files and loaded data: they are made when a job that needs them must run, and given up
when all of those are done. Pure: the plan asks, the loop carries out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from weft.graph.graph import Graph
from weft.model.job import FilesJob, Job
from weft.model.kind import Kind

_LOADING, _PART, _FILES = Kind.LOADING, Kind.PART, Kind.FILES


def is_temporary(job: Job) -> bool:
    """Whether the job's files may be missing as long as nobody needs them."""
    return isinstance(job, FilesJob) and bool(job.style.temporary)


def whole(job: Job) -> Job:
    """The job that makes what this one stands for: that of a part, or itself."""
    return job.extra[0] if job.command.kind is _PART else job


class Effects:
    """Who needs what for how long.

    Parameters
    ----------
    is_done
        Whether a job, by its index, is settled with a result.
    """

    def __init__(self, graph: Graph, is_done: Callable[[int], bool]) -> None:
        self._graph = graph
        self._is_done = is_done
        self._users: dict[int, list[Job]] | None = None
        self._left: dict[int, int] = {}
        """How many consumers are not done, by the index of what they need, as far as asked."""
        self.loaded: set[int] = set()
        """Loading jobs whose data are there, by index."""
        self.spent: list[Job] = []
        """Jobs whose files or data nobody needs any more, to be taken by the loop."""
        self.active = _any_ephemeral(graph, graph)

    def __repr__(self) -> str:
        return f"Effects(active={self.active}, loaded={len(self.loaded)})"

    def grow(self, jobs: Iterable[Job]) -> None:
        """Jobs came into the graph, and maybe dependencies between old ones."""
        self.active = self.active or _any_ephemeral(self._graph, jobs)
        self._users = None
        self._left.clear()

    def users(self, job: Job) -> Sequence[Job]:
        """The jobs that depend on this one directly."""
        if self._users is None:
            self._users = {}
            for user in self._graph:
                for upstream in user.upstream:
                    self._users.setdefault(upstream.index, []).append(user)
        return self._users.get(job.index, ())

    def consumers(self, job: Job) -> list[Job]:
        """The jobs that read the job's files or data; those of its parts too."""
        found: dict[int, Job] = {}
        for user in self.users(job):
            ends = self.users(user) if user.command.kind is _PART else (user,)
            found.update((end.index, end) for end in ends)
        return list(found.values())

    def needs(self, job: Job) -> list[Job]:
        """The ephemeral things that a job needs when it runs, by the jobs that make them."""
        found: dict[int, Job] = {}
        for upstream in job.upstream:
            base = whole(upstream)
            if base.command.kind is _LOADING or is_temporary(base):
                found[base.index] = base
        return list(found.values())

    def idle(self) -> set[int]:
        """Ephemeral jobs that nothing needs but other such ones, by index."""
        idle: set[int] = set()
        for job in reversed(list(self._graph)):
            ephemeral = job.command.kind in {_LOADING, _PART} or (
                isinstance(job, FilesJob) and _all_temporary(job)
            )
            if ephemeral and all(user.index in idle for user in self.users(job)):
                idle.add(job.index)
        return idle

    def settled(self, job: Job) -> None:
        """A job is done: what it needed may be spent now."""
        if isinstance(job, FilesJob) and job.style.temporary and not self.consumers(job):
            self._spend_beside(job)
        for base in self.needs(job):
            left = self._left.get(base.index)
            if left is None:
                left = sum(not self._is_done(user.index) for user in self.consumers(base))
            else:
                left -= 1
            self._left[base.index] = left
            if not left:
                self._spend(base)

    def unsettled(self, job: Job) -> None:
        """A job that was done is to be decided about again."""
        for base in self.needs(job) if self.active else ():
            if base.index in self._left:
                self._left[base.index] += 1

    def _spend_beside(self, job: FilesJob) -> None:
        """Of a job that nobody reads from: what is temporary beside the files that it keeps."""
        if not _all_temporary(job):
            self.spent.append(job)

    def _spend(self, base: Job) -> None:
        if base.command.kind is not _LOADING or base.index in self.loaded:
            self.spent.append(base)

    def take_spent(self) -> list[Job]:
        """What can be given up now, each once: of what was spent, what nobody needs again."""
        spent, self.spent = dict.fromkeys(self.spent), []
        found = [job for job in spent if all(self._is_done(u.index) for u in self.consumers(job))]
        self.loaded.difference_update(job.index for job in found)
        return found


def _any_ephemeral(graph: Graph, jobs: Iterable[Job]) -> bool:
    kinds = {command.kind for command in graph.commands.values()}
    if _LOADING in kinds:
        return True
    return _FILES in kinds and any(is_temporary(job) for job in jobs)


def _all_temporary(job: FilesJob) -> bool:
    temporary = job.style.temporary
    return len(temporary) == len(job.paths) and all(temporary)
