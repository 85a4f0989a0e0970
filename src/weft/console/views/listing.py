"""``ls`` and ``stats``: one line per job, one line per function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from weft.console.text.reasons import reason_documents
from weft.console.text.render import LOOKS, Cell, Column, lines_of, table
from weft.console.text.screen import Screen, Tone
from weft.console.text.view import View, plain
from weft.console.text.words import count_words, duration_words, size_words
from weft.model.reasons import Reason
from weft.model.states import JobState

LARGE = 2**20
"""Bytes of a result from which on ``ls`` shows its size."""


class More(NamedTuple):
    """What is shown of a job only when it was asked for."""

    reasons: tuple[Reason, ...] = ()
    """Why it is stale."""
    why: str = ""
    """Why it is not done, in words."""
    level: int = 1
    """How many definers lead to it, itself included."""
    dynamic: bool = False
    cpu: float | None = None
    """Seconds of processor time of its newest attempt."""
    memory: int | None = None
    """Bytes that its newest attempt had at most."""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class JobLines:
    """Some jobs, fact by fact: 100,000 objects, one per job, would take 0.3 s."""

    ids: Sequence[str]
    functions: Sequence[str]
    states: Sequence[JobState]
    stale: Sequence[bool]
    """Whether it has a result of its own that does not count now."""
    seconds: Sequence[float | None]
    """Of its newest success."""
    ended: Sequence[float | None]
    """When its newest attempt ended, in seconds since the epoch."""
    sizes: Sequence[int | None]
    """Bytes of its newest result."""
    more: Sequence[More] = ()
    """Empty, or one for each."""

    def __len__(self) -> int:
        return len(self.ids)

    def ordered(self, order: Sequence[int]) -> JobLines:
        """The jobs of these places, in this order."""
        parts = [getattr(self, field.name) for field in fields(self)]
        return JobLines(*[[part[i] for i in order] if part else () for part in parts])

    def documents(self) -> list[dict[str, object]]:
        """Each job as programs read it."""
        names = ("job_id", "function", "state", "stale", "seconds", "ended", "size")
        columns = (self.ids, self.functions, self.states, self.stale, self.seconds, self.ended)
        rows = zip(*columns, self.sizes, strict=True)
        found = [dict(zip(names, map(plain, row), strict=True)) for row in rows]
        for one, more, function in zip(found, self.more, self.functions, strict=False):
            facts = more._replace(reasons=())._asdict()
            one |= {**facts, "reasons": reason_documents(more.reasons, function)}
        return found


@dataclass(frozen=True, slots=True)
class Listing(View):
    """Some jobs.

    Attributes
    ----------
    now
        Seconds since the epoch, for how long ago things were.
    """

    jobs: JobLines
    now: float = 0.0
    with_reasons: bool = False
    all_details: bool = False
    left_out: int = 0
    """How many more there are."""

    def document(self) -> object:
        """A list with one object per job."""
        return self.jobs.documents()

    def lines(self, screen: Screen) -> Iterator[str]:
        if not self.jobs:
            yield "No jobs."
            return
        yield from lines_of(self._columns(), screen)
        if len(self.jobs) > 1:
            yield screen.paint(self._totals(), Tone.FAINT)

    def _columns(self) -> list[Column]:
        jobs, more = self.jobs, self.jobs.more
        # Identities, because Python's enums hash themselves by a call of 0.1 us.
        kinds = list(map(id, jobs.states))
        glyphs = list(map({id(s): look.glyph for s, look in LOOKS.items()}.__getitem__, kinds))
        tones = list(map({id(s): look.tone for s, look in LOOKS.items()}.__getitem__, kinds))
        words = list(map({id(s): s.value for s in JobState}.__getitem__, kinds))
        functions = {name: f"{name}()" for name in set(jobs.functions)}
        for place in [place for place, old in enumerate(jobs.stale) if old]:
            words[place] += ", stale"
        columns = [Column(glyphs, tones)]
        if self.all_details:
            columns.append(Column([str(one.level) for one in more], Tone.FAINT, right=True))
            columns.append(Column(["d" if one.dynamic else "" for one in more], Tone.FAINT))
        columns += [
            Column(jobs.ids),
            Column(words, tones),
            Column(list(map(functions.__getitem__, jobs.functions)), Tone.FAINT),
            Column(_times(jobs.seconds), right=True),
            *(self._costs() if self.all_details else _large_sizes(jobs.sizes)),
            Column(_ages(jobs.ended, self.now), Tone.FAINT, right=True),
        ]
        if self.with_reasons:
            columns.append(Column([one.why for one in more]))
        return columns

    def _costs(self) -> Iterator[Column]:
        more = self.jobs.more
        cpu = _times([one.cpu for one in more])
        yield Column([f"cpu {words}" if words else "" for words in cpu], right=True)
        yield Column(_each(size_words, [one.memory for one in more], "mem "), right=True)
        yield Column(_each(size_words, self.jobs.sizes), right=True)
        yield Column([f"{n}x" if (n := one.attempts) else "" for one in more], right=True)

    def _totals(self) -> str:
        counts = Counter(map(id, self.jobs.states))
        parts = ", ".join(f"{n} {state.value}" for state in JobState if (n := counts[id(state)]))
        seconds = sum(filter(None, self.jobs.seconds))
        time = f"; {duration_words(seconds)} of computing" if seconds else ""
        more = f" ({self.left_out} more not shown)" if self.left_out else ""
        return f"{count_words(len(self.jobs), 'job')}: {parts}{time}{more}"


def _large_sizes(sizes: Sequence[int | None]) -> Iterator[Column]:
    if any(sizes):
        large = [size if size is not None and size >= LARGE else None for size in sizes]
        yield Column(_each(size_words, large), right=True)


def _times(seconds: Iterable[float | None]) -> list[str]:
    """Durations; to 0.1 ms, so that most are worded once for many jobs."""
    ticks = [None if one is None else round(one * 10_000) for one in seconds]
    return _each(lambda tick: duration_words(tick / 10_000), ticks)


def _each(words: Callable[[int], str], values: Iterable[int | None], head: str = "") -> list[str]:
    """The words for values, each value worded once; nothing for None."""
    values = list(values)
    known: dict[int | None, str] = {
        value: "" if value is None else f"{head}{words(value)}" for value in set(values)
    }
    return list(map(known.__getitem__, values))


def _ages(ended: Iterable[float | None], now: float) -> list[str]:
    whole = [None if moment is None else int(now - moment) for moment in ended]
    return _each(lambda seconds: f"{_age_words(max(seconds, 0))} ago", whole)


def _age_words(seconds: int) -> str:
    """How long ago, in one unit.

    >>> _age_words(5), _age_words(150), _age_words(10_000), _age_words(200_000)
    ('5 s', '2 min', '2 h', '2 d')
    """
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


@dataclass(frozen=True, slots=True)
class FunctionLine:
    """The jobs of one function, counted."""

    function: str
    counts: Mapping[JobState, int]
    seconds: float
    """Of the newest successes, together."""
    longest: float
    """Of them."""
    timed: int
    """How many have one."""

    @property
    def jobs(self) -> int:
        """How many there are."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Tally(View):
    """Jobs counted by function and state."""

    functions: tuple[FunctionLine, ...]

    def document(self) -> object:
        """A list with one object per function."""
        return [
            {**_line(line), "jobs": line.jobs, "mean": _mean(line), "counts": plain(line.counts)}
            for line in self.functions
        ]

    def lines(self, screen: Screen) -> Iterator[str]:
        states = [s for s in JobState if any(s in line.counts for line in self.functions)]
        if not states:
            yield "No jobs."
            return
        heads = ["function", "jobs", *(state.value for state in states), "time", "mean", "longest"]
        rows = [[Cell(head, Tone.STRONG, right=i > 0) for i, head in enumerate(heads)]]
        rows += [_tally_row(f"{line.function}()", line, states) for line in self.functions]
        if len(self.functions) > 1:
            rows.append(_tally_row("all", _together(self.functions), states))
        yield from table(rows, screen)


def _line(line: FunctionLine) -> dict[str, object]:
    return {"function": line.function, "seconds": line.seconds, "longest": line.longest}


def _mean(line: FunctionLine) -> float | None:
    return line.seconds / line.timed if line.timed else None


def _together(lines: Sequence[FunctionLine]) -> FunctionLine:
    counts: Counter[JobState] = Counter()
    for line in lines:
        counts.update(line.counts)
    seconds, timed = sum(line.seconds for line in lines), sum(line.timed for line in lines)
    return FunctionLine("all", counts, seconds, max(line.longest for line in lines), timed)


def _tally_row(name: str, line: FunctionLine, states: Sequence[JobState]) -> list[Cell]:
    numbers = [
        Cell(str(line.counts.get(state) or ""), LOOKS[state].tone, right=True) for state in states
    ]
    mean = _mean(line)
    return [
        Cell(name),
        Cell(str(line.jobs), right=True),
        *numbers,
        Cell(duration_words(line.seconds) if line.seconds else "", right=True),
        Cell(duration_words(mean) if mean else "", right=True),
        Cell(duration_words(line.longest) if line.longest else "", right=True),
    ]
