"""A user's project in a folder of its own, run as a user runs it: as a script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass
class Ran:
    """One run of the script."""

    code: int
    stdout: str
    stderr: str
    jobs: list[str]
    """What the jobs said with ``say(name)``, sorted."""


@dataclass
class Project:
    """Files, and a script ``script.py`` among them."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, **files: str) -> None:
        """Write ``name="text"`` as ``name.py``; ``__`` in a name is a folder's end."""
        for name, text in files.items():
            path = self.folder / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace ``old`` by ``new``; both states must differ."""
        path = self.folder / f"{name}.py"
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path}"
        path.write_text(text.replace(old, new))

    def run(self, *commands: str, python: str | None = None, **environment: str) -> Ran:
        """Run ``script.py`` with these commands as arguments."""
        return self.call("script.py", *commands, python=python, **environment)

    def call(
        self, *words: str, python: str | None = None, cwd: Path | None = None, **environment: str
    ) -> Ran:
        """Run Python with these arguments."""
        said = self.folder / "said"
        said.write_text("")
        done = subprocess.run(
            [python or sys.executable, *words],
            cwd=cwd or self.folder,
            env=self._environment(said, environment),
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr, sorted(said.read_text().split()))

    def start(self, *commands: str, **environment: str) -> subprocess.Popen[str]:
        """Start ``script.py`` and don't wait."""
        return subprocess.Popen(
            [sys.executable, "script.py", *commands],
            cwd=self.folder,
            env=self._environment(self.folder / "said", environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def said(self) -> Sequence[str]:
        """What jobs said since the last run began."""
        return (self.folder / "said").read_text().split()

    def _environment(self, said: Path, more: dict[str, str]) -> dict[str, str]:
        site = [path for path in sys.path if path.endswith("site-packages")]
        kept = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join([str(SOURCE), *site]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "error",
            "SAID": str(said),
            **self.environment,
            **more,
        }


SAY = """
import os

def say(name):
    with open(os.environ["SAID"], "a") as file:
        file.write(name + "\\n")
"""


def results(ran: Ran) -> dict[str, object]:
    """The JSON that a script printed on its last line."""
    found: dict[str, object] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found
