"""The pipegraph: jobs by id, in a remembered context, and the run of all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from weft.console.context import Context
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.callables import name_of
from weft.graph.graph import Graph
from weft.model.job import Command, Digest, FilesJob
from weft.model.job import Job as HeartJob
from weft.model.kind import Kind
from weft.model.outputs import OutputStyle
from weft.model.promise import Promise
from weft.model.resources import DEFAULT_OPTIONS, Options
from weft.pipegraph.acceptance import Acceptance
from weft.pipegraph.callbacks import is_opaque
from weft.pipegraph.claims import Claims
from weft.pipegraph.current import current_or_none, forked, make_current
from weft.pipegraph.errors import JobContractError, PyPipeGraphError
from weft.pipegraph.extension import Extension
from weft.pipegraph.job import Job
from weft.pipegraph.linking import Links
from weft.pipegraph.logs import INFO, RunLog
from weft.pipegraph.naming import origin_of
from weft.pipegraph.outcomes import RecordedJobOutcome
from weft.pipegraph.redefinition import settle
from weft.pipegraph.resource_coordinators import LocalSystem
from weft.pipegraph.running import run

if TYPE_CHECKING:
    from weft.pipegraph.files import Recipe

J = TypeVar("J", bound=Job)

_as_before: dict[Digest, Digest] = {}
"""``Graph.as_before`` of all pipegraphs of the process: what one loaded is no other code to the
next."""


class Pipegraph:
    """Jobs that belong together, and where what they did is remembered.

    Made by ``new_pipegraph``. In a ``with`` it is the current one; the one before is that again
    afterwards.

    Parameters
    ----------
    context
        Whose graph the jobs go into: ``context.comp`` and all commands work on them too.
    resource_coordinator
        How many cores the jobs may keep busy.
    quiet
        Whether a run prints nothing.
    interactive
        Whether keys steer a run, where there is a person at a terminal.
    redefine
        Whether an id may be defined again with something else, as in notebooks.
    log
        What is written about runs.
    cache_folder
        Where compound jobs keep their intermediate files.
    isolated
        Whether each job has a process of its own, in the state in which the run began, so that no
        job sees what another left behind; None: those that make files have.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()) as graph:
    ...     job = ppg.FileGeneratingJob("a.txt", lambda path: path.write_text("a"))
    >>> graph
    Pipegraph(1 jobs)
    >>> "a.txt" in graph, graph["a.txt"] is job
    (True, True)
    """

    def __init__(
        self,
        context: Context,
        *,
        resource_coordinator: LocalSystem | None = None,
        quiet: bool = False,
        interactive: bool = True,
        redefine: bool = False,
        log: RunLog | None = None,
        cache_folder: str | Path = "cache",
        isolated: bool | None = None,
    ) -> None:
        if context.graph.late is not None:
            raise JobContractError(
                "The context has a pipegraph already.",
                cure="Give each pipegraph a context of its own, or go on with that one.",
            )
        self.context = context
        self.graph: Graph = context.graph
        self.resource_coordinator = resource_coordinator or LocalSystem()
        self.quiet = quiet
        self.interactive = interactive and self.resource_coordinator.interactive
        self.redefine = redefine
        self.isolated = isolated
        self.log = log or RunLog()
        self.cache_folder = Path(cache_folder)
        self.outcomes: Mapping[str, RecordedJobOutcome] = {}
        """Of the last run."""
        self.targets: dict[tuple[int, str], Job] = {}
        """Who loads into which attribute or entry, by the owner's ``id()`` and the name."""
        self.named_objects: set[tuple[type, str]] = set()
        """Classes and names of which there must be no second object."""
        self.recipes: dict[tuple[Hashable, int], Recipe] = {}
        """What file jobs of one function or family and one style share, by the id or kin of the
        one and the id of the other, which it keeps alive: found out once."""
        self.styles: dict[OutputStyle, OutputStyle] = {}
        """The one object of equal styles."""
        self.fingerprinter = Fingerprinter()
        """For parameters, and to compare functions that are defined again."""
        self.links = Links(self.graph)
        self.acceptance = Acceptance(self)
        self.extension: Extension | None = None
        """The generating job that runs at the moment."""
        self.extensions: dict[str, Extension] = {}
        """What the generating jobs of the last run did, by their ids."""
        self.running = False
        self._before: Pipegraph | None = None
        self._entered = False
        self._process = os.getpid()
        _as_before.update(self.graph.as_before)
        self.graph.as_before = _as_before
        self.graph.late = self._late
        self.graph.begin = self.begin_run
        self.root = self.graph.root = os.getcwd()  # noqa: PTH109 - not resolved, as users see it
        """Folder to which the paths of files are relative: the working one when it was made."""
        self.claims = Claims(self.graph, self.root, context.folder)

    def __repr__(self) -> str:
        return f"Pipegraph({len(self.graph)} jobs)"

    def __weft_hash__(self) -> str:
        """Code that mentions a pipegraph does not change with its jobs."""
        return "a pipegraph"

    def __len__(self) -> int:
        return len(self.graph)

    def __iter__(self) -> Iterator[HeartJob]:
        return iter(self.graph)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self.graph.jobs

    def __getitem__(self, job_id: str) -> HeartJob:
        if job_id not in self.graph.jobs:
            raise JobContractError(
                f"There is no job {job_id!r}.", cure="Ask for a job_id that was defined."
            )
        return self.graph.jobs[job_id]

    # -- which one is current ----------------------------------------------------------------

    def become_current(self) -> None:
        """Let new jobs go into this pipegraph."""
        before = current_or_none()
        if before is not None and before is not self:
            if not before._entered:
                before._before = None  # so that no chain of old graphs is kept in memory
            self._before = before
        make_current(self)

    def __enter__(self) -> Self:
        if current_or_none() is not self:
            self.become_current()
        self._entered = True
        return self

    def __exit__(self, *_error: object) -> None:
        make_current(self._before)
        self._before, self._entered = None, False

    # -- jobs come in ------------------------------------------------------------------------

    def admit(self, job: J, frame: FrameType) -> J:
        """Take a new job in; or give the one that it equals.

        Raises
        ------
        JobRedefinitionError
            When another job has its id.
        JobContractError
            When it can't make one of its files, such as one of another job.
        """
        job.origin = origin_of(frame)
        self.refuse_inside_job(job)
        graph, name = self.graph, job.id
        if name in graph.jobs:
            return settle(self, graph.jobs[name], job)
        if isinstance(job, FilesJob):
            self.claims.make(job)
        graph.jobs[name] = job
        job.index = graph.size
        graph.size += 1
        if self.extension is not None:
            job.definer = self.extension.job.id
        return job

    def refuse_inside_job(self, job: Job) -> None:
        """Refuse what would change the graph inside a running job, where nobody would see it."""
        if not self.running and not forked:
            return
        if (forked and forked != [self._process]) or (self.running and self.extension is None):
            raise JobContractError(
                f"Job {job.id!r} can't be defined or changed inside a running job.",
                cure="Define it before run(), or in the callback of a JobGeneratingJob.",
            )

    def job_of(self, promise: Promise[Any]) -> HeartJob:
        """The job of a promise that ``context.comp`` gave."""
        if promise.owner != self.graph.token or promise.job_id not in self.graph.jobs:
            raise JobContractError(
                f"The promise of job {promise.job_id!r} belongs to another context.",
                cure="Define it by the context of this pipegraph: new_pipegraph(context=...).",
            )
        return self.graph.jobs[promise.job_id]

    def command(
        self,
        function: Callable[..., Any] | None,
        kind: Kind,
        options: Options = DEFAULT_OPTIONS,
        name: str = "",
        kin: Hashable | None = None,
    ) -> Command:
        """The command that all jobs of this function, or of its kin, kind and options share."""
        whose = kin or (id(function) if function is not None else name)
        key = ("pipegraph", whose, kind, options)
        command = self.graph.commands.get(key)
        if command is None or (command.function is not function and not command.shared):
            shown = name or (name_of(function) if function is not None else kind.name.lower())
            command = Command(shown, function, options, kind=kind, shared=kin is not None)
            command.any_code = is_opaque(function)
            if function is None:
                command.code = os.fsencode(shown)
            self.graph.commands[key] = command
        return command

    def bind(self, job: Job, arguments: Mapping[str, Any]) -> None:
        """Let a job's function get these arguments, as they are now, by name."""
        bound = self.context.bind((), dict(arguments))
        job.kwargs = bound.kwargs
        job.inputs = bound.inputs
        job.arguments = bound.arguments
        for array in bound.large:
            self.graph.large.append((job.id, array, self.fingerprinter.value(array)))

    # -- dependencies ------------------------------------------------------------------------

    def touch(self, job: Job, needed: str) -> None:
        """A job is going to depend on another."""
        self.refuse_inside_job(job)
        if self.extension is not None:
            self.extension.note(job, needed)
        self.links.touched[job.id] = None

    def ask_later(self, job: Job, function: Callable[[], Any]) -> None:
        """Ask a function what the job depends on, when the pipegraph runs."""
        self.refuse_inside_job(job)
        self.links.questions.append((job.id, function))
        self.links.touched[job.id] = None

    def _late(self) -> None:
        self.links.bring_in(in_order=not self.running)

    @contextmanager
    def extending(self, job: Job) -> Iterator[Extension]:
        """While this is open, new jobs are those of a generating job.

        When it ends well they are in the graph with their dependencies; else they are gone.
        """
        if self.extension is not None:
            raise PyPipeGraphError(
                f"Job {job.id!r} would generate jobs inside of {self.extension.job.id!r}.",
                cure="Let a pipegraph call it.",
            )
        self.forget_extension(job.id)
        was_running, self.running = self.running, True
        self.extension = extension = Extension(job, self)
        try:
            with self.context.defined_by(job.id):  # comp() in it, too
                yield extension
            extension.end()
            self.links.bring_in(in_order=False)
            self.acceptance.remember()
            self.extensions[job.id] = extension
        except BaseException:
            extension.end()
            extension.withdraw()
            raise
        finally:
            self.extension = None
            self.running = was_running

    def forget_extension(self, job_id: str) -> None:
        """Take out what a generating job brought into the graph in an earlier run."""
        earlier = self.extensions.pop(job_id, None)
        if earlier is not None:
            earlier.withdraw()

    # -- runs --------------------------------------------------------------------------------

    def begin_run(self) -> None:
        """Forget what generating jobs brought in earlier, and link what changed since."""
        for extension in list(self.extensions.values()):
            extension.withdraw()
        self.extensions.clear()
        self.links.bring_in(in_order=True)
        self.acceptance.remember()

    def run(
        self,
        print_failures: bool = True,
        raise_on_job_error: bool = True,
    ) -> Mapping[str, RecordedJobOutcome]:
        """Run what must be run, see ``weft.pipegraph.run``."""
        return run(self, print_failures=print_failures, raise_on_job_error=raise_on_job_error)


def new_pipegraph(
    resource_coordinator: LocalSystem | None = None,
    quiet: bool = False,
    invariant_status_filename: str | Path | None = None,
    dump_graph: bool = True,
    interactive: bool = True,
    cache_folder: str | Path = "cache",
    log_file: str | Path | None = None,
    log_level: int = INFO,
    *,
    context: Context | None = None,
    folder: str | Path | None = None,
    redefine: bool = False,
    isolated: bool | None = None,
) -> Pipegraph:
    """A new pipegraph, which new jobs go into from now on; or in a ``with``, until its end.

    Parameters
    ----------
    resource_coordinator
        How many cores the jobs may keep busy: ``LocalSystem(max_cores_to_use=4)``; by default all.
    quiet
        Whether a run prints nothing.
    invariant_status_filename
        The same as ``folder``, by its old name.
    dump_graph
        Whether ``logs/ppg_graph.txt`` is written, if there is a folder ``logs``.
    interactive
        Whether keys steer a run, where there is a person at a terminal.
    cache_folder
        Where compound jobs keep their intermediate files.
    log_file, log_level
        A file that gets what ran and why; with ``logging.DEBUG`` also what did not.
    context
        Whose graph the jobs go into, besides those of ``context.comp``; by default a new one.
    folder
        Where it is remembered what was done; by default ``out-<script name>``.
    redefine
        Whether an id may be defined again with something else, as in notebooks.
    isolated
        Whether each job has a process of its own, in the state in which the run began, so that no
        job sees what another left behind; None: those that make files have.

    Raises
    ------
    JobContractError
        When a context and a folder are given, or two folders.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> with ppg.new_pipegraph(quiet=True, folder=folder / "out") as graph:
    ...     _ = ppg.FileGeneratingJob(folder / "a.txt", lambda path: path.write_text("hello"))
    ...     outcomes = graph.run()
    >>> [one.outcome.value for one in outcomes.values()]
    ['Success']
    """
    places = [place for place in (context, folder, invariant_status_filename) if place is not None]
    if len(places) > 1:
        raise JobContractError(
            "A pipegraph remembers in one place.",
            cure="Give one of context, folder and invariant_status_filename.",
        )
    pipegraph = Pipegraph(
        context or Context(folder or invariant_status_filename),
        resource_coordinator=resource_coordinator,
        quiet=quiet,
        interactive=interactive,
        redefine=redefine,
        log=RunLog(Path(log_file) if log_file is not None else None, log_level, dump_graph),
        cache_folder=cache_folder,
        isolated=isolated,
    )
    pipegraph.become_current()
    return pipegraph
