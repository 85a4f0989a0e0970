"""Running jobs without their script: functions and arguments as the folder has them.

Looking imports nothing. Before a make, the functions of the jobs that it may run are imported and
the jobs get their arguments; from then on they are fingerprinted and decided about as with the
script. A job for which that is not possible keeps the definition that the script gave it. It is
refused only if it must run: the plan takes it for failed, so that all else runs, and nothing of
this is written over what the store knows of its real attempts.
"""

from __future__ import annotations

import pickle
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any

from weft.context.home import Home
from weft.context.making import Making, Refusal
from weft.errors import WeftError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.graph import Graph
from weft.graph.keeping import (
    Kept,
    KeptCommand,
    Unkept,
    keep_function,
    names_main,
    options_of,
)
from weft.graph.packing import unpack_call
from weft.graph.plain import taking_apart
from weft.model.job import DIGEST_SIZE, Command, Digest, FullJob, Job, JobRecord
from weft.model.resources import Options
from weft.scheduler.memory import Remembered
from weft.scheduler.port import Expansion
from weft.scheduler.survey import recall
from weft.store.rows import JobRow
from weft.store.script import Script
from weft.store.store import Store

NAMED = 3
"""Jobs, and reasons, that an error names."""
TAIL = 4
"""Lines of a traceback that an error shows."""


class _CannotImport(Exception):
    """The text says why, to stand after the names of jobs."""


def recollect(
    store: Store, graph: Graph, fingerprinter: Fingerprinter, folder: Path
) -> Recollection:
    """Put the jobs into ``graph`` as the script left them; imports nothing of the user's."""
    with taking_apart():
        return _recollect(store, graph, fingerprinter, folder)


def _recollect(
    store: Store, graph: Graph, fingerprinter: Fingerprinter, folder: Path
) -> Recollection:
    script, rows = _script_and_rows(store)
    commands = [_remembered_command(graph, n, row) for n, row in enumerate(script.commands)]
    for name, number, definition, inputs, extra, *spec in script.jobs:
        command = commands[number]
        graph.add_remembered(
            name,
            command,
            definition,
            inputs=inputs,
            extra=extra,
            definer=None,
            spec=spec[0] if spec and command.kind else None,
        )
    recall(graph, rows)
    _link(graph, script)
    jobs = [(entry[0], entry[2]) for entry in script.jobs]
    home = Home.read(script.home)
    graph.root = home.folder or None
    numbers = {id(command): number for number, command in enumerate(commands)}
    graph.kept = Kept(script.commands, jobs, script.calls, numbers)
    return Recollection(graph, fingerprinter, folder, script.digest, home)


def _link(graph: Graph, script: Script) -> None:
    """Bring in what the script's jobs depend on and generators defined later."""
    for name, _number, _definition, _inputs, extra, *_ in script.jobs:
        job = graph.jobs[name]
        if len(extra) > len(job.extra) and isinstance(job, FullJob):
            job.extra = tuple(graph.jobs[one] for one in extra if one in graph.jobs)


def _remembered_command(graph: Graph, number: int, row: KeptCommand) -> Command:
    options = options_of(row.options)
    command = Command(
        row.name, None, options, row.dynamic, row.code, packages=row.packages, kind=row.kind
    )
    graph.commands["remembered", number] = command
    return command


def _script_and_rows(store: Store) -> tuple[Script, list[JobRow]]:
    """The script's jobs, and generated ones; of one moment, though the script may be running."""
    while True:
        script = store.script.read() or Script(b"", (), (), (), "")
        rows = store.generated_jobs()
        if (store.graph_digest() or b"") == script.digest:
            return script, rows


@dataclass
class Recollection:
    """What is known of the code of a context's jobs, whose script is not here."""

    graph: Graph
    fingerprinter: Fingerprinter
    folder: Path
    digest: Digest
    """Of the script's definitions."""
    home: Home
    _why: dict[str, str] = field(default_factory=dict)
    """Why jobs can't run here, by id."""
    _revived: set[int] = field(default_factory=set)
    """Numbers of the commands whose functions are here."""
    _stand_ins: dict[int, Command] = field(default_factory=dict)
    """By number: the commands of jobs whose function is here, but whose arguments are not."""
    _marked: set[int] = field(default_factory=set)
    """The ``id()`` of commands that the plan is made to ask about."""
    _calls: dict[tuple[bytes, Digest | None], str] = field(default_factory=dict)
    """Why calls of generated jobs can't be made here; empty for those that can."""

    @property
    def kept(self) -> Kept:
        """What was kept of the script."""
        assert self.graph.kept is not None
        return self.graph.kept

    # -- before a run ------------------------------------------------------------------------

    def is_outdated(self, store: Store) -> bool:
        """Whether the script has defined other jobs since."""
        return (store.graph_digest() or b"") != self.digest

    def taking_part_in(self, making: Making) -> Making:
        """A make that leaves out what can't run here."""
        return replace(making, memory=partial(Recalled, recollection=self))

    def revive(self, words: Sequence[str]) -> None:
        """Import the functions of these jobs and of their upstream, and give them their arguments.

        Nothing is raised for what can't be imported: ``why_not`` tells.

        Parameters
        ----------
        words
            Ids; where there are none or others among them, all jobs are meant.
        """
        jobs = self.graph.jobs
        known = words and all(word in jobs for word in words)
        self._revive_all(self._closure([jobs[word] for word in words]) if known else None)

    def _closure(self, jobs: list[Job]) -> set[str]:
        """The jobs, with all that must be done before."""
        found = {job.id for job in jobs}
        stack = list(jobs)
        while stack:
            job = stack.pop()
            definer = self.graph.jobs.get(job.definer) if job.definer is not None else None
            for other in (*job.upstream, *([definer] if definer is not None else ())):
                if other.id not in found:
                    found.add(other.id)
                    stack.append(other)
        return found

    def _revive_all(self, wanted: Collection[str] | None) -> None:
        groups: dict[int, list[Job]] = defaultdict(list)
        needed: set[int] = set()
        for job in self.graph:
            number = self.kept.numbers.get(id(job.command))
            if number is not None and number not in self._revived:
                groups[number].append(job)
                if wanted is None or job.id in wanted:
                    needed.add(number)
        if needed:
            self._extend_path()
        for number in sorted(needed):
            self._revive(number, groups[number])

    def _extend_path(self) -> None:
        """For good: functions may import when they are called."""
        place = 0
        for folder in self.home.search_path(self.folder):
            if folder not in sys.path and Path(folder).is_dir():
                sys.path.insert(place, folder)
                place += 1

    def _revive(self, number: int, jobs: Sequence[Job]) -> None:
        command = jobs[0].command
        try:
            function, options = _found(self.kept.commands[number])
        except _CannotImport as error:
            self._mark(command)
            self._why.update(dict.fromkeys([job.id for job in jobs], str(error)))
            return
        command.function, command.options = function, options
        self._marked.discard(id(command))
        self._revived.add(number)
        for job in jobs:
            try:
                self._give_arguments(job)
                self._why.pop(job.id, None)
            except _CannotImport as error:
                self._why[job.id] = str(error)
                job.command = self._stand_in(number, command)

    def _give_arguments(self, job: Job) -> None:
        assert isinstance(job, FullJob)
        call = self.kept.call(job.id)
        if isinstance(call, Unkept):
            raise _CannotImport(call.words)
        if isinstance(call, bytes):
            args, kwargs = _imported("its arguments", lambda: pickle.loads(call))
            numbers = {upstream.id: number for number, upstream in enumerate(job.inputs)}
            try:
                job.arguments = self.fingerprinter.value(
                    (args, kwargs or {}), lambda promise: numbers[promise.job_id], name="arguments"
                )
            except WeftError as error:
                raise _CannotImport(f"its arguments can't be used: {error.title}") from error
            job.definition = None
        else:
            args, kwargs = call
        job.args, job.kwargs = args, kwargs or None

    def _stand_in(self, number: int, command: Command) -> Command:
        found = self._stand_ins.get(number)
        if found is None:
            found = replace(command, function=None)
            self._stand_ins[number] = found
            self.kept.numbers[id(found)] = number
            self._mark(found)
        return found

    def settle(self) -> None:
        """Once the code was fingerprinted: jobs without arguments, but of other code, are stale."""
        changed = {
            id(stand_in): command.code
            for command in self.graph.commands.values()
            if (stand_in := self._stand_in_of(command)) is not None
            and command.code != self.kept.commands[self.kept.numbers[id(command)]].code
        }
        for stand_in in self._stand_ins.values():
            stand_in.code = changed.get(id(stand_in), stand_in.code)
        for job in self.graph if changed else ():
            code = changed.get(id(job.command))
            if code is not None:
                seed = b"arguments unknown" + code + (self.kept.definition(job.id) or b"")
                job.definition = blake2b(seed, digest_size=DIGEST_SIZE).digest()

    def _stand_in_of(self, command: Command) -> Command | None:
        number = self.kept.numbers.get(id(command))
        return self._stand_ins.get(number) if number is not None else None

    def _mark(self, command: Command) -> None:
        """Let the plan ask whether a job's failure is kept: that is where it can be refused."""
        if not command.options.keep_failed:
            command.options = replace(command.options, keep_failed=True)
            self._marked.add(id(command))

    # -- during a run ------------------------------------------------------------------------

    def why_not(self, job: Job) -> str:
        """Why a job can't run here; empty when it can."""
        if job.packed is None:
            if job.command.function is not None:
                return ""
            return self._why.get(job.id, "its function is not known here")
        call = (job.packed, job.command.code)
        if call not in self._calls:
            self._calls[call] = self._why_not_call(job, job.packed)
        return self._calls[call]

    def _why_not_call(self, job: Job, packed: bytes) -> str:
        """Of a generated job, whose definition is as old as the last run of its generator."""
        if names_main(packed):
            return Unkept.OF_SCRIPT.words
        self._extend_path()
        try:
            function, _, _ = _imported("its call", lambda: unpack_call(packed))
        except _CannotImport as error:
            return str(error)
        if isinstance(keep_function(function), str):
            code = self.fingerprinter.code(function, job.command.options).digest
            if code != job.command.code:
                return f"its code changed since {job.definer} defined it, which must run first"
        return ""

    def mark_generated(self, jobs: Iterable[Job]) -> None:
        """Take in jobs that came from a generator just now."""
        for job in jobs:
            self._mark(job.command)

    def is_marked(self, command: Command) -> bool:
        """Whether it was not the user who wanted failures of this command to be kept."""
        return id(command) in self._marked

    # -- after a run -------------------------------------------------------------------------

    def refusal(self, remembered: Remembered, failed: Collection[str]) -> Refusal | None:
        """What is to be said of failed jobs that could not run here; None without any."""
        told = remembered.refused if isinstance(remembered, Recalled) else {}
        refused = {name: told[name] for name in failed if name in told}
        return Refusal(_facts(refused), self.cure) if refused else None

    @property
    def cure(self) -> str:
        """The next step to have what can't run here."""
        command = self.home.command(self.folder)
        faces = any(command.kind for command in self.graph.commands.values())
        return command.removesuffix(" make") if faces else command


class Recalled(Remembered):
    """The store, for a run in which some jobs can't take part."""

    def __init__(self, store: Store, graph: Graph, recollection: Recollection) -> None:
        super().__init__(store, graph)
        self.refused: dict[str, str] = {}
        """Ids of the jobs that had to run and can't, and why."""
        self._recollection = recollection

    def take_in(self, job: Job, records: Sequence[JobRecord], promised: Sequence[str]) -> Expansion:
        expansion = super().take_in(job, records, promised)
        self._recollection.mark_generated(expansion.children)
        return expansion

    @property
    def cure(self) -> str:
        """The next step to have them."""
        return self._recollection.cure

    def why_not(self, job: Job) -> str:
        """Why a job can't run here; empty when it can."""
        return self._recollection.why_not(job)

    def keeps_failure(self, job: Job, key: Digest) -> bool:
        """Also of a job that can't run here: it has failed already, as far as this run goes."""
        why = self._recollection.why_not(job)
        if why:
            self.refused[job.id] = why
            return True
        return not self._recollection.is_marked(job.command) and super().keeps_failure(job, key)


def _found(command: KeptCommand) -> tuple[Callable[..., Any], Options]:
    """The function and the options of a command."""
    where, objects = command.function, command.objects
    if isinstance(where, Unkept):
        raise _CannotImport(where.words)
    if isinstance(objects, Unkept):
        raise _CannotImport(f"its options: {objects.words}")
    if isinstance(where, str):
        module, _, name = where.partition(":")
        function = _attribute(_imported(module, lambda: import_module(module)), name)
    else:
        function = _imported("its function", lambda: pickle.loads(where))
    others = _imported("its options", lambda: pickle.loads(objects)) if objects else {}
    return function, options_of({**command.options, **others})


def _attribute(module: Any, name: str) -> Any:
    try:
        return reduce(getattr, name.split("."), module)
    except AttributeError:
        raise _CannotImport(f"{module.__name__} has no {name} any more") from None


def _imported(what: str, action: Callable[[], Any]) -> Any:
    """The result of an action that imports modules of the user's: these may raise anything."""
    try:
        return action()
    except KeyboardInterrupt:
        raise
    except ModuleNotFoundError as error:
        if error.name is not None and (what.startswith("its ") or _is_within(what, error.name)):
            raise _CannotImport(f"module not found: {error.name}") from None
        raise _CannotImport(_trouble(what, error)) from error
    except BaseException as error:
        raise _CannotImport(_trouble(what, error)) from error


def _is_within(module: str, package: str) -> bool:
    """
    >>> _is_within("steps.io", "steps"), _is_within("steps", "steps.io")
    (True, False)
    """
    return f"{module}.".startswith(f"{package}.")


def _trouble(what: str, error: BaseException) -> str:
    from weft.executors.failure import report_error

    lines = report_error(error).text.rstrip().splitlines()
    tail = [line for line in lines if "<frozen importlib" not in line][-TAIL:]
    return "\n".join([f"importing {what} failed:", *(f"    {line}" for line in tail)])


def _facts(refused: Mapping[str, str]) -> dict[str, str]:
    """Names of jobs, by why they were refused, and why.

    >>> _facts({"a": "too large", "b": "too large", "c": "gone"})
    {'a, b': 'too large', 'c': 'gone'}
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name, why in refused.items():
        groups[why].append(name)
    facts = {_names(names): why for why, names in list(groups.items())[:NAMED]}
    more = sum(len(names) for names in list(groups.values())[NAMED:])
    return {**facts, "and": f"{more} more"} if more else facts


def _names(names: Sequence[str]) -> str:
    """Names of a group, the rest counted.

    >>> _names(["a", "b"]), _names(["a", "b", "c", "d"])
    ('a, b', 'a, b, c and 1 more')
    """
    more = len(names) - NAMED
    shown = ", ".join(names[:NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
