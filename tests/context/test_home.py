"""Where a script ran, told to a process without it."""

from pathlib import Path

import pytest

from weft.context.home import Home, home_of_script


def test_it_survives_being_written() -> None:
    home = Home.read(home_of_script(Path("/results")))
    assert home.store == "/results"
    assert home.folder == str(Path.cwd())
    assert all(Path(place).is_absolute() for place in home.path)
    assert not any("site-packages" in place for place in home.path)
    assert Home.read("") == Home()


def test_the_folder_of_the_script_comes_first(tmp_path: Path) -> None:
    home = Home("/w/scripts/s.py", "", "/w", "/w/out", ("/w/scripts", "/lib"))
    here = str(Path.cwd())
    assert home.search_path(Path("/w/out")) == ["/w/scripts", "/w", "/lib", here]
    as_module = Home("/w/scripts/s.py", "scripts.s", "/w", "/w/out", ())
    assert as_module.search_path(Path("/w/out")) == ["/w", here]


def test_what_moved_together_with_the_results_is_found_there(tmp_path: Path) -> None:
    (tmp_path / "new" / "scripts").mkdir(parents=True)
    home = Home("/w/scripts/s.py", "", "/w", "/w/out", ("/lib",))
    found = home.search_path(tmp_path / "new" / "out")
    assert found[:3] == [str(tmp_path / "new" / "scripts"), str(tmp_path / "new"), "/lib"]


def test_the_next_step_names_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "my script.py"
    out = tmp_path / "out"
    home = Home(str(script), "", str(tmp_path), str(out))
    assert "is not there any more" in home.command(out)
    script.touch()
    assert home.command(out).endswith(f"python '{script}' make")
    monkeypatch.chdir(tmp_path)
    assert home.command(out).endswith("python 'my script.py' make")
    assert Home("/x/s.py", "pkg.s", "/x", "/x/out").command(out).endswith("python -m pkg.s make")
    assert Home().command(out) == "Run the program that defines them."
