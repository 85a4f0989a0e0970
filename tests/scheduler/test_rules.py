"""The rules of docs/semantics.md, most against an oracle that computes everything from scratch."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scheduler.world import Call, World, oracle, whole_oracle
from weft.model.resources import Options
from weft.scheduler.ready import Budget
from weft.scheduler.status import Status

FILES = ("x", "y")


@st.composite
def children(draw: st.DrawFn) -> tuple[Call, ...]:
    """What a generator makes: jobs that may depend on those before them."""
    made: list[Call] = []
    for number in range(draw(st.integers(0, 3))):
        inputs = (f"c{number - 1}",) if number and draw(st.booleans()) else ()
        made.append(Call(f"c{number}", code=draw(st.integers(0, 3)), inputs=inputs, spread=2))
    return tuple(made)


def as_generator(call: Call, made: tuple[Call, ...]) -> Call:
    """The call as a generator that promises every other job that it makes."""
    return replace(call, makes=made, promises=tuple(c.id for c in made[::2]), reads=())


@st.composite
def graphs(draw: st.DrawFn, largest: int = 8) -> list[Call]:
    calls: list[Call] = []
    for number in range(draw(st.integers(1, largest))):
        known = [call.id for call in calls]
        some = st.lists(st.sampled_from(known), unique=True, max_size=3) if known else st.just([])
        calls.append(
            Call(
                id=f"j{number}",
                code=draw(st.integers(0, 3)),
                argument=draw(st.integers(0, 2)),
                inputs=tuple(draw(some)),
                extra=tuple(draw(some)),
                reads=tuple(draw(st.lists(st.sampled_from(FILES), unique=True, max_size=2))),
                spread=draw(st.sampled_from([1, 2, 1000])),
            )
        )
        if draw(st.integers(0, 3)) == 0:
            calls[-1] = as_generator(calls[-1], draw(children()))
        elif draw(st.integers(0, 2)) == 0:
            calls[-1] = replace(calls[-1], writes=f"place {number}")
    return calls


@st.composite
def edits(draw: st.DrawFn, calls: list[Call]) -> list[Call]:
    """The same script a day later: some calls edited, renamed or dropped with their dependants."""
    edited: list[Call] = []
    names: dict[str, str] = {}
    for call in calls:
        if any(name not in names for name in (*call.inputs, *call.extra)):
            continue
        kind = draw(st.sampled_from(["keep", "keep", "keep", "code", "argument", "name", "drop"]))
        if kind == "drop":
            continue
        changes: dict[str, object] = {
            "inputs": tuple(names[name] for name in call.inputs),
            "extra": tuple(names[name] for name in call.extra),
        }
        if kind in {"code", "argument"}:
            changes[kind] = draw(st.integers(0, 3))
        names[call.id] = f"{call.id}'" if kind == "name" else call.id
        call = replace(call, id=names[call.id], **changes)  # type: ignore[arg-type]
        if kind == "code" and call.makes is not None:
            call = as_generator(call, draw(children()))
        edited.append(call)
    return edited or [Call("only")]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_happened_before_every_result_is_the_oracles_and_a_second_run_does_nothing(
    data: st.DataObject,
) -> None:
    """Rules 2, 4, 8, 9 and 22: edits, renames, file changes, kills and failures in any sequence."""
    world = World(files={"x": 0, "y": 0}, inline=data.draw(st.booleans()))
    calls = data.draw(graphs())
    for _ in range(data.draw(st.integers(1, 4))):
        event = data.draw(st.sampled_from(["edit", "file", "kill", "fail", "lose", "none"]))
        if event == "edit":
            calls = data.draw(edits(calls))
        elif event == "file":
            world.files[data.draw(st.sampled_from(FILES))] = data.draw(st.integers(0, 2))
        elif event == "kill":
            world.run(calls, stop_after=data.draw(st.integers(0, len(calls))), amid=True)
        elif event == "fail":
            bad = data.draw(st.sampled_from([call.id for call in calls]))
            world.run(calls, fails=lambda job_id, bad=bad: job_id == bad)
        elif event == "lose" and not world.inline and world.values:
            del world.values[data.draw(st.sampled_from(sorted(world.values)))]
        finished = world.run(calls)
        full = whole_oracle(calls, world.files)
        truth = full.made
        assert {job.id for job in finished.graph} == set(truth)
        assert finished.plan.counts().done == len(truth)
        assert world.outside.items() >= full.outside.items()
        for job_id, value in finished.values.items():
            assert value == truth[job_id]
        assert world.run(calls).nothing_to_do


@given(graphs())
@settings(max_examples=100, deadline=None)
def test_a_cold_run_executes_every_job_once(calls: list[Call]) -> None:
    executed = World().run(calls).executed
    assert sorted(executed) == sorted(oracle(calls, {}))


@given(graphs(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_selection_runs_itself_and_its_upstream_and_nothing_else(
    calls: list[Call], data: st.DataObject
) -> None:
    """Rule 8."""
    target = data.draw(st.sampled_from(calls))
    needed, stack = set(), [target.id]
    by_id = {call.id: call for call in calls}
    while stack:
        name = stack.pop()
        if name not in needed:
            needed.add(name)
            stack.extend((*by_id[name].inputs, *by_id[name].extra))
    executed = World().run(calls, target.id, recurse=False).executed
    assert {name for name in executed if "-" not in name} == needed


def chain(*codes: int, spread: int = 1000) -> list[Call]:
    return [
        Call(f"c{i}", code=code, inputs=(f"c{i - 1}",) if i else (), spread=spread)
        for i, code in enumerate(codes)
    ]


def test_an_equal_result_stops_what_depends_on_it_from_running() -> None:
    """Rule 7: early cutoff."""
    world = World()
    world.run([Call("a", code=1, spread=1), Call("b", inputs=("a",))])
    edited = [Call("a", code=2, spread=1), Call("b", inputs=("a",))]
    assert world.run(edited).executed == ["a"]


def test_without_cutoff_every_attempt_counts_as_another_result() -> None:
    """Rule 7, ``cutoff=False``."""
    world = World()
    always = Options(cutoff=False)
    world.run([Call("a", code=1, spread=1, options=always), Call("b", inputs=("a",))])
    edited = [Call("a", code=2, spread=1, options=always), Call("b", inputs=("a",))]
    assert world.run(edited).executed == ["a", "b"]
    assert world.run(edited).nothing_to_do


def test_going_back_to_an_old_value_runs_nothing() -> None:
    """Rule 3: a job may have many traces."""
    world = World()
    world.run(chain(1, 1, 1))
    assert world.run(chain(2, 1, 1)).executed == ["c0", "c1", "c2"]
    assert world.run(chain(1, 1, 1)).nothing_to_do


def test_name_priority_and_resources_are_not_part_of_the_key() -> None:
    """Rule 1."""
    world = World()
    world.run([Call("a"), Call("b", inputs=("a",))])
    renamed = [
        Call("z", options=Options(priority=3, cores=2, timeout=5, retries=1)),
        Call("y", inputs=("z",)),
    ]
    assert world.run(renamed).nothing_to_do


def test_ten_equal_calls_are_ten_jobs_and_each_keeps_its_own_trace() -> None:
    """Rule 6: a trace serves one job at a time."""
    world = World()
    ten = [Call(f"s{i}") for i in range(10)]
    assert len(world.run(ten).executed) == 10
    assert world.run(ten).nothing_to_do
    assert world.run([*ten, Call("one more")]).executed == ["one more"]


def test_a_new_equal_call_leaves_each_other_its_own_trace() -> None:
    """Rule 6: a job without a trace of its own takes none that its owner will ask for."""
    world = World()
    world.run([Call("a"), Call("b")])
    assert world.run([Call("new"), Call("a"), Call("b")]).executed == ["new"]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.data())
@settings(max_examples=100, deadline=None)
def test_inserting_removing_and_reordering_calls_recomputes_only_the_new_ones(
    arguments: list[int], data: st.DataObject
) -> None:
    """Rule 6: automatic ids are positional, results are found by key."""

    def script(items: list[int]) -> list[Call]:
        loads = [Call(f"load-{i}", argument=a, spread=1000) for i, a in enumerate(items)]
        fits = [Call(f"fit-{i}", code=1, inputs=(f"load-{i}",)) for i in range(len(items))]
        return [call for pair in zip(loads, fits, strict=True) for call in pair]

    world = World()
    world.run(script(arguments))
    shuffled = data.draw(st.permutations(arguments))
    kept = shuffled[: data.draw(st.integers(0, len(shuffled)))]
    where = data.draw(st.integers(0, len(kept)))
    edited = [*kept[:where], 99, *kept[where:]]
    assert world.run(script(edited)).executed == [f"load-{where}", f"fit-{where}"]


def test_an_invalidated_job_runs_and_takes_no_result_of_an_equal_call() -> None:
    """Rule 12."""
    world = World()
    twins = [Call("load-a"), Call("len-a", inputs=("load-a",)), Call("load-b", code=1, spread=1)]
    twins = [*twins, Call("len-b", inputs=("load-b",))]
    twins[0] = replace(twins[0], spread=1)
    world.run(twins)
    world.invalidate("len-a")
    assert world.run(twins).executed == ["len-a"]
    assert world.run(twins).nothing_to_do


def test_pure_jobs_share_one_trace() -> None:
    """Rule 6, ``pure=True``."""
    world = World()
    pure = Options(pure=True)
    world.run([Call("a", options=pure)])
    more = [Call("a", options=pure), Call("b", options=pure), Call("c", options=pure)]
    assert world.run(more).nothing_to_do


def test_an_added_or_removed_dependency_is_a_change() -> None:
    world = World()
    base = [Call("a"), Call("b", code=1), Call("c", inputs=("a",))]
    world.run(base)
    assert world.run([*base[:2], Call("c", inputs=("a",), extra=("b",))]).executed == ["c"]
    assert world.run([*base[:2], Call("c")]).executed == ["c"]


def test_the_order_of_extra_dependencies_does_not_matter() -> None:
    """Rule 2: they are sorted by id."""
    world = World()
    base = [Call("a"), Call("b", code=1)]
    world.run([*base, Call("c", extra=("a", "b"))])
    assert world.run([*base, Call("c", extra=("b", "a"))]).nothing_to_do


def test_what_a_job_read_is_verified_and_an_old_content_finds_its_trace() -> None:
    """Rules 3 and 4."""
    world = World(files={"x": 1})
    calls = [Call("a", reads=("x",), spread=1000), Call("b", inputs=("a",))]
    world.run(calls)
    world.files["x"] = 2
    assert world.run(calls).executed == ["a", "b"]
    world.files["x"] = 1
    assert world.run(calls).nothing_to_do
    del world.files["x"]
    assert world.run(calls).executed == ["a", "b"]


def test_the_first_mismatch_ends_the_check_of_what_was_read() -> None:
    """Rule 4: later groups may exist only because of earlier answers."""
    world = World(files={"x": 1, "y": 1})
    calls = [Call("a", reads=("x", "y"))]
    world.run(calls)
    asked: list[str] = []
    honest = world.observe
    world.observe = lambda kind, key: (asked.append(key), honest(kind, key))[1]  # type: ignore[method-assign]
    world.files["x"] = 2
    world.run(calls, stop_after=0)
    assert asked == ["x"]


def test_a_lost_value_is_made_again_only_when_somebody_needs_it() -> None:
    """Rule 5."""
    world = World(inline=False)
    world.run(chain(1, 1, 1))
    first = next(trace for trace in world.traces if trace[3] == "c0")
    del world.values[first[2]]
    assert world.run(chain(1, 1, 1)).nothing_to_do
    assert world.run(chain(1, 2, 1)).executed == ["c0", "c1", "c2"]


def test_a_lost_value_that_was_selected_is_made_again() -> None:
    """Rule 5: a target is wanted for its value."""
    world = World(inline=False)
    world.run(chain(1, 1, 1))
    last = next(trace for trace in world.traces if trace[3] == "c2")
    del world.values[last[2]]
    assert world.run(chain(1, 1, 1)).executed == ["c2"]


def test_a_lost_value_that_a_selected_generator_promised_is_made_again() -> None:
    """Rules 5 and 15."""
    world = World(inline=False)
    calls = [Call("g", makes=(Call("a", code=1, spread=1000),), promises=("a",))]
    world.run(calls)
    child = next(trace for trace in world.traces if trace[3] == "g-a")
    del world.values[child[2]]
    assert world.run(calls).executed == ["g-a"]
    assert world.run(calls).nothing_to_do


def test_a_failure_blocks_what_depends_on_it_and_nothing_else() -> None:
    """Rules 11 and 19."""
    world = World()
    calls = [Call("a"), Call("b", inputs=("a",)), Call("c", extra=("b",)), Call("d", code=1)]
    finished = world.run(calls, fails=lambda job_id: job_id == "a")
    assert [finished.status(name) for name in "abcd"] == [
        Status.FAILED,
        Status.BLOCKED,
        Status.BLOCKED,
        Status.DONE,
    ]
    assert world.run(calls).executed == ["a", "b", "c"]


def test_a_kept_failure_is_not_tried_again_until_something_changes() -> None:
    """Rule 11, ``keep_failed=True``."""
    world = World()
    keep = Options(keep_failed=True)
    calls = [Call("a", options=keep), Call("b", inputs=("a",))]
    world.run(calls, fails=lambda job_id: job_id == "a")
    again = world.run(calls)
    assert again.executed == []
    assert again.status("b") is Status.BLOCKED
    assert world.run([replace(calls[0], argument=1), calls[1]]).executed == ["a", "b"]


def test_fail_fast_starts_nothing_after_a_failure() -> None:
    """Rule 19."""
    calls = [Call("a"), *(Call(f"x{i}", code=1) for i in range(5))]
    finished = World().run(calls, fails=lambda job_id: job_id == "a", fail_fast=True)
    assert finished.executed == ["a"]


def test_ready_jobs_run_by_priority_then_failed_last_then_longest_path_then_order() -> None:
    """Rule 18."""
    world = World(durations={"long": 9.0, "head": 1.0, "tail": 20.0}, failed={"failed before"})
    calls = [
        Call("failed before", code=1),
        Call("short", code=2),
        Call("short too", code=3),
        Call("long", code=4),
        Call("head", code=5),
        Call("tail", inputs=("head",), code=6),
        Call("urgent", code=7, options=Options(priority=1)),
    ]
    order = ["urgent", "head", "tail", "long", "short", "short too", "failed before"]
    assert world.run(calls).executed == order


def test_cores_and_memory_are_never_exceeded() -> None:
    """Rule 18: budgets."""
    world = World()
    graph_calls = [
        Call("big", options=Options(memory=900)),
        Call("small", code=1, options=Options(memory=200)),
        Call("two cores", code=2, options=Options(cores=2)),
    ]
    finished = world.run(graph_calls, budget=Budget(2, 1000), stop_after=0)
    plan = finished.plan
    assert [job.id for job in plan.take(1)] == ["big"]
    assert [job.id for job in plan.take(1)] == []
    plan.failed(finished.graph.jobs["big"])
    assert [job.id for job in plan.take(1)] == ["small"]
    assert [job.id for job in plan.take(1)] == []
    plan.failed(finished.graph.jobs["small"])
    assert [job.id for job in plan.take(1)] == ["two cores"]


def test_a_job_that_wants_more_cores_than_there_are_runs_alone() -> None:
    finished = World().run([Call("a", options=Options(cores=64))], budget=Budget(2, 0))
    assert finished.executed == ["a"]


def test_a_job_that_fits_seldom_is_not_overtaken_for_ever() -> None:
    calls = [Call("wide", options=Options(cores=2, priority=1))]
    calls += [Call(f"n{i}", code=1, argument=i) for i in range(300)]
    world = World()
    finished = world.run(calls, budget=Budget(2, 0), stop_after=0)
    plan, jobs = finished.plan, finished.graph.jobs
    assert plan.take(2) == [jobs["wide"]]
    plan.returned(jobs["wide"])
    plan.ready.budget.cores -= 1  # somebody else holds a core for long
    taken = 0
    while batch := plan.take(2):
        taken += len(batch)
        for job in batch:
            plan.failed(job)
    assert 0 < taken < 100


# -- jobs that make jobs ---------------------------------------------------------------------


def generator(*made: Call, code: int = 50, promises: tuple[str, ...] = ()) -> Call:
    return Call("g", code=code, makes=made, promises=promises)


def test_a_generators_jobs_run_after_it_and_a_fresh_generator_is_not_run() -> None:
    """Rules 13 and 14."""
    world = World()
    calls = [generator(Call("a", code=1), Call("b", code=2, inputs=("a",)))]
    assert world.run(calls).executed == ["g", "g-a", "g-b"]
    finished = world.run(calls)
    assert finished.nothing_to_do
    assert finished.plan.counts().done == 3


def test_a_child_that_did_not_change_is_fresh_although_its_generator_ran_again() -> None:
    """Rule 13."""
    world = World()
    world.run([generator(Call("a", code=1), Call("b", code=2))])
    edited = [generator(Call("a", code=1), Call("b", code=3))]
    assert world.run(edited).executed == ["g", "g-b"]


def test_a_returned_promise_is_delegation() -> None:
    """Rule 15: who depends on the generator depends on what it promised."""
    world = World()
    calls = [
        generator(Call("a", code=1, spread=1000), promises=("a",)),
        Call("user", inputs=("g",)),
    ]
    finished = world.run(calls)
    assert finished.executed == ["g", "g-a", "user"]
    assert world.run(calls).nothing_to_do
    edited = [generator(Call("a", code=9, spread=1000), promises=("a",)), calls[1]]
    assert world.run(edited).executed == ["g", "g-a", "user"]


def test_a_failing_promised_job_blocks_who_depends_on_the_generator() -> None:
    calls = [generator(Call("a", code=1), promises=("a",)), Call("user", inputs=("g",))]
    finished = World().run(calls, fails=lambda job_id: job_id == "g-a")
    assert finished.status("user") is Status.BLOCKED


def test_children_that_are_not_declared_again_leave_the_graph_after_success_only() -> None:
    """Rule 16."""
    world = World()
    world.run([generator(Call("a", code=1), Call("b", code=2))])
    edited = [generator(Call("a", code=1), code=51)]
    assert "g-b" not in {job.id for job in world.run(edited).graph}


def test_without_recurse_only_generated_jobs_that_are_needed_run() -> None:
    calls = [
        generator(Call("a", code=1), Call("b", code=2), promises=("a",)),
        Call("user", inputs=("g",)),
    ]
    assert World().run(calls, "user", recurse=False).executed == ["g", "g-a", "user"]


def test_generators_of_generators_work_to_any_depth() -> None:
    call = Call("leaf", code=1)
    for _ in range(60):
        call = Call("g", code=7, makes=(call,), promises=(call.id,))
    world = World()
    finished = world.run([call, Call("user", inputs=("g",))])
    assert finished.executed[-1] == "user"
    assert world.run([call, Call("user", inputs=("g",))]).nothing_to_do
