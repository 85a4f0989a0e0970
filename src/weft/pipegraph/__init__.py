"""Jobs that make files, load data and make jobs: all of pypipegraph, on Weft's heart.

Use it as ``from weft import pipegraph as pypipegraph``. Names are imported when they are first
used, as programs and drawings need much that a script of plain file jobs does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.pipegraph import resource_coordinators, testing, util
    from weft.pipegraph.current import inside_ppg
    from weft.pipegraph.errors import (
        CommunicationFailure,
        CycleError,
        JobContractError,
        JobDiedException,
        JobOutputConflict,
        JobRedefinitionError,
        NothingChanged,
        PyPipeGraphError,
        RuntimeError,  # noqa: A004 - its name in pypipegraph
        RuntimeException,
    )
    from weft.pipegraph.external import ExternalJob, ExternalOutputPath, ExternalRun, ShellJob
    from weft.pipegraph.files import (
        FileGeneratingJob,
        MultiFileGeneratingJob,
        MultiTempFileGeneratingJob,
        TempFileGeneratingJob,
        TempFilePlusGeneratingJob,
    )
    from weft.pipegraph.generating import DependencyInjectionJob, FinalJob, JobGeneratingJob
    from weft.pipegraph.invariants import (
        FileChecksumInvariant,
        FileInvariant,
        FileTimeInvariant,
        FunctionInvariant,
        MultiFileInvariant,
        ParameterInvariant,
        RobustFileChecksumInvariant,
    )
    from weft.pipegraph.job import Job, JobList
    from weft.pipegraph.loading import (
        AttributeLoadingJob,
        CachedAttributeLoadingJob,
        CachedDataLoadingJob,
        CachedJob,
        DataLoadingJob,
        DictEntryLoadingJob,
        MemMappedDataLoadingJob,
    )
    from weft.pipegraph.notebook import NotebookInvariant, NotebookJob
    from weft.pipegraph.outcomes import JobOutcome, RecordedJobOutcome
    from weft.pipegraph.pipegraph import Pipegraph, new_pipegraph
    from weft.pipegraph.plot import CombinedPlotJob, PlotJob
    from weft.pipegraph.resource_coordinators import Resources
    from weft.pipegraph.script import new_pipeline, run, run_pipegraph
    from weft.pipegraph.unique import assert_uniqueness_of_object

__all__ = [
    "AttributeLoadingJob",
    "CachedAttributeLoadingJob",
    "CachedDataLoadingJob",
    "CachedJob",
    "CombinedPlotJob",
    "CommunicationFailure",
    "CycleError",
    "DataLoadingJob",
    "DependencyInjectionJob",
    "DictEntryLoadingJob",
    "ExternalJob",
    "ExternalOutputPath",
    "ExternalRun",
    "FileChecksumInvariant",
    "FileGeneratingJob",
    "FileInvariant",
    "FileTimeInvariant",
    "FinalJob",
    "FunctionInvariant",
    "Job",
    "JobContractError",
    "JobDiedException",
    "JobGeneratingJob",
    "JobList",
    "JobOutcome",
    "JobOutputConflict",
    "JobRedefinitionError",
    "MemMappedDataLoadingJob",
    "MultiFileGeneratingJob",
    "MultiFileInvariant",
    "MultiTempFileGeneratingJob",
    "NotebookInvariant",
    "NotebookJob",
    "NothingChanged",
    "ParameterInvariant",
    "Pipegraph",
    "PlotJob",
    "PyPipeGraphError",
    "RecordedJobOutcome",
    "Resources",
    "RobustFileChecksumInvariant",
    "RuntimeError",
    "RuntimeException",
    "ShellJob",
    "TempFileGeneratingJob",
    "TempFilePlusGeneratingJob",
    "assert_uniqueness_of_object",
    "inside_ppg",
    "new_pipegraph",
    "new_pipeline",
    "resource_coordinators",
    "run",
    "run_pipegraph",
    "testing",
    "util",
]

_HOMES = {
    "AttributeLoadingJob": "loading",
    "CachedAttributeLoadingJob": "loading",
    "CachedDataLoadingJob": "loading",
    "CachedJob": "loading",
    "CombinedPlotJob": "plot",
    "CommunicationFailure": "errors",
    "CycleError": "errors",
    "DataLoadingJob": "loading",
    "DependencyInjectionJob": "generating",
    "DictEntryLoadingJob": "loading",
    "ExternalJob": "external",
    "ExternalOutputPath": "external",
    "ExternalRun": "external",
    "FileChecksumInvariant": "invariants",
    "FileGeneratingJob": "files",
    "FileInvariant": "invariants",
    "FileTimeInvariant": "invariants",
    "FinalJob": "generating",
    "FunctionInvariant": "invariants",
    "Job": "job",
    "JobContractError": "errors",
    "JobDiedException": "errors",
    "JobGeneratingJob": "generating",
    "JobList": "job",
    "JobOutcome": "outcomes",
    "JobOutputConflict": "errors",
    "JobRedefinitionError": "errors",
    "MemMappedDataLoadingJob": "loading",
    "MultiFileGeneratingJob": "files",
    "MultiFileInvariant": "invariants",
    "MultiTempFileGeneratingJob": "files",
    "NotebookInvariant": "notebook",
    "NotebookJob": "notebook",
    "NothingChanged": "errors",
    "ParameterInvariant": "invariants",
    "Pipegraph": "pipegraph",
    "PlotJob": "plot",
    "PyPipeGraphError": "errors",
    "RecordedJobOutcome": "outcomes",
    "Resources": "resource_coordinators",
    "RobustFileChecksumInvariant": "invariants",
    "RuntimeError": "errors",
    "RuntimeException": "errors",
    "ShellJob": "external",
    "TempFileGeneratingJob": "files",
    "TempFilePlusGeneratingJob": "files",
    "assert_uniqueness_of_object": "unique",
    "inside_ppg": "current",
    "new_pipegraph": "pipegraph",
    "new_pipeline": "script",
    "run": "script",
    "run_pipegraph": "script",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_HOMES.get(name, name)}")
    value = getattr(module, name) if name in _HOMES else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
