"""Files of the user's."""

from pathlib import Path

import pytest

from weft.console.drawing.files import write_file
from weft.errors import CommandFailed


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a.svg")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a.svg").read_bytes() == b"new"


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="can't be written"):
        write_file(tmp_path, b"new")
