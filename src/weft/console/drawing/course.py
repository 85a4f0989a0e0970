"""The course of one run: what ran when, on which worker, and which jobs held it up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.console.drawing.critical import CriticalPath, critical_path
from weft.console.drawing.picture import origins
from weft.console.text.reasons import reasons_words
from weft.console.text.words import count_words
from weft.errors import UserError
from weft.model.reasons import from_json
from weft.model.states import JobState

if TYPE_CHECKING:
    from weft.console.views.sight import Sight
    from weft.store.rows import AttemptRow, RunRow


@dataclass(frozen=True, slots=True)
class Stint:
    """One attempt in its run."""

    job_id: str
    function: str
    attempt: int
    state: JobState
    start: float
    """Seconds since the run began."""
    seconds: float
    lane: int
    """Number of the row that it is drawn in."""
    worker: str
    memory: int | None
    """Bytes."""
    because: str
    """Why it ran."""
    cause: str
    """Why it failed."""

    @property
    def end(self) -> float:
        """Seconds since the run began."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class Course:
    """What one run did to the chosen jobs, in order of start.

    Attributes
    ----------
    lanes
        What stands beside each row: its workers.
    """

    run: RunRow
    began: float
    """Seconds since the epoch."""
    stints: tuple[Stint, ...]
    lanes: tuple[str, ...]
    critical: CriticalPath

    @property
    def seconds(self) -> float:
        """From the beginning of the run to the end of its last attempt."""
        return max((stint.end for stint in self.stints), default=0.0)

    @property
    def jobs(self) -> int:
        """How many jobs ran."""
        return len({stint.job_id for stint in self.stints})

    @property
    def where(self) -> str:
        """The number of the run, of its jobs and of its rows."""
        lanes = count_words(len(self.lanes), "worker")
        jobs, attempts = self.jobs, len(self.stints)
        again = f" in {count_words(attempts, 'attempt')}" if attempts > jobs else ""
        return f"run {self.run.id}, {count_words(jobs, 'job')}{again} on {lanes}"


def course_of(seen: Sight, words: Sequence[str], number: int | None) -> Course | None:
    """What a run did, by default the newest that ran something; None when there is none.

    Parameters
    ----------
    words
        Choose the jobs; without any, all that ran are shown.

    Raises
    ------
    UserError
        When there is no run of that number.
    """
    run = _run(seen, number)
    if run is None:
        return None
    rows = seen.store.chronicle.attempts_of_run(run.id)
    chosen = {job.id for job in seen.chosen(words)} if words else None
    began = min([run.started, *(row.started for row in rows)])
    kept = [row for row in rows if chosen is None or row.job_id in chosen]
    kept.sort(key=lambda row: (row.started, row.id))
    lanes, of_row = lanes_of([(_worker(row), row.started, row.duration) for row in kept])
    functions = _functions(seen, kept)
    stints = tuple(
        _stint(row, began, lane, functions[row.job_id])
        for row, lane in zip(kept, of_row, strict=True)
    )
    return Course(run, began, stints, lanes, _critical(seen, kept))


def _run(seen: Sight, number: int | None) -> RunRow | None:
    chronicle = seen.store.chronicle
    if number is None:
        busy = chronicle.counts([run.id for run in chronicle.runs()])
        return chronicle.run(max(busy)) if busy else None
    run = chronicle.run(number)
    if run is None:
        newest = max((run.id for run in chronicle.runs(1)), default=None)
        raise UserError(
            f"There is no run {number}.",
            facts={} if newest is None else {"newest": newest},
            cure="history lists the runs." if newest is not None else "Nothing has run yet: make.",
        )
    return run


def _worker(row: AttemptRow) -> str:
    return f"pid {row.pid} on {row.host}" if row.host else f"pid {row.pid}"


def _functions(seen: Sight, rows: Iterable[AttemptRow]) -> dict[str, str]:
    """Names of the functions; those of jobs that are gone are with the store."""
    seen.survey  # noqa: B018 - brings generated jobs into the graph
    jobs, names, gone = seen.graph.jobs, dict[str, str](), set[str]()
    for row in rows:
        job = jobs.get(row.job_id)
        if job is None:
            gone.add(row.job_id)
        names[row.job_id] = "" if job is None else job.command.name
    if gone:
        names.update((row.job_id, row.name) for row in seen.store.jobs() if row.job_id in gone)
    return names


def _stint(row: AttemptRow, began: float, lane: int, function: str) -> Stint:
    reasons = from_json(row.reason) if row.reason else ()
    return Stint(
        job_id=row.job_id,
        function=function,
        attempt=row.number,
        state=row.state.job_state,
        start=row.started - began,
        seconds=row.duration,
        lane=lane,
        worker=_worker(row),
        memory=row.max_rss,
        because=reasons_words(reasons, function) if reasons else "",
        cause=_cause(row),
    )


def _cause(row: AttemptRow) -> str:
    return row.cause if row.state.failed else ""


def lanes_of(
    stints: Sequence[tuple[str, float, float]],
) -> tuple[tuple[str, ...], list[int]]:
    """Rows in which nothing overlaps: their names, and the row of each stint.

    Parameters
    ----------
    stints
        Worker, start and seconds, in order of start. A worker keeps its row; one that came when
        another was gone takes over the other's; one that ran several jobs at once (threads) gets
        several.

    Examples
    --------
    >>> lanes_of([("pid 1", 0.0, 2.0), ("pid 2", 1.0, 1.0), ("pid 3", 5.0, 1.0)])
    (('pid 1, pid 3', 'pid 2'), [0, 1, 0])
    """
    last = {worker: start + seconds for worker, start, seconds in stints}
    members: list[dict[str, None]] = []
    free: list[float] = []  # when the newest stint of each row ends
    held: dict[str, list[int]] = defaultdict(list)
    owner: list[str] = []
    rows = []
    for worker, start, seconds in stints:
        own = next((row for row in held[worker] if free[row] <= start), None)
        if own is None:
            own = _left_row(owner, last, free, start)
            if own is None:
                own = len(owner)
                owner.append(worker)
                free.append(0.0)
                members.append({})
            owner[own] = worker
            held[worker].append(own)
        members[own][worker] = None
        free[own] = start + seconds
        rows.append(own)
    return tuple(_lane_name(list(workers)) for workers in members), rows


def _left_row(
    owner: Sequence[str], last: Mapping[str, float], free: Sequence[float], start: float
) -> int | None:
    """A row whose worker runs nothing more."""
    for row, worker in enumerate(owner):
        if free[row] <= start and last[worker] <= start:
            return row
    return None


def _lane_name(workers: Sequence[str]) -> str:
    more = len(workers) - 2
    return ", ".join(workers[:2]) + (f" and {more} more" if more > 0 else "")


def _critical(seen: Sight, rows: Iterable[AttemptRow]) -> CriticalPath:
    """By the times of this run, retries included."""
    seconds: dict[str, float] = defaultdict(float)
    for row in rows:
        seconds[row.job_id] += row.duration
    places = {job_id: place for place, job_id in enumerate(seen.graph.jobs)}
    upstream = {}
    for job in seen.graph:
        above = dict.fromkeys(u.id for u in job.upstream)
        if seen.survey.plan.promised:
            above.update(dict.fromkeys(origins(seen.survey, job, places)))
        if job.definer is not None:
            above[job.definer] = None
        if above:
            upstream[job.id] = list(above)
    return critical_path(dict(seconds), upstream)
