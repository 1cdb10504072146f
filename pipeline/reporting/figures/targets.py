"""What learns, against where its targets come from."""

from __future__ import annotations

from matplotlib.figure import Figure

from pipeline.records.reader import Records
from pipeline.reporting.figures.style import COLOURS, MARKERS, Look, Sheet
from pipeline.reporting.results.cell_values import cell
from pipeline.reporting.results.report_scope import Entry, noise_words
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.readout import match_outcome
from pipeline.reporting.tables.table import Number

TARGETS = ("validation", "own", "mean", "em", "clean", "truth")
"""From the least to the most that is known of the labels."""
LEARNERS = {
    "MRL's loss and network": {"mrl": {"own": "default", "em": "em", "truth": "truth"}},
    "cross-entropy, Witness's network": {"witness": {name: name for name in TARGETS} | {"em": "default"}},
    "cross-entropy, shared network": {"witness": {name: f"{name}_shared" for name in TARGETS} | {"em": "shared"}},
    "kernel logistic regression": {"klr": {name: name for name in TARGETS} | {"own": "default"}},
    "linear logistic regression": {"klr": {"own": "linear", "mean": "linear_mean", "em": "linear_em"}},
}
"""Line -> method -> target -> variant."""
TARGETS_CAPTION = (
    "MAP by match probability against where the targets come from, mean of directions and seeds, bars of one standard "
    "deviation: the clean validation pairs alone, each view's own label, the mean of the views' labels, what EM "
    "believes, the labels that an oracle knows to be right, the true labels."
)


def targets_figure(records: Records, results: Results, noise: str) -> Figure | None:
    """A panel per noise rate, a line per learner; None where no factorial was run."""
    infos = {method.name: method for method in results.scope.methods}
    factorial = results.scope.factorial
    reduced = Results(records, results.scope.with_variants(factorial))
    further = [entry for entry in reduced.scope.entries if entry.variant in factorial.get(entry.method.name, ())]
    if not any(reduced.kept(entry, noise) for entry in further):
        return None
    title = f"{results.dataset.display}: what learns, against where its targets come from, {noise_words(noise)}"
    sheet = Sheet(1, len(results.scope.rates), 2.9, title)
    looks = {
        line: Look(COLOURS[number], MARKERS[number], method=next(iter(methods)))
        for number, (line, methods) in enumerate(LEARNERS.items())
    }
    for axes, rate in zip(sheet.panels[0], results.scope.rates, strict=True):
        for line, methods in LEARNERS.items():
            for method, variants in methods.items():
                if method not in infos:
                    continue
                points = []
                for place, target in enumerate(TARGETS):
                    if target in variants:
                        entry = Entry(infos[method], variants[target])
                        number = cell(match_outcome(records, reduced, entry, noise, rate))
                        points += [(place, number)] if isinstance(number, Number) else []
                if points:
                    places, numbers = zip(*points, strict=True)
                    spread = [number.std or 0.0 for number in numbers]
                    axes.errorbar(places, [n.mean for n in numbers], spread, elinewidth=1.0, **looks[line].style)
        sheet.head(axes, f"noise rate {rate}")
        axes.set_xticks(range(len(TARGETS)), TARGETS, rotation=60)
    sheet.name_axes("", "MAP")
    sheet.legend(looks)
    return sheet.figure
