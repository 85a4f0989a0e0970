"""Try the README's two commands as others meet them: clean clone, bare environment, each Python.

    python scripts/front_door.py                      # 3.11, 3.12 and 3.13, demo and test
    python scripts/front_door.py 3.12 --only demo
    sudo python scripts/front_door.py --user nobody   # as somebody else, too

A Python that neither Debian nor pyenv has here is installed by uv, into a temporary folder. What
each command prints goes to a file that is named at the end; the exit code says how many failed.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATH = "/usr/local/bin:/usr/bin:/bin"


def main() -> int:
    """Try all; returns how many failed."""
    options = _options()
    place = Path(tempfile.mkdtemp(prefix="weft-front-door-"))
    place.chmod(0o755)
    failed = 0
    for version in options.versions:
        python = find_python(version, place)
        for user in [None, options.user] if options.user else [None]:
            clone = clone_for(user, place / f"{version}-{user or 'self'}")
            for command in options.only:
                failed += not passes(command, python, user, clone)
    print(f"The outputs are in {place}", flush=True)
    return failed


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("versions", nargs="*", default=["3.11", "3.12", "3.13"])
    parser.add_argument("--only", nargs="+", choices=["demo", "test"], default=["demo", "test"])
    parser.add_argument("--user", help="try it as this user, too (needs root)")
    return parser.parse_args()


def find_python(version: str, place: Path) -> str:
    """Debian's own Python where it is of this version, else pyenv's, else what uv installs.

    Pythons that lie in somebody's home are copied, since the other user can't read them there.
    """
    debian = Path("/usr/bin") / f"python{version}"
    if debian.exists():
        return str(debian)
    copy = place / "pythons" / version
    for prefix in sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*")):
        shutil.copytree(prefix, copy, symlinks=True)
        return str(copy / "bin" / f"python{version}")
    tools = place / "uv"
    if not tools.exists():
        venv.create(tools, with_pip=True)
        subprocess.run([tools / "bin" / "pip", "install", "--quiet", "uv"], check=True)
    uv = tools / "bin" / "uv"
    if subprocess.run([uv, "python", "install", "-i", copy, version], check=False).returncode:
        sys.exit(f"There is no Python {version} here, and uv could not install it; see above.")
    return str(next(copy.glob(f"*/bin/python{version}")))


def clone_for(user: str | None, folder: Path) -> Path:
    """A clean clone that belongs to the user."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    if user is not None:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, user)
    return folder


def passes(command: str, python: str, user: str | None, clone: Path) -> bool:
    """Run one command; says how it went."""
    output = clone.with_name(f"{clone.name}-{command}.txt")
    started = time.monotonic()
    with output.open("wb") as file:
        code = subprocess.run(
            ["make", command, f"PYTHON={python}"],
            cwd=clone,
            # A copied Python finds its library where it was built, if only by root, or so.
            env={"PATH": PATH, "LD_LIBRARY_PATH": str(Path(python).parent.parent / "lib")},
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    words = "passed" if code == 0 else f"FAILED ({output})"
    who = user or pwd.getpwuid(os.getuid()).pw_name
    took = time.monotonic() - started
    print(f"make {command}, {python}, as {who}: {words} in {took:.0f} s", flush=True)
    return code == 0


if __name__ == "__main__":
    sys.exit(min(main(), 100))
