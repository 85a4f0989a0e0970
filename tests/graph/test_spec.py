"""What is kept of a job beside its call makes it into the same kind of job again."""

from __future__ import annotations

import pickle

import pytest

from weft.graph.spec import job_of, spec_of
from weft.model.job import (
    Command,
    FilesJob,
    FullJob,
    InvariantJob,
    Job,
    JobRecord,
    LoadingJob,
    PartJob,
)
from weft.model.kind import Kind
from weft.model.outputs import Form, OutputStyle
from weft.model.resources import DEFAULT_OPTIONS


def command(kind: Kind) -> Command:
    return Command("f", None, kind=kind)


UPSTREAM = Job("up", command(Kind.VALUE), (), 0)
STYLE = OutputStyle(Form.DICT, ("x", "y"), temporary=(True, False), lazy=True)


def examples() -> list[FullJob]:
    files = FilesJob("files", command(Kind.FILES), 1, ("a", "b"), STYLE, extra=(UPSTREAM,))
    part = PartJob("part", command(Kind.PART), (), 2, extra=(files,))
    part.place = 1
    watching = InvariantJob("watching", command(Kind.INVARIANT), (), 3)
    watching.watched = ("in.txt",)
    plain = InvariantJob("plain", command(Kind.INVARIANT), (), 4)
    plain.watched = ()
    load = LoadingJob("load", command(Kind.LOADING), (), 5, extra=(files,))
    load.unload = print
    extending = FullJob("extending", command(Kind.EXTENDING), (), 6)
    final = FullJob("final", command(Kind.FINAL), (), 7, extra=(files,))
    for job in (files, load, final):
        job.roles = ("a role",)
    return [files, part, watching, plain, load, extending, final]


@pytest.mark.parametrize("job", examples(), ids=lambda job: job.id)
def test_a_job_of_each_kind_is_made_again_from_what_is_kept(job: FullJob) -> None:
    spec = pickle.loads(pickle.dumps(spec_of(job), 5))
    again = job_of(job.id, job.command, job.index, spec, extra=job.extra, inputs=job.inputs)
    assert type(again) is type(job)
    assert (again.id, again.command, again.index) == (job.id, job.command, job.index)
    assert (again.roles, again.extra, again.inputs) == (job.roles, job.extra, job.inputs)
    for name in ("paths", "style", "place", "watched"):
        assert getattr(again, name, None) == getattr(job, name, None)
    assert spec_of(again) == spec_of(job)


def test_nothing_more_is_kept_of_calls() -> None:
    full = FullJob("full", command(Kind.VALUE), (), 0, extra=(UPSTREAM,))
    assert spec_of(UPSTREAM) is None
    assert spec_of(full) is None
    assert type(job_of("full", full.command, 0, None)) is FullJob


def test_an_unload_is_not_kept_since_nothing_is_loaded_elsewhere() -> None:
    load = next(job for job in examples() if isinstance(job, LoadingJob))
    again = job_of("load", load.command, 0, spec_of(load))
    assert isinstance(again, LoadingJob)
    assert again.unload is None


@pytest.mark.parametrize("kind", list(Kind))
def test_a_row_that_lost_its_spec_still_gives_a_job(kind: Kind) -> None:
    job = job_of("x", command(kind), 0, None)
    assert isinstance(job, FullJob)
    assert job.roles == ()


def test_records_of_an_older_weft_are_of_values() -> None:
    call = {"dynamic": False, "options": DEFAULT_OPTIONS, "packed": b""}
    record = JobRecord("a", "f", "g", b"", b"", "()", (), (), **call)  # type: ignore[arg-type]
    state = record.__getstate__()  # type: ignore[attr-defined]
    old = JobRecord.__new__(JobRecord)
    old.__setstate__(state[:-2])
    assert (old.kind, old.spec, old.packages) == (Kind.VALUE, None, ())
    assert old == record
