"""``log`` and ``top``: of runs that ended, and of one that another process makes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import weft
from tests.console.conftest import Console
from tests.console.typed import GATES, Typed
from weft.console.session import Session
from weft.console.text.screen import Screen
from weft.console.views.watching import Top, TopJob, TopRun


def talk(name: str, *, fails: bool = False) -> None:
    import sys

    print(f"{name} 1\n{name} 2\n{name} 3")
    if fails:
        print("oh", file=sys.stderr)
        raise ValueError(name)


def console(folder: Path) -> Console:
    context = weft.Context(folder / "out")
    context.comp(talk, "a", job_id="a")
    context.comp(talk, "b", fails=True, job_id="b")
    context.comp(len, "silent", job_id="c")
    return Console(context)


def test_log_shows_what_a_job_printed(tmp_path: Path) -> None:
    type_ = console(tmp_path)
    assert type_("log a") == ["a never ran."]
    type_("make")
    assert type_("log a") == ["a 1", "a 2", "a 3"]
    assert type_("log b") == ["-- stdout", "b 1", "b 2", "b 3", "-- stderr", "oh"]
    assert type_("log c") == ["c printed nothing."]
    assert type_("log a lines=2") == ["a 2", "a 3"]


def test_log_of_several_jobs_has_heads(tmp_path: Path) -> None:
    type_ = console(tmp_path)
    type_("make")
    assert type_("log a b lines=1") == [
        "== a, attempt 1, done",
        "a 3",
        "== b, attempt 1, failed",
        "-- stdout",
        "b 3",
        "-- stderr",
        "oh",
    ]


def test_log_of_an_earlier_attempt(tmp_path: Path) -> None:
    type_ = console(tmp_path)
    type_("make")
    type_("make")
    assert type_("log b attempt=1")[1] == "b 1"
    with pytest.raises(weft.UserError, match="has no attempt 7"):
        type_("log b attempt=7")


def test_log_as_json(tmp_path: Path) -> None:
    type_ = console(tmp_path)
    type_("make")
    (page,) = json.loads("\n".join(type_("log --json a")))
    assert (page["job_id"], page["attempt"], page["state"]) == ("a", 1, "done")
    assert page["stdout"] == "a 1\na 2\na 3\n"


def test_following_a_job_that_has_ended_tells_how(tmp_path: Path) -> None:
    type_ = console(tmp_path)
    type_("make")
    assert type_("log -f b") == ["b 1", "b 2", "b 3", "oh", "✗ b failed: ValueError: b, after TIME"]
    with pytest.raises(weft.UserError, match="One job can be followed"):
        type_("log -f a b")


def test_top_without_a_run_shows_the_slowest_jobs_of_the_last(tmp_path: Path) -> None:
    type_ = console(tmp_path)
    assert type_("top") == ["No make is going on here."]
    type_("make")
    first, second, *rest = type_("top")
    assert first == "No make is going on here."
    assert second == "The slowest jobs of the last run:"
    assert len(rest) == 4
    assert json.loads(shown(tmp_path, "top json=1"))["going_on"] is None


def test_top_shows_a_run_in_a_table() -> None:
    job = TopJob("fit-1", "fit", 2, 77, 12.0, "epoch 1/9", 2**20, 0.96)
    run = TopRun(
        run=3,
        pid=70,
        host="here",
        seconds=65.0,
        workers=4,
        paused=True,
        done=1,
        failed=1,
        blocked=0,
        cancelled=0,
        waiting=5,
        total=8,
        left=44.0,
        jobs=(job,),
    )
    assert list(Top(run).lines(Screen(io.StringIO()))) == [
        "Run 3 of process 70 on here, for 1 min 5 s, paused",
        "1/8 done, 1 failed, 5 waiting, about 45 s left",
        "1 of 4 workers busy, 1.0 MiB of memory, 1.0 processors busy",
        "",
        "   job    stage      time  cpu   memory",
        "2  fit-1  epoch 1/9  12 s  96%  1.0 MiB",
    ]


# -- what another process makes ------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(GATES)
    return tmp_path


def shown(folder: Path, command: str) -> str:
    stream = io.StringIO()
    Session(weft.Context.remembered(folder / "out"), Screen(stream)).run(command)
    return stream.getvalue()


def test_a_second_shell_sees_what_runs(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=2") as maker:
        maker.until("[12] ▶ d .*")
        maker.until("[12] ▶ d .*")
        listed = json.loads(shown(folder, "ls --json running"))
        assert {job["state"] for job in listed} == {"running"}
        assert "d" in {job["job_id"] for job in listed}
        going_on = json.loads(shown(folder, "top --json"))["going_on"]
        assert (going_on["run"], going_on["workers"], len(going_on["jobs"])) == (1, 2, 2)
        assert shown(folder, "log d") == "d says hello\n"
        maker.open_gates("abcde")
        assert maker.end() == 0
    assert json.loads(shown(folder, "ls --json running")) == []


def test_following_a_running_job_shows_what_comes_and_how_it_ends(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=2") as maker:
        maker.until("[12] ▶ d .*")
        maker.until("[12] ▶ d .*")
        with Typed(folder, "script.py", "log", "-f", "d") as follower:
            follower.until("d says hello")
            maker.open_gates("abcde")
            follower.until(r"d says goodbye\s+✓ d done, after ")
            assert follower.end() == 0
        assert maker.end() == 0


def test_following_a_job_that_has_not_begun_waits_for_it(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=2") as maker:
        maker.until("[12] ▶ d .*")
        maker.until("[12] ▶ d .*")
        with Typed(folder, "script.py", "log", "-f", "e") as follower:
            follower.until("e has not begun; Ctrl-C leaves.")
            maker.open_gates("abcd")
            follower.until("e says hello")
            follower.press("\x03")
            assert follower.end() == 0
        maker.open_gates("e")
        assert maker.end() == 0


def test_what_a_killed_maker_left_is_not_believed(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=2") as maker:
        maker.until("[12] ▶ d .*")
        maker.until("[12] ▶ d .*")
        maker.process.kill()
        maker.process.wait()
    assert (folder / "out" / "live.json").exists()
    assert json.loads(shown(folder, "ls --json running")) == []
    assert shown(folder, "top").startswith("No make is going on here.")


def test_top_on_a_terminal_goes_on_until_q_or_the_end(folder: Path) -> None:
    with Typed(folder, "script.py", "parmake", "n=2") as maker:
        maker.until("[12] ▶ d .*")
        maker.until("[12] ▶ d .*")
        with Typed(folder, "script.py", "top") as watcher:
            watcher.until("2 of 2 workers busy")
            watcher.until("2 of 2 workers busy")
            watcher.press("q")
            assert watcher.end() == 0
            assert watcher.by_line
        with Typed(folder, "script.py", "top") as watcher:
            watcher.until("2 of 2 workers busy")
            maker.open_gates("abcde")
            assert maker.end() == 0
            watcher.until("Run 1 has ended.")
            assert watcher.end() == 0
