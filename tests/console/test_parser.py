import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.console.parser import Line, Word, parse
from weft.errors import UserError


def texts(line: Line) -> list[str]:
    return [word.text for word in line.words]


def test_semicolons_separate_commands_and_empty_ones_are_left_out() -> None:
    lines = parse(" clean;; parmake n=4 ;")
    assert [line.name for line in lines] == ["clean", "parmake"]


def test_nothing_is_no_command() -> None:
    assert parse("  \n ") == ()


def test_a_semicolon_needs_no_spaces_around_it() -> None:
    assert [line.name for line in parse("clean;make")] == ["clean", "make"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ls 'a b'", ["a b"]),
        ('ls "a;b"', ["a;b"]),
        (r"ls a\ b", ["a b"]),
        (r'ls "a\"b"', ['a"b']),
        (r"ls 'a\b'", [r"a\b"]),
        ("ls pre'mid'post", ["premidpost"]),
        ("ls ''", [""]),
        ("ls a\\", ["a\\"]),
    ],
)
def test_quotes_keep_spaces_and_semicolons(text: str, words: list[str]) -> None:
    assert texts(parse(text)[0]) == words


def test_only_an_equals_sign_outside_of_quotes_sets_a_parameter() -> None:
    (line,) = parse("make n=4 'p=1' executor=\"inline\" a-b=1 =x")
    assert [word.setting for word in line.words] == [
        ("n", "4"),
        None,
        ("executor", "inline"),
        None,
        None,
    ]


def test_a_value_may_hold_more_equals_signs() -> None:
    assert parse("x a=b=c")[0].words[0].setting == ("a", "b=c")


@pytest.mark.parametrize("text", ["ls 'a", 'ls "a; make'])
def test_an_open_quote_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="not closed"):
        parse(text)


@settings(deadline=None)
@given(st.lists(st.text(string.printable, max_size=8), max_size=4))
def test_whatever_is_quoted_comes_back_as_it_was(words: list[str]) -> None:
    def quoted(word: str) -> str:
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'

    (line,) = parse(" ".join(["ls", *map(quoted, words)]))
    assert line == Line("ls", tuple(map(Word, words)))


@settings(deadline=None)
@given(st.text(max_size=30).filter(lambda text: "'" not in text and '"' not in text))
def test_text_without_quotes_is_always_understood(text: str) -> None:
    for line in parse(text):
        assert line.name
