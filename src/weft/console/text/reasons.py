"""The words for the reasons why jobs are stale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from weft.console.text.view import plain
from weft.console.text.words import NAMES_SHOWN, name_list
from weft.model.reasons import (
    ArgumentsChanged,
    CodeChanged,
    DataNeeded,
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
    OutputChanged,
    OutputMissing,
    Reason,
    RunsEachTime,
    Superseded,
    Taken,
    ValueMissing,
)


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
        case HeldChanged(name, before, after) if before == after:
            return f"{name}, which {function}() holds, changed further on: {after}"
        case HeldChanged(name, before, after):
            return (
                f"{name}, which {function or 'its function'}() holds, changed: {before} → {after}"
            )
        case FilesChanged():
            return "other files are to be made, or kept"
        case OptionsChanged(before, after):
            return f"option changed: {before} → {after}"
        case DependencyChanged(job_id):
            return f"dependency {job_id} gave another result"
        case DependencyRan(job_id):
            return f"dependency {job_id} ran again"
        case DependencyAdded(job_id):
            return f"dependency {job_id} was added"
        case DependencyRemoved(job_id):
            return f"dependency {job_id} was removed"
        case ObservationChanged(kind, key):
            return f"the {kind} that it read changed: {key}"
        case RunsEachTime():
            return "it runs in each run"
        case DataNeeded():
            return "a job that must run needs its data"
        case OutputMissing(path):
            return f"its file {path} is not there, and is needed"
        case OutputChanged(path):
            return f"its file {path} is not as it left it"
        case ValueMissing(pretended=True):
            return "it was only pretended to be done, and its value is needed"
        case ValueMissing():
            return "its result is remembered, but its value is gone and needed"
        case Invalidated():
            return "it was invalidated"
        case Superseded():
            return "what it did before may be undone: it began to run otherwise since"
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


def reason_documents(reasons: Sequence[Reason], function: str = "") -> list[dict[str, object]]:
    """Reasons as programs read them: their kind, their facts, and the words.

    >>> reason_documents([DependencyAdded("fit")])
    [{'kind': 'DependencyAdded', 'job_id': 'fit', 'text': 'dependency fit was added'}]
    """
    return [
        {
            "kind": type(reason).__name__,
            **{field.name: plain(getattr(reason, field.name)) for field in fields(reason)},
            "text": reason_words(reason, function),
        }
        for reason in reasons
    ]


def reasons_in_general(reasons: Sequence[Reason], function: str = "") -> str:
    """The kinds of reasons without the names of jobs and values: equal for many jobs.

    >>> reasons_in_general([DependencyChanged("fit-1"), DependencyChanged("fit-2")])
    'a dependency gave another result'
    """
    return "; ".join(dict.fromkeys(_in_general(reason, function) for reason in reasons))


def _in_general(reason: Reason, function: str) -> str:
    match reason:
        case ArgumentsChanged():
            return "argument changed"
        case HeldChanged(name):
            return f"{name}, which {function}() holds, changed"
        case OptionsChanged():
            return "option changed"
        case DependencyChanged():
            return "a dependency gave another result"
        case DependencyRan():
            return "a dependency ran again"
        case DependencyAdded():
            return "a dependency was added"
        case DependencyRemoved():
            return "a dependency was removed"
        case ObservationChanged(kind, _):
            return f"the {kind} that it read changed"
        case OutputMissing():
            return "a file of it is not there, and is needed"
        case OutputChanged():
            return "a file of it is not as it left it"
    return reason_words(reason, function)
