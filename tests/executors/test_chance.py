"""Random numbers of jobs: the same everywhere, and nobody else's."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from tests.executors.conftest import Bench
from weft.executors.chance import Chance, ChanceState
from weft.executors.futures import Futures
from weft.executors.inline import Inline
from weft.executors.processes import Processes
from weft.graph.definition import define_all
from weft.graph.seeds import Seeds


def functions():
    """Made here, so that they are sent by value: fresh interpreters don't find this module."""

    def draws():
        import random

        import numpy as np

        return random.random(), random.gauss(0, 1), float(np.random.random())

    def seed_all():
        import random

        import numpy as np

        random.seed(1)
        np.random.seed(1)
        return "seeded"

    return draws, seed_all


draws, seed_all = functions()


PLACES = {
    "inline": Inline,
    "fork": lambda: Processes(1, "fork"),
    "two": lambda: Processes(2, "fork"),
    "spawn": lambda: Processes(2, "spawn"),
}


def define(bench: Bench) -> None:
    bench.define.options(seed="inherit").comp(draws, job_id="script")
    bench.define.options(seed=7).comp(draws, job_id="seven")
    for number in range(6):
        bench.define.comp(draws, job_id=f"d{number}")
        bench.define.comp(seed_all, job_id=f"s{number}")


def run(bench: Bench, executor: object) -> dict[str, object]:
    define_all(bench.graph)
    random.seed(99)
    np.random.seed(99)
    bench.change(seeds=Seeds(bench.graph), chance=ChanceState.here())
    outcomes = bench.run(executor)
    assert [one.error.text for one in outcomes.values() if one.error] == []
    return {name: bench.value(outcome) for name, outcome in outcomes.items()}


@pytest.fixture
def expected() -> dict[str, tuple[float, ...]]:
    random.seed(7)
    np.random.seed(7)
    seven = draws()
    random.seed(99)
    np.random.seed(99)
    return {"seven": seven, "script": draws()}


@pytest.mark.parametrize("place", PLACES)
def test_the_same_numbers_come_at_any_place(bench, place, expected):
    define(bench)
    found = run(bench, PLACES[place]())
    assert found["seven"] == expected["seven"]
    assert found["script"] == expected["script"]
    ours = [found[f"d{number}"] for number in range(6)]
    assert len(set(ours)) == 6
    with Inlined(bench) as inline:
        assert [inline[f"d{number}"] for number in range(6)] == ours


class Inlined:
    """What the jobs of a bench give in this process."""

    def __init__(self, bench: Bench) -> None:
        self.found = run(bench, Inline())

    def __enter__(self) -> dict[str, object]:
        return self.found

    def __exit__(self, *_: object) -> None:
        self.found.clear()


def _seed():
    return seed_all()


def _draw():
    return draws()


def test_processes_of_others_give_the_same_numbers_and_keep_their_own(bench, expected):
    define(bench)
    ours = run(bench, Inline())
    with ProcessPoolExecutor(1) as pool:
        random.seed(99)
        before = pool.submit(_seed).result() and pool.submit(_draw).result()
        pool.submit(_seed).result()
        assert run(bench, Futures(pool)) == ours
        assert pool.submit(_draw).result() == before
    assert ours["script"] == expected["script"]


def test_jobs_in_this_process_leave_its_random_numbers_alone(bench):
    define(bench)
    random.seed(3)
    random.gauss(0, 1)
    np.random.seed(3)
    expected = draws()
    random.seed(3)
    random.gauss(0, 1)
    np.random.seed(3)
    define_all(bench.graph)
    bench.run(Inline())
    assert draws() == expected
    assert not any(isinstance(finder, Chance) for finder in sys.meta_path)


FIRST_IMPORT = """
import random, sys
from weft.executors.chance import Chance, ChanceState
chance = Chance(own={own})
chance.begin(2**100 + 5)
assert "numpy" not in sys.modules
import numpy as np
print(float(np.random.random()))
chance.end()
chance.begin(2**100 + 5)
print(float(np.random.random()))
chance.end()
print(float(np.random.random()))
"""


@pytest.mark.parametrize("own", [True, False])
def test_a_module_that_a_job_is_the_first_to_import_is_seeded(own):
    code = FIRST_IMPORT.format(own=own)
    command = [sys.executable, "-c", code]
    told = [subprocess.check_output(command, text=True).split() for _ in range(2)]
    assert told[0][0] == told[0][1] == told[1][0] == told[1][1]
    assert own or told[0][2] != told[1][2]


def test_another_bit_generator_is_seeded_too_and_one_that_a_job_put_there_is_removed():
    before = np.random.get_bit_generator()
    chance = Chance(own=False)
    state = ChanceState.here()
    try:
        np.random.set_bit_generator(np.random.PCG64(1))
        chance.begin(5)
        assert np.random.get_bit_generator() is before
        chance.end()
        assert isinstance(np.random.get_bit_generator(), np.random.PCG64)
        script = Chance(own=False)
        told = []
        for _ in range(2):
            script.begin(2**40)
            told.append(np.random.random())
            script.end()
        assert told[0] == told[1]
    finally:
        np.random.set_bit_generator(before)
        state.put_back()


def test_torch_is_seeded_like_the_others():
    torch = pytest.importorskip("torch")
    chance = Chance(own=False)
    before = torch.get_rng_state()
    told = []
    for _ in range(2):
        chance.begin(2**100 + 5)
        told.append(float(torch.rand(1)))
        chance.end()
    assert told[0] == told[1]
    assert torch.equal(torch.get_rng_state(), before)
