import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.console.commands import TABLE
from weft.console.prompt.completion import Names, Shade, completions, shaded

NAMES = Names(sorted(["fit-1", "fit-2", "load", "two words"]), ["fit", "load"], ["n", "notify"])


def offered(before: str) -> list[str]:
    return [one.text for one in completions(before, TABLE, NAMES)[1]]


def test_the_first_word_is_a_command() -> None:
    assert offered("par") == ["parmake", "parremake"]
    assert offered("ls; par") == ["parmake", "parremake"]


def test_later_words_are_words_of_the_language_functions_ids_and_parameters() -> None:
    assert offered("ls f") == ["fresh", "failed", "faster than", "fit()", "fit-1", "fit-2"]
    assert offered("ls re") == ["ready", "reason=", "reverse="]
    assert offered("ls (fit-1 or l") == [
        "last",
        "level1",
        "larger than",
        "load()",
        "load",
        "limit=",
    ]


def test_options_and_their_values_are_completed() -> None:
    assert offered("make --fa") == ["--fail-fast"]
    assert offered("make executor=in") == ["executor=inline"]
    assert offered("make --echo=") == ["--echo=1", "--echo=0"]


def test_ids_that_need_quotes_get_them() -> None:
    assert "'two words'" in offered("ls tw")
    assert offered("ls 'two w") == ["'two words'"]
    assert completions("ls 'two w", TABLE, NAMES)[0] == len("'two w")


def test_commands_with_words_of_their_own_complete_those() -> None:
    assert offered("help parm") == ["parmake"]
    assert offered("config no") == ["notify"]


@pytest.mark.parametrize("before", ["nonsense x", "ls 'a' ; nonsense ", "exit a"])
def test_where_nothing_is_known_nothing_is_offered(before: str) -> None:
    assert offered(before) == []


def test_many_ids_are_not_all_offered() -> None:
    many = Names([f"job-{i:06}" for i in range(100_000)])
    assert len(completions("ls job", TABLE, many)[1]) == 200


@given(st.text(max_size=40))
def test_any_text_can_be_completed_and_coloured(text: str) -> None:
    completions(text, TABLE, NAMES)
    assert "".join(part for _, part in shaded(text, TABLE)) == text


def test_parts_of_a_line_have_their_shades() -> None:
    found = [(shade, part) for shade, part in shaded("ls fit* and failed reason=1; zz", TABLE)]
    assert [pair for pair in found if pair[1].strip()] == [
        (Shade.COMMAND, "ls"),
        (Shade.PATTERN, "fit*"),
        (Shade.OPERATOR, "and"),
        (Shade.KEYWORD, "failed"),
        (Shade.PARAMETER, "reason=1"),
        (Shade.OPERATOR, ";"),
        (Shade.UNKNOWN, "zz"),
    ]
