"""SVG and PNG of the same figure."""

import sys
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import weft
from tests.console.drawing.conftest import node, picture
from weft.console.drawing.figure import figure_of
from weft.console.drawing.graphing import Format, content_of
from weft.console.drawing.picture import Edge
from weft.console.drawing.png import png_bytes
from weft.console.drawing.svg import svg_text
from weft.model.states import JobState

SVG = "{http://www.w3.org/2000/svg}"


def parsed(nodes, edges=()) -> ET.Element:
    return ET.fromstring(content_of(picture(nodes, edges), Format.SVG))


def boxes(root: ET.Element) -> list[ET.Element]:
    return [group for group in root.iter(f"{SVG}g") if "node" in group.get("class", "")]


def test_each_job_is_a_box_with_its_state_as_class_and_a_tooltip() -> None:
    root = parsed([node("load"), node("fit", JobState.FAILED, seconds=1.5)], [Edge(0, 1)])
    assert [box.get("class") for box in boxes(root)] == ["node done", "node failed"]
    assert [box.findtext(f"{SVG}title") for box in boxes(root)] == [
        "load\nwork()\ndone",
        "fit\nwork()\nfailed\n1.5 s",
    ]
    assert [box.findtext(f"{SVG}text") for box in boxes(root)] == ["✓ load", "✗ fit"]


def test_dashed_arrows_lead_from_generators() -> None:
    root = parsed([node("a", dynamic=True), node("b")], [Edge(0, 1, generated=True)])
    paths = [path for path in root.iter(f"{SVG}path") if path.get("class") == "edge generated"]
    assert len(paths) == 2  # one of them in the legend


def test_the_legend_has_what_is_there() -> None:
    root = parsed([node("a"), node("b", JobState.BLOCKED)], [Edge(0, 1)])
    (legend,) = [g for g in root.iter(f"{SVG}g") if g.get("class") == "legend"]
    assert [text.text for text in legend.iter(f"{SVG}text")] == ["✓ done", "■ blocked", "data"]


def test_it_follows_the_page_into_the_dark() -> None:
    assert "@media (prefers-color-scheme: dark)" in svg_text(figure_of(picture([node("a")])))


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True))
def test_whatever_ids_hold_it_is_well_formed_and_text_fits_its_box(names: list[str]) -> None:
    root = parsed([node(name) for name in names])
    assert len(boxes(root)) == len(names)
    for box in boxes(root):
        frame, text = box.find(f"{SVG}rect"), box.find(f"{SVG}text")
        left, width = float(frame.get("x")), float(frame.get("width"))
        assert left <= float(text.get("x"))
        assert float(text.get("x")) + float(text.get("textLength")) <= left + width


def test_half_a_pair_of_surrogates_does_no_harm() -> None:
    (box,) = boxes(parsed([node("a\udc80b")]))
    assert box.findtext(f"{SVG}text") == "✓ a\\udc80b"
    for form in (Format.DOT, Format.MERMAID):
        assert b"\\udc80" in content_of(picture([node("a\udc80b")]), form)


def test_many_jobs_in_one_box_show_their_shares() -> None:
    counts = ((JobState.DONE, 749), (JobState.FAILED, 1))
    root = parsed([node("fit()", JobState.FAILED, counts=counts, collapsed=True)])
    shares = [r for r in root.iter(f"{SVG}rect") if "share" in r.get("class", "")]
    assert [share.get("class") for share in shares] == ["share done", "share failed"]
    assert all(float(share.get("width")) > 2 for share in shares)


def test_too_many_boxes_are_refused() -> None:
    with pytest.raises(weft.UserError, match="2001 boxes are too many"):
        figure_of(picture([node(str(n)) for n in range(2001)]))


def test_a_png_shows_the_same() -> None:
    pytest.importorskip("matplotlib")
    counts = ((JobState.DONE, 3), (JobState.FAILED, 1))
    nodes = [node("a $x$ 漢", dynamic=True), node("f()", counts=counts, collapsed=True)]
    edges = [Edge(0, 1, generated=True), Edge(0, 1, count=4), Edge(1, 1)]
    content = png_bytes(figure_of(picture(nodes, edges)))
    assert content.startswith(b"\x89PNG")


def test_without_matplotlib_a_png_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("matplotlib", "matplotlib.figure", "matplotlib.backends.backend_agg"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(weft.UserError) as caught:
        png_bytes(figure_of(picture([node("a")])))
    assert 'pip install "weft[plot]"' in caught.value.cure


def test_the_title_fits_above_a_narrow_picture() -> None:
    counts = tuple((state, 100_000) for state in JobState)
    figure = figure_of(picture([node("f()", counts=counts, collapsed=True)]))
    assert len(figure.picture.title) * 7.2 < figure.width
