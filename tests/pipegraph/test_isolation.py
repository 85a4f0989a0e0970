"""Jobs that make files don't see what others left in memory (rule 28)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from weft import pipegraph as ppg
from weft.context import Context, MakeOptions
from weft.errors import MakeFailed, UserError

TABLE = pd.DataFrame({"gene": list("abcdef"), "count": [1, 20, 3, 40, 5, 60]})
SEEN: list[str] = []
GENES: list[str] = []


def rows(name: str) -> int:
    return len(Path(name).read_text().splitlines()) - 1


def at_least(least: int) -> ppg.FileGeneratingJob:
    def write() -> None:
        TABLE.drop(TABLE[TABLE["count"] < least].index, inplace=True)
        TABLE.to_csv(f"{least}.tsv")

    return ppg.FileGeneratingJob(f"{least}.tsv", write)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas 3
def test_a_table_that_each_job_filters_in_place_is_whole_for_the_next():
    ppg.new_pipegraph(ppg.resource_coordinators.LocalSystem(1), quiet=True)
    for least in (50, 10, 2):
        at_least(least)
    ppg.run()
    assert [rows(f"{least}.tsv") for least in (50, 10, 2)] == [1, 3, 5]
    assert len(TABLE) == 6


def note(path: Path) -> None:
    SEEN.append(path.name)
    path.write_text(" ".join(SEEN))


def test_isolation_can_be_left_out_for_all_or_one():
    ppg.new_pipegraph(ppg.resource_coordinators.LocalSystem(1), quiet=True, isolated=False)
    a, b, c = (ppg.FileGeneratingJob(name, note) for name in "abc")
    b.depends_on(a)
    c.depends_on(b)
    c.isolated = True
    ppg.run()
    assert [Path(name).read_text() for name in "abc"] == ["a", "a b", "c"]


def test_isolated_jobs_find_the_loaded_data_as_they_were_loaded():
    ppg.new_pipegraph(ppg.resource_coordinators.LocalSystem(1), quiet=True)
    load = ppg.DataLoadingJob("load", lambda: GENES.extend("xyz"))

    def write(path: Path) -> None:
        GENES.append(path.name)
        path.write_text("".join(GENES))

    for name in "abc":
        ppg.FileGeneratingJob(name, write).depends_on(load)
    ppg.run()
    assert [Path(name).read_text() for name in "abc"] == ["xyza", "xyzb", "xyzc"]


def test_what_changes_this_process_can_not_be_isolated():
    ppg.new_pipegraph(quiet=True)
    load = ppg.DataLoadingJob("load", lambda: None)
    with pytest.raises(ppg.JobContractError, match="can't be isolated"):
        load.isolated = True


def test_switching_isolation_runs_nothing():
    ppg.new_pipegraph(quiet=True, folder="out")
    ppg.FileGeneratingJob("a", lambda path: path.write_text("a"))
    ppg.run()
    ppg.new_pipegraph(quiet=True, folder="out", isolated=False)
    ppg.FileGeneratingJob("a", lambda path: path.write_text("a"))
    assert not ppg.run().ran


def test_an_executor_that_can_not_isolate_says_so():
    context = Context("out")
    context.options(isolated=True).comp(abs, -1, job_id="alone")
    context.comp(abs, -2, job_id="any")
    with pytest.raises(UserError, match="can't isolate"):
        context.make(executor="inline", options=MakeOptions(isolated=True))
    for place in ("inline", ThreadPoolExecutor(1)):
        with pytest.raises(MakeFailed) as error:
            context.make(executor=place)
        assert error.value.failed == ("alone",)
        with context.reading() as store:
            assert "isolated" in store.chronicle.attempts("alone")[-1].error.text
    assert context.make().counts.done == 2


def test_the_setting_isolates_all_jobs_of_a_script():
    Path("weft.toml").write_text("isolated = true\n")
    context = Context("out")

    def seen(name: str) -> list[str]:
        SEEN.append(name)
        return list(SEEN)

    promises = [context.comp(seen, name) for name in "ab"]
    context.make()
    assert [context.result(promise) for promise in promises] == [["a"], ["b"]]
