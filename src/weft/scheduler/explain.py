"""Why a job is stale, as data: what differs from the newest trace of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from weft.graph.definition import TEXT_LIMIT, arguments_text
from weft.model.job import DIGEST_SIZE, Digest, FilesJob, Job
from weft.model.outcome import Observation
from weft.model.reasons import (
    ArgumentsChanged,
    CodeChanged,
    DependencyAdded,
    DependencyChanged,
    DependencyRan,
    DependencyRemoved,
    FilesChanged,
    HeldChanged,
    Invalidated,
    NeverRun,
    ObservationChanged,
    OptionsChanged,
    Reason,
    Superseded,
    Taken,
)
from weft.store.rows import TraceFlag, TraceRow


def explain(
    job: Job,
    key: Digest,
    prior: TraceRow | None,
    results: Sequence[Digest],
    changed: Callable[[int], Observation | None],
    outputs: Callable[[TraceRow], Reason | None],
    parts: Callable[[Digest, Digest], tuple[str, ...]],
    ran: Collection[str] = (),
) -> tuple[Reason, ...]:
    """Why ``job`` is stale at ``key``, compared with the newest trace of its own.

    Parameters
    ----------
    results
        Of its inputs, then of its extra dependencies; or what stands for them in the key.
    changed
        Trace id to what its job observed and is another now.
    outputs
        A trace to what is wrong with the files that its job made.
    parts
        Old and new code digest to the names of what differs.
    ran
        Ids of the dependencies for which their attempt stands.
    """
    if prior is None:
        return (NeverRun(),)
    if prior.flags & TraceFlag.INVALID:
        return (Invalidated(),)
    if prior.key == key and prior.flags & TraceFlag.SUPERSEDED:
        return (Superseded(),)
    if prior.key == key:
        observation = changed(prior.id)
        if observation is None:
            return (outputs(prior) or Taken(),)
        return (ObservationChanged(observation.kind, observation.key),)
    links = tuple(_dependency_reasons(job, prior, results, ran))
    reasons = (*_definition_reasons(job, prior, parts, linked=bool(links)), *links)
    return reasons or (NeverRun(),)


def _definition_reasons(
    job: Job,
    prior: TraceRow,
    parts: Callable[[Digest, Digest], tuple[str, ...]],
    *,
    linked: bool,
) -> Iterable[Reason]:
    if prior.definition == job.definition:
        return
    code = job.command.code or b""
    if prior.code != code:
        yield CodeChanged(parts(prior.code, code))
    before, *held_before = prior.arguments_text.split("\n")
    after, *held_after = arguments_text(job).split("\n")
    held = tuple(_held_reasons(held_before, held_after))
    if not held and prior.code == code and before == after:
        held = tuple(_held_reasons(held_before, held_after, shortened=True))
    yield from held
    # Of some kinds of jobs the dependencies are part of the definition: that is told as such.
    told = held or prior.code != code or (linked and job.command.kind)
    if before != after or not told:
        if before == after and job.arguments is None and isinstance(job, FilesJob):
            yield FilesChanged()
        elif before == after and job.arguments is None and len(after) < TEXT_LIMIT:
            yield OptionsChanged("as it was", _option_words(job))
        else:
            yield ArgumentsChanged(before, after)


def _option_words(job: Job) -> str:
    """The options that are part of a definition beside its code, as they are now."""
    seed, cutoff = job.command.options.seed, job.command.options.cutoff
    return f"seed={seed!r}, cutoff={cutoff}"


def _held_reasons(
    before: Iterable[str], after: Iterable[str], *, shortened: bool = False
) -> Iterator[Reason]:
    """Values with equal names that differ; a name more or less is a change of the code.

    Parameters
    ----------
    shortened
        Take those for changed of which only the beginnings are known.
    """
    known = dict(line.split("=", 1) for line in before)
    for line in after:
        name, value = line.split("=", 1)
        changed = known.get(name, value) != value
        if changed or (shortened and name in known and value.endswith("…")):
            yield HeldChanged(name, known[name], value)


def _dependency_reasons(
    job: Job, prior: TraceRow, results: Sequence[Digest], ran: Collection[str]
) -> Iterable[Reason]:
    ids = (prior.input_ids or "").split("\n") if prior.input_ids else []
    hashes = prior.input_hashes or b""
    if job.command.kind and prior.definition == job.definition:
        ids = [u.id for u in job.upstream]  # as before by their roles, wherever they are now
    before = {name: hashes[i * DIGEST_SIZE : (i + 1) * DIGEST_SIZE] for i, name in enumerate(ids)}
    now = {u.id: result for u, result in zip(job.upstream, results, strict=True)}
    for name, result in now.items():
        if name not in before:
            yield DependencyAdded(name)
        elif before[name] != result:
            yield DependencyRan(name) if name in ran else DependencyChanged(name)
    for name in before:
        if name not in now:
            yield DependencyRemoved(name)
