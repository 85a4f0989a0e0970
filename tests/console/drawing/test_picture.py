"""What a picture shows."""

from tests.console.conftest import Console, Open
from weft.console.drawing.picture import Edge, Label, Picture, picture_of
from weft.console.views.sight import sight
from weft.model.states import JobState


def seen_picture(console: Console, *words: str, **settings: object) -> Picture:
    with sight(console.context) as seen:
        return picture_of(seen, seen.chosen(words), **settings)


def arrows(picture: Picture, *, generated: bool = False) -> set[tuple[str, str]]:
    names = [node.id for node in picture.nodes]
    return {
        (names[edge.source], names[edge.target])
        for edge in picture.edges
        if edge.generated == generated
    }


def test_arrows_follow_the_data(opened: Open) -> None:
    console = opened(1)
    console("make executor=inline")
    picture = seen_picture(console)
    assert [(node.id, node.state) for node in picture.nodes] == [
        ("load", JobState.DONE),
        ("fit-1", JobState.DONE),
        ("draw-1", JobState.DONE),
    ]
    assert arrows(picture) == {("load", "fit-1"), ("fit-1", "draw-1")}
    assert all(node.seconds is not None for node in picture.nodes)


def test_arrows_to_jobs_that_are_not_chosen_are_left_out(opened: Open) -> None:
    assert arrows(seen_picture(opened(1), "load", "draw-1")) == set()


def test_a_generators_value_comes_from_the_job_that_it_promised(growing: Console) -> None:
    picture = seen_picture(growing)
    assert arrows(picture) == {
        ("spread-leaf-0", "spread-total"),
        ("spread-leaf-1", "spread-total"),
        ("spread-total", "show"),
    }
    assert arrows(picture, generated=True) == {
        ("spread", "spread-leaf-0"),
        ("spread", "spread-leaf-1"),
        ("spread", "spread-total"),
    }
    assert [node.id for node in picture.nodes if node.dynamic] == ["spread"]


def test_where_the_promised_job_is_not_chosen_it_comes_from_the_generator(growing: Console) -> None:
    assert arrows(seen_picture(growing, "spread", "show")) == {("spread", "show")}


def test_collapsed_there_is_one_box_per_function_with_counts(opened: Open) -> None:
    console = opened(0, 1, 2)
    console("make executor=inline")
    picture = seen_picture(console, collapse=True)
    assert [(node.label, node.counts) for node in picture.nodes] == [
        ("load()", ((JobState.DONE, 1),)),
        ("fit()", ((JobState.DONE, 2), (JobState.FAILED, 1))),
        ("draw()", ((JobState.DONE, 2), (JobState.BLOCKED, 1))),
    ]
    assert [node.state for node in picture.nodes] == [
        JobState.DONE,
        JobState.FAILED,
        JobState.BLOCKED,
    ]
    assert picture.edges == (Edge(0, 1, count=3), Edge(1, 2, count=3))
    assert picture.jobs == 7


def test_from_200_jobs_on_it_collapses_by_itself(opened: Open) -> None:
    console = opened(*range(1, 101))
    assert seen_picture(console).collapsed
    assert not seen_picture(console, collapse=False).collapsed
    assert len(seen_picture(console, collapse=False).nodes) == 201
    assert not seen_picture(console, "fit*", "draw*").collapsed


def test_labels_are_ids_functions_or_nothing(opened: Open) -> None:
    for label, words in ((Label.ID, "fit-1"), (Label.FUNCTION, "fit()"), (Label.NONE, "")):
        assert seen_picture(opened(1), "fit-1", label=label).nodes[0].label == words


def test_facts_tell_function_state_and_definer(growing: Console) -> None:
    node = seen_picture(growing, "spread-leaf-0").nodes[0]
    assert node.facts[:3] == ("leaf()", "done", "defined by spread")
