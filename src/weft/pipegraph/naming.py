"""Ids of jobs: those of file jobs are the paths of their files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from os import PathLike
from types import CodeType, FrameType

from weft.pipegraph.current import current_or_none
from weft.pipegraph.errors import JobContractError

Name = str | PathLike[str]
Origin = tuple[CodeType, int]
"""The code that defined a job, and how far in it: turned into words only for an error."""
_OURS = __file__.removesuffix("naming.py")


def path_id(name: Name) -> str:
    """The path of a file as an id: relative to the working folder where it is inside of that.

    >>> path_id("./a//b/../c.txt"), path_id("/elsewhere/x")
    ('a/c.txt', '/elsewhere/x')
    """
    path: str = name if type(name) is str else os.fspath(_text_or_path(name))
    if "./" in path or "//" in path or path[:1] == "/" or path[-1:] in {"/", "."}:
        path = _inside(path)
    if not path or not (path.isprintable() or _is_name(path)):
        raise JobContractError(
            f"{name!r} can't be the name of a file that a job makes or reads.",
            cure="Use any printable path of one line.",
        )
    return path


def _is_name(path: str) -> bool:
    """Whether it is printable but for bytes that are no text, which Python reads as surrogates."""
    return os.fsencode(path).decode(errors="replace").isprintable()


def _text_or_path(name: object) -> Name:
    if isinstance(name, (str, PathLike)):
        return name
    raise JobContractError(
        f"{name!r} is no path.", cure="Give the name of a file, as a text or a pathlib.Path."
    )


def _inside(path: str) -> str:
    """Relative to the folder of the pipegraph, or else absolute."""
    pipegraph = current_or_none()
    here = pipegraph.root if pipegraph is not None else os.getcwd()  # noqa: PTH109 - links stay
    whole = os.path.normpath(os.path.join(here, path))  # noqa: PTH118
    return whole.removeprefix(f"{here.rstrip('/')}/")


def word_id(name: Name) -> str:
    """The id of a job that makes no file; a ``pathlib.Path`` is treated as in ``path_id``.

    >>> from pathlib import Path
    >>> word_id("load ./genome"), word_id(Path("genome/"))
    ('load ./genome', 'genome')
    """
    if type(name) is not str:
        return path_id(name)
    if not name or not name.isprintable():
        raise JobContractError(
            f"{name!r} can't be the id of a job.", cure="Use any printable text of one line."
        )
    return name


def origin_of(frame: FrameType) -> Origin:
    """Where the user's code is that led to this frame."""
    while frame.f_code.co_filename.startswith(_OURS) and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code, frame.f_lasti


def place_of(origin: Origin) -> str:
    """File and line of an origin.

    >>> place_of((compile("job()", "script.py", "exec"), 0))
    'script.py:1'
    """
    code, instruction = origin
    lines = (line for line, *_ in code.co_positions())
    line = next(islice(lines, instruction // 2, None), None)
    return f"{code.co_filename}:{line or code.co_firstlineno}"


def joined(paths: Iterable[str]) -> str:
    """The id of a job with several files.

    >>> joined(["b", "a"])
    'a:b'
    """
    return ":".join(sorted(paths))
