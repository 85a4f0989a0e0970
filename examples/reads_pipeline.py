"""From sequencing reads to a figure: a small bioinformatics project, on synthetic data.

The jobs (each line a kind of job, below what it is made from)::

    samples                      reads the sample sheet and defines all jobs below
      filtered/SAMPLE.fastq      reads of good quality; removed when counted
        counts/SAMPLE.tsv        how often each k-mer occurs in them
          reports/SAMPLE.tsv     coverage of the genome, window by window
            plots/GROUP.svg      the samples of a group (a PNG with pandas and matplotlib)
    genome                       the reference in memory, loaded once for all reports

Reads come with a sample sheet and a genome, as from a sequencer; where FOLDER has none, they are
made up. One file of reads is damaged: its branch fails, the plot of the mutants is blocked by
that, and all else is done. Its last line lacks a character: add an I to mend it.

Try::

    python examples/reads_pipeline.py               # in out-reads/
    python examples/reads_pipeline.py               # again: nothing to do but what failed
    rm out-reads/reports/wildtype-1.tsv             # or edit a file of reads, K, or a function,
    python examples/reads_pipeline.py               # and see what runs
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weft import pipegraph as ppg

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

K = 15
"""Bases in a k-mer."""
MIN_QUALITY = 25
"""Mean quality of a read that is kept."""
WINDOW = 250
"""Bases of the genome that share one value of coverage."""

GROUPS = ("wildtype", "mutant")
DAMAGED = "mutant-2"
GENOME_SIZE = 10_000
READ_LENGTH = 100
READS = 600
"""For each sample."""

STARTED = Path.cwd()
WORDS = {
    ppg.JobOutcome.Success: "ran",
    ppg.JobOutcome.Failed: "failed",
    ppg.JobOutcome.UpstreamFailed: "blocked",
}

Coverage = dict[str, list[float]]
"""Of each sample, the coverage of each window."""


# What is computed


class Read(NamedTuple):
    """One record of a FASTQ file."""

    name: str
    bases: str
    quality: str

    @property
    def mean_quality(self) -> float:
        """The qualities are written as characters, 33 above their value."""
        return sum(self.quality.encode()) / len(self.quality) - 33

    @property
    def record(self) -> str:
        """As it stands in the file."""
        return f"@{self.name}\n{self.bases}\n+\n{self.quality}\n"


def parse_fastq(path: Path) -> Iterator[Read]:
    """The reads of a file, four lines each."""
    lines = path.read_text().splitlines()
    for name, bases, _, quality in zip(*[iter(lines)] * 4, strict=True):
        if len(bases) != len(quality):
            raise ValueError(
                f"{path}: read {name[1:]} has {len(bases)} bases and {len(quality)} qualities"
            )
        yield Read(name[1:], bases, quality)


def filter_reads(raw: Path, path: Path) -> None:
    """Keep the reads of good quality."""
    with path.open("w") as kept:
        for read in parse_fastq(raw):
            if read.mean_quality >= MIN_QUALITY:
                kept.write(read.record)


def kmers(bases: str) -> Iterator[str]:
    """All pieces of K bases."""
    return (bases[start : start + K] for start in range(len(bases) - K + 1))


def count_kmers(filtered: Path, path: Path) -> None:
    """Count the k-mers of all reads."""
    counts = Counter(kmer for read in parse_fastq(filtered) for kmer in kmers(read.bases))
    path.write_text("".join(f"{kmer}\t{count}\n" for kmer, count in sorted(counts.items())))


class Genome:
    """Where the reference is kept while jobs need it."""

    windows: list[list[str]]
    """The k-mers that begin in each window."""


GENOME = Genome()


def load_genome() -> list[list[str]]:
    """The k-mers of the reference, window by window."""
    bases = "".join(Path("genome.fasta").read_text().splitlines()[1:])
    starts = range(0, len(bases) - K + 1, WINDOW)
    return [list(kmers(bases[start : start + WINDOW + K - 1])) for start in starts]


def report_coverage(counts: Path, path: Path) -> None:
    """How often the k-mers of each window of the genome were read, on average."""
    found = {kmer: int(count) for kmer, count in map(str.split, counts.read_text().splitlines())}
    means = [sum(found.get(kmer, 0) for kmer in window) / len(window) for window in GENOME.windows]
    rows = (f"{number * WINDOW}\t{mean:.2f}\n" for number, mean in enumerate(means))
    path.write_text("start\tcoverage\n" + "".join(rows))


def read_reports(reports: Sequence[Path]) -> Coverage:
    """The coverage of several samples."""
    lines = {report.stem: report.read_text().splitlines()[1:] for report in reports}
    return {name: [float(row.split()[1]) for row in rows] for name, rows in lines.items()}


# How it is drawn


def draw_svg(reports: Sequence[Path], path: Path) -> None:
    """One line for each sample, by hand."""
    coverage = read_reports(reports)
    width, height = 600, 200
    top = max(map(max, coverage.values())) or 1
    parts = []
    for number, (name, values) in enumerate(coverage.items()):
        colour = f"hsl({number * 360 // len(coverage)}, 70%, 40%)"
        across = width / max(len(values) - 1, 1)
        points = (f"{i * across:.1f},{height - y / top * height:.1f}" for i, y in enumerate(values))
        parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}"/>')
        parts.append(f'<text x="{90 * number}" y="{height + 16}" fill="{colour}">{name}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" font-size="14" viewBox="0 0 {width} 220">'
    path.write_text("\n".join([head, *parts, "</svg>"]))


def tabulate(reports: Sequence[Path]) -> DataFrame:
    """A row for each window, a column for each sample."""
    from pandas import DataFrame

    return DataFrame(read_reports(reports)).rename_axis("window")


def draw_figure(coverage: DataFrame) -> Figure:
    """One line for each sample, by matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), layout="constrained")
    coverage.plot(ax=figure.add_subplot(), ylabel="coverage")
    return figure


# The jobs


def define_jobs(genome: ppg.Job, figures: str) -> None:
    """All jobs for the samples of the sheet."""
    groups: dict[str, list[ppg.Job]] = {}
    for row in Path("samples.tsv").read_text().splitlines()[1:]:
        sample, group = row.split("\t")
        groups.setdefault(group, []).append(define_sample(sample, genome))
    for group, reports in groups.items():
        define_plot(group, reports, figures)


def define_sample(sample: str, genome: ppg.Job) -> ppg.Job:
    """From the reads of a sample to its report."""
    raw = Path("reads", f"{sample}.fastq")
    kept = Path("filtered", f"{sample}.fastq")
    counted = Path("counts", f"{sample}.tsv")
    filtered = ppg.TempFileGeneratingJob(kept, partial(filter_reads, raw))
    filtered.depends_on_file(raw)
    counts = ppg.FileGeneratingJob(counted, partial(count_kmers, kept))
    counts.depends_on(filtered, ppg.ParameterInvariant("k-mer length", K))
    reported = Path("reports", f"{sample}.tsv")
    report = ppg.FileGeneratingJob(reported, partial(report_coverage, counted))
    return report.depends_on(counts, genome)


def define_plot(group: str, reports: Sequence[ppg.Job], figures: str) -> None:
    """One plot for the samples of a group."""
    name = Path("plots", f"{group}.{figures}")
    files = [Path(report.job_id) for report in reports]
    if figures == "svg":
        plot = ppg.FileGeneratingJob(name, partial(draw_svg, files))
    else:
        plot = ppg.PlotJob(name, partial(tabulate, files), draw_figure)
    plot.depends_on(reports)


# What a sequencer would give


def write_inputs() -> None:
    """A genome, a sample sheet, and reads: of the wild type, and of a mutant with a deletion."""
    genome = "".join(random.Random("genome").choices("ACGT", k=GENOME_SIZE))
    Path("genome.fasta").write_text(f">reference\n{genome}\n")
    origins = {"wildtype": genome, "mutant": genome[:4_000] + genome[5_000:]}
    rows = [(f"{group}-{number}", group) for group in GROUPS for number in (1, 2, 3)]
    for sample, group in rows:
        text = "".join(read.record for read in sequence(sample, origins[group]))
        Path("reads", f"{sample}.fastq").write_text(damage(text) if sample == DAMAGED else text)
    Path("samples.tsv").write_text("sample\tgroup\n" + "".join(f"{s}\t{g}\n" for s, g in rows))


def sequence(sample: str, genome: str) -> Iterator[Read]:
    """Read pieces from anywhere; the worse the quality, the more bases are wrong."""
    dice = random.Random(sample)
    for number in range(READS):
        start = dice.randrange(len(genome) - READ_LENGTH)
        quality = dice.choice((12, 30, 38, 40))
        bases = "".join(
            dice.choice("ACGT") if dice.random() < 10 ** (-quality / 10) else base
            for base in genome[start : start + READ_LENGTH]
        )
        yield Read(f"{sample}:{number}", bases, chr(quality + 33) * READ_LENGTH)


def damage(text: str) -> str:
    """Lose the last character, a quality."""
    return text[:-2] + "\n"


# What is run and told


def run(figures: str) -> Mapping[str, ppg.RecordedJobOutcome]:
    """Run what there is to run in the present folder; what became of each job."""
    ppg.new_pipegraph(folder="weft")
    genome = ppg.AttributeLoadingJob("genome", GENOME, "windows", load_genome)
    genome.depends_on(ppg.ParameterInvariant("k-mer length", K))
    genome.depends_on_file("genome.fasta")
    samples = ppg.JobGeneratingJob("samples", partial(define_jobs, genome, figures))
    samples.depends_on_file("samples.tsv")
    return ppg.run(raise_on_job_error=False)


def tell(outcomes: Mapping[str, ppg.RecordedJobOutcome]) -> None:
    """Say what ran and what could not, and where to look."""
    for job, one in sorted(outcomes.items()):
        if one.outcome in WORDS:
            print(f"{WORDS[one.outcome]:<8} {job}")
    done = sum(one.outcome not in WORDS for one in outcomes.values())
    print(f"{done} of {len(outcomes)} jobs had nothing to do.")
    here = Path(os.path.relpath(Path.cwd(), STARTED))
    print(f"Look at {here / 'plots'}, or ask: weft {here / 'weft'} 'why reports/wildtype-1.tsv'")


def main() -> None:
    """Read the command line and run the pipeline; the exit code says whether all went well."""
    drawn = "png" if all(map(importlib.util.find_spec, ("matplotlib", "pandas"))) else "svg"
    parser = argparse.ArgumentParser(description="From sequencing reads to a figure.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("out-reads"))
    parser.add_argument("--figures", choices=("svg", "png"), default=drawn)
    options = parser.parse_args()
    for name in ("reads", "filtered", "counts", "reports", "plots"):
        (options.folder / name).mkdir(parents=True, exist_ok=True)
    os.chdir(options.folder)
    if not Path("samples.tsv").exists():
        write_inputs()
    outcomes = run(options.figures)
    tell(outcomes)
    sys.exit(any(one.outcome is ppg.JobOutcome.Failed for one in outcomes.values()))


if __name__ == "__main__":
    main()
