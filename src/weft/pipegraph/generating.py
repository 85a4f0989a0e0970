"""Jobs that change the graph while it runs, and jobs that wait for all others."""

from __future__ import annotations

from functools import partial
from typing import Any, NoReturn

from weft.graph.callables import name_of
from weft.model.job import FullJob
from weft.model.kind import Kind
from weft.pipegraph.callbacks import Callback, refuse_arguments
from weft.pipegraph.errors import JobContractError
from weft.pipegraph.job import Job, flat
from weft.pipegraph.naming import Name, place_of, word_id
from weft.scheduler.effects import is_lazy, is_temporary, whole


class JobGeneratingJob(Job):
    """Defines more jobs, in each run, when what it depends on is done.

    Its callback may define jobs of any kind, let them depend on each other and on jobs that were
    there before, and let jobs that depend on this one depend on them. It runs in the process that
    called ``run()``.

    Parameters
    ----------
    job_id
        Its id.
    callback
        Called with nothing.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> def draw_all():
    ...     for name in ("ann", "bob"):
    ...         ppg.FileGeneratingJob(folder / name, lambda path: path.write_text(path.name))
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     job = ppg.JobGeneratingJob("draw the members", draw_all)
    ...     _ = ppg.run()
    >>> sorted(path.name for path in folder.iterdir())
    ['ann', 'bob', 'out']
    """

    def __init__(self, job_id: Name, callback: Callback) -> None:
        refuse_arguments(callback, type(self).__name__)
        command = self.pipegraph.command(
            partial(_extend, callback, self), Kind.EXTENDING, name=name_of(callback)
        )
        FullJob.__init__(self, word_id(job_id), command, (), 0)

    def take(self, given: Any) -> None:
        """Do something with what the callback returned; here nothing."""


class DependencyInjectionJob(JobGeneratingJob):
    """Defines jobs, in each run, on which those shall depend that depend on this one.

    Parameters
    ----------
    job_id
        Its id.
    callback
        Called with nothing; returns jobs, lists of jobs or None. It may say ``depends_on`` itself
        too, of jobs that depend on this one.
    check_for_dependency_injections
        Taken for the sake of old scripts: it is always checked that no job gets a dependency that
        could be running already.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> load = lambda path: path.write_text("page")
    >>> def pages():
    ...     return [ppg.FileGeneratingJob(folder / f"{i}.html", load) for i in range(2)]
    >>> def collect(path):
    ...     path.write_text(str(len(list(folder.glob("*.html")))))
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     injection = ppg.DependencyInjectionJob("pages", pages)
    ...     _ = ppg.FileGeneratingJob(folder / "titles", collect).depends_on(injection)
    ...     _ = ppg.run()
    >>> (folder / "titles").read_text()
    '2'
    """

    def __init__(
        self,
        job_id: Name,
        callback: Callback,
        check_for_dependency_injections: bool = True,  # noqa: ARG002
    ) -> None:
        super().__init__(job_id, callback)

    def take(self, given: Any) -> None:
        """Let the jobs that depend on this one depend on these.

        One that injects itself runs in each run, and would need temporary files and data in each:
        it hands them on to those that depend on it.
        """
        given = list(flat((given,)))
        fleeting = [one for one in given if isinstance(one, Job) and _is_fleeting(one)]
        for job in self.dependants:
            if isinstance(job, DependencyInjectionJob):
                job.depends_on([one for one in given if one not in fleeting])
                if fleeting:
                    job.take(fleeting)
            elif isinstance(job, Job) and job.command.kind is not Kind.FINAL:
                job.depends_on(given)


class FinalJob(Job):
    """Runs in each run, after all other jobs, if none failed.

    It may neither depend on jobs nor have others depend on it.

    Parameters
    ----------
    job_id
        Its id.
    callback
        Called with nothing, in a process of its own.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     _ = ppg.FinalJob("tell", lambda: (folder / "done").write_text("yes"))
    ...     _ = ppg.FileGeneratingJob(folder / "a", lambda path: path.write_text("a"))
    ...     _ = ppg.run()
    >>> (folder / "done").read_text()
    'yes'
    """

    def __init__(self, job_id: Name, callback: Callback) -> None:
        refuse_arguments(callback, type(self).__name__)
        command = self.pipegraph.command(callback, Kind.FINAL)
        FullJob.__init__(self, word_id(job_id), command, (), 0)
        self.pipegraph.links.finals.add(self.id)

    def depends_on(self, *_what: Any) -> NoReturn:
        """Refused: it waits for all other jobs anyway.

        Raises
        ------
        JobContractError
            Always.
        """
        raise JobContractError(
            f"FinalJob {self.id!r} can't depend on single jobs: it waits for all.",
            cure="Leave out its depends_on().",
        )

    def check_needed_by(self, other: Job) -> None:
        """Refuse to be what another job depends on."""
        raise JobContractError(
            f"Job {other.id!r} can't depend on {self.id!r}, which waits for all others.",
            facts={"defined": place_of(self.origin)},
            cure="Use another kind of job than FinalJob.",
        )


def _is_fleeting(job: Job) -> bool:
    """Whether what a job makes is there only as long as others need it."""
    base = whole(job)
    return is_lazy(base) or is_temporary(base)


def _extend(callback: Callback, job: JobGeneratingJob) -> None:
    """What a generating job runs."""
    with job.pipegraph.extending(job):
        job.take(callback())
