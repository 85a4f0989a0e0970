"""``debug``: one failed job again, in this process, up to the debugger."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Section, Selects

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.context.single import Known


def _debug(session: Session, arguments: Arguments) -> str:
    from weft.context.single import debug
    from weft.errors import UserError

    if not sys.stdin.isatty():
        raise UserError(
            "debug needs a terminal: the debugger asks what to do.",
            cure="Give the command at a prompt, or without a pipe.",
        )
    ended = debug(session.context, arguments.selection[0], lambda known: _tell(session, known))
    if ended.error is None:
        return f"{ended.job_id} did not fail this time; its result is kept."
    return f"{ended.job_id} failed: {ended.error}"


def _tell(session: Session, known: Known) -> None:
    from weft.console.text.screen import hung
    from weft.console.text.words import one_line

    screen = session.screen
    lines = hung("Runs now, in this process: ", one_line(known.call), screen)
    if known.error is not None:
        lines += hung("Failed last with: ", one_line(known.error), screen)
    lines.append("Where it fails the debugger opens: p NAME shows a value, u and d go up and down")
    lines.append("the calls, l lists the code, q leaves.")
    screen.line("\n".join(lines))


COMMANDS = (
    ConsoleCommand(
        "debug",
        Section.MAKING,
        "Run one failed job here, up to the debugger.",
        _debug,
        Selects.ONE,
        description=(
            "The job runs in this process, with the arguments that it had; what it depends on must "
            "be done. The debugger (pdb) opens where it fails. When it does not fail, its result "
            "is kept."
        ),
        examples=("debug fit-3",),
    ),
)
