"""The web page of a run: a template, filled with the bars as data and with tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeVar

from weft.console.drawing.course import Course, Stint
from weft.console.drawing.palette import DARK_PAGE, PAGE, PAINTS, Shades, glyph_of
from weft.console.drawing.svg import xml_text
from weft.console.text.words import count_words, duration_words, one_line
from weft.model.states import JobState

T = TypeVar("T")

_BARS_AT_MOST = 10_000
"""Bars that a page holds; of more, short neighbours share one. A page of as many has 1.5 MB."""
_ROWS_SHOWN = 200
_LONGEST_SHOWN = 15
_TEXT_AT_MOST = 300
_SEVERAL = "several functions"


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt, or ``count`` short ones in a row that ended alike."""

    stint: Stint
    end: float
    call: str
    count: int = 1


def page_text(course: Course, when: str) -> str:
    """A whole HTML file."""
    template = files("weft.console.drawing").joinpath("gantt.html").read_text(encoding="utf-8")
    title = f"{course.where[0].upper()}{course.where[1:]}: {duration_words(course.seconds)}"
    parts = {
        "<!--TITLE-->": xml_text(title),
        "/*COLOURS*/": "\n".join(_colours()),
        "<!--BODY-->": "\n".join(_body(course, title, when)),
        "/*DATA*/": json_in_page(_data(course)),
    }
    for place, text in parts.items():
        before, after = template.split(place, 1)
        template = before + text + after
    return template


def json_in_page(value: object) -> str:
    """``value`` as JSON that can't end the element in which it stands.

    >>> json_in_page(["</script>"])
    '["\\\\u003c/script>"]'
    """
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


# -- data ------------------------------------------------------------------------------------


def _data(course: Course) -> dict[str, object]:
    bars = bars_of(course)
    states = _numbered(bar.stint.state for bar in bars)
    calls = _numbered(bar.call for bar in bars)
    reasons = _numbered(bar.stint.because for bar in bars)
    places = {job_id: place for place, job_id in enumerate(course.critical.jobs, 1)}
    return {
        "seconds": round(course.seconds, 6),
        "lanes": list(course.lanes),
        "states": [
            {"name": PAINTS[state].name, "glyph": glyph_of(state), "words": state.value}
            for state in states
        ],
        "functions": list(calls),
        "reasons": [_shown(words) for words in reasons],
        "bars": [
            [
                bar.stint.lane,
                round(bar.stint.start, 6),
                round(bar.end - bar.stint.start, 6),
                states[bar.stint.state],
                calls[bar.call],
                _shown(bar.stint.job_id),
                bar.stint.attempt,
                bar.stint.memory,
                reasons[bar.stint.because],
                _shown(bar.stint.cause),
                places.get(bar.stint.job_id, 0),
                bar.count,
            ]
            for bar in bars
        ],
    }


def _numbered(values: Iterable[T]) -> dict[T, int]:
    """Each value once, with its number: bars name what many have in common by that."""
    return {value: number for number, value in enumerate(dict.fromkeys(values))}


def _shown(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _TEXT_AT_MOST else f"{text[:_TEXT_AT_MOST]}…"


def bars_of(course: Course) -> list[Bar]:
    """The bars to draw: of a long run, short successes in a row share one.

    First those of one function, then any; failures only when there are too many of them too. Those
    of the critical path stay by themselves.
    """
    critical = frozenset(course.critical.jobs)
    bars = [Bar(stint, stint.end, f"{_shown(stint.function)}()") for stint in course.stints]
    for rule in (
        _Joining(critical, mixed=False, failures=False),
        _Joining(critical, mixed=True, failures=False),
        _Joining(critical, mixed=True, failures=True),
    ):
        longest = max(course.seconds / 2**18, 1e-6)
        while len(bars) > _BARS_AT_MOST and longest < rule.limit * course.seconds:
            bars = rule.joined(bars, longest)
            longest *= 2
    return bars


@dataclass(frozen=True, slots=True)
class _Joining:
    """Which neighbours may share a bar."""

    critical: frozenset[str]
    mixed: bool
    failures: bool

    @property
    def limit(self) -> float:
        """The longest shared bar, as a share of the run."""
        return 2.0 if self.mixed else 0.05

    def joined(self, bars: Sequence[Bar], longest: float) -> list[Bar]:
        """Join neighbours of a lane that together are no longer than ``longest`` seconds."""
        newest: dict[int, int] = {}
        found: list[Bar] = []
        for bar in bars:
            place = newest.get(bar.stint.lane)
            if place is not None and self._fits(found[place], bar, longest):
                last = found[place]
                call = last.call if last.call == bar.call else _SEVERAL
                count = last.count + bar.count
                found[place] = Bar(last.stint, max(last.end, bar.end), call, count)
            else:
                newest[bar.stint.lane] = len(found)
                found.append(bar)
        return found

    def _fits(self, last: Bar, bar: Bar, longest: float) -> bool:
        one, other = last.stint, bar.stint
        return (
            one.state is other.state
            and (self.mixed or last.call == bar.call)
            and (self.failures or one.state is JobState.DONE)
            and bar.end - one.start <= longest
            and one.job_id not in self.critical
            and other.job_id not in self.critical
        )


# -- what stands around the chart ------------------------------------------------------------


def _colours() -> Iterator[str]:
    yield f":root {{ {_variables(PAGE, '#d9dde2', '#1d5fd1', dark=False)} }}"
    dark = _variables(DARK_PAGE, "#363c44", "#79aaff", dark=True)
    yield f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"


def _variables(page: Shades, line: str, accent: str, *, dark: bool) -> str:
    found = {
        "page": page.fill,
        "rule": page.line,
        "ink": page.text,
        "line": line,
        "accent": accent,
    }
    for paint in PAINTS.values():
        shades = paint.dark if dark else paint.light
        found[f"{paint.name}-fill"] = shades.fill
        found[f"{paint.name}-line"] = shades.line
        found[f"{paint.name}-text"] = shades.text
    return "; ".join(f"--{name}: {value}" for name, value in found.items())


def _body(course: Course, title: str, when: str) -> Iterator[str]:
    yield f"<h1>{xml_text(title)}</h1>"
    command = " ".join(course.run.argv)
    yield f'<p class="faint">{xml_text(when)} on {xml_text(course.run.host)}: '
    yield f"<code>{xml_text(_shown(command))}</code></p>"
    if course.critical.jobs:
        yield f"<p>{xml_text(critical_words(course))}</p>"
    yield '<div id="legend">'
    for state in dict.fromkeys(stint.state for stint in course.stints):
        name = PAINTS[state].name
        style = f"background: var(--{name}-fill); border-color: var(--{name}-line)"
        yield f'<span><span class="swatch" style="{style}"></span>{glyph_of(state)} {state.value}'
        yield "</span>"
    yield '<span><span class="swatch critical"></span>critical path</span>'
    yield '<span class="faint">wheel: zoom; drag: move; double click: all</span></div>'
    yield f'<div id="holder"><canvas id="chart" role="img" aria-label="{xml_text(title)}"></canvas>'
    yield '</div><div id="tip"></div>'
    yield "<noscript><p>The chart needs JavaScript; the tables below do not.</p></noscript>"
    by_id: dict[str, list[Stint]] = {}
    for stint in course.stints:
        by_id.setdefault(stint.job_id, []).append(stint)
    yield from _critical_table(course, by_id)
    yield from _longest_table(course, by_id)


def critical_words(course: Course) -> str:
    """What the critical path means for the run."""
    jobs, seconds = len(course.critical.jobs), course.critical.seconds
    return (
        f"Critical path: {count_words(jobs, 'job')}, {duration_words(seconds)}. "
        f"The run took {duration_words(course.seconds)}; with any number of workers it takes no "
        "less than its critical path."
    )


def _critical_table(course: Course, by_id: Mapping[str, Sequence[Stint]]) -> Iterator[str]:
    jobs = course.critical.jobs
    yield "<h2>Critical path</h2>"
    yield from _table([by_id[job_id] for job_id in jobs[:_ROWS_SHOWN]], course.critical.seconds)
    if len(jobs) > _ROWS_SHOWN:
        yield f"<p>… and {len(jobs) - _ROWS_SHOWN} more.</p>"


def _longest_table(course: Course, by_id: Mapping[str, Sequence[Stint]]) -> Iterator[str]:
    jobs = sorted(by_id.values(), key=lambda stints: -sum(stint.seconds for stint in stints))
    whole = sum(stint.seconds for stint in course.stints)
    yield "<h2>Longest jobs</h2>"
    yield from _table(jobs[:_LONGEST_SHOWN], whole)


def _table(jobs: Sequence[Sequence[Stint]], whole: float) -> Iterator[str]:
    yield "<table><tr><th></th><th>job</th><th>function</th>"
    yield '<th class="right">time</th><th class="right">share</th><th>worker</th></tr>'
    for stints in jobs:
        last, seconds = stints[-1], sum(stint.seconds for stint in stints)
        share = f"{100 * seconds / whole:.0f} %" if whole > 0 else ""
        yield (
            f"<tr><td>{glyph_of(last.state)}</td><td>{xml_text(_shown(last.job_id))}</td>"
            f"<td>{xml_text(_shown(last.function))}()</td>"
            f'<td class="right">{duration_words(seconds)}</td>'
            f'<td class="right">{share}</td><td>{xml_text(last.worker)}</td></tr>'
        )
    yield "</table>"
