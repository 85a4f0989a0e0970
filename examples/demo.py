"""What ``make demo`` runs: the survey of the standard library, an edit, and what the edit costs.

A copy of stdlib_survey.py is run in out-demo/ as a user would run it, so that it can be edited
there. Some of the surveyed files are broken on purpose: their jobs fail, and that is no failure
of the demo, whose exit code is then 0.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = Path(__file__).with_name("stdlib_survey.py")
SOME_JOB_FAILED = 113
BOLD, PLAIN = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")


def say(text: str = "") -> None:
    """Print a line of the story, before the output of what runs next."""
    print(f"{BOLD}{text}{PLAIN}" if text else "", flush=True)


def run(folder: Path, commands: str, extra: list[str]) -> int:
    """Run the copied script with some commands; its exit code, where that is a proper one."""
    say(f"$ python {SCRIPT.name} {commands!r}")
    started = time.monotonic()
    command = [sys.executable, SCRIPT.name, commands, *extra]
    code = subprocess.run(command, cwd=folder, check=False).returncode
    if code not in {0, SOME_JOB_FAILED}:
        sys.exit(f"The survey ended with exit code {code}; that should not happen.")
    print(f"  ({time.monotonic() - started:.1f} s from start to exit)\n", flush=True)
    return code


def edit(folder: Path, before: str, after: str) -> None:
    """Replace a piece of the copied script that stands there once."""
    path = folder / SCRIPT.name
    source = path.read_text(encoding="utf-8")
    if source.count(before) != 1:
        sys.exit(f"{SCRIPT.name} does not hold {before!r} once.")
    path.write_text(source.replace(before, after), encoding="utf-8")


def prepare(folder: Path) -> None:
    """An empty folder with a copy of the script."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(SCRIPT, folder)


def tell(folder: Path, workers: int, extra: list[str]) -> None:
    """The story: compute, look at failures, edit, compute what the edit touches."""
    make = f"parmake n={workers}"
    say("1. Survey the source of Python's standard library, on all cores.\n")
    failed = run(folder, make, extra) == SOME_JOB_FAILED
    if failed:
        say("   Those files are broken on purpose; all that does not need them is done.\n")
        run(folder, "ls failed", extra)
    else:
        say("   None failed: this installation of Python comes without the broken samples")
        say("   of its test-suite.\n")

    say("2. Edit one threshold: TOO_COMPLEX = 10 becomes 15. Only a helper and a figure read it.")
    say("   What will that cost?\n")
    edit(folder, "TOO_COMPLEX = 10\n", "TOO_COMPLEX = 15\n")
    run(folder, "why survey", extra)
    say("   The survey defines the other jobs, so it runs first; then what the edit reaches:\n")
    run(folder, make, extra)
    say("   No file was parsed again and no package added up again. Why, for one package?\n")
    run(folder, "why complex-json summary-json measure-json.decoder", extra)

    say("3. Edit a docstring and add a comment. Nothing that counts has changed, so nothing runs")
    say("   but what failed, which each run tries again:\n" if failed else "   at all:\n")
    edit(folder, '"""Add up the modules of a package."""', '"""The sums of a package."""  # edited')
    run(folder, make, extra)


def farewell(folder: Path) -> None:
    """What to look at, and how to go on."""
    shown = Path(os.path.relpath(folder))
    say("Look at:")
    print(f"  {shown / 'report' / 'report.html'}   the report")
    print(f"  {shown / 'report' / 'complexity.png'}   one of its figures")
    say("Go on:")
    print(f"  cd {shown}")
    print(
        f"  {min(sys.executable, os.path.relpath(sys.executable, folder), key=len)} {SCRIPT.name}"
    )
    print("      gives a prompt: try ls, stats, details report, why report, help")
    print(f"  leave it with exit, edit {SCRIPT.name}, run it again, and say parmake\n", flush=True)


def main() -> None:
    """Read the command line and tell the story."""
    parser = argparse.ArgumentParser(description="Show Weft on real input.")
    parser.add_argument("--folder", type=Path, default=Path("out-demo"))
    parser.add_argument("--only", help="top-level packages to survey, for a quick look")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    options = parser.parse_args()
    folder = options.folder.resolve()
    prepare(folder)
    tell(folder, options.workers, ["--only", options.only] if options.only else [])
    farewell(folder)


if __name__ == "__main__":
    main()
