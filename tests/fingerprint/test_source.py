"""Text is taken only if the live code is what it compiles to."""

from __future__ import annotations

import importlib
import linecache
import zipfile

from tests.fingerprint.conftest import digest_of, fingerprint_of
from weft.fingerprint.fingerprinter import Fingerprinter

TEXT = "LIMIT = 1\n\ndef job(x):\n    return x + LIMIT\n\ndef other(x):\n    return x\n"


def test_a_file_edited_after_the_import_is_not_believed(load, tmp_path):
    module = load(main=TEXT)
    before = digest_of(module.job)
    (tmp_path / "main.py").write_text(TEXT.replace("x + LIMIT", "x - LIMIT"))
    live = fingerprint_of(module.job)
    assert live.by_bytecode
    assert "edited after it was imported" in live.problems[0].message
    edited = digest_of(load(main=TEXT.replace("x + LIMIT", "x - LIMIT")).job)
    assert len({before, live.digest, edited}) == 3


def test_an_edit_elsewhere_in_the_file_does_not_hide_a_functions_text(load, tmp_path):
    module = load(main=TEXT)
    before = digest_of(module.job)
    (tmp_path / "main.py").write_text("# new\n" + TEXT.replace("return x\n", "return -x\n"))
    live = fingerprint_of(module.job)
    assert live.digest == before
    assert not live.by_bytecode
    assert fingerprint_of(module.other).by_bytecode


def test_a_text_that_is_not_python_any_more_is_not_believed(load, tmp_path):
    module = load(main=TEXT)
    (tmp_path / "main.py").write_text("def job(x:\n")
    assert fingerprint_of(module.job).by_bytecode


def test_a_deleted_file_leaves_the_bytecode(load, tmp_path):
    module = load(main=TEXT)
    (tmp_path / "main.py").unlink()
    assert fingerprint_of(module.job).by_bytecode


def test_a_text_that_was_read_is_kept_when_the_file_changes_later(load, tmp_path):
    module = load(main=TEXT)
    fingerprinter = Fingerprinter()
    before = fingerprinter.code(module.job)
    (tmp_path / "main.py").write_text("")
    fingerprinter.forget()
    assert fingerprinter.code(module.job).digest == before.digest
    assert not fingerprinter.code(module.other).by_bytecode


def test_a_reloaded_module_has_its_new_text_and_live_old_functions_their_old_one(load, tmp_path):
    module = load(main=TEXT)
    old = module.job
    fingerprinter = Fingerprinter()
    before = fingerprinter.code(old).digest
    (tmp_path / "main.py").write_text(TEXT.replace("x + LIMIT", "LIMIT * x * 2"))
    importlib.reload(module)
    fingerprinter.forget()
    new = fingerprinter.code(module.job)
    assert new.digest != before
    assert not new.by_bytecode
    assert fingerprinter.code(old).digest == before


def test_a_class_whose_file_was_edited_is_not_believed(load, tmp_path):
    text = "from dataclasses import dataclass\n\n@dataclass\nclass C:\n    x: int = 1\n"
    module = load(main=text)
    before = digest_of(module.C)
    (tmp_path / "main.py").write_text(text.replace("x: int", "y: int"))
    assert digest_of(module.C) != digest_of(load(main=text.replace("x: int", "y: int")).C)
    assert digest_of(load(main=text).C) == before


def test_notebook_cells_have_text():
    text = "def f(x):\n    return x + 1  # cell\n"
    name = "/tmp/ipykernel_1/123.py"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space = {"__name__": "__main__"}
    exec(compile(text, name, "exec"), space)
    fingerprint = fingerprint_of(space["f"])
    assert not fingerprint.by_bytecode
    assert fingerprint.parts[0].source == text.rstrip()
    del linecache.cache[name]


def test_modules_in_archives_have_text(tmp_path, monkeypatch):
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped_lab.py", TEXT)
    monkeypatch.syspath_prepend(archive)
    module = importlib.import_module("zipped_lab")
    assert not fingerprint_of(module.job).by_bytecode


def test_scripts_count_the_same_when_the_folder_is_moved(load, tmp_path):
    before = digest_of(load(main=TEXT).job)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (tmp_path / "main.py").rename(folder / "moved.py")
    space = {"__name__": "__main__", "__file__": str(folder / "moved.py")}
    exec(compile(TEXT, str(folder / "moved.py"), "exec"), space)
    assert digest_of(space["job"]) == before


def test_futures_and_encodings_are_respected(load, tmp_path):
    text = "from __future__ import annotations\n\ndef job(x: Unknown) -> 'é':\n    return 'é'\n"
    assert not fingerprint_of(load(main=text).job).by_bytecode
    module = load(main=TEXT)
    latin = "# -*- coding: latin-1 -*-\ndef job():\n    return 'é'\n"
    (tmp_path / "main.py").write_bytes(latin.encode("latin-1"))
    module = importlib.reload(module)
    assert not fingerprint_of(module.job).by_bytecode


def test_definitions_of_one_name_are_told_apart(load):
    text = "if {}:\n    def job():\n        return 1\nelse:\n    def job():\n        return 2\n"
    first, second = (digest_of(load(main=text.format(flag)).job) for flag in (True, False))
    assert first != second


def test_a_decorated_method_has_text(load):
    text = (
        "import functools\n\ndef wrap(f):\n    @functools.wraps(f)\n    def inner(*a):\n"
        "        return f(*a)\n    return inner\n\n"
        "class C:\n    @wrap\n    def f(self):\n        return 1\n"
    )
    fingerprint = fingerprint_of(load(main=text).C)
    assert not fingerprint.by_bytecode
    assert digest_of(load(main=text.replace("return 1", "return 2")).C) != fingerprint.digest


def test_a_very_deep_expression_does_not_exhaust_the_stack(load):
    text = "def job(x):\n    return " + " + ".join(["x"] * 900) + "\n"
    assert not fingerprint_of(load(main=text).job).problems
