"""The memory of a queue: one file without a name, which goes with the last process that has it.

Its head is a table of words (`weft.queues.layout`); behind it are *extents*, each a power of two of
bytes, which are handed out and come back under the mutex. Processes map them as they meet them.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from weft.queues.errors import IterableQueueException, IterableQueueIllegalStateException
from weft.queues.layout import BREAK, FREE, HAS_MEMORY, HEAD_SIZE, HOLDER, LINK, SIZE, WARM

if TYPE_CHECKING:
    Words = memoryview[int]
else:
    Words = memoryview

SYSTEM_PAGE = mmap.PAGESIZE
SMALLEST = 16
"""The exponent of the smallest extent: 64 KiB."""
MAP_FIXED = 0x10
MOST_WARM = 256 << 20
"""Bytes of free extents that keep their memory: filling fresh memory takes five times as long."""

_LIBRARY = ctypes.CDLL(None, use_errno=True)
_LIBRARY.mmap.restype = ctypes.c_void_p
_LIBRARY.mmap.argtypes = [
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_longlong,
]  # fmt: skip
_LIBRARY.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_LIBRARY.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def _map(address: int | None, size: int, kind: int, descriptor: int, offset: int) -> int:
    access = mmap.PROT_READ | mmap.PROT_WRITE
    found: int = _LIBRARY.mmap(address, size, access, kind, descriptor, offset)
    if found == ctypes.c_void_p(-1).value:
        raise no_memory(size, OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno())))
    return found


class Extent:
    """A piece of the file, mapped.

    `read` gives bytes by slices, `write` takes them, `words` are words of 8 bytes. The module
    `mmap` would keep one more file open for each.
    """

    __slots__ = ("address", "offset", "read", "size", "words", "write")

    def __init__(self, descriptor: int, offset: int, size: int) -> None:
        address = _map(None, size, mmap.MAP_SHARED, descriptor, offset)
        self.address, self.offset, self.size = address, offset, size
        self.read = (ctypes.c_char * size).from_address(address)
        self.write = memoryview(self.read).cast("B")
        self.words: Words = self.write.cast("q")

    def empty(self) -> None:
        """Let the system have its memory, the first page aside."""
        _LIBRARY.madvise(self.address + SYSTEM_PAGE, self.size - SYSTEM_PAGE, mmap.MADV_REMOVE)

    def unmap(self) -> None:
        """Nobody in this process uses it any more."""
        _LIBRARY.munmap(self.address, self.size)


class Memory:
    """The file, by its descriptor; without one a new file is made.

    Examples
    --------
    >>> memory = Memory()
    >>> offset, has_memory = memory.take(100_000)
    >>> memory.extent(offset).words[SIZE]
    17
    >>> memory.give_back(offset)
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self.is_new = descriptor is None
        if descriptor is None:
            descriptor = _unnamed_file()
            os.ftruncate(descriptor, HEAD_SIZE)
            os.posix_fallocate(descriptor, 0, HEAD_SIZE)
        self.descriptor = descriptor
        self.head = Extent(descriptor, 0, HEAD_SIZE)
        self.words = self.head.words
        if self.is_new:
            self.words[BREAK] = HEAD_SIZE
        self._extents: dict[int, Extent] = {}
        self._private: dict[int, int] = {}
        """How much of which extents only this process sees."""
        end = weakref.finalize(self, _close, descriptor, self.head, self._extents)
        end.atexit = False

    def reopened(self) -> int:
        """A descriptor of the file that shares no locks with any other."""
        try:
            return os.open(f"/proc/self/fd/{self.descriptor}", os.O_RDWR)
        except OSError as error:
            raise no_files(error) from None

    def extent(self, offset: int) -> Extent:
        """The extent that begins there."""
        extent = self._extents.get(offset)
        if extent is None:
            first = Extent(self.descriptor, offset, SYSTEM_PAGE)
            exponent = first.words[SIZE]
            first.unmap()
            extent = self._extents[offset] = Extent(self.descriptor, offset, 1 << exponent)
        return extent

    def make_private(self, offset: int, size: int) -> None:
        """Let what this process writes behind the first page be seen by no other."""
        self._private[offset] = size
        self._map_again(offset, size, mmap.MAP_PRIVATE)

    def _map_again(self, offset: int, size: int, kind: int) -> None:
        address = self.extent(offset).address + SYSTEM_PAGE
        _map(address, size, kind | MAP_FIXED, self.descriptor, offset + SYSTEM_PAGE)

    def common(self, offset: int) -> Extent:
        """An extent that is about to be used anew, also where it was private to this process."""
        size = self._private.pop(offset, 0)
        if size:
            self._map_again(offset, size, mmap.MAP_SHARED)
        return self.extent(offset)

    def take(self, size: int, *, all_of_it: bool = False) -> tuple[int, bool]:
        """An extent of at least `size` bytes, and whether so much of it has memory.

        Under the mutex. `all_of_it` gives it memory, so that no store into it can fail.
        """
        exponent = max((size - 1).bit_length(), SMALLEST)
        words = self.words
        offset = words[FREE + exponent]
        if offset:
            extent = self.extent(offset).words
            words[FREE + exponent] = extent[LINK]
            memory = extent[HAS_MEMORY]
            words[WARM] -= memory
        else:
            offset, memory = self._extend(exponent), SYSTEM_PAGE
        if all_of_it and memory < 1 << exponent:
            self._reserve(offset, 1 << exponent)
            self.extent(offset).words[HAS_MEMORY] = 1 << exponent
        return offset, memory >= size

    def give_back(self, offset: int) -> None:
        """Let an extent be used again; under the mutex."""
        extent = self.extent(offset)
        words = self.words
        extent.words[HOLDER] = 0
        if words[WARM] + extent.words[HAS_MEMORY] > MOST_WARM:
            extent.empty()
            extent.words[HAS_MEMORY] = SYSTEM_PAGE
        words[WARM] += extent.words[HAS_MEMORY]
        extent.words[LINK] = words[FREE + extent.words[SIZE]]
        words[FREE + extent.words[SIZE]] = offset

    def _extend(self, exponent: int) -> int:
        offset = self.words[BREAK]
        try:
            os.ftruncate(self.descriptor, offset + (1 << exponent))
        except OSError as error:
            raise no_memory(1 << exponent, error) from None
        self._reserve(offset, SYSTEM_PAGE)
        first = Extent(self.descriptor, offset, SYSTEM_PAGE)
        first.words[HAS_MEMORY], first.words[HOLDER] = SYSTEM_PAGE, 0
        first.words[SIZE] = exponent
        first.unmap()
        self.words[BREAK] = offset + (1 << exponent)
        return offset

    def extents(self) -> Iterator[Extent]:
        """All that were ever handed out; under the mutex."""
        offset = HEAD_SIZE
        while offset < self.words[BREAK]:
            extent = self.extent(offset)
            yield extent
            offset += extent.size

    def _reserve(self, offset: int, size: int) -> None:
        try:
            os.posix_fallocate(self.descriptor, offset, size)
        except OSError as error:
            raise no_memory(size, error) from None


def _close(descriptor: int, head: Extent, extents: dict[int, Extent]) -> None:
    for extent in (head, *extents.values()):
        extent.unmap()
    with suppress(OSError):
        os.close(descriptor)


def no_memory(size: int, error: OSError) -> IterableQueueException:
    """What to say when the system gives no memory."""
    return IterableQueueException(
        "There is no memory for more items in the queue.",
        facts={"wanted": f"{size:,} bytes", "error": error.strerror},
        cure="Bound the queue by IterableQueue(maxsize=...), or add consumers.",
    )


def no_files(error: OSError) -> IterableQueueException:
    """What to say when the system gives no descriptor."""
    return IterableQueueException(
        "The system gives no more open files, of which each end of a queue needs some.",
        facts={"error": error.strerror},
        cure="Raise the limit (`ulimit -n`), or close ends and queues that are done.",
    )


def _unnamed_file() -> int:
    try:
        return os.memfd_create("weft-queue")
    except OSError as error:
        raise no_files(error) from None
    except AttributeError:
        raise IterableQueueIllegalStateException(
            "Queues need Linux: memory without a name, and locks that end with their process."
        ) from None
