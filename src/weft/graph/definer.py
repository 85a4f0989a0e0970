"""Defining jobs as plain function calls: ``comp`` and its relatives.

The same class serves the user's script (through ``Context``) and generators inside workers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, TypeVar

from weft.errors import UserError
from weft.fingerprint.families import kin_of
from weft.fingerprint.fingerprinter import CodeFingerprint, Fingerprinter
from weft.fingerprint.literal import FLAT, LITERALS
from weft.graph.arguments import Bound, take
from weft.graph.callables import (
    Known,
    check_callable,
    check_globals,
    check_growth,
    check_id,
    check_reserved,
    identity_of,
    in_order,
    joined,
    name_of,
)
from weft.graph.definition import arguments_text, code_parts, define, fingerprint_command
from weft.graph.graph import Graph
from weft.graph.packing import Told, pack_call
from weft.model.job import Command, Digest, FullJob, Job, JobRecord
from weft.model.outcome import CodeParts
from weft.model.promise import Promise, number_by_id
from weft.model.resources import DEFAULT_OPTIONS, Options

T = TypeVar("T")

OPTIONS_ATTRIBUTE = "__weft_options__"


class FingerprintWarning(UserWarning):
    """Part of a job's code can't be fingerprinted: a change there would go unnoticed."""


class Definer:
    """Records calls as jobs of one graph; does no I/O but to read the source of the functions.

    Parameters
    ----------
    graph
        Where the jobs go.
    prefix
        Put before each id, with a ``-``.
    definer
        Id of the generator in which this definer is used.
    changes
        Job options that differ from the defaults.
    strict
        Whether code that can't be fingerprinted wholly is refused instead of warned about.
    """

    def __init__(
        self,
        graph: Graph,
        fingerprinter: Fingerprinter,
        *,
        prefix: str = "",
        definer: str | None = None,
        changes: dict[str, Any] | None = None,
        strict: bool = False,
    ) -> None:
        self._graph = graph
        self._fingerprinter = fingerprinter
        self._outer = prefix
        self._prefix = prefix
        self._definer = definer
        self._changes = changes or {}
        self._strict = strict
        self._known: dict[object, Known] = {}
        self._stored: dict[int, tuple[object, Job, Digest]] = {}

    @classmethod
    def inside(cls, job: Job, fingerprinter: Fingerprinter, token: str) -> Definer:
        """The definer that a generator gets as its first argument."""
        return cls(Graph(token), fingerprinter, prefix=job.id, definer=job.id)

    # -- what users call ---------------------------------------------------------------------

    def comp(
        self,
        function: Callable[..., T],
        /,
        *args: Any,
        job_id: str | None = None,
        extra_dep: Promise[Any] | Iterable[Promise[Any]] | None = None,
        command_name: str | None = None,
        **kwargs: Any,
    ) -> Promise[T]:
        """Define a job: the call of ``function`` with these arguments, later.

        Parameters
        ----------
        function
            Any callable: function, lambda, method, partial, class, callable object.
        args, kwargs
            Its arguments, as they are now; promises among them, at any depth of lists, tuples,
            sets, dicts, dataclasses and namedtuples, make the job depend on theirs.
        job_id
            Any printable text; by default the function's name, then ``-1``, ``-2`` and so on.
        extra_dep
            Promises that must be done before, although their results are not passed.
        command_name
            The name under which the function is listed.

        Returns
        -------
        Promise
            Stands for the result, in other calls of ``comp``.

        Raises
        ------
        UserError
            For a duplicate id, a promise of another context, arguments that can't be kept.

        Examples
        --------
        >>> import weft, tempfile
        >>> context = weft.Context(tempfile.mkdtemp())
        >>> total = context.comp(sum, [context.comp(abs, -1), 2])
        >>> total
        Promise('sum')
        >>> _ = context.make()
        >>> context.result(total)
        3
        """
        known = self._known.get(id(function))
        if known is None or command_name is not None:
            known = self._recognise(function, command_name)
        if job_id is not None or extra_dep is not None or command_name is not None:
            check_reserved(function, job_id=job_id, extra_dep=extra_dep, command_name=command_name)
        if job_id is not None:
            return self._add(self._explicit_id(job_id), known, args, kwargs, extra_dep)
        if (
            extra_dep is not None
            or kwargs
            or self._definer is not None
            or self._graph.running
            or known.command.shared
            or not LITERALS.issuperset(map(type, args))
        ):
            return self._add(self._automatic_id(known), known, args, kwargs, extra_dep)
        # _automatic_id and _add for plain calls, written out: a no-op run has 5 us for each.
        graph = self._graph
        number = known.counter[0]
        name = f"{known.base}-{number}" if number else known.base
        if name in graph.jobs:
            name = self._automatic_id(known)
            if name in graph.redefinable:
                return self._add(name, known, args, kwargs, None)
        else:
            known.counter[0] = number + 1
        index = graph.size
        graph.size = index + 1
        graph.jobs[name] = Job(name, known.command, args, index)
        return Promise(name, graph.token)

    def comp_dynamic(
        self,
        function: Callable[Concatenate[Any, ...], T],
        /,
        *args: Any,
        job_id: str | None = None,
        extra_dep: Promise[Any] | Iterable[Promise[Any]] | None = None,
        command_name: str | None = None,
        **kwargs: Any,
    ) -> Promise[T]:
        """Define a generator: a job whose function gets a context first, and may define jobs.

        The jobs that it defines have its id as prefix. What it returns may hold promises of them:
        whoever depends on the generator then depends on the promised results.
        """
        known = self._recognise(function, command_name, dynamic=True)
        name = self._automatic_id(known) if job_id is None else self._explicit_id(job_id)
        return self._add(name, known, args, kwargs, extra_dep)

    def comp_prefix(self, prefix: str | None = None) -> None:
        """Put ``prefix-`` before the ids of all later jobs; None or no argument ends that."""
        if prefix:
            check_id(prefix)
        self._prefix = joined(self._outer, prefix or "")
        self._known.clear()

    def comp_store(self, value: T, job_id: str | None = None) -> Promise[T]:
        """Keep one object for many jobs; it is stored once, and passed by its promise.

        The same object again gives the same promise, unless its content has changed.
        """
        known, graph = self._stored.get(id(value)), self._graph
        content = self._fingerprinter.value(value, number_by_id)
        if known is not None and job_id is None and known[2] == content:
            name = known[1].id
            if graph.jobs.get(name) is known[1] and name not in graph.redefinable:
                return Promise(name, graph.token)
        promise = self.comp(_stored, value, job_id=job_id, command_name="store")
        self._stored[id(value)] = value, graph.jobs[promise.job_id], content
        return promise

    def child(self, prefix: str) -> Definer:
        """A definer of the same graph that puts ``prefix-`` before its ids."""
        check_id(prefix)
        return self._derive(joined(self._prefix, prefix), self._changes)

    def options(self, **changes: Any) -> Definer:
        """A definer of the same graph whose jobs have these options.

        ``version``, ``uses``, ``ignore``, ``code``, ``packages``, ``cutoff``, ``seed``, ``pure``,
        ``cores``, ``memory``, ``timeout``, ``retries``, ``retry_on``, ``priority``,
        ``keep_failed``, ``tags``, ``isolated``: see :class:`weft.Options`.
        """
        DEFAULT_OPTIONS.but(**changes)
        return self._derive(self._prefix, {**self._changes, **changes})

    def get_jobs_defined_in_this_session(self) -> list[str]:
        """Ids of the jobs that this process defined, in order."""
        return [job.id for job in self._graph if job.packed is None and job.command.function]

    @contextmanager
    def defined_by(self, job_id: str) -> Iterator[None]:
        """While this is open, new jobs are those of a job that defines jobs in this process."""
        before, self._definer = self._definer, job_id
        try:
            yield
        finally:
            self._definer = before

    # -- how it is done ----------------------------------------------------------------------

    def _derive(self, prefix: str, changes: dict[str, Any]) -> Definer:
        return Definer(
            self._graph,
            self._fingerprinter,
            prefix=prefix,
            definer=self._definer,
            changes=changes,
            strict=self._strict,
        )

    def _recognise(
        self, function: Callable[..., Any], command_name: str | None, *, dynamic: bool = False
    ) -> Known:
        """Look the function up, or fingerprint it and remember it."""
        # What a generator calls counts as it is at the call, and between two of them its code runs.
        kin = None if dynamic or self._definer is not None else kin_of(function)
        identity = kin or identity_of(function)
        key = (identity, dynamic, command_name)
        known = self._known.get(key)
        if known is None:
            if not callable(function):
                raise UserError(
                    f"comp() needs a function first, not {function!r}.",
                    cure="Write comp(function, argument, ...), not comp(function(argument)).",
                )
            check_callable(function)
            options = self._options_of(function)
            command = self._command(function, kin, options, dynamic, command_name)
            base = joined(self._prefix, command.name)
            known = Known(function, command, base, self._graph.counters.setdefault(base, [0]))
            self._known[key] = known
            if not dynamic and command_name is None and identity == id(function):
                self._known[identity] = known
        elif kin is not None:
            check_globals(function)
        return Known(function, known.command, known.base, known.counter) if kin else known

    def _options_of(self, function: Callable[..., Any]) -> Options:
        own = getattr(function, OPTIONS_ATTRIBUTE, None)
        if not own and not self._changes:
            return DEFAULT_OPTIONS
        return DEFAULT_OPTIONS.but(**{**(own or {}), **self._changes})

    def _command(
        self,
        function: Callable[..., Any],
        kin: Hashable | None,
        options: Options,
        dynamic: bool,
        command_name: str | None,
    ) -> Command:
        commands = self._graph.commands
        key = (
            kin or identity_of(function),
            repr(options) if options is not DEFAULT_OPTIONS else "",
            dynamic,
            command_name,
        )
        command = commands.get(key)
        if command is None:
            command = Command(command_name or name_of(function), function, options, dynamic)
            command.shared = kin is not None
            self._complain(function, fingerprint_command(command, self._fingerprinter))
            if self._graph.cells is not None:
                from weft.graph.redefinition import adopt

                command = adopt(self._graph, command)
            commands[key] = command
        return command

    def _complain(self, function: Callable[..., Any], fingerprint: CodeFingerprint) -> None:
        if self._definer is not None:
            return  # inside a generator: said when the generator itself was defined
        for problem in fingerprint.problems:
            if self._strict:
                raise UserError(f"{name_of(function)}: {problem.message}")
            warnings.warn(
                f"{name_of(function)}: {problem.message}", FingerprintWarning, stacklevel=5
            )

    def _automatic_id(self, known: Known) -> str:
        number = known.counter[0]
        name = f"{known.base}-{number}" if number else known.base
        while self._is_taken(name):
            number += 1
            name = f"{known.base}-{number}"
        known.counter[0] = number + 1
        return name

    def _explicit_id(self, job_id: str) -> str:
        check_id(job_id)
        prefix = self._prefix
        if self._definer is not None:  # the id of a generator stands before automatic ids only
            prefix = prefix.removeprefix(self._definer).removeprefix("-")
        name = joined(prefix, job_id)
        if self._is_taken(name):
            cure = "Give each job an id of its own, or leave job_id out."
            if self._graph.cells is not None:
                cure += " If another cell no longer defines it, run that one first."
            raise UserError(f"Job {name!r} is already defined.", cure=cure)
        return name

    def _is_taken(self, name: str) -> bool:
        return name in self._graph.jobs and name not in self._graph.redefinable

    def _add(
        self,
        name: str,
        known: Known,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        extra_dep: Promise[Any] | Iterable[Promise[Any]] | None,
    ) -> Promise[Any]:
        graph = self._graph
        check_growth(graph, name, self._definer)
        extra = self._extra_jobs(extra_dep)
        bound = self.bind(args, in_order(known.function, kwargs) if kwargs else kwargs)
        job = FullJob(
            name,
            known.command,
            bound.args,
            graph.size,
            kwargs=bound.kwargs or None,
            inputs=bound.inputs,
            extra=extra,
            definer=self._definer,
            arguments=bound.arguments,
        )
        if known.command.shared:
            job.own = known.function
        large = bound.large
        if name not in graph.jobs:
            graph.jobs[name] = job
            graph.size += 1
        elif not self._redefine(job):
            large = ()
        for array in large:
            graph.large.append((name, array, self._fingerprinter.value(array)))
        return Promise(name, graph.token)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Bound:
        """The arguments of a call as they are now, with the jobs whose promises they hold.

        Raises
        ------
        UserError
            For a promise of another context, and for what can't be kept.
        """
        if FLAT.issuperset(map(type, args)) and FLAT.issuperset(map(type, kwargs.values())):
            promises = [v for v in (*args, *kwargs.values()) if type(v) is Promise]
            return Bound(args, kwargs, self._jobs_of(promises), None, ())
        taken = take(args, kwargs)
        inputs = self._jobs_of(taken.promises)
        numbers = {job.id: number for number, job in enumerate(inputs)}
        arguments = self._fingerprinter.value(
            (taken.args, taken.kwargs), lambda promise: _number(promise, numbers), name="arguments"
        )
        return Bound(taken.args, taken.kwargs, inputs, arguments, taken.large)

    def _redefine(self, job: Job) -> bool:
        """Put a job in the place of the one with its id; False if that one is equal, and stays."""
        from weft.graph.redefinition import redefine

        return redefine(self._graph, job)

    def _extra_jobs(
        self, extra_dep: Promise[Any] | Iterable[Promise[Any]] | None
    ) -> tuple[Job, ...]:
        if extra_dep is None:
            return ()
        single = hasattr(extra_dep, "__weft_promise__") or not isinstance(extra_dep, Iterable)
        given: list[Any] = [extra_dep] if single or isinstance(extra_dep, Promise) else [*extra_dep]
        promises = [_promise_of(one) for one in given]
        for promise in promises:
            if not isinstance(promise, Promise):
                raise UserError(
                    f"extra_dep takes promises, not {promise!r}.",
                    cure="Pass what comp() returned, or a list of those.",
                )
        return tuple(sorted(self._jobs_of(promises), key=lambda job: job.id))

    def _jobs_of(self, promises: Iterable[Promise[Any]]) -> tuple[Job, ...]:
        """The promised jobs, each once, in order of their first place."""
        graph = self._graph
        jobs: dict[str, Job] = {}
        for promise in promises:
            if promise.owner != graph.token:
                raise UserError(
                    f"The promise of job {promise.job_id!r} belongs to another context.",
                    cure="Define both jobs with the same context, or pass context.result(promise).",
                )
            job = graph.jobs.get(promise.job_id)
            jobs[promise.job_id] = job if job is not None else self._outer_job(promise.job_id)
        return tuple(jobs.values())

    def _outer_job(self, job_id: str) -> Job:
        """Stands, inside a generator, for a job of the graph around it."""
        if self._definer is None:
            raise UserError(
                f"Job {job_id!r} is no longer defined: its cell ran again without it.",
                cure="Run the cell again that its promise comes from, then this one.",
            )
        return Job(job_id, _OUTER, (), -1)

    def records(self) -> tuple[JobRecord, ...]:
        """The jobs defined here, as they travel out of a worker (rule 13)."""
        return tuple(self._record(job) for job in self._graph)

    def codes(self) -> tuple[CodeParts, ...]:
        """What the code fingerprints of the jobs defined here are made of."""
        return code_parts(self._graph.commands.values(), self._fingerprinter)

    def _record(self, job: Job) -> JobRecord:
        command = job.command
        definition = define(job)
        told = Told(self._fingerprinter, command.options)
        assert self._definer is not None
        assert command.code is not None
        assert command.function is not None
        return JobRecord(
            id=job.id,
            name=command.name,
            definer=self._definer,
            code=command.code,
            definition=definition,
            arguments_text=arguments_text(job),
            inputs=tuple(upstream.id for upstream in job.inputs),
            extra=tuple(upstream.id for upstream in job.extra),
            dynamic=command.dynamic,
            options=command.options,
            packed=pack_call(command.function, job.args, job.kwargs, by_value=False, told=told),
            packages=command.packages,
        )


_OUTER = Command("", None)


def _promise_of(value: Any) -> Any:
    """The promise of a job of another face, which stands for itself."""
    return value.__weft_promise__() if hasattr(value, "__weft_promise__") else value


def _number(promise: Promise[Any], numbers: dict[str, int]) -> int:
    """The number of a promise, if it stands where promises are found and filled."""
    number = numbers.get(promise.job_id)
    if number is None:
        raise UserError(
            f"The promise of job {promise.job_id!r} is inside an object, where it is not found.",
            cure="Put it into a list, tuple, set, dict, dataclass or namedtuple, or pass it alone.",
        )
    return number


def _stored(value: T) -> T:
    return value
