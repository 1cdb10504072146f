"""Are the committed records those of the code and the parameters as they stand?"""

from __future__ import annotations

import click

from pipeline.errors import BadInput
from pipeline.evaluation.scoring import by_cell, read_cells
from pipeline.params import Params, block, method_settings
from pipeline.training.cells import code_fingerprint
from stages.command import stage
from stages.paths import RECORDS


@stage
def main(params: Params) -> None:
    """Recompute the code and parameter fingerprint of every record shown in the report.

    Example: python -m stages.tools.check_records
    """
    checked = 0
    for dataset in block(params, "report", "datasets"):
        for method in block(params, "report", "methods"):
            file = RECORDS / "cells" / dataset / f"{method}.csv"
            if not file.exists():
                continue
            for key, facts, _ in by_cell(read_cells(file)):
                settings = method_settings(params, method, key.variant, dataset)
                if facts["code"] != code_fingerprint(method, settings):
                    raise BadInput(f"cell '{key.name}' is older than the code", str(file), "run `dvc repro` and commit")
                checked += 1
    click.echo(f"{checked} cells were made by the code and parameters as they stand.")


if __name__ == "__main__":
    main()
