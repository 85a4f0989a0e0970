import pytest

from weft.errors import UserError
from weft.settings import SETTINGS, Settings, Value


def test_where_nobody_says_anything_the_default_holds() -> None:
    settings = Settings()
    for row in SETTINGS:
        assert settings[row.name] == row.default
        assert settings.origin(row.name) == "default"


def test_later_values_win_and_the_earlier_are_remembered() -> None:
    settings = Settings().with_value("n", "4", "rc line 1").with_value("n", "2", "WEFT_N")
    assert (settings["n"], settings.origin("n")) == (2, "WEFT_N")
    assert settings.all_of("n") == (
        Value(None, "default"),
        Value(4, "rc line 1"),
        Value(2, "WEFT_N"),
    )


def test_settings_are_not_changed_by_a_new_value() -> None:
    before = Settings()
    before.with_value("n", "4", "the prompt")
    assert before["n"] is None


def test_taking_a_value_back_brings_the_one_before() -> None:
    settings = Settings().with_value("n", "4", "WEFT_N")
    changed = settings.with_value("n", "2", "the prompt").with_value("n", "3", "the prompt")
    assert changed["n"] == 3
    assert changed.without("n", "the prompt") == settings


def test_an_unknown_name_is_an_error_here_too() -> None:
    with pytest.raises(UserError):
        Settings()["timout"]


def test_an_error_names_the_place() -> None:
    with pytest.raises(UserError) as caught:
        Settings().with_value("n", "many", "command line")
    assert caught.value.facts == {"given by": "command line"}
    assert "n is a whole number, at least 1, or all" in caught.value.title
