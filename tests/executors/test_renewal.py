"""Workers that are forked anew, because this process has more in memory than they have."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import weft
from tests.executors.conftest import PATIENCE, Bench, alive, wait_for
from tests.heart import Heart, read
from weft.executors.base import Task
from weft.executors.processes import Processes
from weft.model.outcome import Outcome
from weft.model.states import AttemptState

DATA: dict[str, int] = {}
"""What jobs of ``Kind.LOADING`` would fill."""


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    DATA.clear()
    yield
    DATA.clear()


def look() -> int | None:
    return DATA.get("x")


def hold(folder: str) -> int | None:
    Path(folder, "began").touch()
    while not Path(folder, "go").exists():
        os.sched_yield()
    return DATA.get("x")


class Renewed:
    """An executor that has been started, and a driver that loads and looks."""

    def __init__(self, bench: Bench, lanes: int) -> None:
        self.bench = bench
        for number in range(200):
            bench.define.comp(look, job_id=f"look-{number}")
        self.looks = iter(range(200))
        self.executor = Processes(lanes, "fork")
        bench.start(self.executor)

    def load(self, value: int) -> None:
        DATA["x"] = value
        self.executor.renew(list(self.bench.graph))

    def tasks(self, number: int) -> list[Task]:
        return [self.bench.task(f"look-{next(self.looks)}") for _ in range(number)]

    def seen(self, number: int = 1) -> list[object]:
        """What so many jobs see, of which all lanes that are idle take some."""
        outcomes = self.bench.finish(self.executor, self.tasks(number))
        return [self.bench.value(outcome) for outcome in outcomes.values()]

    def holding(self, folder: Path) -> None:
        """A job runs that ends when told to, and then looks."""
        self.bench.define.comp(hold, str(folder), job_id="hold")
        self.load(DATA.get("x", 0))
        self.executor.submit([self.bench.task("hold")])
        wait_for(lambda: Path(folder, "began").exists())

    def held(self, folder: Path) -> Outcome:
        Path(folder, "go").touch()
        return self.ended()

    def ended(self) -> Outcome:
        (report,) = self.bench.until(self.executor, 1)
        assert report.task.job.id == "hold"
        return report.outcome

    @property
    def elders(self) -> list[int]:
        return [elder.pid for elder in self.executor._elders]

    @property
    def zygote(self) -> int:
        assert self.executor._zygote is not None
        return self.executor._zygote.pid


def test_what_was_loaded_after_the_start_is_seen_by_later_jobs(bench: Bench) -> None:
    renewed = Renewed(bench, 2)
    assert renewed.seen(4) == [None] * 4
    renewed.load(1)
    assert renewed.seen(4) == [1] * 4
    renewed.load(2)
    renewed.load(3)
    assert renewed.seen(4) == [3] * 4


def test_what_was_unloaded_is_gone(bench: Bench) -> None:
    renewed = Renewed(bench, 1)
    renewed.load(1)
    assert renewed.seen() == [1]
    DATA.clear()
    renewed.executor.renew(list(bench.graph))
    assert renewed.seen() == [None]


def test_jobs_that_came_later_are_inherited_too(bench: Bench) -> None:
    renewed = Renewed(bench, 1)
    lock = threading.Lock()  # can't be pickled
    bench.define.comp(lambda: lock.locked(), job_id="late")
    renewed.executor.renew(list(bench.graph))
    outcomes = bench.finish(renewed.executor, [bench.task("late")])
    assert bench.value(outcomes["late"]) is False


def test_a_job_that_runs_goes_on_with_what_it_has(bench: Bench, tmp_path: Path) -> None:
    renewed = Renewed(bench, 2)
    renewed.holding(tmp_path)
    renewed.load(7)
    assert renewed.seen(3) == [7] * 3
    assert len(renewed.elders) == 1
    assert bench.value(renewed.held(tmp_path)) == 0


def test_nothing_is_started_before_a_job_needs_it(bench: Bench) -> None:
    renewed = Renewed(bench, 2)
    renewed.seen(2)
    before = children()
    for value in range(20):
        renewed.load(value)
    assert children() == before
    assert renewed.elders == []


def test_an_elder_ends_when_its_last_lane_has_moved(bench: Bench, tmp_path: Path) -> None:
    renewed = Renewed(bench, 2)
    renewed.holding(tmp_path)
    old = renewed.zygote
    renewed.load(1)
    renewed.seen()
    assert renewed.elders == [old]
    renewed.held(tmp_path)
    assert renewed.elders == [old]
    wait_for(lambda: renewed.seen(2) == [1, 1] and renewed.elders == [])
    assert not alive(old)


def test_an_elder_that_is_killed_takes_only_its_own_jobs_along(
    bench: Bench, tmp_path: Path
) -> None:
    renewed = Renewed(bench, 2)
    renewed.holding(tmp_path)
    old = renewed.zygote
    renewed.load(1)
    assert renewed.seen() == [1]
    young = renewed.zygote
    os.kill(old, signal.SIGKILL)
    outcome = renewed.ended()
    assert outcome.state is AttemptState.DIED
    assert outcome.note == "the process that watches over the workers was killed"
    assert (renewed.elders, renewed.zygote) == ([], young)
    assert renewed.seen(4) == [1] * 4


def test_the_newest_zygote_may_be_killed_while_an_elder_has_work(
    bench: Bench, tmp_path: Path
) -> None:
    renewed = Renewed(bench, 2)
    renewed.holding(tmp_path)
    renewed.load(1)
    assert renewed.seen() == [1]
    os.kill(renewed.zygote, signal.SIGKILL)
    assert renewed.seen(2) == [1] * 2
    assert bench.value(renewed.held(tmp_path)) == 0


def test_both_may_be_killed_at_once(bench: Bench, tmp_path: Path) -> None:
    renewed = Renewed(bench, 2)
    renewed.holding(tmp_path)
    renewed.load(1)
    assert renewed.seen() == [1]
    for pid in (*renewed.elders, renewed.zygote):
        os.kill(pid, signal.SIGKILL)
    assert renewed.ended().state is AttemptState.DIED
    assert renewed.seen(4) == [1] * 4


def test_a_worker_that_was_killed_while_it_was_idle_is_no_loss(bench: Bench) -> None:
    renewed = Renewed(bench, 2)
    renewed.seen(4)
    for lane in renewed.executor._lanes:
        os.kill(lane.pid, signal.SIGKILL)
    renewed.load(1)
    assert renewed.seen(4) == [1] * 4


def test_lanes_that_are_added_after_a_renewal_work(bench: Bench) -> None:
    renewed = Renewed(bench, 1)
    renewed.load(1)
    assert renewed.executor.resize(3) == 3
    assert renewed.seen(9) == [1] * 9


def test_many_renewals_leave_neither_processes_nor_descriptors(bench: Bench) -> None:
    others = children()
    renewed = Renewed(bench, 2)
    renewed.load(0)
    renewed.seen(4)
    before = len(children()), descriptors()
    for value in range(40):
        renewed.load(value)
        assert renewed.seen(4) == [value] * 4
    settle(renewed)
    assert (len(children()), descriptors()) == before
    renewed.executor.close()
    assert children() <= others


def test_many_renewals_leave_no_descriptors_in_the_workers(bench: Bench) -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    for number in range(21):
        bench.define.comp(count, job_id=f"count-{number}")
    executor = Processes(1, "fork")
    bench.start(executor)
    counts = []
    for number in range(21):
        executor.renew(list(bench.graph))
        outcomes = bench.finish(executor, [bench.task(f"count-{number}")])
        counts.append(bench.value(outcomes[f"count-{number}"]))
    assert len(set(counts[1:])) == 1


def children() -> set[int]:
    return {
        child.pid for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE
    }


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def settle(renewed: Renewed) -> None:
    """Let each lane move to the newest zygote."""
    for lane in renewed.executor._lanes:
        if lane.zygote is not renewed.executor._zygote:
            renewed.seen(len(renewed.executor._lanes))


def test_spawned_workers_have_nothing_to_renew(bench: Bench) -> None:
    bench.define.comp(abs, -1)
    executor = Processes(1, "spawn")
    bench.start(executor)
    assert executor.inherits is False
    executor.renew(list(bench.graph))
    assert bench.value(bench.finish(executor, bench.tasks())["abs"]) == 1
    assert executor._elders == []


# -- in whole runs -----------------------------------------------------------------------------


@pytest.fixture
def heart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Heart:
    monkeypatch.chdir(tmp_path)
    return Heart()


def fill() -> None:
    DATA["x"] = 42


def write(path: Path) -> None:
    path.write_text(str(DATA.get("x")))


def test_only_the_jobs_that_ask_for_it_get_the_data(heart: Heart) -> None:
    load = heart.load("load", fill, unload=DATA.clear)
    readers = [heart.files(name, write, load) for name in ("with", "with too")]
    heart.files("after", write, *readers)
    assert len(heart.make()) == 4
    assert (read("with"), read("with too"), read("after")) == ("42", "42", "None")
    assert DATA == {}


def test_a_load_that_raises_fails_and_blocks_who_needs_it_and_the_rest_is_done(
    heart: Heart,
) -> None:
    def break_down() -> None:
        raise ValueError("no such genome")

    heart.files("needs", write, heart.load("load", break_down))
    heart.files("rest", write)
    with pytest.raises(weft.MakeFailed) as caught:
        heart.make()
    assert (caught.value.failed, caught.value.blocked) == (("load",), ("needs",))
    assert read("rest") == "None"
    with heart.context.reading() as store:
        (attempt,) = store.chronicle.attempts("load")
    assert attempt.error is not None
    assert str(attempt.error) == "ValueError: no such genome"


def test_a_load_may_end_by_sys_exit_without_ending_the_run(heart: Heart) -> None:
    heart.files("needs", write, heart.load("load", sys.exit))
    heart.files("rest", write)
    with pytest.raises(weft.MakeFailed) as caught:
        heart.make()
    assert caught.value.failed == ("load",)
    assert read("rest") == "None"


def test_what_a_load_prints_is_kept(heart: Heart) -> None:
    heart.files("needs", write, heart.load("load", lambda: print("loading")))
    heart.make()
    with heart.context.reading() as store:
        (attempt,) = store.chronicle.attempts("load")
        assert store.output(attempt.id) == ("loading\n", None)


def test_spawned_workers_refuse_jobs_that_need_data_and_say_what_to_do(heart: Heart) -> None:
    heart.files("needs", write, heart.load("load", fill))
    heart.context.comp(abs, -1)
    with pytest.raises(weft.MakeFailed) as caught:
        heart.make(executor=Processes(2, "spawn"))
    assert caught.value.failed == ("needs",)
    with heart.context.reading() as store:
        (attempt,) = store.chronicle.attempts("needs")
    assert attempt.error is not None
    assert 'use executor="processes" or "inline"' in attempt.error.message


def test_where_data_are_loaded_workers_are_forked_although_threads_run(heart: Heart) -> None:
    heart.files("needs", write, heart.load("load", fill))
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        heart.make()
    finally:
        ended.set()
        thread.join()
    assert read("needs") == "42"


SCRIPT = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from tests.heart import Heart

DATA = {{}}

def load():
    Path("loading").touch()
    while not Path("go").exists():
        time.sleep(0.005)
    DATA["x"] = 1

heart = Heart()
needed = heart.load("load", load)
heart.files("first", lambda path: path.write_text("done before"))
heart.files("needs", lambda path: path.write_text(str(DATA["x"])), needed)
print(heart.make(n=1))
"""


def test_ctrl_c_during_a_load_ends_the_run_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(tests=str(Path(__file__).parents[2])))
    command = [sys.executable, str(script)]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for(lambda: Path("loading").exists())
    os.kill(run.pid, signal.SIGINT)
    _, told = run.communicate(timeout=PATIENCE)
    assert run.returncode != 0
    assert "Stopped." in told
    assert not Path("needs").exists()
    assert not Path("out", "journal").exists()
    Path("go").touch()
    again = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert "load" in again.stdout
    assert read("needs") == "1"
