import pytest

from weft.errors import UserError
from weft.settings import SETTINGS, Setting, setting
from weft.settings.setting import masked


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
def test_every_default_reads_as_it_is_written(row: Setting) -> None:
    assert row.read(row.write(row.default)) == row.default


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
def test_every_setting_says_in_a_sentence_what_it_does(row: Setting) -> None:
    assert row.help[0].isupper()
    assert row.help.endswith(".")
    assert row.name.isidentifier()


def test_a_setting_that_can_be_without_a_value_has_a_word_for_that() -> None:
    assert [setting("n").read(text) for text in ("all", "None", "3")] == [None, None, 3]


def test_a_setting_that_needs_a_value_has_no_such_word() -> None:
    with pytest.raises(UserError, match="retries is a whole number"):
        setting("retries").read("none")


def test_an_empty_command_is_refused() -> None:
    with pytest.raises(UserError, match="notify is empty"):
        setting("notify").read("")


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError) as caught:
        setting("retrys")
    assert caught.value.cure == "Did you mean retries?"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://hooks.example.org/services/T0/B0/secret", "https://hooks.example.org/…"),
        ("http://me:secret@example.org", "http://example.org"),
        ("HTTPS://me:sec?ret@example.org/?key=1#x", "HTTPS://example.org/…"),
        ("curl -d @- 'https://a.org/x?key=1' && echo", "curl -d @- 'https://a.org/…' && echo"),
        ("notify-send done", "notify-send done"),
    ],
)
def test_of_urls_only_scheme_and_host_are_shown(text: str, shown: str) -> None:
    assert masked(text) == shown
