import io
from pathlib import Path

import pytest

import weft
from tests.console.conftest import Open
from weft.console.session import run_guarded
from weft.console.text.screen import Screen

FOLDER = Path("does-not-exist")


def guarded(error: BaseException, folder: Path = FOLDER) -> tuple[int, str]:
    def fail() -> None:
        raise error

    stream = io.StringIO()
    return run_guarded(fail, folder, Screen(stream)), stream.getvalue()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (weft.MakeFailed("One failed."), 113),
        (weft.UserError("Wrong."), 1),
        (weft.CommandFailed("Failed."), 1),
        (weft.StoreError("Disk."), 1),
        (weft.WeftBug("Oh."), 114),
        (KeyboardInterrupt(), 1),
    ],
)
def test_every_error_has_its_exit_code_and_words(error: BaseException, code: int) -> None:
    found, text = guarded(error)
    assert found == code
    assert text.strip()
    assert "Traceback" not in text


def test_an_error_can_not_steer_the_terminal() -> None:
    _, text = guarded(weft.UserError("No \x1b[2J.", facts={"job": "a\rb"}))
    assert text == "No \\x1b[2J.\n  job: a\\rb\n"


def test_no_error_is_code_0() -> None:
    assert run_guarded(lambda: None, FOLDER) == 0


def test_an_error_of_ours_is_reported_into_the_folder(tmp_path: Path) -> None:
    code, text = guarded(RuntimeError("boom"), tmp_path)
    (report,) = tmp_path.glob("bug-*.txt")
    assert code == 114
    assert "please report it" in text
    assert "RuntimeError: boom" in report.read_text()


def test_without_a_folder_the_report_goes_to_the_screen() -> None:
    code, text = guarded(RuntimeError("boom"))
    assert code == 114
    assert "Traceback" in text


def test_the_first_failing_command_stops_the_sequence(opened: Open) -> None:
    console = opened(0)
    console("make executor=inline; clean")
    assert console("ls load")[0].startswith("✓")


def test_a_slip_in_a_later_command_is_found_before_the_first_runs(opened: Open) -> None:
    console = opened(1)
    with pytest.raises(weft.UserError, match="claen"):
        console("make executor=inline; claen")
    assert console("ls load")[0].startswith("○")


def test_batch_command_prints_and_raises(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    context = opened(0).context
    with pytest.raises(weft.MakeFailed):
        context.batch_command("make executor=inline")
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_batch_command_ends_quietly_at_exit(opened: Open) -> None:
    opened(1).context.batch_command("exit; clean")


def test_interpret_commands_wrap_is_batch_command(
    opened: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(1).context.interpret_commands_wrap("ls load")
    assert "load()" in capsys.readouterr().out


def test_main_returns_on_success(opened: Open) -> None:
    opened(1).context.main(["ls"])


def test_main_exits_with_the_code_of_the_failure(
    opened: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        opened(0).context.main(["make", "executor=inline"])
    assert caught.value.code == 113
    assert "why failed" in capsys.readouterr().err
