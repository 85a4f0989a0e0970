"""Files are read again only if they may have changed."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.fingerprint.files import (
    ABSENT,
    RACY_NS,
    FileHasher,
    FileStamp,
    MemoryStatCache,
    hash_file,
    is_racy,
    still_good,
)

LATER = 10 * RACY_NS


class Clock:
    """Says that hashing happens some time after the present."""

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead

    def __call__(self) -> int:
        import time

        return time.time_ns() + self.ahead


class CountingCache(MemoryStatCache):
    """Counts how often a file was read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def put(self, *remembered) -> None:
        self.reads += 1
        super().put(*remembered)


@pytest.fixture
def cache():
    return CountingCache()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one")
    return path


def test_the_digest_is_that_of_the_content(path, tmp_path):
    other = tmp_path / "b.txt"
    other.write_text("one")
    assert hash_file(path) == hash_file(other)
    other.write_text("two")
    assert hash_file(path) != hash_file(other)


def test_large_and_empty_files_hash(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(bytes(3_000_000))
    (tmp_path / "larger").write_bytes(bytes(3_000_001))
    assert len({hash_file(entry) for entry in tmp_path.iterdir()}) == 3


def test_an_unchanged_file_is_read_once(path, cache):
    hasher = FileHasher(cache, Clock(LATER))
    assert hasher.digest(path) == hasher.digest(str(path)) == hash_file(path)
    assert cache.reads == 1


def test_a_file_written_just_before_it_was_hashed_is_read_again(path, cache):
    hasher = FileHasher(cache, Clock(0))
    hasher.digest(path)
    hasher.digest(path)
    assert cache.reads == 2


def test_an_edit_is_noticed(path, cache):
    hasher = FileHasher(cache, Clock(LATER))
    first = hasher.digest(path)
    path.write_text("three")
    assert hasher.digest(path) == hash_file(path) != first


def test_an_edit_that_keeps_size_and_time_is_noticed(path, cache):
    hasher = FileHasher(cache, Clock(0))
    first = hasher.digest(path)
    status = path.stat()
    path.write_text("two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert hasher.digest(path) != first


def test_a_file_replaced_by_an_older_one_is_noticed(path, cache, tmp_path):
    hasher = FileHasher(cache, Clock(LATER))
    first = hasher.digest(path)
    old = tmp_path / "old.txt"
    old.write_text("two")
    os.utime(old, ns=(0, 0))
    old.replace(path)
    assert hasher.digest(path) != first


def test_a_touched_file_is_read_again_and_equal(path, cache):
    hasher = FileHasher(cache, Clock(LATER))
    first = hasher.digest(path)
    os.utime(path, ns=(1, 1))
    assert hasher.digest(path) == first
    assert cache.reads == 2


def test_absent_files_have_a_digest_of_their_own(path, cache, tmp_path):
    hasher = FileHasher(cache, Clock(LATER))
    assert hasher.digest(tmp_path / "nowhere") == ABSENT
    assert hasher.digest(path / "below a file") == ABSENT
    assert hasher.stamp(tmp_path / "nowhere") is None
    path.write_text("")
    assert hasher.digest(path) != ABSENT
    path.unlink()
    assert hasher.digest(path) == ABSENT


def test_folders_count_by_their_names(tmp_path, cache):
    hasher = FileHasher(cache)
    folder = tmp_path / "folder"
    folder.mkdir()
    empty = hasher.digest(folder)
    (folder / "b").touch()
    one = hasher.digest(folder)
    (folder / "a").touch()
    two = hasher.digest(folder)
    (folder / "a").write_text("content")
    assert hasher.digest(folder) == two
    assert len({empty, one, two, ABSENT}) == 4


STAMPS = st.builds(FileStamp, *[st.integers(0, 10 * RACY_NS)] * 2, st.integers(0, 3), st.just(1))


@settings(deadline=None)
@given(STAMPS, STAMPS, st.integers(0, 10 * RACY_NS))
def test_a_stamp_is_believed_only_if_it_is_equal_and_was_old_when_hashed(stamp, now, hashed_at):
    believed = still_good((stamp, b"digest", hashed_at), now)
    assert believed == (stamp == now and hashed_at - RACY_NS >= max(stamp.mtime_ns, stamp.ctime_ns))
    assert not still_good(None, now)


def test_times_in_the_future_are_racy():
    assert is_racy(FileStamp(LATER, 0, 1, 1), 0)
    assert is_racy(FileStamp(0, LATER, 1, 1), 0)
