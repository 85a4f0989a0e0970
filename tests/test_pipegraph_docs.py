"""The pages of docs/pipegraph: each example does what its page says, command by command.

``WEFT_GOLDEN=write pytest tests/test_pipegraph_docs.py`` writes what the commands print into the
pages; read what changed.
"""

import inspect
import logging
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.console.conftest import stable
from weft import pipegraph as ppg

FOLDER = Path(__file__).parent.parent / "docs" / "pipegraph"
PAGES = sorted(FOLDER.glob("*.md"))
NEEDS = {
    "CombinedPlotJob": ("pandas", "plotnine"),
    "MemMappedDataLoadingJob": ("numpy",),
    "NotebookJob": ("nbconvert", "nbformat", "ipykernel"),
    "PlotJob": ("matplotlib", "pandas"),
}
"""What examples import besides Weft."""

CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
SESSION = re.compile(r"```text\n(\$ .*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)\)")
CALL = re.compile(r"^    ppg\.(\w+)(\((?:.*\n {5,})*?.*\))$", re.MULTILINE)


def classes() -> list[str]:
    """Names of all public classes."""
    return [name for name in ppg.__all__ if inspect.isclass(getattr(ppg, name))]


def played(session: str, folder: Path) -> str:
    """What the commands of a session print, each after its own line."""
    home = {
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
    }
    said = []
    for command in COMMAND.findall(session):
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env={**os.environ, **home},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        end = "" if done.stdout.endswith("\n") or not done.stdout else "\n"
        said.append(f"$ {command}\n{done.stdout}{end}")
    return "".join(said)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_example_prints_what_its_page_says(page: Path, tmp_path: Path) -> None:
    missing = [name for name in NEEDS.get(page.stem, ()) if find_spec(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    text = page.read_text(encoding="utf-8")
    (code,) = CODE.findall(text)
    sessions = SESSION.findall(text)
    name = re.search(r"python (\w+\.py)\n", sessions[0])
    assert name is not None, "a command runs the example"
    (tmp_path / name[1]).write_text(code, encoding="utf-8")
    for session in sessions:
        now = played(session, tmp_path)
        assert "Traceback" not in now
        if os.environ.get("WEFT_GOLDEN") == "write":
            text = text.replace(f"```text\n{session}```", f"```text\n{now}```")
            page.write_text(text, encoding="utf-8")
        else:
            assert stable(now) == stable(session)


@pytest.mark.parametrize(
    "name", [name for name in classes() if name.endswith(("Job", "Invariant"))]
)
def test_each_class_of_jobs_has_its_page(name: str) -> None:
    page = FOLDER / f"{getattr(ppg, name).__name__}.md"
    title, signature = page.read_text(encoding="utf-8").partition("\n")[::2]
    assert title == f"# {page.stem}"
    assert name == page.stem or f"`{name}`" in signature


@pytest.mark.parametrize("name", classes())
def test_each_class_stands_in_the_table_with_a_link_to_where_it_is_described(name: str) -> None:
    overview = (FOLDER / "README.md").read_text(encoding="utf-8")
    link = re.search(rf"\[`?{name}`?\]\((\w+\.md)\)", overview)
    assert link is not None
    assert name in (FOLDER / link[1]).read_text(encoding="utf-8")


def calls() -> list[tuple[str, str]]:
    """Names of what pages show how to call before their example, with the arguments."""
    heads = [page.read_text(encoding="utf-8").partition("```python")[0] for page in PAGES]
    return [call for head in heads for call in CALL.findall(head)]


@pytest.mark.parametrize(("name", "arguments"), calls(), ids=[name for name, _ in calls()])
def test_a_page_shows_the_arguments_that_there_are(name: str, arguments: str) -> None:
    shown: dict[str, Any] = {"ppg": ppg, "logging": logging}
    exec(f"def call{arguments}: ...", shown)
    taken = getattr(ppg, name)
    taken = taken.__init__ if inspect.isclass(taken) else taken
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(taken).parameters.values()
        if parameter.name != "self"
    ]
    assert list(inspect.signature(shown["call"]).parameters.values()) == parameters


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
