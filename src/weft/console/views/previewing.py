"""The dry run: what a make would do, as people and programs read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.console.text.reasons import reason_documents, reasons_in_general, reasons_words
from weft.console.text.render import LOOKS
from weft.console.text.screen import Screen, columns_of, hung
from weft.console.text.view import View
from weft.console.text.words import count_words, duration_words, name_list, one_line
from weft.model.states import JobState

if TYPE_CHECKING:
    from weft.context.previewing import Preview

LISTED = 20
"""Jobs that are told one by one; more are counted by function and reason."""
_WIDEST = 30
"""Columns to which names are aligned."""


@dataclass(frozen=True, slots=True)
class DryRun(View):
    """What a make would do.

    Attributes
    ----------
    seconds
        That the certain jobs will take; None when nobody can know.
    """

    preview: Preview
    seconds: float | None

    def document(self) -> object:
        """One object; jobs in the order of running."""
        preview = self.preview
        return {
            "certain": [
                {
                    "job_id": job.id,
                    "function": job.function,
                    "reasons": reason_documents(job.reasons, job.function),
                    "generates": job.generates,
                    "seconds": job.seconds,
                }
                for job in preview.certain
            ],
            "possible": [
                {"job_id": job.id, "function": job.function, "waits_for": list(job.waits_for)}
                for job in preview.possible
            ],
            "refused": [{"job_id": name, "why": why} for name, why in preview.refused.items()],
            "kept_failures": list(preview.kept),
            "blocked": list(preview.blocked),
            "fresh": preview.fresh,
            "n": preview.n,
            "seconds": self.seconds,
        }

    def lines(self, screen: Screen) -> Iterator[str]:
        preview = self.preview
        if preview.certain:
            yield f"Would run {count_words(len(preview.certain), 'job')}, in this order:"
            yield from _certain(preview, screen)
        yield from _possible(preview, screen)
        yield from _stuck(preview, screen)
        are = "job is" if preview.fresh == 1 else "jobs are"
        if preview.certain or preview.refused or preview.kept:
            yield f"{preview.fresh} {are} fresh."
        else:
            yield f"Nothing to do: {preview.fresh} {are} fresh."
        if self.seconds is not None:
            at_once = f"{preview.n} jobs" if preview.n > 1 else "one job"
            yield f"Expected time: {duration_words(self.seconds)}, {at_once} at a time."


def dry_run(preview: Preview) -> DryRun:
    """The view of what ``Context.preview`` found out."""
    return DryRun(preview, _expected(preview))


def _expected(preview: Preview) -> float | None:
    from weft.console.progress.estimate import expected_seconds
    from weft.model.job import Command, Job

    durations = {job.id: job.seconds for job in preview.certain if job.seconds is not None}
    jobs = (
        Job(job.id, Command(job.function, None), (), place)
        for place, job in enumerate(preview.certain)
    )
    return expected_seconds(jobs, durations, {}, preview.n)


def _certain(preview: Preview, screen: Screen) -> Iterator[str]:
    jobs = preview.certain
    if len(jobs) <= LISTED:
        texts = {job.id: reasons_words(job.reasons, job.function) for job in jobs}
        yield from _marked(JobState.READY, texts, screen)
        return
    counts = Counter((job.function, reasons_in_general(job.reasons, job.function)) for job in jobs)
    for (function, words), number in counts.items():
        text = {f"{count_words(number, 'job')} of {function}()": words}
        yield from _marked(JobState.READY, text, screen)


def _marked(state: JobState, texts: Mapping[str, str], screen: Screen) -> Iterator[str]:
    """Names with what is said of them."""
    look = LOOKS[state]
    names = {name: one_line(name) for name in texts}
    width = min(max(map(columns_of, names.values()), default=0), _WIDEST)
    for name, text in texts.items():
        padded = names[name] + " " * (width - columns_of(names[name]))
        first, *rest = text.split("\n")
        head = f"{screen.paint(look.glyph, look.tone)} {padded}  "
        yield from hung(head, one_line(first), screen)
        for line in rest:
            yield from hung("    ", one_line(line), screen)


def _possible(preview: Preview, screen: Screen) -> Iterator[str]:
    if preview.possible:
        own = {job.id for job in preview.possible}
        sources = dict.fromkeys(name for job in preview.possible for name in job.waits_for)
        deciding = [name for name in sources if name not in own] or list(sources)
        give = "gives" if len(deciding) == 1 else "give"
        number = len(preview.possible)
        text = f"{number} more may run, depending on what {name_list(deciding)} {give}."
        yield from hung("", one_line(text), screen)
    generators = [job.id for job in preview.certain if job.generates]
    if generators:
        verb = "defines" if len(generators) == 1 else "define"
        text = f"What {name_list(generators)} {verb} may run too."
        yield from hung("", one_line(text), screen)


def _stuck(preview: Preview, screen: Screen) -> Iterator[str]:
    """The jobs that will not run although they are not fresh."""
    if preview.refused:
        reasons: dict[str, list[str]] = {}
        for name, why in preview.refused.items():
            reasons.setdefault(why, []).append(name)
        texts = {name_list(names): f"can't run here: {why}" for why, names in reasons.items()}
        yield from _marked(JobState.FAILED, texts, screen)
    if preview.kept:
        text = {name_list(preview.kept): "failed, and nothing about it changed (keep_failed)"}
        yield from _marked(JobState.FAILED, text, screen)
    if preview.blocked:
        names = {name_list(preview.blocked): "blocked by these"}
        yield from _marked(JobState.BLOCKED, names, screen)
