"""The other tools, in a virtual environment of their own; what can't be had is named as absent."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(__file__).parent / ".venv-peers"
PACKAGES = {
    "doit": ("doit",),
    "faster-fifo": ("faster-fifo==1.5.2",),
    "iterable-queue": ("iterable-queue==1.2.2",),
    "joblib": ("joblib",),
    "ninja": ("ninja",),
    "numpy": ("numpy",),
    "pypipegraph": ("pypipegraph==0.197", "six"),
    "pypipegraph2": ("pypipegraph2==3.4.2",),
}
"""What to ask for: pypipegraph does not say that it needs six, a newer pypipegraph2 needs Python
3.12, and faster-fifo a compiler of C++."""
PROGRAMS = ("ninja", "make")


@dataclass(frozen=True, slots=True)
class Peers:
    """Where the peers are, and in which versions."""

    python: str
    versions: dict[str, str]
    absent: dict[str, str]
    """Why a peer is not there."""
    programs: dict[str, str] = field(default_factory=dict)
    """Paths of ninja and make."""

    def describe(self) -> str:
        """One line for the table's head."""
        there = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        gone = "".join(f"; absent: {name} ({why})" for name, why in self.absent.items())
        return (there or "none") + gone


def nobody() -> Peers:
    """No peers at all, by wish."""
    return Peers(sys.executable, {}, dict.fromkeys([*PACKAGES, *PROGRAMS], "not asked for"))


def find(home: Path = HOME) -> Peers:
    """The peers of an earlier call, or a new environment with them (about 10 s)."""
    python = home / "bin" / "python"
    if not python.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        venv.create(home, with_pip=True)
        (home / ".gitignore").write_text("*\n")
    absent = {}
    for package in PACKAGES:
        why = _install(python, package)
        if why:
            absent[package] = why
    versions = {name: _version(python, name) for name in PACKAGES if name not in absent}
    programs = {}
    for name in PROGRAMS:
        program = shutil.which(name, path=home / "bin") or shutil.which(name)
        if program:
            absent.pop(name, None)
            programs[name] = program
            versions[name] = _output([program, "--version"]).splitlines()[0].split()[-1]
        else:
            absent.setdefault(name, "not found")
    return Peers(str(python), versions, absent, programs)


def _install(python: Path, package: str) -> str:
    """Why the package is not there; empty when it is."""
    if _version(python, package):
        return ""
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, *PACKAGES[package]], capture_output=True, text=True, check=False)
    lines = done.stderr.strip().splitlines()
    return (lines[-1] if lines else "pip failed") if done.returncode else ""


def _version(python: Path, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return _output([str(python), "-c", code])


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
