"""What a generating job does to the graph while its callback runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.pipegraph.errors import JobContractError
from weft.pipegraph.naming import place_of

if TYPE_CHECKING:
    from weft.pipegraph.job import Job
    from weft.pipegraph.pipegraph import Pipegraph


class Extension:
    """Jobs and dependencies that one generating job brought in, so that they can be taken out.

    Parameters
    ----------
    job
        The generating job.
    """

    def __init__(self, job: Job, pipegraph: Pipegraph) -> None:
        self.job = job
        self._pipegraph = pipegraph
        self.job_ids: tuple[str, ...] = ()
        """Of the new jobs, once the callback has ended."""
        self._injected: list[tuple[str, str]] = []

    def __repr__(self) -> str:
        return f"Extension({self.job.id!r})"

    def note(self, job: Job, needed: str) -> None:
        """A job is going to depend on another; refuse that of jobs that may be running already.

        Raises
        ------
        JobContractError
            When the job was there before, and does not depend on the generating job.
        """
        if self._pipegraph.graph.jobs.get(job.id) is not job or job.definer == self.job.id:
            return
        if not job.is_in_dependency_chain(self.job):
            raise JobContractError(
                f"{self.job.id!r} can't let job {job.id!r} depend on {needed!r}: "
                "it may be running already.",
                facts={job.id: place_of(job.origin), self.job.id: place_of(self.job.origin)},
                cure=f"Let {job.id!r} depend on {self.job.id!r}, so that it waits for it.",
            )
        self._injected.append((job.id, needed))

    def end(self) -> None:
        """The callback has ended."""
        graph = self._pipegraph.graph
        self.job_ids = tuple(job.id for job in graph if job.definer == self.job.id)

    def withdraw(self) -> None:
        """Take the jobs and dependencies out of the graph again, and what those jobs brought."""
        extensions = self._pipegraph.extensions
        agenda = [self]
        while agenda:
            one = agenda.pop()
            agenda += [extensions.pop(name) for name in one.job_ids if name in extensions]
            one._take_back()

    def _take_back(self) -> None:
        """Take back the jobs and the dependencies."""
        for name in self.job_ids:
            self._pipegraph.graph.retire(name)
        self._pipegraph.graph.generated.pop(self.job.id, None)
        for name, needed in self._injected:
            job = self._pipegraph.graph.jobs.get(name)
            if job is not None:
                self._pipegraph.links.drop(job, needed)
        self._injected.clear()
