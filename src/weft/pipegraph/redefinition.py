"""One id, one job: a job that is defined again must be the same, or may take the other's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from weft.model.job import FilesJob
from weft.model.job import Job as HeartJob
from weft.pipegraph.claims import watched_output
from weft.pipegraph.errors import JobContractError, JobRedefinitionError
from weft.pipegraph.job import Job
from weft.pipegraph.naming import place_of

if TYPE_CHECKING:
    from weft.pipegraph.pipegraph import Pipegraph

J = TypeVar("J", bound=Job)


def settle(pipegraph: Pipegraph, known: HeartJob, new: J) -> J:
    """Which of two jobs of one id stays.

    Returns
    -------
    The known one, with the dependencies of both, if they are equal; else the new one, where it
    may take the place.

    Raises
    ------
    JobRedefinitionError
        When it may not; naming both places.
    """
    differences = list(_differences(pipegraph, known, new))
    graph = pipegraph.graph
    if not differences and isinstance(known, type(new)):
        graph.redefinable.discard(new.id)
        for name in new.needs:
            known.need(graph.jobs[name])
        return known
    extension = pipegraph.extension
    own = extension is not None and known.definer == extension.job.id
    if not (pipegraph.redefine or own or new.id in graph.redefinable):
        raise _refusal(known, new, differences)
    _replace(pipegraph, known, new)
    return new


def _replace(pipegraph: Pipegraph, known: HeartJob, new: Job) -> None:
    graph = pipegraph.graph
    pipegraph.forget_extension(new.id)
    graph.retire_generated(new.id)
    if isinstance(new, FilesJob):
        pipegraph.claims.make(new)
    new.index = known.index
    new.definer = known.definer
    graph.jobs[new.id] = new
    graph.redefinable.discard(new.id)
    graph.unlinked = True
    pipegraph.links.touched[new.id] = None


def _differences(pipegraph: Pipegraph, known: HeartJob, new: Job) -> Iterator[str]:
    """What is not the same of two jobs, in words."""
    if type(known) is not type(new):
        yield "class"
        return
    assert isinstance(known, Job)
    if not same_function(pipegraph, known.callback, new.callback):
        yield "function"
    if not same_function(pipegraph, known.accepts, new.accepts):
        yield "accept_as_unchanged_func"
    facts = known.facts()
    yield from (name for name, value in new.facts().items() if facts[name] != value)


def same_function(
    pipegraph: Pipegraph, one: Callable[..., Any] | None, other: Callable[..., Any] | None
) -> bool:
    """Whether two functions are one, or have equal code with all that it reaches."""
    if one is other or one == other:
        return True
    if one is None or other is None:
        return False
    fingerprinter = pipegraph.fingerprinter
    if fingerprinter.code(one).digest == fingerprinter.code(other).digest:
        return True
    fingerprinter.forget()  # one of them may have been known from before its closure changed
    return fingerprinter.code(one).digest == fingerprinter.code(other).digest


def _refusal(known: HeartJob, new: Job, differences: list[str]) -> JobContractError:
    if not isinstance(known, Job):
        return JobRedefinitionError(
            f"Job {new.id!r} was defined by comp() already.",
            facts={"then": place_of(new.origin)},
            cure="Give one of them another id.",
        )
    watcher = next((job for job in (known, new) if getattr(job, "watched", ())), None)
    maker = next((job for job in (known, new) if isinstance(job, FilesJob)), None)
    if watcher is not None and maker is not None:
        return watched_output(new.id, maker, watcher)
    what = f"another {' and another '.join(differences)}"
    if differences == ["class"]:
        what = f"a {type(known).__name__} and a {type(new).__name__}"
    return JobRedefinitionError(
        f"Job {new.id!r} is defined twice: {what}.",
        facts={"first": place_of(known.origin), "then": place_of(new.origin)},
        cure="Give one of them another name; in a notebook, new_pipegraph(redefine=True).",
    )
