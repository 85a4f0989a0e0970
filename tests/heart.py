"""Jobs of all kinds in a real context, without the face that people use."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import weft
from weft.model.job import Command, FilesJob, FullJob, InvariantJob, Job, LoadingJob, PartJob
from weft.model.kind import Kind
from weft.model.outputs import Form, OutputStyle
from weft.model.promise import Promise
from weft.scheduler.summary import Silent


class Notes(Silent):
    """Keeps what is worth knowing about jobs that did not fail."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []

    def note(self, job: Job, text: str) -> None:
        self.notes.append((job.id, text))


class Heart:
    """A context whose jobs are made by hand; each ``Heart`` of a folder is a script of its own.

    Parameters
    ----------
    folder
        Of the context, and from where paths count: the working folder.
    """

    def __init__(self, folder: str = "out") -> None:
        self.context = weft.Context(folder)
        self.graph = self.context.graph
        self.graph.root = str(Path.cwd())
        self.definer: str | None = None
        """The job of ``Kind.EXTENDING`` that adds jobs now."""

    def __weft_hash__(self) -> str:
        """Code that mentions it does not change with its jobs."""
        return "a heart"

    def make(self, *selection: str, **how: Any) -> list[str]:
        """Ids of the jobs that ran and ended well."""
        return sorted(self.context.make(*selection, **{"n": 2, **how}).executed)

    def promise(self, job: Job) -> Promise[Any]:
        return Promise(job.id, self.graph.token)

    def files(
        self,
        name: str,
        function: Callable[..., object],
        *extra: Job,
        paths: Sequence[str] = (),
        **style: Any,
    ) -> FilesJob:
        """Makes one file, or those of ``paths``; ``style`` as for ``OutputStyle``."""
        form = Form.LIST if paths else Form.ONE
        own = OutputStyle(**{"form": form, "takes": True, **style})
        command = self._command(function, Kind.FILES)
        return self._add(FilesJob(name, command, 0, tuple(paths) or (name,), own), extra)

    def temp(self, name: str, function: Callable[..., object], *extra: Job) -> FilesJob:
        return self.files(name, function, *extra, temporary=(True,))

    def part(self, whole: FilesJob, place: int) -> PartJob:
        job = PartJob(f"part {place} of {whole.id}", self._command(None, Kind.PART), (), 0)
        job.place = place
        return self._add(job, (whole,))

    def watch(self, *paths: str) -> InvariantJob:
        """Compares the content of files."""
        job = InvariantJob(f"watch {':'.join(paths)}", self._command(None, Kind.INVARIANT), (), 0)
        job.watched = paths
        return self._add(job, ())

    def load(
        self,
        name: str,
        function: Callable[[], object],
        *extra: Job,
        unload: Callable[[], None] | None = None,
    ) -> LoadingJob:
        job = LoadingJob(name, self._command(function, Kind.LOADING), (), 0)
        job.unload = unload
        return self._add(job, extra)

    def extend(self, name: str, function: Callable[[], object], *extra: Job) -> FullJob:
        """Calls the function in each run; what that adds is its own."""

        def extending() -> None:
            self.graph.retire_generated(name)
            self.definer = name
            try:
                function()
            finally:
                self.definer = None

        return self._add(FullJob(name, self._command(extending, Kind.EXTENDING), (), 0), extra)

    def final(self, name: str, function: Callable[[], object], *extra: Job) -> FullJob:
        return self._add(FullJob(name, self._command(function, Kind.FINAL), (), 0), extra)

    def _command(self, function: Callable[..., object] | None, kind: Kind) -> Command:
        key = (id(function), kind)
        if key not in self.graph.commands:
            name = getattr(function, "__name__", kind.name.lower())
            code = None if function is not None else kind.name.encode()
            self.graph.commands[key] = Command(name, function, kind=kind, code=code)
        return self.graph.commands[key]

    def _add(self, job: Any, extra: Sequence[Job]) -> Any:
        job.extra = tuple(sorted(extra, key=lambda one: one.id))
        job.roles = tuple(one.id for one in job.extra)
        job.definer = self.definer
        self.graph.jobs[job.id] = job
        job.index = self.graph.size
        self.graph.size += 1
        return job


def read(path: str | os.PathLike[str]) -> str:
    return Path(path).read_text()
