import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.console.command_line import as_text, split_settings
from weft.console.parser import parse
from weft.errors import UserError


def test_settings_come_before_the_command() -> None:
    assert split_settings(["--n=4", "--fail-fast", "make", "--echo"]) == (
        {"n": "4", "fail_fast": "1"},
        ["make", "--echo"],
    )


@pytest.mark.parametrize("words", [["--n", "4"], ["--zoo=1"], ["--=1"]])
def test_what_is_no_setting_is_refused(words: list[str]) -> None:
    with pytest.raises(UserError):
        split_settings(words)


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1))
def test_an_id_comes_through_the_shell_whole(job_id: str) -> None:
    (line,) = parse(as_text(["ls", job_id], {job_id}))
    if not ("'" in job_id and ('"' in job_id or "\\" in job_id)):
        assert [word.text for word in line.words] == [job_id]


def test_expressions_come_through_as_they_are() -> None:
    assert as_text(["ls", "(a", "or", "b)"], {"a", "b"}) == "ls (a or b)"
