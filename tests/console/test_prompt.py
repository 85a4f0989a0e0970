"""The prompt, driven through a pseudo-terminal as a person would."""

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SCRIPT = """
import time
import weft

def quick(n):
    return n

def slow(gate):
    from pathlib import Path
    while not Path(gate).exists():
        time.sleep(0.01)

if __name__ == "__main__":
    context = weft.Context("out")
    for n in range(3):
        context.comp(quick, n)
    context.comp(slow, "gate")
    context.compmake_console()
    print("bye")
"""
IN_TERMINAL = """
import fcntl, runpy, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.argv = ["script.py"]
runpy.run_path("script.py", run_name="__main__")
"""
"""Makes standard input the controlling terminal, whose Ctrl-C is a signal, and runs the script."""
PROMPT = "@:"
PATIENCE = 60.0
"""Seconds after which a test gives up; never waited for when all goes well."""


class Terminal:
    """A script that believes to run in a terminal of 80 columns."""

    def __init__(self, folder: Path, term: str) -> None:
        (folder / "script.py").write_text(SCRIPT)
        self.ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        environment = {**os.environ, "TERM": term}
        environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_TERMINAL],
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        self.text = ""

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def wait_for(self, pattern: str, key: str = "") -> str:
        """What was printed up to the end of the pattern; the rest stays for the next wait.

        ``key`` is pressed until the pattern comes: one that arrives just before Python's input()
        begins to read is noticed only with the next one.
        """
        deadline = time.monotonic() + PATIENCE
        self.type(key)
        while (found := re.search(pattern, self.text)) is None:
            ready, _, _ = select.select([self.ours], [], [], 2.0 if key else PATIENCE)
            if not ready and time.monotonic() < deadline:
                self.type(key)
                continue
            assert ready, f"{pattern!r} did not come; this came: {self.text!r}"
            try:
                chunk = os.read(self.ours, 65536).decode(errors="replace")
            except OSError:  # the other end is closed
                chunk = ""
            assert chunk, f"{pattern!r} did not come before the end; this came: {self.text!r}"
            if "\x1b[6n" in chunk:  # the editor asks where the cursor is
                self.type("\x1b[1;1R")
            self.text += chunk
        before, self.text = self.text[: found.end()], self.text[found.end() :]
        return before

    def end(self) -> int:
        code = self.process.wait(PATIENCE)
        os.close(self.ours)
        return code


Open = Callable[..., Terminal]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    terminals = []

    def start(term: str = "xterm") -> Terminal:
        terminals.append(Terminal(tmp_path, term))
        return terminals[-1]

    yield start
    for terminal in terminals:
        if terminal.process.poll() is None:
            terminal.process.kill()
        terminal.process.wait()


@pytest.fixture(params=["xterm", "dumb"])
def terminal(opened: Open, request: pytest.FixtureRequest) -> Terminal:
    return opened(request.param)


def test_a_conversation_goes_on_after_errors_and_ends_with_exit(terminal: Terminal) -> None:
    terminal.wait_for(r"Weft \S+ \(4 jobs\)")
    terminal.wait_for(PROMPT)
    terminal.type("make quick*\r")
    terminal.wait_for("3 ran, 3 done")
    terminal.wait_for(PROMPT)
    terminal.type("nonsense\r")
    terminal.wait_for("There is no command 'nonsense'")
    terminal.wait_for(PROMPT)
    terminal.type("exit\r")
    terminal.wait_for("bye")
    assert terminal.end() == 0


def test_ctrl_c_says_how_to_leave_and_ctrl_d_leaves(terminal: Terminal) -> None:
    terminal.wait_for(PROMPT)
    terminal.type("half a line")
    terminal.wait_for("Type exit, or press Ctrl-D", key="\x03")
    terminal.wait_for(PROMPT)
    terminal.wait_for("bye", key="\x04")
    assert terminal.end() == 0


def test_the_live_line_names_what_runs(tmp_path: Path, opened: Open) -> None:
    terminal = opened()
    terminal.wait_for(PROMPT)
    terminal.type("parmake n=2\r")
    terminal.wait_for(r"\r3/4 done, 1 running \(slow [^)]*\)\x1b\[K")
    (tmp_path / "gate").touch()
    assert "\x1b[K" in terminal.wait_for("4 ran, 4 done")
    terminal.wait_for(PROMPT)
    terminal.wait_for("bye", key="\x04")
    assert terminal.end() == 0


def test_the_history_is_for_its_owner_only(tmp_path: Path, opened: Open) -> None:
    terminal = opened()
    terminal.wait_for(PROMPT)
    terminal.type("stats\r")
    terminal.wait_for("quick")
    terminal.wait_for(PROMPT)
    terminal.wait_for("bye", key="\x04")
    terminal.end()
    history = tmp_path / "out" / "console_history"
    assert "stats" in history.read_text()
    assert history.stat().st_mode & 0o777 == 0o600


def test_without_a_terminal_progress_comes_as_plain_lines(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT.replace("compmake_console()", "main()"))
    with subprocess.Popen(
        [sys.executable, "script.py", "make"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert re.fullmatch(r"3/4 done, 1 running \(slow [^)]*\)\n", first)
        (tmp_path / "gate").touch()
        rest = process.stdout.read().splitlines()
    assert rest[-2].startswith("4 ran, 4 done")
    assert "\x1b" not in first
