"""The page ``docs/commands.md``, made from the command table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from weft.console.table import ConsoleCommand, Table

_HEAD = """\
# Commands

<!-- Made by scripts/make_docs.py from the command table: edit that, not this page. -->

The same commands work in four places:

    python fits.py                        at the prompt: type them
    python fits.py "clean draw*; parmake n=4"   as words after the script; ; separates them
    weft out-fits ls failed               without the script, from the folder of its results
    context.batch_command("parmake n=4")  in a program

`weft` is also `python -m weft`. Parameters are written `name=value`, `--name=value` or
`--name value`, and switches just `--name`. JOBS is an expression that chooses jobs: see
[selection.md](selection.md). A selection that matches nothing selects nothing, and says so.

Commands that look write nothing, also while another process is making, and answer `--json` with
one JSON document. Commands that drop results ask first at the prompt (the setting `confirm`).

Exit codes: 0 all went well, 113 jobs failed, 1 a command failed or was stopped, 114 a bug of Weft.
"""


def commands_page(table: Table) -> str:
    """The whole page, in Markdown."""
    parts = [_HEAD]
    for section, rows in groupby(table.rows, key=lambda row: row.section):
        parts.append(f"## {section.value}\n")
        parts += ["\n".join(_entry(row)) for row in rows]
    return "\n".join(parts).rstrip() + "\n"


def _entry(row: ConsoleCommand) -> Iterator[str]:
    yield f"### {row.name}\n"
    yield f"    {row.usage_short}\n"
    yield f"{row.help} {row.description}".strip() + "\n"
    if row.aliases:
        yield f"Also called {', '.join(f'`{name}`' for name in row.aliases)}.\n"
    if row.accepted:
        yield "| parameter | meaning (default) |\n| --- | --- |"
        for parameter in row.accepted:
            short = f", `-{parameter.short}`" if parameter.short else ""
            yield f"| `{parameter.name}=`{short} | {parameter.help.replace('|', chr(92) + '|')} |"
        yield ""
    if row.examples:
        yield "\n".join(f"    @: {example}" for example in row.examples) + "\n"
