"""A job: a node of the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from weft.model.kind import Kind
from weft.model.older import reads_older
from weft.model.outputs import PLAIN, OutputStyle
from weft.model.resources import DEFAULT_OPTIONS, Options

Digest = bytes
"""20 bytes of BLAKE2b."""
DIGEST_SIZE = 20


@dataclass(slots=True, eq=False)
class Command:
    """One function with one set of options, shared by all the jobs that call it."""

    name: str
    function: Callable[..., Any] | None
    """None for jobs known from the store only, and for generated ones (their call is packed)."""
    options: Options = DEFAULT_OPTIONS
    dynamic: bool = False
    """Whether the function gets a context first and may define jobs."""
    code: Digest | None = None
    """Fingerprint of the code with the options that can change a result."""
    state: Any = None
    """A BLAKE2b state fed with ``code``, copied for each job's definition."""
    packages: tuple[str, ...] = ()
    """Installed packages that the code reaches."""
    kind: Kind = Kind.VALUE
    """What its jobs leave behind."""
    shared: bool = False
    """Whether each of its jobs has a function of its own, all of one family, see
    ``weft.fingerprint.families``; ``function`` is the first of them then, and ``code`` says what
    they have in common."""
    family: Any = None
    """The ``Family`` of a shared command, once it was fingerprinted."""
    any_code: bool = False
    """Whether results under any other code count too, where all else is equal."""

    def is_alone(self, isolated: bool | None) -> bool:
        """Whether each attempt of its jobs has a process of its own.

        Parameters
        ----------
        isolated
            What the run says of jobs that don't say it; None: those that make files.
        """
        own = self.options.isolated
        wanted = isolated if own is None else own
        return self.kind is Kind.FILES if wanted is None else wanted


class Job:
    """A node of the graph: an id, what to call, and what it depends on.

    This class itself is for the commonest case, a call with literal arguments that depends on
    nothing: five slots, 0.25 us and 80 bytes. A dataclass of all eleven costs 0.55 us and 130
    bytes, and there may be a million. All others are of the subclass ``FullJob``.
    """

    __slots__ = ("args", "command", "definition", "id", "index")

    kwargs: dict[str, Any] | None = None
    inputs: tuple[Job, ...] = ()
    """Jobs whose promises stand in the arguments, numbered in the order of their first place."""
    extra: tuple[Job, ...] = ()
    """Jobs that must be done before, although their values are not passed: sorted by id, or in
    the order of ``roles``."""
    roles: tuple[str, ...] = ()
    """What each of ``extra`` is to the job, where that is part of its definition."""
    definer: str | None = None
    """Id of the generator that defined this job."""
    arguments: Digest | None = None
    """Hash of the arguments; None for flat literal ones, which go into the definition directly."""
    packed: bytes | None = None
    """The pickled call of a generated job, else None."""
    text: str | None = None
    """The arguments as people read them, of jobs whose arguments are not here."""
    own: Callable[..., Any] | None = None
    """The function of a job whose command is shared."""

    def __init__(self, id: str, command: Command, args: tuple[Any, ...], index: int) -> None:  # noqa: A002
        self.id = id
        self.command = command
        self.args = args
        self.index = index
        """Place in definition order."""
        self.definition: Digest | None = None

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    @property
    def function(self) -> Callable[..., Any] | None:
        """What it calls, as far as that is here."""
        return self.own or self.command.function

    @property
    def reads_memory(self) -> bool:
        """Whether the job needs data that other jobs loaded into this process."""
        return any(upstream.command.kind is Kind.LOADING for upstream in self.upstream)

    @property
    def upstream(self) -> tuple[Job, ...]:
        """All the jobs that this one depends on."""
        return self.inputs + self.extra if self.extra else self.inputs


class FullJob(Job):
    """A job with keywords, dependencies, structured arguments, or a definer."""

    __slots__ = (
        *("arguments", "definer", "extra", "inputs", "kwargs"),
        *("own", "packed", "roles", "text"),
    )

    def __init__(
        self,
        id: str,  # noqa: A002
        command: Command,
        args: tuple[Any, ...],
        index: int,
        *,
        kwargs: dict[str, Any] | None = None,
        inputs: tuple[Job, ...] = (),
        extra: tuple[Job, ...] = (),
        definer: str | None = None,
        arguments: Digest | None = None,
        packed: bytes | None = None,
        text: str | None = None,
    ) -> None:
        super().__init__(id, command, args, index)
        self.kwargs = kwargs
        self.inputs = inputs
        self.extra = extra
        self.definer = definer
        self.arguments = arguments
        self.packed = packed
        self.text = text
        self.roles = ()
        self.own = None


class FilesJob(FullJob):
    """A job that makes files (``Kind.FILES``)."""

    __slots__ = ("paths", "style")

    paths: tuple[str, ...]
    """As they were declared, relative to the folder in which the graph was made."""
    style: OutputStyle

    def __init__(
        self,
        id: str,  # noqa: A002
        command: Command,
        index: int,
        paths: tuple[str, ...],
        style: OutputStyle = PLAIN,
        **more: Any,
    ) -> None:
        if more:
            super().__init__(id, command, (), index, **more)
        else:  # written out: there may be 100,000, and calls of two more methods cost 0.3 us
            self.id, self.command, self.args, self.index = id, command, (), index
            self.definition = self.kwargs = self.definer = None
            self.arguments = self.packed = self.text = self.own = None
            self.inputs = self.extra = ()
            self.roles = ()
        self.paths = paths
        self.style = style


class PartJob(FullJob):
    """Stands for one file of a job (``Kind.PART``); ``extra`` is that job alone."""

    __slots__ = ("place",)

    place: int
    """Of the file among the paths of the job."""


class InvariantJob(FullJob):
    """A job whose fingerprint is its result (``Kind.INVARIANT``).

    That is its definition, or else the content of the files that it watches.
    """

    __slots__ = ("watched",)

    watched: tuple[str, ...]
    """Paths of files; empty where the definition is all."""


class LoadingJob(FullJob):
    """A job that puts data into the memory of this process (``Kind.LOADING``)."""

    __slots__ = ("target", "unload")

    unload: Callable[[], None] | None
    """Gives the memory back, when the last direct consumer is done."""
    target: tuple[object, object] | None
    """The object or dict that the data go into, and under which name; None if that is not known."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.unload = self.target = None


@reads_older
@dataclass(frozen=True, slots=True)
class JobRecord:
    """What travels from a worker, and into the store, of a job that a generator defined."""

    id: str
    name: str
    definer: str
    code: Digest
    definition: Digest
    arguments_text: str
    inputs: tuple[str, ...]
    extra: tuple[str, ...]
    dynamic: bool
    options: Options
    packed: bytes
    packages: tuple[str, ...] = field(default=())
    kind: Kind = Kind.VALUE
    spec: tuple[Any, ...] | None = None
    """What the kind needs beside the call, see ``weft.graph.spec``."""
