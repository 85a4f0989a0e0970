"""``dump`` and ``export``: which files they write, and which they never touch."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import weft
from tests.console.conftest import Console, Open
from weft.console.views.exporting import Folder, as_file, file_name
from weft.errors import CommandFailed, UserError

MAKE = "make executor=inline"


def document(console: Console, command: str) -> Any:
    console(command)
    return json.loads(console.stream.getvalue())


# -- names -------------------------------------------------------------------------------------


@given(st.text(max_size=400), st.text(max_size=400))
def test_no_two_ids_have_one_file_and_none_leaves_the_folder(one: str, other: str) -> None:
    names = file_name(one), file_name(other)
    assert (names[0] == names[1]) is (one == other)
    for name in names:
        assert "/" not in name
        assert "\0" not in name
        assert not name.startswith(".")
        assert len(name.encode()) < 240


@pytest.mark.parametrize("job_id", ["..", ".", "../up", "/etc/passwd", "a\0b", "a/b", "é" * 300])
def test_ids_that_look_like_paths_are_plain_names(job_id: str, tmp_path: Path) -> None:
    with Folder(tmp_path, overwrite=False) as folder:
        folder.write(file_name(job_id) + ".bin", lambda file: file.write(b"x"))
    assert len(list(tmp_path.glob("*.bin"))) == 1


# -- formats -----------------------------------------------------------------------------------


def written(value: object, tmp_path: Path) -> Path:
    ending, write = as_file(value)
    with Folder(tmp_path, overwrite=False) as folder:
        folder.write(f"it{ending}", write)
    return tmp_path / f"it{ending}"


def test_texts_and_bytes_are_files_as_they_are(tmp_path: Path) -> None:
    assert written("é\n", tmp_path).read_bytes() == "é\n".encode()
    assert written(b"\0\1", tmp_path).read_bytes() == b"\0\1"


def test_plain_data_are_json(tmp_path: Path) -> None:
    value = {"a": [1, 2.5, None, True], "b": {"c": "é"}}
    path = written(value, tmp_path)
    assert path.suffix == ".json"
    assert json.loads(path.read_text()) == value


def test_arrays_and_tables_are_files_of_their_kinds(tmp_path: Path) -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(np.load(written(array, tmp_path)), array)
    many = np.load(written({"x": array, "y": array + 1}, tmp_path))
    assert sorted(many) == ["x", "y"]
    frame = pd.DataFrame({"n": [1, 2]})
    assert written(frame, tmp_path).read_text() == ",n\n0,1\n1,2\n"
    assert written(frame["n"], tmp_path).suffix == ".csv"
    assert written(np.float64(2.5), tmp_path).read_text() == "2.5\n"


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        {1: 2},
        float("nan"),
        [float("inf")],
        {"a": {3}},
        np.array([None]),
        {"a/b": np.ones(2)},
    ],
    ids=str,
)
def test_all_else_is_a_pickle(value: object, tmp_path: Path) -> None:
    path = written(value, tmp_path)
    assert path.suffix == ".pickle"
    assert repr(pickle.loads(path.read_bytes())) == repr(value)


def test_what_pickle_alone_refuses_is_written_too(tmp_path: Path) -> None:
    path = written(lambda: 7, tmp_path)
    assert pickle.loads(path.read_bytes())() == 7


# -- folders -----------------------------------------------------------------------------------


def test_own_files_are_replaced_and_files_of_others_are_not(opened: Open, tmp_path: Path) -> None:
    target = tmp_path / "results"
    console = opened(1)
    console(MAKE)
    for _ in range(2):
        assert "Wrote 1 file" in console(f"export draw* to={target}")[-1]
    file = target / "draw-1.txt"
    assert file.read_text() == "######"
    file.write_text("mine")
    with pytest.raises(UserError, match="there already"):
        console(f"export draw* to={target}")
    assert file.read_text() == "mine"
    console(f"export draw* to={target} overwrite=1")
    assert file.read_text() == "######"
    assert not list(target.glob(".weft-[!e]*"))


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "it.bin").symlink_to(outside)
    with Folder(folder, overwrite=False) as target:
        with pytest.raises(UserError):
            target.write("it.bin", lambda file: file.write(b"x"))
    with Folder(folder, overwrite=True) as target:
        target.write("it.bin", lambda file: file.write(b"x"))
    assert outside.read_text() == "mine"
    assert (folder / "it.bin").read_bytes() == b"x"


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(_file: object) -> None:
        raise OSError(28, "No space left on device")

    with Folder(tmp_path / "new", overwrite=False) as target:
        with pytest.raises(CommandFailed, match="can't be written"):
            target.write("it.bin", fail)
    assert list((tmp_path / "new").iterdir()) == []


# -- commands ----------------------------------------------------------------------------------


def test_dump_writes_pickles_of_what_is_done_and_names_the_rest(
    opened: Open, tmp_path: Path
) -> None:
    console = opened(1, 0)
    console(MAKE)
    lines = console(f"dump all directory={tmp_path / 'd'}")
    assert lines[3:5] == ["fit-0 was left out: it is failed", "draw-0 was left out: it is blocked"]
    assert lines[0].startswith("load  load.pickle  ")
    assert pickle.loads((tmp_path / "d" / "fit-1.pickle").read_bytes()) == 6.0


def test_dump_prints_values(opened: Open) -> None:
    console = opened(1)
    console(MAKE)
    assert console("dump load draw-1 directory=-") == [
        "load",
        "  [1, 2, 3]",
        "draw-1",
        "  '######'",
    ]
    found = document(console, "dump load directory=- json=1")
    assert found == {"values": {"load": "[1, 2, 3]"}, "left_out": []}


def test_nothing_is_written_of_a_pretended_job(opened: Open, tmp_path: Path) -> None:
    console = opened(1)
    console.context.pretend("load")
    lines = console(f"dump load directory={tmp_path / 'd'}")
    assert lines[0] == "load was left out: it was only pretended to be done"


def test_export_needs_a_folder(opened: Open) -> None:
    with pytest.raises(UserError, match="needs a folder"):
        opened(1)("export load")


def grow(context: weft.Definer, numbers: list[int]) -> list[weft.Promise[str]]:
    return [context.comp(str, number, job_id=f"grow-{number}") for number in numbers]


def test_promises_in_a_result_are_filled_in(tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    context.comp_dynamic(grow, [1, 2])
    console = Console(context)
    console(f"{MAKE}; export grow to={tmp_path / 'e'}")
    assert json.loads((tmp_path / "e" / "grow.json").read_text()) == ["1", "2"]
