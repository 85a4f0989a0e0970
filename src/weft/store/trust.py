"""Whose folder it is: to read a value, or to run a job, is to run code that its owner chose."""

from __future__ import annotations

import os
from pathlib import Path

from weft.errors import UserError


def owner_of(folder: Path) -> int | None:
    """User id of who owns the database or folder, where that is another one; None else.

    A folder counts as somebody's who could put something into it: of both, a stranger is named.
    """
    for path in (folder / "weft.db", folder, folder / "objects"):
        try:
            owner = path.stat().st_uid
        except OSError:
            continue
        if owner != os.geteuid():
            return owner
    return None


def check_trust(folder: Path, what: str) -> None:
    """Refuse to run what is in a folder of another user.

    Parameters
    ----------
    what
        What would run it, such as "To read a value".

    Raises
    ------
    UserError
        When the folder belongs to another user.
    """
    owner = owner_of(folder)
    if owner is not None:
        raise UserError(
            f"{what} runs code that the owner of the folder chose, and that is another user.",
            facts={"folder": folder, "owner": _name(owner)},
            cure="If you trust them: weft --trust, WEFT_TRUST=1, or trust = true in your settings.",
        )


def _name(owner: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)
