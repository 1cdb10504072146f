"""MAP against the noise rate, memorisation per epoch, precision against recall."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from matplotlib.figure import Figure

from pipeline.core.criteria import BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH
from pipeline.records.reader import Records
from pipeline.reporting.figures.style import COLOURS, Look, Sheet
from pipeline.reporting.figures.svg import series
from pipeline.reporting.results.cell_values import cell
from pipeline.reporting.results.report_scope import Entry, noise_words
from pipeline.reporting.results.results import CRITERION_NAMES, Results, under
from pipeline.reporting.tables.table import Number, arrows

_LINES = "Dotted: label-free methods; dashed, or dash-dotted if label-free: further variants."
_CHOSEN = {
    BEST_VALIDATION: "Left: the epoch chosen by clean validation labels, an oracle, as in the papers; right: the last "
    "epoch.",
    FIXED_CHECKPOINT: "Left: the checkpoint that was fixed beforehand; right: the last epoch.",
    LAST_EPOCH: "Weights of the last epoch.",
}
LEARNED = {
    "accuracy/clean": ("right labels learned", Look(COLOURS[0])),
    "accuracy/corrupted": ("wrong labels memorised", Look(COLOURS[1])),
    "accuracy/recovered": ("wrong labels seen through", Look(COLOURS[2])),
}


def map_caption(results: Results) -> str:
    """Caption of MAP against the noise rate."""
    return (
        f"MAP against the noise rate. {_CHOSEN[results.headline]} "
        f"Bars: one sample standard deviation over seeds. {_LINES}"
    )


def memorisation_caption(results: Results) -> str:
    """Caption of what networks make of the training labels."""
    return f"What networks make of the training labels of {results.dataset.display}, seed {results.scope.seeds[0]}."


def curve_caption(results: Results, noise: str) -> str:
    """Caption of precision at recall levels, with who is left out."""
    caption = f"Precision at eleven recall levels, mean over seeds, {CRITERION_NAMES[results.headline]}. {_LINES}"
    absent = ", ".join(results.elsewhere(noise).values())
    return f"{caption} Left out because theirs is recorded under another criterion: {absent}." if absent else caption


def map_against_noise(results: Results, noise: str) -> Figure:
    """A panel per direction (down) and criterion (across), a line per method, bars of one standard deviation."""
    scope, directions = results.scope, results.directions
    title = f"{results.dataset.display}: MAP against the rate of {noise_words(noise)}"
    sheet = Sheet(len(directions), len(results.criteria), 2.9, title)
    drawn: set[Entry] = set()
    for row, direction in enumerate(directions):
        for column, criterion in enumerate(results.criteria):
            axes = sheet.panels[row][column]
            for entry in scope.entries:
                look = Look.of(entry, scope)
                cells = [cell(results.outcome(entry, noise, rate, criterion, direction)) for rate in scope.rates]
                points = [
                    (rate, number)
                    for rate, number in zip(scope.rates, cells, strict=True)
                    if isinstance(number, Number)
                ]
                if not points:
                    continue
                rates, means = [rate for rate, _ in points], [number.mean for _, number in points]
                bars = axes.errorbar(
                    rates,
                    means,
                    [number.std or 0.0 for _, number in points] if any(n.std for _, n in points) else None,
                    elinewidth=1.0,
                    **look.style,
                )
                for part in bars.get_children():
                    series(part, look.method)
                drawn.add(entry)
            sheet.head(axes, f"{arrows(direction)}, {CRITERION_NAMES[criterion]}")
            axes.set_xticks(scope.rates)
    sheet.name_axes("noise rate", "MAP")
    sheet.legend({entry.label: Look.of(entry, scope) for entry in scope.entries if entry in drawn})
    return sheet.figure


def memorisation(records: Records, results: Results, noise: str) -> Figure | None:
    """A panel per method (down) and rate (across): what becomes of right and of wrong training labels, first seed."""
    scope, histories = results.scope, {}
    for entry in scope.entries:
        epochs = records.epochs(results.dataset.name, entry.method.name)
        epochs = epochs[(epochs["variant"] == entry.variant) & (epochs["noise"] == noise)]
        if set(LEARNED) <= set(epochs.columns) and epochs["rate"].isin(list(scope.rates)).any():
            histories[entry] = epochs.sort_values("epoch")
    if not histories:
        return None
    title = f"{results.dataset.display}: share of training labels that the network predicts, per epoch"
    sheet = Sheet(len(histories), len(scope.rates), 1.3, title)
    for panels, (entry, history) in zip(sheet.panels, histories.items(), strict=True):
        for axes, rate in zip(panels, scope.rates, strict=True):
            epochs = history[history["rate"] == rate]
            for metric, (_, look) in LEARNED.items():
                axes.plot(epochs["epoch"], epochs[metric], color=look.colour)
        sheet.name_row(panels, entry.label)
    sheet.panels[0][0].set_ylim(0, 1.02)  # the panels share it; set in each, all would be set for each
    sheet.panels[0][0].set_yticks((0, 0.5, 1))
    for axes, rate in zip(sheet.panels[0], scope.rates, strict=True):
        sheet.head(axes, f"noise rate {rate}")
    sheet.name_axes("epoch", "share")
    sheet.legend(dict(LEARNED.values()))
    return sheet.figure


def precision_recall(records: Records, results: Results, noise: str) -> Figure | None:
    """A panel per direction (down) and rate (across), a line per method; None without records."""
    scope, directions = results.scope, results.directions
    elsewhere = results.elsewhere(noise)
    entries = [entry for entry in scope.entries if entry not in elsewhere]
    curves = {entry.method.name: records.curves(results.dataset.name, entry.method.name) for entry in entries}
    if all(frame.empty for frame in curves.values()):
        return None
    criterion = CRITERION_NAMES[results.headline]
    title = f"{results.dataset.display}: precision against recall under {noise_words(noise)}, {criterion}"
    sheet = Sheet(len(directions), len(scope.rates), 2.3, title)
    drawn: set[Entry] = set()
    for row, direction in enumerate(directions):
        for axes, rate in zip(sheet.panels[row], scope.rates, strict=True):
            for entry in entries:
                look = Look.of(entry, scope)
                curve = _curve(curves[entry.method.name], entry.variant, noise, rate, direction)
                if len(curve):
                    line = axes.plot(curve["recall"], curve["precision"], **replace(look, marker="").style)
                    series(line[0], look.method)
                    drawn.add(entry)
            sheet.head(axes, f"{arrows(direction)}, rate {rate}")
            axes.set_ylim(0, 1.02)
            axes.set_xticks((0, 0.5, 1))
    sheet.name_axes("recall", "precision")
    sheet.legend({entry.label: replace(Look.of(entry, scope), marker="") for entry in scope.entries if entry in drawn})
    return sheet.figure


def _curve(curves: pd.DataFrame, variant: str, noise: str, rate: float, direction: str) -> pd.DataFrame:
    curves = curves[(curves["variant"] == variant) & (curves["direction"] == direction)]
    return under(curves, noise, rate).sort_values("recall")
