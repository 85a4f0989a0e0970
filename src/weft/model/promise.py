"""A promise stands for a job's result in another job's arguments."""

from __future__ import annotations

from typing import Generic, NoReturn, TypeVar

from weft.errors import UserError

T_co = TypeVar("T_co", covariant=True)


class Promise(Generic[T_co]):
    """Stands for the result of one job; made by ``comp``.

    It may stand at any depth of lists, tuples, sets, dicts (keys too), dataclasses and
    namedtuples among another job's arguments. It holds no value: ask ``context.result(promise)``.

    Examples
    --------
    >>> import weft, tempfile
    >>> context = weft.Context(tempfile.mkdtemp())
    >>> context.comp(abs, -1)
    Promise('abs')
    """

    __module__ = "weft"
    """Where it is stored by, so that this module may move."""
    __slots__ = ("job_id", "owner")

    def __init__(self, job_id: str, owner: str) -> None:
        self.job_id = job_id
        self.owner = owner
        """Token of the graph that the job belongs to."""

    def __repr__(self) -> str:
        return f"Promise({self.job_id!r})"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from html import escape

        return (
            f"<code>{escape(repr(self))}</code> <span style='opacity:.7'>stands for a result: "
            "<code>context.result(promise)</code> gives it once it was made</span>"
        )

    def __eq__(self, other: object) -> bool:
        if type(other) is not Promise:
            return NotImplemented
        return self.job_id == other.job_id and self.owner == other.owner

    def __hash__(self) -> int:
        return hash(self.job_id)

    def __copy__(self) -> Promise[T_co]:
        return self

    def __deepcopy__(self, _memo: object) -> Promise[T_co]:
        return self

    def __bool__(self) -> NoReturn:
        self._refuse("has no truth value")

    def __iter__(self) -> NoReturn:
        self._refuse("can't be looped over")

    def __getitem__(self, _key: object) -> NoReturn:
        self._refuse("can't be indexed")

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        self._refuse("can't be called")

    def _refuse(self, what: str) -> NoReturn:
        raise UserError(
            f"The promise of job {self.job_id!r} {what}: its job has not run yet.",
            cure="Pass it to another comp(), or make first and ask context.result(promise).",
        )


def number_by_id(promise: Promise[object]) -> int:
    """A number for a promise that depends on nothing but whose it is."""
    return int.from_bytes(promise.job_id.encode("utf-8", "surrogatepass"), "big")
