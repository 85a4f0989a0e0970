"""The prompt, driven through a pseudo-terminal as a person would."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.console.typed import Typed

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
PROMPT = "@:"

Open = Callable[..., Typed]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    (tmp_path / "script.py").write_text(SCRIPT)
    terminals: list[Typed] = []

    def start(**how: object) -> Typed:
        terminals.append(Typed(tmp_path, "script.py", **how))  # type: ignore[arg-type]
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.__exit__()


@pytest.fixture(params=["xterm", "dumb"])
def terminal(opened: Open, request: pytest.FixtureRequest) -> Typed:
    return opened(term=request.param)


def test_a_conversation_goes_on_after_errors_and_ends_with_exit(terminal: Typed) -> None:
    terminal.until(r"Weft \S+ \(4 jobs\)")
    terminal.until(PROMPT)
    terminal.press("make quick*\r")
    terminal.until("3 ran, 3 done")
    terminal.until(PROMPT)
    terminal.press("nonsense\r")
    terminal.until("There is no command 'nonsense'")
    terminal.until(PROMPT)
    terminal.press("exit\r")
    terminal.until("bye")
    assert terminal.end() == 0


def test_ctrl_c_says_how_to_leave_and_ctrl_d_leaves(terminal: Typed) -> None:
    terminal.until(PROMPT)
    terminal.press("half a line")
    terminal.until("Type exit, or press Ctrl-D", key="\x03")
    terminal.until(PROMPT)
    terminal.until("bye", key="\x04")
    assert terminal.end() == 0


def test_the_live_view_names_what_runs_and_gives_the_prompt_back(
    tmp_path: Path, opened: Open
) -> None:
    terminal = opened()
    terminal.until(PROMPT)
    terminal.press("parmake n=2\r")
    terminal.until(r"3/4 [\s\S]*slow")
    (tmp_path / "gate").touch()
    assert "\x1b[K" in terminal.until("4 ran, 4 done")
    terminal.until(PROMPT)
    terminal.until("bye", key="\x04")
    assert terminal.end() == 0


def test_the_history_is_for_its_owner_only_and_lasts(tmp_path: Path, opened: Open) -> None:
    terminal = opened()
    terminal.until(PROMPT)
    terminal.press("stats slow()\r")
    terminal.until("all|slow")
    terminal.until(PROMPT)
    terminal.until("bye", key="\x04")
    terminal.end()
    history = tmp_path / "out" / "console_history"
    assert "stats slow()" in history.read_text()
    assert history.stat().st_mode & 0o777 == 0o600
    again = opened()
    again.until(PROMPT)
    again.press("\x1b[A")  # the arrow up
    again.until("slow")
    again.press("\r")
    again.until(r"slow\(\)  +1")


def test_the_toolbar_counts_and_colours_stand_beside_words(opened: Open) -> None:
    terminal = opened(colours=True)
    terminal.until(r"out: 4 jobs[\s\S]*4 ready")
    terminal.press("make quick*\r")
    terminal.until(r"\x1b\[0;32;7m\S 3 done[\s\S]*1 ready")


def test_tab_completes_ids_and_words(opened: Open) -> None:
    terminal = opened()
    terminal.until(PROMPT)
    terminal.press("ls quick-2 or slo\t")
    terminal.until("slow than|slower")


def test_what_drops_results_asks_first(terminal: Typed) -> None:
    terminal.until(PROMPT)
    terminal.press("make quick*\r")
    terminal.until("3 ran")
    terminal.until(PROMPT)
    terminal.press("clean quick*\r")
    terminal.until(r"Clean 3 jobs: [^?]*\? \[y/N\]")
    terminal.press("n\r")
    terminal.until("othing was cleaned")
    terminal.until(PROMPT)
    terminal.press("clean quick*\r")
    terminal.until(r"\[y/N\]")
    terminal.press("y\r")
    terminal.until("Cleaned 3 jobs")


def test_an_edit_is_noticed_and_reload_takes_it_in(tmp_path: Path, terminal: Typed) -> None:
    terminal.until(PROMPT)
    (tmp_path / "script.py").write_text(SCRIPT.replace("range(3)", "range(5)"))
    terminal.press("ls quick\r")
    terminal.until("until you reload")
    terminal.until(PROMPT)
    terminal.press("reload\r")
    terminal.until(r"Weft \S+ \(6 jobs\)")
    terminal.until(PROMPT)
    terminal.until("bye", key="\x04")
    assert terminal.end() == 0


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
