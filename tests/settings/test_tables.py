import pytest

from weft.errors import UserError
from weft.settings.tables import Entry, entries, parse_toml, tool_table


@pytest.mark.parametrize(
    "text",
    [
        "[tool.weft]\nn = 4",
        '[ tool . "weft" ]\nn = 4',
        "[tool]\nweft.n = 4",
        "[tool]\nweft = { n = 4 }",
        "tool.weft.n = 4",
        "tool = { weft = { n = 4 } }",
    ],
)
def test_the_table_is_found_however_it_is_written(text: str) -> None:
    assert tool_table(text, "pyproject.toml") == {"n": 4}


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[project]\ndependencies = ["weft"]\n[project.scripts]\nweft = "weft.cli:main"',
        "[tool.ruff]\nline-length = 100",
        '[tool]\nname = "weft"',
        "this is [no TOML",
    ],
)
def test_a_file_without_the_table_says_nothing(text: str) -> None:
    assert tool_table(text, "pyproject.toml") is None


def test_toml_that_is_none_is_refused_with_its_line() -> None:
    with pytest.raises(UserError, match=r"weft\.toml is not TOML") as caught:
        parse_toml("n = 4\nexecutor = inline", "weft.toml")
    assert "line 2" in caught.value.facts["because"]


def test_values_have_their_own_types_or_are_texts() -> None:
    table = {"n": 4, "fail-fast": True, "timeout": 1.5, "grace": "7d", "echo": "on", "memory": 99}
    assert [(e.name, e.text) for e in entries(table, "weft.toml")] == [
        ("n", "4"),
        ("fail-fast", "True"),
        ("timeout", "1.5"),
        ("grace", "7d"),
        ("echo", "on"),
        ("memory", "99"),
    ]


def test_tables_of_contexts_come_after_the_general_one() -> None:
    table = {"contexts": {"out-fits": {"n": 2}}, "n": 4}
    assert list(entries(table, "pyproject.toml", "tool.weft")) == [
        Entry("n", "4", "[tool.weft]"),
        Entry("n", "2", '[tool.weft.contexts."out-fits"]', "out-fits"),
    ]


@pytest.mark.parametrize(
    ("table", "title"),
    [
        ({"n": True}, "n can't be true."),
        ({"n": [4]}, "n can't be a list."),
        ({"executor": {}}, "executor can't be a table."),
        ({"notify": 5}, "notify can't be 5."),
        ({"executer": "inline"}, "There is no setting 'executer'."),
        ({"contexts": {"n": 4}}, "contexts holds one table for each context."),
        ({"contexts": 4}, "contexts holds one table for each context."),
    ],
)
def test_what_can_be_no_setting_is_refused_with_file_and_table(
    table: dict[str, object], title: str
) -> None:
    with pytest.raises(UserError) as caught:
        list(entries(table, "pyproject.toml", "tool.weft"))
    assert caught.value.title == title
    assert caught.value.facts == {"file": "pyproject.toml", "table": "[tool.weft]"}
