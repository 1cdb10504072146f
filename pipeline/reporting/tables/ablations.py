"""A method beside itself with one part left out."""

from __future__ import annotations

from dataclasses import replace

from pipeline.records.reader import Records
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.comparison import comparison
from pipeline.reporting.tables.table import Table


def ablations(records: Records, results: Results, noise: str) -> list[Table]:
    """The headline table under one noise of every method that has numbers of a variant of `report.ablations`, of
    nothing but it."""
    made = []
    for method in results.scope.methods:
        lacking = results.scope.ablations.get(method.name, ())
        apart = replace(results.scope, methods=[replace(method, variants=("default", *lacking))])
        found = Results(records, apart)
        met = [found.rows(entry)["noise"] for entry in apart.entries[1:]]
        if not any((noises.isna() | (noises == noise)).any() for noises in met):
            continue
        table = comparison(found, noise, results.headline)
        made.append(
            replace(
                table,
                name=f"{results.dataset.name}_{noise}_{method.name}_ablations",
                title=f"{results.dataset.display}, parts of {method.display}",
                caption=f"{method.display} with one part left out or put in another's place. {table.caption}",
            )
        )
    return made
