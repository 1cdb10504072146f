"""Which training labels look wrong, for a person to check."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.data.base import configured
from pipeline.data.base import store as raw_store
from pipeline.explore.suspects import suspect_sheet, suspects
from pipeline.features.base import store as feature_store
from pipeline.methods.base import Method
from pipeline.noise.base import store as noise_store
from stages.command import stage
from stages.paths import FEATURES, NOISE, RAW, RUNS


@stage
@click.option("--dataset", required=True, help="A dataset that METHOD was trained on.")
@click.option("--method", required=True, help="A method that gives class scores, such as mrl.")
@click.option("--variant", default="default", show_default=True, help="Its variant.")
@click.option("--noise", help="The kind of noise; `given` for labels of your own. Not needed where there is one.")
@click.option("--rate", type=float, help="The noise rate. Not needed where there is one.")
@click.option("--seed", type=int, help="The seed.  [default: the experiment's first]")
@click.option("--out", type=click.Path(path_type=Path), default="build/suspects", show_default=True, help="A folder.")
def main(
    project: Project,
    dataset: str,
    method: str,
    variant: str,
    noise: str | None,
    rate: float | None,
    seed: int | None,
    out: Path,
) -> None:
    """Write the training labels that a trained METHOD finds suspicious: a CSV with all of them, the most suspicious
    first, and an HTML sheet of the first 300 samples, on which decisions are kept and downloaded as CSV.

    Example: python -m stages.tools.suspects --dataset emoji --method mrl --noise symmetric --rate 0.4
    """
    source = configured(project, dataset)
    project.method(method)
    seed = project.grids(dataset)[0].seeds[0] if seed is None else seed
    cell = suspects.find_cell(RUNS / dataset, method, variant, noise, rate, seed)
    draw = noise_store.read(NOISE / dataset / noise_store.file_name(cell.key.noise, cell.key.rate, cell.key.seed))
    features = feature_store.read(FEATURES / dataset, ["train"])
    suspected = suspects.collect(cell, raw_store.read(RAW / dataset), features, *draw, known=source.clean)
    display = plugins.find("pipeline.methods", method, Method).display
    table, sheet = suspect_sheet.write(suspected, out, source.display, display)
    if suspected.estimate:
        click.echo(suspected.estimate)
    click.echo(f"Table: {table}\nSheet: {sheet.resolve().as_uri()}")


if __name__ == "__main__":
    main()
