"""Jobs that run nothing: when what they stand for changes, what depends on them runs again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from weft.errors import SerializationError
from weft.model.job import Command, InvariantJob
from weft.model.kind import Kind
from weft.pipegraph.callbacks import Callback
from weft.pipegraph.errors import JobContractError
from weft.pipegraph.job import Job
from weft.pipegraph.naming import Name, joined, path_id, word_id


class Invariant(Job, InvariantJob):
    """What invariants have in common."""

    def stand_for(self, job_id: str, command: Command, watched: tuple[str, ...] = ()) -> None:
        """Become the invariant of a command's code, or of files."""
        InvariantJob.__init__(self, job_id, command, (), 0)
        self.watched = watched

    def depends_on(self, *_what: Any) -> NoReturn:
        """Refused: an invariant runs nothing, so it waits for nothing.

        Raises
        ------
        JobContractError
            Always.
        """
        raise JobContractError(
            f"{type(self).__name__} {self.id!r} can't depend on anything: it runs nothing.",
            cure="Let the jobs that depend on it depend on that too.",
        )


class ParameterInvariant(Invariant):
    """Stands for values: jobs that depend on it run again when those change.

    Parameters
    ----------
    job_id
        Its id is ``PI`` and this.
    parameters
        Any values that can be told apart: numbers, texts, lists, dicts, arrays, dataclasses.
    accept_as_unchanged_func
        Called with the values of the last run when they differ from the present ones; when it
        gives True, nothing runs again.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     ppg.ParameterInvariant("cutoffs", {"quality": 20, "length": 36}).job_id
    'PIcutoffs'
    """

    def __init__(
        self,
        job_id: Name,
        parameters: object,
        accept_as_unchanged_func: Callable[[Any], bool] | None = None,
    ) -> None:
        command = self.pipegraph.command(None, Kind.INVARIANT, name="ParameterInvariant")
        self.stand_for(f"PI{word_id(job_id)}", command)
        self.arguments = self._digest(parameters)
        self.accepts = accept_as_unchanged_func
        self.pipegraph.acceptance.add(self, parameters, accept_as_unchanged_func)

    def _digest(self, parameters: object) -> bytes:
        try:
            return self.pipegraph.fingerprinter.value(self._sorted(parameters), name="parameters")
        except SerializationError as error:
            raise JobContractError(error.title, facts=error.facts, cure=error.cure) from None

    def _sorted(self, parameters: object) -> object:
        """With dictionaries in an order of their own: parameters are named, not listed."""
        if type(parameters) is dict:
            digest = self.pipegraph.fingerprinter.value
            keys = sorted(parameters, key=digest)
            return {key: self._sorted(parameters[key]) for key in keys}
        if type(parameters) is list or type(parameters) is tuple:
            return type(parameters)(self._sorted(item) for item in parameters)
        return parameters

    def facts(self) -> dict[str, object]:
        """What must be equal when the job is defined again, by what it is called in an error."""
        return {"value": self.arguments}


class FunctionInvariant(Invariant):
    """Stands for the code of a function, with all of your own code that it reaches.

    Jobs depend on the code of their own callbacks anyway.

    Parameters
    ----------
    job_id
        Its id; by default ``FI`` and the function's name. The two may be swapped.
    function
        Any function; None for one that does not exist (yet).
    absolute_path
        Taken for the sake of old scripts: the code counts, wherever its file stands.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> def helper():
    ...     return 1
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     ppg.FunctionInvariant("helper", helper).job_id
    'helper'
    """

    def __init__(
        self,
        job_id: Name | Callback,
        function: Callback | Name | None = None,
        absolute_path: Name | None = None,  # noqa: ARG002
    ) -> None:
        name, code = (function, job_id) if callable(job_id) else (job_id, function)
        if code is not None and not callable(code):
            raise JobContractError(
                f"{code!r} is no function.", cure="Give the function itself, not its name."
            )
        if name is None:
            name = f"FI{getattr(code, '__qualname__', type(code).__name__)}"
        if callable(name):
            raise JobContractError(f"{name!r} is no id.", cure="Give an id and one function.")
        shown = "" if code is not None else "FunctionInvariant"
        self.stand_for(word_id(name), self.pipegraph.command(code, Kind.INVARIANT, name=shown))


class FileInvariant(Invariant):
    """Stands for the content of a file that no job makes.

    Touching the file is no change, and neither is moving it to another folder.

    Parameters
    ----------
    filename
        Its path, which is also the id.

    Raises
    ------
    JobContractError
        When a job of this pipegraph makes the file: depend on that job.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     job = ppg.FileGeneratingJob("counts.txt", lambda path: path.write_text("3"))
    ...     job.depends_on(ppg.FileInvariant("reads.fastq")).prerequisites
    (FileInvariant('reads.fastq'),)
    """

    def __init__(self, filename: Name) -> None:
        path = path_id(filename)
        _watch(self, path, (path,), "FileInvariant")


FileTimeInvariant = FileInvariant
"""The same: the time stamp only says whether the content must be read."""
FileChecksumInvariant = FileInvariant
RobustFileChecksumInvariant = FileInvariant


class MultiFileInvariant(Invariant):
    """Stands for the contents of several files that no job makes.

    Parameters
    ----------
    filenames
        Their paths.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     ppg.MultiFileInvariant(["b.fa", "a.fa"]).job_id
    'MFIa.fa:b.fa'
    """

    def __init__(self, filenames: Iterable[Name]) -> None:
        if isinstance(filenames, str):
            raise JobContractError(
                f"A MultiFileInvariant needs a list of files, not {filenames!r}.",
                cure="Write [name], or use FileInvariant.",
            )
        paths = tuple(sorted(set(map(path_id, filenames))))
        if not paths:
            raise JobContractError("An invariant of no files.", cure="Give it a file to watch.")
        _watch(self, f"MFI{joined(paths)}", paths, "MultiFileInvariant")


def _watch(job: Invariant, job_id: str, paths: tuple[str, ...], name: str) -> None:
    """Become the invariant of these files."""
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - text is what there is
            raise JobContractError(
                f"{path!r} is a folder, and {name} watches files.",
                cure="Name the files in it that count: MultiFileInvariant([...]).",
            )
    command = job.pipegraph.command(None, Kind.INVARIANT, name=name)
    job.stand_for(job_id, command, paths)
    job.pipegraph.claims.watch(job)
