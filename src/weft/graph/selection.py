"""The words that choose jobs: ids, ``*`` wildcards, ``function()``, and names of states.

Words side by side are a union, in definition order. Nothing is selected by accident: words that
match nothing are an error if they name jobs, and an empty set if they name a state.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from weft.errors import SelectionError
from weft.graph.graph import Graph
from weft.model.job import Job
from weft.model.states import JobState

States = Callable[[], Mapping[str, JobState]]
"""Asked only when a word names a state."""

_BY_STATE: Mapping[str, frozenset[JobState]] = {
    "done": frozenset({JobState.DONE}),
    "failed": frozenset({JobState.FAILED, JobState.TIMED_OUT, JobState.OUT_OF_MEMORY}),
    "blocked": frozenset({JobState.BLOCKED}),
    "cancelled": frozenset({JobState.CANCELLED}),
    "ready": frozenset({JobState.READY}),
    "waiting": frozenset({JobState.WAITING}),
    "todo": frozenset(JobState) - {JobState.DONE},
}
_BY_SHAPE: Mapping[str, Callable[[Job], bool]] = {
    "all": lambda _job: True,
    "root": lambda job: job.definer is None,
    "generated": lambda job: job.definer is not None,
    "dynamic": lambda job: job.command.dynamic,
    "bottom": lambda job: not job.upstream,
}
WORDS: tuple[str, ...] = (*_BY_SHAPE, "top", *_BY_STATE)


def select(words: Sequence[str], graph: Graph, states: States) -> list[Job]:
    """The jobs that the words name, each once, in definition order.

    Raises
    ------
    SelectionError
        For a word that is no id, wildcard with a match, function or state.
    """
    chosen: dict[int, Job] = {}
    for word in words:
        chosen.update((job.index, job) for job in _named(word, graph, states))
    return [chosen[index] for index in sorted(chosen)]


def _named(word: str, graph: Graph, states: States) -> Iterable[Job]:
    job = graph.jobs.get(word)
    if job is not None:
        return [job]
    lower = word.lower()
    if lower in _BY_SHAPE:
        return filter(_BY_SHAPE[lower], graph)
    if lower == "top":
        return graph.top()
    if lower in _BY_STATE:
        wanted, now = _BY_STATE[lower], states()
        return [job for job in graph if now[job.id] in wanted]
    return _matching(word, graph)


def _matching(word: str, graph: Graph) -> list[Job]:
    if word.endswith("()"):
        name = word[:-2].lower()
        found = [job for job in graph if job.command.name.lower() == name]
    elif "*" in word:
        pattern = re.compile(".*".join(map(re.escape, word.split("*"))), re.DOTALL)
        found = [job for job in graph if pattern.fullmatch(job.id)]
    else:
        found = []
    if not found:
        raise SelectionError(f"No job is named by {word!r}.", cure=_advice(word, graph))
    return found


def _advice(word: str, graph: Graph) -> str:
    meant = [f"{word}*"] if any(name.startswith(word) for name in graph.jobs) else []
    functions = {job.command.name for job in graph}
    meant += [f"{name}()" for name in sorted(functions) if name.lower() == word.lower()]
    near = difflib.get_close_matches(word, [*WORDS, *list(graph.jobs)[:10_000]], n=3)
    if meant or near:
        return f"Did you mean {' or '.join([*meant, *near][:3])}?"
    return f"Use an id, a wildcard such as draw*, function(), or one of: {', '.join(WORDS)}."
