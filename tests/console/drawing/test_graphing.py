"""The command ``graph``."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import weft
from tests.console.conftest import Console, Open
from weft.console.drawing.graphing import Target, draw_graph
from weft.console.drawing.picture import Label
from weft.console.views.sight import sight


@pytest.fixture
def console(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    monkeypatch.chdir(tmp_path)
    made = opened(0, 1)
    made("make executor=inline")
    return made


def test_it_writes_an_svg_and_says_where(console: Console) -> None:
    assert console("graph") == ["Wrote weft-graph.svg: 5 jobs, 4 arrows."]
    assert ET.parse("weft-graph.svg").getroot().tag.endswith("svg")


def test_the_ending_of_the_file_tells_the_format(console: Console) -> None:
    assert console("graph to=out.gv fit-1") == ["Wrote out.gv: 1 job, 0 arrows."]
    assert Path("out.gv").read_text().startswith("digraph")
    console("graph to=out.txt format=mermaid")
    assert Path("out.txt").read_text().startswith("flowchart")
    assert console("graph format=dot") == ["Wrote weft-graph.dot: 5 jobs, 4 arrows."]


def test_text_can_go_to_the_screen(console: Console) -> None:
    assert console("graph to=- format=mermaid load fit-1")[:4] == [
        "flowchart TD",
        '  n0["✓ load"]:::done',
        '  n1["✓ fit-1"]:::done',
        "  n0 --> n1",
    ]
    assert not list(Path().glob("weft-graph*"))


def test_collapsed_it_says_so(console: Console) -> None:
    words = "5 jobs of 3 functions, a box for each function (collapse=0: for each job)"
    assert console("graph collapse=1") == [f"Wrote weft-graph.svg: {words}."]


def test_words_that_name_no_job_now_draw_nothing(console: Console) -> None:
    assert console("graph running") == ["No job is running now: nothing was drawn."]
    assert not Path("weft-graph.svg").exists()


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("graph to=out.pdf", "to=out.pdf: no format has the ending '.pdf'."),
        ("graph to=- format=png", "A PNG can't be shown as text."),
    ],
)
def test_what_can_not_be_drawn_is_refused(console: Console, line: str, title: str) -> None:
    with pytest.raises(weft.UserError) as caught:
        console(line)
    assert caught.value.title == title
    assert caught.value.cure


def test_a_file_that_can_not_be_written_is_no_bug(console: Console) -> None:
    with pytest.raises(weft.WeftError) as caught:
        console("graph to=no-such-folder/x.svg")
    assert caught.value.title == "The file can't be written."
    assert not list(Path().glob(".x.svg*"))


def test_programs_get_the_boxes_and_arrows(console: Console) -> None:
    with sight(console.context) as seen:
        view = draw_graph(
            seen,
            seen.chosen(["load", "fit-1"]),
            Target.of(None, "g.svg"),
            collapse=None,
            label=Label.ID,
        )
    document = json.loads(json.dumps(view.document()))
    assert document["file"] == "g.svg"
    assert [(n["id"], n["state"], n["jobs"]) for n in document["nodes"]] == [
        ("load", "done", {"done": 1}),
        ("fit-1", "done", {"done": 1}),
    ]
    assert document["edges"] == [
        {"source": "load", "target": "fit-1", "generated": False, "count": 1}
    ]


def test_a_generators_picture_has_its_jobs(growing: Console) -> None:
    assert growing("graph to=- format=mermaid") == [
        "flowchart TD",
        '  n0[["✓ spread"]]:::done',
        '  n1["✓ show"]:::done',
        '  n2["✓ spread-leaf-0"]:::done',
        '  n3["✓ spread-leaf-1"]:::done',
        '  n4["✓ spread-total"]:::done',
        "  n4 --> n1",
        "  n0 -.-> n2",
        "  n0 -.-> n3",
        "  n2 --> n4",
        "  n3 --> n4",
        "  n0 -.-> n4",
        "  classDef done fill:#cdeedd,stroke:#00794f,color:#06301f",
    ]
