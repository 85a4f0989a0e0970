import json
import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import weft
from tests.console.conftest import chains, draw
from tests.console.receiver import Receiver
from weft.console.news import notifying
from weft.console.news.news import Event
from weft.console.news.notifying import Notifier, Reporters, notifier
from weft.model.job import Job
from weft.model.outcome import ErrorReport, Outcome
from weft.model.states import AttemptState
from weft.scheduler.loop import Loop
from weft.scheduler.summary import Silent
from weft.settings import Settings

BOTH = frozenset(Event)
FAILED = Outcome(AttemptState.FAILED, 0.0, 0.1, error=ErrorReport("ValueError", "no\nnumber"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def job(job_id: str) -> Job:
    return cast(Job, SimpleNamespace(id=job_id))


Makes = Callable[..., weft.RunSummary | None]


@pytest.fixture
def failing(tmp_path: Path) -> Makes:
    """Makes two chains, of which one fails, with a notifier; failures are no errors here."""

    def make(notifier: Notifier, executor: Any = "inline") -> weft.RunSummary | None:
        context = chains(weft.Context(tmp_path / "out-chains"), 0, 1)
        try:
            with notifier:
                summary = context.make(executor=executor, reporter=notifier)
                notifier.ended(summary)
                return summary
        except weft.MakeFailed:
            return None

    return make


class Said(list[str]):
    """Collects what is said."""

    def __call__(self, text: str) -> None:
        self.append(text)


# -- URLs ------------------------------------------------------------------------------------


def test_a_url_hears_of_the_first_failure_and_of_the_end(
    receiver: Receiver, failing: Makes
) -> None:
    said = Said()
    failing(Notifier(receiver.url("/topic"), BOTH, "out-chains", said))
    assert said == []
    posted = [json.loads(one.body) for one in receiver.received]
    failure, end = sorted(posted, key=lambda one: str(one["event"]), reverse=True)
    assert failure["text"] == "out-chains: fit-0 failed: ZeroDivisionError: division by zero"
    assert (failure["event"], failure["job"], failure["failed"]) == ("failure", "fit-0", 1)
    assert end["text"].startswith("out-chains: 1 job failed (fit-0), 1 blocked; 4 ran, 3 done")
    assert [end[name] for name in ("event", "failed", "blocked", "ran", "done")] == [
        *("end", 1, 1, 4, 3)
    ]
    assert end["host"] == os.uname().nodename
    assert end["seconds"] > 0


def test_one_that_does_not_answer_well_is_told_in_one_line(
    receiver: Receiver, failing: Makes
) -> None:
    receiver.status = 500
    said = Said()
    failing(Notifier(receiver.url("/secret"), frozenset({Event.END}), "out", said))
    place = receiver.url("/…")
    assert said == [f"The notification to {place} failed: HTTP 500 Internal Server Error."]


def test_the_poster_imports_nothing_that_lies_about(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said = Said()
    sender = Notifier(receiver.url("/"), BOTH, "out", said)
    sender.failed(job("fit"), FAILED, again=False)
    sender.ended(weft.MakeFailed("1 job failed.", failed=("fit",)))
    assert said == []
    assert len(receiver.received) == 2


# -- commands --------------------------------------------------------------------------------


def test_a_command_has_the_news_in_its_environment_and_on_its_input(
    failing: Makes, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    command = (
        f'{{ echo "$WEFT_EVENT|$WEFT_JOB|$WEFT_TEXT"; cat; echo; }} >> {shlex.quote(str(told))}'
    )
    failing(Notifier(command, frozenset({Event.FAILURE}), "out-chains"))
    line, document = told.read_text().splitlines()
    text = "out-chains: fit-0 failed: ZeroDivisionError: division by zero"
    assert line == f"failure|fit-0|{text}"
    assert json.loads(document)["text"] == text


def test_workers_go_on_while_others_are_told(failing: Makes, tmp_path: Path) -> None:
    def make(sender: Notifier) -> None:
        failing(sender, weft.Processes(2, "fork"))

    assert told_by(make, tmp_path, BOTH) == ["end", "failure"]


def test_words_of_jobs_are_no_words_of_the_shell(tmp_path: Path) -> None:
    told = tmp_path / "told"
    first = frozenset({Event.FAILURE})
    sender = Notifier(f'echo "$WEFT_JOB" > {shlex.quote(str(told))}', first, "out")
    sender.failed(job("$(touch owned); `id` \0"), FAILED, again=False)
    sender.ended(KeyboardInterrupt())
    assert "$(touch owned); `id`" in told.read_text()


def test_a_command_has_a_session_of_its_own(tmp_path: Path) -> None:
    told = tmp_path / "told"
    sender = Notifier(f"ps -o sid= -p $$ > {shlex.quote(str(told))}", BOTH, "out")
    sender.failed(job("fit"), FAILED, again=False)
    sender.ended(KeyboardInterrupt())
    assert int(told.read_text()) != os.getsid(0)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("echo lost; echo lost >&2; exit 3", "exit code 3"),
        ("no-such-program-here", "exit code 127"),
        ("kill -9 $$", "killed by signal 9"),
    ],
)
def test_a_command_that_fails_is_told_in_one_line_and_prints_nothing(
    command: str, problem: str, failing: Makes, capfd: pytest.CaptureFixture[str]
) -> None:
    failing(Notifier(command, frozenset({Event.END}), "out"))
    printed = capfd.readouterr()
    assert printed.err == f"The command of notify failed: {problem}.\n"
    assert printed.out == ""


def test_a_failing_notification_changes_no_result(failing: Makes, tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    context.comp(draw, 3.0)
    with Notifier("exit 1", BOTH, "out", Said()) as sender:
        summary = context.make(executor="inline", reporter=sender)
        sender.ended(summary)
    assert (summary.ran, summary.failed) == (1, ())


def test_what_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying.sys, "executable", "/no/such/python")
    said = Said()
    sender = Notifier("http://127.0.0.1:9/", BOTH, "out", said)
    sender.failed(job("fit"), FAILED, again=False)
    (text,) = said
    assert text.startswith("The notification could not be sent: ")


def test_what_takes_long_is_left_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "END_SECONDS", 0.0)
    gate, told = tmp_path / "gate", tmp_path / "told"
    os.mkfifo(gate)
    said = Said()
    sender = Notifier(
        f"read x < {shlex.quote(str(gate))}; echo $x > {shlex.quote(str(told))}", BOTH, "out", said
    )
    sender.failed(job("fit"), FAILED, again=False)
    (sending,) = sender._sendings
    assert sending.wait(0.0) == "The command of notify takes long: not waited for."
    gate.write_text("later\n")
    os.waitpid(sending.process.pid, 0)
    assert told.read_text() == "later\n"


# -- what there is news of -------------------------------------------------------------------


def told_by(
    notify: Callable[[Notifier], object], tmp_path: Path, on: frozenset[Event]
) -> list[str]:
    told = tmp_path / "events"
    told.touch()
    sender = Notifier(f"echo $WEFT_EVENT >> {shlex.quote(str(told))}", on, "out")
    notify(sender)
    return sorted(told.read_text().split())


@pytest.mark.parametrize(
    ("on", "events"),
    [
        ({Event.END}, ["end"]),
        ({Event.FAILURE}, ["failure"]),
        ({Event.END, Event.FAILURE}, ["end", "failure"]),
    ],
)
def test_only_the_events_that_are_wanted_are_told(
    on: set[Event], events: list[str], failing: Makes, tmp_path: Path
) -> None:
    assert told_by(failing, tmp_path, frozenset(on)) == events


def test_only_the_first_failure_for_good_is_told(tmp_path: Path) -> None:
    def notify(sender: Notifier) -> None:
        for name, again in (("a", True), ("a", False), ("b", False)):
            sender.failed(job(name), FAILED, again=again)
        sender.ended(weft.MakeFailed("2 jobs failed.", failed=("a", "b")))
        sender.ended(weft.MakeFailed("2 jobs failed.", failed=("a", "b")))

    assert told_by(notify, tmp_path, BOTH) == ["end", "failure"]


def test_a_run_that_had_nothing_to_do_is_no_news(failing: Makes, tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    context.comp(draw, 3.0)
    context.make(executor="inline")

    def again(sender: Notifier) -> None:
        sender.ended(context.make(executor="inline", reporter=sender))

    assert told_by(again, tmp_path, BOTH) == []


# -- from the settings -----------------------------------------------------------------------


def test_settings_say_who_is_told_of_what(tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    settings = Settings()
    assert notifier(settings, context) is None
    settings = settings.with_value("notify", "cat", "here").with_value("notify_on", "end", "here")
    found = notifier(settings, context)
    assert found is not None
    assert found._on == {Event.END}


class Noting(Silent):
    """A reporter that keeps what it was told."""

    def __init__(self, *, echo: bool) -> None:
        self.echo = echo
        self.told: list[str] = []

    def tick(self, loop: Loop) -> None:
        self.told.append("tick")

    def failed(self, job: Job, outcome: Outcome, *, again: bool) -> None:
        self.told.append(f"{job.id} failed")

    def note(self, job: Job, text: str) -> None:
        self.told.append(text)

    def printed(self, job: Job, outcome: Outcome) -> None:
        self.told.append("printed")


def test_several_reporters_are_told_as_one() -> None:
    loud, quiet = Noting(echo=True), Noting(echo=False)
    both = Reporters([loud, quiet])
    both.tick(cast(Any, None))
    both.printed(job("fit"), FAILED)
    both.failed(job("fit"), FAILED, again=False)
    both.note(job("fit"), "noted")
    assert both.echo
    assert not Reporters([quiet]).echo
    assert quiet.told == ["tick", "fit failed", "noted"]
    assert loud.told == ["tick", "printed", "fit failed", "noted"]
