"""Compiled modules of one's own: another build of the file is other code."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import blake3
import pytest

from tests.fingerprint.conftest import digest_of
from weft.fingerprint.fingerprinter import Fingerprinter


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A compiled module in the project's own folder, known to Python by its name."""
    there = Path(sys.modules["blake3.blake3"].__file__)
    file = tmp_path / there.name
    file.write_bytes(there.read_bytes())
    spec = importlib.util.spec_from_file_location("blake3.blake3", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "blake3.blake3", module)
    return module


def rebuild(file: str) -> None:
    """Other bytes under the same name: what is loaded stays as it is."""
    data = Path(file).read_bytes()
    Path(file).unlink()
    Path(file).write_bytes(data + b"another build")


def test_another_build_of_an_own_extension_module_counts(extension, load):
    text = "def job(code):\n    return code(b'') and used\n"
    job = load(main=text).job
    job.__globals__["used"] = extension.blake3
    before = digest_of(job), Fingerprinter().value([extension.blake3])
    assert (digest_of(job), Fingerprinter().value([extension.blake3])) == before
    rebuild(extension.__file__)
    after = digest_of(job), Fingerprinter().value([extension.blake3])
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_an_installed_extension_module_counts_by_name_and_package(load):
    job = load(main="from blake3 import blake3\n\ndef job(x):\n    return blake3(x)\n").job
    found = Fingerprinter().code(job)
    assert found.packages == ("blake3",)
    assert found.problems == ()
    assert blake3.blake3 is job.__globals__["blake3"]
