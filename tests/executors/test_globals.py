"""What a job leaves in its process does not reach the next job."""

from __future__ import annotations

import decimal
import importlib
import os
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from weft.executors.globals import Globals
from weft.executors.processes import Processes


@pytest.fixture
def kept():
    """The settings as they are, put back after the test whatever it does."""
    before = Globals()
    yield Globals()
    before.restore()


def change_rc():
    import matplotlib as mpl

    mpl.rcParams["lines.linewidth"] = 77.0


def linewidth():
    import matplotlib as mpl

    return mpl.rcParams["lines.linewidth"]


CHANGES = {
    "decimal": (
        lambda: setattr(decimal.getcontext(), "prec", 4),
        lambda: decimal.getcontext().prec,
    ),
    "numpy's errors": (lambda: np.seterr(divide="raise"), np.geterr),
    "numpy's printing": (lambda: np.set_printoptions(precision=2), np.get_printoptions),
    "warnings": (lambda: warnings.simplefilter("ignore"), lambda: list(warnings.filters)),
    "pandas": (
        lambda: pd.set_option("display.max_rows", 3),
        lambda: pd.get_option("display.max_rows"),
    ),
    "sys.path": (lambda: sys.path.insert(0, "/nowhere"), lambda: list(sys.path)),
    "matplotlib": (change_rc, linewidth),
}


@pytest.mark.parametrize(("change", "look"), CHANGES.values(), ids=CHANGES)
def test_a_setting_that_was_changed_is_put_back(change, look, kept):
    importlib.import_module("matplotlib")
    kept.restore()
    before = look()
    change()
    assert look() != before
    assert kept.restore()
    assert look() == before


def test_a_module_that_was_imported_meanwhile_is_looked_after_from_then_on(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_module_a.py").write_text("LIMIT = 1\n")
    kept = Globals()
    module = importlib.import_module("own_module_a")
    assert kept.restore()
    module.LIMIT = 2
    assert not kept.restore()
    assert kept.restore()
    monkeypatch.delitem(sys.modules, "own_module_a")


def test_what_is_put_into_a_global_is_no_new_binding_and_a_submodule_is_none(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_package").mkdir()
    (tmp_path / "own_package" / "__init__.py").write_text("import numpy\nBOX = [numpy.ones(3)]\n")
    (tmp_path / "own_package" / "part.py").touch()
    package = importlib.import_module("own_package")
    kept = Globals()
    package.BOX.append(1)
    importlib.import_module("own_package.part")
    assert kept.restore()
    package.BOX = [np.zeros(2)]
    assert not kept.restore()
    for name in ("own_package", "own_package.part"):
        monkeypatch.delitem(sys.modules, name)


def test_one_jobs_precision_is_not_the_next_ones(bench, place):
    def short():
        decimal.getcontext().prec = 4
        return str(decimal.Decimal(1) / 3)

    def third():
        return str(decimal.Decimal(1) / 3)

    bench.define.comp(short)
    bench.define.comp(third)
    outcomes = bench.run(place, batch=2)
    assert bench.value(outcomes["short"]) == "0.3333"
    assert bench.value(outcomes["third"]) == str(decimal.Decimal(1) / 3)


def test_a_worker_in_which_a_global_was_bound_anew_is_replaced(bench):
    def bind():
        import tests.executors.made as made

        made.COUNT = 1
        return os.getpid()

    def look():
        import tests.executors.made as made

        return made.COUNT, os.getpid()

    for _ in range(2):
        bench.define.comp(bind)
        bench.define.comp(look)
    outcomes = bench.run(Processes(1, "fork"), batch=4)
    assert bench.value(outcomes["look"]) == (0, bench.value(outcomes["look"])[1])
    assert bench.value(outcomes["look-1"])[0] == 0
    assert bench.value(outcomes["bind"]) != bench.value(outcomes["look"])[1]


def test_a_timer_of_a_short_job_does_not_end_the_next_one(bench, method):
    def set_alarm():
        import signal

        signal.setitimer(signal.ITIMER_REAL, 0.05)

    def take_time():
        import signal

        return signal.getitimer(signal.ITIMER_REAL)[0]

    bench.define.comp(set_alarm)
    bench.define.comp(take_time)
    outcomes = bench.run(Processes(1, method), batch=2)
    assert bench.value(outcomes["take_time"]) == 0.0


def test_the_recursion_limit_and_the_time_zone_are_put_back(bench, place, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")

    def change():
        import time

        sys.setrecursionlimit(200)
        os.environ["TZ"] = "Asia/Tokyo"
        time.tzset()

    def look():
        import time

        return sys.getrecursionlimit(), time.timezone

    bench.define.comp(change)
    bench.define.comp(look)
    value = bench.value(bench.run(place, batch=2)["look"])
    assert value[0] > 200
    assert value[1] == 0
