"""Programs that build files from a script: ninja and make, each with as many files to make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.contest import WORKERS, Contestant, Settings

FILES = "files"
"""Folder that all contestants write into, below their own."""


def ninja(settings: Settings, number: int) -> Contestant:
    """ninja, with one edge for each file."""
    return _builder(settings, "ninja", "build.ninja", _ninja_script(number), "--quiet")


def make(settings: Settings, number: int) -> Contestant:
    """make, with one rule for each file."""
    return _builder(settings, "make", "Makefile", _makefile(number), "--silent")


def _builder(settings: Settings, name: str, script: str, text: str, silence: str) -> Contestant:
    """A program whose script is laid into the folder before: writing it is no part of the work."""

    def command(folder: Path) -> Sequence[str]:
        (folder / FILES).mkdir(exist_ok=True)
        if not (folder / script).exists():
            (folder / script).write_text(text)
        return [settings.peers.programs[name], f"-j{WORKERS}", silence]

    why = settings.peers.absent.get(name, "")
    return Contestant(name, command, absent=f"absent: {why}" if why else "")


def _ninja_script(number: int) -> str:
    edges = "".join(f"build {FILES}/{i}: make\n" for i in range(number))
    return f"rule make\n  command = echo $out > $out\n{edges}"


def _makefile(number: int) -> str:
    names = [f"{FILES}/{i}" for i in range(number)]
    rules = "".join(f"{name}:\n\t@echo {name} > {name}\n" for name in names)
    return f"all: {' '.join(names)}\n{rules}"
