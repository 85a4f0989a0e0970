"""``make`` and its relatives."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from weft.console.progress.status import StatusReporter
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
    from weft.console.text.view import View
    from weft.scheduler.summary import Reporter, RunSummary

_ONE = Parameter("n", Kind.INTEGER, 1, "jobs at the same time (1)", short="n")
_MANY = Parameter("n", Kind.INTEGER, None, "jobs at the same time (all cores)", short="n")
_PARAMETERS = (
    Parameter(
        "dry_run", Kind.SWITCH, default=False, help="1: only say what would run, and why (0)"
    ),
    Parameter("fail_fast", Kind.SWITCH, None, "1: start no more jobs after a failure (0)"),
    Parameter("keep_going", Kind.SWITCH, None, "0: the same as fail_fast=1 (1)"),
    Parameter("recurse", Kind.SWITCH, None, "also make jobs that chosen generators define (0)"),
    Parameter("timeout", Kind.SECONDS, None, "for each job that has no timeout of its own (none)"),
    Parameter("retries", Kind.COUNT, None, "tries more for jobs that fail (0)"),
    Parameter("echo", Kind.SWITCH, None, "1: show what jobs print, as they end (0)"),
    Parameter(
        "executor", Kind.TEXT, None, "processes or inline (processes)", ("processes", "inline")
    ),
    Parameter("isolated", Kind.SWITCH, None, "1: a process for each job (those that make files)"),
    Parameter("memory", Kind.MEMORY, None, "that running jobs may declare together (all)"),
    Parameter("pdb", Kind.SWITCH, default=False, help="1: debug what fails, in this process (0)"),
    Parameter("notify", Kind.TEXT, None, "command or URL to tell of failures and the end (none)"),
    Parameter(
        "take_over",
        Kind.SWITCH,
        default=False,
        help="1: go on where a process on another host has died (0)",
    ),
)


def _make(session: Session, arguments: Arguments) -> View | str:
    return _run(session, arguments.selection, arguments)


def _rmake(session: Session, arguments: Arguments) -> View | str:
    return _run(session, arguments.selection, arguments, recurse=True)


def _remake(session: Session, arguments: Arguments) -> View | str:
    from weft.console.text.words import count_words, name_list

    if arguments["dry_run"]:
        ids = [job.id for job in session.context.select(arguments.selection)]
        if not ids:
            return _none_chosen(arguments.selection)
        return f"Would run {count_words(len(ids), 'job')} again: {name_list(ids)}."
    ids = session.context.invalidate(*arguments.selection)
    if not ids:
        return _none_chosen(arguments.selection)
    return _run(session, tuple(map(_as_id, ids)), arguments)


def _as_id(job_id: str) -> str:
    from weft.graph.expression import quoted

    return quoted(job_id)


def _run(
    session: Session, words: Sequence[str], arguments: Arguments, *, recurse: bool | None = None
) -> View | str:
    options = _options(session, arguments, recurse)
    if arguments["dry_run"]:
        from weft.console.views.previewing import dry_run

        return dry_run(session.context.preview(*words, options=options))
    reporter = _status(session, arguments, options)
    reporters, notifier = _with_notifier(session, arguments, reporter)
    with ExitStack() as ending:
        if notifier is not None:
            ending.enter_context(notifier)
        ending.enter_context(reporter)
        try:
            summary = session.context.make(
                *words, executor=_executor(session, arguments), options=options, reporter=reporters
            )
        except MakeFailed as error:
            reporter.close()
            session.show(reporter.summary(error))
            raise
        reporter.close()
        if notifier is not None:
            notifier.ended(summary)
    return _told(words, summary)


def _told(words: Sequence[str], summary: RunSummary) -> str:
    return _none_chosen(words) if words and not summary.counts.total else str(summary)


def _status(session: Session, arguments: Arguments, options: MakeOptions) -> StatusReporter:
    echo, screen = _value(session, arguments, "echo"), session.screen
    if arguments["pdb"]:  # the debugger writes where the view would be
        screen = replace(screen, live=False)
    return StatusReporter(screen, session.context, options.n, echo=echo, keys=not arguments["pdb"])


def _with_notifier(session: Session, arguments: Arguments, reporter: StatusReporter) -> Any:
    """The reporters of a run, and the one among them that tells others, if somebody is to be."""
    settings = session.context.settings
    if arguments["notify"] is not None:
        settings = settings.with_value("notify", arguments["notify"], "this command")
    if settings["notify"] is None:
        return reporter, None
    from weft.console.news.notifying import Reporters, notifier

    telling = notifier(settings, session.context)
    assert telling is not None
    both: list[Reporter] = [reporter, telling]
    return Reporters(both), telling


def _executor(session: Session, arguments: Arguments) -> Any:
    if arguments["pdb"]:
        from weft.executors.inline import Inline

        return Inline(pdb=True)
    return _value(session, arguments, "executor")


def _value(session: Session, arguments: Arguments, name: str) -> Any:
    """What the command says, else what the settings say."""
    given = arguments[name]
    return session.context.settings[name] if given is None else given


def _options(session: Session, arguments: Arguments, recurse: bool | None) -> MakeOptions:
    def value(name: str) -> Any:
        return _value(session, arguments, name)

    return MakeOptions(
        n=value("n") or all_cores(),
        memory=value("memory"),
        recurse=recurse if arguments["recurse"] is None and recurse else value("recurse"),
        take_over=arguments["take_over"],
        fail_fast=value("fail_fast") or arguments["keep_going"] is False,
        retries=value("retries"),
        timeout=value("timeout"),
        isolated=value("isolated"),
    )


def _none_chosen(words: Sequence[str]) -> str:
    return f"No job is {' or '.join(words)} now: nothing to make."


def _make_single(session: Session, arguments: Arguments) -> str:
    return str(session.context.make_single(arguments.selection[0], arguments["out_result"]))


def _accept(session: Session, arguments: Arguments) -> str:
    ids = session.context.accept(*arguments.selection, say=session.screen.line)
    return _vouched(ids, arguments.selection, "Accepted")


def _pretend(session: Session, arguments: Arguments) -> str:
    ids = session.context.pretend(*arguments.selection, say=session.screen.line)
    return _vouched(ids, arguments.selection, "Pretended")


def _vouched(ids: Sequence[str], words: Sequence[str], done: str) -> str:
    from weft.console.text.words import count_words

    if ids:
        return f"{done} {count_words(len(ids), 'job')}."
    return f"Nothing of {' or '.join(words)} was {done.lower()}."


_WITHOUT = "Without JOBS everything is made. Jobs that failed are tried again."
_AGAIN = "What depends on them runs only if their results differ."
_STEERING = "While it runs: p pauses, + and - change n, k kills a job, Ctrl-C stops gently."

COMMANDS = (
    ConsoleCommand(
        "make",
        Section.MAKING,
        "Run what is stale, one job at a time.",
        _make,
        Selects.OPTIONAL,
        (_ONE, *_PARAMETERS),
        description=f"{_WITHOUT} {_STEERING}",
        examples=("make", "make draw* dry_run=1", "make failed retries=2"),
    ),
    ConsoleCommand(
        "parmake",
        Section.MAKING,
        "Run what is stale, in parallel.",
        _make,
        Selects.OPTIONAL,
        (_MANY, *_PARAMETERS),
        description=f"{_WITHOUT} {_STEERING}",
        examples=("parmake n=4", "parmake timeout=10min fail_fast=1"),
    ),
    ConsoleCommand(
        "rmake",
        Section.MAKING,
        "As make, with all that chosen generators define.",
        _rmake,
        Selects.OPTIONAL,
        (_ONE, *_PARAMETERS),
        description="The same as make recurse=1; it differs from make when JOBS are given.",
    ),
    ConsoleCommand(
        "rparmake",
        Section.MAKING,
        "As parmake, with all that generators define.",
        _rmake,
        Selects.OPTIONAL,
        (_MANY, *_PARAMETERS),
        description="The same as parmake recurse=1; it differs from parmake when JOBS are given.",
    ),
    ConsoleCommand(
        "remake",
        Section.MAKING,
        "Run these jobs again, one at a time.",
        _remake,
        Selects.REQUIRED,
        (_ONE, *_PARAMETERS),
        description=_AGAIN,
        examples=("remake draw*",),
    ),
    ConsoleCommand(
        "parremake",
        Section.MAKING,
        "Run these jobs again, in parallel.",
        _remake,
        Selects.REQUIRED,
        (_MANY, *_PARAMETERS),
        description=_AGAIN,
    ),
    ConsoleCommand(
        "make_single",
        Section.MAKING,
        "Run one job in this process.",
        _make_single,
        Selects.ONE,
        (Parameter("out_result", Kind.TEXT, None, "file that gets how it ended, as JSON (none)"),),
        description="What it depends on must be done.",
        examples=("make_single fit-1 out_result=fit-1.json",),
    ),
    ConsoleCommand(
        "accept",
        Section.MAKING,
        "Let old results count for the present code.",
        _accept,
        Selects.REQUIRED,
        description=(
            "For an edit of which you know that it changes no result: nothing runs, and the "
            "jobs are done with the newest results that they have."
        ),
        examples=("accept stale and fit()",),
    ),
    ConsoleCommand(
        "pretend",
        Section.MAKING,
        "Let jobs count as done without running.",
        _pretend,
        Selects.REQUIRED,
        description=(
            "They have no result then: a job that needs it makes it after all. invalidate takes "
            "it back."
        ),
    ),
)
