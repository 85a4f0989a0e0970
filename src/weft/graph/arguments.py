"""Arguments are taken as they are at the call, and their promises found and later filled."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from weft.errors import SerializationError
from weft.fingerprint.literal import LITERALS
from weft.model.job import Digest, Job
from weft.model.promise import Promise

LARGE = 64 * 1024
"""Bytes; larger arrays are kept by reference, and watched for changes."""

_ATOMS: tuple[type, ...] = (type, FunctionType, BuiltinFunctionType, ModuleType)
_CONTAINERS: frozenset[type] = frozenset({list, tuple, set, frozenset, dict})


@dataclass(frozen=True, slots=True)
class Taken:
    """The arguments of one call, as they were."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    promises: tuple[Promise[Any], ...]
    """In the order of their first place, each once."""
    large: tuple[Any, ...]
    """Arrays kept by reference."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The arguments of one call, as a job keeps them."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[Job, ...]
    arguments: Digest | None
    """Hash of them; None for flat ones."""
    large: tuple[Any, ...]
    """Arrays kept by reference."""


def take(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Taken:
    """Copy what may change later; find the promises.

    Raises
    ------
    SerializationError
        For what can't be kept: open files, locks, generators, structures that contain themselves.
    """
    snapshot = _Snapshot()
    taken_args = tuple(snapshot.take(value, f"argument {i + 1}") for i, value in enumerate(args))
    taken_kwargs = {
        name: snapshot.take(value, f"argument {name}") for name, value in kwargs.items()
    }
    promises = tuple(snapshot.promises.values())
    return Taken(taken_args, taken_kwargs, promises, tuple(snapshot.large))


class _Snapshot:
    def __init__(self) -> None:
        self.promises: dict[str, Promise[Any]] = {}
        self.large: list[Any] = []
        self._copies: dict[int, Any] = {}
        self._open: set[int] = set()
        self._kept: list[Any] = []

    def take(self, value: Any, path: str) -> Any:
        kind = type(value)
        if kind in LITERALS or isinstance(value, _ATOMS):
            return value
        if kind is not Promise and hasattr(kind, "__weft_promise__"):
            value, kind = value.__weft_promise__(), Promise
        if kind is Promise:
            return self.promises.setdefault(value.job_id, value)
        if id(value) in self._copies:
            return self._copies[id(value)]
        if id(value) in self._open:
            raise SerializationError(
                f"{path} contains itself.", cure="Pass a structure without cycles."
            )
        self._open.add(id(value))
        try:
            taken = self._copy(value, kind, path)
        except RecursionError:
            raise SerializationError(
                f"{path} is nested too deeply to be taken.", cure="Pass a flatter structure."
            ) from None
        self._open.discard(id(value))
        self._kept.append(value)
        self._copies[id(value)] = taken
        return taken

    def _copy(self, value: Any, kind: type, path: str) -> Any:
        if kind in _CONTAINERS or is_namedtuple(value):
            return rebuild(value, lambda part, name: self.take(part, f"{path}{name}"))
        if is_dataclass(value):
            return self._take_dataclass(value, path)
        if _is_array(value):
            if value.nbytes > LARGE:
                self.large.append(value)
                return value
            return value.copy()
        if isinstance(value, MethodType):
            return MethodType(value.__func__, self.take(value.__self__, f"{path}.__self__"))
        return _deep_copy(value, path)

    def _take_dataclass(self, value: Any, path: str) -> Any:
        taken = _shallow_copy(value, path)
        for field in fields(value):
            if hasattr(value, field.name):
                part = self.take(getattr(value, field.name), f"{path}.{field.name}")
                object.__setattr__(taken, field.name, part)
        return taken


def _deep_copy(value: Any, path: str) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception as error:  # noqa: BLE001 - a class's own copying code may raise anything
        raise _cannot_keep(value, path, error) from None


def _shallow_copy(value: Any, path: str) -> Any:
    try:
        return copy.copy(value)
    except Exception as error:  # noqa: BLE001 - as above
        raise _cannot_keep(value, path, error) from None


def _cannot_keep(value: Any, path: str, error: Exception) -> SerializationError:
    return SerializationError(
        f"{path} can't be kept: it is a {type(value).__module__}.{type(value).__qualname__}.",
        facts={"because": error},
        cure="Pass what it is made from (a path, settings) and open or build it inside the job.",
    )


def is_namedtuple(value: Any) -> bool:
    """Whether ``value`` is an instance of a namedtuple class."""
    return isinstance(value, tuple) and hasattr(type(value), "_fields")


def rebuild(value: Any, visit: Callable[[Any, str], Any]) -> Any:
    """A container like ``value``, each part (and dict key) replaced by ``visit(part, name)``."""
    kind = type(value)
    if isinstance(value, dict):
        return {visit(k, f".key({k!r})"): visit(v, f"[{k!r}]") for k, v in value.items()}
    parts = [visit(part, f"[{i}]") for i, part in enumerate(value)]
    if kind is list:
        return parts
    return tuple.__new__(kind, parts) if isinstance(value, tuple) else kind(parts)


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray and value.dtype.kind != "O"


def fill(
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None,
    values: Sequence[Any],
    inputs: tuple[Job, ...],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with each promise replaced by its value; ``values[i]`` is of ``inputs[i]``."""
    if not inputs:
        return args, kwargs or {}
    by_id = {job.id: value for job, value in zip(inputs, values, strict=True)}
    filled = fill_promises((args, kwargs or {}), by_id)
    return filled[0], filled[1]


def fill_promises(value: Any, by_id: dict[str, Any]) -> Any:
    """``value`` with each promise, at any depth, replaced by ``by_id[promise.job_id]``."""
    kind = type(value)
    if kind is Promise:
        return by_id[value.job_id]
    if kind in _CONTAINERS or is_namedtuple(value):
        return rebuild(value, lambda part, _name: fill_promises(part, by_id))
    if is_dataclass(value) and not isinstance(value, type):
        return _fill_dataclass(value, by_id)
    return value


def _fill_dataclass(value: Any, by_id: dict[str, Any]) -> Any:
    filled = value
    for field in fields(value):
        part = getattr(value, field.name, None)
        new = fill_promises(part, by_id)
        if new is not part:
            filled = copy.copy(value) if filled is value else filled
            object.__setattr__(filled, field.name, new)
    return filled
