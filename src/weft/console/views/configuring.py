"""``config``: which settings hold, and why; builds the views, and reads what is to be set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from weft.console.text.screen import Screen, Tone, columns_of, hung, shorten
from weft.console.text.view import View
from weft.console.text.words import one_line
from weft.errors import UserError
from weft.settings import SETTINGS, Setting, Settings, setting
from weft.settings.settings import DEFAULT, PROMPT

_VALUE_COLUMNS = 16
"""That a value takes at most in the table; longer ones are shortened."""
CHANGED = "*"
"""Stands before values that are not the default."""


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting as it is now; texts are without secrets."""

    name: str
    value: Any
    text: str
    origin: str
    default: Any
    default_text: str
    help: str

    @property
    def is_changed(self) -> bool:
        """Whether the value is another than the default."""
        return self.text != self.default_text

    def document(self) -> dict[str, object]:
        """As programs read it: times in seconds, sizes in bytes, URLs without their secrets."""
        return {
            "name": self.name,
            "value": self.text if isinstance(self.value, str) else self.value,
            "origin": self.origin,
            "default": self.default,
            "help": self.help,
        }


@dataclass(frozen=True, slots=True)
class SettingList(View):
    """All settings."""

    settings: tuple[SettingLine, ...]

    def lines(self, screen: Screen) -> Iterator[str]:
        names = max(columns_of(line.name) for line in self.settings)
        texts = [shorten(one_line(line.text), _VALUE_COLUMNS) for line in self.settings]
        width = max(map(columns_of, texts))
        for line, text in zip(self.settings, texts, strict=True):
            value = text + " " * (width - columns_of(text))
            mark = CHANGED if line.is_changed else " "
            head = screen.paint(
                f"{mark} {line.name:<{names}}  {value}", Tone.STRONG if line.is_changed else None
            )
            yield from hung(f"{head}  ", one_line(line.help + _source(line.origin)), screen)
        yield ""
        yield from hung("", f"{CHANGED} is not the default. config NAME tells more.", screen)

    def document(self) -> object:
        return [line.document() for line in self.settings]


@dataclass(frozen=True, slots=True)
class SettingPage(View):
    """All about one setting.

    Attributes
    ----------
    beaten
        Value and origin of what was said in other places and does not hold, the nearest first.
    """

    setting: SettingLine
    wanted: str
    beaten: tuple[tuple[str, str], ...]

    def lines(self, screen: Screen) -> Iterator[str]:
        line = self.setting
        mark = f"{CHANGED} " if line.is_changed else ""
        yield screen.paint(one_line(f"{mark}{line.name} = {line.text}"), Tone.STRONG)
        facts = [
            ("from", line.origin),
            ("meaning", line.help),
            ("takes", self.wanted),
            ("default", line.default_text),
            *(("instead of", f"{text} ({origin})") for text, origin in self.beaten),
        ]
        for label, text in facts:
            yield from hung(f"  {label + ':':<12}", one_line(text), screen)

    def document(self) -> object:
        return [self.setting.document()]


def _source(origin: str) -> str:
    return "" if origin == DEFAULT else f" (from {origin})"


def setting_list(settings: Settings) -> SettingList:
    """Every setting with where it comes from."""
    return SettingList(tuple(_line(settings, row) for row in SETTINGS))


def setting_page(settings: Settings, name: str) -> SettingPage:
    """One setting, with all that was said of it."""
    row = setting(name)
    beaten = settings.all_of(name)[1:-1]
    told = tuple((row.write(one.value), one.origin) for one in reversed(beaten))
    return SettingPage(_line(settings, row), row.wanted, told)


def _line(settings: Settings, row: Setting) -> SettingLine:
    value = settings[row.name]
    return SettingLine(
        name=row.name,
        value=value,
        text=row.write(value),
        origin=settings.origin(row.name),
        default=row.default,
        default_text=row.write(row.default),
        help=row.help,
    )


def wish_of(words: Sequence[str]) -> tuple[str, str | None]:
    """Name and value of ``NAME``, ``NAME VALUE`` or ``NAME=VALUE``; without a value None.

    Raises
    ------
    UserError
        For more words than that.

    Examples
    --------
    >>> wish_of(["n", "4"]), wish_of(["n=4"]), wish_of(["n"])
    (('n', '4'), ('n', '4'), ('n', None))
    """
    name, equals, text = words[0].partition("=")
    values = [text, *words[1:]] if equals else list(words[1:])
    if len(values) > 1:
        raise UserError(
            f"config takes one setting and one value, not {len(values)} values.",
            facts={"given": " ".join(words)},
            cure=f"Put quotes around a value of several words: config {name} '...'.",
        )
    return name, values[0] if values else None


def changed_settings(settings: Settings, name: str, text: str) -> Settings:
    """These settings after ``config NAME VALUE``; the value ``default`` takes that back."""
    if text.lower() == DEFAULT:
        return settings.without(name, PROMPT)
    return settings.with_value(name, text, PROMPT, facts={})
