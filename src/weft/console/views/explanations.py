"""``why``: explanations of jobs, and how they are worded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from weft.console.text.reasons import reason_documents, reasons_in_general, reasons_words
from weft.console.text.render import LOOKS
from weft.console.text.screen import Screen, Tone, columns_of, hung
from weft.console.text.view import View, plain
from weft.console.text.words import count_words, name_list, one_line
from weft.model.reasons import Reason
from weft.model.states import JobState

_RAN_SHOWN = 10
"""Jobs of the last run that ``why`` tells one by one; more are counted by reason."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt ended badly."""

    cause: str
    """In one line."""
    tail: tuple[str, ...]
    """The last lines of the traceback and of what the job printed."""


@dataclass(frozen=True, slots=True)
class WillRun:
    """The job is stale."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class DidRun:
    """The job is fresh by what the last run made."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Fresh:
    """The job is fresh and the last run had no need to run it.

    Attributes
    ----------
    again
        Whether the last run ran it for what the script asked then, and its present result is that
        of an earlier run.
    """

    again: bool = False
    accepted: bool = False
    """Whether a person said that its result is right (``accept``) or not needed (``pretend``)."""


@dataclass(frozen=True, slots=True)
class Waits:
    """It is not certain yet whether the job must run: these upstream jobs come first."""

    upstream: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """These upstream jobs failed."""

    culprits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Its newest attempt was stopped before its end."""


@dataclass(frozen=True, slots=True)
class Runs:
    """It is running now, in another process."""


Verdict = Runs | Failure | Cancelled | WillRun | DidRun | Fresh | Waits | Blocked


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that changed, as it was and as it is."""

    name: str
    before: str
    after: str

    def lines(self) -> Iterator[str]:
        """As ``diff -u`` shows it, without its head."""
        import difflib

        old, new = self.before.splitlines(), self.after.splitlines()
        yield from list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one job is as it is."""

    job_id: str
    function: str
    state: JobState
    verdict: Verdict
    upgrades: tuple[str, ...] = ()
    """Installed packages whose version is another than when the job ran; no reason to run."""
    differences: tuple[Difference, ...] = ()

    def document(self) -> dict[str, object]:
        """As programs read it."""
        verdict: dict[str, object] = {"kind": type(self.verdict).__name__, "text": self.words()}
        if isinstance(self.verdict, (WillRun, DidRun)):
            verdict |= {"reasons": reason_documents(self.verdict.reasons, self.function)}
        elif isinstance(self.verdict, (Failure, Waits, Blocked)):
            found = plain(self.verdict)
            assert isinstance(found, dict)
            verdict |= found
        facts = {"job_id": self.job_id, "function": self.function, "state": self.state.value}
        more = {"upgrades": plain(self.upgrades), "differences": plain(self.differences)}
        return {**facts, "why": verdict, **more}

    def words(self) -> str:
        """Why, in one line."""
        return verdict_words(self.verdict, self.function)

    def lines(self, width: int, screen: Screen) -> Iterator[str]:
        """Why, with what belongs to it; ids are padded to ``width`` columns."""
        look = LOOKS[self.state]
        name = one_line(self.job_id)
        name += " " * (width - columns_of(name))
        mark = screen.paint(look.glyph, look.tone)
        yield from hung(f"{mark} {name}  ", one_line(self.words()), screen)
        if isinstance(self.verdict, Failure):
            for line in self.verdict.tail:
                yield from _aside(line, screen)
        if self.upgrades:
            upgrades = ", ".join(self.upgrades)
            yield from _aside(
                f"since its last run: {upgrades} (no reason to run by itself)", screen
            )
        for difference in self.differences:
            yield from _difference(difference, screen)


def _aside(text: str, screen: Screen) -> Iterator[str]:
    for line in hung("    ", one_line(text), screen):
        yield screen.paint(line, Tone.FAINT)


_DIFF_TONES = {"+": Tone.GOOD, "-": Tone.BAD, "@": Tone.FAINT}


def _difference(difference: Difference, screen: Screen) -> Iterator[str]:
    yield screen.paint(f"    {one_line(difference.name)}", Tone.STRONG)
    for line in difference.lines():
        yield screen.paint(f"    {one_line(line)}", _DIFF_TONES.get(line[:1]))


@dataclass(frozen=True, slots=True)
class Explanations(View):
    """Why some jobs are as they are.

    Attributes
    ----------
    of_all
        Whether nobody asked for certain jobs: then these are all that there is something to say of.
    ran
        With ``of_all``, those of them that the last run ran because something changed.
    """

    jobs: tuple[Explanation, ...]
    of_all: bool = False
    ran: tuple[Explanation, ...] = ()

    def document(self) -> object:
        """A list with one object per job."""
        return [job.document() for job in (*self.jobs, *self.ran)]

    def lines(self, screen: Screen) -> Iterator[str]:
        if not self.jobs and not self.ran:
            nothing = "Nothing failed, and nothing that ran before is out of date."
            yield nothing if self.of_all else "No jobs."
            return
        shown = self.ran if len(self.ran) <= _RAN_SHOWN else ()
        ids = [one_line(job.job_id) for job in (*self.jobs, *shown)]
        width = min(max(map(columns_of, ids), default=0), 30)
        for job in self.jobs:
            yield from job.lines(width, screen)
        if self.jobs and self.ran:
            yield ""
        for job in shown:
            yield from job.lines(width, screen)
        if not shown:
            yield from _ran(self.ran, screen)


def _ran(jobs: Sequence[Explanation], screen: Screen) -> Iterator[str]:
    """One line per reason."""
    look = LOOKS[JobState.DONE]
    mark = screen.paint(look.glyph, look.tone)
    counts = Counter(
        reasons_in_general(job.verdict.reasons, job.function)
        for job in jobs
        if isinstance(job.verdict, DidRun)
    )
    for words, number in counts.most_common():
        head = f"{mark} {count_words(number, 'job')}  "
        yield from hung(head, one_line(f"ran in the last run: {words}"), screen)


def verdict_words(verdict: Verdict, function: str) -> str:  # noqa: C901 - one case per kind
    """Why a job is as it is, in one line."""
    match verdict:
        case Failure(cause):
            return f"failed: {cause}"
        case Runs():
            return "is running now: top shows how far it is"
        case Cancelled():
            return "was cancelled; the next make runs it"
        case Blocked(()):
            return "blocked: a job failed that it depends on"
        case Blocked(culprits):
            return f"blocked: {name_list(culprits)} failed"
        case WillRun(reasons):
            return f"will run: {reasons_words(reasons, function)}"
        case DidRun(()):
            return "ran in the last run: it had no result before"
        case DidRun(reasons):
            return f"ran in the last run: {reasons_words(reasons, function)}"
        case Waits(()):
            return "waits"
        case Waits(upstream):
            return f"waits for {name_list(upstream)}, whose results decide whether it runs"
        case Fresh(accepted=True):
            return "fresh: somebody said so (accept, pretend)"
        case Fresh(again=True):
            return "fresh: its result was found again from an earlier run"
        case Fresh():
            return "fresh: its result for this code and these inputs is known"
