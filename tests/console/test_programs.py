"""Scripts and the program ``weft``, as users run them: output, exit codes, what an edit causes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.conftest import stable

SCRIPT = """
import weft

def load(path):
    return [1, 2, 3]

def helper(x):
    return x + 1

def fit(data, alpha):
    return helper(sum(data)) / alpha

def draw(model):
    return "#" * int(model)

if __name__ == "__main__":
    context = weft.Context("out")
    data = context.comp(load, "a.csv")
    for alpha in [0, 1]:
        model = context.comp(fit, data, alpha, job_id=f"fit-{alpha}")
        context.comp(draw, model, job_id=f"draw-{alpha}")
    context.main()
    print("after main")
"""


def run(folder: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


@pytest.fixture
def made(folder: Path) -> Path:
    assert run(folder, "script.py", "parmake", "n=2").returncode == 113
    return folder


def test_a_script_makes_in_parallel_and_exits_with_113_when_jobs_failed(folder: Path) -> None:
    ended = run(folder, "script.py", "parmake n=2")
    lines = stable(ended.stdout)
    assert ended.returncode == 113
    assert lines[0] == "✗ fit-0 failed: ZeroDivisionError: division by zero"
    assert lines[-1] == "4 ran, 3 done, 1 failed, 1 blocked, in TIME."
    assert "why failed" in ended.stderr


def test_a_script_goes_on_after_success(folder: Path) -> None:
    ended = run(folder, "script.py", "make", "draw-1")
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1] == "after main"


def test_a_command_that_fails_exits_with_1(folder: Path) -> None:
    ended = run(folder, "script.py", "maek")
    assert ended.returncode == 1
    assert "Did you mean make" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_edit_is_explained_before_and_after_the_run(made: Path) -> None:
    (made / "script.py").write_text(SCRIPT.replace("return x + 1", "return x + 2"))
    before = stable(run(made, "script.py", "why fit-1 load").stdout)
    assert before[:2] == [
        "✓ load  ran in the last run: it had no result before",
        "○ fit-1  will run: helper changed",
    ]
    run(made, "script.py", "make")
    after = stable(run(made, "script.py", "why done").stdout)
    assert after[:3] == [
        "✓ load  fresh: its result for this code and these inputs is known",
        "✓ fit-1  ran in the last run: helper changed",
        "✓ draw-1  ran in the last run: dependency fit-1 gave another result",
    ]


def test_lines_from_a_pipe_are_obeyed_until_their_end(made: Path) -> None:
    ended = run(made, "script.py", stdin="ls load\nnonsense\n\nls draw-1\n")
    assert stable(ended.stdout) == [
        "✓  load  done  load()  TIME  TIME ago",
        "✓  draw-1  done  draw()  TIME  TIME ago",
        "after main",
    ]
    assert "no command 'nonsense'" in ended.stderr
    assert ended.returncode == 0


def test_the_last_line_from_a_pipe_decides_the_exit_code(made: Path) -> None:
    assert run(made, "script.py", stdin="ls\nmake\n").returncode == 113
    assert run(made, "script.py", stdin="nonsense\nexit\nls\n").returncode == 1
    assert run(made, "script.py", stdin="nonsense\nls\n").returncode == 0


def test_the_program_opens_a_folder_without_its_script(made: Path) -> None:
    (made / "script.py").unlink()
    ended = run(made, "-m", "weft", "out", "-c", "ls; why failed")
    assert ended.returncode == 0
    assert stable(ended.stdout)[:5] == [
        "✓  load  done  load()  TIME  TIME ago",
        "✗  fit-0  failed  fit()  TIME ago",
        "■  draw-0  blocked  draw()",
        "✓  fit-1  done  fit()  TIME  TIME ago",
        "✓  draw-1  done  draw()  TIME  TIME ago",
    ]


def test_the_program_can_not_run_what_it_does_not_know(made: Path) -> None:
    ended = run(made, "-m", "weft", "out", "-c", "make")
    assert ended.returncode == 113
    assert "Run the script" in ended.stderr


@pytest.mark.parametrize("words", [("ls", "failed"), ("ls failed",), ("-c", "ls failed")])
def test_the_program_takes_commands_as_words_of_the_shell(
    made: Path, words: tuple[str, ...]
) -> None:
    ended = run(made, "-m", "weft", "out", *words)
    assert stable(ended.stdout) == ["✗  fit-0  failed  fit()  TIME ago"]


def test_looking_commands_give_one_json_document(made: Path) -> None:
    found = json.loads(run(made, "-m", "weft", "out", "ls", "--json", "fit*").stdout)
    assert [(job["job_id"], job["state"], job["function"]) for job in found] == [
        ("fit-0", "failed", "fit"),
        ("fit-1", "done", "fit"),
    ]


def test_settings_may_stand_before_the_commands(made: Path) -> None:
    for words in (("--retries=3", "out"), ("out", "--retries=3")):
        ended = run(made, "-m", "weft", *words, "config", "retries")
        assert "command line" in ended.stdout
    ended = run(made, "script.py", "--retrys=3", "ls")
    assert (ended.returncode, "Did you mean retries?" in ended.stderr) == (1, True)


@pytest.mark.parametrize("words", [(), ("out", "-c"), ("out", "-c", "ls", "why")])
def test_the_program_says_how_it_is_called(made: Path, words: tuple[str, ...]) -> None:
    ended = run(made, "-m", "weft", *words)
    assert ended.returncode == 1
    assert "Next:" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_that_is_none_of_ours_is_refused(tmp_path: Path, name: str) -> None:
    ended = run(tmp_path, "-m", "weft", name, "-c", "ls")
    assert ended.returncode == 1
    assert f"{name} is no folder of Weft." in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_is_no_bug(made: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        ended = subprocess.run(
            [sys.executable, "script.py", "ls"],
            cwd=made,
            stdout=gone,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (1, b"")


def status(folder: Path, redirected: str, words: str = "ls") -> tuple[int, str]:
    """Exit code and errors of the script with other standard streams."""
    ended = subprocess.run(
        f"exec {sys.executable} script.py {words} {redirected}",
        shell=True,
        cwd=folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("closed", [">&-", "<&-", "<&- >&-"])
@pytest.mark.parametrize("words", ["ls", "make executor=inline draw-1", "make draw-1", ""])
def test_without_standard_streams_commands_work_silently(
    folder: Path, closed: str, words: str
) -> None:
    assert status(folder, closed, words) == (0, "")
    assert run(folder, "script.py", "make", "draw-1").returncode == 0


def test_without_stderr_the_exit_code_is_the_same(folder: Path) -> None:
    assert status(folder, "2>&-", "maek") == (1, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("words", ["ls", "make executor=inline draw-1"])
def test_a_full_disk_behind_stdout_is_no_bug(made: Path, words: str) -> None:
    code, errors = status(made, "> /dev/full", words)
    assert code == 1
    assert errors == "The output can't be written: No space left on device.\n"
    assert list(made.glob("out/bug*")) == []


def test_the_program_tells_its_version(tmp_path: Path) -> None:
    import weft

    assert run(tmp_path, "-m", "weft", "--version").stdout.strip().endswith(weft.__version__)


def test_importing_weft_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, weft; weft.Context; "
        "print(sorted({'rich', 'click', 'prompt_toolkit', 'psutil', 'cloudpickle', 'numpy', "
        "'multiprocessing', 'socket', 'subprocess', 'asyncio'} & set(sys.modules)))"
    )
    assert run(tmp_path, "-c", code).stdout.strip() == "[]"
