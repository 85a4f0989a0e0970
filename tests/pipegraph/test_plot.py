from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import plotnine as p9
import pytest
import seaborn as sns
import seaborn.objects as so
from matplotlib import image

from tests.pipegraph.defining import error_of, ran, run
from weft import pipegraph as ppg
from weft.pipegraph.plot import CombinedPlotJob, PlotJob

PNG, PDF, SVG = b"\x89PNG", b"%PDF", b"<?xml"


def frame(*values: int) -> Callable[[], pd.DataFrame]:
    """A calc_function."""

    def calculate() -> pd.DataFrame:
        return pd.DataFrame({"x": range(len(values)), "y": values, "of": values[0]})

    return calculate


def draw(data: pd.DataFrame) -> Any:
    return data.plot("x", "y")


def starts(name: str, what: bytes) -> bool:
    return Path(name).read_bytes().startswith(what)


def size(name: str) -> tuple[int, ...]:
    """Dots from top to bottom, and from left to right."""
    return image.imread(name).shape[:2]


# -- three jobs ----------------------------------------------------------------------------------


def test_data_are_computed_kept_drawn_and_written_as_a_table() -> None:
    def define() -> None:
        job = PlotJob("a/b.png", frame(3, 4), draw)
        assert job.cache_job.job_id == "cache/a/b.png"
        assert job.table_job is not None
        assert job.table_job.job_id == "a/b.png.tsv"

    assert ran(define) == {"a/b.png", "cache/a/b.png", "a/b.png.tsv"}
    assert starts("a/b.png", PNG)
    assert Path("a/b.png.tsv").read_text() == "\tx\ty\tof\n0\t0\t3\t3\n1\t1\t4\t3\n"
    pd.testing.assert_frame_equal(pd.read_pickle("cache/a/b.png"), frame(3, 4)())
    assert ran(define) == set()


def test_an_edit_of_the_plot_function_draws_and_computes_nothing() -> None:
    ran(lambda: PlotJob("a.png", frame(1), draw))
    assert ran(lambda: PlotJob("a.png", frame(1), lambda data: data.plot.scatter("x", "y"))) == {
        "a.png"
    }


def test_other_data_are_drawn_and_written_anew() -> None:
    ran(lambda: PlotJob("a.png", frame(1), draw))
    assert ran(lambda: PlotJob("a.png", frame(2), draw)) == {
        "a.png",
        "cache/a.png",
        "a.png.tsv",
    }


def test_equal_data_of_other_code_are_not_drawn_again() -> None:
    ran(lambda: PlotJob("a.png", lambda: frame(1)(), draw))
    assert ran(lambda: PlotJob("a.png", lambda: frame(*[1])(), draw)) == {"cache/a.png"}


def test_other_arguments_of_saving_draw_again() -> None:
    ran(lambda: PlotJob("a.png", frame(1), draw, {"dpi": 50}))
    before = Path("a.png").read_bytes()
    assert ran(lambda: PlotJob("a.png", frame(1), draw, {"dpi": 70})) == {"a.png"}
    assert Path("a.png").read_bytes() != before


def test_a_deleted_plot_is_drawn_from_the_data_that_were_kept() -> None:
    def define() -> None:
        PlotJob("a.png", frame(1), draw)

    ran(define)
    Path("a.png").unlink()
    assert ran(define) == {"a.png"}


def test_the_computation_depends_on_what_the_plot_is_said_to_depend_on() -> None:
    def define(content: str) -> None:
        reads = ppg.FileGeneratingJob("reads", lambda path: path.write_text(content))

        def count() -> pd.DataFrame:
            return pd.DataFrame({"x": [0], "y": [len(Path("reads").read_text())]})

        job = PlotJob("a.png", count, draw)
        assert job.depends_on(reads) is job
        job.depends_on_params(content)

    everything = {"reads", "cache/a.png", "a.png", "a.png.tsv"}
    assert ran(lambda: define("aa")) == everything
    assert ran(lambda: define("bb")) == {"reads", "cache/a.png"}
    assert ran(lambda: define("ccc")) == everything


def test_several_frames_are_written_below_their_names() -> None:
    def calculate() -> dict[str, pd.DataFrame]:
        return {"one": frame(1)(), "two": frame(2)()}

    run(lambda: PlotJob("a.png", calculate, lambda data: draw(data["two"])))
    assert (
        Path("a.png.tsv").read_text()
        == "#one\n\tx\ty\tof\n0\t0\t1\t1\n#two\n\tx\ty\tof\n0\t0\t2\t2\n"
    )


def test_the_table_can_be_left_out() -> None:
    def define() -> None:
        assert PlotJob("a.png", frame(1), draw, skip_table=True).table_job is None

    assert ran(define) == {"cache/a.png", "a.png"}


def test_data_need_not_be_kept() -> None:
    def define(color: str = "red") -> PlotJob:
        return PlotJob(
            "a.png", frame(1), lambda data: data.plot("x", "y", color=color), skip_caching=True
        )

    everything = {"cache/a.png", "a.png", "a.png.tsv"}
    assert ran(define) == everything
    assert not Path("cache/a.png").exists()
    assert ran(define) == set()
    assert ran(lambda: define("blue")) == {"cache/a.png", "a.png"}
    with ppg.new_pipegraph(folder="out"):
        assert define().get_data().y.tolist() == [1]


def test_data_that_are_not_kept_may_be_anything() -> None:
    def define() -> None:
        PlotJob(
            "a.png",
            lambda: [1, 4, 9],
            lambda data: pd.Series(data).plot(),
            skip_table=True,
            skip_caching=True,
        )

    assert ran(define) == {"cache/a.png", "a.png"}


def test_the_data_can_be_had() -> None:
    with ppg.new_pipegraph(folder="out", quiet=True):
        job = PlotJob("a.png", frame(1, 2), draw)
        with pytest.raises(ppg.JobContractError, match="not computed yet"):
            job.get_data()
        ppg.run()
        assert job.get_data().y.tolist() == [1, 2]


def test_no_change_of_code_counts_if_that_is_said() -> None:
    def define(value: int, color: str) -> PlotJob:
        return PlotJob("a.png", frame(value), lambda data: data.plot("x", "y", color=color))

    ran(lambda: define(1, "red").ignore_code_changes())
    assert ran(lambda: define(2, "blue").ignore_code_changes()) == set()


def test_a_plot_outside_of_the_working_folder_keeps_its_data_inside(tmp_path: Path) -> None:
    there = tmp_path.with_name(f"{tmp_path.name}-there")
    with ppg.new_pipegraph(folder="out", quiet=True):
        job = PlotJob(there / "a.png", frame(1), draw)
        assert job.cache_job.job_id == f"cache{there}/a.png"
        ppg.run()
    assert starts(str(there / "a.png"), PNG)


# -- more plots of the same data -----------------------------------------------------------------


def test_another_plot_uses_the_same_data() -> None:
    def define(kind: str = "bar") -> None:
        job = PlotJob("a.png", frame(1, 2), draw)
        job.add_another_plot("b.pdf", lambda data: data.y.plot(kind=kind), {"width": 2})

    assert ran(define) == {"cache/a.png", "a.png", "a.png.tsv", "b.pdf"}
    assert starts("b.pdf", PDF)
    assert ran(lambda: define("pie")) == {"b.pdf"}


def test_a_fiddle_changes_the_plot_before_it_is_saved() -> None:
    def define(fiddle: Callable[[Any], object] | None = None) -> None:
        job = PlotJob("a.svg", frame(1, 2), draw)
        assert job.add_fiddle(fiddle) is job

    ran(define)
    plain = Path("a.svg").read_bytes()
    assert ran(lambda: define(lambda axes: axes.set_axis_off() or axes)) == {"a.svg"}
    assert len(Path("a.svg").read_bytes()) < len(plain)
    assert ran(lambda: define(lambda axes: print(axes))) == {"a.svg"}
    assert ran(define) == {"a.svg"}


def test_code_that_does_not_count_and_a_fiddle_go_together() -> None:
    def define(value: int) -> None:
        job = PlotJob("a.png", frame(1), lambda data: data.plot("x", "y", title=str(value)))
        job.ignore_code_changes().add_fiddle(lambda axes: None)

    ran(lambda: define(1))
    assert ran(lambda: define(2)) == set()


def test_a_combined_plot_joins_the_data() -> None:
    def define(*last: int) -> None:
        jobs = [PlotJob("a.png", frame(1, 2), draw), PlotJob("b.png", frame(*last), draw)]

        def rows(axes: Any) -> None:
            Path("rows").write_text(str(len(axes.lines[0].get_ydata())))

        CombinedPlotJob("all.png", jobs, [], fiddle=rows)

    assert "all.png" in ran(lambda: define(3, 4))
    assert Path("rows").read_text() == "4"
    assert ran(lambda: define(3, 4, 5)) == {"all.png", "b.png", "cache/b.png", "b.png.tsv"}
    assert Path("rows").read_text() == "5"


def test_a_combined_plot_joins_several_frames_by_name() -> None:
    def define() -> None:
        def data(number: int) -> Callable[[], dict[str, pd.DataFrame]]:
            return lambda: {"all": frame(number)(), str(number): frame(number)()}

        def count(frames: dict[str, pd.DataFrame]) -> Any:
            Path("rows").write_text(str({name: len(one) for name, one in frames.items()}))
            return draw(frames["all"])

        jobs = [PlotJob(f"{n}.png", data(n), count, skip_table=True) for n in (1, 2)]
        CombinedPlotJob("all.png", jobs, []).depends_on(jobs)

    ran(define)
    assert Path("rows").read_text() == "{'all': 2, '1': 1, '2': 1}"


@pytest.mark.parametrize("facets", [["of"], {"facets": "of", "nrow": 2}])
def test_a_combined_plot_of_plotnine_is_divided_into_panels(facets: Any) -> None:
    def points(data: pd.DataFrame) -> Any:
        return p9.ggplot(data, p9.aes("x", "y")) + p9.geom_point()

    def define() -> None:
        jobs = [PlotJob(f"{n}.png", frame(n, 5), points) for n in (1, 2)]
        CombinedPlotJob("all.svg", jobs, facets, {"width": 4, "height": 3})

    assert "all.svg" in ran(define)
    assert starts("all.svg", SVG)


def test_a_plot_that_has_no_panels_says_so() -> None:
    def define() -> None:
        CombinedPlotJob("all.png", [PlotJob("a.png", frame(1), draw)], ["of"])

    assert "can't be divided into panels" in error_of(define)


def test_what_can_not_be_combined_is_refused() -> None:
    with ppg.new_pipegraph(folder="out"):
        job = PlotJob("a.png", frame(1), draw)
        with pytest.raises(ppg.JobContractError, match="combines PlotJobs"):
            CombinedPlotJob("all.png", [], [])
        with pytest.raises(ppg.JobContractError, match="combines PlotJobs"):
            CombinedPlotJob("all.png", [job.cache_job], [])  # type: ignore[list-item]
        with pytest.raises(ppg.JobContractError, match="panels"):
            CombinedPlotJob("all.png", [job], "of")  # type: ignore[arg-type]


# -- kinds of plots ------------------------------------------------------------------------------


def figure(data: pd.DataFrame) -> Any:
    made, axes = plt.subplots()
    axes.plot(data.x, data.y)
    return made


def figure_and_axes(data: pd.DataFrame) -> Any:
    return plt.subplots(2, 2)


def array_of_axes(data: pd.DataFrame) -> Any:
    return data.plot(subplots=True)


def seaborn_axes(data: pd.DataFrame) -> Any:
    return sns.scatterplot(data, x="x", y="y")


def seaborn_grid(data: pd.DataFrame) -> Any:
    return sns.relplot(data, x="x", y="y")


def seaborn_objects(data: pd.DataFrame) -> Any:
    return so.Plot(data, x="x", y="y").add(so.Dot())


def ggplot(data: pd.DataFrame) -> Any:
    return p9.ggplot(data, p9.aes("x", "y")) + p9.geom_line()


class Rendered:
    width = 7

    def render(self, filename: str, **how: object) -> None:
        Path(filename).write_text(f"{PNG!r} {how}")


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
@pytest.mark.parametrize(
    "draw", [figure, figure_and_axes, array_of_axes, seaborn_axes, seaborn_grid, ggplot]
)
def test_any_kind_of_plot_is_saved(draw: Callable[[Any], Any], suffix: str) -> None:
    ran(lambda: PlotJob(f"a.{suffix}", frame(1, 2), draw, {"width": 3, "height": 2, "dpi": 30}))
    assert starts(f"a.{suffix}", {"png": PNG, "pdf": PDF, "svg": SVG}[suffix])
    if suffix == "png":
        assert size("a.png") == (60, 90)


@pytest.mark.filterwarnings("ignore:The copy keyword")  # seaborn's
def test_a_plot_of_seaborn_objects_is_saved_and_divided() -> None:
    def define() -> None:
        job = PlotJob("a.png", frame(1, 2), seaborn_objects, {"dpi": 30})
        CombinedPlotJob("all.png", [job], {"col": "of"}, {"width": 3, "height": 2, "dpi": 100})

    ran(define)
    assert starts("a.png", PNG)
    assert size("all.png") == (200, 300)


def test_whatever_renders_itself_is_rendered_with_its_own_size() -> None:
    ran(lambda: PlotJob("a.png", frame(1), lambda data: Rendered(), {"dpi": 30}))
    assert Path("a.png").read_text().endswith("{'width': 7, 'dpi': 30}")


def test_plots_are_drawn_without_a_screen_and_closed() -> None:
    def define() -> None:
        for name in "abc":
            PlotJob(f"{name}.png", frame(1), tell, skip_table=True)

    def tell(data: pd.DataFrame) -> Any:
        with Path("told").open("a") as told:
            told.write(f"{mpl.get_backend().lower()} {plt.get_fignums()}\n")
        return data.plot("x", "y")

    ran(define)
    assert Path("told").read_text() == "agg []\n" * 3


# -- misuse --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.txt", "a", "png", "a.jpg"])
def test_other_kinds_of_files_are_refused(name: str) -> None:
    with ppg.new_pipegraph(folder="out") as graph:
        with pytest.raises(ppg.JobContractError, match=r"\.png, \.pdf or \.svg"):
            PlotJob(name, frame(1), draw)
        assert len(graph) == 0


def test_functions_that_can_not_be_called_are_refused() -> None:
    with ppg.new_pipegraph(folder="out") as graph:
        with pytest.raises(ppg.JobContractError, match="one argument"):
            PlotJob("a.png", frame(1), lambda: None)
        with pytest.raises(ppg.JobContractError, match="one argument"):
            PlotJob("a.png", frame(1), None)  # type: ignore[arg-type]
        with pytest.raises(ppg.JobContractError, match="arguments that nobody gives: x"):
            PlotJob("a.png", lambda x: None, draw)
        assert len(graph) == 0


def test_data_that_are_no_frame_fail() -> None:
    assert "calc_function returned a list" in error_of(lambda: PlotJob("a.png", list, draw))
    assert "calc_function returned a dict" in error_of(
        lambda: PlotJob("a.png", lambda: {"a": 1}, draw)
    )


def test_what_is_no_plot_fails() -> None:
    assert "returned a NoneType, which is no plot" in error_of(
        lambda: PlotJob("a.png", frame(1), lambda data: None)
    )
    assert "returned a list, which is no plot" in error_of(
        lambda: PlotJob("a.png", frame(1), lambda data: [3])
    )


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(data: pd.DataFrame) -> Any:
        from seaborn import scatterplot

        return scatterplot(data, x="x", y="y")

    monkeypatch.setitem(sys.modules, "seaborn", None)
    assert "pip install seaborn" in error_of(lambda: PlotJob("a.png", frame(1), draw))


def test_it_may_be_defined_again_just_as_before_and_no_other_way() -> None:
    with ppg.new_pipegraph(folder="out"):
        jobs = [PlotJob("a.png", frame(1), draw, {"dpi": 50})]
        assert PlotJob("a.png", frame(1), draw, {"dpi": 50}) is jobs[0]
        fiddled = CombinedPlotJob("all.png", jobs, [], fiddle=lambda plot: 1)
        assert CombinedPlotJob("all.png", jobs, [], fiddle=lambda plot: 1) is fiddled
        for other in (
            lambda: PlotJob("a.png", frame(2), draw, {"dpi": 50}),
            lambda: PlotJob("a.png", frame(1), figure, {"dpi": 50}),
            lambda: PlotJob("a.png", frame(1), draw, {"dpi": 51}),
            lambda: PlotJob("a.png", frame(1), draw, {"dpi": 50}, skip_table=True),
            lambda: PlotJob("a.png", frame(1), draw, {"dpi": 50}, skip_caching=True),
            lambda: CombinedPlotJob("all.png", jobs, ["of"], fiddle=lambda plot: 1),
            lambda: CombinedPlotJob("all.png", jobs, [], fiddle=lambda plot: 2),
        ):
            with pytest.raises(ppg.JobRedefinitionError):
                other()


def test_in_a_notebook_it_may_be_defined_anew() -> None:
    with ppg.new_pipegraph(folder="out", quiet=True, redefine=True):
        first = PlotJob("a.png", frame(1), draw)
        first.add_another_plot("b.png", draw)
        ppg.run()
        second = PlotJob("a.png", frame(2), draw)
        outcomes = ppg.run()
        assert second is not first
        assert second.get_data().y.tolist() == [2]
    assert all(one.outcome is ppg.JobOutcome.Success for one in outcomes.values())
    assert Path("a.png.tsv").read_text().endswith("0\t0\t2\t2\n")


def test_importing_it_imports_no_plotting_library() -> None:
    import subprocess

    code = (
        "import sys, weft.pipegraph.plot; "
        "print([name for name in ('matplotlib', 'pandas', 'numpy') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, env=os.environ)
    assert told.stdout == b"[]\n"
