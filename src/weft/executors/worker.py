"""The one place where a job's function is called, whatever the executor."""

from __future__ import annotations

import os
import pickle
import re
import sys
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from enum import Enum
from functools import partial
from hashlib import blake2b
from typing import Any, NoReturn, TypeVar

from weft.errors import SerializationError
from weft.executors.base import RunSettings
from weft.executors.capture import Capture
from weft.executors.chance import Chance
from weft.executors.comparing import Comparison, OtherCodeError
from weft.executors.failure import error_text, plain_report, report_error, unkeepable
from weft.executors.inside import Inside, running
from weft.executors.outputs import claim, seal
from weft.executors.surroundings import Surroundings
from weft.executors.wire import Done, FunctionNumber
from weft.fingerprint.lazy import with_files
from weft.fingerprint.literal import literal_digest
from weft.fingerprint.named import Named
from weft.graph.arguments import fill
from weft.graph.definer import Definer
from weft.graph.packing import unpack_call
from weft.graph.seeds import Seed
from weft.graph.standing import paths_value
from weft.model.job import DIGEST_SIZE, Digest, FilesJob, Job
from weft.model.kind import Kind
from weft.model.outcome import CALL, ErrorReport, Outcome
from weft.model.states import AttemptState
from weft.store.objects import INLINE_LIMIT, Input, ObjectLost, Objects, encode

MEASURED_JOB = 0.001
"""Seconds from which on a job's processor time is measured (0.5 us); below it is the duration."""
LONG_JOB = 0.05
"""Seconds from which on a job's memory is measured."""
T = TypeVar("T")
_Kept = tuple[Digest, bytes | None, int]
"""Result hash, encoded value if it is small, bytes."""

_NONE: _Kept = (literal_digest(None) or b"", pickle.dumps(None, 5), len(pickle.dumps(None, 5)))


class _UnreadError(Exception):
    """Internal: something that was kept can't be read back."""

    def __init__(self, place: int, why: Exception) -> None:
        super().__init__(place, why)
        self.place = place
        self.why = why


def _readable(place: int, read: Callable[[], T]) -> T:
    try:
        return read()
    except (ObjectLost, MemoryError, OtherCodeError):
        raise
    except Exception as error:
        raise _UnreadError(place, error) from error


class _Stage(Enum):
    """How far an attempt has come."""

    LOADING = "its arguments can't be read"
    CALLING = ""
    KEEPING = "its result can't be kept"
    FILING = "its files"


class Worker:
    """Runs attempts in this process.

    Parameters
    ----------
    capture
        Keeps what jobs print; None lets it go where this process prints.
    surroundings
        Puts back what jobs change in the process; None where others share it.
    chance
        Seeds random numbers for each attempt; None where others share them.
    on_error
        Called with an exception of the job's before it is turned into data.
    compare
        Says whether code that comes by name is the same here; None: by the run's fingerprinter.
    say
        Takes the text of ``weft.progress``.
    """

    def __init__(
        self,
        settings: RunSettings,
        capture: Capture | None,
        surroundings: Surroundings | None,
        chance: Chance | None = None,
        *,
        on_error: Callable[[BaseException], None] | None = None,
        compare: Comparison | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.inside = Inside(say, settings.folder.resolve())
        self.calling = False
        """Whether the job's own code is running."""
        self._settings = settings
        self._objects = Objects(settings.folder)
        self._value_digest = settings.fingerprinter.value
        self._capture = capture
        self._surroundings = surroundings
        self._chance = chance
        self._seed: Seed = None
        self._on_error = on_error
        self._compare = compare or Comparison(settings.fingerprinter)
        self._names: set[tuple[str, str]] | None = set() if settings.by_name else None
        self._brought: Named | None = None
        """Code that the inputs of the present attempt go with, before it ran."""
        self._stage = _Stage.LOADING
        self._value: object = None
        self._functions: dict[int, Callable[..., Any]] = {}
        self._packed_functions: dict[int, bytes] = {}
        self._pid = os.getpid()
        self._offset = time.time() - time.monotonic()
        self._cpu = time.process_time()

    @property
    def seeds(self) -> bool:
        """Whether random numbers are seeded here."""
        return self._chance is not None

    def run(self, job: Job, inputs: Sequence[Input], seed: Seed = None) -> Outcome:
        """Make one attempt; never raises for what the job does.

        Parameters
        ----------
        seed
            Where random numbers start.
        """
        self._cpu = time.process_time()
        with running(self.inside):
            item = self.attempt(job, inputs, time.monotonic(), seed)
        return item if isinstance(item, Outcome) else outcome_of(item, self._pid)

    def attempt(
        self, job: Job, inputs: Sequence[Input], started: float, seed: Seed = None
    ) -> Done | Outcome:
        """As ``run``, for many jobs in a row, where ``self.inside`` is made current already.

        Parameters
        ----------
        started
            Monotonic seconds now.

        Returns
        -------
        Done or Outcome
            The flat tuple for the usual case: a small value and nothing to tell.
        """
        self._stage = _Stage.LOADING
        self._value = None
        self._seed = seed
        try:
            kept = self._attempt(job, inputs)
        except BaseException as error:  # noqa: BLE001 - the one place that catches broadly
            self.calling = False
            if os.getpid() != self._pid:
                _end_fork(error)
            kept = self._failure(error)
        return self._finish(kept, started)

    def move_here(self) -> None:
        """Make one attempt in this process, which was forked from the one that made this."""
        self._pid = os.getpid()
        if self._surroundings is not None:
            self._surroundings.last = True

    def learn(self, number: int, packed: bytes) -> None:
        """Take in a function that later calls refer to by its number."""
        self._packed_functions[number] = packed

    # -- the call ----------------------------------------------------------------------------

    def _attempt(self, job: Job, inputs: Sequence[Input]) -> _Kept | Outcome:
        function, args, kwargs = self._call_of(job, inputs)
        if job.command.dynamic:
            return self._generate(job, function, args, kwargs)
        if job.command.kind is not Kind.VALUE:
            return self._act(job, function, args, kwargs)
        value = self._call(function, args, kwargs)
        if value is None:
            return _NONE
        return self._keep(job, value)

    def _call_of(
        self, job: Job, inputs: Sequence[Input]
    ) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
        function = job.function
        if job.packed is not None:
            packed = job.packed
            function, args, kwargs = _readable(CALL, lambda: unpack_call(packed, self._compare))
            if isinstance(function, FunctionNumber):
                function = self._function(function.number)
        else:
            args, kwargs = job.args, job.kwargs or {}
            if job.arguments is not None:
                # Other jobs, and another attempt of this one, must not see what this one does to
                # its arguments; flat ones can't be changed.
                args, kwargs = deepcopy((args, kwargs))
        if inputs:
            load, names = self._objects.load_input, self._names
            values = [
                _readable(place, partial(load, one, names)) for place, one in enumerate(inputs)
            ]
            if names:
                self._brought = self._compare.told(names)
                names.clear()
            args, kwargs = fill(args, kwargs, values, job.inputs)
        assert function is not None
        return function, args, kwargs

    def _function(self, number: int) -> Callable[..., Any]:
        function = self._functions.get(number)
        if function is None:
            function = unpack_call(self._packed_functions[number], self._compare)[0]
            self._functions[number] = function
        return function

    def _call(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if self._chance is not None:
            self._chance.begin(self._seed)
        self._stage = _Stage.CALLING
        self.calling = True
        value = self._value = function(*args, **kwargs)
        self.calling = False
        if os.getpid() != self._pid:
            _end_fork(None)
        self._stage = _Stage.KEEPING
        return value

    def _act(
        self, job: Job, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> _Kept:
        """Call a function for what it does, not for what it returns."""
        if not isinstance(job, FilesJob):
            self._call(function, args, kwargs)
            return _NONE
        self._stage = _Stage.FILING
        claim(job)
        if job.style.takes:
            args = (paths_value(job.paths, job.style), *args)
        self._call(function, args, kwargs)
        self._stage = _Stage.FILING
        if self._surroundings is not None:
            self._surroundings.come_back()
        sealed = seal(job)
        return sealed.result, sealed.record, len(sealed.record)

    def _generate(
        self, job: Job, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Outcome:
        settings = self._settings
        definer = Definer.inside(job, settings.fingerprinter, settings.graph_token)
        value = self._call(function, (definer, *args), kwargs)
        children = definer.records()
        promised: list[str] = []
        result, data, size = self._keep(job, value, promised)
        return Outcome(
            AttemptState.DONE,
            0.0,
            0.0,
            result=result,
            value=data,
            size=size,
            children=children,
            codes=definer.codes(),
            promised=tuple(promised),
        )

    def _keep(self, job: Job, value: Any, promised: list[str] | None = None) -> _Kept:
        """Hash and encode the result; a large one is made durable here, before it is reported."""
        result = literal_digest(value)
        cutoff = job.command.options.cutoff is not False or value is None
        if result is not None and cutoff and not self.inside.observed:
            data = pickle.dumps(value, 5)
            if len(data) <= INLINE_LIMIT:
                return result, data, len(data)
        encoded = encode(value, promised)
        if result is None:
            number = None if promised is None else _numbering(promised)
            result = self._value_digest(value, number)
        options = job.command.options
        if self.inside.observed and value is not None and not (options.cutoff or options.pure):
            stored = encoded.stream if encoded.inline is None else encoded.inline
            read = [(seen.key, seen.digest) for seen in self.inside.observed]
            result = with_files(result, stored or b"", read)
        if not cutoff:
            result = blake2b(result + os.urandom(16), digest_size=DIGEST_SIZE).digest()
        if encoded.inline is None:
            self._objects.write(result, encoded)
        return result, encoded.inline, encoded.size

    def _failure(self, error: BaseException) -> Outcome:
        stage, value = self._stage, self._value
        self._value = None
        if isinstance(error, OtherCodeError):
            if self._surroundings is not None:
                self._surroundings.retire = True  # another worker may be as it was at the start
            return Outcome(AttemptState.FAILED, 0.0, 0.0, other=error.other)
        if isinstance(error, _UnreadError):
            report = _machinery_report(stage, error.why, value)
            return Outcome(AttemptState.FAILED, 0.0, 0.0, error=report, unread=error.place)
        if stage is _Stage.LOADING and isinstance(error, ObjectLost):
            return Outcome(AttemptState.FAILED, 0.0, 0.0, lost=(error.digest,))
        state = AttemptState.FAILED
        if isinstance(error, MemoryError):
            state = AttemptState.OUT_OF_MEMORY
        if stage is _Stage.CALLING:
            if self._on_error is not None:
                self._on_error(error)
            report = report_error(error)
        else:
            report = _machinery_report(stage, error, value)
        return Outcome(state, 0.0, 0.0, error=report)

    # -- after the call ----------------------------------------------------------------------

    def _finish(self, kept: _Kept | Outcome, started: float) -> Done | Outcome:
        duration = time.monotonic() - started
        used = duration
        if duration < MEASURED_JOB:
            self._cpu += duration
        else:
            cpu = time.process_time()
            used, self._cpu = max(0.0, cpu - self._cpu), cpu
        if self._chance is not None:
            self._chance.end()
        note = self._surroundings.restore(duration) if self._surroundings is not None else None
        output = self._capture.take() if self._capture is not None else None
        if type(kept) is tuple:
            result, data, size = kept
            if (
                note is None
                and output is None
                and data is not None
                and duration < LONG_JOB
                and not self.inside.stamps
                and not self.inside.stages
                and self._brought is None
            ):
                return started + self._offset, duration, used, result, data
            kept = Outcome(AttemptState.DONE, 0.0, 0.0, result=result, value=data, size=size)
        assert isinstance(kept, Outcome)
        kept.started, kept.duration, kept.cpu = started + self._offset, duration, used
        kept.pid, kept.note = self._pid, note
        kept.brought, self._brought = self._brought, None
        if output is not None:
            kept.stdout, kept.stderr = output
        if duration >= LONG_JOB:
            kept.max_rss = peak_memory()
        self._tell(kept)
        return kept

    def _tell(self, outcome: Outcome) -> None:
        """Add what the job told about itself while it ran."""
        inside = self.inside
        if inside.stages:
            inside.stages.clear()
            if inside.say is not None:
                inside.say("")
        if inside.stamps:
            moved = inside.moved()
            outcome.observed = tuple(inside.observed)
            inside.observed.clear()
            inside.stamps.clear()
            if moved:
                outcome.remember = False
                told = f"not remembered: {', '.join(moved)} changed while the job ran"
                outcome.note = f"{outcome.note}; {told}" if outcome.note else told


def outcome_of(done: Done, pid: int) -> Outcome:
    """The outcome that a flat tuple stands for."""
    started, duration, cpu, result, value = done
    return Outcome(AttemptState.DONE, started, duration, cpu, pid, result, value, len(value))


def peak_memory() -> int:
    """Most bytes of memory that this process had since the last call (where it can be reset)."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        with open("/proc/self/clear_refs", "wb", buffering=0) as file:  # noqa: PTH123 - hot path
            file.write(b"5")
    except OSError:
        pass  # then the peak is that of all jobs so far
    return peak if sys.platform == "darwin" else peak * 1024


def _numbering(promised: list[str]) -> Callable[[Any], int]:
    return lambda promise: promised.index(promise.job_id)


def _machinery_report(stage: _Stage, error: BaseException, value: object) -> ErrorReport:
    """What to say when not the job's code failed but the handling of its arguments or result."""
    if stage is _Stage.FILING:  # these errors have all their words
        return plain_report(type(error), error_text(error))
    words = unkeepable(value) if stage is _Stage.KEEPING else None
    if stage is _Stage.LOADING:
        words = _not_found(error)
    kind = SerializationError if words else type(error)
    text = words or f"{stage.value}: {error_text(error)}"
    return plain_report(kind, text)


def _not_found(error: BaseException) -> str | None:
    """What to say of something of the script that went by its name to a process without that."""
    found = re.search(r"Can't get attribute '([^']+)' on <module '__main__'", str(error))
    if not isinstance(error, AttributeError) or found is None:
        return None
    return (
        f"{found[1]} of the script can't be sent to a worker that does not run the script: it is"
        f" known by its name only. Move it into a module, or make it inside the job"
    )


def _end_fork(error: BaseException | None) -> NoReturn:
    """End a child that the job forked and that came back here, as if its program were over."""
    code = 0
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    elif error is not None:
        os.write(2, report_error(error).text.encode(errors="replace"))
        code = 1
    try:
        sys.stdout.flush()
    finally:
        os._exit(code)
