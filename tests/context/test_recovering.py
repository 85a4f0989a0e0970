"""Files of jobs between runs: after a kill, and when somebody drops or vouches for results."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import weft
from tests.executors.conftest import PATIENCE, wait_for
from tests.heart import Heart, read
from weft.console.context import Context
from weft.context.forgetting import Change, carry_out
from weft.model.states import JobState
from weft.store import database

ROOT = str(Path(__file__).parents[2])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader right after a writer takes the file for one that nobody writes."""
    monkeypatch.setattr(database, "_SETTLED_NS", 0)
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def files() -> set[str]:
    """Names of all files of the working folder, hidden ones too, without the context's."""
    found = {str(path) for path in Path().rglob("*") if not path.is_dir()}
    return {name for name in found if not name.startswith("out/")}


# -- after a kill ------------------------------------------------------------------------------

SCRIPT = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.heart import Heart

def slow(paths):
    for path in paths if isinstance(paths, list) else [paths]:
        path.write_text("half")
        Path("began").touch()
        while not Path("go").exists():
            time.sleep(0.005)
        path.write_text("whole")

heart = Heart()
done = heart.files("done", lambda path: path.write_text("done"))
one = heart.files("sub/one", slow, done, rename_broken={broken})
heart.files("a:b", slow, done, paths=("a", "b"))
heart.files("end", lambda path: path.write_text(Path("sub/one").read_text()), one)
print(heart.make(n=3))
"""


class Killed:
    """A run that was killed while two jobs were writing."""

    def __init__(self, home: Path, *, broken: bool = False) -> None:
        self.script = home.parent / "script.py"
        self.script.write_text(SCRIPT.format(root=ROOT, broken=broken))
        run = subprocess.Popen([sys.executable, str(self.script)], start_new_session=True)
        wait_for(lambda: Path("sub/one").exists() and Path("a").exists())
        wait_for(lambda: Path("began").exists() and _is_noted("done"))
        workers = psutil.Process(run.pid).children(recursive=True)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(PATIENCE)
        psutil.wait_procs(workers, PATIENCE)
        Path("go").touch()

    def again(self) -> tuple[str, str]:
        """What the next run prints, and tells."""
        command = [sys.executable, str(self.script)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr


def _is_noted(job_id: str) -> bool:
    with weft.Context("out").reading() as store:
        return bool(store.chronicle.attempts(job_id))


def test_after_a_kill_nothing_half_made_is_taken_for_done(home: Path) -> None:
    killed = Killed(home)
    assert Path("out/journal").exists()
    said, told = killed.again()
    assert said.strip() == str(["a:b", "end", "sub/one"])
    assert sorted(told.splitlines()) == [
        "a was left half-made: removed",
        "sub/one was left half-made: removed",
    ]
    assert {read("sub/one"), read("a"), read("b"), read("end")} == {"whole"}
    assert files() == {"done", "sub/one", "a", "b", "end", "began", "go"}
    assert not Path("out/journal").exists()


def test_the_file_from_before_is_put_back(home: Path) -> None:
    Path("sub").mkdir()
    Path("sub/one").write_text("from before")
    Path("b").write_text("from before too")
    Killed(home)
    assert read("sub/one") == "half"
    told: list[str] = []
    with weft.Context("out").writing(say=told.append):
        pass
    assert sorted(told) == [
        "a was left half-made: removed",
        "b was left half-made: the file from before is back",
        "sub/one was left half-made: removed, the file from before is back",
    ]
    assert (read("sub/one"), read("b")) == ("from before", "from before too")
    assert files() == {"done", "sub/one", "b", "began", "go"}


def test_what_was_half_made_is_kept_aside_where_that_is_wished(home: Path) -> None:
    Killed(home, broken=True)
    told: list[str] = []
    with weft.Context("out").writing(say=told.append):
        pass
    assert "sub/one was left half-made: renamed to NAME.broken" in told
    assert files() == {"done", "sub/one.broken", "began", "go"}
    assert read("sub/one.broken") == "half"


def test_it_does_not_matter_from_where_the_next_command_comes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Killed(home)
    monkeypatch.chdir(home.parent)
    Path("a").write_text("nothing to do with it")
    told: list[str] = []
    with weft.Context(home / "out").writing(say=told.append):
        pass
    assert sorted(told) == ["a was left half-made: removed", "sub/one was left half-made: removed"]
    assert read("a") == "nothing to do with it"
    monkeypatch.chdir(home)
    assert files() == {"done", "began", "go"}


def test_nor_whether_the_script_is_there(home: Path) -> None:
    Killed(home)
    context = Context.remembered("out")
    context.clean("end")
    assert files() == {"done", "began", "go"}


def test_a_project_that_was_moved_after_the_kill_is_cleared_up_where_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Killed(home)
    there = home.parent / "there"
    monkeypatch.chdir(home.parent)
    home.rename(there)
    monkeypatch.chdir(there)
    with weft.Context("out").writing(say=lambda _text: None):
        pass
    assert files() == {"done", "began", "go"}


def test_a_project_of_which_only_the_context_is_left_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Killed(home)
    monkeypatch.chdir(home.parent)
    shutil.move(home / "out", "elsewhere")
    shutil.rmtree(home)
    Path("work").mkdir()
    monkeypatch.chdir("work")
    told: list[str] = []
    with weft.Context("../elsewhere").writing(say=told.append):
        pass
    assert told == [f"{home} is gone, so what a killed run left half-made there is, too."]


# -- dropping results --------------------------------------------------------------------------


def text(path: Path) -> None:
    path.write_text(path.name)


def several(paths: list[Path]) -> None:
    for path in paths:
        text(path)


def kinds() -> Heart:
    """A job of each kind that leaves something, or stands for it."""
    heart = Heart()
    Path("input").write_text("input")
    temp = heart.temp("temp", text)
    load = heart.load("load", lambda: None, temp)
    both = heart.files("m", several, paths=("x", "y"))
    heart.files("one", text, heart.watch("input"), load, heart.part(both, 1))
    heart.files("with log", several, paths=("with log", "log"), temporary=(True, False))
    heart.temp("idle", text)
    heart.context.comp(str.upper, "value", job_id="value", extra_dep=[heart.promise(both)])
    return heart


ALL = ["load", "m", "one", "temp", "value", "with log"]


@pytest.mark.parametrize("change", [Change.CLEAN, Change.FORGET])
def test_the_files_of_a_job_go_with_what_is_remembered_of_it(change: Change) -> None:
    assert kinds().make() == ALL
    assert files() == {"input", "one", "x", "y", "log"}
    assert carry_out(kinds().context, change, ["one or m"]) == ["m", "one"]
    assert files() == {"input", "log"}
    assert kinds().make() == ["load", "m", "one", "temp"]


def test_files_that_somebody_changed_since_stay() -> None:
    kinds().make()
    Path("x").write_text("mine")
    Path("one").write_text("mine too")
    kinds().context.clean("all")
    assert files() == {"input", "one", "x"}


def test_a_temporary_file_that_was_left_goes_too() -> None:
    def fails(_path: Path) -> None:
        raise ValueError("no")

    heart = Heart()
    heart.files("a", fails, heart.temp("temp", text))
    with pytest.raises(weft.MakeFailed):
        heart.make()
    assert files() == {"temp"}
    heart.context.clean("temp")
    assert files() == set()


def test_invalidating_drops_no_file() -> None:
    kinds().make()
    kinds().context.invalidate("one")
    assert "one" in files()
    assert kinds().make() == ["load", "one", "temp"]


def test_cleaning_from_another_folder_hits_the_same_files(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds().make()
    monkeypatch.chdir(home.parent)
    Path("one").write_text("nothing to do with it")
    Context.remembered(home / "out").clean("one")
    assert Path("one").exists()
    assert not (home / "one").exists()


# -- states ------------------------------------------------------------------------------------


def states(context: weft.Context) -> dict[str, str]:
    return {name: state.value for name, state in context.survey().states.items()}


def test_each_kind_of_job_has_a_state() -> None:
    heart = kinds()
    assert set(states(heart.context).values()) <= {"ready", "waiting", "done"}
    heart.make()
    done = dict.fromkeys(heart.graph.jobs, "done")
    assert states(kinds().context) == {**done, "idle": "waiting"}


def test_states_are_right_without_the_script_too() -> None:
    kinds().make()
    here = states(kinds().context)
    remembered = Context.remembered("out")
    assert states(remembered) == here
    Path("x").unlink()
    assert states(kinds().context)["m"] == "ready"
    assert states(Context.remembered("out"))["m"] == "ready"
    assert _why(remembered, "m") == ["OutputMissing(path='x')"]


def test_a_changed_input_is_seen_without_the_script() -> None:
    kinds().make()
    Path("input").write_text("another")
    remembered = Context.remembered("out")
    seen = states(remembered)
    assert (seen["one"], seen["load"], seen["temp"]) == ("waiting", "waiting", "ready")
    assert seen["m"] == "done"


def _why(context: Context, name: str) -> list[str]:
    context.prepare()
    with context.reading() as store:
        survey = context.survey(store)
        return [repr(reason) for reason in survey.reasons(survey.graph.jobs[name])]


# -- vouching ----------------------------------------------------------------------------------


def test_a_file_job_is_accepted_with_the_files_that_it_left() -> None:
    heart = Heart()
    heart.files("b", text, heart.files("a", text))
    heart.make()

    def edited() -> Heart:
        heart = Heart()
        heart.files("b", text, heart.files("a", lambda path: path.write_text("a")))
        return heart

    assert states(edited().context) == {"a": "ready", "b": "waiting"}
    assert edited().context.accept("a") == ["a"]
    assert states(edited().context) == {"a": "done", "b": "done"}
    assert edited().make() == []


@pytest.mark.parametrize(
    ("harm", "word"),
    [(lambda: Path("a").unlink(), "missing"), (lambda: Path("a").write_text("b"), "changed")],
)
def test_a_file_that_is_not_as_it_was_left_is_not_accepted(
    harm: Callable[[], object], word: str
) -> None:
    heart = Heart()
    heart.files("a", text)
    heart.make()
    harm()
    told: list[str] = []
    assert heart.context.accept("a", say=told.append) == []
    assert told == [f"a was not accepted: its file a is {word}."]


def test_of_a_temporary_file_nothing_must_be_there_to_accept_it() -> None:
    heart = Heart()
    heart.files("b", text, heart.temp("a", text))
    heart.make()
    edited = Heart()
    edited.files("b", text, edited.temp("a", lambda path: path.write_text("a")))
    assert edited.context.accept("a") == ["a"]
    assert edited.make() == []


def test_effects_can_not_be_pretended() -> None:
    heart = kinds()
    told: list[str] = []
    assert heart.context.pretend("one or m", say=told.append) == []
    assert told[0] == (
        "m was not pretended: it is there for what it does, which nothing can stand for."
    )


# -- one job alone -----------------------------------------------------------------------------

DATA: dict[str, str] = {}


def with_data() -> Heart:
    heart = Heart()
    load = heart.load("load", lambda: DATA.update(x="loaded"), unload=DATA.clear)
    heart.files("one", lambda path: path.write_text(DATA["x"]), load, heart.files("two", text))
    return heart


def test_one_job_runs_alone_with_the_data_that_it_needs(tmp_path: Path) -> None:
    heart = with_data()
    with pytest.raises(weft.UserError, match="what it depends on is not done"):
        heart.context.make_single("one")
    heart.context.make_single("two")
    out = tmp_path / "result.json"
    single = heart.context.make_single("one", out)
    assert (single.job_id, single.ran, single.state) == ("one", True, JobState.DONE)
    assert (read("one"), DATA) == ("loaded", {})
    assert json.loads(out.read_text())["state"] == "done"
    assert heart.context.make_single("one").ran is False
    assert with_data().make() == []


def test_one_job_that_fails_alone_leaves_no_file() -> None:
    def fails(path: Path) -> None:
        path.write_text("half")
        raise ValueError("no")

    heart = Heart()
    heart.files("one", fails)
    with pytest.raises(weft.MakeFailed, match="ValueError: no"):
        heart.context.make_single("one")
    assert files() == set()


def test_one_job_alone_says_which_temporary_file_must_be_made_first() -> None:
    heart = Heart()
    heart.files("one", text, heart.temp("temp", text))
    heart.make()
    Path("one").unlink()
    with pytest.raises(weft.UserError, match="what it depends on is not done") as caught:
        heart.context.make_single("one")
    assert caught.value.facts["not done"] == "temp"
    assert caught.value.cure == "make temp"
    assert heart.make("temp") == ["temp"]
    assert files() == {"temp"}
    assert heart.context.make_single("one").state is JobState.DONE
    assert heart.make() == []
    assert files() == {"one"}
