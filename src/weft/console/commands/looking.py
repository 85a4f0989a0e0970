"""``ls``, ``stats``, ``why`` and ``details``: they write nothing.

What they need is imported when one of them is called: ``make`` with nothing to do takes no longer
for their being there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Kind, Parameter, Section, Selects

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.console.views import DetailsPages, Explanations, Listing, Tally


def _ls(session: Session, arguments: Arguments) -> Listing:
    from weft.console.looking import listing
    from weft.console.sight import sight

    with sight(session.context) as seen:
        jobs = seen.chosen(arguments.selection)
        return listing(seen, jobs, with_reasons=arguments["reason"])


def _stats(session: Session, arguments: Arguments) -> Tally:
    from weft.console.looking import tally
    from weft.console.sight import sight

    with sight(session.context) as seen:
        return tally(seen, seen.chosen(arguments.selection))


def _why(session: Session, arguments: Arguments) -> Explanations:
    from weft.console.explaining import explain, explain_all
    from weft.console.sight import sight

    with sight(session.context) as seen:
        if not arguments.selection:
            return explain_all(seen)
        return explain(seen, seen.chosen(arguments.selection))


def _details(session: Session, arguments: Arguments) -> DetailsPages:
    from weft.console.looking import details
    from weft.console.sight import sight

    with sight(session.context) as seen:
        return details(seen, seen.chosen(arguments.selection))


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
            "Without JOBS: all that failed, are blocked or out of date; then those that the last "
            "run ran because something changed, counted by reason where they are many."
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
