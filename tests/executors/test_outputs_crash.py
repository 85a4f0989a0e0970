"""Whatever an attempt does, and whenever all is killed: no file looks done that is not."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.executors.filing import job, names, read, write
from weft.errors import JobContractError
from weft.executors.outputs import Fate, abandon, claim, recover, seal
from weft.fingerprint.files import FileHasher, MemoryStatCache, hash_file
from weft.model.job import FilesJob
from weft.model.outputs import Form, OutputStyle
from weft.store.journal import Entry, Journal
from weft.store.seals import is_whole

pytestmark = pytest.mark.usefixtures("here")

OLD, HALF, NEW = "old", "the ne", "the new text"


def do_nothing() -> None:
    """An attempt that comes to nothing."""


def half() -> None:
    write("a", HALF)


def whole() -> None:
    write("a", NEW)


def folder() -> None:
    Path("a").mkdir()
    write("a/b", HALF)


def link() -> None:
    write("elsewhere", HALF)
    Path("a").symlink_to("elsewhere")


def remove_all() -> None:
    for name in names():
        Path(name).unlink()


deeds = st.sampled_from([do_nothing, half, whole, folder, link, remove_all])
ends = st.sampled_from(["sealed", "failed", "cancelled", "killed"])


@settings(deadline=None, max_examples=300)
@given(
    old=st.booleans(),
    rename_broken=st.booleans(),
    attempts=st.lists(st.tuples(deeds, ends), min_size=1, max_size=4),
)
def test_what_stands_under_the_real_name_is_old_or_sealed(
    old: bool, rename_broken: bool, attempts: list[tuple[Callable[[], None], str]]
) -> None:
    before = Path.cwd()
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            _go_through(old, rename_broken, attempts)
        finally:
            os.chdir(before)


def _go_through(
    old: bool, rename_broken: bool, attempts: list[tuple[Callable[[], None], str]]
) -> None:
    one = job("a", style=OutputStyle(rename_broken=rename_broken))
    good = set[str | None]({OLD} if old else {None})
    if old:
        write("a", OLD)
    for deed, end in attempts:
        journal = Journal(Path())
        journal.intend([one])
        claim(one)
        deed()
        if end == "sealed":
            try:
                seal(one)
                good = {Path("a").read_text()}
            except JobContractError:
                end = "failed"
        if end == "killed":
            recover(journal.left().entries, lambda _entry: False)
        elif end != "sealed":
            restore = end == "cancelled"
            abandon(one.paths, rename_broken=rename_broken, restore=restore)
        if end == "failed" or deed is remove_all:
            good.add(None)
        journal.remove()
        assert read("a") in good
        assert not Path("a").is_dir()
        others = {name.split("/")[0] for name in names()} - {"a", "elsewhere"}
        assert all(name.startswith("a.broken") for name in others)


# -- killed at any moment ------------------------------------------------------------------------


def attempt(one: FilesJob) -> None:
    """A whole attempt, as the main process and the worker make it."""
    Journal(Path()).intend([one])
    claim(one)
    for path in one.paths:
        with Path(path).open("w") as file:
            file.write(HALF)
            file.flush()
            file.write(NEW[len(HALF) :])
    seal(one)


def killed_at(step: int, one: FilesJob) -> bool:
    """Kill a child just before its call number ``step`` of the interpreter's own functions.

    Returns whether it came so far.
    """
    pid = os.fork()
    if pid == 0:
        calls = count()

        def kill(_frame: object, event: str, _function: object) -> None:
            if event == "c_call" and next(calls) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.setprofile(kill)
            attempt(one)
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize(("old", "traced"), [(OLD, True), (OLD, False), (None, False)])
def test_killed_at_any_moment_no_half_made_file_is_left(old: str | None, traced: bool) -> None:
    """With and without a trace of what stood there before."""
    one = job("x/a", "x/b", style=OutputStyle(Form.LIST))
    hasher = FileHasher(MemoryStatCache())
    for step in count():
        for path in one.paths:
            _put(path, old)
        trace = seal(one) if traced else None

        def is_trusted(_entry: Entry, trace: object = trace) -> bool:
            return trace is not None and is_whole(trace.record, "x/a", trace.result, hasher)

        was_killed = killed_at(step, one)
        journal = Journal(Path())
        told = recover(journal.left().entries, is_trusted)
        journal.remove()
        for path in one.paths:
            assert read(path) in {old, NEW} if old else read(path) is None
        assert not any("weft-aside" in name for name in names())
        assert all(Fate.STUCK not in one.fates for one in told)
        if not was_killed:
            assert step > 50
            break


def _put(path: str, text: str | None) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).unlink(missing_ok=True)
    if text is not None:
        write(path, text)


def test_a_run_after_a_kill_makes_the_file_anew() -> None:
    one = job("a")
    write("a", OLD)
    assert killed_at(40, one)
    journal = Journal(Path())
    recover(journal.left().entries, lambda _entry: False)
    journal.remove()
    attempt(one)
    assert read("a") == NEW
    assert seal(one).result == hash_file("a")
