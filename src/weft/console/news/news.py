"""What a notification says: the first failure of a run, or its end. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from weft.console.text.words import count_words, duration_words, one_line
from weft.errors import MakeFailed, WeftError
from weft.scheduler.summary import RunSummary

_LONGEST = 300
"""Characters of a text that others have made: a message may be of any length."""


class Event(Enum):
    """What there is news of."""

    FAILURE = "failure"
    END = "end"


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a run is."""

    ran: int = 0
    done: int = 0
    failed: int = 0
    blocked: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class News:
    """One notification.

    Attributes
    ----------
    text
        One sentence that says all.
    job
        The one that failed, or the first of them; empty when none did.
    cause
        Why it failed, or why the run ended early, in one line.
    """

    event: Event
    text: str
    context: str
    host: str
    tally: Tally
    job: str = ""
    cause: str = ""

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "text": self.text,
            "context": self.context,
            "event": self.event.value,
            "failed": self.tally.failed,
            "blocked": self.tally.blocked,
            "ran": self.tally.ran,
            "done": self.tally.done,
            "seconds": round(self.tally.seconds, 3),
            "host": self.host,
            "job": self.job,
            "cause": self.cause,
        }

    def variables(self) -> dict[str, str]:
        """As variables of an environment, named ``WEFT_TEXT`` and so on."""
        return {f"WEFT_{name.upper()}": str(value) for name, value in self.document().items()}


def news_of_failure(context: str, host: str, job: str, cause: str, tally: Tally) -> News:
    """The first job failed.

    >>> news_of_failure("out-fits", "here", "fit-0", "ValueError: 0", Tally()).text
    'out-fits: fit-0 failed: ValueError: 0'
    """
    job, cause = _harmless(job), _harmless(cause)
    text = f"{_harmless(context)}: {job} failed: {cause}"
    return News(Event.FAILURE, text, _harmless(context), host, tally, job, cause)


def news_of_end(context: str, host: str, result: RunSummary | BaseException, tally: Tally) -> News:
    """A run ended, well or not.

    Parameters
    ----------
    tally
        What was done until then; of a summary its own numbers count.

    Examples
    --------
    >>> error = MakeFailed("", failed=("fit-0",), blocked=("draw-0",))
    >>> news_of_end("out-fits", "here", error, Tally(4, 3, 0, 0, 61.0)).text
    'out-fits: 1 job failed (fit-0), 1 blocked; 4 ran, 3 done, in 1 min 1 s.'
    """
    context, job, cause = _harmless(context), "", ""
    if isinstance(result, MakeFailed):
        tally = replace(tally, failed=len(result.failed), blocked=len(result.blocked))
        job = _harmless(result.failed[0]) if result.failed else ""
        what = _failure_words(job, tally)
    elif isinstance(result, BaseException):
        cause = _harmless(_error_words(result))
        what = f"ended early: {cause}"
    else:
        tally = Tally(
            result.ran,
            result.counts.done,
            len(result.failed),
            len(result.blocked),
            result.seconds,
        )
        what = "made"
    text = f"{context}: {what}; {_done_words(tally)}"
    return News(Event.END, text, context, host, tally, job, cause)


def _failure_words(job: str, tally: Tally) -> str:
    names = f"{job}, ..." if tally.failed > 1 else job
    blocked = f", {tally.blocked} blocked" if tally.blocked else ""
    return f"{count_words(tally.failed, 'job')} failed ({names}){blocked}"


def _error_words(error: BaseException) -> str:
    """Of errors that were not made for people, also the type."""
    if isinstance(error, WeftError):
        return error.title.rstrip(".")
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _done_words(tally: Tally) -> str:
    return f"{tally.ran} ran, {tally.done} done, in {duration_words(tally.seconds)}."


def _harmless(text: str) -> str:
    """One line without control characters, of bounded length, that any encoding has."""
    line = one_line(text.encode("utf-8", "backslashreplace").decode())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
