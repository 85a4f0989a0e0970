"""What stands for jobs that leave files, in the arguments of others."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from weft.graph.standing import paths_value, standing_for
from weft.model.job import Command, FilesJob, InvariantJob, LoadingJob, PartJob
from weft.model.kind import Kind
from weft.model.outputs import Form, OutputStyle

LIST, DICT = OutputStyle(Form.LIST), OutputStyle(Form.DICT, ("one", "two"))


def job(*paths: str, style: OutputStyle = OutputStyle()) -> FilesJob:
    return FilesJob("job", Command("write", None, kind=Kind.FILES), 0, paths, style)


@pytest.mark.parametrize(
    ("paths", "style", "value"),
    [
        (("a",), OutputStyle(), Path("a")),
        (("a",), LIST, [Path("a")]),
        (("b", "a"), LIST, [Path("b"), Path("a")]),
        (("b", "a"), DICT, {"one": Path("b"), "two": Path("a")}),
    ],
)
def test_files_stand_as_their_job_has_them(
    paths: tuple[str, ...], style: OutputStyle, value: object
) -> None:
    assert paths_value(paths, style) == value
    assert pickle.loads(standing_for(job(*paths, style=style))) == value


def test_a_part_stands_for_its_path() -> None:
    part = PartJob("part", Command("part", None, kind=Kind.PART), (), 1)
    part.extra, part.place = (job("b", "a", style=DICT),), 1
    assert pickle.loads(standing_for(part)) == Path("a")


def test_nothing_stands_for_jobs_without_files() -> None:
    load = LoadingJob("load", Command("load", None, kind=Kind.LOADING), (), 0)
    invariant = InvariantJob("i", Command("i", None, kind=Kind.INVARIANT), (), 0)
    invariant.watched = ("x",)
    assert [pickle.loads(standing_for(one)) for one in (load, invariant)] == [None, None]
