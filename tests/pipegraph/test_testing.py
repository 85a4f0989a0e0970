"""Helpers for tests of code that uses pipegraphs."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.pipegraph.made import writes
from weft import pipegraph as ppg
from weft.pipegraph.testing import RaisesDirectOrInsidePipegraph, force_load, run_pipegraph
from weft.pipegraph.testing.fixtures import both_ppg_and_no_ppg, new_pipegraph, no_pipegraph

__all__ = ["both_ppg_and_no_ppg", "new_pipegraph", "no_pipegraph"]


def test_a_forced_load_stays(graph):
    holder = SimpleNamespace()
    force_load(ppg.AttributeLoadingJob("load", holder, "x", lambda: 1))
    run_pipegraph()
    assert holder.x == 1


def test_exceptions_of_jobs_and_of_plain_code(graph):
    ppg.FileGeneratingJob("a", lambda: {}["x"])
    with RaisesDirectOrInsidePipegraph(KeyError) as caught:
        run_pipegraph()
    assert isinstance(caught.value, KeyError)
    with pytest.raises(AssertionError, match="KeyError was not raised"):
        with RaisesDirectOrInsidePipegraph(KeyError):
            pass
    with pytest.raises(ZeroDivisionError):
        with RaisesDirectOrInsidePipegraph(KeyError):
            1 / 0


def test_the_fixture_of_a_new_pipegraph(new_pipegraph):
    ppg.FileGeneratingJob("a", writes())
    new_pipegraph.run()
    assert Path("a").exists()


def test_the_fixture_of_none(no_pipegraph):
    assert not ppg.inside_ppg()


def test_the_fixture_of_both(both_ppg_and_no_ppg):
    assert ppg.inside_ppg() == (both_ppg_and_no_ppg is not None)
    run_pipegraph()
