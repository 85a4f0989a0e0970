"""One look at a context: its store and the state of every job; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.selection import select
from weft.model.job import Command, Digest, Job
from weft.model.reasons import CodeChanged, Reason
from weft.model.states import JobState
from weft.scheduler.rebuilder import key_of
from weft.scheduler.survey import FAILED, Survey, survey
from weft.store.rows import AttemptRow
from weft.store.store import Store

if TYPE_CHECKING:
    from weft.context import Context

Parts = dict[tuple[str, str], Digest]
"""Kind and name of each part of a code fingerprint, with its hash."""


@dataclass
class Sight:
    """The store and the state of every job, at one moment."""

    store: Store
    survey: Survey
    _fingerprinter: Fingerprinter = field(default_factory=Fingerprinter)
    _parts: dict[int, Parts] = field(default_factory=dict)
    _culprits: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def chosen(self, words: Sequence[str]) -> list[Job]:
        """The jobs that the words name; all of them without words."""
        graph = self.survey.graph
        return select(words, graph, lambda: self.survey.states) if words else list(graph)

    def state(self, job: Job) -> JobState:
        return self.survey.states[job.id]

    def is_stale(self, job: Job) -> bool:
        """Whether the job has a result of its own that does not count now."""
        return self.state(job) is not JobState.DONE and self.survey.was_done(job)

    def newest_attempt(self, job: Job) -> AttemptRow | None:
        past = self.survey.remembered.past(job.id)
        return None if past is None else self.store.attempt(past.attempt)

    @cached_property
    def last_run(self) -> Mapping[str, str | None]:
        """Jobs that the newest run with something to do ran well, and why (as JSON)."""
        runs = self.store.runs()
        return self.store.run_reasons(runs[-1].id) if runs else {}

    def is_of_newest_attempt(self, job: Job) -> bool:
        """Whether the newest attempt of a fresh job was made for what the script asks now."""
        past, results = self.survey.remembered.past(job.id), self.survey.plan.results
        inputs = [result for u in job.inputs if (result := results[u.index]) is not None]
        extra = [result for u in job.extra if (result := results[u.index]) is not None]
        if past is None or job.definition is None:
            return False
        return past.key == key_of(job.definition, inputs, extra)

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

    def reasons(self, job: Job) -> tuple[Reason, ...]:
        """Why a job is stale, with the parts of its code that changed; empty when it is fresh."""
        if self.state(job) is JobState.DONE:
            return ()
        reasons = self.survey.reasons(job)
        if CodeChanged() not in reasons:
            return reasons
        changed = CodeChanged(self._changed_parts(job))
        return tuple(changed if reason == CodeChanged() else reason for reason in reasons)

    def _changed_parts(self, job: Job) -> tuple[str, ...]:
        """Of code that never ran: the store has the parts of its last version only."""
        prior = self.survey.remembered.prior(job)
        function = job.command.function
        if prior is None or function is None:
            return ()
        before = {(p.kind, p.name): p.digest for p in self.store.code_parts(prior.code)}
        if not before:
            return ()
        after = self._parts_now(function, job.command)
        names = [*after, *(key for key in before if key not in after)]
        return tuple(dict.fromkeys(k[1] for k in names if before.get(k) != after.get(k)))

    def _parts_now(self, function: Callable[..., Any], command: Command) -> Parts:
        parts = self._parts.get(id(command))
        if parts is None:
            fingerprint = self._fingerprinter.code(function, command.options)
            parts = {(p.kind, p.name): p.digest for p in fingerprint.parts}
            self._parts[id(command)] = parts
        return parts


@contextmanager
def sight(context: Context) -> Iterator[Sight]:
    """Look at a context as it is now."""
    context.prepare()
    with context.reading() as store:
        yield Sight(store, survey(store, context.graph))
