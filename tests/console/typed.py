"""A program on a terminal of its own: what it shows is read, and keys are typed."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

PATIENCE = 60.0
"""Seconds after which a test is hanging."""
SOURCE = Path(__file__).resolve().parents[2] / "src"

GATES = """
import pathlib, sys, time
import weft

here = pathlib.Path(__file__).parent

def wait(name, *after):
    print(f"{name} says hello", flush=True)
    (here / f"{name}.begun").touch()
    while not (here / f"{name}.go").exists():
        time.sleep(0.005)
    print(f"{name} says goodbye", flush=True)
    return name

if __name__ == "__main__":
    context = weft.Context(here / "out")
    for name in "abcd":
        job = context.comp(wait, name, job_id=name)
    context.comp(wait, "e", job, job_id="e")
    context.main()
"""
"""Five jobs, the last after ``d``; each ends when ``NAME.go`` is there."""


class Typed:
    """A script that runs on a pseudo-terminal of 80 columns."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        ahead: str = "",
        columns: int = 80,
        term: str = "xterm",
        colours: bool = False,
    ) -> None:
        self.folder = folder
        self.text = ""
        self.ours, self.theirs = pty.openpty()
        ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.mode = termios.tcgetattr(self.theirs)
        self.press(ahead)
        theirs = self.theirs
        site = [path for path in sys.path if path.endswith("site-packages")]
        kept = {n: v for n, v in os.environ.items() if "PYTEST" not in n and n != "COLUMNS"}
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env={
                **kept,
                "TERM": term,
                "NO_COLOR": "" if colours else "1",
                "PYTHONPATH": os.pathsep.join([str(SOURCE), *site]),
            },
            preexec_fn=lambda: os.login_tty(theirs),
        )

    def __enter__(self) -> Typed:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def open_gates(self, names: str) -> None:
        for name in names:
            (self.folder / f"{name}.go").touch()

    def begun(self) -> set[str]:
        return {path.stem for path in self.folder.glob("*.begun")}

    def until(self, what: str | Callable[[], bool], key: str = "") -> str:
        """Read on until a pattern was shown since the last call, or something is true.

        ``key`` is pressed again and again until then: one that arrives just before Python's input()
        begins to read is noticed only with the next one.
        """
        began = time.monotonic()
        deadline, again = began + PATIENCE, began
        while True:
            if key and time.monotonic() >= again:
                self.press(key)
                again += 2.0
            if isinstance(what, str):
                found = re.search(what, self.text)
                if found:
                    shown, self.text = self.text[: found.end()], self.text[found.end() :]
                    return shown
            elif what():
                return self.text
            assert time.monotonic() < deadline, f"{what} did not come: {self.text[-2000:]}"
            self.read(0.05)

    def read(self, seconds: float = 0.0) -> None:
        while select.select([self.ours], [], [], seconds)[0]:
            try:
                chunk = os.read(self.ours, 65536).decode(errors="replace")
            except OSError:
                return
            if "\x1b[6n" in chunk:  # the line editor asks where the cursor is
                self.press("\x1b[1;1R")
            self.text += chunk
            seconds = 0.0

    def end(self) -> int:
        """The exit code; what is shown until then is read."""
        self.until(lambda: self.process.poll() is not None)
        self.read()
        return self.process.returncode

    @property
    def by_line(self) -> bool:
        """Whether the terminal is as it was: it gives whole lines, and shows what is typed."""
        return termios.tcgetattr(self.theirs) == self.mode
