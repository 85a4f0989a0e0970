"""``config``: shows the settings, and sets one for this session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Section

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.console.text.view import View


def _config(session: Session, arguments: Arguments) -> View:
    from weft.console.views.configuring import changed_settings, setting_list, setting_page, wish_of

    if not arguments.words:
        return setting_list(session.context.settings)
    name, text = wish_of(arguments.words)
    if text is not None:
        session.context.settings = changed_settings(session.context.settings, name, text)
    return setting_page(session.context.settings, name)


COMMANDS = (
    ConsoleCommand(
        "config",
        Section.LOOKING,
        "Show the settings, or set one for this session.",
        _config,
        free_words="[NAME [VALUE]]",
        description=(
            "Alone: all settings, with where each comes from. With a VALUE: it holds until the "
            "end of this session and is not saved; the VALUE default takes it back. To keep it, "
            "write it into weft.toml, pyproject.toml or an rc file."
        ),
        examples=("config", "config n 4", "config n default"),
    ),
)
