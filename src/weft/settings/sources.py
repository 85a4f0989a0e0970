"""Reads the settings of a context: defaults, files, environment, command line; later wins."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from weft.errors import UserError
from weft.settings.files import (
    PYPROJECT,
    WEFT_TOML,
    SettingsFile,
    home_folder,
    project_folders,
    read_file,
    user_rc,
)
from weft.settings.rc import read_rc
from weft.settings.setting import SETTINGS, nearest, setting
from weft.settings.settings import COMMAND_LINE, Settings
from weft.settings.tables import Entry, entries, parse_toml, tool_table

PREFIX = "WEFT_"
NEWS_VARIABLES = tuple(
    f"{PREFIX}{name}"
    for name in (
        *("EVENT", "TEXT", "CONTEXT", "HOST", "JOB", "CAUSE"),
        *("FAILED", "BLOCKED", "RAN", "DONE", "SECONDS"),
    )
)
"""What the command of ``notify`` finds in its environment: no slips of the pen for settings."""
_ALIKE = 0.8
"""How much like a setting the name of a variable must be to be told of: others are not ours."""


def read_settings(
    folder: str | Path,
    *,
    environment: Mapping[str, str] | None = None,
    home: Path | None = None,
    start: Path | None = None,
    command_line: Mapping[str, str] | None = None,
) -> Settings:
    """What holds for the context that keeps its results in ``folder``.

    Parameters
    ----------
    environment
        By default that of this process.
    home
        Of the user; by default as the environment says.
    start
        Where the files of the project are looked for; by default the working folder.
    command_line
        Name and text of each setting that the command line gives.

    Raises
    ------
    UserError
        For unknown names, impossible values, and files that can't be understood; it names the
        place.
    """
    environment = os.environ if environment is None else environment
    home = home_folder(environment) if home is None else home
    start = _working_folder() if start is None else start.resolve()
    settings = Settings()
    for path, label in _rc_files(environment, home, start):
        settings = _with_rc(settings, read_file(path, label))
    if start is not None:
        settings = _with_project(settings, Path(folder).name, start, home)
    settings = _with_environment(settings, environment)
    for name, text in (command_line or {}).items():
        settings = settings.with_value(name, text, COMMAND_LINE)
    return settings


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was removed
        return None


# -- rc files --------------------------------------------------------------------------------


def _rc_files(
    environment: Mapping[str, str], home: Path | None, start: Path | None
) -> Iterator[tuple[Path, str]]:
    yield from user_rc(environment, home)
    if start is not None and (home is None or start != home.resolve()):
        yield start / ".weftrc", ".weftrc"


def _with_rc(settings: Settings, file: SettingsFile | None) -> Settings:
    """An rc file of somebody else is not read at all: it is nobody's project but a user's habits.

    Its ``notify`` would run commands in this user's name.
    """
    if file is None:
        return settings
    if file.problem:
        return settings.with_message(f"{file.label} is not read: {file.problem}.")
    for line in read_rc(file.text, file.label):
        facts = {"file": file.label, "line": line.number}
        origin = f"{file.label} line {line.number}"
        settings = settings.with_value(line.name, line.text, origin, facts)
    return settings


# -- TOML ------------------------------------------------------------------------------------


def _with_project(settings: Settings, context: str, start: Path, home: Path | None) -> Settings:
    """The nearest folder that has a table of ours counts, and no other."""
    for folder in project_folders(start, home):
        weft_file = read_file(folder / WEFT_TOML, os.path.relpath(folder / WEFT_TOML, start))
        pyproject = _readable(folder / PYPROJECT, os.path.relpath(folder / PYPROJECT, start))
        table = tool_table(pyproject.text, pyproject.label) if pyproject is not None else None
        if weft_file is not None:
            if table is not None and pyproject is not None:
                settings = settings.with_message(
                    f"[tool.weft] of {pyproject.label} is not read: {weft_file.label} is there too."
                )
            found = entries(parse_toml(weft_file.text, weft_file.label), weft_file.label)
            return _with_entries(settings, weft_file, found, context)
        if table is not None and pyproject is not None:
            found = entries(table, pyproject.label, "tool.weft")
            return _with_entries(settings, pyproject, found, context)
    return settings


def _readable(path: Path, label: str) -> SettingsFile | None:
    """A pyproject.toml that can't be read is no business of ours: most say nothing of Weft."""
    try:
        return read_file(path, label)
    except UserError:
        return None


def _with_entries(
    settings: Settings, file: SettingsFile, found: Iterator[Entry], context: str
) -> Settings:
    """The file of a project may belong to another user, as may its code, which runs anyway.

    But ``weft DIR`` runs none of it: so what is guarded is not taken from such a file.
    """
    left_out = []
    for entry in found:
        origin = f"{file.label} {entry.place}".rstrip()
        facts: dict[str, object] = {"file": file.label}
        if entry.place:
            facts["table"] = entry.place
        changed = settings.with_value(entry.name, entry.text, origin, facts)
        if entry.context not in {None, context}:
            continue
        if file.problem and setting(entry.name).guarded:
            left_out.append(entry.name)
        else:
            settings = changed
    if left_out:
        names = " and ".join(dict.fromkeys(left_out))
        settings = settings.with_message(
            f"{names} of {file.label} {'is' if len(left_out) == 1 else 'are'} not taken: "
            f"{file.problem}."
        )
    return settings


# -- the environment -------------------------------------------------------------------------


def _with_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """Empty variables count as absent; names that are much like ours are told of."""
    for row in SETTINGS:
        variable = f"{PREFIX}{row.name.upper()}"
        if environment.get(variable):
            facts = {"variable": variable}
            settings = settings.with_value(row.name, environment[variable], variable, facts)
    known = {row.name for row in SETTINGS}
    for variable in environment:
        name = variable.removeprefix(PREFIX).lower()
        if name == variable.lower() or name in known or variable in NEWS_VARIABLES:
            continue
        question = nearest(name, _ALIKE)
        if question:
            settings = settings.with_message(f"{variable} sets nothing. {question}")
    return settings
