"""What code and arguments hold counts: an edit of it is another fingerprint, or was warned about.

And the mirror: what changes nothing of it changes no hash, in no process.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.fingerprint.rows import Row
from tests.fingerprint.table import ROWS
from weft.errors import SerializationError
from weft.fingerprint.fingerprinter import Fingerprinter

PLACES = """

def in_global():
    return VALUE


def in_default(value=VALUE):
    return value


def _closing(value):
    def in_closure():
        return value
    return in_closure


in_closure = _closing(VALUE)


class Holder:
    value = VALUE


def in_class():
    return Holder.value
"""
FUNCTIONS = ("in_global", "in_default", "in_closure", "in_class")
PARAMETERS = [pytest.param(row, id=row.name) for row in ROWS]

Hash = tuple[str, bool]
"""Digest, and whether something was warned about or refused."""


def hashes(module: ModuleType) -> dict[str, Hash]:
    """Of the value at each of its places, in a process that has hashed nothing yet."""
    found: dict[str, Hash] = {}
    for name in FUNCTIONS:
        fingerprint = Fingerprinter().code(getattr(module, name))
        found[name] = fingerprint.digest.hex(), bool(fingerprint.problems)
    try:
        found["argument"] = Fingerprinter().value(module.VALUE).hex(), False
    except SerializationError:
        found["argument"] = "", True
    if callable(module.VALUE):
        fingerprint = Fingerprinter().code(module.VALUE)
        found["the job itself"] = fingerprint.digest.hex(), bool(fingerprint.problems)
    return found


@pytest.fixture
def run(load):
    """Loads the module of a row, as a fresh process would."""

    def load_row(row: Row, text: str | None = None) -> ModuleType:
        if row.needs != "builtins" and importlib.util.find_spec(row.needs) is None:
            pytest.skip(f"{row.needs} is not installed")
        return load(main=(text or row.text) + PLACES)

    return load_row


@pytest.mark.parametrize("row", PARAMETERS)
@pytest.mark.filterwarnings("ignore")
def test_an_edit_counts_wherever_the_value_is_held(row: Row, run):
    before = hashes(run(row))
    for old, new in row.edits:
        after = hashes(run(row, row.text.replace(old, new, 1)))
        unseen = [
            place
            for place, (digest, told) in before.items()
            if not told and after[place] == (digest, False)
        ]
        assert unseen == [], f"after {old!r} became {new!r}"


@pytest.mark.parametrize("row", PARAMETERS)
@pytest.mark.filterwarnings("ignore")
def test_what_changes_nothing_of_the_value_does_not_count(row: Row, run):
    module = run(row)
    before = hashes(module)
    if row.use:
        exec(row.use, vars(module))
        assert hashes(module) == before
    assert hashes(run(row, "# a comment\n\n" + row.text)) == before


PROGRAM = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
from tests.fingerprint.test_table import hashes
print(json.dumps({name: hashes(importlib.import_module(name)) for name in sys.argv[1:]}))
"""


def test_each_value_counts_the_same_in_each_process(tmp_path: Path):
    names = []
    for row in ROWS:
        if row.needs == "builtins":
            name = f"row_{hashlib.md5(row.name.encode()).hexdigest()[:8]}"
            (tmp_path / f"{name}.py").write_text(row.text + PLACES)
            names.append(name)
    root = str(Path(__file__).parents[2])
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *names],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{root}:{tmp_path}"},
            stdout=subprocess.PIPE,
        )
        for seed in ("1", "2", "3")
    ]
    first, *others = [json.loads(process.communicate()[0]) for process in runs]
    assert len(first) == len(names)
    for other in others:
        assert other == first
