"""A method beside itself with one part left out."""

from __future__ import annotations

from dataclasses import replace

from pipeline.records.reader import Records
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.comparison import comparison
from pipeline.reporting.tables.table import Table


def ablations(records: Records, results: Results, noise: str) -> list[Table]:
    """A headline table under one noise for every ablated method, of that method and its ablations alone.

    A method counts as ablated if a variant listed in `report.ablations` has records under this noise.
    """
    tables = []
    for method in results.scope.methods:
        variants = results.scope.ablations.get(method.name, ())
        scope = replace(results.scope, methods=[replace(method, variants=("default", *variants))])
        reduced = Results(records, scope)
        recorded = [reduced.rows(entry)["noise"] for entry in scope.entries[1:]]
        if not any((noises.isna() | (noises == noise)).any() for noises in recorded):
            continue
        table = comparison(reduced, noise, results.headline)
        tables.append(
            replace(
                table,
                name=f"{results.dataset.name}_{noise}_{method.name}_ablations",
                title=f"{results.dataset.display}, parts of {method.display}",
                caption=f"{method.display} with one part left out or put in another's place. {table.caption}",
                folded=False,
            )
        )
    return tables
