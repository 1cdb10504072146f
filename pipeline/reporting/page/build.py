"""Records + params + names -> everything under reports/ that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from pathlib import Path

from joblib import cpu_count
from matplotlib.figure import Figure

from pipeline.config.project import Project
from pipeline.core.criteria import CRITERIA
from pipeline.records.reader import Records
from pipeline.reporting.figures import figures, style
from pipeline.reporting.figures.ranks import rank_caption, rank_figure
from pipeline.reporting.page.page import Chapter, Drawing, Part, finding, render
from pipeline.reporting.published.publications import Protocol, Publication, as_printed, read
from pipeline.reporting.published.verdict import verdicts
from pipeline.reporting.results.exports import map_against_rate, metrics
from pipeline.reporting.results.report_scope import DatasetInfo, MethodInfo, Scope, scopes
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables import formats
from pipeline.reporting.tables.ablations import ablations
from pipeline.reporting.tables.comparison import comparison, robustness
from pipeline.reporting.tables.costs import Costs, cost_table, machine
from pipeline.reporting.tables.costs import read as read_costs
from pipeline.reporting.tables.metrics import metrics as by_metric
from pipeline.reporting.tables.probes import probes
from pipeline.reporting.tables.published_beside import beside
from pipeline.reporting.tables.readout import readout
from pipeline.reporting.tables.receipts import receipts
from pipeline.reporting.tables.significance_marks import differences, marked, standings
from pipeline.reporting.tables.suspicion import estimates, suspicion
from pipeline.reporting.tables.table import Table
from pipeline.reporting.tables.tuning import tuning

_FORMATS = {"md": formats.markdown, "csv": formats.tidy, "tex": formats.latex, "html": formats.document}
_FOLDERS = ("tables", "figures", "plots")
Files = dict[str, bytes]


def build_report(
    records: Path,
    out: Path,
    project: Project,
    datasets: Sequence[DatasetInfo],
    methods: Sequence[MethodInfo],
    costs: Path,
) -> None:
    """Write tables/, figures/, plots/, metrics.json and index.html under out; the same records, the same bytes.

    datasets, methods: one entry for every name in its `report` lists; costs: the
    folder with the files of pipeline.reporting.tables.costs, which may be missing.
    Nothing is written before everything is made; files of an earlier report that this one lacks are removed.
    """
    reader, files = Records(records), Files()
    every = [Results(reader, scope) for scope in scopes(project, datasets, methods)]
    results = [found for found in every if not found.scope.further]
    publications, protocols = read()
    cost, viewed = read_costs(costs), project.experiments[0].datasets
    parts = _parts(reader, every, files)
    chapters = []
    for found in results:
        beside_it = [other for other in every if other.scope.further and other.dataset == found.dataset]
        viewer = found.dataset.name in viewed and found.has_numbers()
        chapters.append(_chapter(parts, found, beside_it, publications, protocols, cost, viewer, files))
    printed = [_keep(as_printed(publication, protocols), files) for publication in publications]
    judged = verdicts(publications, protocols, results)
    tuned = [_keep(table, files)] if (table := tuning(reader, project, methods)) else []
    tuned_on = project.tuning.dataset if tuned and project.tuning else None
    on = machine(costs) if cost else None
    files["index.html"] = render(methods, chapters, tuned, tuned_on, publications, printed, judged, on).encode()
    files["metrics.json"] = metrics(every).encode()
    files["plots/map_vs_rate.csv"] = map_against_rate(every).encode()
    _write(files, out)


def _parts(reader: Records, every: Sequence[Results], files: Files) -> dict[Results, list[Part]]:
    """The parts of every scope, one for each kind of noise that has numbers; made side by side, for drawing takes its
    time."""
    jobs = [(found, noise) for found in every for noise in found.scope.noises if found.has_numbers(noise)]
    made: dict[Results, list[Part]] = {found: [] for found in every}
    with ProcessPoolExecutor(max(1, min(len(jobs), cpu_count()))) as pool:
        waited = [pool.submit(_part, reader, found.scope, noise) for found, noise in jobs]
        for (found, _), job in zip(jobs, waited, strict=True):
            part, drawn = job.result()
            made[found].append(part)
            files |= drawn
    return made


def _chapter(
    parts: Mapping[Results, list[Part]],
    results: Results,
    beside_it: Sequence[Results],
    publications: Sequence[Publication],
    protocols: Mapping[str, Protocol],
    cost: Costs,
    viewer: bool,
    files: Files,
) -> Chapter:
    published = beside(results, publications, protocols) if results.has_numbers() else None
    return Chapter(
        results=results,
        further=[other for other in beside_it if other.has_numbers()],
        parts=parts[results],
        further_parts=list(chain.from_iterable(parts[other] for other in beside_it)),
        published=[_keep(published, files)] if published else [],
        probes=[_keep(probes(results), files)] if results.probes and results.clean else [],
        receipts=[_keep(receipts(r), files) for r in (results, *beside_it) if r.receipts and r.clean],
        costs=_kept(cost_table(cost, results), files),
        viewer=viewer,
    )


def _part(reader: Records, scope: Scope, noise: str) -> tuple[Part, Files]:
    """What the page shows of one kind of noise, and its files."""
    results, files = Results(reader, scope), Files()
    name, several = results.dataset.name, len(results.scope.rates) > 1
    compared = standings(reader, results, noise)
    headline = comparison(results, noise, results.headline)
    rates = robustness(results, noise)
    apart = differences(headline, results, noise, compared)
    main = [marked(headline, results, noise, compared)]
    main += [comparison(results, noise, criterion) for criterion in results.criteria[1:]]
    main += [rates] * several
    further = [c for c in CRITERIA if c not in results.criteria and results.entries(c)]
    main += [comparison(results, noise, criterion) for criterion in further]
    main += [] if scope.further else [by_metric(results, noise)]
    drawn = {
        "map": (figures.map_against_noise(results, noise) if several else None, figures.map_caption(results)),
        "precision_recall": (figures.precision_recall(reader, results, noise), figures.curve_caption(results, noise)),
        "ranks": (rank_figure(results, noise, compared), rank_caption(results, compared)),
        "memorisation": (
            figures.memorisation(reader, results, noise) if results.clean else None,
            figures.memorisation_caption(results),
        ),
    }
    drawings = {
        kind: [_draw(f"{name}_{noise}_{kind}", figure, files, caption)] if figure else []
        for kind, (figure, caption) in drawn.items()
    }
    part = Part(
        noise=noise,
        findings=[sentence] if (sentence := finding(results, noise, rates)) else [],
        main=[_keep(table, files) for table in main],
        drawings=drawings["map"] + drawings["precision_recall"],
        compared=_kept(apart, files),
        ranks=drawings["ranks"],
        ablated=[_keep(table, files) for table in ablations(reader, results, noise)],
        suspected=[_keep(table, files) for told in (suspicion, estimates) if (table := told(reader, results, noise))]
        if results.clean
        else [],
        read_out=_kept(readout(reader, results, noise), files),
        memorised=drawings["memorisation"],
    )
    return part, files


def _keep(table: Table, files: Files) -> Table:
    for suffix, form in _FORMATS.items():
        files[f"tables/{table.name}.{suffix}"] = form(table).encode()
    return table


def _kept(table: Table | None, files: Files) -> list[Table]:
    return [_keep(table, files)] if table else []


def _draw(name: str, figure: Figure, files: Files, caption: str) -> Drawing:
    drawing = Drawing(name, style.svg(figure), caption)
    files[f"figures/{name}.svg"] = drawing.svg.encode()
    files[f"figures/{name}.png"] = style.png(figure)
    return drawing


def _write(files: Files, out: Path) -> None:
    for folder in _FOLDERS:
        (out / folder).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    for folder in _FOLDERS:
        for path in (out / folder).iterdir():
            if path.relative_to(out).as_posix() not in files:
                path.unlink()
