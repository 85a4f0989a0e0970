"""Results that name a file which their job reads: its content counts for who takes them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import weft
from weft.fingerprint.lazy import with_files

TAKES = """
import weft
RAN = []

def use(given):
    RAN.append(given)
    return 1
"""
MAKES = {
    "a path": "def make(path):\n    return weft.reads(path)\n",
    "a path as text": "def make(path):\n    return str(weft.reads(path))\n",
    "a path in a list": "def make(path):\n    return [1, {'path': weft.reads(path)}]\n",
    "an open lazy frame": (
        "def make(path):\n    import polars\n    return polars.scan_csv(weft.reads(path))\n"
    ),
    "a data set": (
        "def make(path):\n    import pyarrow.dataset\n"
        "    return pyarrow.dataset.dataset(str(weft.reads(path)), format='csv')\n"
    ),
    "a long list with a path": ("def make(path):\n    return ['x' * 30_000, weft.reads(path)]\n"),
}
NEEDS = {"an open lazy frame": "polars", "a data set": "pyarrow"}


@pytest.fixture
def run(load, tmp_path: Path):
    """Runs make and use of a program, and says how often use ran; checks what was kept."""

    def run_program(text: str, **options: object) -> int:
        module = load(main=TAKES + text)
        context = weft.Context(tmp_path / "out")
        made = context.options(**options).comp(module.make, str(tmp_path / "rows.csv"))
        context.comp(module.use, made)
        context.make(executor="inline")
        return len(module.RAN)

    return run_program


@pytest.mark.parametrize("name", MAKES)
def test_an_edit_of_the_file_reaches_who_takes_the_result(run, tmp_path, name):
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    file = tmp_path / "rows.csv"
    file.write_text("a\n1\n")
    assert run(MAKES[name]) == 1
    assert run(MAKES[name]) == 0
    file.write_text("a\n2\n")
    assert run(MAKES[name]) == 1
    assert run(MAKES[name]) == 0


@pytest.mark.parametrize("options", [{"cutoff": True}, {}])
def test_an_equal_result_that_names_no_file_stops_the_edit(run, tmp_path, options):
    text = "def make(path):\n    return len(weft.reads(path).read_text())\n"
    if options:  # who says that the value is all that matters is believed
        text = MAKES["a path"]
    file = tmp_path / "rows.csv"
    file.write_text("a\n1\n")
    assert run(text, **options) == 1
    file.write_text("a\n2\n")
    assert run(text, **options) == 0


def test_the_order_of_the_files_counts_and_their_folder_does_not():
    one, two = ("/x/a.csv", b"1"), ("/y/a.csv", b"2")
    mixed = with_files(b"result", b"open a.csv", [one, two])
    assert mixed != with_files(b"result", b"open a.csv", [("/x/a.csv", b"2"), ("/y/a.csv", b"1")])
    assert mixed == with_files(b"result", b"open a.csv", [("/z/a.csv", b"1"), two])
    assert with_files(b"result", b"nothing", [one, two]) == b"result"
