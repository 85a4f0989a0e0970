"""Who needs what for how long: the bookkeeping alone, without a plan."""

from __future__ import annotations

import pytest

from tests.scheduler.world import Call, World, add
from weft.graph.graph import Graph
from weft.model.job import LoadingJob
from weft.model.kind import Kind
from weft.scheduler.effects import Effects, is_lazy, is_temporary, whole


def files(name: str, *extra: str, temporary: tuple[bool, ...] = (False,), **more: object) -> Call:
    return Call(name, extra=extra, kind=Kind.FILES, temporary=temporary, **more)  # type: ignore[arg-type]


def temp(name: str, *extra: str) -> Call:
    return files(name, *extra, temporary=(True,))


def load(name: str, *extra: str) -> Call:
    return Call(name, extra=extra, kind=Kind.LOADING)


def part(name: str, of: str, place: int = 0) -> Call:
    return Call(name, extra=(of,), kind=Kind.PART, place=place)


class Course:
    """Effects, and a hand that settles jobs."""

    def __init__(self, *calls: Call) -> None:
        self.graph: Graph = World().graph(calls)
        self.done: set[int] = set()
        self.effects = Effects(self.graph, self.done.__contains__)

    def settle(self, *names: str) -> Course:
        """These jobs are done, without a run."""
        for name in names:
            job = self.graph.jobs[name]
            self.done.add(job.index)
            self.effects.settled(job)
        return self

    def run(self, *names: str) -> Course:
        """These jobs ran."""
        for name in names:
            job = self.graph.jobs[name]
            if is_lazy(job):
                self.effects.made.add(job.index)
            self.settle(name)
        return self

    def unloadable(self, name: str) -> Course:
        """The data of this job can be given back."""
        job = self.graph.jobs[name]
        assert isinstance(job, LoadingJob)
        job.unload = lambda: None
        return self

    def reopen(self, name: str) -> Course:
        job = self.graph.jobs[name]
        self.done.discard(job.index)
        self.effects.made.discard(job.index)
        self.effects.unsettled(job)
        return self

    def spent(self) -> list[str]:
        return [job.id for job in self.effects.take_spent()]

    def needs(self, name: str) -> list[str]:
        return [job.id for job in self.effects.needs(self.graph.jobs[name])]


@pytest.mark.parametrize(
    ("call", "temporary", "lazy"),
    [
        (files("x"), False, False),
        (temp("x"), True, True),
        (files("x", temporary=(True, True)), True, True),
        (files("x", temporary=(True, False)), True, False),
        (files("x", lazy=True), False, True),
        (load("x"), False, True),
        (Call("x"), False, False),
        (Call("x", kind=Kind.INVARIANT), False, False),
        (Call("x", kind=Kind.FINAL), False, False),
    ],
)
def test_what_is_done_only_for_others(call: Call, temporary: bool, lazy: bool) -> None:
    job = World().graph([call]).jobs["x"]
    assert (is_temporary(job), is_lazy(job)) == (temporary, lazy)


def test_a_part_is_as_lazy_as_the_job_that_makes_it() -> None:
    graph = World().graph([temp("t"), part("p", "t"), files("f"), part("q", "f")])
    assert whole(graph.jobs["p"]) is graph.jobs["t"]
    assert (is_lazy(graph.jobs["p"]), is_lazy(graph.jobs["q"])) == (True, False)
    assert is_temporary(graph.jobs["p"]) is False


def test_nothing_is_watched_over_where_all_that_is_made_stays() -> None:
    assert not Course(Call("a"), files("b", "a"), part("p", "b")).effects.active
    for call in (temp("t"), load("t"), files("t", lazy=True), files("t", temporary=(True, False))):
        assert Course(call).effects.active


def test_jobs_need_what_may_not_be_there_also_of_a_part_and_as_an_argument() -> None:
    course = Course(
        temp("t"),
        load("l"),
        files("f"),
        part("p", "t"),
        Call("a", inputs=("t",), extra=("f", "l", "p")),
    )
    assert course.needs("a") == ["t", "l"]
    assert course.needs("p") == []
    assert course.needs("f") == []


def test_a_temporary_file_is_spent_when_all_who_need_it_are_done() -> None:
    course = Course(temp("t"), part("p", "t"), files("a", "t"), files("b", "p")).run("t", "a")
    assert course.settle("p").spent() == []
    assert course.run("b").spent() == ["t"]
    assert course.spent() == []


def test_a_temporary_file_that_nobody_needs_is_spent_only_beside_one_that_stays() -> None:
    assert Course(files("t", temporary=(True, False))).run("t").spent() == ["t"]


def test_data_are_spent_only_if_they_were_loaded() -> None:
    course = Course(load("l"), files("a", "l")).unloadable("l")
    assert course.settle("l", "a").spent() == []
    assert course.reopen("a").run("l", "a").spent() == ["l"]
    assert course.effects.made == set()


def test_data_that_nobody_can_give_back_are_never_spent() -> None:
    course = Course(load("l"), files("a", "l"))
    assert course.run("l", "a").spent() == []
    assert course.effects.made == {course.graph.jobs["l"].index}


def test_what_was_asked_for_is_not_spent() -> None:
    course = Course(temp("t"), files("a", "t"))
    course.effects.asked.add(course.graph.jobs["t"].index)
    assert course.run("t", "a").spent() == []


def test_what_is_spent_and_then_needed_again_is_not_given_up() -> None:
    course = Course(temp("t"), files("a", "t")).run("t", "a")
    course.reopen("a")
    assert course.spent() == []
    assert course.run("a").spent() == ["t"]


def test_what_is_spent_and_then_made_anew_is_not_given_up() -> None:
    course = Course(temp("t"), files("a", "t")).run("t", "a")
    course.reopen("t")
    assert course.spent() == []


def test_a_lazy_job_that_did_not_run_needs_what_it_would_read_until_nobody_needs_it() -> None:
    course = Course(temp("t"), load("l", "t"), temp("u", "l"), files("a", "u"))
    course.run("t").settle("l", "u")
    assert course.spent() == []
    assert course.settle("a").spent() == ["u", "t"]


def test_a_lazy_job_that_ran_needs_nothing_any_more() -> None:
    course = Course(temp("t"), temp("u", "t"), files("a", "u"))
    assert course.run("t", "u").spent() == ["t"]
    assert course.run("a").spent() == ["u"]


def test_a_lazy_job_that_nobody_needs_needs_nothing() -> None:
    course = Course(temp("t"), temp("idle", "t"), load("idle too", "idle", "t"), files("a", "t"))
    assert "t" in course.run("t", "a").spent()


def test_a_lazy_job_that_was_asked_for_needs_what_it_reads() -> None:
    course = Course(temp("t"), temp("leaf", "t"), files("a", "t"))
    course.effects.asked.add(course.graph.jobs["leaf"].index)
    assert course.run("t", "a").spent() == []
    assert course.run("leaf").spent() == ["t"]


def test_jobs_that_came_later_need_things_too() -> None:
    course = Course(temp("t"), files("a", "t")).run("t")
    late = add(files("b", "t"), course.graph, "a")
    course.effects.grow([late])
    assert course.run("a").spent() == []
    assert course.run("b").spent() == ["t"]


def test_old_jobs_may_come_to_need_old_things() -> None:
    course = Course(temp("t"), files("a", "t"), files("b")).run("t")
    course.graph.jobs["b"].extra = (course.graph.jobs["t"],)
    course.effects.grow(())
    assert course.run("a").spent() == []
    assert course.run("b").spent() == ["t"]


def test_the_first_thing_that_does_not_stay_may_come_late() -> None:
    course = Course(files("a"))
    assert not course.effects.active
    late = add(temp("t"), course.graph, "a")
    course.effects.grow([late])
    assert course.effects.active


def test_users_are_those_who_depend_directly_and_parts_are_users_too() -> None:
    course = Course(temp("t"), part("p", "t"), files("a", "p"), Call("b", inputs=("t",)))
    users = course.effects.users(course.graph.jobs["t"])
    assert [user.id for user in users] == ["p", "b"]
