"""What defines a job (rule 1): the hash of its code and its arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

from weft.fingerprint.families import Family, held_values
from weft.fingerprint.fingerprinter import CodeFingerprint, Fingerprinter
from weft.fingerprint.literal import flat_text, literal_text
from weft.model.job import DIGEST_SIZE, Command, Digest, FilesJob, Job
from weft.model.outcome import CodeParts
from weft.model.promise import Promise

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_PROMISE = re.compile(r"Promise\('(.*?)'\)")
ARGUMENT_LIMIT = 80
"""Characters of one argument that are kept for people to read."""
TEXT_LIMIT = 200
"""Characters of the arguments that are kept for people to read."""


def fingerprint_command(command: Command, fingerprinter: Fingerprinter) -> CodeFingerprint:
    """Fingerprint the command's code and prepare the hash state that its jobs' definitions copy."""
    family = command.family = family_of(command, fingerprinter)
    fingerprint = family.fingerprint if family else code_of(command, fingerprinter)
    set_code(command, fingerprint.digest)
    command.packages = fingerprint.packages
    return fingerprint


def code_of(command: Command, fingerprinter: Fingerprinter) -> CodeFingerprint:
    """Fingerprint of the code as it is now; of a shared command, of what is common to all."""
    family = family_of(command, fingerprinter)
    if family is not None:
        return family.fingerprint
    assert command.function is not None
    return fingerprinter.code(command.function, command.options)


def family_of(command: Command, fingerprinter: Fingerprinter) -> Family | None:
    """What the functions of a shared command's jobs have in common now; None of another one."""
    if not command.shared or command.function is None:
        return None
    return Family(command.function, command.options, fingerprinter)


def code_parts(commands: Iterable[Command], fingerprinter: Fingerprinter) -> tuple[CodeParts, ...]:
    """The parts of the commands' code fingerprints, each code once."""
    found: dict[Digest, CodeParts] = {}
    for command in commands:
        if command.function is not None and command.code is not None:
            family: Family | None = command.family
            parts = (family.fingerprint if family else code_of(command, fingerprinter)).parts
            listed = tuple((part.kind, part.name, part.digest, part.source) for part in parts)
            found.setdefault(command.code, (command.code, listed))
    return tuple(found.values())


def set_code(command: Command, code: Digest) -> None:
    """Give the command its code digest, and the state made from it.

    That of a shared one ends before the code, which each of its jobs adds.
    """
    command.code = code
    kind = b"dynamic" if command.dynamic else command.kind.name.lower().encode()
    cutoff = b"no cutoff" if command.options.cutoff is False else b""
    text = b"definition 2;%s;%s;%s" % (kind, cutoff, b"" if command.shared else code)
    if command.options.seed is not None:
        text = b"seed %s;%s" % (str(command.options.seed).encode(), text)
    command.state = blake2b(text, digest_size=DIGEST_SIZE)


def define(job: Job) -> Digest:
    """Compute and set ``job.definition``; the command must have its code digest."""
    job.definition = definition_of(job, job.command.family)
    return job.definition


def definition_of(job: Job, family: Family | None) -> Digest:
    """The definition of a job; of one with a function of its own, by that one's family."""
    if job.command.state is None:
        set_code(job.command, job.command.code or b"")
    state = job.command.state.copy()
    if job.own is not None:
        assert family is not None
        state.update(family.code(job.own))
    if isinstance(job, FilesJob):
        state.update(b"files" + ascii((job.paths, job.style.keys)).encode())
        if job.style.is_temporary:  # what was not to be kept is not there when it is to be
            state.update(b"temporary" + ascii(job.style.temporary).encode())
    if job.roles:
        state.update(b"roles" + ascii(job.roles).encode())
    if job.arguments is None:
        state.update(b"flat" + flat_text(job).encode())
    else:
        state.update(b"tree" + job.arguments)
    definition: Digest = state.digest()
    return definition


def define_all(jobs: Iterable[Job]) -> None:
    """``define`` the jobs that are not yet; plain calls in one step each, as there may be many."""
    for job in jobs:
        if job.definition is not None:
            continue
        if type(job) is not Job:
            if isinstance(job, FilesJob) and _is_bare(job):
                _define_files(job)
            else:
                define(job)
            continue
        state = job.command.state.copy()
        try:
            state.update(b"flat" + ascii(job.args).encode())
        except ValueError:  # an int of more than 4300 digits
            define(job)
        else:
            job.definition = state.digest()


def _is_bare(job: FilesJob) -> bool:
    return not (job.roles or job.kwargs or job.style.keys or job.style.temporary)


def _define_files(job: FilesJob) -> None:
    """``define`` a job that has nothing but its paths: in one step, as there may be many."""
    if job.command.state is None:
        set_code(job.command, job.command.code or b"")
    state = job.command.state.copy()
    if job.own is not None:
        state.update(job.command.family.code(job.own))
    state.update(f"files({job.paths!a}, ())flat()".encode())
    job.definition = state.digest()


def arguments_text(job: Job) -> str:
    """The arguments as people read them, shortened.

    Each plain value that the job's own function holds follows in a line of its own.
    """
    if job.own is None:
        return _given_text(job)
    ignored = job.command.options.ignore
    held = [
        f"{name}={_shortened(literal_text(value), ARGUMENT_LIMIT)}"
        for name, value in held_values(job.own)
        if name not in ignored
    ]
    return "\n".join([_given_text(job), *held])


def arguments_words(text: str) -> str:
    """An ``arguments_text`` in one line.

    >>> arguments_words("(1, 2)"), arguments_words("(1, 2)\\nscale=3\\nname='a'")
    ('(1, 2)', "(1, 2) with scale=3, name='a'")
    """
    given, *held = text.split("\n")
    return f"{given} with {', '.join(held)}" if held else given


def _given_text(job: Job) -> str:
    if type(job) is Job:
        try:
            return ascii(job.args)[:TEXT_LIMIT]
        except ValueError:  # an int of more than 4300 digits
            return flat_text(job)[:TEXT_LIMIT]
    if job.text is not None:
        return job.text
    parts = [value_text(value) for value in job.args]
    parts += [f"{name}={value_text(value)}" for name, value in (job.kwargs or {}).items()]
    return _shortened(f"({', '.join(parts)})", TEXT_LIMIT)


def value_text(value: object) -> str:
    """A value in one short line, the same in every process."""
    if isinstance(value, Promise):
        return f"<{value.job_id}>"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):  # an array or a table: its repr is many lines of numbers
        return f"{type(value).__name__} {'x'.join(map(str, shape)) or 'scalar'}"
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - a user's __repr__ may raise anything
        return f"<{type(value).__name__}: no repr, {type(error).__name__}>"
    line = _PROMISE.sub(r"<\1>", _ADDRESS.sub("", " ".join(text.split())))
    return _shortened(line, ARGUMENT_LIMIT)


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
