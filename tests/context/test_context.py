"""A context as a program uses it: in threads, with ``with``, and what it says when jobs fail."""

from __future__ import annotations

import importlib.metadata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import weft
from weft.errors import UserError
from weft.fingerprint import origin


def boom(number: int) -> int:
    raise ValueError(f"no {number}\nmore")


def test_threads_that_make_one_folder_wait_for_each_other(tmp_path: Path):
    def make(number: int) -> int:
        with weft.Context(tmp_path / "out") as context:
            promise = context.comp(abs, -number, job_id=f"n{number}")
            context.make(executor="inline")
            return context.result(promise)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(make, range(8))) == list(range(8))


def test_a_closed_context_is_refused_in_words(tmp_path: Path):
    with weft.Context(tmp_path / "out") as context:
        promise = context.comp(abs, -1)
        context.make(executor="inline")
    for act in (context.make, lambda: context.result(promise), context.collect):
        with pytest.raises(UserError, match="This context is closed"):
            act()


def test_the_error_of_a_make_names_the_first_failed_jobs_and_why(tmp_path: Path):
    context = weft.Context(tmp_path / "out")
    for number in range(5):
        context.comp(boom, number, job_id=f"boom-{number}")
    with pytest.raises(weft.MakeFailed) as caught:
        context.make(executor="inline")
    assert str(caught.value).splitlines() == [
        "5 jobs failed.",
        "  boom-0: ValueError: no 0",
        "  boom-1: ValueError: no 1",
        "  boom-2: ValueError: no 2",
        "  and: 2 more",
        "  Next: why failed says why.",
    ]


def test_a_failure_that_is_kept_is_named_too(tmp_path: Path):
    context = weft.Context(tmp_path / "out")
    context.options(keep_failed=True).comp(boom, 1)
    for _ in range(2):
        with pytest.raises(weft.MakeFailed, match="boom: ValueError: no 1"):
            context.make(executor="inline")


def test_the_versions_of_packages_are_looked_up_once(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    version = importlib.metadata.version

    def count(name: str) -> str:
        asked.append(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", count)
    origin._versions.cache_clear()
    for _ in range(3):
        assert origin.package_versions(("click", "numpy")).keys() == {"click", "numpy"}
    assert asked == ["click", "numpy"]
    origin._versions.cache_clear()
