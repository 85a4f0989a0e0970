"""What a folder keeps of the script's calls, so that later processes can run them without it.

Everything here is pure: what is kept are names, plain values and pickles; nothing is imported.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum
from functools import cached_property
from types import FunctionType
from typing import Any

from weft.fingerprint.literal import LITERALS
from weft.graph.plain import plain_loads, taking_apart
from weft.model.job import Command, Digest, Job
from weft.model.kind import Kind
from weft.model.resources import DEFAULT_OPTIONS, Options
from weft.pickling.mark import is_found

KEPT_BYTES = 16 * 1024
"""Larger arguments are not kept for later processes."""
CHUNK_JOBS = 128
"""Calls that are pickled together: mostly these are less than ``KEPT_BYTES`` in all, so that no
single one has to be measured; 0.1 us per call, alone it is 1.5 us."""


class Unkept(IntEnum):
    """Why a part of a call can't be had in a later process; the numbers are what the store holds.

    >>> Unkept.TOO_LARGE.words
    'arguments too large to be kept'
    """

    OLD = 0
    OF_SCRIPT = 1
    NAMELESS = 2
    UNPICKLABLE = 3
    TOO_LARGE = 4

    @property
    def words(self) -> str:
        """The reason, to stand after the name of a job."""
        return _UNKEPT_WORDS[self]


_UNKEPT_WORDS = {
    Unkept.OLD: "the Weft that defined it did not keep its call",
    Unkept.OF_SCRIPT: "defined in the script itself",
    Unkept.NAMELESS: "its function is a lambda or a nested one",
    Unkept.UNPICKLABLE: "a part of its call can't be pickled",
    Unkept.TOO_LARGE: "arguments too large to be kept",
}

KeptFunction = str | bytes | Unkept
"""``module:qualname``, or the pickle of a method, a partial or another object."""
KeptCall = tuple[tuple[Any, ...], dict[str, Any] | None] | bytes | Unkept
"""Arguments and keywords as they are where all are literals or promises, else pickled."""


def keep_function(function: Callable[..., Any]) -> KeptFunction:
    """What finds the function again in a process that can import its module.

    >>> keep_function(pickle.dumps), keep_function(lambda: 1)
    ('_pickle:dumps', <Unkept.NAMELESS: 2>)
    """
    module = getattr(function, "__module__", None)
    name = getattr(function, "__qualname__", None)
    if isinstance(module, str) and isinstance(name, str):
        if module == "__main__" and isinstance(function, (FunctionType, type)):
            return Unkept.OF_SCRIPT
        if is_found(function, module, name):
            return f"{module}:{name}"
    if isinstance(function, (FunctionType, type)):
        return Unkept.NAMELESS
    return keep(function)


class _TooLarge(Exception):
    pass


class _Limited:
    """A file that takes so many bytes and no more: what is large is not copied to find that out."""

    def __init__(self, limit: int) -> None:
        self.parts: list[bytes] = []
        self._left = limit

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self._left -= size
        if self._left < 0:
            raise _TooLarge
        self.parts.append(bytes(data))
        return size


def keep(value: object) -> bytes | Unkept:
    """The plain pickle of a small value that needs nothing of ``__main__``.

    >>> pickle.loads(keep([1, 2])), keep("x" * 100_000)
    ([1, 2], <Unkept.TOO_LARGE: 4>)
    """
    file = _Limited(KEPT_BYTES)
    try:
        pickle.Pickler(file, 5).dump(value)
    except _TooLarge:
        return Unkept.TOO_LARGE
    except Exception:  # noqa: BLE001 - any class may raise anything
        return Unkept.UNPICKLABLE
    data = b"".join(file.parts)
    return Unkept.OF_SCRIPT if names_main(data) else data


def names_main(data: bytes) -> bool:
    """Whether a pickle looks for something in ``__main__``.

    >>> names_main(pickle.dumps("__main__")), names_main(pickle.dumps(len))
    (False, False)
    """
    if b"__main__" not in data:
        return False
    import pickletools

    memo: list[object] = []
    pushed: list[object] = []
    for code, argument, _ in pickletools.genops(data):
        match code.name:
            case "MEMOIZE":
                memo.append(pushed[-1])
            case "BINGET" | "LONG_BINGET":
                pushed.append(memo[int(argument or 0)])
            case "STACK_GLOBAL" if pushed[-2] == "__main__":
                return True
            case "FRAME":
                pass
            case _:
                pushed.append(argument)
    return False


def keep_options(options: Options) -> tuple[dict[str, Any], bytes | Unkept | None]:
    """The options that differ from the defaults: plain ones as they are, and the pickled others.

    >>> keep_options(Options(cores=2, retry_on=(OSError,)))[0]
    {'cores': 2}
    """
    if options is DEFAULT_OPTIONS:
        return {}, None
    changed = {
        field.name: getattr(options, field.name)
        for field in fields(options)
        if getattr(options, field.name) != getattr(DEFAULT_OPTIONS, field.name)
    }
    plain = {name: value for name, value in changed.items() if _is_plain(value)}
    others = {name: value for name, value in changed.items() if name not in plain}
    return plain, keep(others) if others else None


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple):
        return LITERALS.issuperset(map(type, value))
    return type(value) in LITERALS


def options_of(changes: Mapping[str, Any]) -> Options:
    """The options that ``keep_options`` took apart; those of a later Weft are left out."""
    if not changes:
        return DEFAULT_OPTIONS
    known = {field.name for field in fields(Options)}
    return Options(**{name: value for name, value in changes.items() if name in known})


def keep_calls(jobs: Sequence[Job], large: frozenset[str] = frozenset()) -> list[bytes]:
    """The arguments of jobs, pickled in chunks of ``CHUNK_JOBS``.

    Parameters
    ----------
    large
        Ids of jobs that are known to have large arguments.
    """
    return _chunked(
        [(job.args, None) if type(job) is Job else _keep_call(job, large) for job in jobs]
    )


def _chunked(calls: Sequence[object]) -> list[bytes]:
    return [_pickled(calls[i : i + CHUNK_JOBS]) for i in range(0, len(calls), CHUNK_JOBS)]


def _pickled(calls: Sequence[object]) -> bytes:
    data = pickle.dumps(calls, 5)
    if len(data) <= KEPT_BYTES:
        return data
    return pickle.dumps([_measured(call) for call in calls], 5)


def _keep_call(job: Job, large: frozenset[str]) -> object:
    if job.arguments is None:
        return job.args, job.kwargs
    return _stored(Unkept.TOO_LARGE if job.id in large else keep((job.args, job.kwargs)))


def _stored(call: KeptCall) -> object:
    return int(call) if isinstance(call, Unkept) else call


def _measured(call: object) -> object:
    if not isinstance(call, tuple) or len(pickle.dumps(call, 5)) <= KEPT_BYTES:
        return call
    return int(Unkept.TOO_LARGE)


def kept_calls(chunk: bytes) -> list[KeptCall]:
    """What ``keep_calls`` put into one chunk; imports no module of the user's.

    >>> from weft.model.job import Command
    >>> job = Job("abs", Command("abs", abs), (-1,), 0)
    >>> [kept_calls(chunk) for chunk in keep_calls([job])]
    [[((-1,), None)]]
    """
    with taking_apart():
        return [Unkept(call) if isinstance(call, int) else call for call in plain_loads(chunk)]


@dataclass(frozen=True, slots=True)
class KeptCommand:
    """One function with one set of options, as the script used it last."""

    name: str
    code: Digest | None
    dynamic: bool
    function: KeptFunction = Unkept.OLD
    """Where the function is found."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Those that are plain values and differ from the defaults."""
    objects: bytes | Unkept | None = None
    """The other ones, a pickled dict; None for none."""
    packages: tuple[str, ...] = ()
    """Installed packages that the code reaches."""
    kind: Kind = Kind.VALUE

    @property
    def tags(self) -> tuple[str, ...]:
        """Of the command's jobs."""
        return tuple(self.options.get("tags", ()))


def keep_command(command: Command) -> KeptCommand:
    """What is kept of a command; only jobs that never run have none without a function."""
    options, objects = keep_options(command.options)
    function = Unkept.NAMELESS if command.function is None else keep_function(command.function)
    return KeptCommand(
        command.name,
        command.code,
        command.dynamic,
        function,
        options,
        objects,
        command.packages,
        command.kind,
    )


@dataclass
class Kept:
    """All that was kept of one script, to a graph whose jobs came from the store.

    Attributes
    ----------
    commands
        By number.
    jobs
        Id and definition, in the script's order.
    chunks
        Their arguments, see ``keep_calls``.
    """

    commands: Sequence[KeptCommand]
    jobs: Sequence[tuple[str, Digest | None]]
    chunks: Sequence[bytes]
    numbers: dict[int, int] = field(default_factory=dict)
    """Of the graph's commands, by their ``id()``; the graph keeps them alive."""

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, (name, _) in enumerate(self.jobs)}

    @cached_property
    def _calls(self) -> list[KeptCall]:
        return [call for chunk in self.chunks for call in kept_calls(chunk)]

    def call(self, job_id: str) -> KeptCall:
        """The arguments of a job."""
        place = self._places.get(job_id)
        return self._calls[place] if place is not None and place < len(self._calls) else Unkept.OLD

    def definition(self, job_id: str) -> Digest | None:
        """A job's definition as the script left it."""
        return self.jobs[self._places[job_id]][1]

    def chunks_of(self, job_ids: Sequence[str]) -> Sequence[bytes]:
        """The arguments of those of the jobs that are still wanted."""
        if len(job_ids) == len(self.jobs):
            return self.chunks
        return _chunked([_stored(self.call(name)) for name in job_ids])
