"""Jobs that load data into the process from which the jobs that use them are forked."""

from __future__ import annotations

import pickle
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from weft.graph.callables import name_of
from weft.model.job import LoadingJob
from weft.model.kind import Kind
from weft.pipegraph.callbacks import Callback, refuse_arguments
from weft.pipegraph.errors import JobContractError
from weft.pipegraph.files import FileGeneratingJob
from weft.pipegraph.job import Job
from weft.pipegraph.naming import Name, path_id, place_of, word_id
from weft.pipegraph.places import Attribute, Entry, Place


class DataLoadingJob(Job, LoadingJob):
    """Loads data in the process that called ``run()``, from which jobs are forked that use them.

    It runs once, and only when a job that depends on it must run. Where the callback puts the
    data is its own affair, and they stay there.

    Parameters
    ----------
    job_id
        Its id.
    callback
        Called with nothing.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder, table = Path(tempfile.mkdtemp()), {}
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     load = ppg.DataLoadingJob("table", lambda: table.update(a=1))
    ...     write = lambda path: path.write_text(str(table["a"]))
    ...     _ = ppg.FileGeneratingJob(folder / "a.txt", write).depends_on(load)
    ...     _ = ppg.run()
    >>> (folder / "a.txt").read_text()
    '1'
    """

    place: Place | None = None

    def __init__(
        self, job_id: Name, callback: Callback, *, depend_on_function: bool = True
    ) -> None:
        self.load(job_id, callback, None, depend_on_function)

    def load(
        self,
        job_id: Name,
        callback: Callback,
        place: Place | None,
        depend_on_function: bool = True,
    ) -> None:
        """Become the job that calls ``callback``, and puts what it returns in a place."""
        refuse_arguments(callback, type(self).__name__)
        function = callback if place is None else partial(_put, callback, place)
        command = self.pipegraph.command(function, Kind.LOADING, name=name_of(callback))
        LoadingJob.__init__(self, word_id(job_id), command, (), 0)
        if place is not None:
            self.place = place
            self.target = place.owner, place.name
            self.unload = place.empty
            self._take_place(place)
        if not depend_on_function:
            self.ignore_code_changes()

    def _take_place(self, place: Place) -> None:
        """Refuse what another job loads into: the consumers of one would get the other's data."""
        targets, key = self.pipegraph.targets, (id(place.owner), repr(place.name))
        known = targets.get(key)
        if known is None or self.pipegraph.graph.jobs.get(known.id) is not known:
            targets[key] = self
        elif known.id != self.id:
            raise JobContractError(
                f"Jobs {known.id!r} and {self.id!r} would load into one place: {place.name!r} "
                f"of one {type(place.owner).__name__}.",
                facts={known.id: place_of(known.origin)},
                cure="Give each its own attribute or key, or let all depend on one of them.",
            )

    def facts(self) -> dict[str, object]:
        """What must be equal when the job is defined again, by what it is called in an error."""
        owner = getattr(self.place, "owner", None)
        return {"object": id(owner), "name": getattr(self.place, "name", None)}


class AttributeLoadingJob(DataLoadingJob):
    """Loads data into an attribute of an object, while jobs need it.

    The attribute is deleted when all jobs that depend on this one are done.

    Parameters
    ----------
    job_id
        Its id.
    object
        Whose attribute.
    attribute_name
        Of the attribute.
    callback
        Called with nothing; returns the data.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from types import SimpleNamespace
    >>> from weft import pipegraph as ppg
    >>> folder, genome = Path(tempfile.mkdtemp()), SimpleNamespace()
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     load = ppg.AttributeLoadingJob("genome", genome, "sequence", lambda: "ACGT")
    ...     write = lambda path: path.write_text(str(len(genome.sequence)))
    ...     _ = ppg.FileGeneratingJob(folder / "length", write).depends_on(load)
    ...     _ = ppg.run()
    >>> (folder / "length").read_text(), hasattr(genome, "sequence")
    ('4', False)
    """

    def __init__(
        self,
        job_id: Name,
        object: object,  # noqa: A002 - its name in pypipegraph
        attribute_name: str,
        callback: Callback,
        *,
        depend_on_function: bool = True,
    ) -> None:
        self.load(job_id, callback, Attribute(object, attribute_name), depend_on_function)


class DictEntryLoadingJob(DataLoadingJob):
    """Loads data into an entry of a dict, while jobs need it.

    Parameters
    ----------
    job_id
        Its id.
    object
        The dict.
    attribute_name
        The key.
    callback
        Called with nothing; returns the data.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     ppg.DictEntryLoadingJob("load genes", {}, "genes", lambda: ["BRCA1"])
    DictEntryLoadingJob('load genes')
    """

    def __init__(
        self,
        job_id: Name,
        object: MutableMapping[Any, Any],  # noqa: A002
        attribute_name: Any,
        callback: Callback,
        *,
        depend_on_function: bool = True,
    ) -> None:
        self.load(job_id, callback, Entry(object, attribute_name), depend_on_function)


class CachedLoading(DataLoadingJob):
    """What loaders of a computed file have in common.

    The file is made even if nobody needs the data. ``lfg`` is the job that makes it; what is said
    to the loader about dependencies, cores and code is meant for that.
    """

    lfg: FileGeneratingJob

    def cache(
        self,
        filename: Name,
        calculate: Callback,
        write: Callback,
        load: Callback,
        place: Place | None,
        depend_on_function: bool,
    ) -> None:
        """Become the loader of a file that ``calculate`` computes and ``write`` writes."""
        refuse_arguments(calculate, type(self).__name__)
        path = path_id(filename)
        self.lfg = FileGeneratingJob(path, partial(write, calculate))
        self.load(f"{path}_load", load, place)
        super().depends_on(self.lfg)
        if not depend_on_function:
            self.ignore_code_changes()

    def depends_on(self, *what: Any) -> Self:
        """Let the computation depend on this, see ``Job.depends_on``."""
        self.lfg.depends_on(*what)
        return self

    def ignore_code_changes(self) -> Self:
        """Let no change of the code make the computation run again."""
        self.lfg.ignore_code_changes()
        return self

    def use_cores(self, number: int) -> Self:
        """Cores that the computation keeps busy; gives the job itself."""
        self.lfg.use_cores(number)
        return self


class CachedDataLoadingJob(CachedLoading):
    """Computes data once, keeps them in a file, and loads them where jobs need them.

    Parameters
    ----------
    cache_filename
        Of the pickled data; the loader's id is this and ``_load``.
    calculating_function
        Called with nothing, in a process of its own; returns the data.
    loading_function
        Called with the data, in the process that called ``run()``; keeps them.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder, table = Path(tempfile.mkdtemp()), {}
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     load = ppg.CachedDataLoadingJob(folder / "cache", lambda: {"a": 1}, table.update)
    ...     write = lambda path: path.write_text(str(table["a"]))
    ...     _ = ppg.FileGeneratingJob(folder / "a.txt", write).depends_on(load)
    ...     _ = ppg.run()
    >>> (folder / "a.txt").read_text()
    '1'
    """

    def __init__(
        self,
        cache_filename: Name,
        calculating_function: Callable[[], Any],
        loading_function: Callable[[Any], object],
        *,
        depend_on_function: bool = True,
    ) -> None:
        path = path_id(cache_filename)
        load = partial(_load_into, loading_function, Pickle(path))
        self.cache(path, calculating_function, _pickle, load, None, depend_on_function)


class CachedAttributeLoadingJob(CachedLoading):
    """Computes data once, keeps them in a file, and loads them into an attribute while needed.

    Parameters
    ----------
    cache_filename
        Of the pickled data; the loader's id is this and ``_load``.
    target_object
        Whose attribute.
    target_attribute
        Its name.
    calculating_function
        Called with nothing, in a process of its own; returns the data.

    Examples
    --------
    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     load = ppg.CachedAttributeLoadingJob("cache/x", SimpleNamespace(), "x", lambda: 1)
    ...     load.job_id, load.lfg.job_id
    ('cache/x_load', 'cache/x')
    """

    def __init__(
        self,
        cache_filename: Name,
        target_object: object,
        target_attribute: str,
        calculating_function: Callable[[], Any],
        *,
        depend_on_function: bool = True,
    ) -> None:
        path = path_id(cache_filename)
        place = Attribute(target_object, target_attribute)
        read = Pickle(path).read
        self.cache(path, calculating_function, _pickle, read, place, depend_on_function)


class CachedJob(CachedLoading):
    """Computes a value once, keeps it in a file, and has it in memory while jobs need it.

    Parameters
    ----------
    cache_filename
        Of the pickled value; the id is this and ``_load``. Nothing is computed as long as no job
        depends on it.
    calculating_function
        Called with nothing; returns the value.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     squares = ppg.CachedJob(folder / "squares", lambda: [i * i for i in range(4)])
    ...     write = lambda path: path.write_text(str(sum(squares.value)))
    ...     _ = ppg.FileGeneratingJob(folder / "sum", write).depends_on(squares)
    ...     _ = ppg.run()
    >>> (folder / "sum").read_text()
    '14'
    """

    value: Any
    """The value; there only inside of jobs that depend on this one."""

    def __init__(
        self,
        cache_filename: Name,
        calculating_function: Callable[[], Any],
        *,
        depend_on_function: bool = True,
    ) -> None:
        path = path_id(cache_filename)
        place = Attribute(self, "value")
        read = Pickle(path).read
        self.cache(path, calculating_function, _pickle, read, place, depend_on_function)
        style = replace(self.lfg.style, lazy=True)
        self.lfg.style = self.pipegraph.styles.setdefault(style, style)

    def facts(self) -> dict[str, object]:
        """What must be equal when the job is defined again: all is in the job of the file."""
        return {}


class MemMappedDataLoadingJob(CachedLoading):
    """Computes an array once, keeps it in a file, and maps that into memory where jobs need it.

    The kernel shares the pages among all jobs, and reads only those that are used.

    Parameters
    ----------
    cache_filename
        Of the array, in NumPy's format; the loader's id is this and ``_load``.
    calculating_function
        Called with nothing, in a process of its own; returns a NumPy array.
    loading_function
        Called with the mapped, read-only array, in the process that called ``run()``; keeps it.
    dtype
        That the array must have.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from weft import pipegraph as ppg
    >>> folder, kept = Path(tempfile.mkdtemp()), []
    >>> count = lambda: np.arange(5, dtype="uint32")
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True):
    ...     load = ppg.MemMappedDataLoadingJob(folder / "counts", count, kept.append, "uint32")
    ...     write = lambda path: path.write_text(str(kept[0].sum()))
    ...     _ = ppg.FileGeneratingJob(folder / "sum", write).depends_on(load)
    ...     _ = ppg.run()
    >>> (folder / "sum").read_text()
    '10'
    """

    def __init__(
        self,
        cache_filename: Name,
        calculating_function: Callable[[], Any],
        loading_function: Callable[[Any], object],
        dtype: Any,
        *,
        depend_on_function: bool = True,
    ) -> None:
        path = path_id(cache_filename)
        self.dtype = getattr(dtype, "__name__", str(dtype))
        write = partial(_save_array, dtype=self.dtype)
        load = partial(_load_into, loading_function, MappedArray(path))
        self.cache(path, calculating_function, write, load, None, depend_on_function)

    def facts(self) -> dict[str, object]:
        """What must be equal when the job is defined again."""
        return {"dtype": self.dtype}


class CacheFile:
    """A file that a loader reads."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __weft_hash__(self) -> str:
        return self.path

    def read(self) -> Any:
        """What is in it."""


class Pickle(CacheFile):
    """A file that holds a pickled value."""

    def read(self) -> Any:
        """The value."""
        with Path(self.path).open("rb") as file:
            return pickle.load(file)


class MappedArray(CacheFile):
    """A file that holds an array."""

    def read(self) -> Any:
        """The array, mapped into memory and read-only."""
        import numpy as np

        return np.load(self.path, mmap_mode="r")


def _put(callback: Callback, place: Place) -> None:
    place.put(callback())


def _load_into(loading_function: Callback, file: CacheFile) -> None:
    loading_function(file.read())


def _pickle(calculate: Callback, path: Path) -> None:
    with path.open("wb") as file:
        pickle.dump(calculate(), file, pickle.HIGHEST_PROTOCOL)


def _save_array(calculate: Callback, path: Path, *, dtype: str) -> None:
    import numpy as np

    array = calculate()
    if not isinstance(array, np.ndarray) or array.dtype != np.dtype(dtype):
        found = f"a {array.dtype} array" if isinstance(array, np.ndarray) else type(array)
        raise JobContractError(
            f"The function did not give an array of {dtype}, but {found}.",
            cure="Let it return array.astype(dtype), or give the other dtype.",
        )
    with path.open("wb") as file:
        np.save(file, array)
