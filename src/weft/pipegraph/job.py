"""What all jobs of a pipegraph have in common: identity, dependencies, resources, outcome."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from weft.fingerprint.families import kin_of
from weft.model.job import FullJob
from weft.model.job import Job as HeartJob
from weft.model.kind import Kind
from weft.model.promise import Promise
from weft.model.resources import ALL
from weft.pipegraph.callbacks import Callback, opaque, user_function
from weft.pipegraph.current import current
from weft.pipegraph.errors import CycleError, JobContractError
from weft.pipegraph.naming import Name, Origin, place_of
from weft.pipegraph.outcomes import JobOutcome, RecordedJobOutcome

if TYPE_CHECKING:
    from weft.pipegraph.invariants import FileInvariant, FunctionInvariant, ParameterInvariant
    from weft.pipegraph.pipegraph import Pipegraph

_NOTHING: dict[str, None] = {}
"""Of all jobs without dependencies; never changed."""


class Singletons(type):
    """Lets a job that is defined again just as before be the one object of its id.

    Hot path: 100,000 jobs are defined here, each in 3 us at most.
    """

    def __call__(cls: Any, *args: Any, **kwargs: Any) -> Any:
        """Make the job, and let its pipegraph take it in, or give the one that it equals."""
        pipegraph = current()
        job = cls.__new__(cls)
        job.pipegraph = pipegraph
        job.__init__(*args, **kwargs)
        return pipegraph.admit(job, sys._getframe(1))


class Job(FullJob, metaclass=Singletons):
    """A job of the current pipegraph.

    Not to be made itself: use one of its kinds, such as ``FileGeneratingJob``.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     job = ppg.FileGeneratingJob("a.txt", lambda path: path.write_text("a"))
    ...     job.job_id, isinstance(job, ppg.Job)
    ('a.txt', True)
    """

    pipegraph: Pipegraph
    """The graph that it belongs to."""
    origin: Origin
    """Where it was defined."""
    needs: dict[str, None] = _NOTHING
    """Ids of the jobs that it depends on, in the order in which that was said."""
    accepts: Callable[[Any], bool] | None = None
    """Says whether a change of what the job stands for does not count, where somebody may."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    def __weft_hash__(self) -> str:
        """What counts of a job that code mentions: which one it is."""
        return self.id

    def __weft_promise__(self) -> Promise[Any]:
        """What stands for the job's result in ``context.comp(...)``."""
        return Promise(self.id, self.pipegraph.graph.token)

    @property
    def job_id(self) -> str:
        """Its name, unique in its pipegraph; of a file job the path of its file."""
        return self.id

    @property
    def callback(self) -> Callback | None:
        """The function that it calls; None for jobs that call none."""
        return None if self.function is None else user_function(self.function)

    def facts(self) -> dict[str, object]:
        """What must be equal when the job is defined again, by what it is called in an error."""
        given = self.arguments or ascii(self.kwargs or {})
        return {"arguments": (given, [upstream.id for upstream in self.inputs])}

    # -- several jobs ------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Self]:
        yield self

    def __add__(self, others: Job | Iterable[Job]) -> JobList:
        return JobList([self, *others])

    def __radd__(self, others: Iterable[Job]) -> JobList:
        return JobList([*others, self])

    # -- dependencies ------------------------------------------------------------------------

    def depends_on(self, *what: Any) -> Self:
        """Let this job run after others, and again when their results change.

        Parameters
        ----------
        what
            Jobs, promises of ``comp``, lists of all this at any depth, None, and functions
            that give any of it: those are called when the pipegraph runs.

        Returns
        -------
        The job itself.

        Raises
        ------
        JobContractError
            For anything else, such as a text: a file is ``depends_on_file(name)``.
        CycleError
            When a job would depend on itself, or on one that depends on it directly.

        Examples
        --------
        >>> import tempfile
        >>> from weft import pipegraph as ppg
        >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
        ...     a = ppg.FileGeneratingJob("a", lambda path: path.write_text("a"))
        ...     b = ppg.FileGeneratingJob("b", lambda path: path.write_text("b"))
        ...     b.depends_on([a], None, lambda: []).prerequisites
        (FileGeneratingJob('a'),)
        """
        for one in flat(what):
            if isinstance(one, HeartJob):
                self.need(one)
            elif isinstance(one, Promise):
                self.need(self.pipegraph.job_of(one))
            elif one is not None:
                self.pipegraph.ask_later(self, _function(one, self))
        return self

    def need(self, other: HeartJob) -> None:
        """Depend on one job."""
        if isinstance(other, Job):
            other.check_needed_by(self)
        if other.id == self.id:
            raise CycleError(
                f"Job {self.id!r} would depend on itself.",
                cycle=(self.id, self.id),
                cure="Take the job out of its own depends_on().",
            )
        if isinstance(other, Job) and self.id in other.needs:
            raise CycleError(
                f"Jobs {self.id!r} and {other.id!r} would depend on each other.",
                cycle=(self.id, other.id, self.id),
                facts={"cycle": f"{self.id!r} needs {other.id!r} needs {self.id!r}"},
                cure="Take one of the two depends_on() away.",
            )
        if other.id in self.needs:
            return
        self.pipegraph.touch(self, other.id)
        if self.needs is _NOTHING:
            self.needs = {}
        self.needs[other.id] = None

    def check_needed_by(self, other: Job) -> None:
        """Refuse to be what another job depends on, where that is against the rules."""
        if self.pipegraph is not other.pipegraph:
            raise JobContractError(
                f"Job {other.id!r} can't depend on {self.id!r}, which is of another pipegraph.",
                facts={"defined": place_of(self.origin)},
                cure="Define both in the same pipegraph.",
            )

    def depends_on_params(self, parameters: object) -> ParameterInvariant:
        """Let this job run again when ``parameters`` change; gives the invariant."""
        from weft.pipegraph.invariants import ParameterInvariant

        invariant = ParameterInvariant(self.id, parameters)
        self.depends_on(invariant)
        return invariant

    def depends_on_func(self, name: str, function: Callback | None) -> FunctionInvariant:
        """Let this job run again when the code of ``function`` changes; gives the invariant."""
        from weft.pipegraph.invariants import FunctionInvariant

        invariant = FunctionInvariant(f"{self.id}_{name}", function)
        self.depends_on(invariant)
        return invariant

    def depends_on_file(self, filename: Name) -> FileInvariant:
        """Let this job run again when the content of a file changes; gives the invariant."""
        from weft.pipegraph.invariants import FileInvariant

        invariant = FileInvariant(filename)
        self.depends_on(invariant)
        return invariant

    @property
    def prerequisites(self) -> tuple[HeartJob, ...]:
        """The jobs that it depends on directly; what functions say is in it after a run only."""
        return tuple(self.pipegraph.links.upstream(self.id))

    @property
    def dependants(self) -> tuple[HeartJob, ...]:
        """The jobs that depend on it directly; what functions say is in it after a run only."""
        return tuple(self.pipegraph.links.users(self.id))

    def is_in_dependency_chain(self, job: HeartJob, max_depth: int = sys.maxsize) -> bool:
        """Whether this job depends on another, over at most ``max_depth`` steps.

        Examples
        --------
        >>> import tempfile
        >>> from weft import pipegraph as ppg
        >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
        ...     a = ppg.FileGeneratingJob("a", lambda path: path.write_text("a"))
        ...     b = ppg.FileGeneratingJob("b", lambda path: path.write_text("b")).depends_on(a)
        ...     b.is_in_dependency_chain(a, 5), a.is_in_dependency_chain(b, 5)
        (True, False)
        """
        level, seen = [self.id], {self.id}
        while level and max_depth > 0:
            above = {up.id for name in level for up in self.pipegraph.links.upstream(name)}
            if job.id in above:
                return True
            level = list(above - seen)
            seen |= above
            max_depth -= 1
        return False

    @property
    def pruned(self) -> bool:
        """Whether it is left out of runs, with all that depends on it."""
        return self.id in self.pipegraph.links.pruned

    def prune(self) -> None:
        """Leave this job, and all that depends on it, out of runs."""
        self.pipegraph.links.prune(self)

    def unprune(self) -> None:
        """Take ``prune`` back."""
        self.pipegraph.links.unprune(self)

    # -- how it is run -----------------------------------------------------------------------

    def give(self, function: Callback | None = None, **changes: Any) -> None:
        """Call another function from now on, or the same with other options."""
        command, called = self.command, function or self.function
        kin = kin_of(called) if called is not None and command.kind is Kind.FILES else None
        options = command.options.but(**changes)
        self.command = self.pipegraph.command(called, command.kind, options, command.name, kin)
        self.own = called if kin is not None else None
        self.definition = None

    def ignore_code_changes(self) -> Self:
        """Let no change of the callback's code make the job run again.

        Examples
        --------
        >>> import tempfile
        >>> from weft import pipegraph as ppg
        >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
        ...     job = ppg.FileGeneratingJob("a", lambda path: path.write_text("a"))
        ...     job.ignore_code_changes()
        FileGeneratingJob('a')
        """
        if self.function is not None:
            self.give(opaque(self.function))
        return self

    def use_cores(self, number: int) -> Self:
        """The same as setting ``cores_needed``; gives the job itself."""
        self.cores_needed = number
        return self

    @property
    def cores_needed(self) -> int:
        """Cores that it keeps busy: a number, -1 for all but one, -2 for all by itself."""
        return self.command.options.cores

    @cores_needed.setter
    def cores_needed(self, number: int) -> None:
        cores = _whole(number)
        if cores is None or cores < ALL or cores == 0:
            raise JobContractError(
                f"Job {self.id!r} can't use {number!r} cores.",
                cure="Give a whole number from 1 on, -1 (all but one) or -2 (all, and nothing "
                "beside).",
            )
        self.give(cores=cores)

    @property
    def memory_needed(self) -> int:
        """Bytes of memory that are set aside for it while it runs; -1 for as many as come."""
        return self.command.options.memory or -1

    @memory_needed.setter
    def memory_needed(self, number: int) -> None:
        memory = _whole(number)
        if memory is None or memory < -1 or memory == 0:
            raise JobContractError(
                f"Job {self.id!r} can't use {number!r} bytes of memory.",
                cure="Give a whole number of bytes, or -1 for no matter how many.",
            )
        self.give(memory=None if memory == -1 else memory, enforce_memory=False)

    @property
    def isolated(self) -> bool | None:
        """Whether it has a process of its own; None as the pipegraph says."""
        return self.command.options.isolated

    @isolated.setter
    def isolated(self, wanted: bool | None) -> None:
        if wanted and self.command.kind.runs_here:
            raise JobContractError(
                f"Job {self.id!r} can't be isolated.",
                cure="What it does is for this process: isolate the jobs that need it.",
            )
        self.give(isolated=wanted)

    @property
    def seed(self) -> int | str | None:
        """Where its random numbers start: a number, ``"inherit"``, or None as follows from it."""
        return self.command.options.seed

    @seed.setter
    def seed(self, seed: int | str | None) -> None:
        self.give(seed=seed)

    # -- what became of it -------------------------------------------------------------------

    @property
    def outcome(self) -> RecordedJobOutcome | None:
        """How it fared in the last run; None before."""
        return self.pipegraph.outcomes.get(self.id)

    @property
    def was_run(self) -> bool:
        """Whether its callback was called in the last run, and did well."""
        return self.outcome is not None and self.outcome.outcome is JobOutcome.Success

    @property
    def failed(self) -> bool:
        """Whether it failed in the last run, or could not run because another one did."""
        unhappy = (JobOutcome.Failed, JobOutcome.UpstreamFailed)
        return self.outcome is not None and self.outcome.outcome in unhappy

    @property
    def exception(self) -> BaseException | None:
        """What it raised in the last run, as far as that can be brought back."""
        return self.outcome.error if self.outcome is not None else None

    @property
    def trace(self) -> str:
        """The traceback of its last failure; empty if there was none."""
        from weft.pipegraph.outcomes import last_attempt

        attempt = last_attempt(self)
        return attempt.error.text if attempt is not None and attempt.error is not None else ""

    @property
    def error_reason(self) -> str:
        """``no error``, ``Indirect``, ``Exception``, ``Unknown/died``, or what was too much."""
        return self.outcome.reason if self.outcome is not None else "no error"

    @property
    def stdout(self) -> str:
        """What it printed when it ran last."""
        from weft.pipegraph.outcomes import last_output

        return last_output(self)[0]

    @property
    def stderr(self) -> str:
        """What it wrote to standard error when it ran last."""
        from weft.pipegraph.outcomes import last_output

        return last_output(self)[1]

    @property
    def runtime(self) -> float | None:
        """Seconds that it took in the last run; None if it did not run."""
        return self.outcome.runtime if self.outcome is not None else None

    @property
    def start_time(self) -> float | None:
        """When it began to run last, in seconds since the epoch; None if it never ran."""
        from weft.pipegraph.outcomes import last_attempt

        attempt = last_attempt(self)
        return attempt.started if attempt is not None else None

    @property
    def stop_time(self) -> float | None:
        """When it ended last, in seconds since the epoch; None if it never ran."""
        from weft.pipegraph.outcomes import last_attempt

        attempt = last_attempt(self)
        return attempt.started + attempt.duration if attempt is not None else None


def flat(what: Iterable[Any]) -> Iterator[Any]:
    """The single things in lists of lists of them."""
    stack = [iter(what)]
    while stack:
        for one in stack[-1]:
            if isinstance(one, (HeartJob, Promise, str, Path)) or not _is_many(one):
                yield one
            else:
                stack.append(iter(one.values() if isinstance(one, Mapping) else one))
                break
        else:
            stack.pop()


def _whole(number: Any) -> int | None:
    """A number such as 2, 2.0 or ``numpy.int64(2)``, if it is a whole one.

    >>> _whole(2e9), _whole(1.5), _whole("2"), _whole(True)
    (2000000000, None, None, None)
    """
    try:
        whole = int(number)
    except (TypeError, ValueError, OverflowError):
        return None
    return whole if not isinstance(number, bool) and bool(whole == number) else None


def _is_many(one: object) -> bool:
    return isinstance(one, Iterable) and not callable(one)


def _function(one: Any, job: Job) -> Callable[[], Any]:
    if callable(one):
        function: Callable[[], Any] = one
        return function
    if isinstance(one, (str, Path)):
        raise JobContractError(
            f"Job {job.id!r} can't depend on the text {str(one)!r}.",
            cure=f"For a file write depends_on_file({str(one)!r}), or pass the job that makes it.",
        )
    raise JobContractError(
        f"Job {job.id!r} can't depend on {one!r}.",
        cure="Pass jobs, lists of jobs, None, or functions that give them.",
    )


class JobList(list[Job]):
    """Jobs in the order in which they were added, each once.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     a, b, c = (ppg.FileGeneratingJob(x, lambda path: path.write_text("")) for x in "abc")
    ...     (a + b).depends_on(c) + [a]
    JobList([FileGeneratingJob('a'), FileGeneratingJob('b')])
    """

    def __init__(self, jobs: Job | Iterable[Job] = ()) -> None:
        found = list(jobs)
        for one in found:
            if not isinstance(one, Job):
                raise JobContractError(
                    f"{one!r} is no job.", cure="Put only jobs into a JobList, or lists of them."
                )
        super().__init__(dict.fromkeys(found))

    def __repr__(self) -> str:
        return f"JobList({list(self)!r})"

    def __add__(self, others: Iterable[Job]) -> JobList:  # type: ignore[override]
        return JobList([*self, *others])

    def __radd__(self, others: Iterable[Job]) -> JobList:
        return JobList([*others, *self])

    def depends_on(self, *what: Any) -> JobList:
        """Let each of the jobs depend on this, see ``Job.depends_on``."""
        for job in self:
            job.depends_on(*what)
        return self
