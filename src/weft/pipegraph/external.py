"""Jobs that run a program: a command line, or a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from weft.pipegraph.callbacks import Callback, refuse_arguments, takes_paths
from weft.pipegraph.errors import JobContractError
from weft.pipegraph.files import MultiFileGeneratingJob, MultiTempFileGeneratingJob
from weft.pipegraph.naming import Name, path_id
from weft.pipegraph.program import (
    ExternalOutputPath,
    ExternalRun,
    as_given,
    checked_line,
    checked_script,
    line_words,
    run_program,
    script_words,
)
from weft.pipegraph.resource_coordinators import Resources

__all__ = ["ExternalJob", "ExternalOutputPath", "ExternalRun", "ShellJob"]

_KEPT = {
    "stdout": "stdout.txt",
    "stderr": "stderr.txt",
    "cmd": "cmd.txt",
    "return_code": "return_code.txt",
}
"""What is kept of each command, by key and name of the file."""


class ExternalJob(MultiFileGeneratingJob):
    """Runs a program, and keeps its command line, what it wrote, and its return code.

    The job's files are ``stdout``, ``stderr``, ``cmd`` and ``return_code``, and those that the
    program makes; let others depend on ``job["key"]``, so that only that file counts for them.
    The job runs again when its command line changes, not when the program was installed anew. All
    files may be empty. When it fails they are kept as ``NAME.broken``.

    Parameters
    ----------
    output_path
        Folder of the files; made if it is missing.
    additional_created_files
        Files that the program makes, by keys of your own; their paths count from ``output_path``.
    cmd_or_cmd_func
        The program and its arguments, as a list; or a function that gives one, called when the job
        runs. Texts and numbers go as they are. A ``pathlib.Path`` counts from the folder where
        ``run()`` was called, ``ExternalOutputPath() / "name"`` from ``output_path``: both are made
        absolute. A job stands for the paths of its files, the promise of a job of ``comp`` for its
        result; what stands in the list is a dependency.
    allowed_return_codes
        All others are failures.
    call_before, call_after
        Functions that are called before and after the program, in the job's process, with an
        ``ExternalRun``, or with nothing if they take nothing. Their code counts.
    job_cls
        ``MultiTempFileGeneratingJob`` for files that are there only while jobs need them.
    resources
        Cores that the program keeps busy, see ``cores_needed``.
    cwd
        Where the program runs; by default in ``output_path``.
    start_new_session
        Whether it becomes the leader of a session of its own. It ends with the job in any case.
    std_prefix
        Goes before the names of the four files, where several jobs share a folder.
    env
        Variables to set besides those that there are; they count.

    Raises
    ------
    JobContractError
        When the command is no list, or a key is taken. In the job: when there is no such program,
        it ends with another return code, or it does not make a file; with the end of what it wrote
        to standard error.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     write = lambda path: path.write_text("b\\na\\n")
    ...     reads = ppg.FileGeneratingJob(folder / "reads", write)
    ...     target = ppg.ExternalOutputPath() / "sorted"
    ...     job = ppg.ExternalJob(folder, {"out": "sorted"}, ["sort", "-o", target, reads])
    ...     _ = ppg.run()
    >>> job.files["out"].read_text(), job.files["return_code"].read_text()
    ('a\\nb\\n', '0')
    """

    _kept: Mapping[str, str] = _KEPT
    _checked: staticmethod[[Any], Any] = staticmethod(checked_line)
    _words: staticmethod[[Any, ExternalRun], list[str]] = staticmethod(line_words)

    def __init__(
        self,
        output_path: Name,
        additional_created_files: Mapping[str, Name],
        cmd_or_cmd_func: Iterable[Any] | Callback,
        allowed_return_codes: Iterable[int] = (0,),
        call_before: Callback | None = None,
        call_after: Callback | None = None,
        job_cls: type[MultiFileGeneratingJob] = MultiFileGeneratingJob,
        resources: int = Resources.SingleCore,
        cwd: Name | None = None,
        start_new_session: bool = False,
        std_prefix: str = "",
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.output_path = Path(path_id(output_path))
        self.call_before, self.call_after = call_before, call_after
        for hook in filter(None, (call_before, call_after)):
            takes_paths(hook)
        self._temporary = _is_temporary(job_cls)
        function, given = self._function(cmd_or_cmd_func)
        given |= {"output_path": self.output_path, "allowed": sorted(allowed_return_codes)}
        more = {
            "cwd": cwd and path_id(cwd),
            "env": {name: str(value) for name, value in (env or {}).items()},
            "start_new_session": bool(start_new_session),
        }
        given |= {name: value for name, value in more.items() if value}
        super().__init__(
            self._all_files(additional_created_files, std_prefix),
            partial(function, call_before=call_before, call_after=call_after),
            rename_broken=True,
            empty_ok=True,
            arguments=given,
            resources=resources,
        )

    def _function(self, command: Any) -> tuple[Callback, dict[str, Any]]:
        """What the job calls, and the command as its argument, unless a function gives it."""
        if callable(command):
            refuse_arguments(command, type(self).__name__)
            return partial(run_program, command, words=self._words), {}
        given = {"command": self._with_jobs(self._checked(command))}
        return partial(run_program, as_given, words=self._words), given

    def _with_jobs(self, command: Any) -> Any:
        """The command with a job in the place of each path of a file that it makes."""
        if isinstance(command, str):
            return command
        makers = [
            self.pipegraph.claims.maker_of(path_id(word)) if isinstance(word, PurePath) else None
            for word in command
        ]
        return [
            maker if maker is not None and len(maker.paths) == 1 else word
            for maker, word in zip(makers, command, strict=True)
        ]

    def _all_files(self, additional: Mapping[str, Name], prefix: str) -> dict[str, Path]:
        """The job's files by key."""
        kept = {key: f"{prefix}{name}" for key, name in self._kept.items()}
        if not isinstance(additional, Mapping):
            raise JobContractError(
                f"additional_created_files must have a key for each file, unlike {additional!r}.",
                cure='Write {"key": "name", ...}, or {} if there are none.',
            )
        for key in additional:
            if key in kept:
                raise JobContractError(
                    f"The file {key!r} is made by {type(self).__name__} itself.",
                    cure="Use another key in additional_created_files.",
                )
        return {key: self.output_path / name for key, name in (*additional.items(), *kept.items())}

    def facts(self) -> dict[str, object]:
        """What must be equal when the job is defined again, by what it is called in an error."""
        hooks = self.call_before, self.call_after
        return {
            "call_before or call_after": self.pipegraph.fingerprinter.value(hooks),
            "job_cls": self._temporary,
            **super().facts(),
        }


class ShellJob(ExternalJob):
    """Runs a script, and keeps it, what it wrote, and its return code.

    Parameters
    ----------
    output_path, additional_created_files
        See ``ExternalJob``. The script itself is kept as ``script``.
    shell_script
        Its text, which begins with ``#!`` and the program that reads it; or a function that gives
        it, called when the job runs. Blank lines before it, and what all lines are indented by, are
        left out.
    more
        All else that ``ExternalJob`` takes.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     job = ppg.ShellJob(folder, {"n": "n.txt"}, '''
    ...         #!/bin/sh
    ...         set -e
    ...         seq 100 | wc -l > n.txt
    ...     ''')
    ...     _ = ppg.run()
    >>> job.files["n"].read_text().strip(), job.files["cmd"].name
    ('100', 'cmd.txt')
    """

    _kept = {**_KEPT, "script": "script"}
    _checked = staticmethod(checked_script)
    _words = staticmethod(script_words)

    def __init__(
        self,
        output_path: Name,
        additional_created_files: Mapping[str, Name],
        shell_script: str | Callback,
        *args: Any,
        **more: Any,
    ) -> None:
        super().__init__(output_path, additional_created_files, shell_script, *args, **more)


def _is_temporary(job_cls: object) -> bool:
    if job_cls not in {MultiFileGeneratingJob, MultiTempFileGeneratingJob}:
        raise JobContractError(
            f"An ExternalJob can't be a {getattr(job_cls, '__name__', job_cls)!r}.",
            cure="Give job_cls=MultiFileGeneratingJob or MultiTempFileGeneratingJob.",
        )
    return job_cls is MultiTempFileGeneratingJob
