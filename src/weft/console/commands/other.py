"""``help``, ``clear`` and ``exit``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Section

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.console.views import View


def _help(session: Session, arguments: Arguments) -> View:
    from weft.console.views import HelpLine, HelpList, HelpPage
    from weft.graph.selection import WORDS

    if not arguments.selection:
        rows = session.table.rows
        lines = tuple(HelpLine(row.section.value, row.usage_short, row.help) for row in rows)
        return HelpList(lines, WORDS)
    row = session.table.find(arguments.selection[0])
    parameters = tuple((f"{p.name}=", p.help) for p in row.parameters)
    return HelpPage(row.usage, row.help, row.description, row.aliases, parameters)


def _clear(session: Session, _arguments: Arguments) -> None:
    if session.screen.live:
        session.screen.line("\x1b[2J\x1b[H")


def _exit(_session: Session, _arguments: Arguments) -> None:
    from weft.console.session import ExitRequested

    raise ExitRequested


COMMANDS = (
    ConsoleCommand(
        "help",
        Section.OTHER,
        "List the commands, or explain one.",
        _help,
        aliases=("?", "--help"),
        free_words=True,
    ),
    ConsoleCommand("clear", Section.OTHER, "Empty the screen.", _clear),
    ConsoleCommand("exit", Section.OTHER, "Leave.", _exit, aliases=("quit",)),
)
