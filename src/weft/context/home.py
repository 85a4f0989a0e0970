"""Where a script ran: what a process without the script needs to import what it imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from weft.errors import UserError

_INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a script ran.

    Attributes
    ----------
    script
        Its file; empty for a prompt or a notebook.
    module
        Its name, if it was run by ``python -m``.
    folder
        In which it ran.
    store
        The folder of its results then.
    path
        What it could import from, but for installed packages.
    """

    script: str = ""
    module: str = ""
    folder: str = ""
    store: str = ""
    path: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Home:
        """What ``home_of_script`` wrote.

        >>> Home.read("/w/s.py\\0\\0/w\\0/w/out-s\\0/w\\0/lib").path
        ('/w', '/lib')
        """
        if not text:
            return cls()
        script, module, folder, store, *path = text.split("\0")
        return cls(script, module, folder, store, tuple(path))

    def search_path(self, store: Path) -> list[str]:
        """Folders to import from, first the one in which Python itself would look.

        Parameters
        ----------
        store
            The folder of the results now: what lay beside it is looked for beside it.
        """
        first = self.folder if self.module or not self.script else os.path.dirname(self.script)  # noqa: PTH120
        wanted = [first, self.folder, *self.path] if self.folder else list(self.path)
        found = (self._now(place, store) for place in wanted)
        return list(dict.fromkeys([*found, str(Path.cwd())]))

    def _now(self, place: str, store: Path) -> str:
        """Where ``place`` is, if the folder of the results was moved together with it."""
        if str(store) == self.store or not self.store:
            return place
        moved = os.path.normpath(store / os.path.relpath(place, self.store))
        return moved if Path(moved).is_dir() else place

    def command(self, store: Path) -> str:
        """What makes all, as the next step of an error."""
        if self.module:
            return f"Run the script that defines them: python -m {self.module} make"
        if not self.script:
            return "Run the program that defines them."
        folder, name = os.path.split(self.script)
        script = Path(self._now(folder, store)) / name
        if not script.is_file():
            return f"Bring back the script that defines them: {script} is not there any more."
        import shlex

        here = script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script
        return f"Run the script that defines them: python {shlex.quote(str(here))} make"


def check_working_folder() -> None:
    """Refuse to work in a folder that is not there any more: no path would mean anything.

    Raises
    ------
    UserError
        When it was removed.
    """
    try:
        os.getcwd()  # noqa: PTH109 - 1 us
    except OSError as error:
        raise UserError(
            "The working folder is not there any more.",
            facts={"because": error.strerror},
            cure="Go to a folder that exists (cd), and begin again.",
        ) from None


def script_name() -> str:
    """What the folder of the running script is called by."""
    script = Path(sys.argv[0]) if sys.argv and sys.argv[0] else None
    return script.stem if script is not None and script.suffix == ".py" else "weft"


def home_of_script(store: Path) -> str:
    """Where the running script runs, as the store keeps it.

    Joined by NUL, which no path holds: JSON would have to be imported by a run with nothing to do.
    """
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    file = getattr(main, "__file__", None)
    script = os.path.abspath(file) if isinstance(file, str) else ""  # noqa: PTH100 - 10 us less
    module = getattr(spec, "name", "") or ""
    return "\0".join([script, module, _working_folder(), str(store), *_own_path()])


def _working_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - as above
    except OSError:  # it was removed
        return ""


def _own_path() -> Iterator[str]:
    """The folders of ``sys.path`` that don't belong to Python or its packages."""
    for place in sys.path:
        parts = place.split(os.sep)  # noqa: PTH206 - as above
        installed = any(part in _INSTALLED for part in parts)
        if place and not installed and not place.startswith((sys.prefix, sys.base_prefix)):
            yield os.path.abspath(place)  # noqa: PTH100 - as above
