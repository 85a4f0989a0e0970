from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

import pytest

from weft.model.outcome import Outcome
from weft.model.states import AttemptState
from weft.store.objects import encode
from weft.store.store import Store


def digest_of(*parts: object) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=20).digest()


def outcome_of(value: object, **more: object) -> Outcome:
    """A success as the executors report it; large values must be written by the caller."""
    encoded = encode(value)
    return Outcome(
        AttemptState.DONE,
        1000.0,
        0.5,
        pid=7,
        result=digest_of(value),
        value=encoded.inline,
        size=encoded.size,
        **more,  # type: ignore[arg-type]
    )


def remember(
    store: Store, job_id: str, value: object, *, key: bytes | None = None, flags: int = 0
) -> int:
    """Record a finished job in the store."""
    key = key or digest_of("key", job_id)
    trace = (flags, key, digest_of("code"), "()", None, None, None)
    return store.record(job_id, 1, key, outcome_of(value), executor="inline", trace=trace)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "context"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    opened = Store.open(folder, write=True)
    yield opened
    opened.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """A file system of 1 MiB at ``tmp_path/disk``; call it with ``"ro"`` to make it read-only."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "weft-test", str(disk)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a file system needs root")

    def remount(mode: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{mode}", str(disk)], check=True)

    try:
        yield remount
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
