"""From what the user wrote for ``executor=`` to an executor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.errors import UserError

if TYPE_CHECKING:
    from concurrent.futures import Executor as FuturesExecutor

    from weft.executors.base import Executor

NAMES = ("processes", "inline")


def choose_executor(executor: Executor | FuturesExecutor | str | None, n: int) -> Executor:
    """The executor that ``executor`` stands for.

    Parameters
    ----------
    executor
        None or ``"processes"``: ``n`` worker processes; ``"inline"``: this process, one job at a
        time; an executor of Weft; or any ``concurrent.futures.Executor``.

    Raises
    ------
    UserError
        For anything else.
    """
    if executor is None or executor == "processes":
        from weft.executors.processes import Processes

        return Processes(n)
    if executor == "inline":
        from weft.executors.inline import Inline

        return Inline()
    from concurrent.futures import Executor as FuturesExecutor  # 10 ms

    if isinstance(executor, FuturesExecutor):
        from weft.executors.futures import Futures

        return Futures(executor, lanes=n if n > 1 else None)
    if isinstance(executor, str) or not hasattr(executor, "take_back"):
        raise UserError(
            f"{executor!r} is no executor.",
            cure=f"Use one of {', '.join(NAMES)}, or a concurrent.futures.Executor.",
        )
    return executor
