"""What a code fingerprint says: its digest, the parts it was made of, and what it could not see."""

from __future__ import annotations

from dataclasses import dataclass

from weft.model.job import Digest


@dataclass(frozen=True, slots=True)
class CodePart:
    """One thing that the code reaches.

    Its digest is of its own text or value, without what it reaches in turn: so comparing the parts
    of two fingerprints names exactly what was edited.
    """

    kind: str
    """function, class, constant, default, closure, attribute, callable, use, package or version."""
    name: str
    """Qualified: ``mymodule.helper``, ``mymodule.Model.fit``, ``mymodule.LIMIT``."""
    digest: Digest
    source: str | None = None
    """Text of a function or class; a short notation of a constant."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the code reaches and that could not be hashed."""

    name: str
    where: str
    """``file:line`` of the mention."""
    why: str
    cure: str = ""
    """What helps, where that is not what helps against values that can't be hashed."""

    @property
    def message(self) -> str:
        """One paragraph for the user, with the cures.

        >>> Problem("lab.link", "lab.py:3", "is a socket").message.partition(":")[0]
        'lab.link (lab.py'
        """
        short = self.name.rpartition(".")[2]
        if self.cure:
            return (
                f"{self.name} ({self.where}) {self.why}. {self.cure}"
                f' Or accept this with ignore="{short}".'
            )
        return (
            f"{self.name} ({self.where}) {self.why}: a change of it will not be noticed."
            " Pass it as an argument, name what it depends on with uses=...,"
            f' or accept this with ignore="{short}".'
        )


@dataclass(frozen=True, slots=True)
class CodeFingerprint:
    """Identity of a function's code with all that it reaches."""

    digest: Digest
    parts: tuple[CodePart, ...]
    packages: tuple[str, ...]
    """Top-level names of the installed packages that it reaches, sorted."""
    problems: tuple[Problem, ...]
    by_bytecode: bool
    """Whether some part has no source and was hashed by its bytecode, which differs per Python."""
