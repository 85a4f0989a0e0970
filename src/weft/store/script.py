"""The script's jobs as it defined them last, with what it takes to run them without the script.

Each part is one pickled value, see ``weft.store.jobs``. The arguments lie apart from the rest, in
chunks: whoever only looks at jobs does not read them. What is unpickled here is plain data: it
imports nothing, and runs nothing.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from weft.graph.keeping import KeptCommand, Unkept
from weft.graph.plain import plain_loads, taking_apart
from weft.model.job import Digest
from weft.model.kind import Kind
from weft.store.database import Database
from weft.store.rows import JobRow

CommandEntry = tuple[Any, ...]
"""The fields of a ``KeptCommand`` in their order; files of an older Weft have the first three."""
JobEntry = tuple[Any, ...]
"""Job id, number of its command, definition, ids of inputs and of extra dependencies; and of jobs
that are not plain calls a ``Spec``.

It may be longer in files of a later Weft: what is read takes the first of them.
"""

_READ = """SELECT digest, commands, jobs,
    (SELECT value FROM setting WHERE name = 'calls'),
    (SELECT value FROM setting WHERE name = 'script') FROM script"""
_SET = "INSERT OR REPLACE INTO setting VALUES (?, ?)"


def _entry(command: KeptCommand) -> CommandEntry:
    function, objects = command.function, command.objects
    return (
        command.name,
        command.code,
        command.dynamic,
        int(function) if isinstance(function, Unkept) else function,
        dict(command.options),
        int(objects) if isinstance(objects, Unkept) else objects,
        command.packages,
        int(command.kind),
    )


def _command(entry: CommandEntry) -> KeptCommand:
    fields: list[Any] = list(entry[:8])
    for place in (3, 5):
        if len(fields) > place and isinstance(fields[place], int):
            fields[place] = Unkept(fields[place])
    if len(fields) > 7:
        fields[7] = Kind(fields[7])
    return KeptCommand(*fields)


@dataclass(frozen=True, slots=True)
class Script:
    """All of it, at one moment.

    Attributes
    ----------
    digest
        Stands for commands and jobs.
    calls
        Chunks of arguments, see ``weft.graph.keeping.keep_calls``; in the order of ``jobs``.
    home
        Where the script ran, as JSON; empty when that is not known.
    """

    digest: Digest
    commands: tuple[KeptCommand, ...]
    jobs: Sequence[JobEntry]
    calls: Sequence[bytes]
    home: str


class ScriptTable:
    """Reads and writes the script's jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __repr__(self) -> str:
        return f"ScriptTable({self._database!r})"

    def read(self) -> Script | None:
        """All, or None when no script has defined jobs here."""
        row = self._database.row(_READ)
        if row is None:
            return None
        digest, commands, jobs, calls, home = row
        with taking_apart():
            return Script(
                digest,
                tuple(map(_command, plain_loads(commands))),
                plain_loads(jobs),
                plain_loads(calls) if calls else (),
                os.fsdecode(home) if home else "",
            )

    def rows(self) -> list[JobRow]:
        """The jobs, in their order."""
        with taking_apart():
            return list(self._rows())

    def _rows(self) -> Iterator[JobRow]:
        row = self._database.row("SELECT commands, jobs FROM script")
        if row is None:
            return
        commands = [_command(entry) for entry in plain_loads(row[0])]
        jobs: list[JobEntry] = plain_loads(row[1])
        for position, (name, number, definition, inputs, extra, *more) in enumerate(jobs):
            command = commands[number]
            yield JobRow(
                name,
                position,
                command.name,
                definition,
                command.code,
                arguments_text="",
                definer=None,
                inputs=inputs,
                extra=extra,
                dynamic=command.dynamic,
                active=True,
                retired_run=None,
                tags=command.tags,
                kind=command.kind,
                spec=more[0] if more and command.kind else None,
            )

    def define(
        self,
        commands: Sequence[KeptCommand],
        jobs: Sequence[JobEntry],
        digest: Digest,
        calls: Sequence[bytes] = (),
    ) -> None:
        """Make ``jobs`` the jobs of the script, in this order."""
        entries = [_entry(command) for command in commands]
        row = (digest, pickle.dumps(entries, 5), pickle.dumps(jobs, 5))
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM script")
            connection.execute("INSERT INTO script VALUES (?, ?, ?)", row)
            connection.execute(_SET, ("calls", pickle.dumps(list(calls), 5)))

    def digest(self) -> bytes | None:
        """What ``define`` was given last."""
        row = self._database.row("SELECT digest FROM script")
        return row[0] if row is not None else None

    def note_home(self, home: str) -> None:
        """Keep where the script ran, if it is another place than before."""
        row = self._database.row("SELECT value FROM setting WHERE name = 'script'")
        if row is None or row[0] != os.fsencode(home):
            with self._database.transaction() as connection:
                connection.execute(_SET, ("script", os.fsencode(home)))
