import io
import json

import pytest

import weft
from tests.console.conftest import Open
from weft.console.text.screen import Screen, columns_of
from weft.console.text.view import View
from weft.console.views.configuring import (
    changed_settings,
    setting_list,
    setting_page,
    wish_of,
)
from weft.settings import SETTINGS, Settings

SECRET = "https://me:secret@hooks.example.org/services/T0/B0/key?token=1"


def shown(view: View, width: int = 80, *, live: bool = False) -> list[str]:
    return list(view.lines(Screen(io.StringIO(), width=width, live=live)))


def test_config_lists_every_setting_in_one_line() -> None:
    lines = shown(setting_list(Settings()))
    assert [line.split()[0] for line in lines[: len(SETTINGS)]] == [row.name for row in SETTINGS]
    assert lines[len(SETTINGS) :] == ["", "* is not the default. config NAME tells more."]


def test_what_is_not_the_default_has_a_mark_and_says_where_it_comes_from() -> None:
    settings = (
        Settings().with_value("n", "4", "weft.toml").with_value("retries", "0", "WEFT_RETRIES")
    )
    lines = shown(setting_list(settings))
    n, retries = (next(line for line in lines if name in line.split()) for name in ("n", "retries"))
    assert n.startswith("* n ")
    assert n.endswith("(from weft.toml)")
    assert retries.startswith("  retries")
    assert retries.endswith("(from WEFT_RETRIES)")


def test_the_list_fits_a_terminal() -> None:
    settings = Settings().with_value(
        "notify", "notify-send " + "x" * 300, "~/.config/weft/rc line 3"
    )
    lines = shown(setting_list(settings), width=60, live=True)
    assert max(map(columns_of, lines)) <= 60


def test_one_setting_is_shown_with_all_that_was_said_of_it() -> None:
    settings = (
        Settings()
        .with_value("timeout", "2h", "~/.weftrc line 1")
        .with_value("timeout", "90s", "weft.toml")
        .with_value("timeout", "1h", "WEFT_TIMEOUT")
    )
    assert shown(setting_page(settings, "timeout")) == [
        "* timeout = 1h",
        "  from:       WEFT_TIMEOUT",
        "  meaning:    Time after which a job is killed that sets no timeout itself.",
        '  takes:      a time such as "90s", "2min" or "1h", or none',
        "  default:    none",
        "  instead of: 90s (weft.toml)",
        "  instead of: 2h (~/.weftrc line 1)",
    ]


def test_the_document_has_values_that_programs_can_use() -> None:
    settings = Settings().with_value("timeout", "1h", "WEFT_TIMEOUT")
    document = json.loads(json.dumps(setting_list(settings).document()))
    assert [entry["name"] for entry in document] == [row.name for row in SETTINGS]
    (timeout,) = (entry for entry in document if entry["name"] == "timeout")
    assert timeout == {
        "name": "timeout",
        "value": 3600.0,
        "origin": "WEFT_TIMEOUT",
        "default": None,
        "help": "Time after which a job is killed that sets no timeout itself.",
    }


def test_of_urls_the_host_is_shown_and_secrets_nowhere() -> None:
    settings = Settings().with_value("notify", SECRET, "WEFT_NOTIFY")
    settings = settings.with_value("notify", f"curl {SECRET}", "the prompt")
    views = (setting_list(settings), setting_page(settings, "notify"))
    for view in views:
        for text in ("\n".join(shown(view)), json.dumps(view.document())):
            for secret in ("me:", "secret", "services", "key", "token"):
                assert secret not in text
    assert "* notify = curl https://hooks.example.org/…" in shown(views[1])


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        (["n"], ("n", None)),
        (["n", "4"], ("n", "4")),
        (["n=4"], ("n", "4")),
        (["notify", "curl x?a=b"], ("notify", "curl x?a=b")),
    ],
)
def test_a_wish_is_a_name_and_perhaps_a_value(
    words: list[str], wish: tuple[str, str | None]
) -> None:
    assert wish_of(words) == wish


def test_a_value_of_several_words_needs_quotes() -> None:
    with pytest.raises(weft.UserError) as caught:
        wish_of(["notify", "notify-send", "Weft"])
    assert "Put quotes" in caught.value.cure


def test_the_value_default_takes_back_what_the_prompt_said() -> None:
    before = Settings().with_value("n", "4", "weft.toml")
    changed = changed_settings(before, "n", "2")
    assert (changed["n"], changed.origin("n")) == (2, "the prompt")
    assert changed_settings(changed, "n", "default") == before


def test_an_error_at_the_prompt_has_no_place() -> None:
    with pytest.raises(weft.UserError) as caught:
        changed_settings(Settings(), "executor", "cloud")
    assert caught.value.facts == {}


# -- the command -----------------------------------------------------------------------------


def test_config_sets_a_value_for_the_session(opened: Open) -> None:
    console = opened(1)
    assert console("config n 4")[:2] == ["* n = 4", "  from:  the prompt"]
    assert console.context.settings["n"] == 4
    assert console("config fail-fast 1; config fail_fast")[0] == "* fail_fast = 1"
    assert console("config n default")[0] == "n = all"


def test_config_takes_the_equals_sign_too(opened: Open) -> None:
    console = opened(1)
    assert console("config n=4")[0] == "* n = 4"


def test_config_answers_in_json(opened: Open) -> None:
    document = json.loads("\n".join(opened(1)("config --json n")))
    assert document[0]["name"] == "n"


def test_config_of_an_unknown_name_suggests_the_nearest(opened: Open) -> None:
    with pytest.raises(weft.UserError) as caught:
        opened(1)("config timout")
    assert caught.value.cure == "Did you mean timeout?"
