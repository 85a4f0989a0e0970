"""A small project that tests write, import, edit and import again."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from weft.fingerprint.fingerprinter import CodeFingerprint, Fingerprinter

Load = Callable[..., ModuleType]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Write modules and import them as a fresh process would; the first one is returned."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loaded: set[str] = set()

    def forget() -> None:
        for name in loaded:
            sys.modules.pop(name, None)
        importlib.invalidate_caches()

    def load_modules(**files: str) -> ModuleType:
        forget()
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        loaded.update(files)
        return importlib.import_module(next(iter(files)))

    yield load_modules
    forget()


def digest_of(function: Any, **options: Any) -> bytes:
    """Code digest in a process that has hashed nothing yet."""
    return fingerprint_of(function, **options).digest


def fingerprint_of(function: Any, **options: Any) -> CodeFingerprint:
    from weft.model.resources import Options

    return Fingerprinter().code(function, Options().but(**options))
