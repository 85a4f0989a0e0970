"""The program ``weft``: opens a folder without the script that made it."""

from __future__ import annotations

from pathlib import Path

import click

from weft import __version__


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("-c", "commands", metavar="COMMANDS", help='Such as "ls failed; why"; then leave.')
@click.version_option(__version__, prog_name="weft")
def main(folder: Path, commands: str | None) -> None:
    """Look at the jobs that a script left in DIR, at a prompt or by COMMANDS.

    Jobs can be listed, explained, cleaned and invalidated. What has to run again is made by the
    script: python SCRIPT make.
    """
    from weft.console.context import Context
    from weft.console.prompt import converse
    from weft.console.session import Session, run_guarded

    code: int | None = 0

    def act() -> None:
        nonlocal code
        _check(folder)
        session = Session(Context.remembered(folder))
        code = converse(session) if commands is None else session.try_to_run(commands)

    failed = run_guarded(act, folder)
    raise SystemExit(failed or code or 0)


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
