"""``dump`` and ``export``: results of jobs as files of their own."""

from __future__ import annotations

import json
import math
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from weft.console.text.render import Cell, table
from weft.console.text.screen import Screen, Tone
from weft.console.text.view import View
from weft.console.text.words import count_words, one_line, output_line, size_words
from weft.console.views.sight import Sight
from weft.errors import CommandFailed, UserError, WeftError
from weft.model.job import Job
from weft.model.states import JobState
from weft.store.objects import ObjectLost
from weft.store.trouble import disk_trouble

MANIFEST = ".weft-exported.json"
"""In a folder: names of the files that were written there, and hashes of their content. A file
that is still as it was written may be replaced; any other is somebody's."""
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+,@= .()[]")
_LONGEST = 180
"""Characters of a file's name without its ending; file systems take 255 bytes."""
_WIDE = 10_000
"""Parts of a value that are looked at to find out whether JSON can hold it."""

Write = Callable[[BinaryIO], object]


# -- names -------------------------------------------------------------------------------------


def file_name(job_id: str) -> str:
    """A name for a file that no other id gets, and that stays in its folder.

    >>> file_name("fit-0.1"), file_name("../a b"), file_name("100%")
    ('fit-0.1', '%2E.%2Fa b', '100%25')
    """
    name = "".join([c if c in _SAFE else _escaped(c) for c in job_id])
    if name[:1] in {".", " "}:
        name = _escaped(name[0]) + name[1:]
    if name.endswith(" "):
        name = name[:-1] + _escaped(" ")
    if len(name) <= _LONGEST:
        return name
    mark = blake2b(job_id.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{name[: _LONGEST - 40]}%%{mark}"


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


# -- formats -----------------------------------------------------------------------------------


def as_pickle(value: object) -> tuple[str, Write]:
    """The ending of a pickle's file, and what writes it."""
    return ".pickle", lambda file: _pickle(value, file)


def _pickle(value: object, file: BinaryIO) -> None:
    try:
        pickle.dump(value, file, 5)
    except Exception:  # noqa: BLE001 - any class may raise anything; cloudpickle tries next
        import cloudpickle

        file.seek(0)
        file.truncate()
        cloudpickle.dump(value, file, 5)


def as_file(value: object) -> tuple[str, Write]:
    """The ending and the writer of the file that suits a value best.

    NumPy and pandas are not imported: a value of theirs has imported them.

    >>> [as_file(value)[0] for value in ("text", b"bytes", {"a": [1, 2.5]}, {1, 2})]
    ['.txt', '.bin', '.json', '.pickle']
    """
    if isinstance(value, str):
        text = value
        return ".txt", lambda file: file.write(text.encode("utf-8", "surrogateescape"))
    if isinstance(value, (bytes, bytearray)):
        return ".bin", lambda file: file.write(value)
    return _as_library_file(value) or _as_json(value) or as_pickle(value)


def _as_library_file(value: Any) -> tuple[str, Write] | None:
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and _is_plain_array(numpy, value):
        return ".npy", lambda file: numpy.save(file, value, allow_pickle=False)
    if numpy is not None and _is_dict_of_arrays(numpy, value):
        return ".npz", lambda file: numpy.savez(file, **value)
    if numpy is not None and isinstance(value, numpy.generic):
        return _as_json(value.item())
    if pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series)):
        return ".csv", value.to_csv
    if _is_figure(value):
        return ".png", lambda file: value.savefig(file, format="png")
    return None


def _is_plain_array(numpy: Any, value: Any) -> bool:
    return type(value) is numpy.ndarray and not value.dtype.hasobject


def _is_dict_of_arrays(numpy: Any, value: Any) -> bool:
    return (
        type(value) is dict
        and bool(value)
        and all(type(name) is str and name and "/" not in name for name in value)
        and "file" not in value  # the name of a parameter of savez
        and all(_is_plain_array(numpy, array) for array in value.values())
    )


def _is_figure(value: Any) -> bool:
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(value, figure.Figure)


def _as_json(value: object) -> tuple[str, Write] | None:
    """JSON, if reading it gives the value again (but for tuples, which become lists)."""
    if not _fits_json(value):
        return None
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        content = text.encode()
    except UnicodeEncodeError:  # lone surrogates
        return None
    return ".json", lambda file: file.write(content)


def _fits_json(value: object) -> bool:
    stack, left = [value], _WIDE
    while stack:
        part = stack.pop()
        kind = type(part)
        left -= 1
        if kind is float:
            assert isinstance(part, float)
            if not math.isfinite(part):
                return False
        elif kind is dict:
            assert isinstance(part, dict)
            if not all(type(name) is str for name in part):
                return False
            stack.extend(part.values())
        elif kind in {list, tuple}:
            assert isinstance(part, (list, tuple))
            stack.extend(part)
        elif not (part is None or kind in {bool, int, str}):
            return False
        if left < 0:
            return False
    return True


# -- files -------------------------------------------------------------------------------------


class Folder:
    """Where files are written: whole or not at all, and over none but own ones.

    Parameters
    ----------
    overwrite
        Whether files of others may be replaced too.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path = path
        self._overwrite = overwrite
        self._written = _read_manifest(path / MANIFEST)
        self._new = False

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._new:
            content = json.dumps(self._written, indent=0).encode()
            self._replace(MANIFEST, lambda file: file.write(content))

    def write(self, name: str, write: Write) -> int:
        """Write a file; returns its bytes.

        Raises
        ------
        UserError
            When a file of that name is there that was not written here, or was changed since.
        StoreError
            When the folder can't be written to.
        """
        path = self.path / name
        if not self._overwrite and self._is_of_others(path):
            raise UserError(
                f"{one_line(str(path))} is there already, and is not what was written here.",
                cure="Choose another folder, or say overwrite=1.",
            )
        self._replace(name, write)
        self._written[name] = _content_hash(path)
        self._new = True
        return path.stat().st_size

    def _is_of_others(self, path: Path) -> bool:
        if not path.exists() and not path.is_symlink():
            return False
        return self._written.get(path.name) != _content_hash(path)

    def _replace(self, name: str, write: Write) -> None:
        import tempfile

        draft: Path | None = None
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor, text = tempfile.mkstemp(prefix=".weft-", dir=self.path)
            draft = Path(text)
            with os.fdopen(descriptor, "w+b") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(0o666 & ~_umask())
            draft.replace(self.path / name)
        except OSError as error:
            raise _trouble(error, self.path) from error
        finally:
            if draft is not None:
                draft.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _trouble(error: OSError, folder: Path) -> CommandFailed:
    trouble = disk_trouble(error, folder)
    return CommandFailed(
        f"Files can't be written to {one_line(str(folder))}.",
        facts={"because": trouble.facts.get("because", error)},
        cure="Choose another folder, or make room in it.",
    )


def _read_manifest(path: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        found = json.loads(path.read_bytes())
        if isinstance(found, dict):
            return {str(name): str(content) for name, content in found.items()}
    return {}


def _content_hash(path: Path) -> str:
    if not path.is_file() or path.is_symlink():
        return ""
    state = blake2b(digest_size=20)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


# -- views -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file."""

    job_id: str
    path: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A job whose result was not taken."""

    job_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Written(View):
    """What was written, and what was not."""

    folder: str
    files: tuple[WrittenFile, ...]
    left_out: tuple[LeftOut, ...]

    def lines(self, screen: Screen) -> Iterator[str]:
        rows = [
            [Cell(file.job_id), Cell(file.path), Cell(size_words(file.size), right=True)]
            for file in self.files
        ]
        yield from table(rows, screen)
        yield from _left_out(self.left_out, screen)
        size = size_words(sum(file.size for file in self.files))
        files = count_words(len(self.files), "file")
        place = "here" if self.folder == "." else f"to {one_line(self.folder)}"
        yield f"Wrote {files}, {size}, {place}."


@dataclass(frozen=True, slots=True)
class Printed(View):
    """Values, to be read."""

    values: tuple[tuple[str, str], ...]
    """Job ids and texts."""
    left_out: tuple[LeftOut, ...]

    def lines(self, screen: Screen) -> Iterator[str]:
        for name, text in self.values:
            yield screen.paint(one_line(name), Tone.STRONG)
            yield from (f"  {output_line(line)}" for line in text.splitlines())
        yield from _left_out(self.left_out, screen)

    def document(self) -> object:
        """Texts by job id."""
        left_out = [{"job_id": one.job_id, "why": one.why} for one in self.left_out]
        return {"values": dict(self.values), "left_out": left_out}


def _left_out(jobs: Sequence[LeftOut], screen: Screen) -> Iterator[str]:
    for job in jobs:
        yield screen.paint(
            f"{one_line(job.job_id)} was left out: {one_line(job.why)}", Tone.WARNING
        )


# -- builders ----------------------------------------------------------------------------------


def write_files(
    seen: Sight,
    jobs: Sequence[Job],
    folder: Path,
    form: Callable[[object], tuple[str, Write]],
    *,
    overwrite: bool,
) -> Written:
    """Write one file for each job that is done; one value is in memory at a time.

    Raises
    ------
    UserError
        When a file of somebody else is in the way; what was written before stays.
    """
    files: list[WrittenFile] = []
    left_out: list[LeftOut] = []
    with Folder(folder, overwrite=overwrite) as target:
        for job in jobs:
            try:
                value = value_of(seen, job)
                ending, write = form(value)
                name = file_name(job.id) + ending
                files.append(WrittenFile(job.id, name, target.write(name, write)))
            except NoValue as no:
                left_out.append(LeftOut(job.id, str(no)))
    return Written(str(folder), tuple(files), tuple(left_out))


def print_values(seen: Sight, jobs: Sequence[Job], width: int) -> Printed:
    """The values of the jobs that are done, as texts."""
    import pprint

    values: list[tuple[str, str]] = []
    left_out: list[LeftOut] = []
    for job in jobs:
        try:
            values.append((job.id, pprint.pformat(value_of(seen, job), width=max(width - 2, 20))))
        except NoValue as no:
            left_out.append(LeftOut(job.id, str(no)))
    return Printed(tuple(values), tuple(left_out))


class NoValue(Exception):
    """A job has no value to give; the text says why."""


def value_of(seen: Sight, job: Job) -> object:
    """The value of a job that is done.

    Raises
    ------
    NoValue
        When there is none.
    """
    survey = seen.survey
    state = seen.state(job)
    if state is not JobState.DONE:
        raise NoValue(f"it is {state.value}")
    pretended = any(survey.plan.is_pretended(one) for one in survey.plan.holders([job]))
    if pretended:
        raise NoValue("it was only pretended to be done")
    seen.check_trust("To read a value")
    try:
        return seen.store.objects.load_input(survey.remembered.input_of(job, survey.plan))
    except ObjectLost:
        raise NoValue("its value is gone; the next job that needs it makes it again") from None
    except WeftError as error:
        because = error.facts.get("because")
        raise NoValue(f"{error.title} ({because})" if because else error.title) from None
