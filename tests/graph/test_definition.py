"""What defines a job that makes files."""

from __future__ import annotations

from weft.graph.definition import define, define_all, set_code
from weft.model.job import Command, FilesJob
from weft.model.kind import Kind
from weft.model.outputs import Form, OutputStyle

COMMAND = Command("write", None, kind=Kind.FILES)
set_code(COMMAND, b"code")


def defined(*paths: str, style: OutputStyle = OutputStyle(), **more: object) -> bytes:
    job = FilesJob("a", COMMAND, 0, paths, style, **more)
    one = define(job)
    job.definition = None
    define_all([job])
    assert job.definition == one  # the quick way is the same
    return one


def test_paths_names_and_whether_they_stay_are_part_of_it() -> None:
    both = Form.DICT
    different = [
        defined("a"),
        defined("b"),
        defined("a", "b"),
        defined("b", "a"),
        defined("a", style=OutputStyle(temporary=(True,))),
        defined("a", "b", style=OutputStyle(temporary=(True, False))),
        defined("a", "b", style=OutputStyle(both, ("x", "y"))),
        defined("a", "b", style=OutputStyle(both, ("y", "x"))),
        defined("a", kwargs={"x": 1}),
        defined("a", kwargs={"x": [1]}, arguments=b"digest"),
    ]
    assert len(set(different)) == len(different)


def test_how_they_are_checked_and_handed_over_is_not() -> None:
    styles = [
        OutputStyle(),
        OutputStyle(takes=True),
        OutputStyle(empty_ok=(True,)),
        OutputStyle(rename_broken=True),
        OutputStyle(temporary=(False,)),
        OutputStyle(lazy=True),
    ]
    assert {defined("a", style=style) for style in styles} == {defined("a")}
