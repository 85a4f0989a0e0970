"""The words for reasons, durations, ages and sizes."""

from __future__ import annotations

from collections.abc import Sequence

from weft.model.reasons import (
    ArgumentsChanged,
    CodeChanged,
    DependencyAdded,
    DependencyChanged,
    DependencyRemoved,
    Invalidated,
    NeverRun,
    ObservationChanged,
    OptionsChanged,
    Reason,
    Taken,
    ValueMissing,
)

NAMES_SHOWN = 4
"""How many names of one kind are listed before the rest is counted."""


def reason_words(reason: Reason, function: str = "") -> str:  # noqa: C901 - one case per kind
    """Why a job is stale, to stand after "because".

    Parameters
    ----------
    function
        Name of the job's function.

    Examples
    --------
    >>> reason_words(CodeChanged(("draw",)), "draw")
    'its function draw() changed'
    >>> reason_words(ArgumentsChanged("(1, 2)", "(1, 3)"))
    'argument changed: (1, 2) → (1, 3)'
    """
    match reason:
        case NeverRun():
            return "it has no result yet"
        case CodeChanged(parts):
            return _code_words(parts, function)
        case ArgumentsChanged(before, after) if before == after:
            return f"argument changed, inside of what reads {after}"
        case ArgumentsChanged(before, after):
            return f"argument changed: {before} → {after}"
        case OptionsChanged(before, after):
            return f"option changed: {before} → {after}"
        case DependencyChanged(job_id):
            return f"dependency {job_id} gave another result"
        case DependencyAdded(job_id):
            return f"dependency {job_id} was added"
        case DependencyRemoved(job_id):
            return f"dependency {job_id} was removed"
        case ObservationChanged(kind, key):
            return f"the {kind} that it read changed: {key}"
        case ValueMissing():
            return "its result is remembered, but its value is gone and needed"
        case Invalidated():
            return "it was invalidated"
        case Taken():
            return "its result serves another, equal call"


def _code_words(parts: tuple[str, ...], function: str) -> str:
    if not parts:
        return "its code changed"
    own = [part for part in parts if part.rpartition(".")[2] == function]
    others = [part.removeprefix("__main__.") for part in parts if part not in own]
    if not others:
        return f"its function {function}() changed"
    listed = name_list(others)
    return f"its function {function}() changed, and {listed}" if own else f"{listed} changed"


def reasons_words(reasons: Sequence[Reason], function: str = "") -> str:
    """All reasons in one sentence.

    >>> reasons_words([NeverRun()])
    'it has no result yet'
    """
    shown = [reason_words(reason, function) for reason in reasons[:NAMES_SHOWN]]
    more = len(reasons) - len(shown)
    if more:
        shown.append(f"{more} more reasons")
    return "; ".join(shown)


def name_list(names: Sequence[str]) -> str:
    """Names in a sentence, the rest counted.

    >>> name_list(["a", "b"]), name_list(list("abcdef"))
    ('a, b', 'a, b, c, d and 2 more')
    """
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def count_words(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count_words(1, "job"), count_words(27, "job")
    ('1 job', '27 jobs')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration_words(seconds: float) -> str:
    """A duration, to two parts.

    >>> duration_words(0.0123), duration_words(3.14), duration_words(125), duration_words(7260)
    ('12 ms', '3.1 s', '2 min 5 s', '2 h 1 min')
    """
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    whole = round(seconds)
    for size, name, smaller, small_name in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller
            return (
                f"{whole // size} {name} {rest} {small_name}" if rest else f"{whole // size} {name}"
            )
    return f"{whole} s"


def size_words(size: int) -> str:
    """Bytes in the largest unit that keeps the number above one.

    >>> size_words(512), size_words(1536), size_words(2**30)
    ('512 B', '1.5 KiB', '1.0 GiB')
    """
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
