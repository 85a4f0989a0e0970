"""``history``: the runs, and what each of them did."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import NamedTuple

from weft.console.text.reasons import reason_documents, reasons_in_general
from weft.console.text.render import LOOKS, Cell, table
from weft.console.text.screen import Screen, Tone, hung
from weft.console.text.view import View, plain
from weft.console.text.words import count_words, duration_words, one_line
from weft.console.views.sight import Sight
from weft.errors import UserError
from weft.model.job import Digest
from weft.model.reasons import Reason, from_json
from weft.model.states import AttemptState, JobState
from weft.store.lease import Holder, Lease, Place, Verdict, judge, process_start
from weft.store.rows import RunCounts, RunRow

LIMIT = 20
"""Runs that are listed unless more are asked for."""
FIRST_TIME = "it had no result before"
_WIDE = 100
"""Columns from which on all is listed of each run."""
_FAILURES_SHOWN = 10
"""Jobs of a run that are told one by one because they failed; more are only counted."""


class RunState(Enum):
    """How a run ended, if it did."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CRASHED = "crashed"


_TONES: Mapping[RunState, Tone] = {
    RunState.RUNNING: Tone.BUSY,
    RunState.DONE: Tone.GOOD,
    RunState.FAILED: Tone.BAD,
    RunState.INTERRUPTED: Tone.WARNING,
    RunState.CRASHED: Tone.BAD,
}


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run."""

    run: int
    started: float
    """Seconds since the epoch."""
    seconds: float | None
    """How long it took, or has taken until now; None when that is not known."""
    state: RunState
    argv: tuple[str, ...]
    ran: int
    done: int
    failed: int
    computed: float
    """Seconds that its attempts took together."""


@dataclass(frozen=True, slots=True)
class History(View):
    """Some runs, newest first."""

    runs: tuple[RunLine, ...]
    left_out: int = 0
    """How many older ones there are."""

    def document(self) -> object:
        """A list with one object per run."""
        return plain(self.runs)

    def lines(self, screen: Screen) -> Iterator[str]:
        if not self.runs:
            yield "No run has had anything to do yet."
            return
        wide = not screen.live or screen.width >= _WIDE
        heads = ["run", "began", "took", "outcome", "ran", "failed", "computed", "command"]
        rows = [[Cell(text, Tone.FAINT) for text in heads]]
        rows += [_row(run, wide=wide) for run in self.runs]
        if not wide:
            for row in rows:
                del row[heads.index("computed")]
        yield from table(rows, screen)
        if self.left_out:
            older = count_words(self.left_out, "older run")
            everything = len(self.runs) + self.left_out
            yield screen.paint(f"({older} not shown: limit={everything})", Tone.FAINT)


def _row(run: RunLine, *, wide: bool) -> list[Cell]:
    began = _moment(run.started)
    return [
        Cell(str(run.run), right=True),
        Cell(began if wide else began[5:-3]),
        Cell("" if run.seconds is None else duration_words(run.seconds), right=True),
        Cell(run.state.value, _TONES[run.state]),
        Cell(str(run.ran), right=True),
        Cell(str(run.failed or ""), Tone.BAD, right=True),
        Cell(duration_words(run.computed) if run.ran else "", right=True),
        Cell(_command(run.argv)),
    ]


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _command(argv: Sequence[str]) -> str:
    """A command line without the folder of its program.

    >>> _command(["/home/me/fits.py", "parmake n=4"])
    'fits.py parmake n=4'
    """
    return " ".join([PurePath(argv[0]).name, *argv[1:]]) if argv else ""


def history(seen: Sight, limit: int) -> History:
    """The newest runs."""
    chronicle = seen.store.chronicle
    runs = chronicle.runs(limit)
    left_out = runs[0].id - 1 if runs else 0
    counts = chronicle.counts([run.id for run in runs])
    holder = living_holder(seen)
    lines = [_line(run, counts.get(run.id, RunCounts()), holder) for run in reversed(runs)]
    return History(tuple(lines), left_out)


def living_holder(seen: Sight) -> Holder | None:
    """Who has the lease of the context, if that process may be alive."""
    holder = Lease(seen.store.folder).holder()
    if holder is None:
        return None
    verdict = judge(holder, Place.here(), time.time(), process_start)
    return None if verdict is Verdict.DEAD else holder


def _line(run: RunRow, counts: RunCounts, holder: Holder | None) -> RunLine:
    state = run_state(run, holder)
    ended = run.ended
    if ended is None and state is RunState.RUNNING:
        ended = time.time()
    return RunLine(
        run.id,
        run.started,
        None if ended is None else max(ended - run.started, 0.0),
        state,
        run.argv,
        counts.ran,
        counts.done,
        counts.failed,
        counts.seconds,
    )


def run_state(run: RunRow, holder: Holder | None) -> RunState:
    """How a run ended; one without an end goes on if its process has the lease, else it was
    killed."""
    if run.outcome is not None:
        known = {state.value: state for state in RunState}
        return known.get(run.outcome, RunState.CRASHED)
    goes_on = holder is not None and (holder.pid, holder.host) == (run.pid, run.host)
    return RunState.RUNNING if goes_on else RunState.CRASHED


# -- one run -----------------------------------------------------------------------------------


class Deed(NamedTuple):
    """One attempt of a run; a tuple, because there may be 100,000."""

    job_id: str
    function: str
    state: JobState
    seconds: float
    reasons: tuple[Reason, ...]
    """Why it ran; none for the first time."""
    cause: str
    """How it failed, in one line."""


@dataclass(frozen=True, slots=True)
class RunPage(View):
    """All that one run did."""

    run: RunLine
    deeds: tuple[Deed, ...]

    def document(self) -> object:
        """The run, with one object per attempt."""
        deeds = [
            {
                "job_id": deed.job_id,
                "function": deed.function,
                "state": deed.state.value,
                "seconds": deed.seconds,
                "reasons": reason_documents(deed.reasons, deed.function),
                "cause": deed.cause,
            }
            for deed in self.deeds
        ]
        facts = plain(self.run)
        assert isinstance(facts, dict)
        return {**facts, "attempts": deeds}

    def lines(self, screen: Screen) -> Iterator[str]:
        yield from self._head(screen)
        bad = [deed for deed in self.deeds if deed.state is not JobState.DONE]
        for deed in bad[:_FAILURES_SHOWN]:
            look = LOOKS[deed.state]
            mark = screen.paint(look.glyph, look.tone)
            words = one_line(f"{deed.state.value}: {deed.cause}")
            yield from hung(f"{mark} {one_line(deed.job_id)}  ", words, screen)
        if len(bad) > _FAILURES_SHOWN:
            yield f"  and {count_words(len(bad) - _FAILURES_SHOWN, 'more attempt')} of that kind"
        yield from _by_reason((d for d in self.deeds if d.state is JobState.DONE), screen)

    def _head(self, screen: Screen) -> Iterator[str]:
        run = self.run
        took = "" if run.seconds is None else f", {duration_words(run.seconds)}"
        state = screen.paint(run.state.value, _TONES[run.state])
        yield from hung(f"run {run.run}: ", f"{_moment(run.started)}{took}, {state}", screen)
        yield from hung("command: ", one_line(_command(run.argv)), screen)
        ran = f"{run.ran} ran, {run.done} done, {run.failed} failed"
        computed = f"; {duration_words(run.computed)} of computing" if run.ran else ""
        yield f"{ran}{computed}"


def _by_reason(deeds: Iterable[Deed], screen: Screen) -> Iterator[str]:
    """One line per function and reason."""
    look = LOOKS[JobState.DONE]
    mark = screen.paint(look.glyph, look.tone)
    counts: Counter[tuple[str, str]] = Counter()
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    words: dict[tuple[str, tuple[Reason, ...]], str] = {}
    for deed in deeds:
        why = words.get((deed.function, deed.reasons))
        if why is None:
            why = reasons_in_general(deed.reasons, deed.function) or FIRST_TIME
            words[deed.function, deed.reasons] = why
        counts[deed.function, why] += 1
        seconds[deed.function, why] += deed.seconds
    for (function, why), number in counts.most_common():
        took = duration_words(seconds[function, why])
        called = f"{one_line(function)}()" if function else "whose functions are not known any more"
        head = f"{mark} {number} {called}  "
        yield from hung(head, one_line(f"{why} ({took})"), screen)


def run_page(seen: Sight, number: int) -> RunPage:
    """What one run did.

    Raises
    ------
    UserError
        When there is no such run.
    """
    chronicle = seen.store.chronicle
    run = chronicle.run(number)
    if run is None:
        raise UserError(f"There is no run {number}.", cure="history lists the runs.")
    counts = chronicle.counts([number]).get(number, RunCounts())
    deeds = tuple(_deeds(seen, number))
    return RunPage(_line(run, counts, living_holder(seen)), deeds)


def _deeds(seen: Sight, run: int) -> Iterator[Deed]:
    """The attempts of a run; what many of them have in common is looked up once."""
    chronicle = seen.store.chronicle
    found, failures = chronicle.deeds_of_run(run), chronicle.failures_of_run(run)
    functions = _functions(seen, {deed.job_id: deed.code for deed in found})
    states = {state.value: state.job_state for state in AttemptState}
    why: dict[str | None, tuple[Reason, ...]] = {None: ()}
    for deed in found:
        if deed.reason not in why:
            why[deed.reason] = from_json(deed.reason or "[]")
        failure = failures.get(deed.id)
        cause = failure.cause if failure is not None else ""
        function, state = functions.get(deed.job_id, ""), states[deed.state]
        yield Deed(deed.job_id, function, state, deed.duration, why[deed.reason], cause)


def _functions(seen: Sight, codes: Mapping[str, Digest | None]) -> dict[str, str]:
    """Names of the functions of jobs: by the definitions, or by the code that ran."""
    jobs = seen.graph.jobs
    found = {name: jobs[name].command.name for name in codes if name in jobs}
    if len(found) < len(codes):
        rows = seen.store.jobs()
        found = {row.job_id: row.name for row in rows if row.job_id in codes} | found
    names: dict[Digest, str] = {}
    for job_id, code in codes.items():
        if job_id not in found and code is not None:
            if code not in names:
                parts = seen.store.code_parts(code)
                names[code] = parts[0].name.rpartition(".")[2] if parts else ""
            found[job_id] = names[code]
    return found
