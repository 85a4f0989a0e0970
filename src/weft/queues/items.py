"""Items as bytes: pickled, with large buffers beside them in extents that the consumer maps.

A large NumPy array is copied once, by the producer; the consumer's array is the shared memory
itself, which goes back to the queue when nothing refers to it any more.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import pickle
import struct
import weakref
from typing import Any

from weft.queues.errors import UnpicklableItem, UnreadableItem
from weft.queues.layout import HAS_MEMORY, HOLDER
from weft.queues.lives import Life
from weft.queues.memory import PAGE, no_memory
from weft.queues.shared import Shared

PLAIN = frozenset({int, float, bool, str, bytes, type(None)})
"""Types that `marshal` sends, in half the time of pickle."""
LARGE_BUFFER = 256 << 10
"""Bytes from which on a buffer gets an extent of its own."""
_PICKLED, _LARGE = 0x80, 0xFF
"""First bytes of pickled items, and of those with large buffers. `marshal` has other ones."""
_COUNT = struct.Struct("<I")
_PLACE = struct.Struct("<QQ")
_MOST_AT_ONCE = 1 << 30


def encode(shared: Shared, item: object) -> bytes:
    """An item as bytes; its large buffers go to extents of the queue."""
    large: list[pickle.PickleBuffer] = []
    try:
        data = _pickled(item, large)
    except Exception as error:
        raise UnpicklableItem(
            f"An item of type {type(item).__name__} can't be pickled, so it was not put.",
            facts={"error": f"{type(error).__name__}: {error}"},
            cure="Send what the other process needs to make it there, such as a path.",
        ) from error
    if not large:
        return data
    places = [_PLACE.pack(*_store(shared, buffer.raw())) for buffer in large]
    return b"".join((bytes([_LARGE]), _COUNT.pack(len(places)), *places, data))


def _pickled(item: object, large: list[pickle.PickleBuffer]) -> bytes:
    def keep_small(buffer: pickle.PickleBuffer) -> bool:
        if buffer.raw().nbytes < LARGE_BUFFER:
            return True
        large.append(buffer)
        return False

    try:
        return pickle.dumps(item, 5, buffer_callback=keep_small)
    except Exception:  # noqa: BLE001  # of any kind: __reduce__ is the user's
        import cloudpickle

        large.clear()
        data: bytes = cloudpickle.dumps(item, 5, buffer_callback=keep_small)
        return data


def _store(shared: Shared, buffer: memoryview) -> tuple[int, int]:
    """Copy a buffer to an extent of its own: its offset there, and its size."""
    memory = shared.memory
    offset, has_memory = shared.locked(_take_large, shared, buffer.nbytes)
    if has_memory:
        memory.extent(offset).write[PAGE : PAGE + buffer.nbytes] = buffer
        return offset, buffer.nbytes
    # Fresh memory is filled by the kernel in half the time that page faults take.
    try:
        for start in range(0, buffer.nbytes, _MOST_AT_ONCE):
            piece = buffer[start : start + _MOST_AT_ONCE]
            os.pwrite(memory.descriptor, piece, offset + PAGE + start)
    except OSError as error:
        shared.locked(memory.give_back, offset)
        raise no_memory(buffer.nbytes, error) from None
    memory.extent(offset).words[HAS_MEMORY] = 1
    return offset, buffer.nbytes


def _take_large(shared: Shared, size: int) -> tuple[int, bool]:
    take_back(shared)
    return shared.memory.take(PAGE + size)


def take_back(shared: Shared) -> None:
    """Give back extents whose last view in this process is gone; under the mutex."""
    while shared.dropped:
        shared.memory.give_back(shared.dropped.popleft())


def decode(data: bytes, shared: Shared, row: int, life: Life | None) -> Any:
    """The item, for the consumer of that row; views of large buffers keep its life with them."""
    kind = data[0]
    if kind != _PICKLED and kind != _LARGE:
        return marshal.loads(data)
    try:
        return pickle.loads(data) if kind == _PICKLED else _with_views(data, shared, row, life)
    except Exception as error:
        raise UnreadableItem(
            "An item can't be rebuilt in this process; it was dropped.",
            facts={"error": f"{type(error).__name__}: {error}"},
            cure="Import here what the item needs; the next item can be taken.",
        ) from error


def _with_views(data: bytes, shared: Shared, row: int, life: Life | None) -> Any:
    (count,) = _COUNT.unpack_from(data, 1)
    first = 1 + _COUNT.size
    rest = first + count * _PLACE.size
    buffers = [
        _view(shared, offset, size, row, life)
        for offset, size in _PLACE.iter_unpack(data[first:rest])
    ]
    return pickle.loads(memoryview(data)[rest:], buffers=buffers)


def _view(shared: Shared, offset: int, size: int, row: int, life: Life | None) -> memoryview:
    """The bytes of an extent; when nothing refers to them any more it is noted as dropped."""

    class Bytes(ctypes.c_char * size):  # type: ignore[misc]  # only subclasses have weak references
        pass

    extent = shared.memory.extent(offset)
    extent.words[HOLDER] = row
    view = Bytes.from_address(extent.address + PAGE)
    weakref.finalize(view, _drop, shared, offset, life).atexit = False
    return memoryview(view).cast("B")


def _drop(shared: Shared, offset: int, _life: Life | None) -> None:
    shared.dropped.append(offset)
