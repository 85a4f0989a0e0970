"""Parameters of the last run, so that a function can say whether a change of them counts."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from weft.graph.plain import DamagedError, plain_loads
from weft.pipegraph.errors import JobContractError, NothingChanged

if TYPE_CHECKING:
    from weft.pipegraph.invariants import ParameterInvariant
    from weft.pipegraph.pipegraph import Pipegraph

Accepts = Callable[[Any], bool]
_Kept = tuple[bytes, bytes | None]
"""The digest that counts, and the pickled parameters; None if they can't be kept."""

LARGEST = 1 << 20
"""Bytes of parameters that are kept although no function compares them yet."""


class Acceptance:
    """The parameters of the last run, of all invariants of parameters, in one file.

    A later value that is accepted goes on under the old digest, so that nothing runs again. Those
    that no function compares are kept too, for the day on which one does.
    """

    def __init__(self, pipegraph: Pipegraph) -> None:
        self._file = pipegraph.context.folder / "parameters.pickle"
        self._known: dict[str, _Kept] | None = None
        """What is in the file, once it was read."""
        self._new: dict[str, tuple[bytes, object]] = {}
        """What is to be kept of the next run, where that is something else."""
        self._asked: set[str] = set()
        """Invariants whose parameters a function compares."""

    def __repr__(self) -> str:
        return f"Acceptance({len(self._new)} to be kept)"

    def add(self, job: ParameterInvariant, parameters: object, accepts: Accepts | None) -> None:
        """Ask whether the parameters count as those of the last run; then they have its digest."""
        name, digest = job.id, job.arguments
        assert digest is not None
        if accepts is not None:
            self._asked.add(name)
        elif name in self._asked:
            return
        before, data = self._read().get(name, (None, None))
        if before == digest and (data is not None or accepts is None):
            self._new.pop(name, None)
            return
        self._new[name] = digest, parameters
        if accepts is not None and data is not None and before is not None:
            self._ask(job, accepts, before, data)

    def _ask(self, job: ParameterInvariant, accepts: Accepts, before: bytes, data: bytes) -> None:
        try:
            old = pickle.loads(data)
        except Exception:  # noqa: BLE001 - a class that is not there any more: a change
            return
        try:
            if not accepts(old):
                return
            del self._new[job.id]
        except NothingChanged as news:
            self._new[job.id] = before, news.new_value
        job.arguments = before

    def remember(self) -> None:
        """Keep the parameters of a run that begins, or of jobs that came into one."""
        if not self._new:
            return
        new = {name: (digest, self._pickled(name)) for name, (digest, _) in self._new.items()}
        self._known = {**self._read(), **new}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        file = self._file.with_suffix(".new")
        file.write_bytes(pickle.dumps(self._known))
        file.replace(self._file)
        self._new.clear()

    def _pickled(self, name: str) -> bytes | None:
        asked = name in self._asked
        try:
            data = pickle.dumps(self._new[name][1])
        except Exception as error:
            if not asked:
                return None
            raise JobContractError(
                f"The parameters of {name!r} can't be kept for the next run: {error}.",
                cure="Use parameters that can be pickled, or no accept_as_unchanged_func.",
            ) from error
        return data if asked or len(data) <= LARGEST else None

    def _read(self) -> dict[str, _Kept]:
        if self._known is None:
            try:
                self._known = plain_loads(self._file.read_bytes())
            except (OSError, DamagedError):  # none, or no such file: all are changes
                self._known = {}
        assert self._known is not None
        return self._known
