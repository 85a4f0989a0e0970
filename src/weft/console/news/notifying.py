"""Notifications: a command or a URL hears of a run's first failure and of its end.

Each is sent by a process of its own, so that the making of jobs never waits for it, and no thread
is there when workers are forked. That it could not be sent is said in one line, and changes
nothing else.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from weft.console.news.news import Event, News, Tally, news_of_end, news_of_failure
from weft.console.text.screen import shorten
from weft.console.text.words import one_line
from weft.model.outcome import describe
from weft.scheduler.summary import Reporter, RunSummary
from weft.settings.setting import masked

if TYPE_CHECKING:
    from subprocess import Popen

    from weft.context import Context
    from weft.model.job import Job
    from weft.model.outcome import Outcome
    from weft.scheduler.loop import Loop
    from weft.settings import Settings

END_SECONDS = 10.0
"""That the end of a run waits for notifications at most; what takes longer goes on by itself."""
_REASON_COLUMNS = 200
_URLS = ("http://", "https://")


class Reporters:
    """Several reporters as one; implements ``weft.scheduler.summary.Reporter``."""

    def __init__(self, reporters: Sequence[Reporter]) -> None:
        self._reporters = tuple(reporters)
        self.echo = any(reporter.echo for reporter in reporters)

    def tick(self, loop: Loop) -> None:
        for reporter in self._reporters:
            reporter.tick(loop)

    def failed(self, job: Job, outcome: Outcome, *, again: bool) -> None:
        for reporter in self._reporters:
            reporter.failed(job, outcome, again=again)

    def note(self, job: Job, text: str) -> None:
        for reporter in self._reporters:
            reporter.note(job, text)

    def printed(self, job: Job, outcome: Outcome) -> None:
        for reporter in self._reporters:
            if reporter.echo:
                reporter.printed(job, outcome)


class Notifier:
    """Tells a command or a URL of a run; implements ``weft.scheduler.summary.Reporter``.

    Used with ``with``, it tells of errors that end the block, too.

    Parameters
    ----------
    target
        A URL with ``http://`` or ``https://``, which gets a POST of JSON; or a command for the
        shell, which gets the same by its environment and its standard input.
    on
        The events that are told.
    context
        What is made, as it is called in messages.
    say
        Says in one line that a notification failed; by default on standard error.
    """

    echo = False

    def __init__(
        self,
        target: str,
        on: frozenset[Event],
        context: str,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._target = target
        self._on = on
        self._context = context
        self._say = _say if say is None else say
        self._loop: Loop | None = None
        self._failed = self._ended = False
        self._sendings: list[Sending] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None:
            self.ended(error)

    def tick(self, loop: Loop) -> None:
        """Remember whose numbers count."""
        self._loop = loop

    def failed(self, job: Job, outcome: Outcome, *, again: bool) -> None:
        """Tell of the first job that fails and is not tried again."""
        if again or self._failed:
            return
        self._failed = True
        cause = describe(outcome).split("\n", 1)[0]
        tally = self._tally(failing=1)
        self._tell(news_of_failure(self._context, _host(), job.id, cause, tally))

    def note(self, job: Job, text: str) -> None:
        """Nothing."""

    def printed(self, job: Job, outcome: Outcome) -> None:
        """Nothing."""

    def ended(self, result: RunSummary | BaseException) -> None:
        """Tell of the end of a run, and wait a little until all that was told is sent.

        What found nothing to run, or could not begin, was no run: nobody is told.
        """
        if self._ended:
            return
        self._ended = True
        if self._loop is not None or self._failed:
            self._tell(news_of_end(self._context, _host(), result, self._tally()))
        deadline = time.monotonic() + END_SECONDS
        for sending in self._sendings:
            problem = sending.wait(max(deadline - time.monotonic(), 0.0))
            if problem:
                self._say(problem)

    def _tally(self, failing: int = 0) -> Tally:
        loop = self._loop
        if loop is None:
            return Tally(failed=failing)
        counts, seconds = loop.plan.counts(), time.monotonic() - loop.started
        return Tally(loop.ran, counts.done, counts.failed + failing, counts.blocked, seconds)

    def _tell(self, news: News) -> None:
        if news.event not in self._on:
            return
        try:
            self._sendings.append(send(self._target, news))
        except (OSError, ValueError) as error:
            self._say(f"The notification could not be sent: {error}.")


def notifier(
    settings: Settings, context: Context, say: Callable[[str], None] | None = None
) -> Notifier | None:
    """Who tells of the runs of a context, if its settings want that."""
    target = settings["notify"]
    if target is None:
        return None
    on = frozenset(Event) if settings["notify_on"] == "both" else {Event(settings["notify_on"])}
    return Notifier(target, frozenset(on), context.folder.name, say)


@dataclass(frozen=True, slots=True)
class Sending:
    """A notification under way."""

    process: Popen[bytes]
    what: str

    def wait(self, seconds: float) -> str:
        """Wait for it; what went wrong, in one line."""
        from subprocess import TimeoutExpired

        try:
            code = self.process.wait(seconds)
        except TimeoutExpired:
            # Its end is for nobody to wait for: by this, Popen does not complain of that.
            self.process.returncode = 0
            self._close()
            return f"{self.what} takes long: not waited for."
        reason = self._close()
        if not code:
            return ""
        ended = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return f"{self.what} failed: {reason or ended}."

    def _close(self) -> str:
        """What the program said, if it has ended and could say something."""
        stream = self.process.stderr
        if stream is None:
            return ""
        with stream:
            ended = self.process.returncode not in {None, 0}
            said = stream.read().decode("utf-8", "replace").strip() if ended else ""
        return shorten(one_line(said), _REASON_COLUMNS)


def send(target: str, news: News) -> Sending:
    """Start the process that sends it; returns at once.

    Raises
    ------
    OSError, ValueError
        When it can't be started.
    """
    if target.lower().startswith(_URLS):
        # Isolated (-I): what lies about in the working folder is not imported.
        arguments = [sys.executable, "-I", str(Path(__file__).with_name("posting.py"))]
        wish: dict[str, object] = {"url": target, "document": news.document()}
        return Sending(_start(arguments, wish), f"The notification to {masked(target)}")
    arguments = ["/bin/sh", "-c", target]
    variables = {name: value.encode() for name, value in news.variables().items()}
    environment = {**os.environb, **{name.encode(): value for name, value in variables.items()}}
    process = _start(arguments, news.document(), environment)
    return Sending(process, "The command of notify")


def _start(arguments: Sequence[str], document: object, environment: Any = None) -> Popen[bytes]:
    """A process in a session of its own, so that Ctrl-C is not meant for it."""
    import json
    from subprocess import DEVNULL, PIPE, Popen
    from tempfile import TemporaryFile

    # A file: to write into a pipe could wait for a command that doesn't read.
    with TemporaryFile() as given:
        given.write(json.dumps(document).encode())
        given.seek(0)
        return Popen(
            arguments,
            stdin=given,
            stdout=DEVNULL,
            stderr=PIPE if environment is None else DEVNULL,
            env=environment,
            start_new_session=True,
        )


def _host() -> str:
    return os.uname().nodename


def _say(text: str) -> None:
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201
