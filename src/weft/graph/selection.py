"""The jobs that a selection means: expressions evaluated on the graph and what is known of it.

A set of jobs is a mask: an ``int`` with the bit of each job's index. Nothing is selected by
accident: words that name no job are an error, states and operators may give the empty set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import NoReturn, Protocol

from weft.graph.expression import Slip, compiled, named, quoted, read
from weft.graph.graph import Graph
from weft.graph.lexer import level_of, tokens
from weft.graph.quantities import moment_of
from weft.graph.syntax import (
    Comparison,
    Difference,
    Expression,
    Function,
    Id,
    Intersection,
    Keyword,
    Operator,
    Prefixed,
    Regex,
    Since,
    Tag,
    Union,
    Wildcard,
)
from weft.graph.vocabulary import KEYWORDS, TAG, WORDS
from weft.graph.wildcard import matcher
from weft.model.job import Job
from weft.model.states import JobState

__all__ = ["WORDS", "Facts", "select"]

Mask = int
"""A set of jobs: bit ``job.index`` of each. 100,000 of them are 12 KB, and joined in 2 us."""


class Facts(Protocol):
    """What a selection may ask about jobs, by id; each is asked only when a word needs it."""

    def states(self) -> Mapping[str, JobState]:
        """The state of every job now."""

    def tried(self) -> Collection[str]:
        """Jobs that were attempted."""

    def traced(self) -> Collection[str]:
        """Jobs with a trace of their own, whether it counts now or not."""

    def seconds(self) -> Mapping[str, float]:
        """How long the newest success took."""

    def sizes(self) -> Mapping[str, int]:
        """Bytes of the newest result."""

    def ended(self) -> Mapping[str, float]:
        """When the newest attempt ended, in seconds since the epoch."""

    def promised(self) -> Mapping[int, Sequence[Job]]:
        """The jobs whose results generators gave as theirs, by the index of the generator: it is
        done when they are."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def last(self) -> Collection[str]:
        """Jobs that the command before chose."""


_FAILED = (JobState.FAILED, JobState.TIMED_OUT, JobState.OUT_OF_MEMORY)
_DONE = (JobState.DONE,)
_STATES: Mapping[str, tuple[JobState, ...]] = MappingProxyType(
    {
        "done": _DONE,
        "fresh": _DONE,
        "uptodate": _DONE,
        "todo": tuple(state for state in JobState if state is not JobState.DONE),
        "failed": _FAILED,
        "timedout": (JobState.TIMED_OUT,),
        "oom": (JobState.OUT_OF_MEMORY,),
        "cancelled": (JobState.CANCELLED,),
        "blocked": (JobState.BLOCKED,),
        "ready": (JobState.READY,),
        "waiting": (JobState.WAITING,),
        "running": (JobState.RUNNING,),
    }
)
_SHAPES: Mapping[str, Callable[[Job], bool]] = MappingProxyType(
    {
        "root": lambda job: job.definer is None,
        "generated": lambda job: job.definer is not None,
        "dynamic": lambda job: job.command.dynamic,
        "bottom": lambda job: not job.upstream,
    }
)


def select(words: Sequence[str], graph: Graph, facts: Facts) -> list[Job]:
    """The jobs that any of the words selects, each once, in definition order.

    Parameters
    ----------
    words
        Each is a whole expression, or an id as it is: that of a job, even with spaces in it. But
        a word of the language is never an id, so that no job can change what ``done`` means; see
        ``quoted``.

    Raises
    ------
    SelectionError
        For what can't be understood, and for names that no job has.
    """
    evaluator = _Evaluator(graph, facts)
    chosen, ids = 0, []
    for word in words:
        job = graph.jobs.get(word)
        if job is not None and not _is_keyword(word):
            ids.append(job.index)
        else:
            chosen |= _evaluated(word, graph, evaluator)
    return evaluator.jobs(chosen | evaluator.mask(ids))


def _is_keyword(word: str) -> bool:
    return word.lower() in KEYWORDS or level_of(word.lower()) > 0


def _evaluated(text: str, graph: Graph, evaluator: _Evaluator) -> Mask:
    try:
        return evaluator.evaluate(read(text))
    except Slip as slip:
        raise slip.error(text, _quotes_missing(text, slip, graph)) from None


# -- sets --------------------------------------------------------------------------------------


class _Evaluator:
    """Computes the masks of expressions; what several words need is made once."""

    def __init__(self, graph: Graph, facts: Facts) -> None:
        self._graph = graph
        self._facts = facts
        self._atoms: dict[Expression, Mask] = {}

    def mask(self, indexes: Iterable[int]) -> Mask:
        """The set of these jobs."""
        digits = bytearray(b"0") * (self._graph.size + 1)
        for index in indexes:
            digits[-1 - index] = 49  # "1"
        return int(digits, 2)

    def jobs(self, mask: Mask) -> list[Job]:
        """The jobs of a set, in definition order."""
        if not mask:
            return []
        digits = f"{mask:0{self._graph.size + 1}b}"[::-1]
        return [job for job in self._graph if digits[job.index] == "1"]

    def evaluate(self, expression: Expression) -> Mask:
        """The jobs of an expression; a stack instead of recursion, as it may be nested deeply."""
        frames = [_Frame(expression)]
        while True:
            frame = frames[-1]
            if (part := next(frame.parts, None)) is None:
                frames.pop()
                value = self._applied(frame)
                if not frames:
                    return value
                frames[-1].take(value)
            elif isinstance(part, (Prefixed, Union, Intersection, Difference)):
                frames.append(_Frame(part))
            else:
                frame.take(self._atom(part))

    def _applied(self, frame: _Frame) -> Mask:
        expression = frame.expression
        if not isinstance(expression, Prefixed):
            return frame.value
        if expression.operator is Operator.NOT:
            return self._all & ~frame.value
        return self.mask(self._reached(expression.operator, self.jobs(frame.value)))

    # -- operators ---------------------------------------------------------------------------

    def _reached(self, operator: Operator, jobs: list[Job]) -> Iterable[int]:
        match operator:
            case Operator.DEPENDENCIES:
                return {u.index for job in jobs for u in self._above(job)}
            case Operator.DEPENDANTS:
                return {d.index for job in jobs for d in self._dependants.get(job.index, ())}
            case Operator.UPSTREAM:
                return _walked(jobs, self._above)
            case Operator.DOWNSTREAM:
                return _walked(jobs, lambda job: self._dependants.get(job.index, ()))
        return _walked(jobs, self._children)

    @cached_property
    def _dependants(self) -> dict[int, list[Job]]:
        found: dict[int, list[Job]] = {}
        for job in self._graph:
            for upstream in self._above(job):
                found.setdefault(upstream.index, []).append(job)
        return found

    def _above(self, job: Job) -> Sequence[Job]:
        """What a job depends on; a generator also on the jobs that it promised."""
        promised = self._promised.get(job.index)
        return (*job.upstream, *promised) if promised else job.upstream

    @cached_property
    def _promised(self) -> Mapping[int, Sequence[Job]]:
        return self._facts.promised()

    def _children(self, job: Job) -> list[Job]:
        names = self._graph.generated.get(job.id, ())
        return [self._graph.jobs[name] for name in names if name in self._graph.jobs]

    # -- words -------------------------------------------------------------------------------

    def _atom(self, atom: Expression) -> Mask:
        if isinstance(atom, Id):
            job = self._graph.jobs.get(atom.name)
            if job is None:
                self._unknown(atom, f"No job is called {named(atom.name)}.", atom.name)
            return 1 << job.index
        value = self._atoms.get(atom)
        if value is None:
            value = self._atoms[atom] = self._named(atom)
        return value

    def _named(self, atom: Expression) -> Mask:
        match atom:
            case Keyword(name):
                return self._keyword(name)
            case Comparison(word, _, limit):
                return self.mask(self._compared(word, limit))
            case Since(argument):
                return self.mask(self._since(argument))
            case Function(name):
                found = self._functions.get(name.lower(), [])
                return self._some(atom, found, f"No job calls {named(name)}.", f"{name}()")
            case Tag(name):
                found = self._tags.get(name, [])
                return self._some(atom, found, f"No job has the tag {named(name)}.", TAG + name)
            case Wildcard(pattern):
                return self._some(atom, self._matching(matcher(pattern)), "", pattern)
            case Regex(pattern):
                return self._some(atom, self._matching(compiled(pattern).search), "", pattern)
        raise AssertionError(atom)

    def _some(self, atom: Expression, found: Collection[int], title: str, word: str) -> Mask:
        """The set of what was found; finding nothing is an error."""
        if not found:
            self._unknown(atom, title or f"No job's id matches {named(word)}.", word)
        return self.mask(found)

    def _matching(self, match: Callable[[str], object]) -> list[int]:
        return [job.index for job in self._graph if match(job.id)]

    @cached_property
    def _all(self) -> Mask:
        return self.mask(job.index for job in self._graph)

    def _keyword(self, name: str) -> Mask:
        if name in _STATES:
            return self.mask(self._in_states(_STATES[name]))
        if name in _SHAPES:
            return self.mask(job.index for job in self._graph if _SHAPES[name](job))
        if name in self._others:
            return self._others[name]()
        return self.mask(self._levels.get(level_of(name), ()))

    @cached_property
    def _others(self) -> Mapping[str, Callable[[], Mask]]:
        facts = self._facts
        return {
            "all": lambda: self._all,
            "none": lambda: 0,
            "top": lambda: (
                self.mask(job.index for job in self._graph.top())
                & ~self.mask(job.index for promised in self._promised.values() for job in promised)
            ),
            "last": lambda: self._of_ids(facts.last()),
            "not_started": lambda: self._all & ~self._of_ids(facts.tried()),
            "stale": lambda: self._of_ids(facts.traced()) & ~self._keyword("done"),
        }

    def _of_ids(self, ids: Iterable[str]) -> Mask:
        known = self._graph.jobs
        return self.mask(known[name].index for name in ids if name in known)

    def _in_states(self, wanted: tuple[JobState, ...]) -> Iterator[int]:
        states = self._facts.states()
        return (job.index for job in self._graph if states.get(job.id) in wanted)

    def _compared(self, word: str, limit: float) -> Iterator[int]:
        facts = self._facts
        in_seconds = word in {"slower than", "faster than"}
        values: Mapping[str, float] = facts.seconds() if in_seconds else facts.sizes()
        above = word in {"slower than", "larger than"}
        for job in self._graph:
            value = values.get(job.id)
            if value is not None and (value > limit if above else value < limit):
                yield job.index

    def _since(self, argument: str) -> list[int]:
        moment, ended = moment_of(argument, self._facts.now()), self._facts.ended()
        if moment is None:
            return []
        return [job.index for job in self._graph if ended.get(job.id, float("-inf")) >= moment]

    @cached_property
    def _functions(self) -> dict[str, list[int]]:
        """Jobs by the name of their function in lower case."""
        found: dict[str, list[int]] = {}
        for job in self._graph:
            found.setdefault(job.command.name.lower(), []).append(job.index)
        return found

    @cached_property
    def _tags(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for job in self._graph:
            for tag in job.command.options.tags:
                found.setdefault(tag, []).append(job.index)
        return found

    @cached_property
    def _levels(self) -> dict[int, list[int]]:
        """Jobs by the length of the chain of jobs that defined them."""
        found: dict[int, list[int]] = {}
        levels: dict[str, int] = {}
        for job in self._graph:
            chain = [job]
            while (above := chain[-1].definer) is not None and above not in levels:
                definer = self._graph.jobs.get(above)
                if definer is None:  # a generator that is gone was of the script, for all we know
                    levels[above] = 1
                    break
                chain.append(definer)
            while chain:
                member = chain.pop()
                levels[member.id] = levels[member.definer] + 1 if member.definer else 1
            found.setdefault(levels[job.id], []).append(job.index)
        return found

    def _unknown(self, atom: Expression, title: str, word: str) -> NoReturn:
        raise Slip(title, atom.start, atom.end, _advice(word, self._graph, self._tags))


class _Frame:
    """An expression whose parts are being evaluated, and what was made of the first ones."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression
        self.parts = iter(_parts(expression))
        self.value: Mask = 0
        self._begun = False

    def take(self, value: Mask) -> None:
        """Join one more part to those before."""
        if not self._begun:
            self.value, self._begun = value, True
        elif isinstance(self.expression, Union):
            self.value |= value
        elif isinstance(self.expression, Intersection):
            self.value &= value
        else:
            self.value &= ~value


def _parts(expression: Expression) -> Sequence[Expression]:
    match expression:
        case Union(parts) | Intersection(parts):
            return parts
        case Difference(base, taken):
            return (base, *taken)
        case Prefixed(_, inner):
            return (inner,)
    return (expression,)


def _walked(jobs: Iterable[Job], neighbours: Callable[[Job], Iterable[Job]]) -> set[int]:
    """All that is reached from jobs in one step or more."""
    found: set[int] = set()
    stack = list(jobs)
    while stack:
        for job in neighbours(stack.pop()):
            if job.index not in found:
                found.add(job.index)
                stack.append(job)
    return found


# -- advice ------------------------------------------------------------------------------------

_SEARCHED = 10_000
"""Ids among which a similar one is looked for: 0.1 s."""
_NEARBY = 8
"""Tokens on each side of a mistake that may be part of one id."""


def _advice(word: str, graph: Graph, tags: Iterable[str]) -> str:
    """The names that may have been meant."""
    from difflib import get_close_matches

    ids = list(graph.jobs)[:_SEARCHED]
    functions = {str(Function(job.command.name)) for job in graph}
    meant = [f"{quoted(word)}*"] if any(name.startswith(word) for name in ids) else []
    meant += sorted(name for name in functions if name.lower() == f"{word.lower()}()")
    names = {name: quoted(name) for name in ids}
    names |= {name: name for name in (*WORDS, *sorted(functions), *(str(Tag(tag)) for tag in tags))}
    near = [names[name] for name in get_close_matches(word, names, n=3)]
    meant = list(dict.fromkeys(meant + near))[:3]
    if meant:
        return f"Did you mean {' or '.join(meant)}?"
    return "Write an id, a wildcard such as draw*, function(), all or failed; ls lists the jobs."


def _quotes_missing(text: str, slip: Slip, graph: Graph) -> str:
    """What to do when the words around a mistake, taken together, are the id of a job."""
    found = tokens(text)
    here = [place for place, token in enumerate(found) if token.end > slip.start]
    place = here[0] if here else 0
    for first in range(max(0, place - _NEARBY), place + 1):
        for token in reversed(found[place : place + _NEARBY]):
            name = text[found[first].start : token.end]
            if name in graph.jobs and quoted(name) != text[slip.start : slip.end]:
                return f"Put the id in quotes: {quoted(name)}"
    return ""
