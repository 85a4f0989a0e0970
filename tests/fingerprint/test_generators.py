"""Generators of random numbers that jobs share are named when the job is defined."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest

from weft.errors import UserError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definer import Definer, FingerprintWarning
from weft.graph.graph import Graph

RNG = np.random.default_rng(42)
OLD = np.random.RandomState(3)
BITS = np.random.PCG64(3)
PLAIN = random.Random(7)


class Sampler:
    def __init__(self) -> None:
        self.rng = random.Random(1)


SAMPLER = Sampler()


def of_numpy():
    return RNG.random()


def of_old_numpy():
    return OLD.random()


def of_bits():
    return np.random.Generator(BITS).random()


def of_python():
    return PLAIN.random()


def again_of_python():
    return PLAIN.random() + 1


def of_object():
    return SAMPLER.rng.random()


def of_default(rng=random.Random(2)):
    return rng.random()


def of_helper():
    return of_numpy()


def of_process():
    return random.random() + np.random.random()


def of_argument(rng):
    return rng.random()


@pytest.fixture
def define() -> Definer:
    return Definer(Graph(), Fingerprinter())


def closure():
    rng = random.Random(3)
    return lambda: rng.random()


SHARED = {
    "RNG": of_numpy,
    "OLD": of_old_numpy,
    "BITS": of_bits,
    "PLAIN": of_python,
    "SAMPLER.rng": of_object,
    "of_default.rng": of_default,
    "rng": closure(),
}


@pytest.mark.parametrize("name", SHARED)
def test_one_that_jobs_share_is_named_with_the_cure(define, name):
    with pytest.warns(FingerprintWarning, match="seeded for each job") as told:
        define.comp(SHARED[name])
    (warning,) = told
    assert f"{name} (" in str(warning.message)
    assert f'ignore="{name.rpartition(".")[2]}"' in str(warning.message)
    assert "test_generators.py" in str(warning.message)


def test_it_is_named_for_each_function_that_reaches_it(define):
    for function in (of_python, again_of_python):
        with pytest.warns(FingerprintWarning, match="PLAIN"):
            define.comp(function)
    with pytest.warns(FingerprintWarning, match="RNG"):
        define.comp(of_helper)


def test_those_of_the_process_and_arguments_are_all_right(define):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        define.comp(of_process)
        define.comp(of_argument, np.random.default_rng(1))
        define.options(ignore="PLAIN").comp(of_python)


def test_strict_refuses_it():
    strict = Definer(Graph(), Fingerprinter(), strict=True)
    with pytest.raises(UserError, match="RNG"):
        strict.comp(of_numpy)
