"""What stands on the shell's command line: settings first, then commands."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from weft.errors import UserError
from weft.settings.setting import setting


def split_settings(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The settings that ``words`` begin with, and the rest.

    Raises
    ------
    UserError
        For a name that is no setting.

    Examples
    --------
    >>> split_settings(["--n=4", "--echo", "parmake", "--fail-fast"])
    ({'n': '4', 'echo': '1'}, ['parmake', '--fail-fast'])
    """
    given: dict[str, str] = {}
    rest = list(words)
    while rest and rest[0].startswith("--") and len(rest[0]) > 2:
        name, equals, text = rest.pop(0)[2:].partition("=")
        row = setting(name)
        if not equals and not _is_switch(row.wanted):
            raise UserError(
                f"--{name} needs a value: {row.name} is {row.wanted}.",
                cure=f"Write --{name}=VALUE before the command.",
            )
        given[row.name] = text if equals else "1"
    return given, rest


def _is_switch(wanted: str) -> bool:
    return wanted.startswith("1 or 0")


def as_text(words: Sequence[str], ids: Collection[str]) -> str:
    """Commands as one text: the shell took the quotes away from ids that need them.

    >>> as_text(["ls", "two words", "a", "or", "b"], {"two words"})
    "ls 'two words' a or b"
    """
    return " ".join(_quoted(word) if word in ids else word for word in words)


def _quoted(word: str) -> str:
    if word.replace("-", "").replace("_", "").replace(".", "").isalnum():
        return word
    return "'" + word + "'" if "'" not in word else '"' + word.replace('"', '\\"') + '"'
