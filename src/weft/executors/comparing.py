"""Is the code of this process that which a job was sent for? (Rule 31.)"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import Any

from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.named import Named, Place, differing, named_here, parts_of
from weft.model.outcome import OtherCode

NAMED = 3
"""Names that an error gives."""


class OtherCodeError(Exception):
    """Internal: under some names this process has other code than the one that sent a job."""

    def __init__(self, other: OtherCode) -> None:
        super().__init__(other)
        self.other = other


class Comparison:
    """Compares code that came by its name; looks at each once.

    So code is taken as it was when a job first came that reaches it: what jobs leave in the globals
    of modules (a model that is loaded once, a cache) does not make it other code.

    Parameters
    ----------
    fingerprinter
        None for jobs that did not leave their process: then all is the same.
    """

    def __init__(self, fingerprinter: Fingerprinter | None) -> None:
        self._fingerprinter = fingerprinter
        self._same: set[Named] = set()
        self._seen: set[bytes] = set()

    def __call__(self, packed: bytes) -> None:
        """Raise ``OtherCodeError`` where something differs from a ``Named``, given as bytes."""
        if packed in self._seen:
            return
        other = self.other(Named.loads(packed))
        if other is not None:
            raise OtherCodeError(other)
        self._seen.add(packed)

    def other(self, named: Named) -> OtherCode | None:
        """What differs."""
        fingerprinter = self._fingerprinter
        if fingerprinter is None or named in self._same:
            return None
        places = differing(named, fingerprinter)
        if places:
            return OtherCode(named, places, parts_of(places, named, fingerprinter))
        self._same.add(named)
        return None

    def told(self, places: Iterable[Place]) -> Named | None:
        """What the user's own code under some names is here, to be compared elsewhere."""
        return named_here(places, self._fingerprinter) if self._fingerprinter else None


class _Kept(threading.local):
    """What a thread of somebody else's worker process keeps from one call to the next."""

    comparison: Comparison | None = None
    specs: dict[str, Any]


_kept = _Kept()


def comparison_here() -> Comparison:
    """That of this thread; a new one when a module was loaded again."""
    specs = {name: getattr(module, "__spec__", None) for name, module in [*sys.modules.items()]}
    known = _kept.comparison
    before = _kept.specs.items() if known is not None else ()
    if known is None or any(specs.get(name, spec) is not spec for name, spec in before):
        known = _kept.comparison = Comparison(Fingerprinter())
    _kept.specs = specs
    return known


def other_words(other: OtherCode, fingerprinter: Fingerprinter) -> str:
    """What to say of a job that no worker had the code for."""
    here = parts_of(other.places, other.named, fingerprinter)
    there = other.parts
    names = sorted(name for name in here | there if here.get(name) != there.get(name))
    if not names:
        names = [".".join(filter(None, place)) for place in other.places]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (
        f"the worker has another {', '.join(names[:NAMED])}{more} than this script, so it did not"
        " run. Start the executor and the script anew, if one of them is older than an edit; if it"
        " is something that is not the same in each process, make it an argument, or ignore= it"
    )
