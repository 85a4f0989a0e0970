"""``check-consistency`` and ``fsck``: what they find, and what they leave alone."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

import weft
from tests.console.conftest import Console, Open
from weft.console.views.consistency import graph_problems, in_cycles
from weft.errors import CommandFailed
from weft.graph.graph import Graph
from weft.model.job import Command, FullJob, Job

MAKE = "make executor=inline"


def document(console: Console, command: str) -> Any:
    console(command)
    return json.loads(console.stream.getvalue())


def leaf(number: int) -> int:
    return number


def big(number: int) -> str:
    return "x" * (30_000 + number)


def grow(context: weft.Definer, numbers: list[int]) -> list[weft.Promise[int]]:
    return [context.comp(leaf, number, job_id=f"grow-{number}") for number in numbers]


def grown(folder: Path) -> Console:
    context = weft.Context(folder)
    context.comp(sum, context.comp_dynamic(grow, [1, 2]))
    return Console(context)


def graph_of(*links: tuple[str, str]) -> Graph:
    """Jobs named in order; each link is a job and one that it depends on."""
    graph = Graph()
    command = Command("f", None)
    for name in dict.fromkeys(name for link in links for name in reversed(link)):
        graph.jobs[name] = FullJob(name, command, (), graph.size)
        graph.size += 1
    for name, upstream in links:
        graph.jobs[name].inputs += (graph.jobs[upstream],)  # type: ignore[misc]
    return graph


# -- check-consistency -------------------------------------------------------------------------


def test_what_was_made_is_consistent(opened: Open) -> None:
    console = opened(1, 0)
    assert console("check-consistency") == ["5 jobs, 0 traces: consistent."]
    console(MAKE)
    assert console("check_consistency") == ["5 jobs, 3 traces: consistent."]


def test_generated_jobs_are_consistent_whether_their_generator_is_fresh_or_not(
    tmp_path: Path,
) -> None:
    console = grown(tmp_path / "out")
    console(MAKE)
    assert console("check-consistency") == ["4 jobs, 4 traces: consistent."]
    console("invalidate grow")
    assert grown(tmp_path / "out")("check-consistency") == ["4 jobs, 4 traces: consistent."]


def test_a_value_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    context.comp(len, context.comp(big, 1))
    console = Console(context)
    console(MAKE)
    for file in (tmp_path / "out" / "objects").glob("??/*"):
        file.unlink()
    with pytest.raises(CommandFailed, match="does not hold together"):
        console("check-consistency")
    lines = console.stream.getvalue().splitlines()
    assert lines == [
        "value  big  a value of it is missing: it runs again when that is needed",
        "2 jobs, 2 traces: 1 problem.",
    ]


def test_contradictions_in_a_graph_are_found() -> None:
    graph = graph_of(("b", "a"), ("c", "b"))
    assert list(graph_problems(graph)) == []
    graph.jobs["lost"] = FullJob("lost", graph.jobs["a"].command, (), 1, definer="nobody")
    graph.generated["a"] = ["b", "gone"]
    del graph.jobs["a"]
    found = {(p.kind, p.job_id) for p in graph_problems(graph)}
    assert found == {
        ("dependency", "b"),
        ("position", "lost"),
        ("definer", "lost"),
        ("generated", "b"),
        ("generated", "gone"),
    }


def test_jobs_in_cycles_and_after_them_are_found() -> None:
    graph = graph_of(("b", "a"), ("c", "b"), ("d", "c"))
    assert in_cycles(graph.jobs) == []
    first: Job = graph.jobs["b"]
    first.inputs += (graph.jobs["c"],)  # type: ignore[misc]
    assert sorted(in_cycles(graph.jobs)) == ["b", "c", "d"]


def test_a_long_chain_is_looked_at_without_recursion() -> None:
    links = [(str(number), str(number - 1)) for number in range(1, 20_000)]
    graph = graph_of(*links)
    assert list(graph_problems(graph)) == []


# -- fsck --------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> Console:
    context = weft.Context(tmp_path / "out")
    context.comp(len, context.comp(big, 1))
    console = Console(context)
    console(MAKE)
    return console


def damage(folder: Path) -> None:
    (path,) = (folder / "objects").glob("??/*")
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(5000)
        file.write(b"y")


def test_fsck_of_what_is_whole_says_what_it_read(kept: Console) -> None:
    assert kept("fsck") == [
        "Read 1 object file (29.4 KiB), 1 small value, 2 traces.",
        "All is well.",
    ]


def test_fsck_finds_damage_and_leaves_it_as_it_is(kept: Console) -> None:
    damage(kept.context.folder)
    time.sleep(0.11)  # a reader right after a writer takes the file for one in use
    before = sorted(p.name for p in kept.context.folder.rglob("*"))
    with pytest.raises(CommandFailed, match="has 1 fault") as caught:
        kept("fsck")
    assert caught.value.cure == "fsck repair=1 gives them up."
    (line,) = kept.stream.getvalue().splitlines()[1:]
    assert line.startswith("a value is damaged  ")
    assert line.endswith("  big  its file is damaged")
    assert sorted(p.name for p in kept.context.folder.rglob("*")) == before


def test_after_a_repair_the_next_make_does_the_job_again(kept: Console) -> None:
    damage(kept.context.folder)
    with pytest.raises(CommandFailed):
        kept("fsck repair=1")
    assert "Gave up 1 value: the next make does their jobs again." in kept.stream.getvalue()
    assert len(list(kept.context.folder.rglob("*.damaged"))) == 1
    assert kept("fsck")[-1] == "All is well."
    assert kept(MAKE) == ["1 ran, 2 done, 0 failed, 0 blocked, in TIME."]
    assert kept("fsck; check-consistency")[-1] == "2 jobs, 2 traces: consistent."


def test_programs_get_what_fsck_found(kept: Console) -> None:
    found = document(kept, "fsck json=1")
    assert (found["files"], found["inline"], found["wrong"]) == (1, 1, [])
