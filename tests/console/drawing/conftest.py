from collections.abc import Sequence

import pytest

import weft
from tests.console.conftest import Console
from weft.console.drawing.picture import Edge, Label, Node, Picture
from weft.model.states import JobState


def node(name: str, state: JobState = JobState.DONE, **more: object) -> Node:
    settings = {
        "id": name,
        "label": name,
        "function": "work",
        "state": state,
        "dynamic": False,
        "definer": None,
        "stale": False,
        "seconds": None,
        "counts": ((state, 1),),
    }
    return Node(**{**settings, **more})


def picture(nodes: Sequence[Node], edges: Sequence[Edge] = ()) -> Picture:
    return Picture(tuple(nodes), tuple(edges), collapsed=False, label=Label.ID)


def leaf(value: int) -> int:
    return value


def total(parts: list[int]) -> int:
    return sum(parts)


def spread(context: weft.Context, number: int) -> object:
    parts = [context.comp(leaf, n, job_id=f"spread-leaf-{n}") for n in range(number)]
    return context.comp(total, parts, job_id="spread-total")


def show(value: int) -> int:
    return value


@pytest.fixture
def growing(tmp_path, monkeypatch) -> Console:
    """A generator that made two leaves and their total, and a job that takes the total."""
    monkeypatch.chdir(tmp_path)
    context = weft.Context(tmp_path / "grow")
    context.comp(show, context.comp_dynamic(spread, 2, job_id="spread"), job_id="show")
    console = Console(context)
    console("make executor=inline")
    return console
