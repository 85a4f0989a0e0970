"""The public names: where they live, and that their examples hold."""

from __future__ import annotations

import doctest
import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import weft

ROOT = Path(__file__).resolve().parents[1]
AT_HOME = [
    name for name in weft.__all__ if getattr(getattr(weft, name), "__module__", "") == "weft"
]
MOVED = {
    "weft/executors/inside.py": "weft/executors/within.py",
    "weft/model/promise.py": "weft/model/promised.py",
}


@pytest.mark.parametrize("name", AT_HOME)
def test_what_names_weft_as_its_home_has_an_example_that_holds(name):
    found = doctest.DocTestFinder().find(getattr(weft, name), name, module=False)
    examples = [test for test in found if test.examples]
    assert examples
    assert [doctest.DocTestRunner().run(test).failed for test in examples] == [0] * len(examples)


def test_what_is_stored_by_name_is_stored_by_its_public_home():
    for value in (weft.reads, weft.progress, weft.Promise):
        assert b"cweft\n" in pickle.dumps(value, 0)
        assert pickle.loads(pickle.dumps(value)) is value


SCRIPT = """
import weft
from weft import reads


def size(path, open_it=reads):
    return len(reads(path).read_text())


def more(context, path):
    first = context.comp(size, path, open_it=reads)
    return [first, context.comp(max, [first, 1])]


if __name__ == "__main__":
    context = weft.Context("out")
    total = context.comp(sum, context.comp_dynamic(more, "data.txt"))
    context.comp(size, "data.txt")
    context.main()
"""


def test_moving_a_module_of_weft_runs_nobodys_jobs(tmp_path):
    for version in ("before", "after"):
        shutil.copytree(ROOT / "src", tmp_path / version, ignore=shutil.ignore_patterns("*.pyc"))
    for old, new in MOVED.items():
        (tmp_path / "after" / old).rename(tmp_path / "after" / new)
    names = {old[:-3].replace("/", "."): new[:-3].replace("/", ".") for old, new in MOVED.items()}
    for path in (tmp_path / "after").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for old, new in names.items():
            text = re.sub(rf"{re.escape(old)}\b", new, text)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "data.txt").write_text("abc")

    def make(version: str) -> str:
        command = [sys.executable, "script.py", "make"]
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / version)}
        run = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        return run.stdout + run.stderr

    assert "5 ran" in make("before")
    assert "Nothing to do" in make("after")
