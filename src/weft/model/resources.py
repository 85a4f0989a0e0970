"""What a job needs and how it is treated: its options."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from weft.errors import UserError
from weft.model.older import reads_older

CodeScope = Literal["none", "function", "transitive"]
PackageScope = Literal["recorded", "version"]
INHERIT: Literal["inherit"] = "inherit"
"""For ``seed``: random numbers go on from where the script was."""
LARGEST_SEED = 2**32 - 1
"""NumPy takes no larger one."""

ALL_BUT_ONE = -1
ALL = -2
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def parse_memory(memory: int | str) -> int:
    """Bytes of ``memory``: a number of bytes, or text such as ``"500MB"``, ``"2 GiB"``, ``"2G"``.

    >>> parse_memory("2G"), parse_memory("500MB"), parse_memory(1024)
    (2147483648, 524288000, 1024)
    """
    if isinstance(memory, int):
        return memory
    text = memory.strip().upper().removesuffix("IB").removesuffix("B").strip()
    unit = text[-1:] if text[-1:] in _UNITS else ""
    try:
        return int(float(text.removesuffix(unit)) * _UNITS[unit])
    except ValueError:
        raise UserError(
            f"{memory!r} is not an amount of memory.", cure='Write bytes or a text such as "2GB".'
        ) from None


@reads_older
@dataclass(frozen=True, slots=True)
class Options:
    """How a job is fingerprinted, run and remembered.

    The first group can change a result and is part of the job's definition (rule 1);
    the second group never is.
    """

    version: str | None = None
    """Stands for the code instead of its fingerprint."""
    uses: tuple[Any, ...] = ()
    """More functions, classes or values that the code depends on."""
    ignore: tuple[str, ...] = ()
    """Names of globals that the code reaches but that can't change its result."""
    code: CodeScope = "transitive"
    packages: PackageScope = "recorded"
    cutoff: bool | None = None
    """Whether an equal result stops the re-run of what depends on it (rule 7): always, never, or
    (None) where the result says what the job did."""

    pure: bool = False
    """Whether equal calls share one result (rule 6)."""
    cores: int = 1
    """How many the job keeps busy; -1 for all but one, -2 for all, and nothing beside it."""
    memory: int | None = None
    """Bytes; the job is killed when it takes more."""
    timeout: float | None = None
    """Seconds; the job's process group is killed after them."""
    retries: int = 0
    retry_on: tuple[type[BaseException], ...] | None = None
    priority: float = 0.0
    keep_failed: bool = False
    """Whether a failure is not tried again while nothing about the job changed (rule 11)."""
    tags: tuple[str, ...] = ()
    """Words to select the job by: ``tag:x``."""
    enforce_memory: bool = True
    """Whether a job that takes more than its memory is killed; else it only reserves that much."""
    seed: int | Literal["inherit"] | None = None
    """Where ``random``, ``numpy.random`` and ``torch`` start in each attempt: as seeded with this
    number; as the script had them when the run began (``"inherit"``); or (None) with a seed of the
    job's own, which follows from its definition, and its number among equal ones."""
    isolated: bool | None = None
    """Whether each attempt has a process of its own, in the state in which the run began; None as
    the run says."""

    @property
    def memory_limit(self) -> int | None:
        """Bytes from which on the job is killed."""
        return self.memory if self.enforce_memory else None

    def but(self, **changes: Any) -> Options:
        """These options with some replaced; unknown names and impossible values are refused.

        >>> Options().but(cores=2, memory="1G").memory
        1073741824
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise UserError(
                    f"There is no job option {name!r}.", cure=f"Use one of: {', '.join(known)}."
                )
        options = replace(self, **_tidy(changes))
        _check(options)
        return options


def _tidy(changes: dict[str, Any]) -> dict[str, Any]:
    tidy = dict(changes)
    if tidy.get("memory") is not None:
        tidy["memory"] = parse_memory(tidy["memory"])
    if tidy.get("version") is not None:
        tidy["version"] = str(tidy["version"])
    for name in ("uses", "ignore", "retry_on", "tags"):
        value = tidy.get(name)
        if value is not None and not isinstance(value, tuple):
            tidy[name] = tuple(value) if isinstance(value, (list, set)) else (value,)
    if tidy.get("tags"):
        tidy["tags"] = tuple(sorted(set(tidy["tags"]), key=str))
    return tidy


def _check(options: Options) -> None:
    """Refuse impossible values, naming the option, the value and what it may be."""
    number = (int, float)
    rules: tuple[tuple[str, bool, str], ...] = (
        (
            "cores",
            _at_least(options.cores, int, 1) or options.cores in {ALL_BUT_ONE, ALL},
            "a whole number from 1 on, -1 (all but one) or -2 (all)",
        ),
        ("memory", options.memory is None or options.memory > 0, "more than 0 bytes"),
        (
            "timeout",
            options.timeout is None
            or (_at_least(options.timeout, number, 0) and options.timeout > 0),
            "seconds, more than 0",
        ),
        ("retries", _at_least(options.retries, int, 0), "a whole number from 0 on"),
        ("priority", isinstance(options.priority, number), "a number"),
        ("code", options.code in get_args(CodeScope), "none, function or transitive"),
        ("packages", options.packages in get_args(PackageScope), "recorded or version"),
        ("tags", _are_words(options.tags), "a word, or a list of words"),
        (
            "seed",
            options.seed is None or options.seed == INHERIT or _is_seed(options.seed),
            f'a whole number from 0 to {LARGEST_SEED}, or "{INHERIT}"',
        ),
        (
            "isolated",
            options.isolated is None or isinstance(options.isolated, bool),
            "True or False",
        ),
    )
    for name, right, meant in rules:
        if not right:
            raise UserError(
                f"{getattr(options, name)!r} is no value for the job option {name!r}.",
                cure=f"Give {meant}.",
            )


def _are_words(tags: object) -> bool:
    return isinstance(tags, tuple) and all(isinstance(tag, str) and tag for tag in tags)


def _is_seed(seed: object) -> bool:
    return _at_least(seed, int, 0) and seed <= LARGEST_SEED  # type: ignore[operator]


def _at_least(value: object, kind: type | tuple[type, ...], least: float) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and value >= least  # type: ignore[operator]


DEFAULT_OPTIONS = Options()
