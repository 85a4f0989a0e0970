import pytest

from weft.console.commands import TABLE
from weft.console.parser import parse
from weft.console.table import JSON, Arguments, Section, Table, bind
from weft.errors import UserError


def bound(text: str, ids: tuple[str, ...] = ()) -> Arguments:
    (line,) = parse(text)
    return bind(TABLE.find(line.name), line, ids)


def test_every_command_of_the_issue_is_there() -> None:
    wanted = "make parmake remake parremake clean invalidate ls stats why details help exit quit"
    assert set(wanted.split()) <= set(TABLE.names)


def test_every_row_has_one_line_of_help() -> None:
    for row in TABLE.rows:
        assert row.help.endswith(".")
        assert len(row.help) < 60
        assert all(parameter.help for parameter in row.parameters)


def test_two_commands_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="make"):
        Table([TABLE.find("make"), TABLE.find("make")])


def test_an_unknown_command_is_refused_with_near_matches() -> None:
    with pytest.raises(UserError) as caught:
        TABLE.find("parmak")
    assert caught.value.title == "There is no command 'parmak'."
    assert "parmake" in caught.value.cure


def test_parameters_have_defaults() -> None:
    assert bound("make")["n"] == 1
    assert bound("ls")["reason"] is False


def test_a_setting_is_parsed_to_the_type_of_its_parameter() -> None:
    arguments = bound("parmake n=4 memory=2G fail_fast=yes executor=inline draw*")
    assert (arguments["n"], arguments["memory"]) == (4, 2**31)
    assert (arguments["fail_fast"], arguments["executor"]) == (True, "inline")
    assert arguments.selection == ("draw*",)


def test_an_unknown_parameter_is_refused_with_near_matches() -> None:
    with pytest.raises(UserError) as caught:
        bound("make fail_fas=1")
    assert caught.value.title == "make has no parameter 'fail_fas'."
    assert "Did you mean fail_fast?" in caught.value.cure


@pytest.mark.parametrize("text", ["n=0", "n=-1", "n=two", "n=", "recurse=2", "executor=grid"])
def test_impossible_values_are_refused(text: str) -> None:
    with pytest.raises(UserError, match=text.partition("=")[0]):
        bound(f"make {text}")


def test_an_amount_of_memory_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="amount of memory"):
        bound("make memory=lots")


def test_an_id_with_an_equals_sign_is_chosen_where_no_parameter_has_its_name() -> None:
    assert bound("ls p=1", ids=("p=1",)).selection == ("p=1",)
    assert bound("ls p=*", ids=("p=1",)).selection == ("p=*",)
    with pytest.raises(UserError, match="no parameter 'q'"):
        bound("ls q=*", ids=("p=1",))


def test_a_quoted_id_with_an_equals_sign_is_never_a_parameter() -> None:
    arguments = bound("make 'n=4'", ids=("n=4",))
    assert (arguments.selection, arguments["n"]) == (("'n=4'",), 1)


def test_a_command_that_needs_jobs_says_how_to_name_all() -> None:
    with pytest.raises(UserError) as caught:
        bound("invalidate")
    assert "invalidate all" in caught.value.cure


def test_a_command_that_takes_no_jobs_refuses_them() -> None:
    with pytest.raises(UserError, match="exit takes no jobs"):
        bound("exit all")


def test_parameters_can_be_written_as_options() -> None:
    arguments = bound("parmake --fail-fast --take-over=0 --n=2 --executor=inline draw")
    assert (arguments["fail_fast"], arguments["take_over"]) == (True, False)
    assert (arguments["n"], arguments["executor"]) == (2, "inline")
    assert arguments.selection == ("draw",)


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("make --fail-fas", "Did you mean fail_fast?"),
        ("make --executer=inline", "Did you mean executor?"),
        ("ls --zzz", "It has reason, all_details, sort, reverse, limit, json."),
        ("make --help", "help make tells about it."),
    ],
)
def test_an_unknown_option_is_refused_with_near_matches(text: str, cure: str) -> None:
    with pytest.raises(UserError, match="has no parameter") as caught:
        bound(text)
    assert caught.value.cure == cure


@pytest.mark.parametrize("option", ["--n", "-n", "--executor", "--memory"])
def test_an_option_that_needs_a_value_is_refused_without_one(option: str) -> None:
    with pytest.raises(UserError, match="needs a value"):
        bound(f"make {option}")


def test_an_option_takes_its_value_from_the_next_word() -> None:
    arguments = bound("parmake --n 2 draw --timeout 1min")
    assert (arguments["n"], arguments["timeout"], arguments.selection) == (2, 60.0, ("draw",))


def test_short_options_stand_for_parameters() -> None:
    arguments = bound("ls -l failed -r")
    assert (arguments["all_details"], arguments["reverse"]) == (True, True)
    assert arguments.selection == ("failed",)
    assert bound("parmake -n 3")["n"] == 3


def test_a_selection_is_kept_as_it_was_written_without_its_parameters() -> None:
    arguments = bound("ls (a or  'b c') reason=1 and not ~x$")
    assert arguments.selection == ("(a or 'b c') and not ~x$",)


def test_several_words_never_mean_one_id_with_spaces() -> None:
    assert bound("ls a b", ids=("a b",)).selection == ("(a b)",)


def test_what_only_looks_answers_in_json_too() -> None:
    looking = [row for row in TABLE.rows if row.section is Section.LOOKING]
    assert len(looking) > 3
    assert all(JSON in row.accepted for row in looking)
    assert bound("ls --json x")["json"] is True
    with pytest.raises(UserError, match="no parameter 'json'"):
        bound("clean --json all")


def test_an_id_with_dashes_is_chosen_where_no_parameter_has_its_name() -> None:
    ids = ("--odd", "--p=1")
    assert bound("ls --odd --p=1 '--p=1'", ids=ids).selection == ("--odd --p=1 '--p=1'",)
