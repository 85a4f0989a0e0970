"""Make or refresh the virtual environment that the Makefile's commands use.

On a bare Debian the ``venv`` module may lack ``ensurepip``; then pip is looked for elsewhere
and the message says which package brings it.
"""

import subprocess
import sys
import tomllib
import venv
from pathlib import Path


def main(folder: str) -> None:
    """Create ``folder`` and install Weft, its extras and its development tools."""
    root = Path(__file__).resolve().parent.parent
    project = tomllib.loads((root / "pyproject.toml").read_text())
    python = Path(folder) / "bin" / "python"
    print(f"Setting up {folder} with Python {sys.version.split()[0]} (once; about a minute) ...")  # noqa: T201
    try:
        venv.create(folder, with_pip=True, clear=False, symlinks=True)
    except (subprocess.CalledProcessError, ImportError):
        sys.exit("Python's venv module has no pip here. On Debian: apt install python3-venv")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    packages = project["dependency-groups"]["dev"]
    subprocess.run([*install, "--editable", f"{root}[plot]", *packages], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
