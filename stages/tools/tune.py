"""Choose the settings of the methods, once, with the same budget for all."""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.progress import counting
from pipeline.features.base import store as featurestore
from pipeline.noise.base import Noise, make
from pipeline.records.tuning import TUNING
from pipeline.runs.tuning import best, configurations, tune, tuning_of
from stages.command import stage
from stages.paths import FEATURES, RECORDS


@stage
@click.argument("methods", nargs=-1)
def main(project: Project, methods: tuple[str, ...]) -> None:
    """Try the configurations of tuning.yaml for METHODS (all of the grid) and record validation MAP.

    Nothing is changed in params.yaml: the best configuration is printed, and check_records compares.

    Example: python -m stages.tools.tune mrl elrcmr
    """
    setup = tuning_of(project)
    dataset, kind, rate, seed = setup.dataset, setup.noise, setup.rate, setup.seed
    plans = {name: configurations(project, name) for name in methods or project.experiments[0].methods}
    features = featurestore.read(FEATURES / dataset)
    train = features.splits["train"]
    source = plugins.build("pipeline.noise", kind, Noise, project.noise_settings(kind, dataset))
    noise, _ = make(source, kind, dataset, train.labels, train.classes, rate, seed, train.views)
    for method, plan in plans.items():
        earlier = {trial["code"]: trial for trial in TUNING.read(RECORDS, method)}
        trials = []
        with counting(f"tuning {method}") as progress:
            for trial in tune(project, method, features, noise, earlier):
                trials.append(trial)
                progress(len(trials), len(plan))
        order = [settings for settings, _ in plan]
        trials.sort(key=lambda trial: order.index(trial["settings"]))
        TUNING.write(RECORDS, method, trials)
        chosen = best(trials)
        click.echo(f"{method}: {chosen['settings']}, mean validation MAP {chosen['maps'].get('mean')}")


if __name__ == "__main__":
    main()
