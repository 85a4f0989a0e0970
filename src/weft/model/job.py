"""A job: a node of the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

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


@dataclass(slots=True, eq=False)
class Job:
    """A node of the graph: an id, what to call, and what it depends on.

    Not frozen and without defaults: a frozen slotted dataclass costs 1.5 us to make, this one
    0.4 us, and ``comp`` makes one per call.
    """

    id: str
    command: Command
    args: tuple[Any, ...]
    kwargs: dict[str, Any] | None
    inputs: tuple[Job, ...]
    """Jobs whose promises stand in the arguments, numbered in the order of their first place."""
    extra: tuple[Job, ...]
    """Jobs of ``extra_dep``, sorted by id."""
    definer: str | None
    """Id of the generator that defined this job."""
    arguments: Digest | None
    """Hash of the arguments; None for flat literal ones, which go into the definition directly."""
    definition: Digest | None
    packed: bytes | None
    """The pickled call of a generated job, else None."""
    index: int
    """Place in definition order."""

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    @property
    def upstream(self) -> tuple[Job, ...]:
        """All the jobs that this one depends on."""
        return self.inputs + self.extra if self.extra else self.inputs


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
