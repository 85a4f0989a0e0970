"""The files that settings may stand in: where they are looked for, and whom they belong to."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from weft.errors import UserError

WEFT_TOML = "weft.toml"
PYPROJECT = "pyproject.toml"
_ROOTS = (".git", ".hg", ".jj")
"""What the topmost folder of a repository has in it."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file that was read.

    Attributes
    ----------
    label
        Its path as it is shown: relative to the working folder, or to ``~``.
    problem
        Why it may have been written by somebody else; empty when it was not.
    """

    label: str
    text: str
    problem: str = ""


def read_file(path: Path, label: str) -> SettingsFile | None:
    """A file's text; None when there is no such file.

    Raises
    ------
    UserError
        When it can't be read, or is not UTF-8.
    """
    if not path.is_file():  # nor a pipe, at which open() would wait
        return None
    try:
        with path.open("rb") as file:
            problem = problem_of(os.fstat(file.fileno()))
            return SettingsFile(label, file.read().decode("utf-8-sig"), problem)
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{label} is not UTF-8 text.", facts={"byte": error.start}, cure="Save it as UTF-8."
        ) from error
    except OSError as error:
        raise UserError(
            f"{label} can't be read.",
            facts={"because": error.strerror},
            cure="Make it readable, or move it away.",
        ) from error


def problem_of(found: os.stat_result) -> str:
    """Why a file may be the work of somebody else than this user and root; empty if it can't be.

    Members of its group may be able to write to it: with the usual umask of 002 they always are.
    """
    if found.st_uid not in {0, os.geteuid()}:
        return "it belongs to another user"
    return "everybody can write to it" if found.st_mode & stat.S_IWOTH else ""


def home_folder(environment: Mapping[str, str]) -> Path | None:
    """The user's home; None where there is none, as for some services."""
    if environment.get("HOME"):
        return Path(environment["HOME"])
    try:
        return Path.home()
    except RuntimeError:
        return None


def user_rc(environment: Mapping[str, str], home: Path | None) -> Iterator[tuple[Path, str]]:
    """Path and label of the user's rc files, which need not be there."""
    configured = Path(environment.get("XDG_CONFIG_HOME", ""))
    if configured.is_absolute():
        path = configured / "weft" / "rc"
        yield path, _home_label(path, home)
    elif home is not None:
        yield home / ".config" / "weft" / "rc", "~/.config/weft/rc"
    if home is not None:
        yield home / ".weftrc", "~/.weftrc"


def _home_label(path: Path, home: Path | None) -> str:
    if home is not None and path.is_relative_to(home):
        return f"~/{path.relative_to(home)}"
    return str(path)


def project_folders(start: Path, home: Path | None) -> Iterator[Path]:
    """The folders whose TOML files may hold settings for work in ``start``: the nearest first.

    Those are ``start`` and its parents up to the top of its repository. Home is not one of them,
    nor what is above it, nor what is above a folder that everybody may write to, such as ``/tmp``:
    anybody could leave a file there.
    """
    yield start
    stop = home.resolve() if home is not None else None
    folder = start
    while not _is_top(folder) and folder.parent != folder:
        folder = folder.parent
        if folder == stop or _everybody_writes(folder):
            return
        yield folder


def _is_top(folder: Path) -> bool:
    return any((folder / name).exists() for name in _ROOTS)


def _everybody_writes(folder: Path) -> bool:
    try:
        return bool(folder.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return True
