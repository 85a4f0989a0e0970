"""Where pictures are written to."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from weft.errors import CommandFailed


def write_file(path: Path, content: bytes) -> None:
    """Write a file of the user's, whole or not at all: what was there stays until then.

    Raises
    ------
    CommandFailed
        When it can't be written.
    """
    try:
        if path.exists() and not path.is_file():  # such as /dev/stdout, which is not replaced
            path.write_bytes(content)
        else:
            _replace(path.resolve(), content)
    except OSError as error:
        raise CommandFailed(
            "The file can't be written.",
            facts={"file": path, "because": error.strerror or error},
            cure="Choose another place with to=FILE.",
        ) from error


def _replace(path: Path, content: bytes) -> None:
    number, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
