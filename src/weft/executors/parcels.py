"""What a batch looks like on its way to a worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

from weft.errors import SerializationError
from weft.executors.base import Report, RunSettings, Task
from weft.executors.failure import plain_report
from weft.executors.wire import Entry, FunctionNumber, Parcel
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.keeping import names_main
from weft.graph.packing import Told, pack_call, unpack_call
from weft.graph.spec import spec_of
from weft.model.job import Command, Job
from weft.model.outcome import Outcome
from weft.model.states import AttemptState


class Packer:
    """Turns tasks into the entries of a message.

    Parameters
    ----------
    jobs
        Those that the workers inherit, by index; they are named by it.
    settings
        Of the run: what jobs are seeded with, and what tells the digests of code.
    by_value
        Whether workers inherit nothing: then each function is sent once to each worker.
    """

    def __init__(
        self, jobs: Sequence[Job | None], settings: RunSettings, *, by_value: bool
    ) -> None:
        self._seeds = settings.seeds
        self._fingerprinter = settings.fingerprinter
        self._jobs: Sequence[Job | None] = () if by_value else jobs
        self._by_value = by_value
        self._functions: dict[int, tuple[Command, int, bytes]] = {}
        """Number and packed function of each command; the command keeps its id from re-use."""

    def pack(
        self, batch: Sequence[Task], known: set[int]
    ) -> tuple[list[Entry], list[Task], list[Report]]:
        """Entries and their tasks; and reports of the tasks that can't be sent.

        Parameters
        ----------
        known
            Numbers of the functions that the worker has; those sent now are added.
        """
        entries: list[Entry] = []
        tasks: list[Task] = []
        refused: list[Report] = []
        jobs, count, seed = self._jobs, len(self._jobs), self._seeds.of
        for task in batch:
            job = task.job
            # A generated job that was defined again takes the index of the one before.
            if job.index < count and jobs[job.index] is job:
                # What a generator defined may be numbered otherwise by now.
                plain = not task.inputs and job.definer is None
                entries.append(job.index if plain else (job.index, task.inputs, seed(job)))
                tasks.append(task)
                continue
            try:
                entries.append((self._parcel(job, known), task.inputs, seed(job)))
                tasks.append(task)
            except SerializationError as error:
                refused.append(refusal(task, error))
        return entries, tasks, refused

    def _parcel(self, job: Job, known: set[int]) -> Parcel:
        command = job.command
        names = tuple(one.id for one in job.inputs)
        options = command.options
        number = packed = None
        if job.packed is not None or job.own is not None:
            call = packed_call(job, self._fingerprinter, by_value=self._by_value)
        else:
            number, packed = self._function(command)
            stand_in = cast("Callable[..., Any]", FunctionNumber(number))
            flat = job.arguments is None
            by_value = self._by_value and not flat
            told = None if flat else Told(self._fingerprinter)
            call = pack_call(stand_in, job.args, job.kwargs, by_value=by_value, told=told)
            if number in known:
                packed = None
            known.add(number)
        return Parcel(
            job.id,
            command.name,
            command.dynamic,
            options.cutoff is not False,
            names,
            call,
            number,
            packed,
            command.kind,
            spec_of(job),
            options.cores,
        )

    def _function(self, command: Command) -> tuple[int, bytes]:
        found = self._functions.get(id(command))
        if found is None:
            assert command.function is not None
            told = Told(self._fingerprinter, command.options)
            packed = pack_call(command.function, (), None, by_value=self._by_value, told=told)
            found = self._functions[id(command)] = (command, len(self._functions), packed)
        return found[1], found[2]


def packed_call(job: Job, fingerprinter: Fingerprinter, *, by_value: bool) -> bytes:
    """The call of a job with its function.

    Raises
    ------
    SerializationError
        When some part can't be pickled.
    """
    call = job.packed
    if call is None:
        assert job.function is not None
        function, args, kwargs = job.function, job.args, job.kwargs or {}
    elif by_value and names_main(call):  # it was defined in a process that is like this one
        function, args, kwargs = unpack_call(call)
    else:
        return call
    told = Told(fingerprinter, job.command.options)
    return pack_call(function, args, kwargs, by_value=by_value, told=told)


def refusal(task: Task, error: SerializationError) -> Report:
    """The report of a task that can't be sent to where it would run."""
    report = plain_report(SerializationError, str(error))
    return Report(task, Outcome(AttemptState.FAILED, time.time(), 0.0, error=report))
