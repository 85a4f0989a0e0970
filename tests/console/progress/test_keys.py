"""Keys on a real pseudo-terminal, with real jobs that wait until they are let go."""

import os
import signal
from pathlib import Path

import pytest

from tests.console.typed import GATES, Typed
from weft.console.progress.keys import Kill, Steering, Wish

RUNNING = {number: f"job-{number}" for number in range(1, 13)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(GATES)
    return tmp_path


# -- which key means what ------------------------------------------------------------------------


def test_keys_mean_wishes_and_others_nothing() -> None:
    wishes = Steering().press("px+=-q\r", RUNNING)
    assert wishes == [Wish.PAUSE, Wish.MORE, Wish.MORE, Wish.FEWER, Wish.REPAINT]


def test_arrow_keys_mean_nothing() -> None:
    assert Steering().press("\x1b[A\x1bOP\x1b[1;5C", RUNNING) == []


def test_the_only_job_is_killed_at_once() -> None:
    steering = Steering()
    assert steering.press("k", {3: "c"}) == [Kill("c")]
    assert not steering.question


def test_nothing_is_asked_when_nothing_runs() -> None:
    steering = Steering()
    assert steering.press("k", {}) == []
    assert not steering.question


def test_a_number_is_taken_as_soon_as_it_can_mean_but_one() -> None:
    assert Steering().press("k5", RUNNING) == [Kill("job-5")]
    assert Steering().press("k1", RUNNING) == []
    assert Steering().press("k12", RUNNING) == [Kill("job-12")]
    assert Steering().press("k1\n", RUNNING) == [Kill("job-1")]


def test_impossible_numbers_are_not_taken_and_typed_ones_can_be_taken_back() -> None:
    assert Steering().press("k9", {1: "a", 2: "b"}) == []
    assert Steering().press("k1\x7f2", {1: "a", 2: "b", 10: "c"}) == [Kill("b")]


def test_escape_leaves_the_question() -> None:
    steering = Steering()
    assert steering.press("k\x1bp", RUNNING) == [Wish.PAUSE]
    assert not steering.question


def test_a_job_is_meant_that_ran_when_it_was_asked() -> None:
    steering = Steering()
    steering.press("k", {1: "a", 2: "b"})
    assert steering.press("2", {1: "a", 2: "started since"}) == [Kill("b")]


# -- on a terminal -------------------------------------------------------------------------------


def test_p_begins_no_new_jobs_until_it_is_pressed_again(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=2") as shell:
        shell.until("p pause")
        shell.press("p")
        shell.until("paused")
        before = shell.begun()
        shell.open_gates("abcde")
        shell.until("2/5 done")
        shell.until("2/5 done")
        assert shell.begun() == before
        shell.press("p")
        assert shell.end() == 0
        assert shell.by_line
        assert "5 ran, 5 done" in shell.text


def test_plus_and_minus_change_the_number_of_workers(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=1") as shell:
        shell.until(r"workers \(1\)")
        shell.press("++")
        shell.until(r"workers \(3\)")
        shell.until(lambda: len(shell.begun()) == 3)
        shell.press("--")
        shell.until(r"workers \(1\)")
        shell.open_gates("abcde")
        assert shell.end() == 0


def test_k_kills_one_job_and_the_run_goes_on(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=4") as shell:
        shell.until(lambda: shell.begun() == set("abcd"))
        shell.until("[1-4] ▶ d .*")
        shell.until("p pause")
        shell.press("k")
        shown = shell.until("kill which.*leaves: ")
        number = [line for line in shown.split("\n") if "▶ d " in line][-1].split("▶")[0][-2]
        shell.press(number)
        shell.until("d: killed")
        shell.open_gates("abc")
        shell.end()
        assert "3 ran, 3 done, 0 failed, 0 blocked, 1 cancelled, 1 not started" in shell.text
        assert shell.by_line


def test_ctrl_c_stops_and_the_terminal_is_as_before(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=2") as shell:
        shell.until("p pause")
        assert not shell.by_line
        shell.press("\x03")
        assert shell.end() == 1
        assert shell.by_line
        assert "Stopped." in shell.text


def test_what_was_typed_ahead_is_left_for_whoever_reads_next(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=2", ahead="k1 ls") as shell:
        shell.until("0/5 done")
        shell.until("0/5 done")
        assert shell.by_line
        shell.open_gates("abcde")
        assert shell.end() == 0
        assert "p pause" not in shell.text
        shell.press("\n")
        assert os.read(shell.theirs, 100).startswith(b"k1 ls")


def test_a_signal_that_ends_the_process_leaves_the_terminal_as_before(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=2") as shell:
        shell.until("p pause")
        shell.process.terminate()
        assert shell.end() == -signal.SIGTERM
        assert shell.by_line


SHELL = """
import os, signal, sys, termios

signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if not child:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "script.py", "parmake", "n=2"])
while True:
    _, status = os.waitpid(child, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    by_line = bool(termios.tcgetattr(0)[3] & termios.ICANON)
    print(f"shell: stopped, by line: {by_line}", flush=True)
    sys.stdin.readline()
    print("shell: going on", flush=True)
    os.tcsetpgrp(0, child)
    os.killpg(child, signal.SIGCONT)
"""


def test_a_stopped_run_gives_the_terminal_back_and_takes_it_again(folder: Path) -> None:
    (folder / "shell.py").write_text(SHELL)
    with Typed(folder, "shell.py") as shell:
        shell.until("p pause")
        shell.press("\x1a")
        shell.until("shell: stopped, by line: True")
        shell.press("fg\n")
        shell.until("shell: going on")
        shell.until("p pause")
        shell.press("p")
        shell.until("paused")
        shell.press("p")
        shell.open_gates("abcde")
        assert shell.end() == 0
        assert shell.by_line


def test_an_inline_run_takes_no_keys(folder: Path) -> None:
    with Typed(folder, "script.py", "make", "executor=inline") as shell:
        shell.until(lambda: bool(shell.begun()))
        assert shell.by_line
        shell.press("k")
        shell.open_gates("abcde")
        assert shell.end() == 0
        assert "5 ran, 5 done" in shell.text
