"""Records + params + names -> everything under reports/ that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from pipeline.contract import CRITERIA
from pipeline.errors import BadInput
from pipeline.reporting import figures, formats, style
from pipeline.reporting.comparison import comparison, fall, receipts
from pipeline.reporting.exports import map_against_rate, metrics
from pipeline.reporting.info import DatasetInfo, MethodInfo, Scope
from pipeline.reporting.page import Chapter, Drawing, finding, render
from pipeline.reporting.published import as_printed, read
from pipeline.reporting.records import Records
from pipeline.reporting.results import Results
from pipeline.reporting.table import Table
from pipeline.reporting.verdict import verdicts

_FORMATS = {"md": formats.markdown, "csv": formats.tidy, "tex": formats.latex, "html": formats.document}
_FOLDERS = ("tables", "figures", "plots")
Files = dict[str, bytes]

_LINES = "Dotted lines: label-free methods; dashed lines: further variants."
_MAP_CAPTION = (
    "MAP against the noise rate. Left: the epoch chosen by clean validation labels, an oracle, as in the papers; "
    f"right: the last epoch. Bars: one sample standard deviation over seeds. {_LINES}"
)
_CURVE_CAPTION = f"Precision at eleven recall levels, mean over seeds, best validation. {_LINES}"


def build_report(
    records: Path,
    out: Path,
    params: Mapping[str, Any],
    datasets: Sequence[DatasetInfo],
    methods: Sequence[MethodInfo],
) -> None:
    """Write tables/, figures/, plots/, metrics.json and index.html under out; the same records, the same bytes.

    params: the whole of params.yaml; datasets, methods: one entry for every name in its `report` lists.
    Nothing is written before everything is made; files of an earlier report that this one lacks are removed.
    """
    grid, report = params["grid"], params["report"]
    scope = Scope(
        datasets=_listed(report["datasets"], {info.name: info for info in datasets}, "datasets"),
        methods=_listed(report["methods"], {info.name: info for info in methods}, "methods"),
        noises=list(grid["noises"]),
        rates=sorted(float(rate) for rate in grid["rates"]),
        seeds=list(grid["seeds"]),
    )
    reader, files = Records(records), Files()
    results = [Results(reader, scope, dataset) for dataset in scope.datasets]
    chapters = [_chapter(reader, found, files) for found in results]
    publications, protocols = read()
    printed = [_keep(as_printed(publication, protocols), files) for publication in publications]
    judged = verdicts(publications, protocols, results)
    files["index.html"] = render(scope, chapters, publications, printed, judged).encode()
    files["metrics.json"] = metrics(results).encode()
    files["plots/map_vs_rate.csv"] = map_against_rate(results).encode()
    _write(files, out)


def _chapter(reader: Records, results: Results, files: Files) -> Chapter:
    scope, info = results.scope, results.dataset
    main: list[Table] = []
    drawings: list[Drawing] = []
    memorised: list[Drawing] = []
    findings: list[str] = []
    for noise in scope.noises if results.has_numbers() else ():
        fallen = fall(results, noise)
        main += [_keep(table, files) for table in (*(comparison(results, noise, c) for c in CRITERIA), fallen)]
        findings += [sentence] if (sentence := finding(results, noise, fallen)) else []
        name = f"{info.name}_{noise}"
        lines = figures.map_against_noise(results, noise)
        drawings.append(_draw(f"{name}_map", lines, files, _MAP_CAPTION))
        if curves := figures.precision_recall(reader, results, noise):
            drawings.append(_draw(f"{name}_precision_recall", curves, files, _CURVE_CAPTION))
        for entry in scope.entries:
            if history := figures.memorisation(reader, scope, info, entry, noise):
                stem = f"{name}_{entry.method.name}_{entry.variant}_memorisation"
                memorised.append(_draw(stem, history, files, f"{entry.label}, seed 0."))
    drawn = [_keep(receipts(results), files)] if results.receipts else []
    return Chapter(results, findings, main, drawings, memorised, drawn)


def _listed(names: Sequence[str], known: Mapping[str, Any], kind: str) -> list[Any]:
    missing = [name for name in names if name not in known]
    if missing:
        raise BadInput(f"nothing is known of '{missing[0]}'", f"report.{kind}", "describe every name of the list")
    return [known[name] for name in names]


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
