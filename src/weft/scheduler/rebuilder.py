"""Decides fresh or stale: verifying traces with early cutoff (rules 2 to 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b

from weft.graph.definition import arguments_text
from weft.model.job import DIGEST_SIZE, Digest, Job
from weft.model.outcome import Observation
from weft.model.reasons import (
    ArgumentsChanged,
    CodeChanged,
    DependencyAdded,
    DependencyChanged,
    DependencyRemoved,
    Invalidated,
    NeverRun,
    ObservationChanged,
    Reason,
    Taken,
)
from weft.store.rows import TraceFlag, TraceRow

TraceHead = tuple[int, Digest, Digest, str, int]
"""Id, key, result, job id and flags of a trace: all that the decision needs of most."""

Observe = Callable[[str, str], Digest | None]
"""Kind and key of something that a job observed -> its digest now."""

_OBSERVED = int(TraceFlag.OBSERVED)


def key_of(definition: Digest, inputs: Sequence[Digest], extra: Sequence[Digest] = ()) -> Digest:
    """The key of a job: its definition with the results that it rests on (rule 2).

    >>> key_of(b"d", []) == b"d"
    True
    >>> key_of(b"d", [b"r"]) == key_of(b"d", [], [b"r"])
    False
    """
    if not inputs and not extra:
        return definition
    state = blake2b(definition, digest_size=DIGEST_SIZE)
    state.update(len(inputs).to_bytes(8, "big"))
    state.update(b"".join(inputs))
    if extra:
        state.update(b"".join(extra))
    return state.digest()


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
    defined
        Whether an id is a job of the present graph: a job without a trace of its own rather takes
        one of a job that is not defined any more than one that its owner will ask for later.
    """

    def __init__(
        self,
        traces: Sequence[TraceHead],
        observations: Callable[[Iterable[int]], dict[int, tuple[Observation, ...]]],
        observe: Observe,
        defined: Callable[[str], bool],
    ) -> None:
        self._by_key: dict[Digest, TraceHead | list[TraceHead]] = {t[1]: t for t in traces}
        self._observed: dict[int, tuple[Observation, ...]] | None = None
        self._load_observed = lambda: observations(t[0] for t in traces if t[4] & _OBSERVED)
        self._observe = observe
        self._defined = defined
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
            return None
        if type(found) is tuple and not found[4] & _OBSERVED and not job.command.options.pure:
            return found
        return self._choose(job, key, found if isinstance(found, list) else [found])

    def _choose(self, job: Job, key: Digest, candidates: list[TraceHead]) -> TraceHead | None:
        ordered = sorted(candidates, key=lambda trace: (self._closeness(job, trace), trace[0]))
        chosen = next((trace for trace in reversed(ordered) if self._verifies(trace)), None)
        left = [t for t in candidates if t is not chosen or job.command.options.pure]
        if left:
            self._by_key[key] = left
        return chosen

    def _closeness(self, job: Job, trace: TraceHead) -> int:
        if trace[3] == job.id:
            return 2
        return 0 if self._defined(trace[3]) else 1

    def _verifies(self, trace: TraceHead) -> bool:
        return not trace[4] & _OBSERVED or self.changed(trace[0]) is None

    def changed(self, trace_id: int) -> Observation | None:
        """The first of what the trace's job observed that is another now (rule 4), or None.

        Left to right, stopping at the first: later ones may exist only because of earlier answers.
        """
        if self._observed is None:
            self._observed = self._load_observed()
        for observation in self._observed.get(trace_id, ()):
            if self._observe(observation.kind, observation.key) != observation.digest:
                return observation
        return None


def explain(
    job: Job,
    key: Digest,
    prior: TraceRow | None,
    results: Sequence[Digest],
    changed: Callable[[int], Observation | None],
    parts: Callable[[Digest, Digest], tuple[str, ...]],
) -> tuple[Reason, ...]:
    """Why ``job`` is stale at ``key``, compared with the newest trace of its own.

    Parameters
    ----------
    results
        Of its inputs, then of its extra dependencies.
    changed
        Trace id to what its job observed and is another now.
    parts
        Old and new code digest to the names of what differs.
    """
    if prior is None:
        return (NeverRun(),)
    if prior.flags & TraceFlag.INVALID:
        return (Invalidated(),)
    if prior.key == key:
        observation = changed(prior.id)
        if observation is None:
            return (Taken(),)
        return (ObservationChanged(observation.kind, observation.key),)
    reasons = [*_definition_reasons(job, prior, parts), *_dependency_reasons(job, prior, results)]
    return tuple(reasons) or (NeverRun(),)


def _definition_reasons(
    job: Job, prior: TraceRow, parts: Callable[[Digest, Digest], tuple[str, ...]]
) -> Iterable[Reason]:
    if prior.definition == job.definition:
        return
    code = job.command.code or b""
    if prior.code != code:
        yield CodeChanged(parts(prior.code, code))
    text = arguments_text(job)
    if prior.arguments_text != text or prior.code == code:
        yield ArgumentsChanged(prior.arguments_text, text)


def _dependency_reasons(job: Job, prior: TraceRow, results: Sequence[Digest]) -> Iterable[Reason]:
    ids = (prior.input_ids or "").split("\n") if prior.input_ids else []
    hashes = prior.input_hashes or b""
    before = {name: hashes[i * DIGEST_SIZE : (i + 1) * DIGEST_SIZE] for i, name in enumerate(ids)}
    now = {u.id: result for u, result in zip(job.upstream, results, strict=True)}
    for name, result in now.items():
        if name not in before:
            yield DependencyAdded(name)
        elif before[name] != result:
            yield DependencyChanged(name)
    for name in before:
        if name not in now:
            yield DependencyRemoved(name)
