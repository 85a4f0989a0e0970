"""What each command prints, word for word: one file of commands and outputs for each.

``WEFT_GOLDEN=write pytest tests/console/test_golden.py`` writes the files anew; read what changed.
"""

import io
import os
import re
from pathlib import Path

import pytest

import weft
from tests.console.conftest import stable
from weft.console.commands import TABLE
from weft.console.session import Session
from weft.console.text.screen import Screen

GOLDEN = Path(__file__).with_name("golden")
WITHOUT = {"clear", "exit"}
"""Commands that print nothing."""


def load(path: str) -> list[int]:
    return [1, 2, 3]


def fit(data: list[int], alpha: int) -> float:
    print(f"fitting with {alpha}")
    return sum(data) / alpha


def draw(model: float) -> str:
    return "#" * int(model)


def sample(number: int) -> int:
    return number * number


def samples(context: weft.Definer, numbers: list[int]) -> list[weft.Promise[int]]:
    return [context.comp(sample, number, job_id=f"samples-{number}") for number in numbers]


def study(folder: Path) -> weft.Context:
    """One of everything: a chain that fails, one that does not, a generator, tags and options."""
    context = weft.Context(folder)
    data = context.comp(load, "a.csv")
    for alpha in (0, 2):
        model = context.options(tags=f"alpha{alpha}").comp(fit, data, alpha, job_id=f"fit-{alpha}")
        context.comp(draw, model, job_id=f"draw-{alpha}")
    found = context.comp_dynamic(samples, [3, 4])
    context.options(cores=2, retries=1).comp(sum, found)
    return context


def played(commands: list[str], folder: Path) -> str:
    """What the commands print, each after its own line."""
    shown = []
    for command in commands:
        stream = io.StringIO()
        screen = Screen(stream)
        session = Session(study(folder), screen)
        if command.startswith("@"):  # as at a prompt, where a person says yes
            session.ask = lambda intention: not screen.line(f"{intention} Go on? [y/N] y")
        code = session.try_to_run(command.removeprefix("@: "), screen)
        text = "\n".join(stable(stream.getvalue().replace(str(folder), "FOLDER")))
        shown.append(f"$ {command}\n{text}\n" + (f"[exit {code}]\n" if code else ""))
    return "\n".join(shown)


def commands_of(text: str) -> list[str]:
    return re.findall(r"^\$ (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_commands_print_what_the_file_says(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["study.py"])
    expected = path.read_text()
    found = played(commands_of(expected), tmp_path / "out")
    if os.environ.get("WEFT_GOLDEN") == "write":
        path.write_text(found)
    else:
        assert found == expected


@pytest.mark.parametrize("name", [row.name for row in TABLE.rows if row.name not in WITHOUT])
def test_every_command_has_its_file(name: str) -> None:
    text = (GOLDEN / f"{name}.txt").read_text()
    parts = [part for line in commands_of(text) for part in line.removeprefix("@: ").split(";")]
    assert name in {part.split()[0] for part in parts}
