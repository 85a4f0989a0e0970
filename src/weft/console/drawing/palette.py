"""The colours of states in pictures, for light and for dark pages.

Done is green, failed red, running yellow, blocked brown and what did not start grey, as always. The
shades also differ in lightness, so that they can be told apart without seeing red and green; and
each comes with the glyph that the console shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from weft.console.text.render import LOOKS
from weft.model.states import JobState


@dataclass(frozen=True, slots=True)
class Shades:
    """Fill, line and text of a box."""

    fill: str
    line: str
    text: str


@dataclass(frozen=True, slots=True)
class Paint:
    """How a state is painted.

    Attributes
    ----------
    name
        Of its class in style sheets.
    """

    name: str
    light: Shades
    dark: Shades


def _paint(name: str, light: str, dark: str) -> Paint:
    return Paint(name, Shades(*light.split()), Shades(*dark.split()))


PAINTS = {
    JobState.DONE: _paint("done", "#cdeedd #00794f #06301f", "#0d3f2d #35c48b #d9f7e8"),
    JobState.FAILED: _paint("failed", "#ffc2b0 #c22f00 #4d1200", "#6b1c05 #ff8b66 #ffe6de"),
    JobState.TIMED_OUT: _paint("timed-out", "#ffc2b0 #c22f00 #4d1200", "#6b1c05 #ff8b66 #ffe6de"),
    JobState.OUT_OF_MEMORY: _paint(
        "out-of-memory", "#ffc2b0 #c22f00 #4d1200", "#6b1c05 #ff8b66 #ffe6de"
    ),
    JobState.CANCELLED: _paint("cancelled", "#eddcf3 #7b4a92 #35193f", "#3d274a #c79ade #f3e6fa"),
    JobState.BLOCKED: _paint("blocked", "#dcc3a6 #6f431a #331d08", "#4a3018 #c89562 #f6e8d9"),
    JobState.RUNNING: _paint("running", "#fff0a0 #a47b00 #3d2e00", "#5a4700 #f2cf4a #fff6d1"),
    JobState.READY: _paint("ready", "#e6e9ee #5b6675 #1f252d", "#2f353d #9aa7b8 #e9edf2"),
    JobState.WAITING: _paint("waiting", "#f1f2f4 #98a0ab #454c56", "#24282e #6b7582 #b9c1cb"),
}


def glyph_of(state: JobState) -> str:
    """The sign of a state.

    >>> glyph_of(JobState.DONE)
    '✓'
    """
    return LOOKS[state].glyph


PAGE = Shades("#ffffff", "#66707c", "#1c2128")
"""Ground, lines and text of a picture on a light page."""
DARK_PAGE = Shades("#15181c", "#8a95a3", "#dfe4ea")
