"""The session of the tutorial, with a real script: each command prints what the page says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.conftest import stable

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"
FIX = ("sum(values) / len(values)", "sum(values) / len(values) if values else 0.0")


def session(text: str) -> list[tuple[str, list[str]]]:
    """Commands of the page and the lines that follow each, in order."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE):
        said: list[str] = []
        for line in block.splitlines():
            if line.startswith("    @:"):
                said = []
                found.append((line[6:].strip(), said))
            else:
                said.append(line[4:])
    return found


def run(folder: Path, command: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "night.py", command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return stable(done.stdout)


@pytest.fixture
def morning(tmp_path: Path) -> Path:
    """The folder after the night."""
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert code is not None
    (tmp_path / "night.py").write_text(code[1])
    (tmp_path / "data").mkdir()
    for number in range(1, 13):
        values = "[null, null]" if number == 7 else f"[1, 2, {number}]"
        (tmp_path / "data" / f"s{number:02}.json").write_text(values)
    assert run(tmp_path, "parmake n=2")[-2] == "1 job failed, 1 is blocked by it."
    return tmp_path


def test_the_session_goes_as_the_page_says(morning: Path) -> None:
    steps = session(PAGE.read_text())
    commands = [command for command, _ in steps]
    assert len([command for command in commands if command]) < 10
    for command, said in steps:
        if command == "reload":
            script = morning / "night.py"
            assert script.read_text().count(FIX[0]) == 1
            script.write_text(script.read_text().replace(*FIX))
        elif command:
            # Which of equal jobs comes first depends on how long they took.
            assert sorted(run(morning, command)) == sorted(stable("\n".join(said))), command
