from __future__ import annotations

import functools
import warnings
from collections import OrderedDict
from typing import Any

import pytest

from weft.errors import SerializationError, UserError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definer import OPTIONS_ATTRIBUTE, Definer, FingerprintWarning
from weft.graph.definition import define
from weft.graph.graph import Graph
from weft.model.job import Job


def load(path: str, size: int = 3) -> list[int]:
    return [len(path)] * size


def fit(data: list[int], alpha: float = 0.0) -> float:
    return sum(data) * alpha


def outer(context: Definer, n: int) -> Any:
    return [context.comp(load, str(i)) for i in range(n)]


UNKNOWN = (i for i in range(3))


def uses_a_generator() -> int:
    return next(UNKNOWN)


class Model:
    def __init__(self, weight: int) -> None:
        self.weight = weight

    def predict(self, x: int) -> int:
        return self.weight * x

    def __call__(self, x: int) -> int:
        return x


@pytest.fixture
def definer() -> Definer:
    return Definer(Graph(), Fingerprinter())


def jobs(definer: Definer) -> list[Job]:
    return list(definer._graph)


def ids(definer: Definer) -> list[str]:
    return [job.id for job in jobs(definer)]


def definition(definer: Definer, job_id: str) -> bytes:
    return define(definer._graph.jobs[job_id])


def test_ids_are_the_functions_name_then_numbered(definer: Definer) -> None:
    for _ in range(3):
        definer.comp(load, "a")
    definer.comp(fit, [1])
    assert ids(definer) == ["load", "load-1", "load-2", "fit"]


def test_an_automatic_id_steps_over_an_explicit_one(definer: Definer) -> None:
    definer.comp(load, "a", job_id="load-1")
    definer.comp(load, "b")
    definer.comp(load, "c")
    assert ids(definer) == ["load-1", "load", "load-2"]


def test_ids_hold_any_printable_character(definer: Definer) -> None:
    definer.comp(load, "a", job_id="größe = 'x' / α*")
    assert ids(definer) == ["größe = 'x' / α*"]


@pytest.mark.parametrize("bad", ["", "a\nb", "tab\t", 3])
def test_unprintable_ids_are_refused(definer: Definer, bad: Any) -> None:
    with pytest.raises(UserError, match="can't be the id"):
        definer.comp(load, "a", job_id=bad)


def test_a_duplicate_id_is_refused_where_it_is_written(definer: Definer) -> None:
    definer.comp(load, "a", job_id="x")
    with pytest.raises(UserError, match="'x' is already defined"):
        definer.comp(load, "b", job_id="x")


def test_prefixes_come_before_all_ids_and_can_be_ended(definer: Definer) -> None:
    definer.comp_prefix("p")
    definer.comp(load, "a")
    definer.comp(load, "a", job_id="x")
    definer.comp_prefix()
    definer.comp(load, "a")
    child = definer.child("c")
    child.comp(load, "a")
    child.child("d").comp(load, "a", job_id="x")
    assert ids(definer) == ["p-load", "p-x", "load", "c-load", "c-d-x"]


def test_the_upstream_is_found_in_arguments_and_extra_dependencies(definer: Definer) -> None:
    a, b, c = (definer.comp(load, name, job_id=name) for name in "abc")
    definer.comp(fit, {"deep": [b, (a,)]}, alpha=b, extra_dep=[c, a])
    job = jobs(definer)[-1]
    assert [u.id for u in job.inputs] == ["b", "a"]
    assert [u.id for u in job.extra] == ["a", "c"]


def test_extra_dep_takes_one_promise_or_several_and_nothing_else(definer: Definer) -> None:
    a = definer.comp(load, "a")
    definer.comp(fit, [1], extra_dep=a)
    with pytest.raises(UserError, match="extra_dep takes promises"):
        definer.comp(fit, [1], extra_dep="load")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="extra_dep takes promises"):
        definer.comp(fit, [1], extra_dep=3)  # type: ignore[arg-type]


def test_a_promise_of_another_context_is_refused(definer: Definer) -> None:
    other = Definer(Graph(), Fingerprinter()).comp(load, "a")
    with pytest.raises(UserError, match="another context"):
        definer.comp(fit, other)
    with pytest.raises(UserError, match="another context"):
        definer.comp(fit, [[other]])
    assert ids(definer) == []


def test_what_is_no_function_is_refused(definer: Definer) -> None:
    with pytest.raises(UserError, match="needs a function first"):
        definer.comp(load("a"))  # type: ignore[arg-type]


def test_arguments_that_cannot_be_kept_are_refused_and_nothing_is_defined(
    definer: Definer,
) -> None:
    with pytest.raises(SerializationError, match="argument 1 can't be kept"):
        definer.comp(load, UNKNOWN)  # type: ignore[arg-type]
    assert ids(definer) == []


def test_arguments_count_as_they_are_at_the_call(definer: Definer) -> None:
    settings = {"alpha": 0}
    for alpha in range(3):
        settings["alpha"] = alpha
        definer.comp(fit, settings)
    assert len({define(job) for job in jobs(definer)}) == 3
    assert [job.args[0]["alpha"] for job in jobs(definer)] == [0, 1, 2]


def test_equal_calls_have_equal_definitions(definer: Definer) -> None:
    definer.comp(load, "a", size=2)
    definer.comp(load, "a", size=2)
    assert definition(definer, "load") == definition(definer, "load-1")


def test_the_order_of_keywords_counts_where_the_function_can_see_it(definer: Definer) -> None:
    def listed(**options: object) -> list[str]:
        return list(options)

    definer.comp(listed, path="a", size=2)
    definer.comp(listed, size=2, path="a")
    definer.comp(listed, path=["a"], size=2)
    definer.comp(listed, size=2, path=["a"])
    assert definition(definer, "listed") != definition(definer, "listed-1")
    assert definition(definer, "listed-2") != definition(definer, "listed-3")


def test_ints_of_any_length_and_keywords_are_told_apart(definer: Definer) -> None:
    def given(*args: object, **kwargs: object) -> None:
        del args, kwargs

    long = 10**5000
    definer.comp(given, long, 2748)
    definer.comp(given, long, "0xabc")
    definer.comp(given, long, a=1)
    definer.comp(given, long, b=1)
    definer.comp(given, long, 1)
    names = ["given", *(f"given-{number}" for number in range(1, 5))]
    assert len({definition(definer, name) for name in names}) == len(names)


def test_an_object_that_was_changed_since_it_was_stored_is_stored_anew(definer: Definer) -> None:
    settings = {"alpha": 1}
    first = definer.comp_store(settings)
    assert definer.comp_store(settings) == first
    settings["alpha"] = 2
    second = definer.comp_store(settings)
    assert second != first
    assert definer.comp_store(settings) == second


def test_the_order_of_keywords_does_not_matter(definer: Definer) -> None:
    definer.comp(load, path="a", size=2)
    definer.comp(load, size=2, path="a")
    definer.comp(load, path=["a"], size=2)
    definer.comp(load, size=2, path=["a"])
    assert definition(definer, "load") == definition(definer, "load-1")
    assert definition(definer, "load-2") == definition(definer, "load-3")


def test_types_of_arguments_are_told_apart(definer: Definer) -> None:
    values = [1, 1.0, True, "1", b"1", None, (1,), [1], {1}, {1: 1}, frozenset({1}), 1j]
    for value in values:
        definer.comp(fit, value)  # type: ignore[arg-type]
    assert len({define(job) for job in jobs(definer)}) == len(values)


def test_which_promise_stands_where_is_part_of_the_definition(definer: Definer) -> None:
    a, b = definer.comp(load, "a"), definer.comp(load, "b")
    definer.comp(fit, a, b, job_id="ab")  # type: ignore[arg-type]
    definer.comp(fit, b, a, job_id="ba")  # type: ignore[arg-type]
    definer.comp(fit, a, a, job_id="aa")  # type: ignore[arg-type]
    assert definition(definer, "ab") == definition(definer, "ba"), "holes are numbered"
    assert definition(definer, "ab") != definition(definer, "aa")


def test_a_text_that_looks_like_a_hole_is_none(definer: Definer) -> None:
    a = definer.comp(load, "a")
    definer.comp(fit, a, job_id="hole")
    definer.comp(fit, "<0>", job_id="text")  # type: ignore[arg-type]
    assert definition(definer, "hole") != definition(definer, "text")


def test_huge_integers_are_arguments_like_others(definer: Definer) -> None:
    definer.comp(fit, 10**5000)  # type: ignore[arg-type]
    definer.comp(fit, 10**5000 + 1)  # type: ignore[arg-type]
    assert definition(definer, "fit") != definition(definer, "fit-1")


def test_any_callable_can_be_a_job(definer: Definer) -> None:
    def nested(x: int) -> int:
        return x

    model = Model(2)
    for function in (
        nested,
        lambda x: x,
        functools.partial(load, size=2),
        model.predict,
        model,
        Model,
        len,
        str.upper,
    ):
        definer.comp(function, "a")  # type: ignore[arg-type]
    assert ids(definer) == [
        "nested",
        "lambda",
        "load",
        "predict",
        "Model",
        "Model-1",
        "len",
        "upper",
    ]


def test_options_come_from_the_decorator_then_from_the_context(definer: Definer) -> None:
    def decorated() -> None: ...

    setattr(decorated, OPTIONS_ATTRIBUTE, {"cores": 2, "retries": 1})
    definer.comp(decorated)
    definer.options(cores=3).comp(decorated)
    options = [job.command.options for job in jobs(definer)]
    assert [(o.cores, o.retries) for o in options] == [(2, 1), (3, 1)]


def test_name_priority_and_resources_are_not_in_the_definition(definer: Definer) -> None:
    """Rule 1."""
    definer.comp(load, "a")
    more = definer.options(priority=3, cores=2, memory="1GB", timeout=4, retries=2)
    more.comp(load, "a", job_id="other", command_name="loading")
    assert definition(definer, "load") == definition(definer, "other")


@pytest.mark.parametrize("change", [{"version": "2"}, {"uses": ("x",)}, {"cutoff": False}])
def test_options_that_can_change_the_result_are_in_the_definition(
    definer: Definer, change: dict[str, Any]
) -> None:
    """Rule 1."""
    definer.comp(load, "a")
    definer.options(**change).comp(load, "a")
    assert definition(definer, "load") != definition(definer, "load-1")


def test_an_unknown_option_is_refused_with_the_known_ones(definer: Definer) -> None:
    with pytest.raises(UserError, match="no job option 'core'"):
        definer.options(core=2)


def test_a_stored_object_is_one_job_however_often_it_is_stored(definer: Definer) -> None:
    table = {"a": 1}
    assert definer.comp_store(table) == definer.comp_store(table)
    assert ids(definer) == ["store"]


def test_what_cannot_be_fingerprinted_is_warned_about_once_with_its_cures(
    definer: Definer,
) -> None:
    with pytest.warns(FingerprintWarning, match=r"UNKNOWN(.|\n)*uses=(.|\n)*ignore=") as caught:
        definer.comp(uses_a_generator)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        definer.comp(uses_a_generator)
        definer.options(ignore="UNKNOWN").comp(uses_a_generator)


def holding(value: Any) -> Any:
    return lambda x=1: (x, value)


def test_functions_that_differ_in_plain_values_share_a_command(definer: Definer) -> None:
    for value in (1, 2, 2, "a", [1], [1]):
        definer.comp(holding(value))
    found = jobs(definer)
    assert [job.id for job in found][:3] == ["lambda", "lambda-1", "lambda-2"]
    assert len({id(job.command) for job in found}) == 3
    definitions = [define(job) for job in found]
    assert len(set(definitions)) == 4
    assert definitions[1] == definitions[2]
    assert [job.function()[1] for job in found] == [1, 2, 2, "a", [1], [1]]
    assert jobs(definer)[0].command.shared


def test_with_other_options_they_do_not(definer: Definer) -> None:
    definer.comp(holding(1))
    definer.options(version="2").comp(holding(2))
    definer.comp(holding(3), command_name="three")
    assert len({id(job.command) for job in jobs(definer)}) == 3


def test_a_promise_in_one_of_them_is_refused(definer: Definer) -> None:
    definer.comp(holding(1))
    with pytest.raises(UserError, match="closure"):
        definer.comp(holding(definer.comp(load, "x")))


def test_a_promise_in_a_global_is_refused_in_each_of_them(
    definer: Definer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading(value: int) -> Any:
        return lambda: (UNKNOWN, value)

    monkeypatch.setitem(globals(), "UNKNOWN", 1)
    definer.comp(reading(1))
    monkeypatch.setitem(globals(), "UNKNOWN", definer.comp(load, "x"))
    with pytest.raises(UserError, match="global UNKNOWN"):
        definer.comp(reading(2))


def test_strict_refuses_what_cannot_be_fingerprinted() -> None:
    with pytest.raises(UserError, match="UNKNOWN"):
        Definer(Graph(), Fingerprinter(), strict=True).comp(uses_a_generator)


def test_inside_a_generator_automatic_ids_have_its_id_as_prefix_and_jobs_become_records() -> None:
    """Rule 17."""
    around = Definer(Graph("token"), Fingerprinter())
    outside = around.comp(load, "x")
    around.comp_dynamic(outer, 2)
    generator = jobs(around)[-1]
    inside = Definer.inside(generator, Fingerprinter(), "token")
    promises = outer(inside, 2)
    inside.comp(fit, promises[0], extra_dep=outside, job_id="mine")
    records = inside.records()
    assert [record.id for record in records] == ["outer-load", "outer-load-1", "mine"]
    assert records[2].inputs == ("outer-load",)
    assert records[2].extra == ("load",)


def test_a_record_has_the_same_definition_as_the_same_call_in_the_script() -> None:
    around = Definer(Graph("token"), Fingerprinter())
    around.comp(load, "0")
    around.comp_dynamic(outer, 1)
    inside = Definer.inside(jobs(around)[-1], Fingerprinter(), "token")
    outer(inside, 1)
    assert inside.records()[0].definition == definition(around, "load")


def test_a_promise_inside_of_a_callable_is_refused(definer: Definer) -> None:
    promise = definer.comp(load, "a")
    model = Model(promise)  # type: ignore[arg-type]

    def closed() -> Any:
        return promise

    partial = functools.partial(fit, promise)  # type: ignore[arg-type]
    for function in (closed, partial, model.predict, model, lambda x=promise: x):
        with pytest.raises(UserError, match="holds the promise of job 'load'"):
            definer.comp(function)
    assert ids(definer) == ["load"]


PROMISED: Any = None


def reads_a_global() -> Any:
    return PROMISED


def reads_an_attribute(x: Any) -> Any:
    return x.PROMISED


def test_a_promise_in_a_global_that_the_function_reads_is_refused(
    definer: Definer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "PROMISED", definer.comp(load, "a"))
    definer.comp(reads_an_attribute, 1)
    with pytest.raises(UserError, match="in the global PROMISED"):
        definer.comp(reads_a_global)


def test_a_promise_where_it_is_not_found_is_refused(definer: Definer) -> None:
    promise = definer.comp(load, "a")
    for value in (OrderedDict(a=promise), Model(promise)):  # type: ignore[arg-type]
        with pytest.raises(UserError, match="inside an object, where it is not found"):
            definer.comp(fit, value)  # type: ignore[arg-type]


def test_generator_and_coroutine_functions_are_refused(definer: Definer) -> None:
    def lazy() -> Any:
        yield 1

    async def later() -> None: ...

    for function in (lazy, later):
        with pytest.raises(UserError, match="generator or coroutine function"):
            definer.comp(function)


@pytest.mark.parametrize(
    "change",
    [{"cores": "a"}, {"timeout": "1h"}, {"timeout": -1}, {"retries": -1}, {"code": "all"}],
    ids=str,
)
def test_impossible_options_are_refused_by_name(definer: Definer, change: dict[str, Any]) -> None:
    (name,) = change
    with pytest.raises(UserError, match=f"no value for the job option '{name}'"):
        definer.options(**change)


def test_an_edited_method_of_an_arguments_class_is_another_definition(definer: Definer) -> None:
    text = "class Helper:\n    def go(self):\n        return {}\n"
    definitions = []
    for number in (1, 2):
        scope: dict[str, Any] = {"__name__": __name__}
        exec(text.format(number), scope)
        definer.comp(fit, scope["Helper"](), job_id=f"j{number}")
        definitions.append(definition(definer, f"j{number}"))
    assert definitions[0] != definitions[1]


def test_a_keyword_that_both_comp_and_the_function_take_is_refused(definer: Definer) -> None:
    def named(job_id: str) -> str:
        return job_id

    definer.comp(named, "by place")
    with pytest.raises(UserError, match="has a parameter 'job_id'"):
        definer.comp(named, job_id="x")


def test_an_id_that_a_generator_gives_has_the_prefixes_that_it_asked_for_only() -> None:
    """Rule 17."""
    around = Definer(Graph("token"), Fingerprinter(), prefix="all")
    around.comp_dynamic(outer, 2)
    inside = Definer.inside(jobs(around)[-1], Fingerprinter(), "token")
    assert inside.comp(fit, 1, job_id="mine").job_id == "mine"
    assert inside.child("part").comp(fit, 1, job_id="mine").job_id == "part-mine"
    inside.comp_prefix("more")
    assert inside.comp(fit, 1, job_id="mine").job_id == "more-mine"
    assert inside.comp(fit, 1).job_id == "all-outer-more-fit"
