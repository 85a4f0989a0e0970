import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.console.text.screen import Screen, Tone, columns_of, hung, shorten


def test_a_pipe_has_80_columns_and_no_colours() -> None:
    screen = Screen.of(io.StringIO())
    assert (screen.width, screen.colour, screen.live) == (80, False, False)
    assert screen.paint("x", Tone.BAD) == "x"


@pytest.fixture
def terminal() -> "io.TextIOWrapper":  # type: ignore[misc]
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as stream:
        yield stream
    os.close(ours)


@pytest.mark.parametrize(
    ("variables", "colour", "live"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False, True),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_a_terminal_has_colours_unless_told_otherwise(
    terminal: io.TextIOWrapper,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    colour: bool,
    live: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    screen = Screen.of(terminal)
    assert (screen.colour, screen.live) == (colour, live)


def test_what_the_encoding_can_not_show_is_replaced() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    Screen(stream).line("✓ café → 漢")
    assert raw.getvalue() == b"+ caf\\xe9 -> \\u6f22\n"


@settings(deadline=None)
@given(st.text(alphabet="abcé漢字-", max_size=40), st.integers(0, 40))
def test_a_shortened_text_fits(text: str, width: int) -> None:
    assert columns_of(shorten(text, width)) <= width
    assert shorten(text, 40 * 2) == text


def test_a_short_text_stays_as_it_is() -> None:
    assert shorten("abc", 3) == "abc"


NARROW = Screen(io.StringIO(), width=20, live=True)


def test_long_lines_hang_after_their_head() -> None:
    head = NARROW.paint("x", None) + " fit  "
    assert hung(head, "will run: its function fit() changed", NARROW) == [
        "x fit  will run: its",
        "       function",
        "       fit() changed",
    ]


def test_colours_take_no_columns() -> None:
    coloured = Screen(io.StringIO(), width=20, colour=True, live=True)
    head = f"{coloured.paint('x', Tone.BAD)} a  "
    assert hung(head, "one two three four", coloured) == [f"{head}one two three", "     four"]


def test_a_head_beyond_half_of_the_width_does_not_narrow_the_rest() -> None:
    assert hung("a-very-long-id  ", "one two three", NARROW) == [
        "a-very-long-id  one",
        "    two three",
    ]


def test_lines_for_a_pipe_stay_whole() -> None:
    assert hung("x ", "  word " * 99, Screen(io.StringIO())) == ["x " + "  word " * 99]


@settings(deadline=None)
@given(st.text(alphabet="ab 漢", max_size=80), st.text(alphabet="ab ", max_size=30))
def test_no_word_is_lost_by_breaking_lines(text: str, head: str) -> None:
    lines = hung(head, text, NARROW)
    assert " ".join(lines).split() == (head + text).split()
    assert all(columns_of(line) <= 20 or len(line.split()) <= 1 for line in lines[1:])
