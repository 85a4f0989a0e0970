"""Files as tests of output files write and read them, in a folder of each test's own."""

from __future__ import annotations

from pathlib import Path

from weft.model.job import Command, FilesJob
from weft.model.outputs import PLAIN, OutputStyle


def job(*names: str, style: OutputStyle = PLAIN) -> FilesJob:
    return FilesJob(":".join(names), Command("write", None), 0, names, style)


def write(name: str, text: str) -> None:
    Path(name).write_text(text)


def read(name: str) -> str | None:
    return Path(name).read_text() if Path(name).exists() else None


def names() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if not path.is_dir())
