"""Are the committed records those of the code and the parameters as they stand?"""

from __future__ import annotations

import click

from pipeline.config.params import Params, block
from pipeline.core.errors import BadInput
from pipeline.evaluation.scoring import by_cell
from pipeline.records.reader import Records
from pipeline.reporting.results.report_scope import shown_grid
from pipeline.runs import tuning
from pipeline.runs.fingerprint import code_fingerprint
from pipeline.runs.plan import build
from stages.command import stage
from stages.paths import RECORDS


@stage
def main(params: Params) -> None:
    """Recompute the code and parameter fingerprint of every record shown in the report, and compare the settings of
    the grid with what tuning chose.

    Example: python -m stages.tools.check_records
    """
    checked, records = 0, Records(RECORDS)
    for dataset in block(params, "report", "datasets"):
        for method in shown_grid(params, dataset)["methods"]:
            for key, facts, _ in by_cell(records.cells(dataset, method)):
                if facts["code"] != code_fingerprint(build(params, key)):
                    raise BadInput(
                        f"cell '{key.name}' is older than the code",
                        f"{dataset}, {method}",
                        "run `dvc repro` and commit",
                    )
                checked += 1
    tuned = block(params, "grid", "methods")
    for method in tuned:
        tuning.check(params, method, records.tuning(method))
    click.echo(
        f"{checked} cells were made by the code and parameters as they stand; {len(tuned)} methods are set as tuned."
    )


if __name__ == "__main__":
    main()
