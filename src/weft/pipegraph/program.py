"""What jobs that run a program do in their processes: command lines, and what becomes of them."""

from __future__ import annotations

import os
import shlex
import signal
import stat
import subprocess
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from textwrap import dedent
from typing import Any

from weft.executors.zygote import die_with_parent
from weft.model.job import FilesJob, PartJob
from weft.model.promise import Promise
from weft.pipegraph.callbacks import Callback, takes_paths
from weft.pipegraph.errors import JobContractError

_TAIL = 4096
"""Bytes at the end of an output that an error shows lines of."""
_LINES = 10


@dataclass(frozen=True, slots=True)
class ExternalOutputPath:
    """Stands in a command line for the absolute path of the job's folder, or of a file in it.

    Examples
    --------
    >>> ExternalOutputPath() / "genome" / "index.fa"
    ExternalOutputPath(path='genome/index.fa')
    """

    path: str = ""

    def __truediv__(self, name: str) -> ExternalOutputPath:
        return ExternalOutputPath(f"{self.path}/{name}" if self.path else name)


@dataclass(frozen=True, slots=True)
class ExternalRun:
    """What ``call_before`` and ``call_after`` get.

    Examples
    --------
    >>> run = ExternalRun(Path("out"), {"stdout": Path("out/stdout.txt")})
    >>> run.files["stdout"]
    PosixPath('out/stdout.txt')
    """

    output_path: Path
    files: Mapping[str, Path]
    """All files of the job, by their keys."""
    return_code: int | None = None
    """Of the program, once it has ended; minus the number of a signal that ended it."""


# -- command lines ---------------------------------------------------------------------------------


def checked_line(command: Any) -> list[Any]:
    """A command line as it was given, of what may stand in one."""
    line = _as_list(command)
    allowed = (str, os.PathLike, Real, ExternalOutputPath, FilesJob, PartJob, Promise)
    for word in line:
        if not isinstance(word, allowed):
            raise _no_word(word)
    return line


def _as_list(command: Any) -> list[Any]:
    if isinstance(command, (str, bytes, Mapping)) or not isinstance(command, Iterable):
        raise JobContractError(
            f"{command!r} is no command line.",
            cure='Write a list, as in ["sort", "-n", "a.txt"]; for a line of shell use ShellJob.',
        )
    line = list(command)
    if not line:
        raise JobContractError("An empty command line.", cure="Name the program to run.")
    return line


def _no_word(word: Any) -> JobContractError:
    return JobContractError(
        f"{word!r} can't stand in a command line.",
        cure="Use texts, numbers, paths, jobs that make files, and ExternalOutputPath().",
    )


def line_words(command: Any, run: ExternalRun) -> list[str]:
    """The words of a command line, in which results stand for jobs now."""
    return list(_words_of(_as_list(command), run))


def _words_of(line: Iterable[Any], run: ExternalRun) -> Iterator[str]:
    for word in line:
        if isinstance(word, (list, tuple)):
            yield from _words_of(word, run)
        elif isinstance(word, Mapping):
            yield from _words_of(word.values(), run)
        elif isinstance(word, ExternalOutputPath):
            yield str((run.output_path / word.path).absolute())
        elif isinstance(word, os.PathLike):
            yield str(Path(word).absolute())
        elif isinstance(word, (str, Real)):
            yield str(word)
        else:
            raise _no_word(word)


def checked_script(text: Any) -> str:
    """The text of a script as it is written."""
    if not isinstance(text, str):
        raise JobContractError(
            f"{text!r} is no script.", cure='Give its text, beginning with a line like "#!/bin/sh".'
        )
    script = dedent(text).strip()
    if not script.startswith("#!"):
        raise JobContractError(
            "A script does not say what reads it.",
            facts={"first line": script.partition("\n")[0]},
            cure='Begin it with a line like "#!/bin/sh" or "#!/usr/bin/env python3".',
        )
    return f"{script}\n"


def script_words(text: Any, run: ExternalRun) -> list[str]:
    """Write a script; the command line that runs it."""
    path = run.files["script"]
    path.write_text(checked_script(text))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return [str(path.absolute())]


def as_given(command: Any) -> Any:
    """The command of a job whose command was given, not a function."""
    return command


# -- programs --------------------------------------------------------------------------------------


def run_program(
    function: Callback,
    files: Mapping[str, Path],
    *,
    words: Callable[[Any, ExternalRun], list[str]],
    call_before: Callback | None,
    call_after: Callback | None,
    output_path: Path,
    allowed: Collection[int],
    command: Any = None,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    start_new_session: bool = False,
) -> None:
    """What an ``ExternalJob`` calls.

    Parameters
    ----------
    function
        Gives the command; or takes ``command``, where that was given, and gives it back.
    words
        Makes a command line of the command.
    """
    run = ExternalRun(output_path, files)
    _call(call_before, run)
    program = _Program(
        words(function() if command is None else function(command), run),
        files,
        Path(cwd) if cwd is not None else output_path,
    )
    code = program.execute(env or {}, alone=start_new_session)
    if code not in allowed:
        raise program.bad_end(code, allowed)
    _call(call_after, replace(run, return_code=code))
    missing = [str(path) for path in files.values() if not path.exists()]
    if missing:
        raise program.unfulfilled(missing)


def _call(hook: Callback | None, run: ExternalRun) -> None:
    if hook is not None:
        hook(*([run] if takes_paths(hook) else []))


@dataclass(frozen=True, slots=True)
class _Program:
    """One call of a program, with what can go wrong."""

    line: list[str]
    files: Mapping[str, Path]
    folder: Path

    def execute(self, env: Mapping[str, str], *, alone: bool) -> int:
        """Run it to its end, with more variables; its return code."""
        files = self.files
        files["cmd"].write_text(f"{shlex.join(self.line)}\n")
        with files["stdout"].open("wb") as stdout, files["stderr"].open("wb") as stderr:
            try:
                ended = subprocess.run(
                    self.line,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    cwd=self.folder,
                    env={**os.environ, **env},
                    start_new_session=alone,
                    preexec_fn=_die_with_job if alone else None,
                    check=False,
                )
            except OSError as error:
                raise self._no_start(error) from None
        files["return_code"].write_text(str(ended.returncode))
        return ended.returncode

    def _no_start(self, error: OSError) -> JobContractError:
        """The error of a program that could not be started."""
        name = self.line[0]
        title, cure = f"{name!r} can't be run: {error.strerror}.", "See whether it is a program."
        if not self.folder.is_dir():
            title = f"There is no folder {str(self.folder)!r} to run {name!r} in."
            cure = "Make it, or give another cwd."
        elif isinstance(error, PermissionError):
            cure = f"Let it be executable: chmod +x {shlex.quote(name)}."
        elif isinstance(error, FileNotFoundError) and Path(name).exists():
            title = f"There is no such program as the first line of {name!r} names."
            cure = "Mend that line, or install the program."
        elif isinstance(error, FileNotFoundError):
            title = f"There is no program {name!r}."
            cure = "Install it, or write its whole path."
        return JobContractError(title, facts={"command": shlex.join(self.line)}, cure=cure)

    def bad_end(self, code: int, allowed: Collection[int]) -> JobContractError:
        """The error of a return code that is not allowed."""
        names = {number.value: number.name for number in signal.Signals}
        how = f"was killed by {names.get(-code, -code)}" if code < 0 else f"returned {code}"
        return JobContractError(
            f"{self.line[0]!r} {how}; allowed is {' or '.join(map(str, allowed))}.",
            facts=self._facts(),
            cure=f"Read {self.files['stderr']}.broken and mend the command, "
            "or extend allowed_return_codes.",
        )

    def unfulfilled(self, missing: list[str]) -> JobContractError:
        """The error of files that were not made."""
        return JobContractError(
            f"{self.line[0]!r} did not make {missing[0]!r}.",
            facts=self._facts() | {"missing": ", ".join(missing)},
            cure="Let the command write the file, or declare the one that it writes.",
        )

    def _facts(self) -> dict[str, object]:
        """What it was, and what it said last."""
        facts: dict[str, object] = {"command": shlex.join(self.line), "run in": self.folder}
        for name in ("stderr", "stdout"):
            last = _last_lines(self.files[name])
            if last:
                return facts | {f"end of {name}": last}
        return facts


def _die_with_job() -> None:
    """In the leader of a session, whom nobody meets who kills the job's process group."""
    die_with_parent(signal.SIGKILL)


def _last_lines(path: Path) -> str:
    """The end of a text, indented below the title of a fact."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        text = file.read().decode(errors="replace")
    return "".join(f"\n    {line}" for line in text.rstrip().splitlines()[-_LINES:])
