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

from weft.queues.errors import IterableQueueException, UnpicklableItem, UnreadableItem
from weft.queues.layout import ASIDE, HAS_MEMORY, HOLDER
from weft.queues.lives import Life
from weft.queues.memory import PAGE, no_memory
from weft.queues.shared import Shared
from weft.queues.watching import reclaim

PLAIN = frozenset({int, float, bool, str, bytes, type(None)})
"""Types that `marshal` sends, in half the time of pickle."""
LARGE_BUFFER = 256 << 10
"""Bytes from which on a buffer gets an extent of its own."""
PICKLED, LARGE = 0x80, 0xFF
"""First bytes of pickled items, and of those with large buffers. `marshal` has other ones."""
_COUNT = struct.Struct("<I")
_PLACE = struct.Struct("<QQ")
_MOST_AT_ONCE = 1 << 30


class Loaded:
    """An item with views of large extents, which is not the user's until `is_handed_on` is set.

    Until then the extents stay as they are when the views go: the item may be taken again.
    """

    __slots__ = ("is_handed_on", "item", "life", "process", "shared", "views")

    def __init__(self, shared: Shared) -> None:
        self.shared, self.process = shared, os.getpid()
        self.life = shared.views = shared.views or shared.locked(Life.begin, shared.memory)
        self.views: list[tuple[Any, int]] = []
        self.item: Any = None
        self.is_handed_on = False

    def view(self, offset: int, size: int) -> memoryview:
        """The bytes of an extent; when nothing refers to them any more it can be used again."""

        class Bytes(ctypes.c_char * size):  # type: ignore[misc]  # only subclasses have weak references
            pass

        view = Bytes.from_address(self.shared.memory.common(offset).address + PAGE)
        weakref.finalize(view, self._drop, offset).atexit = False
        self.views.append((view, offset))
        return memoryview(view).cast("B")

    def hand_on(self) -> Any:
        """The item, now the user's: if this process dies, its extents are free."""
        views, self.views = self.views, []
        for view, offset in views:
            self.shared.memory.extent(offset).words[HOLDER] = self.life.number
            self.shared.viewed[offset] = len(view)
        return self.item

    def _drop(self, offset: int) -> None:
        """The last view has gone; not in a child, nor while one may have a copy of the view."""
        if not self.is_handed_on or os.getpid() != self.process:
            return
        if self.shared.views is self.life:
            self.shared.viewed.pop(offset, None)
            self.shared.dropped.append(offset)
        else:
            self.shared.words[ASIDE] = 1


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
    places: list[bytes] = []
    try:
        places.extend(_PLACE.pack(*_store(shared, buffer.raw())) for buffer in large)
    except BaseException:
        discard(shared, _joined(places, b""))
        raise
    return _joined(places, data)


def _joined(places: list[bytes], data: bytes) -> bytes:
    return b"".join((bytes([LARGE]), _COUNT.pack(len(places)), *places, data))


def discard(shared: Shared, data: bytes) -> None:
    """Give back the extents of an item that was not put."""
    if data[0] == LARGE:
        for offset, _ in _places(data)[0]:
            shared.locked(shared.memory.give_back, offset)


def _places(data: bytes) -> tuple[list[tuple[int, int]], memoryview]:
    """Where the large buffers of an item are, and how large; and its pickle."""
    (count,) = _COUNT.unpack_from(data, 1)
    first = 1 + _COUNT.size
    rest = first + count * _PLACE.size
    return list(_PLACE.iter_unpack(data[first:rest])), memoryview(data)[rest:]


def _pickled(item: object, large: list[pickle.PickleBuffer]) -> bytes:
    def keep_small(buffer: pickle.PickleBuffer) -> bool:
        if buffer.raw().nbytes < LARGE_BUFFER:
            return True
        large.append(buffer)
        return False

    try:
        return pickle.dumps(item, 5, buffer_callback=keep_small)
    except Exception:  # noqa: BLE001  # of any kind: __reduce__ is the user's
        from weft.queues.functions import dumps

        large.clear()
        return dumps(item, keep_small)


def _store(shared: Shared, buffer: memoryview) -> tuple[int, int]:
    """Copy a buffer to an extent of its own: its offset there, and its size."""
    memory = shared.memory
    offset, has_memory = shared.locked(_take_large, shared, buffer.nbytes)
    if has_memory:
        memory.common(offset).write[PAGE : PAGE + buffer.nbytes] = buffer
        return offset, buffer.nbytes
    # Fresh memory is filled by the kernel in half the time that page faults take.
    try:
        for start in range(0, buffer.nbytes, _MOST_AT_ONCE):
            piece = buffer[start : start + _MOST_AT_ONCE]
            _write(memory.descriptor, piece, offset + PAGE + start)
    except OSError as error:
        shared.locked(memory.give_back, offset)
        raise no_memory(buffer.nbytes, error) from None
    memory.extent(offset).words[HAS_MEMORY] = PAGE + buffer.nbytes
    return offset, buffer.nbytes


def _write(descriptor: int, data: memoryview, offset: int) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done:], offset + done)


def _take_large(shared: Shared, size: int) -> tuple[int, bool]:
    take_back(shared)
    if shared.words[ASIDE]:
        reclaim(shared)
    return shared.memory.take(PAGE + size)


def take_back(shared: Shared) -> None:
    """Give back extents whose last view in this process is gone; under the mutex."""
    while shared.dropped:
        shared.memory.give_back(shared.dropped.popleft())


def decode(data: bytes, shared: Shared) -> Any:
    """The item; or, if it has large buffers, a `Loaded`."""
    kind = data[0]
    if kind != PICKLED and kind != LARGE:
        return marshal.loads(data)
    try:
        return pickle.loads(data) if kind == PICKLED else _load(data, shared)
    except IterableQueueException:
        raise  # no memory here: the item can be taken again
    except (Exception, SystemExit) as error:
        raise UnreadableItem(
            "An item can't be rebuilt in this process; it was dropped.",
            facts={"error": f"{type(error).__name__}: {error}"},
            cure="Import here what the item needs; the next item can be taken.",
        ) from error


def _load(data: bytes, shared: Shared) -> Loaded:
    places, rest = _places(data)
    loaded = Loaded(shared)
    loaded.item = pickle.loads(rest, buffers=[loaded.view(*place) for place in places])
    return loaded
