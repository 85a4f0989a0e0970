"""Digests of graphs with circles."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from weft.fingerprint.groups import Node, settle

SIZE = 6
GRAPHS = st.lists(
    st.tuples(st.integers(0, 2), st.lists(st.integers(0, SIZE - 1), max_size=3)),
    min_size=SIZE,
    max_size=SIZE,
)


def build(graph, order=range(SIZE)):
    """Nodes with the given contents and targets; edges are labelled by their place."""
    nodes = [Node() for _ in graph]

    def expand(node):
        content, targets = graph[nodes.index(node)]
        node.own.append(b"%d" % content)
        node.edges.extend((b"%d:" % i, nodes[target]) for i, target in enumerate(targets))

    for index in order:
        settle(nodes[index], expand)
    return [node.digest for node in nodes]


def same_behaviour(graph):
    """Partition of the nodes by all that can be told apart by following edges."""
    classes = [0] * SIZE
    for _ in range(SIZE + 1):
        looks = [
            (content, tuple(classes[target] for target in targets)) for content, targets in graph
        ]
        numbers = {look: number for number, look in enumerate(dict.fromkeys(looks))}
        classes = [numbers[look] for look in looks]
    return classes


@settings(deadline=None)
@given(GRAPHS, st.permutations(range(SIZE)))
def test_digests_do_not_depend_on_where_the_walk_begins(graph, order):
    assert build(graph) == build(graph, order)


@settings(deadline=None)
@given(GRAPHS)
def test_nodes_that_can_be_told_apart_differ(graph):
    digests, classes = build(graph), same_behaviour(graph)
    for one in range(SIZE):
        for other in range(SIZE):
            if classes[one] != classes[other]:
                assert digests[one] != digests[other]


@settings(deadline=None)
@given(GRAPHS, st.integers(0, SIZE - 1))
def test_a_change_reaches_exactly_those_that_reach_it(graph, changed):
    edited = list(graph)
    edited[changed] = (graph[changed][0] + 3, graph[changed][1])
    reaching = {changed}
    for _ in range(SIZE):
        reaching |= {i for i, (_, targets) in enumerate(graph) if reaching & set(targets)}
    before, after = build(graph), build(edited)
    assert {i for i in range(SIZE) if before[i] != after[i]} == reaching


def chain(length, *, closed):
    nodes = [Node([b"first"])] + [Node() for _ in range(length - 1)]
    follow = {id(one): other for one, other in pairwise(nodes)}
    if closed:
        follow[id(nodes[-1])] = nodes[0]

    def expand(node):
        if id(node) in follow:
            node.edges.append((b":", follow[id(node)]))

    settle(nodes[0], expand)
    return [node.digest for node in nodes]


def test_a_long_chain_needs_no_deep_stack():
    assert len(set(chain(20_000, closed=False))) == 20_000


def test_all_places_of_a_long_circle_are_told_apart():
    assert len(set(chain(100, closed=True))) == 100
