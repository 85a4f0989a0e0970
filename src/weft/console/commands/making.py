"""``make`` and its relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from weft.console.status import StatusReporter
from weft.console.table import (
    Arguments,
    ConsoleCommand,
    Kind,
    Parameter,
    Section,
    Selects,
    all_cores,
)
from weft.context import MakeOptions
from weft.errors import MakeFailed

if TYPE_CHECKING:
    from weft.console.session import Session

_PARALLEL = Parameter("n", Kind.INTEGER, None, "jobs at the same time (all cores)")
_PARAMETERS = (
    Parameter("fail_fast", Kind.SWITCH, None, "1: start no more jobs after a failure (0)"),
    Parameter("keep_going", Kind.SWITCH, None, "0: the same as fail_fast=1 (1)"),
    Parameter("recurse", Kind.SWITCH, None, "also make jobs that chosen generators define (0)"),
    Parameter(
        "executor", Kind.TEXT, None, "processes or inline (processes)", ("processes", "inline")
    ),
    Parameter("memory", Kind.MEMORY, None, "that running jobs may declare together (all)"),
    Parameter(
        "take_over",
        Kind.SWITCH,
        default=False,
        help="1: go on where a process on another host has died (0)",
    ),
)


def _make(session: Session, arguments: Arguments) -> str:
    return _run(session, arguments.selection, arguments)


def _remake(session: Session, arguments: Arguments) -> str:
    ids = session.context.invalidate(*arguments.selection)
    return _run(session, ids, arguments) if ids else _none_chosen(arguments.selection)


def _run(session: Session, words: Sequence[str], arguments: Arguments) -> str:
    options = _options(arguments)
    with StatusReporter(session.screen, session.context, options.n) as reporter:
        try:
            summary = session.context.make(
                *words, executor=arguments["executor"], options=options, reporter=reporter
            )
        except MakeFailed as error:
            reporter.close()
            session.show(reporter.summary(error))
            raise
    return _none_chosen(words) if words and not summary.counts.total else str(summary)


def _options(arguments: Arguments) -> MakeOptions:
    return MakeOptions(
        n=arguments["n"] or all_cores(),
        memory=arguments["memory"],
        recurse=arguments["recurse"],
        take_over=arguments["take_over"],
        fail_fast=bool(arguments["fail_fast"]) or arguments["keep_going"] is False,
    )


def _none_chosen(words: Sequence[str]) -> str:
    return f"No job is {' or '.join(words)} now: nothing to make."


COMMANDS = (
    ConsoleCommand(
        "make",
        Section.MAKING,
        "Run what is stale, one job at a time.",
        _make,
        Selects.OPTIONAL,
        (Parameter("n", Kind.INTEGER, 1, "jobs at the same time (1)"), *_PARAMETERS),
        description="Without JOBS everything is made. Jobs that failed are tried again.",
    ),
    ConsoleCommand(
        "parmake",
        Section.MAKING,
        "Run what is stale, in parallel.",
        _make,
        Selects.OPTIONAL,
        (_PARALLEL, *_PARAMETERS),
        description="Without JOBS everything is made. Jobs that failed are tried again.",
    ),
    ConsoleCommand(
        "remake",
        Section.MAKING,
        "Run these jobs again, one at a time.",
        _remake,
        Selects.REQUIRED,
        (Parameter("n", Kind.INTEGER, 1, "jobs at the same time (1)"), *_PARAMETERS),
        description="What depends on them runs only if their results differ.",
    ),
    ConsoleCommand(
        "parremake",
        Section.MAKING,
        "Run these jobs again, in parallel.",
        _remake,
        Selects.REQUIRED,
        (_PARALLEL, *_PARAMETERS),
        description="What depends on them runs only if their results differ.",
    ),
)
