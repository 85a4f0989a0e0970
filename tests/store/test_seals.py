"""What was noted of a job's files, and whether they still are so."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import StoreError
from weft.executors.outputs import Sealed, seal
from weft.fingerprint.files import FileHasher, FileStamp, MemoryStatCache, hash_file
from weft.model.job import DIGEST_SIZE, Command, FilesJob
from weft.model.outputs import PLAIN, Form, OutputStyle
from weft.store.seals import (
    UNCHANGED,
    SealedFile,
    Seen,
    State,
    decode,
    encode,
    is_unchanged,
    is_whole,
    present,
    remove_temporary,
    result_of,
)

A, B = bytes([1]) * DIGEST_SIZE, bytes([2]) * DIGEST_SIZE
TEMPORARY = OutputStyle(temporary=(True,))
PLUS = OutputStyle(Form.LIST, temporary=(True, False))
"""A temporary file with a log that is kept."""

paths = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).map(
    lambda text: os.fsdecode(text.encode()[:400] + b"\xff")
)
times = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(0, 2**64 - 1)
stamps = st.builds(FileStamp, times, times, counts, counts)
digests = st.binary(min_size=DIGEST_SIZE, max_size=DIGEST_SIZE)
sealed_files = st.builds(SealedFile, paths, digests, stamps, st.booleans(), st.booleans())


class Spy(FileHasher):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__(MemoryStatCache())
        self.asked = 0

    def digest(self, path: str | os.PathLike[str]) -> bytes:
        self.asked += 1
        return super().digest(path)


@pytest.fixture
def hasher() -> Spy:
    return Spy()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(*names: str, style: OutputStyle = PLAIN, text: str = "some text") -> Sealed:
    """Files, and what is noted of them; each has its name as content, too."""
    for name in names:
        Path(name).write_text(f"{text} {name}")
    return seal(FilesJob(names[0], Command("write", None), 0, names, style))


def look(sealed: Sealed, hasher: FileHasher, path: str = "a") -> Seen:
    return is_unchanged(sealed.record, path, sealed.result, hasher)


# -- the record ----------------------------------------------------------------------------------


@given(st.lists(sealed_files, min_size=1, max_size=4))
def test_a_record_says_all_that_was_noted(files: list[SealedFile]) -> None:
    record = encode(files)
    assert decode(record, files[0].path, files[0].digest) == files
    if len(files) == 1:
        assert len(record) == 33


@given(st.lists(sealed_files, min_size=1, max_size=3), st.data())
def test_a_record_that_is_cut_short_is_never_read_wrongly(
    files: list[SealedFile], data: st.DataObject
) -> None:
    record = encode(files)
    rest = record[: data.draw(st.integers(0, len(record) - 1))]
    try:
        found = decode(rest, files[0].path, files[0].digest)
    except StoreError:
        return
    assert found == files[: len(found)]  # cut between two files


@pytest.mark.parametrize("record", [b"", b"\x00", b"\xf1" + bytes(32), b"\x11" + bytes(33)])
def test_a_record_of_another_version_is_refused_with_words(record: bytes) -> None:
    with pytest.raises(StoreError, match="can't be read") as caught:
        decode(record, "out/a.txt", A)
    assert caught.value.facts["first file"] == "out/a.txt"
    assert caught.value.cure


# -- the result ----------------------------------------------------------------------------------


def test_the_result_of_one_file_is_its_content() -> None:
    assert result_of(PLAIN, [A]) == A
    assert result_of(OutputStyle(Form.LIST), [A]) == A
    assert result_of(OutputStyle(Form.DICT, ("a",)), [A]) == A


def test_in_a_list_of_files_the_places_count() -> None:
    style = OutputStyle(Form.LIST)
    assert result_of(style, [A, B]) == result_of(style, [A, B])
    assert result_of(style, [A, B]) != result_of(style, [B, A])
    assert result_of(style, [A, B]) != result_of(style, [A, B, B])
    assert len(result_of(style, [A, B])) == DIGEST_SIZE


def test_in_a_dict_of_files_the_keys_count_and_not_their_order() -> None:
    def named(**digests: bytes) -> bytes:
        return result_of(OutputStyle(Form.DICT, tuple(digests)), list(digests.values()))

    assert named(a=A, b=B) == named(b=B, a=A)
    assert named(a=A, b=B) != named(a=B, b=A)
    assert named(a=A, b=B) != named(a=A, c=B)


@settings(deadline=None)
@given(st.lists(digests, min_size=2, max_size=4), st.lists(digests, min_size=2, max_size=4))
def test_no_two_lists_of_contents_give_one_result(one: list[bytes], other: list[bytes]) -> None:
    style = OutputStyle(Form.LIST)
    assert (result_of(style, one) == result_of(style, other)) == (one == other)


# -- looking -------------------------------------------------------------------------------------


def test_a_file_that_nobody_touched_is_not_read(hasher: Spy) -> None:
    sealed = made("a")
    assert look(sealed, hasher) is UNCHANGED
    assert present(sealed.record, "a", sealed.result, hasher)
    assert is_whole(sealed.record, "a", sealed.result, hasher)
    assert hasher.asked == 0


def test_a_file_that_is_gone_is_missing(hasher: Spy) -> None:
    sealed = made("a")
    Path("a").unlink()
    assert look(sealed, hasher) == Seen(State.MISSING, "a")
    assert not present(sealed.record, "a", sealed.result, hasher)
    assert not is_whole(sealed.record, "a", sealed.result, hasher)


def test_a_write_right_after_the_seal_is_noticed_whatever_the_clock_says(hasher: Spy) -> None:
    for number in range(300):
        sealed = made("a", text=f"{number:04}")
        with Path("a").open("r+b", buffering=0) as file:
            file.write(b"edit")
        assert look(sealed, hasher) == Seen(State.CHANGED, "a")


def test_an_edit_that_puts_the_time_back_is_noticed(hasher: Spy) -> None:
    sealed = made("a")
    before = Path("a").stat()
    Path("a").write_text("SOME TEXT a")
    os.utime("a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look(sealed, hasher) == Seen(State.CHANGED, "a")


def test_a_file_of_another_size_is_changed_without_reading_it(hasher: Spy) -> None:
    sealed = made("a")
    Path("a").write_text("longer than before")
    assert look(sealed, hasher) == Seen(State.CHANGED, "a")
    assert hasher.asked == 0


def test_a_file_with_the_same_content_is_the_same(hasher: Spy) -> None:
    sealed = made("a")
    shutil.copy("a", "copy")
    Path("copy").replace("a")
    assert look(sealed, hasher) is UNCHANGED
    assert hasher.asked == 1
    os.utime("a", ns=(0, 0))
    assert look(sealed, hasher) is UNCHANGED


def test_a_file_that_is_not_sealed_is_compared_by_content(hasher: Spy) -> None:
    Path("a").write_text("text")
    stamp = FileStamp.of(Path("a").stat())
    file = SealedFile("a", hash_file("a"), stamp, sealed=False, kept=True)
    record = encode([file])
    assert is_unchanged(record, "a", file.digest, hasher) is UNCHANGED
    assert hasher.asked == 1
    assert is_unchanged(record, "a", A, hasher) == Seen(State.CHANGED, "a")


def test_what_is_no_file_any_more_is_changed_and_never_waited_for(hasher: Spy) -> None:
    Path("a").write_text("")
    sealed = seal(FilesJob("a", Command("write", None), 0, ("a",), OutputStyle(empty_ok=(True,))))
    Path("a").unlink()
    Path("a").mkdir()
    assert look(sealed, hasher).state is State.CHANGED
    Path("a").rmdir()
    os.mkfifo("a")  # of size 0, too; opening it would wait for somebody who writes
    assert look(sealed, hasher).state is State.CHANGED


def test_a_file_that_cannot_be_read_is_changed() -> None:
    class Refused(FileHasher):
        def digest(self, path: str | os.PathLike[str]) -> bytes:
            raise PermissionError(path)

    sealed = made("a")
    os.utime("a", ns=(0, 0))
    assert look(sealed, Refused(MemoryStatCache())) == Seen(State.CHANGED, "a")


def test_of_several_files_the_first_that_is_not_as_it_was_is_named(hasher: Spy) -> None:
    sealed = made("a", "b", "c", style=OutputStyle(Form.LIST))
    assert look(sealed, hasher) is UNCHANGED
    assert hasher.asked == 0
    Path("c").unlink()
    Path("b").write_text("x")
    assert look(sealed, hasher) == Seen(State.CHANGED, "b")
    assert not present(sealed.record, "a", sealed.result, hasher)


# -- temporary files -----------------------------------------------------------------------------


def test_a_temporary_file_may_be_missing_until_somebody_needs_it(hasher: Spy) -> None:
    sealed = made("a", style=TEMPORARY)
    assert present(sealed.record, "a", sealed.result, hasher)
    assert remove_temporary(sealed.record, "a", sealed.result) == ["a"]
    assert not Path("a").exists()
    assert look(sealed, hasher) is UNCHANGED
    assert is_whole(sealed.record, "a", sealed.result, hasher)
    assert not present(sealed.record, "a", sealed.result, hasher)
    assert remove_temporary(sealed.record, "a", sealed.result) == []


def test_a_temporary_file_that_is_half_made_counts_as_missing_but_not_as_whole(hasher: Spy) -> None:
    sealed = made("a", "log", style=PLUS)
    Path("a").write_text("so")
    assert look(sealed, hasher) is UNCHANGED
    assert not present(sealed.record, "a", sealed.result, hasher)
    assert not is_whole(sealed.record, "a", sealed.result, hasher)


def test_only_the_temporary_ones_of_several_files_are_removed(hasher: Spy) -> None:
    sealed = made("a", "log", style=PLUS)
    assert remove_temporary(sealed.record, "a", sealed.result) == ["a"]
    assert Path("log").exists()
    assert look(sealed, hasher) is UNCHANGED
    Path("log").unlink()
    assert look(sealed, hasher) == Seen(State.MISSING, "log")


def test_a_folder_that_stands_in_place_of_a_temporary_file_is_left_alone() -> None:
    sealed = made("a", style=TEMPORARY)
    Path("a").unlink()
    Path("a").mkdir()
    assert remove_temporary(sealed.record, "a", sealed.result) == []
    assert Path("a").is_dir()


# -- after a power loss --------------------------------------------------------------------------


def test_without_a_hasher_the_content_decides_whatever_the_stamp(hasher: Spy) -> None:
    sealed = made("a", text="zeros")
    lost = sealed.record, "a", A  # the content that was made is not what the disk has
    assert is_whole(*lost, hasher)
    assert not is_whole(*lost, None)
    assert is_whole(sealed.record, "a", sealed.result, None)
