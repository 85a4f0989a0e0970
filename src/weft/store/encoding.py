"""Values as bytes.

A value is a pickle of protocol 5. A small one is one plain stream. A large one has its buffers (the
memory of arrays) apart from the stream, each at a multiple of 64 bytes, so that an array is used
where it lies in a mapped file.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from weft.errors import SerializationError
from weft.graph.plain import plain_loads
from weft.model.job import Digest
from weft.model.promise import Promise

INLINE_LIMIT = 16 * 1024
"""Bytes up to which a value goes into the database; larger ones become files."""

_MAGIC = b"WEFTOBJ\n"
_VERSION = 1
_PICKLE = 1
_ALIGN = 64
_HEADER = struct.Struct("<8sHHI20sQQQI")
"""Magic, version, codec, buffers, digest, file size, start and size of the stream, checksum."""
HEADER_SIZE = _HEADER.size
_SPAN = struct.Struct("<QQ")
_PROMISE_MARK = Promise.__module__.encode()
"""Stands in every pickle of a promise, and hardly anywhere else: looking for it costs 0.05 us, a
``persistent_id`` call per object 0.1 us each."""


class ObjectLost(Exception):
    """A value that should be there is missing, truncated or damaged: its job must run again."""

    def __init__(self, digest: Digest, why: str) -> None:
        super().__init__(digest, why)
        self.digest = digest
        self.why = why

    def __str__(self) -> str:
        return f"The value {self.digest.hex()} can't be read: {self.why}."


@dataclass(slots=True, eq=False)
class Encoded:
    """A value as bytes; exactly one of ``inline`` and ``stream`` is set."""

    size: int
    """Bytes in all."""
    inline: bytes | None
    """The whole value as a plain pickle when it has at most ``INLINE_LIMIT`` bytes."""
    stream: bytes | None = None
    buffers: tuple[memoryview, ...] = ()
    """Memory of the value's arrays, not copied."""


# -- encode ------------------------------------------------------------------------------------


def encode(value: object, promised: list[str] | None = None) -> Encoded:
    """Turn ``value`` into bytes.

    Parameters
    ----------
    promised
        Gets the ids of the jobs whose promises stand in the value; each becomes a hole with the
        place of its id in the list. Without a list a promise is refused.

    Raises
    ------
    SerializationError
        When neither pickle nor cloudpickle can do it; the text names the part that is at fault.

    Examples
    --------
    >>> decode(encode({"a": [1, 2]}).inline)
    {'a': [1, 2]}
    """
    buffers: list[pickle.PickleBuffer] = []
    try:
        stream = pickle.dumps(value, 5, buffer_callback=buffers.append)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - any class may raise anything; cloudpickle tries next
        return _encode_slowly(value, promised)
    if _PROMISE_MARK in stream:
        return _encode_slowly(value, promised)
    if not buffers and len(stream) <= INLINE_LIMIT:
        return Encoded(len(stream), stream)
    return _pack(stream, buffers, lambda: pickle.dumps(value, 5))


def _pack(stream: bytes, buffers: list[pickle.PickleBuffer], in_band: Any) -> Encoded:
    raw = tuple(buffer.raw() for buffer in buffers)
    size = len(stream) + sum(view.nbytes for view in raw)
    if size <= INLINE_LIMIT:
        whole = in_band() if raw else stream
        if len(whole) <= INLINE_LIMIT:
            return Encoded(len(whole), whole)
    return Encoded(size, None, stream, raw)


def _encode_slowly(value: object, promised: list[str] | None) -> Encoded:
    """With holes for promises, and with cloudpickle where pickle fails."""
    known = len(promised) if promised is not None else 0
    try:
        return _dump(_HolePickler, value, promised)
    except (SerializationError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - any class may raise anything; cloudpickle tries next
        if promised is not None:
            del promised[known:]
    from weft.pickling.by_value import ByValuePickler

    class ByValue(_Holes, ByValuePickler):
        pass

    try:
        return _dump(ByValue, value, promised)
    except (SerializationError, MemoryError):
        raise
    except Exception as error:
        from weft.store.blame import unpicklable

        raise unpicklable(value, error) from error


def _dump(pickler: Any, value: object, promised: list[str] | None) -> Encoded:
    buffers: list[pickle.PickleBuffer] = []
    stream = _dump_once(pickler, value, promised, buffers.append)
    return _pack(stream, buffers, lambda: _dump_once(pickler, value, promised, None))


def _dump_once(pickler: Any, value: object, promised: list[str] | None, callback: Any) -> bytes:
    file = io.BytesIO()
    writer = pickler(file, protocol=5, buffer_callback=callback)
    writer.promised = promised
    writer.dump(value)
    return file.getvalue()


class _Holes:
    """Writes promises as numbered holes, or refuses them."""

    promised: list[str] | None = None

    def persistent_id(self, value: object) -> int | None:
        if type(value) is not Promise:
            return None
        promised = self.promised
        if promised is None:
            raise SerializationError(
                f"A promise of job {value.job_id!r} stands in a value that is to be kept.",
                cure="Only jobs of comp_dynamic may return promises; pass it as an argument.",
            )
        if value.job_id not in promised:
            promised.append(value.job_id)
        return promised.index(value.job_id)


class _HolePickler(_Holes, pickle.Pickler):
    pass


# -- decode ------------------------------------------------------------------------------------


def decode(
    data: bytes | memoryview,
    holes: Sequence[object] = (),
    *,
    plain: bool = False,
    names: set[tuple[str, str]] | None = None,
) -> object:
    """The value that ``encode`` turned into ``data``, with ``holes`` in the places of promises.

    ``data`` is a plain pickle or the content of an object file; arrays of the latter share its
    memory.

    Parameters
    ----------
    plain
        Whether it is data of Weft's own: then nothing of the user's is imported or run.
    names
        Gets the modules, and names in them, of the code that the value goes with.

    Raises
    ------
    SerializationError
        When the value's class can't be found or refuses.
    ObjectLost
        When the content of an object file is damaged.
    """
    stream: bytes | memoryview = data
    buffers: Sequence[memoryview] = ()
    if data[:8] == _MAGIC:
        view = memoryview(data)
        stream, buffers = sections(view, parse(view, None))
    if plain:
        return plain_loads(stream, buffers)
    try:
        if not holes and names is None:
            return pickle.loads(stream, buffers=buffers)
        kind = _HoleUnpickler if names is None else _NamesUnpickler
        reader = kind(io.BytesIO(stream), buffers=buffers)
        reader.holes, reader.names = holes, set() if names is None else names
        return reader.load()
    except MemoryError:
        raise
    except Exception as error:
        raise SerializationError(
            "A value that was kept can't be read back.",
            facts={"because": f"{type(error).__name__}: {error}"},
            cure="If its class was moved or renamed, remake the job that gave it.",
        ) from error


class _HoleUnpickler(pickle.Unpickler):
    holes: Sequence[object] = ()
    names: set[tuple[str, str]]

    def persistent_load(self, number: int) -> object:
        return self.holes[number]


class _NamesUnpickler(_HoleUnpickler):
    def find_class(self, module: str, name: str) -> Any:
        self.names.add((module, name))
        return super().find_class(module, name)


@dataclass(frozen=True, slots=True)
class Header:
    """What an object file says about itself first."""

    digest: Digest
    size: int
    start: int
    length: int
    buffers: int
    checksum: int


def parse(data: memoryview | bytes, digest: Digest | None) -> Header:
    """The header of an object file's content, or of its first ``HEADER_SIZE`` bytes.

    Raises
    ------
    ObjectLost
        When it is none, or not that of ``digest``.
    """
    if len(data) < HEADER_SIZE:
        raise ObjectLost(digest or b"", "its file is cut short")
    fields = _HEADER.unpack_from(data)
    magic, version, codec, buffers, found, size, start, length, checksum = fields
    if magic != _MAGIC or (digest is not None and found != digest):
        raise ObjectLost(digest or found, "its file holds something else")
    if (version, codec) != (_VERSION, _PICKLE):
        raise ObjectLost(found, f"its file has format {version}.{codec}, unknown to this Weft")
    return Header(found, size, start, length, buffers, checksum)


def sections(data: memoryview, header: Header) -> tuple[memoryview, list[memoryview]]:
    """Stream and buffers of an object file's content.

    Raises
    ------
    ObjectLost
        When it is cut short, or the stream is damaged. The buffers are not checked: reading an
        array's every byte would cost more than mapping it saves; ``fsck`` does.
    """
    if len(data) != header.size or header.start + header.length > len(data):
        raise ObjectLost(header.digest, "its file is cut short")
    table = data[HEADER_SIZE : HEADER_SIZE + _SPAN.size * header.buffers]
    stream = data[header.start : header.start + header.length]
    if crc32(stream, crc32(table)) != header.checksum:
        raise ObjectLost(header.digest, "its file is damaged")
    return stream, [data[at : at + size] for at, size in _SPAN.iter_unpack(table)]


def layout(digest: Digest, encoded: Encoded) -> tuple[bytes, list[tuple[int, Any]]]:
    """The head of an object file, and what lies where after it."""
    stream = encoded.stream if encoded.stream is not None else encoded.inline or b""
    start = HEADER_SIZE + _SPAN.size * len(encoded.buffers)
    end = start + len(stream)
    places: list[tuple[int, Any]] = [(start, stream)]
    spans = []
    for view in encoded.buffers:
        at = -(-end // _ALIGN) * _ALIGN
        places.append((at, view))
        spans.append(_SPAN.pack(at, view.nbytes))
        end = at + view.nbytes
    table = b"".join(spans)
    checksum = crc32(stream, crc32(table))
    head = _HEADER.pack(
        _MAGIC, _VERSION, _PICKLE, len(spans), digest, end, start, len(stream), checksum
    )
    return head + table, places
