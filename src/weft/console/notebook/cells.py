"""Tells a context which cell of a notebook runs: the wire between IPython and the graph."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from weft.console.text.words import name_list, one_line
from weft.graph.redefinition import ANONYMOUS, Cells, Ended, Key
from weft.scheduler.summary import RunSummary

if TYPE_CHECKING:
    from weft.console.context import Context

_NOTHING: Mapping[str, Any] = {}


def watch_cells(context: Context, shell: Any) -> None:
    """Let the cells of ``shell`` redefine the jobs of ``context``, from the present cell on."""
    context.graph.cells = Cells(context.graph)
    watcher = CellWatcher(context, shell)
    for event, callback in watcher.callbacks().items():
        shell.events.register(event, callback)
    watcher.begin(None)
    formatters = getattr(shell.display_formatter, "formatters", _NOTHING)
    if "text/plain" in formatters:
        formatters["text/plain"].for_type(RunSummary, _print_summary)


class CellWatcher:
    """Callbacks of IPython for one context; they go when the context has gone."""

    def __init__(self, context: Context, shell: Any) -> None:
        self._context = weakref.ref(context)
        self._shell = shell
        self._request = ""
        """What the present cell came with; empty between cells."""
        self._info: Any = None
        """IPython's description of it; None for the cell that made the context."""

    def __repr__(self) -> str:
        return f"CellWatcher({self._context()!r})"

    def callbacks(self) -> dict[str, Any]:
        """What to call, by the event."""
        return {"pre_run_cell": self.begin, "post_run_cell": self.end}

    def begin(self, info: Any) -> None:
        """A cell begins, or runs already (no ``info``); magics may run cells inside of it."""
        request, parent = self._present_request(), _parent(self._shell)
        cells = self._cells()
        if cells is None or request == self._request:
            return
        self._request, self._info = request, info
        for deleted in _metadata(parent).get("deletedCells") or ():
            _say(cells.forget(f"cell {deleted}"))
        cells.begin(cell_key(parent, info))

    def end(self, result: Any) -> None:
        """A cell has ended; ``result`` is None when it was cancelled."""
        info, cells = getattr(result, "info", None), self._cells()
        inner = info is not None and self._info is not None and info is not self._info
        if cells is not None and not inner:
            self._request = ""
            _say(cells.end(whole=bool(getattr(result, "success", False))))

    def _present_request(self) -> str:
        header = _parent(self._shell).get("header") or _NOTHING
        return str(header.get("msg_id") or self._shell.execution_count)

    def _cells(self) -> Cells | None:
        context = self._context()
        if context is None:
            for event, callback in self.callbacks().items():
                self._shell.events.unregister(event, callback)
            return None
        return context.graph.cells


def cell_key(parent: Mapping[str, Any], info: Any) -> Key:
    """What a cell is recognised by: the front end's id of it, else its source.

    Parameters
    ----------
    parent
        The message that asked for the execution.
    info
        IPython's description of the execution, if it is known.

    Examples
    --------
    >>> cell_key({"metadata": {"cellId": "4f1c"}, "content": {"code": "1 + 1"}}, None)
    'cell 4f1c'
    >>> cell_key({"content": {"code": "1 + 1"}}, None) == cell_key({"content": {"code": "2"}}, None)
    False
    """
    identity = _metadata(parent).get("cellId") or getattr(info, "cell_id", None)
    if identity:
        return f"cell {identity}"
    source = getattr(info, "raw_cell", None) or (parent.get("content") or {}).get("code")
    if not isinstance(source, str):
        return ANONYMOUS
    return f"source {blake2b(source.strip().encode(), digest_size=16).hexdigest()}"


def _parent(shell: Any) -> Mapping[str, Any]:
    """The message that asked for the present execution; in a plain terminal there is none."""
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if get_parent is not None else None
    return parent if isinstance(parent, Mapping) else _NOTHING


def _metadata(parent: Mapping[str, Any]) -> Mapping[str, Any]:
    return parent.get("metadata") or _NOTHING


def _print_summary(summary: RunSummary, printer: Any, _cycle: object) -> None:
    printer.text(str(summary))


def _say(ended: Ended) -> None:
    if ended.stayed:
        print(stayed_words(ended), file=sys.stderr, flush=True)  # noqa: T201


def stayed_words(ended: Ended) -> str:
    """What to say of jobs that stayed although no cell defines them any more.

    >>> stayed_words(Ended((), ("x",), ("y", "z")))
    'Weft: no cell defines x any more; kept, as y, z depend on it. Run their cells again.'
    """
    one, few = len(ended.stayed) == 1, len(ended.dependants) == 1
    return (
        f"Weft: no cell defines {one_line(name_list(ended.stayed))} any more; kept, as "
        f"{one_line(name_list(ended.dependants))} depend{'s' if few else ''} on "
        f"{'it' if one else 'them'}. Run {'its cell' if few else 'their cells'} again."
    )
