"""The other tools, in a virtual environment of their own; what can't be had is named as absent."""

from __future__ import annotations

import shutil
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).parent / ".venv-peers"
PACKAGES = ("doit", "joblib", "ninja", "numpy")


@dataclass(frozen=True, slots=True)
class Peers:
    """Where the peers are, and in which versions."""

    python: str
    versions: dict[str, str]
    absent: dict[str, str]
    """Why a peer is not there."""
    ninja: str = ""
    """Path of the program."""

    def describe(self) -> str:
        """One line for the table's head."""
        there = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        gone = "".join(f"; absent: {name} ({why})" for name, why in self.absent.items())
        return (there or "none") + gone


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
    ninja = home / "bin" / "ninja"
    program = str(ninja) if ninja.exists() else shutil.which("ninja") or ""
    if program and "ninja" in absent:
        del absent["ninja"]
        versions["ninja"] = _output([program, "--version"])
    return Peers(str(python), versions, absent, program)


def _install(python: Path, package: str) -> str:
    """Why the package is not there; empty when it is."""
    if _version(python, package):
        return ""
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, package], capture_output=True, text=True, check=False)
    lines = done.stderr.strip().splitlines()
    return (lines[-1] if lines else "pip failed") if done.returncode else ""


def _version(python: Path, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return _output([str(python), "-c", code])


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
