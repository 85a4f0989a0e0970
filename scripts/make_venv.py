"""Make or refresh the virtual environment that the Makefile's commands use.

    python scripts/make_venv.py FOLDER demo    # Weft, and what draws the demo's figures
    python scripts/make_venv.py FOLDER test    # also its extras and the development tools

Each command of the Makefile calls this first. A file in the folder says for which Python and which
pyproject.toml it was set up, so that there is mostly nothing to do. On a bare Debian the ``venv``
module comes without pip; then the pip of the outer Python installs into the environment, and where
there is none either, the message says which package brings it.
"""

import hashlib
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP_OPTIONS = ("install", "--disable-pip-version-check", "--no-warn-script-location")
NO_PIP = "Python's venv module has no pip here. On Debian: apt install python3-venv"
TOLD = ("Collecting ", "Building ", "Installing ")
"""Beginnings of the lines of pip that say what it is doing."""


def main(folder: Path, purpose: str) -> None:
    """Bring ``folder`` up to date for a purpose."""
    project = ROOT / "pyproject.toml"
    needed = hashlib.sha256(f"{sys.executable} {sys.version}".encode() + project.read_bytes())
    # What the tests need holds all that the demo needs.
    marks = [folder / ".demo", folder / ".test"][: 2 if purpose == "test" else 1]
    if all(mark.exists() and mark.read_text() == needed.hexdigest() for mark in marks):
        return
    version = sys.version.split()[0]
    print(f"Setting up {folder} with Python {version}, once for `make {purpose}`:", flush=True)
    started = time.monotonic()
    install(pip_of(folder), ["--editable", *packages_for(purpose, project)])
    for mark in marks:
        mark.write_text(needed.hexdigest())
    print(f"  set up in {time.monotonic() - started:.0f} s\n", flush=True)


def packages_for(purpose: str, project: Path) -> list[str]:
    """Weft and what else is to be installed."""
    import tomllib  # comes with Python 3.11; the Makefile tells older ones so

    groups: dict[str, list[str]] = tomllib.loads(project.read_text(encoding="utf-8"))[
        "dependency-groups"
    ]
    return [f"{ROOT}[plot]", *groups["dev"]] if purpose == "test" else [str(ROOT), *groups["demo"]]


def pip_of(folder: Path) -> list[str]:
    """The command of a pip that installs into the environment, which is made for this Python."""
    with_pip = find_spec("ensurepip") is not None
    if not with_pip and find_spec("pip") is None:
        sys.exit(NO_PIP)
    python = folder / "bin" / "python"
    try:
        venv.create(folder, with_pip=with_pip, clear=not _is_for_this_python(folder), symlinks=True)
    except subprocess.CalledProcessError:
        sys.exit(NO_PIP)
    if with_pip:
        return [str(python), "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", str(python)]


def _is_for_this_python(folder: Path) -> bool:
    settings = folder / "pyvenv.cfg"
    version = f"version = {sys.version.split()[0]}\n"
    return settings.exists() and version in settings.read_text(encoding="utf-8")


def install(pip: Sequence[str], packages: Sequence[str]) -> None:
    """Install, with one line for each package that is being fetched or put in place."""
    told: list[str] = []
    with subprocess.Popen(
        [*pip, *PIP_OPTIONS, *packages],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            told.append(line)
            if line.startswith(TOLD):
                print(f"  {line.strip()[:100]}", flush=True)
    if process.returncode:
        sys.exit("".join(told[-20:]) + "pip could not install what is needed; see above.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
