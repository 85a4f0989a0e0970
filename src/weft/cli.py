"""The program ``weft``: opens a folder without the script that made it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from weft import __version__

_RAW = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command(
    context_settings=_RAW,
    options_metavar="[--SETTING=VALUE ...]",
)
@click.argument("words", metavar="DIR [COMMAND ...]", nargs=-1, type=click.UNPROCESSED)
@click.version_option(__version__, prog_name="weft")
def main(words: tuple[str, ...]) -> None:
    """Look at the jobs that a script left in DIR and make them, by COMMANDs or at a prompt.

    \b
    weft out-fits                      a prompt; help lists the commands
    weft out-fits ls failed            one command
    weft out-fits ls --json failed     as JSON
    weft out-fits -c "ls failed; why"  several
    weft --n=4 out-fits parmake        with a setting (config lists them)

    Everything works but running jobs whose code can't be imported here: those defined in the
    script itself are made by the script, python SCRIPT make.
    """
    from weft.console.session import run_guarded

    code: int | None = 0

    def act() -> None:
        nonlocal code
        code = _obey(words)

    failed = run_guarded(act, Path())
    raise SystemExit(failed or code or 0)


def _obey(words: Sequence[str]) -> int | None:
    """Carry out what the command line says; the exit code."""
    from weft.console.command_line import as_text, split_settings
    from weft.console.context import Context
    from weft.console.prompt.prompt import converse
    from weft.console.session import Session

    given, rest = split_settings(words)
    if not rest:
        from weft.errors import UserError

        raise UserError(
            "weft needs to be told the folder of a context.",
            cure="weft out-SCRIPT, or weft --help.",
        )
    folder = Path(rest[0])
    _check(folder)
    more, commands = split_settings(rest[1:])
    context = Context.remembered(folder)
    context.give_settings({**given, **more})
    session = Session(context)
    if not commands:
        return converse(session)
    if commands[0] == "-c":
        return session.try_to_run(_after_c(commands))
    return session.try_to_run(as_text(commands, context.graph.jobs))


def _after_c(words: Sequence[str]) -> str:
    from weft.errors import UserError

    if len(words) != 2:
        raise UserError(
            "-c takes one text.", cure='Quote the commands: weft DIR -c "ls failed; why".'
        )
    return words[1]


def _check(folder: Path) -> None:
    from weft.errors import UserError

    if not (folder / "weft.db").is_file():
        raise UserError(
            f"{folder} is no folder of Weft.",
            facts={
                "because": "there is no weft.db in it" if folder.is_dir() else "it is not there"
            },
            cure="Name the folder that a script made, such as out-SCRIPT.",
        )
