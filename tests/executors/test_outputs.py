"""No file looks done that is not: whatever happens between claiming it and sealing it."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.executors.filing import job, names, read, write
from weft.errors import JobContractError, UserError
from weft.executors.outputs import Abandoned, Fate, abandon, claim, recover, seal
from weft.fingerprint.files import FileHasher, MemoryStatCache, hash_file
from weft.model.job import FilesJob
from weft.model.outputs import Form, OutputStyle
from weft.store.journal import Entry
from weft.store.seals import UNCHANGED, decode, is_unchanged

pytestmark = pytest.mark.usefixtures("here")

MANY = OutputStyle(Form.LIST)
ASIDE = ".a.weft-aside"


def unchanged(made: FilesJob) -> bool:
    sealed = seal(made)
    hasher = FileHasher(MemoryStatCache())
    return is_unchanged(sealed.record, made.paths[0], sealed.result, hasher) is UNCHANGED


# -- claiming ------------------------------------------------------------------------------------


def test_claiming_makes_the_folders_and_nothing_else() -> None:
    claim(job("a", "x/y/b", "x/c", style=MANY))
    assert Path("x/y").is_dir()
    assert names() == []
    claim(job("x/y/b"))


def test_what_stands_there_waits_aside_until_the_job_is_done() -> None:
    write("a", "old")
    claim(job("a"))
    assert names() == [ASIDE]
    write("a", "new")
    seal(job("a"))
    assert names() == ["a"]
    assert read("a") == "new"


def test_absolute_paths_are_taken_as_they_are(tmp_path: Path) -> None:
    path = str(tmp_path / "x" / "a")
    claim(job(path))
    write(path, "old")
    claim(job(path))
    assert names() == ["x/.a.weft-aside"]
    write(path, "new")
    assert unchanged(job(path))


def test_what_is_aside_since_a_killed_attempt_is_the_good_one() -> None:
    write("a", "old")
    claim(job("a"))
    write("a", "half")
    claim(job("a"))
    assert names() == [ASIDE]
    assert read(ASIDE) == "old"


def test_a_link_is_moved_aside_and_not_what_it_leads_to() -> None:
    write("data", "somebody's")
    Path("a").symlink_to("data")
    claim(job("a"))
    write("a", "new")
    seal(job("a"))
    assert not Path("a").is_symlink()
    assert read("data") == "somebody's"
    assert names() == ["a", "data"]


@pytest.mark.parametrize(
    ("put", "words"), [(os.mkdir, "a folder stands there"), (os.mkfifo, "no regular file")]
)
def test_what_is_no_file_is_left_alone_and_so_is_all_else(
    put: Callable[[str], None], words: str
) -> None:
    write("a", "old")
    put("b")
    with pytest.raises(UserError, match="no room") as caught:
        claim(job("a", "b", "c", style=MANY))
    assert caught.value.facts["file"] == "b"
    assert words in caught.value.facts["because"]
    assert caught.value.cure
    assert read("a") == "old"
    assert Path("b").exists()
    assert not Path(ASIDE).exists()


def test_a_file_in_place_of_a_folder_is_refused_with_words() -> None:
    write("x", "a file")
    with pytest.raises(UserError, match="no room"):
        claim(job("x/y/a"))


def test_an_old_file_whose_name_is_as_long_as_can_be_waits_aside_too() -> None:
    name = "n" * 250
    write(name, "old")
    claim(job(name))
    assert not Path(name).exists()
    write(name, "half")
    abandon((name,), rename_broken=True, restore=True)
    assert read(name) == "old"
    assert sorted(path.read_text() for path in Path().iterdir()) == ["half", "old"]


def test_claiming_that_is_interrupted_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: str, mode: int, **how: bool) -> bool:
        if path == "b":
            raise KeyboardInterrupt
        return access(path, mode, **how)

    write("a", "old")
    access = os.access
    monkeypatch.setattr(os, "access", interrupted)
    with pytest.raises(KeyboardInterrupt):
        claim(job("a", "b", style=MANY))
    assert names() == ["a"]


# -- sealing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 3 << 18])
def test_a_file_is_hashed_as_everywhere_else(size: int) -> None:
    Path("a").write_bytes(b"x" * size)
    sealed = seal(job("a"))
    assert sealed.result == hash_file("a")
    assert len(sealed.record) == 33


def test_several_files_are_noted_one_by_one() -> None:
    style = OutputStyle(Form.DICT, ("one", "two"), empty_ok=(False, True), temporary=(True, False))
    claim(job("x/a", "b", style=style))
    write("x/a", "text")
    write("b", "")
    sealed = seal(job("x/a", "b", style=style))
    first, second = decode(sealed.record, "x/a", sealed.result)
    assert (first.path, first.kept, first.sealed) == ("x/a", False, True)
    assert (second.path, second.kept, second.sealed) == ("b", True, True)
    assert (first.digest, second.digest) == (hash_file("x/a"), hash_file("b"))


def test_the_time_of_a_file_moves_by_less_than_a_microsecond() -> None:
    for number in range(50):
        write("a", str(number))
        own = number * 1_000_000_000 if number % 2 else Path("a").stat().st_mtime_ns
        os.utime("a", ns=(own, own))
        seal(job("a"))
        moved = Path("a").stat().st_mtime_ns
        assert moved != own
        assert moved // 1000 == own // 1000


def test_a_file_that_has_the_very_time_of_its_seal_gets_another_one() -> None:
    write("a", "text")
    first = seal(job("a"))
    time = Path("a").stat().st_mtime_ns
    assert seal(job("a")).result == first.result
    assert Path("a").stat().st_mtime_ns != time
    assert unchanged(job("a"))


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_file_that_somebody_else_has_too_keeps_its_time(
    link: Callable[[str, str], None],
) -> None:
    write("input", "text")
    before = Path("input").stat().st_mtime_ns
    link("input", "a")
    sealed = seal(job("a"))
    assert Path("input").stat().st_mtime_ns == before
    assert not decode(sealed.record, "a", sealed.result)[0].sealed
    assert sealed.result == hash_file("input")
    assert unchanged(job("a"))


def test_a_file_whose_time_may_not_be_set_is_noted_as_not_sealed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise PermissionError("not yours")

    write("a", "text")
    monkeypatch.setattr(os, "utime", refuse)
    sealed = seal(job("a"))
    assert not decode(sealed.record, "a", sealed.result)[0].sealed
    assert unchanged(job("a"))


def test_where_the_disk_keeps_whole_seconds_a_file_is_noted_as_not_sealed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def coarse(file: int, *, ns: tuple[int, int]) -> None:
        set_times(file, ns=(ns[0], ns[1] - ns[1] % 1_000_000_000))

    write("a", "text")
    set_times = os.utime
    monkeypatch.setattr(os, "utime", coarse)
    sealed = seal(job("a"))
    assert not decode(sealed.record, "a", sealed.result)[0].sealed
    assert unchanged(job("a"))


class Writer:
    """Has something done to a file each time that somebody reads it."""

    def __init__(self, change: Callable[[], None], times: int) -> None:
        self._change = change
        self._left = times
        self._read = os.read

    def __call__(self, file: int, size: int) -> bytes:
        if self._left:
            self._left -= 1
            self._change()
        return self._read(file, size)


def append() -> None:
    with Path("a").open("a") as file:
        file.write("more")


def replace() -> None:
    write("other", "other text")
    Path("other").replace("a")


@pytest.mark.parametrize("change", [append, replace])
def test_a_file_that_is_written_while_it_is_hashed_is_hashed_again(
    change: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a", "text")
    monkeypatch.setattr(os, "read", Writer(change, 1))
    assert seal(job("a")).result == hash_file("a")


@pytest.mark.parametrize("change", [append, replace])
def test_a_file_that_is_still_written_breaks_the_contract(
    change: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a", "text")
    monkeypatch.setattr(os, "read", Writer(change, 1000))
    with pytest.raises(JobContractError, match="still being written"):
        seal(job("a"))


# -- the contract --------------------------------------------------------------------------------


def test_a_file_that_was_not_made_is_named() -> None:
    with pytest.raises(JobContractError) as caught:
        seal(job("out/a"))
    assert str(caught.value) == (
        "The job did not make its file.\n"
        "  file: out/a\n"
        "  Next: Let the job write the file, or declare the path that it writes."
    )
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_all_the_files_that_were_not_made_are_named() -> None:
    write("b", "text")
    with pytest.raises(JobContractError, match="2 of its 3 files") as caught:
        seal(job("a", "b", "c", style=MANY))
    assert caught.value.facts == {"job": "a:b:c", "file": "a, c"}


def test_a_link_that_leads_nowhere_is_no_file() -> None:
    Path("a").symlink_to("nowhere")
    with pytest.raises(JobContractError, match="did not make its file"):
        seal(job("a"))


def test_an_empty_file_breaks_the_contract_unless_it_may_be_empty() -> None:
    write("a", "")
    with pytest.raises(JobContractError, match="empty") as caught:
        seal(job("a"))
    assert "empty_ok=True" in caught.value.cure
    assert unchanged(job("a", style=OutputStyle(empty_ok=(True,))))


@pytest.mark.parametrize(
    ("put", "words"), [(os.mkdir, "a folder stands there"), (os.mkfifo, "no regular file")]
)
def test_what_is_no_file_breaks_the_contract(put: Callable[[str], None], words: str) -> None:
    put("a")
    with pytest.raises(JobContractError, match=words):
        seal(job("a"))


def test_when_the_contract_is_broken_the_old_files_are_still_aside() -> None:
    write("a", "old")
    claim(job("a", "b", style=MANY))
    write("a", "new")
    with pytest.raises(JobContractError):
        seal(job("a", "b", style=MANY))
    assert read(ASIDE) == "old"


# -- abandoning ----------------------------------------------------------------------------------


def given_up(*, old: bool, left: bool, rename_broken: bool, restore: bool) -> list[Abandoned]:
    if old:
        write("a", "old")
    claim(job("a"))
    if left:
        write("a", "half")
    return abandon(("a",), rename_broken=rename_broken, restore=restore)


def test_a_failed_job_leaves_nothing() -> None:
    assert given_up(old=True, left=True, rename_broken=False, restore=False) == [
        Abandoned("a", (Fate.REMOVED,))
    ]
    assert names() == []


def test_a_failed_job_may_leave_what_it_wrote_under_another_name() -> None:
    write("a.broken", "older")
    assert given_up(old=True, left=True, rename_broken=True, restore=False) == [
        Abandoned("a", (Fate.RENAMED,))
    ]
    assert names() == ["a.broken"]
    assert read("a.broken") == "half"


def test_after_a_cancelled_job_the_old_file_is_back() -> None:
    done = given_up(old=True, left=True, rename_broken=False, restore=True)
    assert done == [Abandoned("a", (Fate.REMOVED, Fate.RESTORED))]
    assert names() == ["a"]
    assert read("a") == "old"


def test_the_old_file_is_back_although_nothing_was_written() -> None:
    done = given_up(old=True, left=False, rename_broken=True, restore=True)
    assert done == [Abandoned("a", (Fate.RESTORED,))]
    assert read("a") == "old"


@pytest.mark.parametrize("restore", [True, False])
def test_where_nothing_was_and_nothing_is_there_is_nothing_to_do(restore: bool) -> None:
    assert given_up(old=False, left=False, rename_broken=True, restore=restore) == []
    assert abandon(("nowhere/a", "n" * 300), rename_broken=True, restore=restore) == []


def test_a_folder_that_the_job_made_in_place_of_its_file_is_renamed_and_never_removed() -> None:
    write("a", "old")
    claim(job("a"))
    Path("a/b").mkdir(parents=True)
    write("a/b/c", "half")
    assert abandon(("a",), rename_broken=False, restore=True) == [
        Abandoned("a", (Fate.RENAMED, Fate.RESTORED))
    ]
    assert read("a") == "old"
    assert read("a.broken/b/c") == "half"


def test_a_folder_that_bears_the_name_of_the_broken_file_is_left_alone() -> None:
    Path("a.broken").mkdir()
    write("a.broken/kept", "somebody's")
    assert given_up(old=False, left=True, rename_broken=True, restore=False) == [
        Abandoned("a", (Fate.RENAMED,))
    ]
    assert names() == ["a.broken-2", "a.broken/kept"]


def test_a_link_that_the_job_made_is_removed_and_not_what_it_leads_to() -> None:
    Path("folder").mkdir()
    write("folder/kept", "somebody's")
    claim(job("a"))
    Path("a").symlink_to("folder")
    abandon(("a",), rename_broken=False, restore=False)
    assert names() == ["folder/kept"]
    assert not Path("a").is_symlink()


def test_a_refusal_of_the_disk_is_told_and_does_not_stop_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(path: str) -> None:
        if path == "a":
            raise PermissionError("read-only")
        remove(path)

    write("a", "half")
    write("b", "half")
    remove = os.unlink
    monkeypatch.setattr(os, "unlink", refuse)
    done = abandon(("a", "b"), rename_broken=False, restore=False)
    assert done == [Abandoned("a", (Fate.STUCK,), "read-only"), Abandoned("b", (Fate.REMOVED,))]
    assert str(done[0]) == "a was left half-made: it could not be removed (read-only)"


def test_what_stood_there_before_an_attempt_that_never_began_is_not_touched() -> None:
    write("a", "somebody's")
    Path("b").mkdir()
    for restore in (True, False):
        done = abandon(("a", "b"), rename_broken=False, restore=restore, there=("a", "b"))
        assert done == []
    assert read("a") == "somebody's"
    assert Path("b").is_dir()


# -- recovering ----------------------------------------------------------------------------------


def test_after_a_killed_run_what_no_trace_has_goes_and_the_rest_stays() -> None:
    write("done", "done")
    write("half", "half")
    write("old", "old")
    claim(job("old"))
    write("old", "half")
    entries = [Entry("done", ("done",)), Entry("half", ("half",)), Entry("old", ("old",))]
    done = recover(entries, lambda entry: entry.job_id == "done")
    assert [str(one) for one in done] == [
        "half was left half-made: removed",
        "old was left half-made: removed, the file from before is back",
    ]
    assert names() == ["done", "old"]
    assert read("old") == "old"


def test_of_a_trusted_job_nothing_stays_aside() -> None:
    write("a", "text")
    claim(job("a"))
    write("a", "text")
    assert recover([Entry("a", ("a",))], lambda _entry: True) == []
    assert names() == ["a"]


def test_recovering_twice_is_no_harm() -> None:
    write("a", "old")
    entry = Entry("a", ("a",), there=("a",))
    claim(job("a"))
    write("a", "half")
    assert recover([entry], lambda _entry: False) != []
    assert recover([entry], lambda _entry: False) == []
    assert read("a") == "old"
