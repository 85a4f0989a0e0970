import os
from pathlib import Path

import pytest

from weft.errors import UserError
from weft.settings.files import (
    home_folder,
    problem_of,
    project_folders,
    read_file,
    user_rc,
)


def stat_of(uid: int, mode: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, uid, 0, 0, 0, 0, 0))


def test_a_file_of_this_user_or_of_root_is_trusted_unless_everybody_can_write_to_it() -> None:
    other = os.geteuid() + 1
    assert problem_of(stat_of(os.geteuid(), 0o100664)) == ""
    assert problem_of(stat_of(0, 0o100644)) == ""
    assert problem_of(stat_of(os.geteuid(), 0o100666)) == "everybody can write to it"
    assert problem_of(stat_of(other, 0o100644)) == "it belongs to another user"


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rc")
    assert read_file(tmp_path / "rc", "rc") is None
    assert read_file(tmp_path, "rc") is None
    assert read_file(tmp_path / "none", "rc") is None


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rc").write_bytes(b"n=4\xff")
    with pytest.raises(UserError, match="rc is not UTF-8") as caught:
        read_file(tmp_path / "rc", "rc")
    assert caught.value.facts == {"byte": "3"}


def test_the_rc_files_of_the_user_follow_xdg(tmp_path: Path) -> None:
    assert [label for _, label in user_rc({}, tmp_path)] == ["~/.config/weft/rc", "~/.weftrc"]
    inside = {"XDG_CONFIG_HOME": str(tmp_path / "conf")}
    assert next(user_rc(inside, tmp_path)) == (tmp_path / "conf" / "weft" / "rc", "~/conf/weft/rc")
    relative = {"XDG_CONFIG_HOME": "conf"}
    assert next(label for _, label in user_rc(relative, tmp_path)) == "~/.config/weft/rc"
    assert list(user_rc({}, None)) == []


def test_home_is_what_the_environment_says(tmp_path: Path) -> None:
    assert home_folder({"HOME": str(tmp_path)}) == tmp_path


def test_the_search_ends_at_the_top_of_the_repository(tmp_path: Path) -> None:
    start = tmp_path / "repository" / "a" / "b"
    start.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    assert list(project_folders(start, None)) == [start, start.parent, start.parent.parent]


def test_the_search_ends_below_home(tmp_path: Path) -> None:
    start = tmp_path / "a" / "b"
    start.mkdir(parents=True)
    assert list(project_folders(start, tmp_path)) == [start, start.parent]


def test_the_search_ends_below_a_folder_that_everybody_can_write_to(tmp_path: Path) -> None:
    start = tmp_path / "open" / "mine"
    start.mkdir(parents=True)
    start.parent.chmod(0o1777)
    assert list(project_folders(start, None)) == [start]


def test_a_search_that_finds_no_top_ends_at_the_root() -> None:
    assert list(project_folders(Path("/"), None)) == [Path("/")]
