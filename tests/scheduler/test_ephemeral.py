"""Temporary files and loaded data: there when somebody needs them, and no longer (rules 24 to 26).

Most against an oracle that computes everything from scratch, in a world without disk that checks of
each job, when it begins and when it ends, that all that it needs is there as it was promised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scheduler.world import Call, Finished, World, children_of, oracle
from weft.model.job import Job
from weft.model.kind import Kind
from weft.scheduler.effects import is_lazy
from weft.scheduler.status import Status

INPUTS = ("x", "y")
KEPT, TEMP, WITH_LOG = (False,), (True,), (True, False)
SHAPES = (KEPT, KEPT, TEMP, TEMP, TEMP, WITH_LOG, (False, False), (True, True))


def files(name: str, *extra: str, temporary: tuple[bool, ...] = KEPT, **more: object) -> Call:
    return Call(name, extra=extra, kind=Kind.FILES, temporary=temporary, spread=1000, **more)  # type: ignore[arg-type]


def temp(name: str, *extra: str, **more: object) -> Call:
    return files(name, *extra, temporary=TEMP, **more)  # type: ignore[arg-type]


def load(name: str, *extra: str, **more: object) -> Call:
    return Call(name, extra=extra, kind=Kind.LOADING, spread=1000, **more)  # type: ignore[arg-type]


def part(name: str, whole: str, place: int) -> Call:
    return Call(name, extra=(whole,), kind=Kind.PART, place=place)


# -- any graph ---------------------------------------------------------------------------------


@st.composite
def calls_of(draw: st.DrawFn, *, random: bool = False, largest: int = 9) -> list[Call]:
    calls: list[Call] = []
    for number in range(draw(st.integers(1, largest))):
        calls.append(draw(one_call(f"j{number}", calls, random=random)))
    return calls


@st.composite
def one_call(draw: st.DrawFn, name: str, before: Sequence[Call], *, random: bool) -> Call:
    """A call that may depend on those before."""
    kinds = [Kind.VALUE, *[Kind.FILES] * 4, Kind.LOADING, Kind.LOADING, Kind.INVARIANT]
    several = [call.id for call in before if len(call.temporary) > 1]
    kind = draw(st.sampled_from([*kinds, Kind.PART, Kind.PART] if several else kinds))
    if kind is Kind.PART:
        return part(name, draw(st.sampled_from(several)), draw(st.integers(0, 1)))
    call = Call(
        name,
        code=draw(st.integers(0, 3)),
        argument=draw(st.integers(0, 2)),
        kind=kind,
        spread=draw(st.sampled_from([1, 2, 1000])),
    )
    if kind is Kind.INVARIANT:
        watched = draw(st.lists(st.sampled_from(INPUTS), unique=True, max_size=2))
        return replace(call, watched=tuple(watched))
    extra = draw(some([call.id for call in before]))
    passed = [one.id for one in before if one.kind in {Kind.VALUE, Kind.FILES, Kind.PART}]
    inputs = draw(some(passed)) if kind is not Kind.LOADING else ()
    shape = draw(st.sampled_from(SHAPES)) if kind is Kind.FILES else KEPT
    may_vary = kind is Kind.VALUE or (kind is Kind.FILES and True in shape)
    moody = random and may_vary and draw(st.booleans())
    lazy = kind is Kind.FILES and draw(st.integers(0, 4)) == 0
    return replace(call, extra=extra, inputs=inputs, temporary=shape, random=moody, lazy=lazy)


@st.composite
def some(draw: st.DrawFn, names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=3)))


@st.composite
def extending_calls(draw: st.DrawFn) -> list[Call]:
    """Calls of which some define others in each run, and let jobs that wait depend on them."""
    calls: list[Call] = []
    for number in range(draw(st.integers(2, 7))):
        name = f"j{number}"
        if draw(st.integers(0, 2)):
            calls.append(draw(one_call(name, calls, random=False)))
            continue
        made: list[Call] = []
        for place in range(draw(st.integers(0, 4))):
            made.append(draw(one_call(f"c{place}", [*calls, *made], random=False)))
        calls.append(Call(name, kind=Kind.EXTENDING, makes=tuple(made)))
    return [draw(injecting(call, calls)) if call.makes else call for call in calls]


@st.composite
def injecting(draw: st.DrawFn, call: Call, calls: Sequence[Call]) -> Call:
    waiting = [
        one.id
        for one in calls
        if call.id in one.extra and one.kind in {Kind.VALUE, Kind.FILES, Kind.LOADING}
    ]
    if not waiting:
        return call
    news = [child.id for child in children_of(call)]
    pairs = st.tuples(st.sampled_from(waiting), st.sampled_from(news))
    return replace(call, injects=tuple(draw(st.sets(pairs, max_size=4))))


@st.composite
def edits(draw: st.DrawFn, calls: list[Call]) -> list[Call]:
    """The same script a day later: some calls edited, linked otherwise, or dropped."""
    edited: list[Call] = []
    for call in calls:
        known = {one.id for one in edited}
        kind = draw(st.sampled_from(["keep", "keep", "keep", "code", "argument", "link", "drop"]))
        gone = not known.issuperset((*call.inputs, *call.extra))
        if kind == "drop" or gone or call.makes:
            continue
        if kind in {"code", "argument"}:
            call = replace(call, **{kind: draw(st.integers(0, 3))})  # type: ignore[arg-type]
        elif kind == "link" and call.kind not in {Kind.PART, Kind.INVARIANT}:
            call = replace(call, extra=draw(some(sorted(known))))
        edited.append(call)
    return edited or [Call("only")]


def disturb(data: st.DataObject, world: World, calls: list[Call]) -> list[Call]:
    """Something that may happen between two runs, or to a run."""
    names = st.sampled_from([call.id for call in calls])
    kinds = ["edit", "input", "remove", "overwrite", "kill", "fail", "cancel", "only", "lose"]
    match data.draw(st.sampled_from(kinds)):
        case "edit":
            return data.draw(edits(calls))
        case "input":
            world.files[data.draw(st.sampled_from(INPUTS))] = data.draw(st.integers(0, 2))
        case "remove" if world.disk:
            del world.disk[data.draw(st.sampled_from(sorted(world.disk)))]
        case "overwrite":
            paths = [path for call in calls if call.kind is Kind.FILES for path in call.paths]
            world.disk.update(dict.fromkeys(data.draw(some(paths)), "scribbled over"))
        case "kill":
            run(data, world, calls, stop_after=data.draw(st.integers(0, len(calls))))
        case "fail":
            bad = data.draw(st.sets(names, min_size=1, max_size=2))
            run(data, world, calls, fails=bad.__contains__)
        case "cancel":
            bad = data.draw(st.sets(names, min_size=1, max_size=2))
            run(data, world, calls, cancels=bad.__contains__)
        case "only":
            run(data, world, calls, *data.draw(st.sets(names, min_size=1, max_size=3)))
        case "lose" if not world.inline and world.values:
            del world.values[data.draw(st.sampled_from(sorted(world.values)))]
    return calls


def run(
    data: st.DataObject, world: World, calls: Sequence[Call], *targets: str, **more: object
) -> Finished:
    """A run of up to three jobs at a time that end in any order."""
    lanes = data.draw(st.integers(1, 3))

    def pick(number: int) -> int:
        return data.draw(st.integers(0, number - 1)) if number > 1 else 0

    return world.run(calls, *targets, lanes=lanes, pick=pick, **more)  # type: ignore[arg-type]


def consumers(finished: Finished, name: str) -> list[Job]:
    """The jobs that read what a job makes, also by one of its parts."""
    jobs = list(finished.graph)
    parts = (job.id for job in jobs if job.command.kind is Kind.PART and job.extra[0].id == name)
    names = {name, *parts}
    users = (job for job in jobs if names.intersection(u.id for u in job.upstream))
    return [user for user in users if user.command.kind is not Kind.PART]


def check_kept(
    world: World, finished: Finished, calls: Sequence[Call], every: Sequence[Call]
) -> None:
    """All is done, and what is there is as the oracle has it."""
    counts = finished.plan.counts()
    assert counts.done == counts.total
    truth = oracle(calls, world.files)
    for name, value in finished.values.items():
        assert value == truth[name], name
    for call in every:
        if call.kind is Kind.FILES and finished.status(call.id) is Status.DONE:
            made = zip(call.paths, truth[call.id], call.temporary, strict=True)  # type: ignore[call-overload]
            kept = {path: content for path, content, temporary in made if not temporary}
            assert kept.items() <= world.disk.items(), call.id


def check_needed(finished: Finished, asked: Sequence[str] = ()) -> None:
    """What was made only to be there was needed by a job that ran."""
    executed = set(finished.executed)
    for name in finished.revived - set(asked):
        job = finished.graph.jobs[name]
        if job.command.kind:
            assert executed.intersection(u.id for u in consumers(finished, name)), name


def check_removed(world: World, finished: Finished, calls: Sequence[Call]) -> None:
    """No temporary file is left whose consumers are all done."""
    idle = idle_of(finished)
    for call in calls:
        if call.kind is not Kind.FILES or finished.status(call.id) is not Status.DONE:
            continue
        users = [u for u in consumers(finished, call.id) if u.id not in idle]
        left = [p for p, t in zip(call.paths, call.temporary, strict=True) if t and p in world.disk]
        if users and all(finished.status(user.id) is Status.DONE for user in users):
            assert not left, call.id


def idle_of(finished: Finished) -> set[str]:
    """Ids of the jobs that make only what is there for others, if nobody needs it."""
    lazy = [j for j in finished.graph if is_lazy(j) and j.command.kind is not Kind.PART]
    users = {job.id: {user.id for user in consumers(finished, job.id)} for job in lazy}
    idle: set[str] = set()
    while more := {name for name, needing in users.items() if needing <= idle} - idle:
        idle |= more
    return idle


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_whatever_happened_before_what_is_kept_is_the_oracles_and_a_second_run_does_nothing(
    data: st.DataObject,
) -> None:
    world = World(files={"x": 0, "y": 0}, inline=data.draw(st.booleans()))
    calls = data.draw(calls_of())
    for _ in range(data.draw(st.integers(1, 4))):
        calls = disturb(data, world, calls)
        finished = run(data, world, calls)
        check_kept(world, finished, calls, calls)
        check_needed(finished)
        check_removed(world, finished, calls)
        assert idle_of(finished).isdisjoint(finished.executed)
        assert len(set(finished.executed)) == len(finished.executed)
        again = run(data, world, calls)
        assert again.nothing_to_do, again.executed


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_temporary_file_that_is_another_each_time_is_made_once_and_then_nothing_is_to_do(
    data: st.DataObject,
) -> None:
    world = World(files={"x": 0, "y": 0}, inline=data.draw(st.booleans()))
    calls = data.draw(calls_of(random=True))
    for _ in range(data.draw(st.integers(1, 3))):
        calls = disturb(data, world, calls)
        finished = run(data, world, calls)
        counts = finished.plan.counts()
        assert counts.done == counts.total
        check_removed(world, finished, calls)
        moody = [call.id for call in calls if call.random]
        assert all(finished.executed.count(name) <= 1 for name in moody), finished.executed
        again = run(data, world, calls)
        assert again.nothing_to_do, again.executed


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_the_same_is_true_of_jobs_that_others_defined_or_were_made_to_wait_for(
    data: st.DataObject,
) -> None:
    world = World(files={"x": 0, "y": 0})
    calls = data.draw(extending_calls())
    for _ in range(data.draw(st.integers(1, 4))):
        calls = disturb(data, world, calls)
        finished = run(data, world, calls)
        every = [one for call in calls for one in (call, *children_of(call))]
        check_kept(world, finished, calls, every)
        check_needed(finished)
        check_removed(world, finished, every)
        assert idle_of(finished).isdisjoint(finished.executed)
        each_run = {call.id for call in calls if call.kind is Kind.EXTENDING}
        again = run(data, world, calls)
        needed = {u.id for name in each_run for u in _rests_on(again, name)}
        assert each_run <= set(again.executed) <= each_run | needed


def _rests_on(finished: Finished, name: str) -> list[Job]:
    """What a job depends on, directly or not."""
    found: dict[str, Job] = {}
    agenda = [finished.graph.jobs[name]]
    while agenda:
        for upstream in agenda.pop().upstream:
            if upstream.id not in found:
                found[upstream.id] = upstream
                agenda.append(upstream)
    return list(found.values())


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_selection_of_temporary_files_makes_them_and_they_stay_for_who_asked(
    data: st.DataObject,
) -> None:
    world = World(files={"x": 0, "y": 0})
    calls = data.draw(calls_of())
    temporary = [c for c in calls if c.kind is Kind.FILES and False not in c.temporary]
    if not temporary:
        return
    for _ in range(data.draw(st.integers(0, 2))):
        calls = disturb(data, world, calls)
    asked = [call for call in temporary if call in calls]
    names = [call.id for call in asked if data.draw(st.booleans())]
    if not names:
        return
    finished = run(data, world, calls, *names)
    check_needed(finished, names)
    for name in names:
        call = next(call for call in calls if call.id == name)
        assert set(call.paths) <= set(world.disk)
    again = run(data, world, calls, *names)
    assert again.nothing_to_do, again.executed
    check_removed(world, run(data, world, calls), calls)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_selection_with_other_jobs_makes_what_these_need_and_no_more(
    data: st.DataObject,
) -> None:
    world = World(files={"x": 0, "y": 0})
    calls = data.draw(calls_of())
    for _ in range(data.draw(st.integers(0, 2))):
        calls = disturb(data, world, calls)
    names = data.draw(st.sets(st.sampled_from([call.id for call in calls]), min_size=1))
    graph = world.graph(calls)
    lasting = [name for name in names if not is_lazy(graph.jobs[name])]
    if lasting:
        without = run(data, replace_world(world), calls, *lasting)
        finished = run(data, world, calls, *names)
        assert set(finished.executed) == set(without.executed)
        check_needed(finished)


def replace_world(world: World) -> World:
    """A copy that can be changed."""
    return replace(
        world,
        files=dict(world.files),
        disk=dict(world.disk),
        traces=list(world.traces),
        observations=dict(world.observations),
        children=dict(world.children),
        values=dict(world.values),
        failures=dict(world.failures),
        failed=set(world.failed),
        invalidated=set(world.invalidated),
    )


# -- one by one --------------------------------------------------------------------------------


def test_a_temporary_file_is_made_when_a_job_that_needs_it_must_run_and_removed_after_it() -> None:
    world = World()
    script = [temp("t"), files("a", "t")]
    assert world.run(script).executed == ["t", "a"]
    assert set(world.disk) == {"a"}
    assert world.run(script).nothing_to_do
    del world.disk["a"]
    assert world.run(script).executed == ["t", "a"]
    assert set(world.disk) == {"a"}


def test_data_are_loaded_once_for_all_that_must_run_and_not_at_all_without_such() -> None:
    world = World()
    script = [load("l"), files("a", "l"), files("b", "l"), load("idle")]
    assert world.run(script).executed == ["l", "a", "b"]
    assert world.run(script).nothing_to_do
    del world.disk["b"]
    assert world.run(script).executed == ["l", "b"]


def test_other_data_of_a_load_make_the_jobs_run_that_read_them() -> None:
    world = World()
    world.run([load("l"), files("a", "l")])
    assert world.run([load("l", code=1), files("a", "l")]).executed == ["l", "a"]


def test_a_temporary_file_that_turns_out_the_same_stops_what_depends_on_it_from_running() -> None:
    world = World()
    world.run([Call("t", kind=Kind.FILES, temporary=TEMP, spread=1), files("a", "t")])
    edited = [Call("t", kind=Kind.FILES, temporary=TEMP, spread=1, code=1), files("a", "t")]
    assert world.run(edited).executed == ["t"]
    assert set(world.disk) == {"a"}


def test_a_temporary_file_stays_for_a_job_that_failed_and_is_not_made_again() -> None:
    world = World()
    script = [temp("t"), files("a", "t"), files("b", "t")]
    world.run(script, fails="a".__eq__)
    assert set(world.disk) == {"t", "b"}
    assert world.run(script).executed == ["a"]
    assert set(world.disk) == {"a", "b"}


def test_a_temporary_file_that_was_left_is_removed_once_all_who_need_it_are_done() -> None:
    world = World()
    script = [temp("t"), files("a", "t"), files("b", "t")]
    world.run(script)
    world.disk["t"] = next(o for *_, n, _f, o, _ in world.traces if n == "t") and "left by a kill"
    assert world.run(script).nothing_to_do
    assert set(world.disk) == {"a", "b"}


def test_a_temporary_file_stays_while_a_job_that_needs_it_was_not_asked_for() -> None:
    world = World()
    script = [temp("t"), files("a", "t"), files("b", "t")]
    assert world.run(script, "a").executed == ["t", "a"]
    assert set(world.disk) == {"t", "a"}
    assert world.run(script).executed == ["b"]
    assert set(world.disk) == {"a", "b"}


def test_a_chain_of_temporary_files_is_made_again_as_a_whole() -> None:
    world = World()
    script = [temp("t"), temp("u", "t"), files("a", "u")]
    world.run(script)
    del world.disk["a"]
    assert world.run(script).executed == ["t", "u", "a"]
    assert set(world.disk) == {"a"}


def test_a_temporary_file_is_removed_although_a_job_that_nobody_needs_would_read_it() -> None:
    world = World()
    script = [temp("t"), files("a", "t"), temp("idle", "t"), load("idle too", "idle")]
    assert world.run(script).executed == ["t", "a"]
    assert set(world.disk) == {"a"}


def test_a_temporary_file_is_there_for_a_load_that_begins_much_later() -> None:
    world = World()
    script = [temp("t"), load("l", "t"), files("slow", code=1), files("a", "l", "slow")]
    assert world.run(script).executed == ["t", "slow", "l", "a"]
    assert set(world.disk) == {"slow", "a"}


def test_the_temporary_file_beside_a_log_goes_although_nobody_needed_it() -> None:
    world = World()
    script = [files("t", temporary=WITH_LOG)]
    assert world.run(script).executed == ["t"]
    assert set(world.disk) == {"t/1"}
    assert world.run(script).nothing_to_do
    del world.disk["t/1"]
    assert world.run(script).executed == ["t"]


def test_a_lazy_job_is_made_when_somebody_needs_it_and_stays() -> None:
    world = World()
    cache = files("f", lazy=True)
    assert world.run([cache, load("l", "f")]).nothing_to_do
    assert world.run([temp("t"), replace(cache, extra=("t",)), load("l", "f")]).nothing_to_do
    assert world.run([cache, load("l", "f")], "f").executed == ["f"]
    world = World()
    script = [temp("t"), files("f", "t", lazy=True), load("l", "f"), files("a", "l")]
    assert world.run(script).executed == ["t", "f", "l", "a"]
    assert set(world.disk) == {"f", "a"}
    assert world.run(script).nothing_to_do
    del world.disk["a"]
    assert world.run(script).executed == ["l", "a"]


def test_only_a_change_of_its_own_file_concerns_who_depends_on_a_part() -> None:
    world = World()
    both = Call("m", kind=Kind.FILES, temporary=(False, False), spread=2)
    parts = [part("m0", "m", 0), part("m1", "m", 1), files("a", "m0"), files("b", "m1")]
    world.run([both, *parts])
    old, new = world.disk["m/0"], world.disk["m/1"]
    edited = next(
        call
        for call in (replace(both, code=code) for code in range(99))
        if call.made([], {}) == [old, 1 - int(str(new))]
    )
    assert world.run([edited, *parts]).executed == ["m", "b"]


def test_a_missing_watched_file_blocks_who_depends_on_it_and_nobody_else() -> None:
    world = World(files={"x": 1})
    script = [Call("i", kind=Kind.INVARIANT, watched=("x",)), files("a", "i"), files("b")]
    assert world.run(script).executed == ["a", "b"]
    del world.files["x"]
    finished = world.run(script)
    assert (finished.status("i"), finished.status("a")) == (Status.FAILED, Status.BLOCKED)
    assert finished.status("b") is Status.DONE
    world.files["x"] = 1
    assert world.run(script).nothing_to_do


def test_what_rests_on_another_temporary_file_is_done_again_before_what_rests_on_both() -> None:
    """Else each of the two would outdate the other, and no run would ever end."""
    world = World()
    script = [
        temp("t", random=True),
        files("u", "t", code=1),
        files("v", "u", code=2),
        files("c", "t", "v", code=3),
        files("d", "t", code=4),
    ]
    world.run(script)
    del world.disk["c"]
    assert world.run(script).executed == ["t", "d", "u", "v", "c"]
    assert world.run(script).nothing_to_do


def test_jobs_that_rest_on_an_equal_result_after_all_do_not_run() -> None:
    world = World()
    same = replace(files("u", "t", code=1), spread=1)
    script = [temp("t", random=True), same, files("v", "u"), files("c", "t", "v", code=3)]
    world.run(script)
    del world.disk["c"]
    assert world.run(script).executed == ["t", "u", "c"]
    assert world.run(script).nothing_to_do


def test_data_that_were_loaded_from_another_temporary_file_make_their_readers_run() -> None:
    world = World()
    script = [temp("t", random=True), load("l", "t"), files("a", "l"), files("b", "t")]
    world.run(script)
    del world.disk["b"]
    assert world.run(script).executed == ["t", "b", "l", "a"]
    assert world.run(script).nothing_to_do


def test_ephemeral_jobs_that_a_job_defined_run_only_if_somebody_needs_them() -> None:
    world = World()
    made = (temp("t"), temp("idle"), load("l", "t"), files("a", "t", "l"))
    script = [Call("g", kind=Kind.EXTENDING, makes=made)]
    assert world.run(script).executed == ["g", "g-t", "g-l", "g-a"]
    assert set(world.disk) == {"g-a"}
    assert world.run(script).executed == ["g"]


def test_a_job_that_waited_can_be_given_what_was_defined_meanwhile() -> None:
    world = World()
    made = (temp("t"), load("l", "t"))
    script = [
        Call("g", kind=Kind.EXTENDING, makes=made, injects=(("a", "g-t"), ("a", "g-l"))),
        files("a", "g"),
    ]
    assert world.run(script).executed == ["g", "g-t", "g-l", "a"]
    assert set(world.disk) == {"a"}
    assert world.run(script).executed == ["g"]
    assert world.run([replace(script[0], injects=(("a", "g-t"),)), script[1]]).executed == [
        "g",
        "g-t",
        "a",
    ]


def test_two_jobs_can_give_the_same_to_others_that_waited() -> None:
    world = World()
    script = [
        Call("g", kind=Kind.EXTENDING, makes=(temp("t"),), injects=(("a", "g-t"),)),
        Call("h", kind=Kind.EXTENDING, makes=(), injects=(("b", "g-t"),)),
        files("a", "g"),
        files("b", "g", "h"),
    ]
    assert world.run(script).executed == ["g", "h", "g-t", "a", "b"]
    del world.disk["b"]
    assert world.run(script).executed == ["g", "h", "g-t", "b"]
    assert set(world.disk) == {"a", "b"}


def test_a_new_job_that_rests_on_a_failed_one_and_on_one_that_runs_is_blocked() -> None:
    made = (files("a", "slow", "bad"),)
    script = [
        files("slow"),
        files("bad", code=1),
        files("first", code=2),
        Call("g", extra=("first",), kind=Kind.EXTENDING, makes=made),
    ]
    ends = iter([2, 0, 1, 0])  # bad fails; first and g are done; slow is last
    finished = World().run(script, fails="bad".__eq__, lanes=3, pick=lambda _number: next(ends))
    assert finished.status("g-a") is Status.BLOCKED
    assert finished.status("slow") is Status.DONE


# -- many --------------------------------------------------------------------------------------


def chain(number: int, link: Callable[..., Call]) -> list[Call]:
    links = [link("0"), *(link(str(i), str(i - 1)) for i in range(1, number))]
    return [*links, files("end", str(number - 1))]


def test_a_chain_of_100_000_file_jobs_is_made_without_recursion() -> None:
    assert len(World().run(chain(100_000, files)).executed) == 100_001


@pytest.mark.parametrize(
    ("number", "link"),
    [
        pytest.param(100_000, temp, id="temporary files"),
        pytest.param(20_000, load, id="loads"),
        pytest.param(20_000, lambda *names: temp(*names, random=True), id="random files"),
    ],
)
def test_a_long_chain_is_made_and_made_again_for_its_end(
    number: int, link: Callable[..., Call]
) -> None:
    script = chain(number, link)
    world = World()
    assert len(world.run(script).executed) == number + 1
    assert set(world.disk) == {"end"}
    del world.disk["end"]
    again = world.run(script).executed
    assert (again[-1], len(again)) == ("end", number + 1)
    assert set(world.disk) == {"end"}


def test_a_temporary_file_of_many_readers_is_removed_after_the_last() -> None:
    script = [temp("t"), *(files(str(i), "t") for i in range(10_000))]
    world = World()
    world.run(script)
    assert "t" not in world.disk
    assert world.run(script).nothing_to_do
