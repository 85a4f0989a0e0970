"""What defines a job that makes files."""

from __future__ import annotations

import pytest

from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definition import (
    arguments_text,
    arguments_words,
    define,
    define_all,
    fingerprint_command,
    set_code,
)
from weft.model.job import Command, FilesJob, FullJob
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


# -- jobs with a function of their own -------------------------------------------------------------


def holding(value: object, name: str = "x") -> FilesJob:
    """A job of a family."""
    command = Command("lambda", makers[name](0), kind=Kind.FILES, shared=True)
    fingerprint_command(command, Fingerprinter())
    job = FilesJob("a", command, 0, ("a",))
    job.own = makers[name](value)
    return job


makers = {
    "x": lambda value: lambda path, unit="kb": (path, value, unit),
    "y": lambda value: lambda path, unit="kb": (path, unit, value),
}


@pytest.mark.parametrize(
    "value", [0, 1, True, "1", None, 10**5000, [1]], ids=lambda value: type(value).__name__
)
def test_a_job_of_a_family_has_the_definition_that_it_would_have_alone(value: object) -> None:
    job = holding(value)
    alone = Command("lambda", job.own, kind=Kind.FILES)
    fingerprint_command(alone, Fingerprinter())
    for more in ({}, {"kwargs": {"x": 1}}):
        same = FilesJob("a", alone, 0, ("a",), **more)
        kin = FilesJob("a", job.command, 0, ("a",), **more)
        kin.own = job.own
        assert define(kin) == define(same)
        kin.definition = None
        define_all([kin])
        assert kin.definition == same.definition


def test_jobs_of_a_family_differ_by_what_their_functions_hold() -> None:
    different = [define(holding(1)), define(holding(2)), define(holding(1, "y"))]
    assert len(set(different)) == 3
    assert define(holding(1)) == different[0]


def test_what_a_function_holds_is_told_with_the_arguments() -> None:
    text = arguments_text(holding("a\n" * 100))
    given, unit, value = text.split("\n")
    assert (given, unit) == ("()", "unit='kb'")
    assert value.startswith("value='a\\na")
    assert value.endswith("…")
    job = FullJob("a", holding(1).command, (1, "b"), 0)
    job.own = holding(2).own
    assert arguments_words(arguments_text(job)) == "(1, 'b') with unit='kb', value=2"
