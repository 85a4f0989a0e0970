"""All rules of section 2 of the reference at once: graphs that change at random, and an oracle.

The successor of the original got its engine right only by trying all small graphs; this is ours.
Whatever was edited, deleted, overwritten or broken in between: after a run each file is what a run
from scratch would give, nothing temporary is left, and the next run has nothing to do.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipegraph.running import Ran, exists, read, run, write
from weft import pipegraph as ppg

GENERATOR = "generator"


@dataclass
class Node:
    """A job: what it gives is its name, its value, and what those give that it needs."""

    kind: str
    """``file``, ``several`` files, ``temp`` file, ``load``ed data, or an ``input`` file."""
    needs: set[int]
    injected: bool = False
    """Whether it is told what it needs by a DependencyInjectionJob."""
    value: int = 0
    broken: bool = False


@dataclass
class World:
    """A graph in which each node needs earlier ones, and the last ones may be generated."""

    nodes: list[Node]
    generated: int = 0
    """How many of the last nodes a JobGeneratingJob defines."""

    def path(self, place: int) -> str:
        return f"{self.nodes[place].kind}{place}"

    def job_id(self, place: int) -> str:
        path = self.path(place)
        return f"{path}:{path}.more" if self.nodes[place].kind == "several" else path

    def expected(self, place: int) -> str:
        """What the node gives: the oracle."""
        node = self.nodes[place]
        parts = "".join(self.expected(needed) for needed in sorted(node.needs))
        return f"{self.path(place)}={node.value // 2}({parts})"

    def spoiled(self) -> set[int]:
        """Nodes that are broken, and those that need them."""
        found: set[int] = set()
        for place, node in enumerate(self.nodes):
            if node.broken or node.needs & found:
                found.add(place)
        return found

    def define(self) -> None:
        jobs: list[ppg.Job] = []
        data = Data()
        first = len(self.nodes) - self.generated
        for place in range(first):
            self._define(place, jobs, data)
        if self.generated:

            def generate() -> None:
                for place in range(first, len(self.nodes)):
                    self._define(place, jobs, data)

            ppg.JobGeneratingJob(GENERATOR, generate)

    def _define(self, place: int, jobs: list[ppg.Job], data: Data) -> None:
        node, path = self.nodes[place], self.path(place)
        gives = Gives(path, node.value, node.broken, [self.path(n) for n in sorted(node.needs)])
        if node.kind == "input":
            write(path, self.expected(place))
            job: ppg.Job = ppg.FileInvariant(path)
        elif node.kind == "load":
            job = ppg.DictEntryLoadingJob(path, data, path, lambda: gives.text(data))
        elif node.kind == "several":
            job = ppg.MultiFileGeneratingJob([path, f"{path}.more"], lambda: gives.write(data))
        elif node.kind == "temp":
            job = ppg.TempFileGeneratingJob(path, lambda: gives.write(data))
        else:
            job = ppg.FileGeneratingJob(path, lambda: gives.write(data))
        needed = [jobs[one] for one in node.needs]
        if node.injected:
            job.depends_on(ppg.DependencyInjectionJob(f"inject{place}", lambda: needed))
        elif needed:
            job.depends_on(needed)
        jobs.append(job)


class Data(dict[str, str]):
    """What was loaded; it does not count for the code that uses it."""

    def __weft_hash__(self) -> str:
        return "data"


@dataclass
class Gives:
    """What a job of a node calls."""

    path: str
    value: int
    broken: bool
    sources: list[str] = field(default_factory=list)

    def text(self, data: Data) -> str:
        if self.broken:
            raise ValueError("broken")
        parts = "".join(data[one] if one.startswith("load") else read(one) for one in self.sources)
        return f"{self.path}={self.value // 2}({parts})"

    def write(self, data: Data) -> None:
        write(self.path, self.text(data))
        if self.path.startswith("several"):
            write(f"{self.path}.more", "more")


# -- what may happen between two runs --------------------------------------------------------------


def edit(world: World, place: int, other: int) -> None:
    world.nodes[place].value += 1


def delete(world: World, place: int, other: int) -> None:
    Path(world.path(place)).unlink(missing_ok=True)


def overwrite(world: World, place: int, other: int) -> None:
    if exists(world.path(place)):
        write(world.path(place), "by hand")


def connect(world: World, place: int, other: int) -> None:
    if other < place and world.nodes[place].kind != "input":
        world.nodes[place].needs ^= {other}


def breaks(world: World, place: int, other: int) -> None:
    if world.nodes[place].kind != "input":
        world.nodes[place].broken ^= True


def mend(world: World, place: int, other: int) -> None:
    for node in world.nodes:
        node.broken = False


EVENTS = [edit, edit, delete, overwrite, connect, breaks, mend]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    kinds = st.sampled_from(["file", "several", "temp", "load", "input"])
    nodes = []
    for place in range(draw(st.integers(1, 6))):
        kind = draw(kinds)
        needs = draw(st.sets(st.integers(0, place - 1))) if place and kind != "input" else set()
        nodes.append(Node(kind, needs, injected=kind != "input" and draw(st.booleans())))
    return World(nodes, draw(st.integers(0, len(nodes))))


events = st.tuples(st.sampled_from(EVENTS), st.integers(0, 5), st.integers(0, 5))


# -- what must hold --------------------------------------------------------------------------------


def check(world: World) -> None:
    """Run until nothing fails any more by itself, and compare."""
    ran = run(world.define)
    broken = {world.job_id(p) for p, node in enumerate(world.nodes) if node.broken}
    assert set(ran.failed) <= broken, [ran.error(name) for name in ran.failed]
    spoiled = world.spoiled()
    for place, node in enumerate(world.nodes):
        if node.kind in {"file", "several"} and place not in spoiled:
            assert read(world.path(place)) == world.expected(place)
        elif node.kind in {"file", "several"} and node.broken:
            assert not exists(world.path(place))
    if not spoiled:
        assert not list(Path().glob("temp*")), "nothing temporary is left"
        assert_idle(run(world.define), world)


def assert_idle(ran: Ran, world: World) -> None:
    injections = [f"inject{place}" for place, node in enumerate(world.nodes) if node.injected]
    assert ran.ran == sorted([GENERATOR] * bool(world.generated) + injections)
    assert not ran.failed


@settings(deadline=None, max_examples=8)
@given(worlds(), st.lists(events, max_size=4))
def test_a_run_gives_what_a_run_from_scratch_would_whatever_happened_before(world, happening):
    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(folder)
        try:
            check(world)
            for event, place, other in happening:
                event(world, place % len(world.nodes), other % len(world.nodes))
                check(world)
        finally:
            os.chdir(before)
