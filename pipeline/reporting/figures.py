"""MAP against the noise rate, memorisation per epoch, precision against recall."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from pipeline.contract import CRITERIA
from pipeline.reporting.info import DatasetInfo, Entry, Scope
from pipeline.reporting.records import Records
from pipeline.reporting.results import CRITERION_NAMES, Results, cell
from pipeline.reporting.style import COLOURS, Look, Sheet
from pipeline.reporting.table import Number, arrows

LEARNED = {
    "accuracy/clean": ("right labels learned", COLOURS[0]),
    "accuracy/corrupted": ("wrong labels memorised", COLOURS[1]),
    "accuracy/recovered": ("wrong labels seen through", COLOURS[2]),
}


def map_against_noise(results: Results, noise: str) -> Figure:
    """A panel per direction (down) and criterion (across), a line per method, bars of one standard deviation."""
    scope, directions = results.scope, results.directions
    title = f"{results.dataset.display}: MAP against the rate of {noise} label noise"
    sheet = Sheet(len(directions), len(CRITERIA), 2.9, title)
    for row, direction in enumerate(directions):
        for column, criterion in enumerate(CRITERIA):
            axes = sheet.panels[row][column]
            for entry in scope.entries:
                look = Look.of(entry, scope)
                found = [
                    (rate, cell(results.outcome(entry, noise, rate, criterion, direction))) for rate in scope.rates
                ]
                points = [(rate, number) for rate, number in found if isinstance(number, Number)]
                if not points:
                    continue
                rates, means = [rate for rate, _ in points], [number.mean for _, number in points]
                axes.errorbar(
                    rates,
                    means,
                    [number.std or 0.0 for _, number in points],
                    color=look.colour,
                    linestyle=look.dashes,
                    marker=look.marker,
                    capsize=0 if all(number.std is None for _, number in points) else 2.5,
                )
                sheet.label(axes, rates[-1], means[-1], entry.label, look.colour)
            sheet.head(axes, f"{arrows(direction)}, {CRITERION_NAMES[criterion]}")
            axes.set_xticks(scope.rates)
    sheet.name_axes("noise rate", "MAP")
    return sheet.finish()


def memorisation(records: Records, scope: Scope, dataset: DatasetInfo, entry: Entry, noise: str) -> Figure | None:
    """A panel per rate: what becomes of right and of wrong training labels, seed 0; None without records."""
    epochs = records.epochs(dataset.name, entry.method.name)
    epochs = epochs[(epochs["variant"] == entry.variant) & (epochs["noise"] == noise)]
    if not set(LEARNED) <= set(epochs.columns) or not epochs["rate"].isin(list(scope.rates)).any():
        return None
    title = f"{entry.label} on {dataset.display}: share of training labels that the network predicts, per epoch"
    sheet = Sheet(1, len(scope.rates), 1.95, title)
    for axes, rate in zip(sheet.panels[0], scope.rates, strict=True):
        history = epochs[epochs["rate"] == rate].sort_values("epoch")
        for metric, (name, colour) in LEARNED.items():
            axes.plot(history["epoch"], history[metric], color=colour)
            if rate == scope.rates[-1] and len(history):
                sheet.label(axes, float(history["epoch"].iloc[-1]), float(history[metric].iloc[-1]), name, colour)
        sheet.head(axes, f"noise rate {rate}")
        axes.set_ylim(0, 1.02)
    sheet.name_axes("epoch", "share")
    return sheet.finish()


def precision_recall(records: Records, results: Results, noise: str) -> Figure | None:
    """A panel per direction (down) and rate (across), a line per method; None without records."""
    scope, directions = results.scope, results.directions
    curves = {method.name: records.curves(results.dataset.name, method.name) for method in scope.methods}
    if all(frame.empty for frame in curves.values()):
        return None
    title = f"{results.dataset.display}: precision against recall under {noise} label noise, best validation"
    sheet = Sheet(len(directions), len(scope.rates), 2.3, title)
    for row, direction in enumerate(directions):
        for axes, rate in zip(sheet.panels[row], scope.rates, strict=True):
            for entry in scope.entries:
                look = Look.of(entry, scope)
                curve = _curve(curves[entry.method.name], entry.variant, noise, rate, direction)
                axes.plot(curve["recall"], curve["precision"], color=look.colour, linestyle=look.dashes)
                if rate == scope.rates[-1] and len(curve):
                    sheet.label(axes, 1.0, float(curve["precision"].iloc[-1]), entry.label, look.colour)
            sheet.head(axes, f"{arrows(direction)}, rate {rate}")
            axes.set_ylim(0, 1.02)
            axes.set_xticks((0, 0.5, 1))
    sheet.name_axes("recall", "precision")
    return sheet.finish()


def _curve(curves: pd.DataFrame, variant: str, noise: str, rate: float, direction: str) -> pd.DataFrame:
    """A label-free curve has no rate and is drawn at each of them."""
    curves = curves[(curves["variant"] == variant) & (curves["direction"] == direction)]
    here = curves["rate"].isna() | ((curves["noise"] == noise) & (curves["rate"] == rate))
    return curves[here].sort_values("recall")
