"""``log`` and ``top``: they write nothing, and see what another process is making."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Kind, Parameter, Section, Selects
from weft.errors import UserError
from weft.model.states import JobState

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.console.text.view import View
    from weft.model.job import Job


def _log(session: Session, arguments: Arguments) -> View | str | None:
    from weft.console.views.following import Follower
    from weft.console.views.sight import sight
    from weft.console.views.watching import log

    lines = arguments["lines"]
    with sight(session.context) as seen:
        jobs = seen.chosen(arguments.selection)
        if not arguments["follow"] or arguments["json"]:
            return log(seen.store, jobs, attempt=arguments["attempt"], lines=lines)
        job = _only(jobs, arguments)
        expected = seen.state(job) in {JobState.RUNNING, JobState.READY, JobState.WAITING}
        newest = seen.newest_attempt(job)
    try:
        follower = Follower(session.context, job, session.screen, lines)
        return follower.follow(newest, expected=expected)
    except KeyboardInterrupt:
        return None


def _only(jobs: Sequence[Job], arguments: Arguments) -> Job:
    """The one job to follow."""
    if arguments["attempt"] is not None:
        raise UserError(
            "Only the newest attempt can be followed.", cure="Leave out follow or attempt."
        )
    if len(jobs) != 1:
        raise UserError(
            f"One job can be followed, and these words choose {len(jobs)}.",
            cure="Write the id of one, such as: log -f ID. ls running lists those that run.",
        )
    return jobs[0]


def _top(session: Session, arguments: Arguments) -> View | str | None:
    from weft.console.views.following import watch_top
    from weft.console.views.watching import Top, slowest, top

    folder = session.context.folder
    going_on = top(folder)
    if going_on is None:
        with session.context.reading() as store:
            return Top(None, slowest(store))
    if session.screen.live and not arguments["json"]:
        return watch_top(folder, session.screen) or None
    return Top(going_on)


COMMANDS = (
    ConsoleCommand(
        "log",
        Section.LOOKING,
        "Show what these jobs printed, also while they run.",
        _log,
        Selects.REQUIRED,
        (
            Parameter(
                "follow",
                Kind.SWITCH,
                default=False,
                help="1: show what one job prints until it ends (0)",
                short="f",
            ),
            Parameter(
                "lines", Kind.INTEGER, None, "how many from the end at most (all)", short="n"
            ),
            Parameter("attempt", Kind.INTEGER, None, "number of the attempt (the newest)"),
        ),
        description=(
            "stdout, then stderr. With -f as it comes, then how the job ended; Ctrl-C leaves."
        ),
        examples=("log fit-1", "log -f fit-1", "log failed lines=20"),
    ),
    ConsoleCommand(
        "top",
        Section.LOOKING,
        "Show what a make is running, every second.",
        _top,
        description=(
            "For a make that goes on in another shell; q or Ctrl-C leaves. When none does: the "
            "slowest jobs of the last run."
        ),
        examples=("top", "top json=1"),
    ),
)
