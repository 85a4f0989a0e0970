"""The part of some code that goes to another process by its name (rule 31).

Functions of modules that can be imported travel as names, and the process that gets them has code
of its own under these: of another day, where it was started before an edit, or after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from weft.fingerprint.encoding import digest, encode_text
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.parts import CodeFingerprint, CodePart
from weft.model.job import Digest
from weft.model.resources import DEFAULT_OPTIONS, Options

_BY_VALUE = ("__main__.", "__mp_main__.")


def named_parts(fingerprint: CodeFingerprint) -> list[CodePart]:
    """The parts that stand in modules which others import."""
    return [
        part
        for part in fingerprint.parts
        if part.kind not in {"package", "version"}
        if not part.name.startswith(_BY_VALUE) and "<" not in part.name
    ]


def named_digest(parts: Iterable[CodePart]) -> Digest | None:
    """A digest of these parts; None where there are none."""
    told = sorted(encode_text(f"{part.kind} {part.name}") + part.digest for part in parts)
    return digest(*told) if told else None


def named_code(
    function: Callable[..., Any], options: Options, fingerprinter: Fingerprinter
) -> Digest | None:
    """Digest of the code that a function reaches by name; None where that need not be compared.

    That is so for code which does not count, or not wholly.

    Examples
    --------
    >>> named_code(len, Options(), Fingerprinter()) is None
    True
    """
    if options.version is not None or options.code != "transitive":
        return None
    plain = replace(DEFAULT_OPTIONS, ignore=options.ignore)
    return named_digest(named_parts(fingerprinter.code(function, plain)))
