"""Text files about the last run, for people: written where there is a folder ``logs``.

What counts is in the store, and ``why``, ``log`` and ``ls`` tell it too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from weft.pipegraph.outcomes import JobOutcome, Outcomes, RecordedJobOutcome

if TYPE_CHECKING:
    from weft.pipegraph.pipegraph import Pipegraph
    from weft.store.store import Store

INFO, DEBUG = 20, 10
"""Of ``logging``, which takes as long to import as all the rest of this package."""
FOLDER = Path("logs")
RUN, ERRORS, GRAPH = "ppg_run.txt", "ppg_errors.txt", "ppg_graph.txt"


@dataclass(frozen=True, slots=True)
class RunLog:
    """What is written about a run, and where.

    Parameters
    ----------
    file
        Gets what ran and why, besides ``logs/ppg_run.txt``; needs no folder ``logs``.
    level
        ``logging.DEBUG`` names the jobs that had no need to run too.
    dump_graph
        Whether ``logs/ppg_graph.txt`` is written: which job depends on which.
    """

    file: Path | None = None
    level: int = INFO
    dump_graph: bool = True

    def write(self, pipegraph: Pipegraph, outcomes: Outcomes, started: float) -> None:
        """Write it all."""
        folder = Path(pipegraph.root) / FOLDER
        here = folder.is_dir()
        files = [file for file in (folder / RUN if here else None, self.file) if file is not None]
        if not files:
            return
        with pipegraph.context.reading() as store:
            text = "\n".join(_run_lines(store, outcomes, started, self.level))
            errors = "\n\n".join(_error_texts(store, outcomes)) if here else ""
        for file in files:
            file.write_text(text + "\n", encoding="utf-8")
        if here:
            _keep_previous(folder / ERRORS)
            (folder / ERRORS).write_text(f"{errors}\n" if errors else "", encoding="utf-8")
        if here and self.dump_graph:
            lines = _graph_lines(pipegraph)
            (folder / GRAPH).write_text("".join(lines), encoding="utf-8")


def _keep_previous(file: Path) -> None:
    if file.exists():
        file.replace(file.with_name(f"{file.name}.1"))


def _run_lines(store: Store, outcomes: Outcomes, started: float, level: int) -> Iterator[str]:
    """What was decided about each job."""
    counts = dict.fromkeys(JobOutcome, 0)
    for one in outcomes.values():
        counts[one.outcome] += 1
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(started))
    yield f"Run of {moment}: " + ", ".join(f"{n} {what.value}" for what, n in counts.items())
    reasons = _reasons(store, outcomes)
    for one in outcomes.values():
        if one.outcome is not JobOutcome.Skipped or level <= DEBUG:
            yield f"{one.outcome.value} {one.job_id}{_because(one, reasons)}"


def _because(one: RecordedJobOutcome, reasons: Mapping[str, str]) -> str:
    if one.error is not None:
        return f": {type(one.error).__name__}: {str(one.error).partition(chr(10))[0]}"
    if one.runtime is None:
        return ""
    return f" in {one.runtime:.2f} s: {reasons.get(one.job_id, 'it has no result yet')}"


def _reasons(store: Store, outcomes: Outcomes) -> Mapping[str, str]:
    """Why jobs ran, in words."""
    if outcomes.run is None:
        return {}
    from weft.console.text.reasons import reason_words
    from weft.model.reasons import from_json

    found = store.chronicle.reasons_of_run(outcomes.run)
    return {
        name: ", ".join(reason_words(reason) for reason in from_json(text))
        for name, text in found.items()
        if text
    }


def _error_texts(store: Store, outcomes: Outcomes) -> Iterator[str]:
    """What is known of each failure."""
    for name, attempt in outcomes.failures.items():
        error = outcomes[name].error
        traceback = attempt.error.text if attempt.error is not None else str(error)
        stdout, stderr = store.output(attempt.id)
        yield f"{name}\n{traceback.rstrip()}\nstdout:\n{stdout or ''}\nstderr:\n{stderr or ''}"


def _graph_lines(pipegraph: Pipegraph) -> Iterator[str]:
    """Which job depends on which."""
    for job in pipegraph.graph:
        yield f"{job.id}\n"
        yield from (f"  needs {upstream.id}\n" for upstream in job.upstream)
