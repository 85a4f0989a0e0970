"""Layers and their order: arrows go down, whatever the graph."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from weft.console.drawing.ladder import ladder_of


@st.composite
def graphs(draw, *, cycles: bool = False) -> tuple[int, list[tuple[int, int]]]:
    boxes = draw(st.integers(1, 14))
    ends = st.tuples(st.integers(0, boxes - 1), st.integers(0, boxes - 1))
    edges = draw(st.lists(ends, max_size=30, unique=True))
    if not cycles:
        edges = [(a, b) for a, b in edges if a < b]
    return boxes, edges


@settings(deadline=None)
@given(graphs())
def test_each_box_stands_in_one_layer_and_arrows_go_down(graph) -> None:
    boxes, edges = graph
    ladder = ladder_of(boxes, edges)
    placed = [v for layer in ladder.layers for v in layer if v < boxes]
    assert sorted(placed) == list(range(boxes))
    layer = ladder.layer_of()
    assert all(layer[a] < layer[b] for a, b in edges)
    assert not any(ladder.upwards)


@settings(deadline=None)
@given(graphs(cycles=True))
def test_cycles_are_broken_by_arrows_that_point_up(graph) -> None:
    boxes, edges = graph
    ladder = ladder_of(boxes, edges)
    layer = ladder.layer_of()
    for (a, b), up, chain in zip(edges, ladder.upwards, ladder.chains, strict=True):
        if a == b:
            assert chain == ()
        else:
            assert (layer[a] > layer[b]) == up
            assert (chain[0], chain[-1]) == ((b, a) if up else (a, b))


@settings(deadline=None)
@given(graphs(cycles=True))
def test_a_long_arrow_bends_once_in_each_layer_between(graph) -> None:
    ladder = ladder_of(*graph)
    layer = ladder.layer_of()
    for chain in ladder.chains:
        steps = [layer[b] - layer[a] for a, b in pairwise(chain)]
        assert all(step == 1 for step in steps)


def test_crossings_are_taken_out_where_none_are_needed() -> None:
    ladder = ladder_of(6, [(0, 5), (1, 4), (2, 3)])
    upper, lower = ladder.layers
    partner = {0: 5, 1: 4, 2: 3}
    assert [partner[box] for box in upper] == list(lower)


def test_a_source_stands_right_above_what_needs_it() -> None:
    layer = ladder_of(5, [(0, 1), (1, 2), (2, 3), (4, 3)]).layer_of()
    assert layer[4] == layer[3] - 1


def test_the_same_graph_gives_the_same_ladder() -> None:
    edges = [(a, b) for a in range(20) for b in range(a + 1, 20) if (a * b) % 7 == 1]
    assert ladder_of(20, edges) == ladder_of(20, edges)


def test_a_chain_of_20000_is_no_matter_of_recursion() -> None:
    ladder = ladder_of(20_000, [(n, n + 1) for n in range(19_999)])
    assert len(ladder.layers) == 20_000


def test_too_many_bends_are_done_without() -> None:
    boxes = 1000
    edges = [(n, n + 1) for n in range(boxes - 1)] + [(n, boxes - 1) for n in range(boxes - 2)]
    ladder = ladder_of(boxes, edges)
    assert sum(map(len, ladder.layers)) <= boxes + 20_000
    assert all(len(chain) >= 2 for chain in ladder.chains)
