"""The files of jobs, between runs: what a killed run left half-made, and what is to be dropped."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import chdir, suppress
from pathlib import Path

from weft.fingerprint.files import FileHasher
from weft.graph.graph import Graph
from weft.model.job import Digest
from weft.store import journal, live
from weft.store.journal import Entry, Journal
from weft.store.seals import State, decode, is_whole, look
from weft.store.store import Store

LIVE_SLACK = 3.0
"""Seconds by which a busy run may be late to say that it is alive."""


def recover_outputs(store: Store, say: Callable[[str], None]) -> None:
    """Remove what a killed run left half-made, or put back what stood there (rule 22).

    Parameters
    ----------
    say
        Is told what was done.
    """
    book = Journal(store.folder)
    left = book.left()
    if left.entries:
        from weft.executors.outputs import recover

        newest = _newest_outputs(store, {entry.job_id for entry in left.entries})
        hasher = None if left.rebooted else FileHasher(store.file_stats)

        def is_trusted(entry: Entry) -> bool:
            found = newest.get(entry.job_id)
            return found is not None and is_whole(found[1], entry.paths[0], found[0], hasher)

        root = _root(left.root, store.folder)
        if root is None:
            say(f"{left.root} is gone, so what a killed run left half-made there is, too.")
        else:
            with chdir(root):
                for done in recover(left.entries, is_trusted, _alive(store.folder)):
                    say(str(done))
    book.remove()


def _alive(folder: Path) -> float:
    """When the killed run was seen last: it wrote that down twice a second, or else its intents."""
    for name in (live.NAME, journal.NAME):
        with suppress(OSError):
            return (folder / name).stat().st_mtime + LIVE_SLACK
    return 0.0


def _root(noted: str, folder: Path) -> Path | None:
    """Where the paths of a journal count from now: the project may have been moved."""
    if Path(noted).is_dir():
        return Path(noted)
    here = Path.cwd()
    return here if folder.resolve().is_relative_to(here.resolve()) else None


def remove_outputs(store: Store, graph: Graph, job_ids: Collection[str]) -> None:
    """Remove the files of these jobs; those that somebody else changed since stay."""
    hasher = FileHasher(store.file_stats)
    with graph.at_root():
        for name, (result, outputs) in _newest_outputs(store, set(job_ids)).items():
            for file in decode(outputs, name, result):
                if look(file, hasher) is State.UNCHANGED:
                    Path(file.path).unlink(missing_ok=True)


def _newest_outputs(store: Store, job_ids: Collection[str]) -> dict[str, tuple[Digest, bytes]]:
    """Result and outputs of the newest trace of each of the jobs that has some."""
    return {
        trace[3]: (trace[2], trace[5])
        for trace in store.traces()
        if trace[5] is not None and trace[3] in job_ids
    }
