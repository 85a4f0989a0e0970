"""Parameters of which a function says whether a change of them counts."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.pipegraph.errors import JobContractError, NothingChanged

if TYPE_CHECKING:
    from weft.pipegraph.invariants import ParameterInvariant
    from weft.pipegraph.pipegraph import Pipegraph

Accepts = Callable[[Any], bool]


class Acceptance:
    """The parameters of the last run, of those invariants that compare them themselves.

    Each has a file with the digest that counts and the parameters. A later value that is accepted
    goes on under the old digest, so that nothing runs again.
    """

    def __init__(self, pipegraph: Pipegraph) -> None:
        self._folder = pipegraph.context.folder / "parameters"
        self._now: dict[str, tuple[bytes, object]] = {}

    def __repr__(self) -> str:
        return f"Acceptance({len(self._now)})"

    def add(self, job: ParameterInvariant, parameters: object, accepts: Accepts) -> None:
        """Ask whether the parameters count as those of the last run; then they have its digest."""
        digest = job.arguments
        assert digest is not None
        known = self._read(job.id)
        kept = parameters
        if known is not None and known[0] != digest:
            try:
                if accepts(known[1]):
                    digest, kept = known
            except NothingChanged as news:
                digest, kept = known[0], news.new_value
            job.arguments = digest
        self._now[job.id] = digest, kept

    def remember(self) -> None:
        """Keep the parameters of a run that begins."""
        for name, (digest, parameters) in self._now.items():
            try:
                data = pickle.dumps((digest, parameters))
            except Exception as error:
                raise JobContractError(
                    f"The parameters of {name!r} can't be kept for the next run: {error}.",
                    cure="Use parameters that can be pickled, or no accept_as_unchanged_func.",
                ) from error
            file = self._file(name)
            if not file.exists() or file.read_bytes() != data:
                self._folder.mkdir(parents=True, exist_ok=True)
                new = file.with_suffix(".new")
                new.write_bytes(data)
                new.replace(file)

    def _read(self, name: str) -> tuple[bytes, Any] | None:
        try:
            known: tuple[bytes, Any] = pickle.loads(self._file(name).read_bytes())
        except Exception:  # noqa: BLE001 - no file, or a class that is not there any more: a change
            return None
        return known

    def _file(self, name: str) -> Path:
        return self._folder / blake2b(os.fsencode(name), digest_size=16).hexdigest()
