"""What callbacks want to be called with."""

import functools
from functools import partial

import pytest

from weft.pipegraph.callbacks import opaque, takes_paths, user_function
from weft.pipegraph.errors import JobContractError


class Writer:
    def __call__(self, path):
        pass

    def write(self, path):
        pass

    def nothing(self):
        pass


def decorate(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)

    return inner


def one(path):
    pass


@pytest.mark.parametrize(
    ("function", "takes"),
    [
        (lambda: None, False),
        (lambda path: None, True),
        (lambda path="x": None, False),
        (lambda path, text="x": None, True),
        (lambda *paths: None, False),
        (lambda path, **more: None, True),
        (lambda path, *, more=1: None, True),
        (Writer(), True),
        (Writer().write, True),
        (Writer().nothing, False),
        (partial(one), True),
        (partial(one, "x"), False),
        (partial(one, path="x"), False),
        (decorate(one), True),
        (print, False),
        (len, True),
        (dict, False),
    ],
)
def test_a_callback_takes_the_path_if_it_must_have_an_argument(function, takes):
    assert takes_paths(function) == takes


@pytest.mark.parametrize(
    "function", [lambda a, b: None, lambda *, a: None, lambda a, *, b: None, partial(one, 1, 2), 3]
)
def test_what_can_not_be_called_is_refused(function):
    with pytest.raises(JobContractError):
        takes_paths(function)


def test_arguments_given_by_name_are_not_missed():
    assert takes_paths(lambda path, number: None, ["number"])
    assert not takes_paths(lambda number: None, ["number"])
    assert takes_paths(lambda path, **more: None, ["number"])
    with pytest.raises(JobContractError, match="has no argument 'number'"):
        takes_paths(lambda path: None, ["number"])
    with pytest.raises(JobContractError, match="be its first one"):
        takes_paths(lambda number, path: None, ["number"])


def test_the_place_of_the_function_is_named():
    with pytest.raises(JobContractError) as caught:
        takes_paths(lambda a, b: None)
    assert caught.value.facts["function"].startswith(__file__)


def test_an_opaque_function_is_still_called():
    assert opaque(len)("abc") == 3
    assert user_function(opaque(opaque(len))) is len
