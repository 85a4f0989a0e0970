"""Decides fresh or stale: verifying traces with early cutoff (rules 2 to 7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from weft.model.job import DIGEST_SIZE, Digest, Job
from weft.store.rows import TraceFlag

if TYPE_CHECKING:
    from weft.model.outcome import Observation

TraceHead = tuple[int, Digest, Digest, str, int, bytes | None, int]
"""Id, key, result, job id, flags, outputs and origin of a trace: all that the decision needs of
most. The origin is the id of the attempt that stands for it (rule 7)."""

Observe = Callable[[str, str], Digest | None]
"""Kind and key of something that a job observed -> its digest now."""

Intact = Callable[[str, Digest, bytes], bool]
"""Job id, result and outputs of a trace -> whether the files that must be there are, unchanged."""

Rival = Callable[[str, Digest], bool]
"""Whether a job that nothing was decided about yet will ask for a trace of its own at this key."""

_OBSERVED = int(TraceFlag.OBSERVED)
_PRETENDED = int(TraceFlag.PRETENDED)


_COUNTS = tuple(number.to_bytes(8, "big") for number in range(16))


def key_of(definition: Digest, inputs: Sequence[Digest], extra: Sequence[Digest] = ()) -> Digest:
    """The key of a job: its definition with the results that it rests on (rule 2).

    >>> key_of(b"d", []) == b"d"
    True
    >>> key_of(b"d", [b"r"]) == key_of(b"d", [], [b"r"])
    False
    """
    if not inputs and not extra:
        return definition
    number = len(inputs)
    counted = _COUNTS[number] if number < len(_COUNTS) else number.to_bytes(8, "big")
    text = b"".join((definition, counted, *inputs, *extra))
    return blake2b(text, digest_size=DIGEST_SIZE).digest()


class Rebuilder:
    """Gives each job the trace that serves it, if there is one.

    A trace serves one job at a time (rule 6), so a trace that was given is taken out of the index:
    one dict operation both finds and takes it.

    Parameters
    ----------
    traces
        All that count, oldest first.
    observations
        Trace ids to what their jobs observed.
    observe
        How that is now.
    invalidated
        Ids and keys of jobs that are to run again: another job's result won't do for them.
    intact
        Looks at the files that a trace's job made.
    """

    def __init__(
        self,
        traces: Sequence[TraceHead],
        observations: Callable[[Iterable[int]], dict[int, tuple[Observation, ...]]],
        observe: Observe,
        invalidated: Collection[tuple[str, Digest]] = (),
        intact: Intact = lambda _job_id, _result, _outputs: True,
    ) -> None:
        self._by_key: dict[Digest, TraceHead | list[TraceHead]] = {t[1]: t for t in traces}
        self._observed: dict[int, tuple[Observation, ...]] | None = None
        self._traces = traces
        self._observations = observations
        self._observe = observe
        self._invalidated = invalidated
        self._intact = intact
        self.adopted: dict[int, str] = {}
        """Traces that serve another job than their own now: their ids, and its id. They are to be
        its own, so that the next run gives it the same one."""
        self.rival: Rival = lambda _job_id, _key: False
        self.carried: Callable[[Job], TraceHead | None] = lambda _job: None
        """What serves a job of which any code will do. Both are set by the plan."""
        if len(self._by_key) != len(traces):
            self._group(traces)

    def _group(self, traces: Sequence[TraceHead]) -> None:
        groups: dict[Digest, list[TraceHead]] = {}
        for trace in traces:
            groups.setdefault(trace[1], []).append(trace)
        for key, group in groups.items():
            if len(group) > 1:
                self._by_key[key] = group

    def take(self, job: Job, key: Digest) -> TraceHead | None:
        """The trace that makes ``job`` fresh at ``key``, from now on its own; or None."""
        found = self._by_key.pop(key, None)
        if found is None:
            return self.carried(job) if job.command.any_code else None
        if isinstance(found, list):
            return self._choose(job, key, found)
        if found[3] != job.id or found[4] & _OBSERVED or job.command.options.pure:
            return self._choose(job, key, [found])
        if found[5] is None or self._intact(found[3], found[2], found[5]):
            return found
        return None

    def _choose(self, job: Job, key: Digest, candidates: list[TraceHead]) -> TraceHead | None:
        """Its own newest trace, else anybody's newest that its owner won't ask for."""
        pure = job.command.options.pure
        usable = candidates if pure else self._not_promised_elsewhere(job, key, candidates)
        # What was only pretended of one job says nothing about an equal one.
        usable = [trace for trace in usable if trace[3] == job.id or not trace[4] & _PRETENDED]
        newest_first = sorted(usable, key=lambda t: (t[3] == job.id, t[0]), reverse=True)
        chosen = next((trace for trace in newest_first if self.verifies(trace)), None)
        if chosen is not None and chosen[3] != job.id and not pure:
            self.adopted[chosen[0]] = job.id
        left = candidates if pure else [trace for trace in candidates if trace is not chosen]
        if left:
            self._by_key[key] = left
        return chosen

    def _not_promised_elsewhere(
        self, job: Job, key: Digest, candidates: list[TraceHead]
    ) -> list[TraceHead]:
        """All but the newest trace of each other job that will ask for one at this key."""
        if (job.id, key) in self._invalidated:
            return [trace for trace in candidates if trace[3] == job.id]
        newest = {trace[3]: trace for trace in candidates}
        kept = {
            trace[0]
            for owner, trace in newest.items()
            if owner != job.id and self.rival(owner, key)
        }
        return [trace for trace in candidates if trace[0] not in kept]

    def verifies(self, trace: TraceHead) -> bool:
        """Whether what the trace's job made and read is as it was."""
        if trace[5] is not None and not self._intact(trace[3], trace[2], trace[5]):
            return False
        return not trace[4] & _OBSERVED or self.changed(trace[0]) is None

    def changed(self, trace_id: int) -> Observation | None:
        """The first of what the trace's job observed that is another now (rule 4), or None.

        Left to right, stopping at the first: later ones may exist only because of earlier answers.
        """
        if self._observed is None:
            observing = (trace[0] for trace in self._traces if trace[4] & _OBSERVED)
            self._observed = self._observations(observing)
        for observation in self._observed.get(trace_id, ()):
            if self._observe(observation.kind, observation.key) != observation.digest:
                return observation
        return None
