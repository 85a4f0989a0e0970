"""The README's example is run as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def code_block() -> str:
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return block


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "fits.py", *words],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_example_runs_once_and_then_has_nothing_to_do(tmp_path):
    (tmp_path / "fits.py").write_text(code_block())
    first = run(tmp_path, "parmake n=2")
    assert first.returncode == 0, first.stderr
    assert "7 ran" in first.stdout + first.stderr
    second = run(tmp_path, "parmake n=2")
    assert second.returncode == 0, second.stderr
    assert "Nothing to do" in second.stdout + second.stderr


def test_an_edit_of_one_function_of_the_example_runs_what_it_touches(tmp_path):
    script = tmp_path / "fits.py"
    script.write_text(code_block())
    run(tmp_path, "parmake n=2")
    script.write_text(code_block().replace("x * alpha for", "x * alpha + 1 for"))
    why = run(tmp_path, "why fit")
    assert why.returncode == 0, why.stderr
    assert "fit" in why.stdout
    again = run(tmp_path, "parmake n=2")
    assert "6 ran" in again.stdout + again.stderr


def test_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []
