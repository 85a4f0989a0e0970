"""Places that are odd: links that lead nowhere, pipes, folders that were removed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import weft
from tests.pipegraph.running import run, well
from weft import pipegraph as ppg
from weft.errors import StoreError, UserError
from weft.fingerprint.files import FileHasher, MemoryStatCache, hash_file
from weft.pipegraph.current import make_current


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    make_current(None)


def write_one() -> None:
    ppg.FileGeneratingJob("link", lambda path: path.write_text("one"))


def test_a_link_that_leads_nowhere_is_replaced_by_the_file(home: Path):
    (home / "link").symlink_to(home / "elsewhere")
    assert well(write_one) == ["link"]
    assert not (home / "link").is_symlink()
    assert (home / "link").read_text() == "one"
    assert not (home / "elsewhere").exists()


def test_such_a_link_comes_back_when_the_job_fails(home: Path):
    (home / "link").symlink_to(home / "elsewhere")

    def fail(path: Path) -> None:
        path.write_text("half")
        raise ValueError

    assert run(lambda: ppg.FileGeneratingJob("link", fail)).failed == ["link"]
    assert not (home / "elsewhere").exists()
    assert not (home / "link").exists()


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: Path(path).symlink_to("/dev/zero")])
def test_what_is_no_file_is_refused_and_not_read(home: Path, make):
    make("pipe")
    for act in (hash_file, FileHasher(MemoryStatCache()).digest):
        with pytest.raises(OSError, match="and no file"):
            act(home / "pipe")
    context = weft.Context("out")
    context.comp(weft.reads, "pipe")
    with pytest.raises(weft.MakeFailed, match="and no file"):
        context.make(executor="inline")


def test_a_pipe_as_an_invariant_is_told_and_not_waited_for(home: Path):
    os.mkfifo("pipe")

    def define() -> None:
        ppg.FileGeneratingJob("a", lambda path: path.write_text("a")).depends_on(
            ppg.FileInvariant("pipe")
        )

    assert run(define).failed == ["pipe"]


SCRIPT = """
import os, sys
import weft
folder = os.getcwd()
if sys.argv[1] == "before":
    os.rmdir(folder)
context = weft.Context("/tmp/never" if sys.argv[1] == "before" else sys.argv[2])
context.comp(abs, -1)
os.rmdir(folder)
context.make()
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_removed_working_folder_is_told_in_words(home: Path, when):
    (home / "gone").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, when, str(home / "out")],
        cwd=home / "gone",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "weft.errors.UserError: The working folder is not there any more." in done.stderr


def test_the_program_says_so_too(home: Path):
    (home / "gone").mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); sys.argv[1:] = ['out']; "
    done = subprocess.run(
        [sys.executable, "-c", code + "from weft.cli import main; main()"],
        cwd=home / "gone",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_a_job_that_removes_the_results_makes_the_run_fail(home: Path, executor):
    context = weft.Context("out")
    context.comp(shutil.rmtree, home / "out")
    with pytest.raises((StoreError, weft.MakeFailed)):
        context.make(executor=executor)


def test_without_a_folder_there_is_no_context(home: Path):
    (home / "gone").mkdir()
    os.chdir(home / "gone")
    (home / "gone").rmdir()
    try:
        with pytest.raises(UserError, match="The working folder is not there"):
            weft.Context("out")
    finally:
        os.chdir(home)
