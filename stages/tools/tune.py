"""Choose the settings of the methods, once, with the same budget for all."""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.features.base import store as featurestore
from pipeline.noise.base import Noise, make
from pipeline.records.tuning import TUNING
from pipeline.runs.tuning import Trial, best, tune, tuned_variants, tuning_of, write_choice
from stages.command import stage
from stages.paths import FEATURES, RECORDS, TUNED


@stage
@click.argument("methods", nargs=-1)
def main(project: Project, methods: tuple[str, ...]) -> None:
    """Climb the ladders of tuning.yaml for METHODS (all that it names) and record validation MAP.

    What is best is written to tuned.yaml, from which every cell of the profile `default` is trained.

    Example: python -m stages.tools.tune mrl elrcmr
    """
    setup = tuning_of(project)
    dataset, kind, rate, seed = setup.dataset, setup.noise, setup.rate, setup.seed
    plans = {name: tuned_variants(project, name) for name in methods or setup.methods}
    features = featurestore.read(FEATURES / dataset)
    train = features.splits["train"]
    source = plugins.build("pipeline.noise", kind, Noise, project.noise_settings(kind, dataset))
    noise, _ = make(source, kind, dataset, train.labels, train.classes, rate, seed, train.views)
    for method, variants in plans.items():
        earlier = {trial["code"]: trial for trial in TUNING.read(RECORDS, method)}
        trials: list[Trial] = []
        for variant in variants:
            climbed = tune(project, method, variant, features, noise, earlier)
            trials += [{"variant": variant, **trial} for trial in climbed]
            chosen = best(climbed)
            click.echo(f"{method}, {variant}: {chosen['settings']}, validation MAP {chosen['maps']}")
            TUNING.write(RECORDS, method, trials)
            write_choice(TUNED, method, variant, chosen["settings"])


if __name__ == "__main__":
    main()
