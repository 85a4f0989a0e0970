"""Why a job that is to run can't begin here."""

from __future__ import annotations

from weft.executors.base import Executor
from weft.model.job import InvariantJob, Job
from weft.scheduler.keeper import Keeper


def why_not(job: Job, executor: Executor, keeper: Keeper, all_memory: int) -> str | None:
    """In words; None where it can.

    Parameters
    ----------
    all_memory
        Bytes that running jobs may declare together.
    """
    if isinstance(job, InvariantJob):
        return f"{keeper.missing(job)} is not there, or can't be read"
    if not executor.inherits and job.reads_memory:
        return (
            "it needs data in the memory of this process, which the workers of this executor "
            'do not share: use executor="processes" or "inline"'
        )
    if job.command.options.isolated and not executor.isolates:
        return (
            "it is to be isolated, and this executor can't give it a process of its own: use "
            'executor="processes", or isolated=False'
        )
    if job.command.function is None and job.packed is None:
        return "its function is not known here: run the script that defines it"
    memory = job.command.options.memory
    if memory is not None and memory > all_memory:
        return (
            f"it asks for {memory >> 20} MiB of memory, and {all_memory >> 20} MiB are all there is"
        )
    return None
