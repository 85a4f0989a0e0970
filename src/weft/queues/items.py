"""Items as bytes: pickled, with large buffers beside them in extents that the consumer maps.

A large NumPy array is copied once, by the producer; the consumer's array is the shared memory
itself, which goes back to the queue when nothing refers to it any more.
"""

from __future__ import annotations

import ctypes
import functools
import marshal
import os
import pickle
import struct
import weakref
from typing import Any

from weft.queues.errors import IterableQueueException, UnpicklableItem, UnreadableItem
from weft.queues.layout import ASIDE, HAS_MEMORY, HOLDER
from weft.queues.lives import Life
from weft.queues.memory import SYSTEM_PAGE, no_memory
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


class _Views:
    """What becomes of the extents of an item when their views have gone."""

    __slots__ = ("is_handed_on", "life", "process", "shared")

    def __init__(self, shared: Shared) -> None:
        self.shared, self.process = shared, os.getpid()
        if shared.views is None:
            begin = functools.partial(Life.begin, is_of_views=True)
            shared.views = shared.locked(begin, shared.memory)
        self.life: Life = shared.views
        self.is_handed_on = False

    def drop(self, offset: int) -> None:
        """The last view has gone; not in a child, nor while one may have a copy of the view."""
        if not self.is_handed_on or os.getpid() != self.process:
            return
        if self.shared.views is self.life:
            self.shared.viewed.pop(offset, None)
            self.shared.dropped.append(offset)
        else:
            self.shared.words[ASIDE] = 1


class Loaded:
    """An item with views of large extents, which is the user's once `views.is_handed_on` is set.

    Until then the extents stay as they are when the views go: the item may be taken again.
    """

    __slots__ = ("_places", "item", "views")

    def __init__(self, shared: Shared, data: bytes) -> None:
        self.views = _Views(shared)
        self._places, rest = _places(data)
        buffers = [self._view(*place) for place in self._places]
        self.item = pickle.loads(rest, buffers=buffers)

    def prepare(self) -> Any:
        """The item; from now on its extents are free if this process dies."""
        self._note(self.views.life.number)
        for offset, size in self._places:
            self.views.shared.viewed[offset] = size
        return self.item

    def abandon(self) -> None:
        """Undo `prepare`: the item goes back."""
        self._note(0)
        for offset, _ in self._places:
            self.views.shared.viewed.pop(offset, None)

    def _note(self, holder: int) -> None:
        for offset, _ in self._places:
            self.views.shared.memory.extent(offset).words[HOLDER] = holder

    def _view(self, offset: int, size: int) -> memoryview:
        class Bytes(ctypes.c_char * size):  # type: ignore[misc]  # only subclasses have weak references
            pass

        view = Bytes.from_address(self.views.shared.memory.common(offset).address + SYSTEM_PAGE)
        weakref.finalize(view, self.views.drop, offset).atexit = False
        return memoryview(view).cast("B")


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
    try:
        if has_memory:
            memory.common(offset).write[SYSTEM_PAGE : SYSTEM_PAGE + buffer.nbytes] = buffer
        else:
            _fill(memory.descriptor, offset + SYSTEM_PAGE, buffer)
            memory.extent(offset).words[HAS_MEMORY] = SYSTEM_PAGE + buffer.nbytes
    except BaseException as error:
        shared.locked(memory.give_back, offset)
        if isinstance(error, OSError):
            raise no_memory(buffer.nbytes, error) from None
        raise
    return offset, buffer.nbytes


def _fill(descriptor: int, offset: int, data: memoryview) -> None:
    """Let the kernel fill fresh memory: that takes half the time of page faults."""
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done : done + _MOST_AT_ONCE], offset + done)


def _take_large(shared: Shared, size: int) -> tuple[int, bool]:
    take_back(shared)
    if shared.words[ASIDE]:
        reclaim(shared)
    return shared.memory.take(SYSTEM_PAGE + size)


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
        return pickle.loads(data) if kind == PICKLED else Loaded(shared, data)
    except IterableQueueException:
        raise  # no memory here: the item can be taken again
    except (Exception, SystemExit) as error:
        raise UnreadableItem(
            "An item can't be rebuilt in this process; it was dropped.",
            facts={"error": f"{type(error).__name__}: {error}"},
            cure="Import here what the item needs; the next item can be taken.",
        ) from error
