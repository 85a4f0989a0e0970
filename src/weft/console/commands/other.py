"""``help``, ``reload``, ``clear`` and ``exit``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Section

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.console.text.view import View


def _help(session: Session, arguments: Arguments) -> View:
    from weft.console.views.helping import HelpLine, HelpList, HelpWords, page_of
    from weft.graph.vocabulary import WORDS

    if not arguments.words:
        rows = session.table.rows
        return HelpList(tuple(HelpLine(r.section.value, r.usage_short, r.help) for r in rows))
    if arguments.words[0] in {"JOBS", "jobs", "words"}:
        return HelpWords(WORDS)
    return page_of(session.table.find(arguments.words[0]))


def _clear(session: Session, _arguments: Arguments) -> None:
    if session.screen.live:
        session.screen.line("\x1b[2J\x1b[H")


def _exit(_session: Session, _arguments: Arguments) -> None:
    from weft.console.session import ExitRequested

    raise ExitRequested


def _reload(session: Session, _arguments: Arguments) -> None:
    """The same program again in the place of this process: nothing of the old code is left."""
    import os
    import sys

    from weft.errors import UserError

    if not session.interactive:
        raise UserError(
            "reload is for the prompt: a script's commands see its present code anyway.",
            cure="Leave it out.",
        )
    session.screen.line("Starting again, with the code as it is now.")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


COMMANDS = (
    ConsoleCommand(
        "help",
        Section.OTHER,
        "List the commands, or explain one.",
        _help,
        aliases=("?", "--help"),
        free_words="[COMMAND]",
    ),
    ConsoleCommand(
        "reload",
        Section.OTHER,
        "Start again, with the code as it is now.",
        _reload,
        description="For the prompt, after an edit. What was computed stays.",
    ),
    ConsoleCommand("clear", Section.OTHER, "Empty the screen.", _clear),
    ConsoleCommand("exit", Section.OTHER, "Leave.", _exit, aliases=("quit",)),
)
