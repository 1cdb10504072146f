"""Records + params + names -> everything under reports/ that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from pipeline.contract import CRITERIA
from pipeline.params import Params, block
from pipeline.reporting import figures, formats, style
from pipeline.reporting.beside import beside
from pipeline.reporting.chance import differences, marked, samples
from pipeline.reporting.comparison import comparison, robustness
from pipeline.reporting.exports import map_against_rate, metrics
from pipeline.reporting.info import DatasetInfo, MethodInfo, scopes
from pipeline.reporting.page import Chapter, Drawing, finding, render
from pipeline.reporting.probes import probes
from pipeline.reporting.published import Protocol, Publication, as_printed, read
from pipeline.reporting.ranks import rank_caption, rank_figure
from pipeline.reporting.receipts import receipts
from pipeline.reporting.records import Records
from pipeline.reporting.results import Results
from pipeline.reporting.table import Table
from pipeline.reporting.tuning import tuning
from pipeline.reporting.verdict import verdicts

_FORMATS = {"md": formats.markdown, "csv": formats.tidy, "tex": formats.latex, "html": formats.document}
_FOLDERS = ("tables", "figures", "plots")
Files = dict[str, bytes]


def build_report(
    records: Path,
    out: Path,
    params: Params,
    datasets: Sequence[DatasetInfo],
    methods: Sequence[MethodInfo],
) -> None:
    """Write tables/, figures/, plots/, metrics.json and index.html under out; the same records, the same bytes.

    params: the whole of params.yaml; datasets, methods: one entry for every name in its `report` lists.
    Nothing is written before everything is made; files of an earlier report that this one lacks are removed.
    """
    reader, files = Records(records), Files()
    results = [Results(reader, scope) for scope in scopes(params, datasets, methods)]
    publications, protocols = read()
    chapters = [_chapter(reader, found, publications, protocols, files) for found in results]
    printed = [_keep(as_printed(publication, protocols), files) for publication in publications]
    judged = verdicts(publications, protocols, results)
    tuned = [_keep(table, files)] if (table := tuning(reader, params, methods)) else []
    tuned_on = block(params, "tuning", "dataset") if tuned else None
    files["index.html"] = render(methods, chapters, tuned, tuned_on, publications, printed, judged).encode()
    files["metrics.json"] = metrics(results).encode()
    files["plots/map_vs_rate.csv"] = map_against_rate(results).encode()
    _write(files, out)


def _chapter(
    reader: Records,
    results: Results,
    publications: Sequence[Publication],
    protocols: Mapping[str, Protocol],
    files: Files,
) -> Chapter:
    name = results.dataset.name
    main: list[Table] = []
    compared: list[Table] = []
    drawings: list[Drawing] = []
    ranks: list[Drawing] = []
    memorised: list[Drawing] = []
    findings: list[str] = []
    several = len(results.scope.rates) > 1
    for noise in results.scope.noises if results.has_numbers() else ():
        taken = samples(reader, results, noise)
        headline = comparison(results, noise, results.headline)
        rates = robustness(results, noise)
        further = [c for c in CRITERIA if c not in results.criteria and results.entries(c)]
        main.append(marked(headline, taken))
        main += [comparison(results, noise, criterion) for criterion in results.criteria[1:]]
        main += [rates] * several
        main += [comparison(results, noise, criterion) for criterion in further]
        findings += [sentence] if (sentence := finding(results, noise, rates)) else []
        compared += [apart] if (apart := differences(headline, results, noise, taken)) else []
        if drawn := rank_figure(results, noise, taken):
            ranks.append(_draw(f"{name}_{noise}_ranks", drawn, files, rank_caption(results, taken)))
        if several:
            lines = figures.map_against_noise(results, noise)
            drawings.append(_draw(f"{name}_{noise}_map", lines, files, figures.map_caption(results)))
        if curves := figures.precision_recall(reader, results, noise):
            drawings.append(_draw(f"{name}_{noise}_precision_recall", curves, files, figures.curve_caption(results)))
        if history := figures.memorisation(reader, results, noise):
            caption = figures.memorisation_caption(results)
            memorised.append(_draw(f"{name}_{noise}_memorisation", history, files, caption))
    extra = [probes(results)] if results.probes else []
    if results.has_numbers() and (published := beside(results, publications, protocols)):
        main.append(published)
    noises = [receipts(results)] if results.receipts else []
    for table in (*main, *compared, *extra, *noises):
        _keep(table, files)
    return Chapter(results, findings, main, drawings, compared, ranks, memorised, extra, noises)


def _keep(table: Table, files: Files) -> Table:
    for suffix, form in _FORMATS.items():
        files[f"tables/{table.name}.{suffix}"] = form(table).encode()
    return table


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
