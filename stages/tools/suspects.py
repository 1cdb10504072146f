"""Which labels look wrong, for a person to check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipeline.config.project import Project
from pipeline.core.errors import BadParams
from pipeline.explore.suspects import suspect_sheet
from pipeline.explore.suspects.asked import Asked, Places, answer
from stages.command import stage
from stages.home import home_of
from stages.paths import FEATURES, JUDGED, NOISE, RAW, RUNS

PLACES = Places(RAW, FEATURES, NOISE, RUNS, JUDGED)


@stage
@click.argument("name", metavar="[DATASET]", required=False)
@click.option("--dataset", help="The same as DATASET.")
@click.option("--method", default="witness", show_default=True, help="A method that gives class scores, such as mrl.")
@click.option("--variant", default="default", show_default=True, help="Its variant.")
@click.option("--noise", help="The kind of noise; `given` for labels of your own. Not needed where there is one.")
@click.option("--rate", type=float, help="The noise rate. Not needed where there is one.")
@click.option("--seed", type=int, help="The seed.  [default: the experiment's first]")
@click.option("--every-split", is_flag=True, help="Judge all labels of DATASET, as is done where none are clean.")
@click.option("--out", type=click.Path(path_type=Path), default="build/suspects", show_default=True, help="A folder.")
def main(project: Project, name: str | None, dataset: str | None, out: Path, **asked: Any) -> None:
    """Write the labels that METHOD finds suspicious: a CSV with all of them, the most suspicious first, and an HTML
    sheet of the first 300 samples, on which decisions are kept and downloaded as CSV.

    Of a dataset whose labels are noisy everywhere (`clean: false`), those of every split, each judged by a fit that did
    not see it, and how good each annotator is; of others the training labels of a finished cell.

    Example: python -m stages.tools.suspects --dataset emoji --method mrl --noise symmetric --rate 0.4
    """
    named = name or dataset
    if named is None or (name and dataset and name != dataset):
        raise BadParams("one dataset is needed", "suspects", "name it, as in `stages.tools.suspects my_photos`")
    folder = out.absolute()
    with home_of(named) as own:
        suspected, display, method = answer(own, named, Asked(**asked), PLACES)
        table, sheet = suspect_sheet.write(suspected, folder, display, method)
    if suspected.estimate:
        click.echo(suspected.estimate)
    click.echo(f"Table: {out / table.name}\nSheet: {sheet.resolve().as_uri()}")


if __name__ == "__main__":
    main()
