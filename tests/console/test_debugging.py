"""``debug`` in a real terminal: what it says, where the debugger opens, how it is left."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.console.typed import Typed
from weft.context import Context

STEPS = """
from pathlib import Path
import weft

def load(n):
    return list(range(n))

def inner(data):
    share = 7
    return share / len(data[:0])

def fit(data, alpha):
    number = alpha + 1
    if Path("fixed").exists():
        return number
    return inner(data) * number

def wrong(a):
    return a

def generate(context):
    secret = 5
    context.comp(3)

def total(number):
    return number
"""
SCRIPT = """
import weft, steps

if __name__ == "__main__":
    context = weft.Context("out")
    fitted = context.comp(steps.fit, context.comp(steps.load, 3), 1)
    context.comp(steps.total, fitted)
    context.comp(steps.wrong)
    context.comp_dynamic(steps.generate)
    context.main()
    print("bye")
"""
PDB = r"\(Pdb\) "


class Debugged(Typed):
    """A program in a terminal."""

    def rest(self) -> str:
        """What is printed until the end."""
        self.until(lambda: self.process.poll() is not None)
        self.read()
        return self.text


Start = Callable[..., Debugged]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    (tmp_path / "steps.py").write_text(STEPS)
    (tmp_path / "script.py").write_text(SCRIPT)
    terminals: list[Debugged] = []

    def started(*words: str, term: str = "dumb") -> Debugged:
        terminals.append(Debugged(tmp_path, *words, term=term))
        return terminals[-1]

    made = subprocess.run(
        [sys.executable, "script.py", "make"], cwd=tmp_path, capture_output=True, check=False
    )
    assert made.returncode == 113
    yield started
    for terminal in terminals:
        terminal.__exit__()


@pytest.mark.parametrize(
    "words", [("script.py", "debug", "fit"), ("-m", "weft", "out", "-c", "debug fit")]
)
def test_it_opens_where_the_job_failed_with_the_arguments_it_had(
    start: Start, words: tuple[str, ...], tmp_path: Path
) -> None:
    if words[0] == "-m":
        (tmp_path / "script.py").unlink()
    terminal = start(*words)
    told = terminal.until(PDB)
    assert "Runs now, in this process: fit(<load>, 1)" in told
    assert "Failed last with: ZeroDivisionError: division by zero" in told
    assert "q leaves" in told
    assert "return share / len(data[:0])" in told
    terminal.press("p share, data\n")
    terminal.until(r"\(7, \[0, 1, 2\]\)")
    terminal.until(PDB)
    terminal.press("u\n")
    terminal.until(PDB)
    terminal.press("p number\n")
    terminal.until("2\r\n")
    terminal.until(PDB)
    terminal.press("u\n")
    assert "Oldest frame" in terminal.until(PDB)
    terminal.press("q\n")
    rest = terminal.rest()
    assert "fit failed: ZeroDivisionError: division by zero" in rest
    assert "Traceback" not in rest
    assert terminal.end() == 0


@pytest.mark.parametrize("way", ["q\n", "\x04", "c\n", "n\n", "exit\n", "restart\n"])
def test_every_way_out_ends_cleanly_and_the_attempt_counts_as_failed(
    start: Start, way: str, tmp_path: Path
) -> None:
    terminal = start("script.py", "debug", "fit")
    terminal.until(PDB)
    terminal.press(way)
    rest = terminal.rest()
    assert "fit failed: ZeroDivisionError: division by zero" in rest
    assert "Traceback" not in rest
    assert "bug of Weft" not in rest
    assert terminal.end() == 0
    context = Context.remembered(tmp_path / "out")
    with context.reading() as store:
        attempts = store.chronicle.attempts("fit")
    assert [attempt.state.failed for attempt in attempts] == [True, True]
    assert str(attempts[-1].error) == "ZeroDivisionError: division by zero"


def test_ctrl_c_at_the_debuggers_prompt_neither_ends_it_nor_the_run(start: Start) -> None:
    terminal = start("script.py", "debug", "fit")
    terminal.until(PDB)
    terminal.press("while True: pass\n")
    terminal.until("while True: pass")
    terminal.until(PDB, key="\x03")
    terminal.press("p share\n")
    terminal.until("7\r\n")
    terminal.until(PDB)
    terminal.press("q\n")
    assert "fit failed" in terminal.rest()
    assert terminal.end() == 0


def test_a_job_that_does_not_fail_any_more_keeps_its_result(start: Start, tmp_path: Path) -> None:
    (tmp_path / "fixed").touch()
    terminal = start("script.py", "debug fit; debug fit")
    rest = terminal.rest()
    assert "fit did not fail this time; its result is kept." in rest
    assert "There is nothing to debug: job 'fit' is done." in rest
    assert "invalidate fit, then debug it." in rest
    assert terminal.end() == 1


def test_a_call_that_itself_fails_has_no_frame_to_look_at(start: Start) -> None:
    terminal = start("script.py", "debug", "wrong")
    rest = terminal.rest()
    assert "wrong() missing 1 required positional argument" in rest
    assert "there is no frame of your own code" in rest
    assert "(Pdb)" not in rest
    assert terminal.end() == 0


def test_wefts_own_frames_are_left_out_inside_too(start: Start) -> None:
    terminal = start("script.py", "debug", "generate")
    assert "context.comp(3)" in terminal.until(PDB)
    terminal.press("p secret\n")
    terminal.until("5\r\n")
    terminal.until(PDB)
    terminal.press("q\n")
    assert "generate failed: UserError: comp() needs a function first" in terminal.rest()
    terminal.end()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("total", ["what it depends on is not done", "not done: fit", "Next: make fit"]),
        ("'f* or t*'", ["One job at a time", "they are: fit, total"]),
        ("load", ["There is nothing to debug"]),
    ],
)
def test_what_cannot_be_debugged_is_refused(start: Start, word: str, told: list[str]) -> None:
    terminal = start("script.py", f"debug {word.strip(chr(39))}")
    rest = terminal.rest()
    assert all(text in rest for text in told), rest
    assert terminal.end() == 1


def test_a_make_with_the_debugger_goes_on_with_the_other_jobs(start: Start) -> None:
    terminal = start("script.py", "make fit wrong pdb=1")
    terminal.until(PDB)
    terminal.press("q\n")
    rest = terminal.rest()
    assert "wrong() missing" in rest
    assert "2 jobs failed" in rest
    assert terminal.end() == 113


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_a_prompt_goes_on_after_the_debugger(start: Start, term: str) -> None:
    terminal = start("script.py", term=term)
    terminal.until("@:")
    terminal.press("debug fit\r")
    terminal.until(PDB)
    terminal.press("p share\n")
    terminal.until("7\r\n")
    terminal.until(PDB)
    terminal.press("q\n")
    terminal.until("fit failed: ZeroDivisionError")
    terminal.until("@:")
    terminal.press("exit\r")
    terminal.until("bye")
    assert terminal.end() == 0


def test_without_a_terminal_it_says_so(start: Start, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "script.py", "debug", "fit"],
        cwd=tmp_path,
        input="q\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "debug needs a terminal" in ended.stderr
