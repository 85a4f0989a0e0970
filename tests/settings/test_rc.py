import pytest

from weft.errors import UserError
from weft.settings.rc import RcLine, read_rc


def lines(text: str) -> list[tuple[str, str]]:
    return [(line.name, line.text) for line in read_rc(text, "rc")]


def test_a_setting_can_be_written_in_three_ways() -> None:
    assert lines("config n 4\nconfig n=4\nn=4\nn = 4\nconfig n = 4") == [("n", "4")] * 5


def test_comments_and_empty_lines_are_passed_over_and_lines_counted() -> None:
    text = "# mine\n\nn=4  # cores\r\n   \nfail-fast=1"
    assert list(read_rc(text, "rc")) == [RcLine(3, "n", "4"), RcLine(5, "fail-fast", "1")]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('config notify notify-send "Weft: $WEFT_TEXT"', 'notify-send "Weft: $WEFT_TEXT"'),
        ("notify = 'notify-send Weft'", "notify-send Weft"),
        ("notify='a' 'b'", "'a' 'b'"),
        ('notify=say "job # 1" # aloud', 'say "job # 1"'),
        ("notify=https://a.org/x#y?k=v", "https://a.org/x#y?k=v"),
        ("notify='", "'"),
    ],
)
def test_a_value_is_the_rest_of_the_line(line: str, value: str) -> None:
    assert lines(line) == [("notify", value)]


@pytest.mark.parametrize("line", ["ls failed", "make", "parmake n=4", "config", "config 1=2", "=4"])
def test_any_other_command_is_refused_with_file_and_line(line: str) -> None:
    with pytest.raises(UserError) as caught:
        lines(f"n=1\n{line}")
    assert caught.value.facts == {"file": "rc", "line": "2"}
    assert "before there are any jobs" in caught.value.cure


@pytest.mark.parametrize("line", ["config n", "n=", "config n="])
def test_a_setting_without_a_value_is_refused(line: str) -> None:
    with pytest.raises(UserError, match="n has no value"):
        lines(line)
