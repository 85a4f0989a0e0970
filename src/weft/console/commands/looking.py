"""``ls``, ``stats``, ``why`` and ``details``: they write nothing.

What they need is imported when one of them is called: ``make`` with nothing to do takes no longer
for their being there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Kind, Parameter, Section, Selects

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.console.views.details import DetailsPages
    from weft.console.views.explanations import Explanations
    from weft.console.views.listing import Listing, Tally

_SORTS = ("id", "function", "state", "time", "size", "memory", "age")


def _ls(session: Session, arguments: Arguments) -> Listing:
    from weft.console.views.looking import Wish, listing
    from weft.console.views.sight import sight

    wish = Wish(
        reasons=arguments["reason"] or arguments["json"],
        details=arguments["all_details"] or arguments["json"],
        sort=arguments["sort"],
        reverse=arguments["reverse"],
        limit=arguments["limit"],
    )
    with sight(session.context) as seen:
        return listing(seen, seen.chosen(arguments.selection), wish)


def _stats(session: Session, arguments: Arguments) -> Tally:
    from weft.console.views.looking import tally
    from weft.console.views.sight import sight

    with sight(session.context) as seen:
        return tally(seen, seen.chosen(arguments.selection))


def _why(session: Session, arguments: Arguments) -> Explanations:
    from weft.console.views.explaining import explain, explain_all
    from weft.console.views.sight import sight

    with sight(session.context) as seen:
        if not arguments.selection:
            return explain_all(seen)
        jobs = seen.chosen(arguments.selection)
        return explain(seen, jobs, with_differences=arguments["diff"])


def _details(session: Session, arguments: Arguments) -> DetailsPages:
    from weft.console.views.looking import details
    from weft.console.views.sight import sight

    with sight(session.context) as seen:
        return details(seen, seen.chosen(arguments.selection), arguments["max_lines"])


def _switch(name: str, text: str, short: str = "") -> Parameter:
    return Parameter(name, Kind.SWITCH, default=False, help=text, short=short)


COMMANDS = (
    ConsoleCommand(
        "ls",
        Section.LOOKING,
        "List jobs with their states.",
        _ls,
        Selects.OPTIONAL,
        (
            _switch("reason", "1: with why jobs are not done (0)"),
            _switch("all_details", "1: with level, cpu, memory, size and attempts (0)", "l"),
            Parameter("sort", Kind.TEXT, None, "by id, time, size, age ... (as defined)", _SORTS),
            _switch("reverse", "1: the other way round (0)", "r"),
            Parameter("limit", Kind.INTEGER, None, "how many to list at most (all)"),
        ),
        aliases=("list",),
        description=(
            "The time is that of the newest success; how long ago its newest attempt ended comes "
            "last. Sizes are shown from 1 MiB on. Largest and newest come first when sorted."
        ),
        examples=("ls failed or blocked", "ls sort=time limit=10", "ls stale reason=1"),
    ),
    ConsoleCommand(
        "stats",
        Section.LOOKING,
        "Count jobs by function and state.",
        _stats,
        Selects.OPTIONAL,
        description="Times are those of the newest successes: together, on average, the longest.",
    ),
    ConsoleCommand(
        "why",
        Section.LOOKING,
        "Say why jobs failed, are blocked, ran or will run.",
        _why,
        Selects.OPTIONAL,
        (_switch("diff", "1: with the old and new code and arguments (0)", "d"),),
        description=(
            "Without JOBS: all that failed, are blocked or out of date; then those that the last "
            "run ran because something changed, counted by reason where they are many."
        ),
        examples=("why", "why failed", "why --diff draw-1"),
    ),
    ConsoleCommand(
        "details",
        Section.LOOKING,
        "Show all about these jobs.",
        _details,
        Selects.REQUIRED,
        (Parameter("max_lines", Kind.INTEGER, None, "of each output at most (all)"),),
        aliases=("lsl",),
        description="Call, result, dependencies, attempts, output and traceback.",
        examples=("details failed max_lines=20",),
    ),
)
