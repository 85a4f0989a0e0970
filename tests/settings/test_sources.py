from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weft.errors import UserError
from weft.settings import SETTINGS, Settings, read_settings
from weft.settings.sources import NEWS_VARIABLES

Read = Callable[..., Settings]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def project(home: Path) -> Path:
    """A repository in the user's home."""
    (home / "project" / ".git").mkdir(parents=True)
    return home / "project"


@pytest.fixture
def read(home: Path, project: Path) -> Read:
    def reading(folder: str = "out-fits", *, start: Path = project, **more: Any) -> Settings:
        return read_settings(folder, home=home, start=start, **{"environment": {}, **more})

    return reading


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_every_source_beats_those_before_it(read: Read, home: Path, project: Path) -> None:
    write(home / ".config" / "weft" / "rc", "# mine\nn=1")
    write(home / ".weftrc", "n=2")
    write(project / ".weftrc", "config n 3")
    write(project / "pyproject.toml", '[tool.weft]\nn = 4\n[tool.weft.contexts."out-fits"]\nn = 5')
    settings = read(environment={"WEFT_N": "6"}, command_line={"n": "7"})
    assert [(value.value, value.origin) for value in settings.all_of("n")] == [
        (None, "default"),
        (1, "~/.config/weft/rc line 2"),
        (2, "~/.weftrc line 1"),
        (3, ".weftrc line 1"),
        (4, "pyproject.toml [tool.weft]"),
        (5, 'pyproject.toml [tool.weft.contexts."out-fits"]'),
        (6, "WEFT_N"),
        (7, "command line"),
    ]
    assert settings.messages == ()


def test_a_table_of_another_context_does_not_count_but_is_checked(
    read: Read, project: Path
) -> None:
    write(project / "weft.toml", '[contexts."out-fits"]\nn = 2')
    assert read("some/where/out-fits")["n"] == 2
    assert read("out-plots")["n"] is None
    write(project / "weft.toml", '[contexts."out-fits"]\nn = 0')
    with pytest.raises(UserError) as caught:
        read("out-plots")
    assert caught.value.facts == {"file": "weft.toml", "table": '[contexts."out-fits"]'}


def test_the_nearest_folder_with_a_table_counts(read: Read, project: Path) -> None:
    start = project / "a" / "b"
    start.mkdir(parents=True)
    write(project / "weft.toml", "n = 4")
    write(project / "a" / "pyproject.toml", "[tool.ruff]\nline-length = 100")
    assert read(start=start).origin("n") == "../../weft.toml"
    write(project / "a" / "pyproject.toml", "[tool.weft]\nretries = 1")
    settings = read(start=start)
    assert (settings["n"], settings["retries"]) == (None, 1)


def test_of_two_files_in_one_folder_weft_toml_counts_and_that_is_said(
    read: Read, project: Path
) -> None:
    write(project / "weft.toml", "n = 4")
    write(project / "pyproject.toml", "[tool.weft]\nn = 2\nretries = 1")
    settings = read()
    assert (settings["n"], settings["retries"]) == (4, 0)
    assert settings.messages == (
        "[tool.weft] of pyproject.toml is not read: weft.toml is there too.",
    )


def test_a_broken_pyproject_of_a_project_that_does_not_set_anything_is_no_trouble(
    read: Read, project: Path
) -> None:
    write(project / "pyproject.toml", "what is [this")
    assert read() == Settings()


@pytest.mark.parametrize(
    ("file", "text", "facts"),
    [
        (".weftrc", "n=4\nn=none of them", {"file": ".weftrc", "line": "2"}),
        (".weftrc", "timout=4", {"file": ".weftrc", "line": "1"}),
        ("weft.toml", "n = 0", {"file": "weft.toml"}),
        (
            "pyproject.toml",
            "[tool.weft]\nn = 0",
            {"file": "pyproject.toml", "table": "[tool.weft]"},
        ),
    ],
)
def test_an_error_names_file_and_place(
    read: Read, project: Path, file: str, text: str, facts: dict[str, str]
) -> None:
    write(project / file, text)
    with pytest.raises(UserError) as caught:
        read()
    assert caught.value.facts == facts


def test_work_in_home_reads_its_rc_file_once(read: Read, home: Path) -> None:
    write(home / ".weftrc", "n=2")
    assert len(read(start=home).all_of("n")) == 2


# -- files of others -------------------------------------------------------------------------


def test_an_rc_file_that_everybody_can_write_to_is_not_read(read: Read, project: Path) -> None:
    write(project / ".weftrc", "notify=touch owned")
    (project / ".weftrc").chmod(0o666)
    settings = read()
    assert settings["notify"] is None
    assert settings.messages == (".weftrc is not read: everybody can write to it.",)


def test_a_project_file_that_others_can_write_to_may_not_run_commands(
    read: Read, project: Path
) -> None:
    write(project / "weft.toml", 'n = 4\nnotify = "touch owned"\nconfirm = false')
    (project / "weft.toml").chmod(0o666)
    settings = read()
    assert (settings["n"], settings["notify"], settings["confirm"]) == (4, None, True)
    assert settings.messages == (
        "notify and confirm of weft.toml are not taken: everybody can write to it.",
    )


# -- the environment -------------------------------------------------------------------------


def test_empty_variables_count_as_absent(read: Read) -> None:
    assert read(environment={"WEFT_N": "", "WEFT_FAIL_FAST": "1"})["n"] is None


def test_a_bad_variable_is_named(read: Read) -> None:
    with pytest.raises(UserError) as caught:
        read(environment={"WEFT_EXECUTOR": "cloud"})
    assert caught.value.facts == {"variable": "WEFT_EXECUTOR"}


def test_a_variable_that_is_almost_a_setting_is_told_of(read: Read) -> None:
    settings = read(environment={"WEFT_TIMOUT": "4", "WEFT_HOME_PAGE": "x", "PATH": "/bin"})
    assert settings.messages == ("WEFT_TIMOUT sets nothing. Did you mean timeout?",)


def test_what_the_command_of_notify_finds_is_no_setting(read: Read) -> None:
    names = {f"WEFT_{row.name.upper()}" for row in SETTINGS}
    assert names.isdisjoint(NEWS_VARIABLES)
    assert read(environment=dict.fromkeys(NEWS_VARIABLES, "1")) == Settings()


def test_an_unknown_name_on_the_command_line_is_refused(read: Read) -> None:
    with pytest.raises(UserError, match="no setting 'colour'") as caught:
        read(command_line={"colour": "never"})
    assert caught.value.cure == "Did you mean color?"


def test_without_a_working_folder_there_is_no_project(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert read_settings("out", environment={"WEFT_N": "2"}, home=home)["n"] == 2
