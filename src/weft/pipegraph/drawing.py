"""What jobs that plot do in their processes: compute, keep, draw and save, without a screen.

No plotting library is imported here but where one is there, and none is asked for by its name where
its objects can be told by what they do.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from weft.pipegraph.callbacks import Callback
from weft.pipegraph.errors import JobContractError

_EXTRA = {"matplotlib", "pandas"}
_LIBRARIES = {*_EXTRA, "plotnine", "seaborn"}


# -- data ----------------------------------------------------------------------------------------


def calculate(calc_function: Callback, path: Path, *, anything: bool = False) -> None:
    """Compute data and keep them.

    Parameters
    ----------
    anything
        Whether they may be something else than frames.
    """
    with _libraries_named():
        data = calc_function()
    if not anything and not _is_frame(data) and not _are_frames(data):
        raise JobContractError(
            f"calc_function returned a {type(data).__name__}.",
            facts={"file": path},
            cure="Return a pandas DataFrame, or a dict of DataFrames.",
        )
    with path.open("wb") as file:
        pickle.dump(data, file, 5)


def tabulate(path: Path, *, data: Path) -> None:
    """Write kept data as text: columns between tabs, each frame of several below its name."""
    frames = loaded(data)
    with path.open("w") as file:
        if _is_frame(frames):
            frames.to_csv(file, sep="\t")
        elif _are_frames(frames):
            for name, frame in frames.items():
                file.write(f"#{name}\n")
                frame.to_csv(file, sep="\t")
        else:
            raise JobContractError(
                f"A {type(frames).__name__} can't be written as a table.",
                facts={"file": path},
                cure="Let calc_function return a DataFrame or a dict of such; or skip_table=True.",
            )


def loaded(path: Path) -> Any:
    """Data as they were kept."""
    try:
        with _libraries_named(), path.open("rb") as file:
            return pickle.load(file)
    except FileNotFoundError:
        raise JobContractError(
            "The data of the plot were not computed yet.",
            facts={"file": path},
            cure="Run the pipegraph first.",
        ) from None


def _joined(parts: list[Any]) -> Any:
    """The rows of several frames in one; of dicts of frames, of each name."""
    import pandas as pd

    if all(isinstance(part, Mapping) for part in parts):
        names = dict.fromkeys(name for part in parts for name in part)
        return {name: pd.concat([p[name] for p in parts if name in p]) for name in names}
    return pd.concat(parts)


def _is_frame(data: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def _are_frames(data: Any) -> bool:
    return isinstance(data, dict) and all(map(_is_frame, data.values()))


# -- plots ---------------------------------------------------------------------------------------


def draw(
    plot_function: Callback,
    path: Path,
    *,
    data: Path | list[Path],
    render_args: Mapping[str, Any],
    facets: Any = None,
    fiddle: Callback | None = None,
) -> None:
    """Draw kept data and save the plot.

    Parameters
    ----------
    data
        Where they are; of a list the frames are joined.
    facets
        What divides the plot into panels.
    fiddle
        Changes the plot, or gives another one.
    """
    with _libraries_named(), _without_screen():
        frames = _joined(list(map(loaded, data))) if isinstance(data, list) else loaded(data)
        plot = plot_function(frames)
        if facets:
            plot = _divided(plot, facets)
        changed = fiddle(plot) if fiddle is not None else None
        _save(plot if changed is None else changed, path, dict(render_args))


def _save(plot: Any, path: Path, render_args: dict[str, Any]) -> None:
    """Save any kind of plot."""
    if hasattr(plot, "render"):
        own = {name: getattr(plot, name) for name in ("width", "height") if hasattr(plot, name)}
        plot.render(str(path), **{**own, **render_args})
    elif _is_ggplot(plot):
        plot.save(path, verbose=False, **render_args)
    elif hasattr(plot, "save"):
        if hasattr(plot, "layout") and {"width", "height"} <= render_args.keys():
            plot = plot.layout(size=(render_args.pop("width"), render_args.pop("height")))
        plot.save(path, **render_args)
    else:
        figure = _figure_of(plot, path)
        width, height = figure.get_size_inches()
        figure.set_size_inches(render_args.pop("width", width), render_args.pop("height", height))
        figure.savefig(path, **render_args)


def _figure_of(plot: Any, path: Path) -> Any:
    """The figure of axes, of a grid of them, or of the first of several."""
    found = plot
    while not hasattr(found, "get_size_inches"):
        if isinstance(found, (list, tuple)) and found:
            found = found[0]
        elif hasattr(found, "flat"):
            found = next(iter(found.flat), None)
        elif getattr(found, "figure", None) is not None:
            found = found.figure
        else:
            raise JobContractError(
                f"plot_function returned a {type(plot).__name__}, which is no plot.",
                facts={"file": path},
                cure="Return a figure or axes of matplotlib or seaborn, a plot of plotnine, or "
                "something with render(), save() or savefig().",
            )
    return found


def _divided(plot: Any, facets: Any) -> Any:
    """A plot in panels."""
    given = facets if isinstance(facets, Mapping) else None
    if _is_ggplot(plot):
        from plotnine import facet_wrap

        return plot + (facet_wrap(facets) if given is None else facet_wrap(**given))
    divide = getattr(plot, "facet_wrap", None) or getattr(plot, "facet", None)
    if divide is None:
        raise JobContractError(
            f"A {type(plot).__name__} can't be divided into panels.",
            cure="Pass facet_arguments=[], and let plot_function draw the panels.",
        )
    divided = divide(*facets) if given is None else divide(**given)
    return plot if divided is None else divided


def _is_ggplot(plot: Any) -> bool:
    return any(kind.__module__.startswith("plotnine") for kind in type(plot).__mro__)


# -- surroundings --------------------------------------------------------------------------------


@contextmanager
def _without_screen() -> Iterator[None]:
    """Draw by a backend that opens no window, and leave nothing to the next job."""
    try:
        import matplotlib as mpl
    except ImportError:  # there are other libraries
        yield
        return
    mpl.use("Agg")
    with mpl.rc_context():
        try:
            yield
        finally:
            pyplot = sys.modules.get("matplotlib.pyplot")
            if pyplot is not None:
                pyplot.close("all")


@contextmanager
def _libraries_named() -> Iterator[None]:
    """Say how to get a plotting library that is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in _LIBRARIES:
            raise
        raise JobContractError(
            f"The plot needs {name}, which is not installed.",
            cure='pip install "weft[plot]"' if name in _EXTRA else f"pip install {name}",
        ) from error
