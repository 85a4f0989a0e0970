"""How the main process, the zygote and the workers talk: frames, parcels and shared slots."""

from __future__ import annotations

import mmap
import os
import pickle
import socket
import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from weft.graph import spec
from weft.graph.seeds import Seed
from weft.graph.spec import Spec
from weft.model.job import Command, Digest, Job
from weft.model.kind import Kind
from weft.model.outcome import Outcome
from weft.model.resources import DEFAULT_OPTIONS, Options
from weft.store.objects import Input

Done = tuple[float, float, float, Digest, bytes]
"""A plain small success: started, duration and cpu seconds, result hash, encoded value.

Most jobs end so. A tuple costs 0.3 us to send and read, an ``Outcome`` 10 us.
"""


class Mark(IntEnum):
    """Says, after the reports of a batch, how the worker goes on."""

    IDLE = 0
    RETIRED = 1
    """The worker ends: the job left something in its process that could reach the next one."""


Item = Done | Outcome | Mark

_LENGTH = struct.Struct("!Q")
HEAD = _LENGTH.size


def frame(message: object) -> bytes:
    """A message as it goes over a stream: its length, its pickle."""
    body = pickle.dumps(message, 5)
    return _LENGTH.pack(len(body)) + body


def unframe(buffer: bytearray) -> list[Any]:
    """Take all whole messages out of ``buffer``."""
    messages = []
    at = 0
    while len(buffer) - at >= HEAD:
        (length,) = _LENGTH.unpack_from(buffer, at)
        end = at + HEAD + length
        if len(buffer) < end:
            break
        with memoryview(buffer) as view:
            messages.append(pickle.loads(view[at + HEAD : end]))
        at = end
    if at:
        del buffer[:at]
    return messages


def receive(connection: socket.socket) -> Any:
    """The next message; EOFError when the other side is gone."""
    (length,) = _LENGTH.unpack(_exactly(connection, HEAD))
    return pickle.loads(_exactly(connection, length))


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        count = connection.recv_into(view)
        if not count:
            raise EOFError
        view = view[count:]
    return bytes(data)


class Parcel(NamedTuple):
    """A job that the worker does not know: it was generated later, or nothing is inherited."""

    id: str
    name: str
    dynamic: bool
    cutoff: bool
    inputs: tuple[str, ...]
    """Ids of the jobs whose promises stand in the arguments."""
    call: bytes
    """The packed call; with a ``FunctionNumber`` where the function goes apart."""
    function: int | None = None
    function_packed: bytes | None = None
    """The function, when this worker sees its number for the first time."""
    kind: Kind = Kind.VALUE
    spec: Spec | None = None
    """What the kind needs beside the call."""
    cores: int = 1


class FunctionNumber(NamedTuple):
    """Stands in a packed call for a function that was sent apart."""

    number: int


Entry = int | tuple[int | Parcel, Sequence[Input], Seed]
"""One task of a batch: the index of a job whose seed the worker knows too, or more."""


def job_of(parcel: Parcel) -> Job:
    """The job that a parcel describes, as far as running it needs."""
    options = DEFAULT_OPTIONS
    if not parcel.cutoff or parcel.cores != 1:
        options = Options(cutoff=parcel.cutoff, cores=parcel.cores)
    command = Command(parcel.name, None, options, parcel.dynamic, kind=parcel.kind)
    inputs = tuple(_named(name) for name in parcel.inputs)
    return spec.job_of(parcel.id, command, -1, parcel.spec, inputs=inputs, packed=parcel.call)


def _named(job_id: str) -> Job:
    return Job(job_id, _UNKNOWN, (), -1)


_UNKNOWN = Command("", None)


class Slots:
    """Memory shared with the workers: what each lane is doing, without a message.

    A worker writes its place in the batch and the time when the job began, just before it begins;
    so when it dies, the main process knows of which job. The main process writes how far the batch
    goes, to take the rest of it back.

    Parameters
    ----------
    lanes
        How many.
    descriptor
        Of the memory, when another process made it.
    """

    _SIZE = 512
    _PLACE, _STARTED, _LIMIT, _TEXT = 0, 1, 2, 3
    _HEADER = 4
    """Numbers before the text."""

    def __init__(self, lanes: int, descriptor: int | None = None) -> None:
        size = lanes * self._SIZE
        if descriptor is None:
            descriptor = _shared_memory(size)
        self.descriptor = descriptor
        self._memory = mmap.mmap(descriptor, size)
        self._numbers = memoryview(self._memory).cast("d")

    def lane(self, number: int) -> Slot:
        """The part of one lane."""
        width = self._SIZE // 8
        return Slot(self._numbers[number * width : (number + 1) * width])

    def place_of_start(self, number: int) -> int:
        """Where in the memory, in bytes, stands when the job in a lane began."""
        return number * self._SIZE + 8 * self._STARTED

    def close(self) -> None:
        """Give the descriptor back; the memory goes with the last reference to it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Slot:
    """What one lane is doing."""

    __slots__ = ("numbers", "text")

    def __init__(self, numbers: memoryview[float]) -> None:
        self.numbers = numbers
        """Place in the batch (-1: none begun), monotonic seconds when it began, limit, text size.

        Workers write the first two directly: a method would cost 0.1 us per job.
        """
        self.text = numbers[4:].cast("B")

    @property
    def place(self) -> int:
        """Which task of the batch began last, or -1."""
        return int(self.numbers[0])

    @property
    def started(self) -> float:
        """Monotonic seconds when it began."""
        return float(self.numbers[1])

    def prepare(self, limit: int) -> None:
        """For a new batch; to be called while the worker is idle."""
        self.numbers[0], self.numbers[2], self.numbers[3] = -1, limit, 0

    def limit(self, limit: int) -> None:
        """Make the worker stop before the task with this place."""
        self.numbers[2] = limit

    def say(self, text: str) -> None:
        """Show ``text`` to the main process."""
        data = text.encode(errors="replace")[: len(self.text)]
        self.numbers[3] = 0
        self.text[: len(data)] = data
        self.numbers[3] = len(data)

    def said(self) -> str:
        """What the worker shows; a text read while it changes may be mixed."""
        return bytes(self.text[: int(self.numbers[3])]).decode(errors="replace")


def _shared_memory(size: int) -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("weft-slots")
    else:
        import tempfile

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor
