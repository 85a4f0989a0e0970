"""The files of large values, which workers read and write themselves, without the database."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weft.model.job import DIGEST_SIZE, Digest
from weft.store.encoding import (
    HEADER_SIZE,
    INLINE_LIMIT,
    Encoded,
    ObjectLost,
    decode,
    encode,
    layout,
    parse,
    sections,
)
from weft.store.trouble import disk_trouble

__all__ = [
    "INLINE_LIMIT",
    "Composite",
    "Encoded",
    "Input",
    "ObjectLost",
    "ObjectRef",
    "Objects",
    "decode",
    "encode",
]


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """A value that lies in an object file."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class Composite:
    """A value with holes, and what fills them."""

    template: bytes | ObjectRef
    parts: tuple[Input, ...]


Input = bytes | ObjectRef | Composite
"""What is sent to a worker for one result."""


class Objects:
    """The object files of one context: ``objects/ab/cdef…``, named by the hash of their value.

    Many processes may write at once, even the same object: each writes a file of its own and
    renames it into place, and equal names mean equal values.

    Parameters
    ----------
    folder
        Of the context.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder) / "objects"
        self._drafts = self.folder / "drafts"

    def __repr__(self) -> str:
        return f"Objects({str(self.folder)!r})"

    def path(self, digest: Digest) -> Path:
        """Where the file of ``digest`` is, or would be."""
        name = digest.hex()
        return self.folder / name[:2] / name[2:]

    def write(self, digest: Digest, encoded: Encoded) -> None:
        """Make the value durable under its final name; nothing to do if it is there.

        Raises
        ------
        StoreError
            When the folder can't be written to or the disk is full.
        """
        if self.has(digest):
            return
        path = self.path(digest)
        try:
            draft = self._write_draft(digest, encoded)
            try:
                draft.replace(path)
            except FileNotFoundError:
                _make_folder(path.parent)
                draft.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            raise disk_trouble(error, self.folder) from error

    def _write_draft(self, digest: Digest, encoded: Encoded) -> Path:
        # Drafts have a folder of their own, so that one listing finds what killed processes left.
        draft = self._drafts / f"{os.getpid()}-{os.urandom(6).hex()}"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
        try:
            descriptor = os.open(draft, flags, 0o400)
        except FileNotFoundError:
            _make_folder(self._drafts)
            descriptor = os.open(draft, flags, 0o400)
        try:
            with os.fdopen(descriptor, "wb") as file:
                _write_all(file, *layout(digest, encoded))
        except BaseException:
            draft.unlink()
            raise
        return draft

    def has(self, digest: Digest) -> bool:
        """Whether the file is there, whole by its size; the content is not read."""
        try:
            with self.path(digest).open("rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                return parse(file.read(HEADER_SIZE), digest).size == size
        except (OSError, ObjectLost):
            return False

    def load(
        self,
        digest: Digest,
        holes: Sequence[object] = (),
        *,
        plain: bool = False,
        names: set[tuple[str, str]] | None = None,
    ) -> object:
        """The value; its arrays lie in the mapped file, privately: writes to them stay here.
        The other arguments are those of ``decode``.

        Raises
        ------
        ObjectLost
            When the file is missing, cut short or damaged.
        SerializationError
            When the value's class can't be found or refuses.
        """
        import mmap

        try:
            with self.path(digest).open("rb", buffering=0) as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except FileNotFoundError:
            raise ObjectLost(digest, "its file is gone") from None
        except (OSError, ValueError) as error:
            raise ObjectLost(digest, str(error)) from error
        view = memoryview(mapped)
        sections(view, parse(view, digest))
        return decode(view, holes, plain=plain, names=names)

    def load_input(
        self,
        input: Input,  # noqa: A002 - the vocabulary's word
        names: set[tuple[str, str]] | None = None,
    ) -> object:
        """The value of what was sent: bytes, a reference, or a value with holes and their filling.

        ``names`` is that of ``decode``.

        Promises may lead to values with promises, to any depth: built from the innermost out.
        """
        if type(input) is not Composite:
            return self._load_plain(input, (), names)
        made: dict[int, object] = {}
        stack: list[Composite] = [input]
        while stack:
            top = stack[-1]
            inner = [p for p in top.parts if type(p) is Composite and id(p) not in made]
            if inner:
                stack.extend(inner)
                continue
            stack.pop()
            if id(top) not in made:
                holes = [
                    made[id(p)] if id(p) in made else self._load_plain(p, (), names)
                    for p in top.parts
                ]
                made[id(top)] = self._load_plain(top.template, holes, names)
        return made[id(input)]

    def _load_plain(
        self,
        source: Input,
        holes: Sequence[object] = (),
        names: set[tuple[str, str]] | None = None,
    ) -> object:
        if isinstance(source, ObjectRef):
            return self.load(source.digest, holes, names=names)
        assert isinstance(source, bytes)
        return decode(source, holes, names=names)

    def remove(self, digest: Digest) -> None:
        """Drop the file; nothing to do if there is none."""
        try:
            self.path(digest).unlink()
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise disk_trouble(error, self.folder) from error

    def digests(self) -> Iterator[Digest]:
        """Hashes of all the files that are there, whole or not."""
        for group in _names(self.folder):
            if len(group) == 2:
                for name in _names(self.folder / group):
                    if len(name) == 2 * DIGEST_SIZE - 2:
                        yield bytes.fromhex(group + name)

    def drafts(self) -> list[Path]:
        """The files that are being written, or that killed processes left."""
        return [self._drafts / name for name in _names(self._drafts)]

    def set_aside(self, digest: Digest) -> Path:
        """Rename a damaged file to ``*.damaged``, so that it does not count any more."""
        path = self.path(digest)
        aside = path.with_name(f"{path.name}.damaged")
        try:
            path.replace(aside)
        except OSError as error:
            raise disk_trouble(error, self.folder) from error
        return aside

    def sweep(self) -> int:
        """Remove the drafts of processes that are no more; returns how many.

        Only the holder of the lease may call it, before it starts workers: drafts of other hosts'
        workers would be taken for dead ones.
        """
        drafts = _names(self._drafts)
        for name in drafts:
            (self._drafts / name).unlink()
        return len(drafts)


def _names(folder: Path) -> Sequence[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return ()


def _write_all(file: io.BufferedWriter, head: bytes, places: Iterable[tuple[int, Any]]) -> None:
    file.write(head)
    for at, part in places:
        file.write(b"\0" * (at - file.tell()))
        file.write(part)
    file.flush()
    os.fsync(file.fileno())


def _make_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
