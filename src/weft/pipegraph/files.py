"""Jobs that make files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from weft.errors import UserError
from weft.fingerprint.families import kin_of
from weft.graph.callables import check_callable, check_globals
from weft.model.job import Command, FilesJob, PartJob
from weft.model.kind import Kind
from weft.model.outputs import Form, OutputStyle
from weft.pipegraph.callbacks import Callback, takes_paths
from weft.pipegraph.errors import JobContractError
from weft.pipegraph.job import Job
from weft.pipegraph.naming import Name, joined, path_id

Arguments = Mapping[str, Any]
EmptyOk = bool | Mapping[Name, bool]
Recipe = tuple[Command, OutputStyle, Callback, OutputStyle]
"""Command and style of a job; and the function and style by whose ids the recipe is known."""


class OutputJob(Job, FilesJob):
    """What jobs that make files have in common."""

    def define(
        self,
        job_id: str,
        paths: tuple[str, ...],
        function: Callback,
        style: OutputStyle,
        arguments: Arguments | None = None,
        depend_on_function: bool = True,
        resources: int = 1,
    ) -> None:
        """Become the job of these paths.

        Parameters
        ----------
        style
            ``takes`` is found out here, by the function's signature.
        arguments
            More arguments of the function, by name: any values, and jobs or promises, which
            stand for their results.
        """
        recipe = None if arguments else self.pipegraph.recipes.get((id(function), id(style)))
        command, own_style, *_ = recipe or self._recipe(function, style, arguments or {})
        FilesJob.__init__(self, job_id, command, 0, paths, own_style)
        if command.shared:
            self.own = function
        if arguments:
            self.pipegraph.bind(self, arguments)
        if not depend_on_function:
            self.ignore_code_changes()
        if resources != 1:
            self.use_cores(resources)

    def _recipe(self, function: Callback, style: OutputStyle, given: Arguments) -> Recipe:
        """What all jobs of this function, or its family, and style share."""
        kin = kin_of(function)
        key = kin or id(function), id(style)
        known = self.pipegraph.recipes.get(key) if kin is not None and not given else None
        _check(function, check_callable if known is None else check_globals)
        if known is not None:
            return known
        takes = takes_paths(function, given)
        command = self.pipegraph.command(function, Kind.FILES, kin=kin)
        recipe = (command, replace(style, takes=True) if takes else style, function, style)
        if not given:
            self.pipegraph.recipes[key] = recipe
        return recipe

    def facts(self) -> dict[str, object]:
        """What must be equal when the job is defined again, by what it is called in an error."""
        style = self.style
        return {
            "list of files": (self.paths, style.keys, style.form),
            "rename_broken": style.rename_broken,
            "empty_ok": style.empty_ok,
            **super().facts(),
        }

    @property
    def filenames(self) -> list[str]:
        """The paths of its files, as they were given."""
        return list(self.paths)

    @property
    def files(self) -> list[Path] | dict[str, Path]:
        """The paths of its files, under their names if they have some."""
        paths = [Path(path) for path in self.paths]
        if self.style.form is Form.DICT:
            return dict(zip(self.style.keys, paths, strict=True))
        return paths


def _check(function: Callback, check: Callable[[Callback], None]) -> None:
    try:
        check(function)
    except UserError as error:
        raise JobContractError(
            error.title,
            cure="Let the callback write the files when it is called; it gets results of other "
            "jobs by arguments={...}.",
        ) from None


_ONE: dict[tuple[bool, bool], OutputStyle] = {
    (broken, empty): OutputStyle(empty_ok=(True,) if empty else (), rename_broken=broken)
    for broken in (False, True)
    for empty in (False, True)
}
_TEMPORARY = {
    broken: OutputStyle(rename_broken=broken, temporary=(True,)) for broken in (False, True)
}
_WITH_LOG = {
    broken: OutputStyle(Form.LIST, rename_broken=broken, temporary=(True, False))
    for broken in (False, True)
}


class FileGeneratingJob(OutputJob):
    """Makes one file.

    It runs when the file is missing or was changed by somebody else, and when its code or
    something that it depends on changed.

    Parameters
    ----------
    output_filename
        Path of the file, and the job's id.
    function
        Writes it: called with nothing, or with the path if it has an argument without default.
    rename_broken
        Whether what it wrote before it failed is kept as ``NAME.broken``, instead of removed.
    empty_ok
        Whether the file may be empty.
    arguments
        More arguments of ``function``, by name: values, and jobs or promises, which stand for
        their results.
    depend_on_function
        False is the same as ``ignore_code_changes()``.
    resources
        Cores that it keeps busy, see ``cores_needed``.

    Raises
    ------
    JobContractError
        When the function can't be called so, another job makes the file, or the job was defined
        before with something else.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     job = ppg.FileGeneratingJob(folder / "a.txt", lambda path: path.write_text("hello"))
    ...     _ = ppg.run()
    >>> (folder / "a.txt").read_text()
    'hello'
    """

    def __init__(
        self,
        output_filename: Name,
        function: Callback,
        rename_broken: bool = False,
        empty_ok: bool = False,
        *,
        arguments: Arguments | None = None,
        depend_on_function: bool = True,
        resources: int = 1,
    ) -> None:
        path = path_id(output_filename)
        self.define(
            path,
            (path,),
            function,
            _ONE[bool(rename_broken), bool(empty_ok)],
            arguments,
            depend_on_function,
            resources,
        )


class MultiFileGeneratingJob(OutputJob):
    """Makes several files together.

    Parameters
    ----------
    filenames
        Paths, as a list, or as a dict by names of your own. The id is the paths, sorted and joined
        by ``:``.
    function
        Writes them: called with nothing, or with the list or dict of paths.
    empty_ok
        Whether files may be empty: of all, or by path.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> def write(files):
    ...     files["even"].write_text("0 2")
    ...     files["odd"].write_text("1 3")
    >>> folder = Path(tempfile.mkdtemp())
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     numbers = {"even": folder / "even.txt", "odd": folder / "odd.txt"}
    ...     job = ppg.MultiFileGeneratingJob(numbers, write)
    ...     copy = lambda path: path.write_text((folder / "odd.txt").read_text())
    ...     _ = ppg.FileGeneratingJob(folder / "copy.txt", copy).depends_on(job["odd"])
    ...     _ = ppg.run()
    >>> (folder / "copy.txt").read_text()
    '1 3'
    """

    _temporary = False

    def __init__(
        self,
        filenames: Iterable[Name] | Mapping[str, Name],
        function: Callback,
        rename_broken: bool = False,
        empty_ok: EmptyOk = False,
        *,
        arguments: Arguments | None = None,
        depend_on_function: bool = True,
        resources: int = 1,
    ) -> None:
        keys, paths = _named_paths(filenames)
        style = OutputStyle(
            form=Form.DICT if keys else Form.LIST,
            keys=keys,
            empty_ok=_places_empty(empty_ok, paths),
            rename_broken=bool(rename_broken),
            temporary=(True,) * len(paths) if self._temporary else (),
        )
        self.define(
            joined(paths),
            paths,
            function,
            self.pipegraph.styles.setdefault(style, style),
            arguments,
            depend_on_function,
            resources,
        )

    def __getitem__(self, key: str | int) -> FilePart:
        """One of the files, to depend on: only changes of that one count then.

        Parameters
        ----------
        key
            Its name, or its place in the list, or its path.
        """
        return FilePart(self, self._place(key))

    def _place(self, key: str | int) -> int:
        if isinstance(key, int) and self.style.form is Form.LIST and key < len(self.paths):
            return range(len(self.paths))[key]
        if key in self.style.keys:
            return self.style.keys.index(str(key))
        if str(key) in self.paths:
            return self.paths.index(str(key))
        names = self.style.keys or self.paths
        raise JobContractError(
            f"Job {self.id!r} makes no file {key!r}.",
            cure=f"Use one of: {', '.join(map(repr, names))}.",
        )


class FilePart(Job, PartJob):
    """One file of a ``MultiFileGeneratingJob``, to depend on; made by ``job["name"]``.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     job = ppg.MultiFileGeneratingJob(["a", "b"], lambda files: None)
    ...     job[0].path, job["b"].path
    (PosixPath('a'), PosixPath('b'))
    """

    def __init__(self, whole: MultiFileGeneratingJob, place: int) -> None:
        command = self.pipegraph.command(None, Kind.PART, name="file of")
        PartJob.__init__(self, f"part:{whole.paths[place]}", command, (), 0)
        self.place = place
        self.depends_on(whole)
        self.extra = (whole,)

    @property
    def path(self) -> Path:
        """Of the file."""
        whole = self.extra[0]
        assert isinstance(whole, FilesJob)
        return Path(whole.paths[self.place])

    def facts(self) -> dict[str, object]:
        """What must be equal when the job is defined again, by what it is called in an error."""
        return {"place": self.place}


class TempFileGeneratingJob(OutputJob):
    """Makes a file that is there only while jobs need it.

    It is made when a job that depends on it must run, and removed when all those are done; when
    one of them failed it stays, for the next run.

    Parameters
    ----------
    output_filename, function, rename_broken
        See ``FileGeneratingJob``.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> unpacked, size = folder / "unpacked", folder / "size"
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     temp = ppg.TempFileGeneratingJob(unpacked, lambda path: path.write_text("reads"))
    ...     count = lambda path: path.write_text(str(unpacked.stat().st_size))
    ...     _ = ppg.FileGeneratingJob(size, count).depends_on(temp)
    ...     _ = ppg.run()
    >>> size.read_text(), unpacked.exists()
    ('5', False)
    """

    def __init__(
        self,
        output_filename: Name,
        function: Callback,
        rename_broken: bool = False,
        *,
        arguments: Arguments | None = None,
        depend_on_function: bool = True,
        resources: int = 1,
    ) -> None:
        path = path_id(output_filename)
        self.define(
            path,
            (path,),
            function,
            _TEMPORARY[bool(rename_broken)],
            arguments,
            depend_on_function,
            resources,
        )


class MultiTempFileGeneratingJob(MultiFileGeneratingJob):
    """Makes several files together that are there only while jobs need them.

    Parameters
    ----------
    filenames, function, rename_broken, empty_ok
        See ``MultiFileGeneratingJob``, and ``TempFileGeneratingJob`` for when they are there.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     ppg.MultiTempFileGeneratingJob(["b", "a"], lambda files: None).job_id
    'a:b'
    """

    _temporary = True


class TempFilePlusGeneratingJob(OutputJob):
    """Makes a file that is there only while jobs need it, and a log of that, which stays.

    Parameters
    ----------
    output_filename
        Path of the file, and the job's id.
    log_filename
        Path of the log; the job runs again when it is missing.
    function
        Writes both: called with nothing, or with the list of the two paths.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     ppg.TempFilePlusGeneratingJob("a.bam", "a.log", lambda paths: None).filenames
    ['a.bam', 'a.log']
    """

    def __init__(
        self,
        output_filename: Name,
        log_filename: Name,
        function: Callback,
        rename_broken: bool = False,
        *,
        arguments: Arguments | None = None,
        depend_on_function: bool = True,
        resources: int = 1,
    ) -> None:
        paths = (path_id(output_filename), path_id(log_filename))
        _refuse_equal(paths)
        self.define(
            paths[0],
            paths,
            function,
            _WITH_LOG[bool(rename_broken)],
            arguments,
            depend_on_function,
            resources,
        )


def _named_paths(
    filenames: Iterable[Name] | Mapping[str, Name],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names (empty for a list) and paths of the files of a job."""
    if isinstance(filenames, (str, Path)):
        raise JobContractError(
            f"A job of several files needs a list of them, not {str(filenames)!r}.",
            cure="Write [name], or use FileGeneratingJob.",
        )
    keys: tuple[str, ...] = ()
    if isinstance(filenames, Mapping):
        keys = tuple(map(str, filenames))
        filenames = filenames.values()
    paths = tuple(map(path_id, filenames))
    if not paths:
        raise JobContractError("A job of no files makes nothing.", cure="Give it a file to make.")
    _refuse_equal(paths)
    return keys, paths


def _refuse_equal(paths: Collection[str]) -> None:
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if list(paths).count(path) > 1)
        raise JobContractError(
            f"A job can't make {twice!r} twice.", cure="Give each of its files another name."
        )


def _places_empty(empty_ok: EmptyOk, paths: tuple[str, ...]) -> tuple[bool, ...]:
    """Which of the files may be empty."""
    if not isinstance(empty_ok, Mapping):
        return (True,) * len(paths) if empty_ok else ()
    allowed = {path_id(name): bool(value) for name, value in empty_ok.items()}
    unknown = sorted(set(allowed).difference(paths))
    if unknown:
        raise JobContractError(
            f"empty_ok names {unknown[0]!r}, which the job does not make.",
            cure="Use the paths of filenames.",
        )
    return tuple(allowed.get(path, False) for path in paths)
