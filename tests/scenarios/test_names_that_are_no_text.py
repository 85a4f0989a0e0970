"""Folders and files whose names are no Unicode."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = b"""
import os, sys
from pathlib import Path
import weft
from weft import pipegraph as ppg

NAME, MADE = os.fsdecode(b"in\\xfe.txt"), os.fsdecode(b"made\\xfd.txt")

def read():
    return weft.reads(NAME).read_text()

def main():
    context = weft.Context("out")
    text = context.comp(read)
    context.comp(str, Path(NAME))
    print(context.make(n=2).ran, context.result(text))
    with ppg.new_pipegraph(folder="out2", quiet=True):
        needed = ppg.FileInvariant(NAME)
        ppg.FileGeneratingJob(MADE, lambda path: path.write_text("1")).depends_on(needed)
        ppg.run()
        print(len([one for one in ppg.run().values() if one.outcome.name == "Success"]))

if __name__ == "__main__":
    main()
"""
PLACE = b"odd\xff name"


def run(folder: bytes, *words: bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [os.fsencode(sys.executable), *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> bytes:
    place = os.fsencode(tmp_path) + b"/" + PLACE
    try:
        os.mkdir(place)  # noqa: PTH102 - a name that is no text
    except OSError:
        pytest.skip("this file system has no such names")
    for name, text in ((b"script.py", SCRIPT), (b"in\xfe.txt", b"data")):
        with open(place + b"/" + name, "wb") as file:  # noqa: PTH123
            file.write(text)
    return place


def test_jobs_run_once_there_and_again_when_their_file_changes(folder: bytes):
    assert run(folder, b"script.py").stdout == b"2 data\n0\n"
    assert run(folder, b"script.py", b"an\xf0 argument").stdout == b"0 data\n0\n"
    with open(folder + b"/in\xfe.txt", "wb") as file:  # noqa: PTH123
        file.write(b"more")
    assert run(folder, b"script.py").stdout == b"1 more\n0\n"


@pytest.mark.parametrize("way", ["utf-8:strict", "ascii:strict", "utf-8:surrogateescape"])
@pytest.mark.parametrize("command", [b"ls", b"why", b"history", b"details all", b"log all"])
def test_looking_prints_them_somehow(folder: bytes, command, way):
    run(folder, b"script.py", b"an\xf0 argument")
    for place in (b"out", b"out2"):
        done = run(folder, b"-m", b"weft", place, *command.split(), PYTHONIOENCODING=way)
        assert (done.returncode, done.stderr) == (0, b"")
