"""From an exception to data and text that survive any transport."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import AsyncGeneratorType, CoroutineType, GeneratorType

from weft.errors import WeftError
from weft.model.outcome import ErrorReport, Frame

OWN_FOLDER = str(Path(__file__).resolve().parent.parent) + "/"
_ENTRY = f'  File "{Path(__file__).resolve().parent / "worker.py"}", line '
"""How ``faulthandler`` begins the line of the frame that called the job's function."""
FRAMES_KEPT = 50
"""Frames of each end of a traceback; a runaway recursion has a thousand equal ones."""


def report_error(error: BaseException) -> ErrorReport:
    """The report of an exception that a job raised, without frames of Weft's own.

    >>> try:
    ...     int("x")
    ... except ValueError as error:
    ...     print(report_error(error))
    ValueError: invalid literal for int() with base 10: 'x'
    """
    kind = type(error)
    message = _message(error)
    try:
        described = traceback.TracebackException.from_exception(error, compact=True)
        _leave_out_own(described)
        frames = tuple(
            Frame(frame.filename, frame.lineno or 0, frame.name, frame.line or "")
            for frame in _ends(described.stack)
        )
        text = "".join(described.format())
    except Exception as other:  # noqa: BLE001 - a broken exception class must not hide the failure
        frames, text = (), f"{kind.__qualname__}: {message}\n(no traceback: {type(other).__name__})"
    return ErrorReport(type_name(kind), message, frames, text, _type_names(kind))


def plain_report(kind: type[BaseException], message: str) -> ErrorReport:
    """The report of a failure outside of the job's own code: words, no frames."""
    text = f"{type_name(kind)}: {message}"
    return ErrorReport(type_name(kind), message, text=text, type_names=_type_names(kind))


def _type_names(kind: type) -> tuple[str, ...]:
    return tuple(f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__[:-1])


def type_name(kind: type) -> str:
    """The class's name as tracebacks print it; short for Weft's own."""
    if kind.__module__ in {"builtins", "__main__", "weft.errors"}:
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the job called sys.exit({error.code!r})"
    if isinstance(error, KeyboardInterrupt):
        return "it was raised inside the job"
    if isinstance(error, GeneratorExit):
        return "the job raised it; nobody closed a generator"
    if isinstance(error, MemoryError) and not error.args:
        return "an allocation was refused"
    try:
        return str(error)
    except BaseException:  # noqa: BLE001 - any __str__ may raise anything
        return "(its text can't be read: its __str__ failed)"


def _leave_out_own(described: traceback.TracebackException) -> None:
    """Take Weft's own frames out of an error and of what led to it."""
    agenda: list[traceback.TracebackException | None] = [described]
    seen: set[int] = set()
    while agenda:
        one = agenda.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        kept = [frame for frame in one.stack if not frame.filename.startswith(OWN_FOLDER)]
        one.stack = traceback.StackSummary.from_list(kept)
        agenda += [one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())]


def without_own_frames(text: str) -> str:
    """What ``faulthandler`` printed, without the frames below the job: each thread's last ones.

    >>> print(without_own_frames("Fatal Python error: Aborted"))
    Fatal Python error: Aborted
    """
    kept = []
    below = False
    for line in text.splitlines(keepends=True):
        is_frame = line.startswith(("  File ", "  ..."))
        below = is_frame and (below or line.startswith(_ENTRY))
        if not below:
            kept.append(line)
    return "".join(kept)


def _ends(stack: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    if len(stack) <= 2 * FRAMES_KEPT:
        return stack
    return [*stack[:FRAMES_KEPT], *stack[-FRAMES_KEPT:]]


def unkeepable(value: object) -> str | None:
    """What to say of a result that can't be kept by its nature; None for all others."""
    if isinstance(value, (GeneratorType, AsyncGeneratorType)):
        return "it returned a generator, which can't be kept: return list(...) of it"
    if isinstance(value, CoroutineType):
        value.close()
        return "it returned a coroutine, which can't be kept: return asyncio.run(...) of it"
    return None


def error_text(error: BaseException) -> str:
    """The error's type and words, in one text."""
    if isinstance(error, WeftError):
        return str(error)
    return f"{type_name(type(error))}: {_message(error)}"
