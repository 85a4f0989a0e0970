"""``ls``, ``stats``, ``why`` and ``details``: they write nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.console import looking
from weft.console.table import Arguments, ConsoleCommand, Kind, Parameter, Section, Selects
from weft.console.views import DetailsPages, Explanations, Listing, Tally

if TYPE_CHECKING:
    from weft.console.session import Session


def _ls(session: Session, arguments: Arguments) -> Listing:
    with_reasons = arguments["reason"]
    with looking.sight(session.context) as seen:
        jobs = seen.chosen(arguments.selection)
        return Listing(looking.job_lines(seen, jobs, with_reasons=with_reasons), with_reasons)


def _stats(session: Session, arguments: Arguments) -> Tally:
    with looking.sight(session.context) as seen:
        return Tally(looking.function_lines(seen, seen.chosen(arguments.selection)))


def _why(session: Session, arguments: Arguments) -> Explanations:
    with looking.sight(session.context) as seen:
        if not arguments.selection:
            return Explanations(looking.explain_all(seen), of_all=True)
        return Explanations(looking.explain(seen, seen.chosen(arguments.selection)))


def _details(session: Session, arguments: Arguments) -> DetailsPages:
    with looking.sight(session.context) as seen:
        return DetailsPages(looking.details(seen, seen.chosen(arguments.selection)))


_REASON = Parameter(
    "reason", Kind.SWITCH, default=False, help="1: with the reasons of stale jobs (0)"
)

COMMANDS = (
    ConsoleCommand(
        "ls",
        Section.LOOKING,
        "List jobs with their states.",
        _ls,
        Selects.OPTIONAL,
        (_REASON,),
        aliases=("list",),
        description="The time is that of the newest success.",
    ),
    ConsoleCommand(
        "stats", Section.LOOKING, "Count jobs by function and state.", _stats, Selects.OPTIONAL
    ),
    ConsoleCommand(
        "why",
        Section.LOOKING,
        "Say why jobs failed, are blocked, ran or will run.",
        _why,
        Selects.OPTIONAL,
        description=(
            "Without JOBS: all that failed, are blocked or out of date, and those that the last "
            "run ran because something changed."
        ),
    ),
    ConsoleCommand(
        "details",
        Section.LOOKING,
        "Show all about these jobs.",
        _details,
        Selects.REQUIRED,
        description="Call, dependencies, attempts, output and traceback.",
    ),
)
