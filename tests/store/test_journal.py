"""What is about to be written is known, even when everything is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import StoreError
from weft.model.job import Command, FilesJob
from weft.model.outputs import OutputStyle
from weft.store.journal import NAME, Entry, Journal, Left

COMMAND = Command("write", None)

ids = st.text(min_size=1, max_size=20)
paths = st.binary(min_size=1, max_size=20).map(lambda name: os.fsdecode(name.replace(b"\0", b"/")))
entries = st.builds(
    Entry, ids, st.lists(paths, min_size=1, max_size=3).map(tuple), st.booleans(), st.just(())
)


def job(name: str, *more: str, broken: bool = False) -> FilesJob:
    return FilesJob(name, COMMAND, 0, (name, *more), OutputStyle(rename_broken=broken))


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return Journal(tmp_path)


def test_what_is_about_to_be_written_is_read_again(journal: Journal, tmp_path: Path) -> None:
    journal.intend([job("a", "a.log"), job("b", broken=True)])
    journal.intend([job("c")])
    broken = Entry("b", ("b",), rename_broken=True)
    expected = (Entry("a", ("a", "a.log")), broken, Entry("c", ("c",)))
    assert journal.left() == Left(expected, rebooted=False, root=str(Path.cwd()))
    assert Journal(tmp_path).left() == journal.left()


def test_where_something_stood_before_is_noted(journal: Journal) -> None:
    Path("old").write_text("old")
    Path("folder").mkdir()
    journal.intend([job("new", "old"), job("folder")])
    assert journal.left().entries == (
        Entry("new", ("new", "old"), there=("old",)),
        Entry("folder", ("folder",), there=("folder",)),
    )
    assert journal.entry(job("new", "old")).there == ("old",)
    assert journal.entry(job("folder")).there == ("folder",)


def test_the_newest_attempt_of_a_job_counts(journal: Journal) -> None:
    Path("a").write_text("old")
    journal.intend([job("a"), job("b")])
    Path("a").unlink()
    journal.intend([job("a")])
    assert journal.left().entries == (Entry("a", ("a",)), Entry("b", ("b",)))
    assert journal.entry(job("a")).there == ()


def test_nothing_is_left_of_a_run_that_ended_in_order(journal: Journal, tmp_path: Path) -> None:
    assert journal.left() == Left()
    journal.intend([job("a")])
    journal.remove()
    assert journal.left() == Left()
    assert not (tmp_path / NAME).exists()
    journal.remove()
    journal.intend([job("b")])
    assert journal.left().entries == (Entry("b", ("b",)),)


def test_a_run_without_files_writes_nothing(journal: Journal, tmp_path: Path) -> None:
    journal.remove()
    assert list(tmp_path.iterdir()) == [tmp_path / "work"]


@settings(deadline=None)
@given(st.lists(entries, max_size=5, unique_by=lambda entry: entry.job_id))
def test_ids_and_paths_may_hold_any_character(
    tmp_path_factory: pytest.TempPathFactory, said: list[Entry]
) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal"))
    jobs = [
        FilesJob(e.job_id, COMMAND, 0, e.paths, OutputStyle(rename_broken=e.rename_broken))
        for e in said
    ]
    journal.intend(jobs)
    assert [entry._replace(there=()) for entry in journal.left().entries] == said
    journal.remove()


def test_of_a_journal_that_is_torn_anywhere_whole_lines_count(
    journal: Journal, tmp_path: Path
) -> None:
    batches = [[job("a"), job("b")], [job("c")], [job("é\n\udcff")]]
    ends = []
    for batch in batches:
        journal.intend(batch)
        ends.append((tmp_path / NAME).stat().st_size)
    whole = (tmp_path / NAME).read_bytes()
    names = [["a", "b"], ["c"], ["é\n\udcff"]]
    for length in range(len(whole) + 1):
        (tmp_path / NAME).write_bytes(whole[:length])
        expected = [name for end, batch in zip(ends, names) if end <= length for name in batch]
        assert [entry.job_id for entry in journal.left().entries] == expected


def test_a_block_that_the_disk_lost_hides_no_other(journal: Journal, tmp_path: Path) -> None:
    journal.intend([job("a")])
    with (tmp_path / NAME).open("ab") as file:
        file.write(bytes(512) + b"\n")
    journal.intend([job("b")])
    assert [entry.job_id for entry in journal.left().entries] == ["a", "b"]


def test_a_journal_from_before_the_machine_was_started_says_so(
    journal: Journal, tmp_path: Path
) -> None:
    journal.intend([job("a")])
    _boot, rest = (tmp_path / NAME).read_text().split("\n", 1)
    (tmp_path / NAME).write_text(f'["another", "/elsewhere"]\n{rest}')
    assert journal.left() == Left((Entry("a", ("a",)),), rebooted=True, root="/elsewhere")


def test_what_a_killed_process_intended_is_left(journal: Journal) -> None:
    pid = os.fork()
    if pid == 0:
        journal.intend([job("a")])
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    assert journal.left().entries == (Entry("a", ("a",)),)


def test_a_full_disk_is_told_in_words(tmp_path: Path, small_disk: Callable[..., None]) -> None:
    journal = Journal(tmp_path / "disk")
    journal.intend([job("a")])
    with pytest.raises(StoreError, match="The disk is full"):
        journal.intend([job("b" * 1_000_000)])
    assert journal.left().entries == (Entry("a", ("a",)),)
    journal.remove()


def test_a_folder_that_is_gone_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Journal(tmp_path / "nowhere").intend([job("a")])
