"""Which job makes which file, and which only watches it: no file is claimed twice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from weft.model.job import FilesJob, InvariantJob
from weft.model.job import Job as HeartJob
from weft.model.outputs import ASIDE
from weft.pipegraph.errors import JobContractError, JobOutputConflict
from weft.pipegraph.job import Job
from weft.pipegraph.naming import place_of

if TYPE_CHECKING:
    from weft.graph.graph import Graph

Claimant = FilesJob | InvariantJob
_TOP = {"": "", "/": "/"}


class Claims:
    """The files of all jobs by their places: paths without links in their folders.

    A place is relative to the root where it is inside of that, as ids are.

    Parameters
    ----------
    root
        To which the paths of jobs are relative; without links.
    kept
        Folder of the context, in which no job makes files.
    """

    def __init__(self, graph: Graph, root: str, kept: Path) -> None:
        self._graph = graph
        self._root = f"{root.rstrip('/')}/"
        self._owners: dict[str, Claimant] = {}
        """By place; a job that the graph holds no more owns nothing."""
        self._folders = dict(_TOP)
        """How the places in a folder begin, by how the paths in it do."""
        self._kept = self._beginning(os.path.realpath(kept))
        self._fixed = {*_folders_of(self._root), *_folders_of(self._kept)}
        """Folders that are there for other reasons than files of jobs."""
        self._above = set(self._fixed)
        """Folders in which files were claimed, and those above them."""

    def __repr__(self) -> str:
        return f"Claims({len(self._owners)})"

    def make(self, job: FilesJob) -> None:
        """Note which files a job makes. Hot path: there may be 100,000.

        Raises
        ------
        JobOutputConflict
            When another job makes or watches one of them, or a file inside of one.
        JobContractError
            When no job can make one of them.
        """
        owners, folders, above = self._owners, self._folders, self._above
        for path in job.paths:
            cut = path.rfind("/") + 1
            begin = folders.get(path[:cut])
            name = path[cut:]
            place = (self._enter(path[:cut], job) if begin is None else begin) + name
            if place in above or name.endswith(ASIDE):
                self._refuse(path, place, job)
            owner = owners.get(place)
            if owner is not None and self._opposes(owner, job):
                raise _claimed(path, place, owner, job)
            owners[place] = job

    def watch(self, job: InvariantJob) -> None:
        """Note which files a job watches; refuse those that others make."""
        for path in job.watched:
            cut = path.rfind("/") + 1
            begin = self._folders.get(path[:cut])
            place = (self._enter(path[:cut], job) if begin is None else begin) + path[cut:]
            owner = self._owners.get(place)
            if owner is None or not self._is_there(owner):
                self._owners[place] = job
            elif isinstance(owner, FilesJob):
                raise watched_output(path, owner, job)

    def maker_of(self, path: str) -> FilesJob | None:
        """The job that makes a file, as far as jobs were defined."""
        cut = path.rfind("/") + 1
        owner = self._owners.get(self._folders.get(path[:cut], path[:cut]) + path[cut:])
        return owner if isinstance(owner, FilesJob) and self._is_there(owner) else None

    def _is_there(self, owner: Claimant) -> bool:
        return self._graph.jobs.get(owner.id) is owner

    def _opposes(self, owner: Claimant, job: HeartJob) -> bool:
        return owner is job or (owner.id != job.id and self._is_there(owner))

    def _beginning(self, folder: str) -> str:
        """How the places in a folder without links begin."""
        return f"{folder.rstrip('/')}/".removeprefix(self._root)

    def _enter(self, head: str, job: Claimant) -> str:
        """How the places begin in a folder that is new here; ``head`` ends with a slash."""
        steps = []
        while head not in self._folders:
            cut = head.rfind("/", 0, -1) + 1
            steps.append(head[cut:])
            head = head[:cut]
        begin = self._folders[head]
        for step in reversed(steps):
            begin += step
            head += step
            whole = f"{self._root}{begin}" if begin[0] != "/" else begin
            if os.path.islink(whole[:-1]):  # noqa: PTH114 - twice as fast, for each folder
                begin = self._beginning(os.path.realpath(whole))
            self._note(begin, job)
            if not self._is_kept(begin):
                self._folders[head] = begin
        if isinstance(job, FilesJob) and self._is_kept(begin):
            raise JobContractError(
                f"Job {job.id!r} can't make files in {head!r}: Weft keeps its own there.",
                cure="Let it make them in another folder.",
            )
        return begin

    def _is_kept(self, begin: str) -> bool:
        """Whether a place is in the context's folder, where that is one of its own."""
        return bool(self._kept) and begin.startswith(self._kept)

    def _note(self, begin: str, job: Claimant) -> None:
        """Something is in this folder: no job can make a file of its name."""
        for folder in _folders_of(begin):
            self._above.add(folder)
            owner = self._owners.get(folder)
            if isinstance(owner, FilesJob) and self._opposes(owner, job):
                raise _nested(folder, owner, job)

    def _refuse(self, path: str, place: str, job: FilesJob) -> None:
        """Refuse a file whose name is that of a folder, or of files that wait."""
        if place.endswith(ASIDE):
            raise JobContractError(
                f"No job can make {path!r}: Weft names files so that wait while their job runs.",
                cure=f"Use a name that does not end with {ASIDE}.",
            )
        inside = f"{place}/"
        for other, owner in self._owners.items():
            if other.startswith(inside) and self._opposes(owner, job):
                raise _nested(place, job, owner)
        if place in self._fixed:
            raise JobContractError(
                f"No job can make {path!r}: it is a folder that is in use.",
                cure="Name a file in a folder of its own.",
            )
        self._folders = dict(_TOP)  # nothing is left in it, so that it is new when entered again


def _folders_of(begin: str) -> list[str]:
    """A folder and all above it.

    >>> _folders_of("a/b/"), _folders_of("/a/")
    (['a/b', 'a'], ['/a', '/'])
    """
    found = []
    while begin.strip("/"):
        found.append(begin[:-1])
        begin = begin[: begin.rfind("/", 0, -1) + 1]
    return [*found, begin] if begin else found


def _claimed(path: str, place: str, owner: Claimant, job: FilesJob) -> JobContractError:
    """The error of a file that another job makes or watches."""
    if not isinstance(owner, FilesJob):
        return watched_output(path, job, owner)
    facts = _places(owner, job)
    if path not in owner.paths or owner is job:
        facts["by a link"] = f"{path!r} is {place!r}"
    return JobOutputConflict(
        f"File {path!r} would be made {'twice' if owner is job else 'by two jobs'}.",
        facts=facts,
        cure="Let one of them make it, and the other depend on that.",
    )


def _nested(folder: str, maker: HeartJob, inner: HeartJob) -> JobOutputConflict:
    """The error of a file inside of what is to be a file."""
    return JobOutputConflict(
        f"{folder!r} would be a file by job {maker.id!r}, and a folder by job {inner.id!r}.",
        facts=_places(maker, inner),
        cure="Give one of the files another name.",
    )


def watched_output(path: str, maker: HeartJob, watcher: HeartJob) -> JobContractError:
    """The error of a file that is an input and an output."""
    return JobContractError(
        f"{path!r} is made by job {maker.id!r}: it can't be a file that is only read.",
        facts={type(one).__name__: place for one, place in _origins(maker, watcher)},
        cure=f"Write depends_on(that job) instead of the {type(watcher).__name__}.",
    )


def _places(*jobs: HeartJob) -> dict[str, object]:
    return {one.id: place for one, place in _origins(*jobs)}


def _origins(*jobs: HeartJob) -> list[tuple[HeartJob, str]]:
    """Where jobs were defined, as far as that is known already."""
    return [
        (one, place_of(one.origin))
        for one in jobs
        if isinstance(one, Job) and "origin" in vars(one)
    ]
