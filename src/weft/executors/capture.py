"""What jobs print, kept per job, at the level of file descriptors.

Output of subprocesses and of C code is kept too, because it goes to the same descriptors. Measured:
0.9 us for a job that prints nothing.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any, TextIO, cast

KEPT = 1024 * 1024
"""Bytes of each stream that are kept at most: the first and the last half of them."""

Output = tuple[str | None, str | None]
"""Text of stdout and of stderr; None where nothing was printed."""


def open_sink(folder: Path) -> int:
    """Descriptor of an unnamed file, in ``folder`` where that is possible."""
    # Appending, because somebody may write through a descriptor with a position of its own
    # (``open("/dev/stdout")``).
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except (AttributeError, OSError):
        return _open_elsewhere()


def _open_elsewhere() -> int:
    import fcntl
    import tempfile  # 10 ms

    with tempfile.TemporaryFile() as file:
        sink = os.dup(file.fileno())
    fcntl.fcntl(sink, fcntl.F_SETFL, fcntl.fcntl(sink, fcntl.F_GETFL) | os.O_APPEND)
    return sink


def read_sink(sink: int) -> str | None:
    """What was written to ``sink``, at most ``KEPT`` bytes of it; None for nothing."""
    size = os.lseek(sink, 0, os.SEEK_END)
    if not size:
        return None
    if size <= KEPT:
        return _text(os.pread(sink, size, 0))
    half = KEPT // 2
    head, tail = os.pread(sink, half, 0), os.pread(sink, half, size - half)
    return f"{_text(head)}\n[... {size - KEPT} bytes left out ...]\n{_text(tail)}"


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


class Capture:
    """Keeps what this process writes to its descriptors 1 and 2.

    Parameters
    ----------
    folder
        Where the unnamed files are, if it can be written to.
    sinks
        Descriptors to use instead of new files, for the life of the process: the real stdout and
        stderr are given up, which what a job leaves running would otherwise keep open
        (``script | cat`` waits for that).
    """

    def __init__(self, folder: Path, *, sinks: tuple[int, int] | None = None) -> None:
        self._sinks = sinks or (open_sink(folder), open_sink(folder))
        self._real = self._sinks if sinks is not None else (_duplicate(1), _duplicate(2))
        self._before = (sys.stdout, sys.stderr)
        self._ours: tuple[TextIO, TextIO] = self._before
        self.resume()

    def resume(self) -> None:
        """Keep what is printed from now on."""
        _flush(*self._ours)
        self._connect(self._sinks)
        self._before = (sys.stdout, sys.stderr)
        self._ways = [_way_of(stream) for stream in self._before]
        self._ours = _stream(1, sys.stdout), _stream(2, sys.stderr)
        sys.stdout, sys.stderr = self._ours

    def pause(self) -> None:
        """Let what is printed from now on go where it went before."""
        _flush(*self._ours)
        self._connect(self._real)
        if (sys.stdout, sys.stderr) == self._ours:
            sys.stdout, sys.stderr = self._before
        for stream, way in zip(self._before, self._ways, strict=True):
            if way is not None and not stream.closed:
                cast("io.TextIOWrapper", stream).reconfigure(**way)

    def _connect(self, targets: tuple[int, int]) -> None:
        os.dup2(targets[0], 1)
        os.dup2(targets[1], 2)

    def take(self) -> Output | None:
        """What was printed since the last call; None when nothing was, which is the usual case.

        Descriptors and streams that a job closed or replaced are put back.
        """
        stdout, stderr = self._ours
        if sys.stdout is not stdout or sys.stderr is not stderr or stdout.closed or stderr.closed:
            self._restore_streams()
        else:
            stdout.flush()
            stderr.flush()
        out, err = self._sinks
        os.dup2(out, 1)
        os.dup2(err, 2)
        if not (os.lseek(out, 0, os.SEEK_END) or os.lseek(err, 0, os.SEEK_END)):
            return None
        output = read_sink(out), read_sink(err)
        os.truncate(out, 0)
        os.truncate(err, 0)
        return output

    def _restore_streams(self) -> None:
        _flush(sys.stdout, sys.stderr, *self._ours)
        stdout, stderr = self._ours
        self._ours = _stream(1, stdout), _stream(2, stderr)
        sys.stdout, sys.stderr = self._ours

    def close(self) -> None:
        """Stop for good."""
        self.pause()
        for descriptor in {*self._sinks, *self._real}:
            os.close(descriptor)


def _duplicate(descriptor: int) -> int:
    try:
        return os.dup(descriptor)
    except OSError:  # a daemon's descriptors may be closed
        return os.open(os.devnull, os.O_WRONLY)


def _flush(*streams: TextIO | None) -> None:
    for stream in streams:
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):
                continue  # closed, or not a stream at all: a job put it there


def _stream(descriptor: int, current: TextIO | None) -> TextIO:
    """``current`` if it writes to ``descriptor``: logging handlers may hold it; else a new one."""
    if isinstance(current, io.TextIOWrapper) and not current.closed:
        try:
            if current.fileno() == descriptor:
                current.reconfigure(**_OUR_WAY)
                return current
        except (OSError, ValueError):
            pass
    stream = open(descriptor, "w", closefd=False)  # noqa: SIM115 - stays as long as the process
    stream.reconfigure(**_OUR_WAY)
    return stream


# By line, so that what a job printed before it was killed is there to be read.
_OUR_WAY: dict[str, Any] = {
    "encoding": "utf-8",
    "errors": "backslashreplace",
    "line_buffering": True,
}


def _way_of(stream: TextIO | None) -> dict[str, Any] | None:
    """How a stream turns text into bytes now, to be put back."""
    if not isinstance(stream, io.TextIOWrapper):
        return None
    return {
        "encoding": stream.encoding,
        "errors": stream.errors,
        "line_buffering": stream.line_buffering,
    }
