"""One look at a context: its store and the state of every job; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.parts import CodePart
from weft.graph.definition import code_of
from weft.graph.graph import Graph
from weft.model.job import Command, Digest, Job
from weft.model.reasons import CodeChanged, Reason
from weft.model.states import JobState
from weft.scheduler.survey import FAILED, Survey
from weft.store.rows import AttemptRow, TraceRow
from weft.store.store import Store

if TYPE_CHECKING:
    from weft.context import Context

PartName = tuple[str, str]
"""Kind and name of a part of a code fingerprint."""
FEW = 100
"""Chosen jobs up to which only what they rest on is looked at."""


class Sight:
    """The store and the state of jobs, at one moment; nothing is looked up before it is asked for.

    Parameters
    ----------
    context
        Whose definitions are up to date.
    """

    def __init__(self, context: Context, store: Store) -> None:
        self.store = store
        self._context = context
        self._survey: Survey | None = None
        self._fingerprinter = Fingerprinter()
        self._parts: dict[int, dict[PartName, CodePart]] = {}
        self._culprits: dict[str, tuple[str, ...]] = {}

    @property
    def graph(self) -> Graph:
        """All jobs."""
        return self._context.graph

    def check_trust(self, what: str) -> None:
        """See ``Context.check_trust``."""
        self._context.check_trust(what)

    @property
    def survey(self) -> Survey:
        """The state of every job, or of those that were chosen and of their upstream."""
        if self._survey is None:
            self._survey = self._context.survey(self.store)
        return self._survey

    def chosen(self, words: Sequence[str]) -> list[Job]:
        """The jobs that the words name; all of them without words.

        When these are few, and naming them needed no states, only they are surveyed: 100,000 jobs
        take 0.3 s.
        """
        if not words:
            self.survey  # noqa: B018 - brings generated jobs into the graph
            return list(self.graph)
        jobs = self._context.select(words, self.store, lambda: self.survey)
        if self._survey is None and len(jobs) <= FEW:
            self._survey = self._context.survey(self.store, jobs)
        return jobs

    def state(self, job: Job) -> JobState:
        return self.survey.states[job.id]

    def is_stale(self, job: Job) -> bool:
        """Whether the job has a result of its own that does not count now."""
        return self.state(job) is not JobState.DONE and self.survey.was_done(job)

    def newest_attempt(self, job: Job) -> AttemptRow | None:
        past = self.survey.remembered.past(job.id)
        return None if past is None else self.store.chronicle.attempt(past.attempt)

    @cached_property
    def last_run(self) -> Mapping[str, str | None]:
        """Jobs that the newest run with something to do ran well, and why (as JSON)."""
        runs = self.store.chronicle.runs(1)
        return self.store.chronicle.reasons_of_run(runs[-1].id) if runs else {}

    def ran_last(self, job: Job) -> tuple[bool, str | None]:
        """Whether the newest run ran the job well; and why (as JSON)."""
        if "last_run" in self.__dict__:
            return job.id in self.last_run, self.last_run.get(job.id)
        attempt, runs = self.newest_attempt(job), self.store.chronicle.runs(1)
        if attempt is None or attempt.run != runs[-1].id or not attempt.state.done:
            return False, None
        return True, attempt.reason

    def is_of_newest_attempt(self, job: Job) -> bool:
        """Whether the newest attempt of a fresh job was made for what the script asks now."""
        past = self.survey.remembered.past(job.id)
        return past is not None and past.key == self.survey.plan.known_key(job)

    def culprits(self, job: Job) -> tuple[str, ...]:
        """The failed jobs that a blocked one waits for.

        A job that is blocked by just one other shares its tuple, so that a long chain costs no
        more than its length.
        """
        found, stack = self._culprits, [job]
        while stack:
            awaited = self.survey.awaited(stack[-1])
            blocked = [a for a in awaited if self.state(a) is JobState.BLOCKED]
            unknown = [a for a in blocked if a.id not in found]
            if unknown:
                stack.extend(unknown)
                continue
            groups: list[tuple[str, ...]] = [(a.id,) for a in awaited if self.state(a) in FAILED]
            groups += [found[a.id] for a in blocked]
            one = len(groups) == 1
            merged = groups[0] if one else tuple(dict.fromkeys(chain.from_iterable(groups)))
            found[stack.pop().id] = merged
        return found[job.id]

    # -- code --------------------------------------------------------------------------------

    def reasons(self, job: Job) -> tuple[Reason, ...]:
        """Why a job is stale, with the parts of its code that changed; empty when it is fresh."""
        if self.state(job) is JobState.DONE:
            return ()
        reasons = self.survey.reasons(job)
        if CodeChanged() not in reasons:
            return reasons
        prior = self.survey.remembered.prior(job)
        names = [name for name, _, _ in self.changed_code(job, prior)] if prior else []
        changed = CodeChanged(tuple(dict.fromkeys(names)))
        return tuple(changed if reason == CodeChanged() else reason for reason in reasons)

    def changed_code(self, job: Job, prior: TraceRow) -> list[tuple[str, str, str]]:
        """Name, old and new source of the parts in which the code differs from a trace's.

        Of code that never ran the store knows nothing: it is fingerprinted here.
        """
        now = self._parts_now(job.command)
        after = {key: (part.digest, part.source) for key, part in now.items()}
        return differing(self.code_of(prior.code), after)

    def code_of(self, code: Digest) -> dict[PartName, tuple[Digest, str | None]]:
        """The parts of a code that ran; empty when they are not known."""
        return {(p.kind, p.name): (p.digest, p.source) for p in self.store.code_parts(code)}

    def _parts_now(self, command: Command) -> dict[PartName, CodePart]:
        parts = self._parts.get(id(command))
        if parts is None:
            here = command.function is not None
            found = code_of(command, self._fingerprinter).parts if here else ()
            parts = self._parts[id(command)] = {(p.kind, p.name): p for p in found}
        return parts


def differing(
    before: Mapping[PartName, tuple[Digest, str | None]],
    after: Mapping[PartName, tuple[Digest, str | None]],
) -> list[tuple[str, str, str]]:
    """Name, old and new source of the parts that differ, in the order of the new code.

    >>> differing({("function", "f"): (b"1", "old")}, {("function", "f"): (b"2", "new")})
    [('f', 'old', 'new')]
    """
    if not before or not after:
        return []
    keys = [*after, *(key for key in before if key not in after)]
    nothing = (b"", None)
    return [
        (key[1], before.get(key, nothing)[1] or "", after.get(key, nothing)[1] or "")
        for key in keys
        if before.get(key, nothing)[0] != after.get(key, nothing)[0]
    ]


@contextmanager
def sight(context: Context) -> Iterator[Sight]:
    """Look at a context as it is now."""
    context.prepare()
    with context.reading() as store:
        yield Sight(context, store)
