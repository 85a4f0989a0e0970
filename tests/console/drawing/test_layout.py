"""The places of boxes and arrows."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.console.drawing.test_ladder import graphs
from weft.console.drawing.layout import Layout, layout
from weft.console.drawing.placing import Box
from weft.console.drawing.spread import apart

SIZES = st.tuples(st.integers(20, 240), st.sampled_from([28, 50]))


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width - 1e-6
        and other.x < one.x + one.width - 1e-6
        and one.y < other.y + other.height - 1e-6
        and other.y < one.y + one.height - 1e-6
    )


def assert_sound(laid: Layout, sizes: list[tuple[int, int]]) -> None:
    for one, other in itertools.combinations(laid.boxes, 2):
        assert not overlap(one, other)
    for box, (width, height) in zip(laid.boxes, sizes, strict=True):
        assert box.width >= width
        assert box.height >= height
        assert box.x >= -1e-6
        assert box.y >= -1e-6
        assert box.x + box.width <= laid.width + 1e-6
        assert box.y + box.height <= laid.height + 1e-6


def touches(box: Box, point: tuple[float, float]) -> bool:
    x, y = point
    inside = box.x - 1e-6 <= x <= box.x + box.width + 1e-6
    return inside and box.y - 1e-6 <= y <= box.y + box.height + 1e-6


@settings(deadline=None)
@given(graphs(cycles=True), st.data())
def test_no_box_overlaps_another_and_arrows_join_their_boxes(graph, data) -> None:
    boxes, edges = graph
    sizes = data.draw(st.lists(SIZES, min_size=boxes, max_size=boxes))
    laid = layout(sizes, edges)
    assert_sound(laid, sizes)
    for (a, b), route in zip(edges, laid.routes, strict=True):
        assert len(route) % 3 == 1
        assert touches(laid.boxes[a], route[0])
        assert touches(laid.boxes[b], route[-1])


@settings(deadline=None)
@given(graphs())
def test_arrows_follow_the_direction_of_the_picture(graph) -> None:
    boxes, edges = graph
    laid = layout([(80, 28)] * boxes, edges)
    axis = 1 if laid.downwards else 0
    assert all(route[0][axis] < route[-1][axis] for route in laid.routes)


def test_a_long_chain_is_folded_into_a_page() -> None:
    sizes = [(80, 28)] * 300
    laid = layout(sizes, [(n, n + 1) for n in range(299)])
    assert_sound(laid, sizes)
    assert 0.4 < laid.width / laid.height < 4


def test_a_wide_fan_is_drawn_to_the_right_so_that_it_fits() -> None:
    sizes = [(90, 28)] * 32
    edges = [(0, n) for n in range(1, 31)] + [(n, 31) for n in range(1, 31)]
    laid = layout(sizes, edges)
    assert_sound(laid, sizes)
    assert not laid.downwards
    assert laid.width < 600


def test_many_single_boxes_stand_in_rows() -> None:
    sizes = [(100, 28)] * 200
    laid = layout(sizes, [])
    assert_sound(laid, sizes)
    assert 0.5 < laid.width / laid.height < 2


def test_nothing_at_all_has_no_size() -> None:
    assert layout([], []).width == 0


def test_2000_boxes_have_places() -> None:
    sizes = [(90, 28)] * 2000
    edges = [(n // 3, n) for n in range(1, 2000)]
    laid = layout(sizes, edges)
    assert len(laid.boxes) == 2000
    rows = sorted(
        laid.boxes, key=lambda box: (box.x, box.y) if not laid.downwards else (box.y, box.x)
    )
    assert not any(overlap(a, b) for a, b in itertools.pairwise(rows))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0.1, 9), st.floats(0, 50))))
def test_places_keep_their_distances_and_their_mean(wanted) -> None:
    places, weights = [w for w, _, _ in wanted], [w for _, w, _ in wanted]
    distances = [d for _, _, d in wanted][1:]
    found = apart(places, weights, distances)
    for (a, b), distance in zip(itertools.pairwise(found), distances, strict=True):
        assert b - a >= distance - 1e-6
    drift = sum(w * (f - p) for f, p, w in zip(found, places, weights, strict=True))
    assert abs(drift) < 1e-3
