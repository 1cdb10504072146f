"""Ideas for Witness beside what it does, by validation and test MAP.

    OMP_NUM_THREADS=1 python -m benchmarks.witness_ideas

Needs data/features of the default grid; writes docs/data/witness_ideas.csv. Noise, folds and weights are those of the
grid's cells, so a row of "reference" is the cell of the grid. EM is run once per dataset, rate and seed and its result
given to all ideas that do not change it. An idea is judged by validation MAP alone; test MAP stands beside it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.witness_summary import summary
from pipeline.config.load import load
from pipeline.config.project import DEFAULT, Project
from pipeline.core import plugins
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.core.runs import Run
from pipeline.core.splits import Array, Embeddings, Split, Views
from pipeline.features.base import store as featurestore
from pipeline.learning.loop import Batch, Step
from pipeline.methods.base import Embedder
from pipeline.methods.base.label_em import LabelPosterior, expectation, joint_opinion, uniform_errors
from pipeline.methods.base.soft_regression import GaussianFeatures, SoftRegression, principal
from pipeline.methods.witness import Witness, WitnessNetwork
from pipeline.noise.base import Noise, make
from pipeline.retrieval.match_probability import match_embeddings
from pipeline.retrieval.ranking import mean_average_precision

NOISE = "symmetric"
CPU = torch.device("cpu")
Readout = Callable[[Views], Embeddings]
"""Features of new samples -> their embeddings."""
COLUMNS = ["idea", "dataset", "rate", "seed", "direction", "validation_map", "test_map"]


@dataclass(kw_only=True, eq=False)
class Taught(Witness):
    """Witness whose EM was done before."""

    believed: LabelPosterior

    def _recover(self, train: Split, views: Sequence[str], run: Run) -> LabelPosterior:
        return self.believed

    def readout(self, train: Split, valid: Split, run: Run) -> Readout:
        """Fit, and give what embeds new samples."""
        return self.fit(train, valid, run).at(BEST_VALIDATION).transform

    def targets(self, batch: Batch) -> dict[str, Tensor]:
        return {view: q.index_select(0, batch.index) for view, q in self._targets.items()}

    def log_probabilities(self, model: WitnessNetwork, views: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {view: F.log_softmax(model.prototypes(z), dim=1) for view, z in model(views).items()}


@dataclass(kw_only=True, eq=False)
class Bounded(Taught):
    """Generalised cross-entropy on the refined targets: (1 - (q'p)^b) / b (Zhang and Sabuncu, NeurIPS 2018)."""

    bound: float

    def loss(self, batch: Batch, model: WitnessNetwork, position: Step) -> dict[str, Tensor]:
        q = self.targets(batch)
        match = {v: (q[v] * log.exp()).sum(dim=1) for v, log in self.log_probabilities(model, batch.views).items()}
        terms = [((1 - p.clamp_min(1e-7) ** self.bound) / self.bound).mean() for p in match.values()]
        return {"total": torch.stack(terms).sum()}


@dataclass(kw_only=True, eq=False)
class EarlyLearning(Taught):
    """Cross-entropy plus log(1 - p'm), m a running mean of p (ELR: Liu et al., NeurIPS 2020)."""

    strength: float
    memory: float = 0.7

    def loss(self, batch: Batch, model: WitnessNetwork, position: Step) -> dict[str, Tensor]:
        if position.iteration == 0:
            self._means = {view: torch.zeros_like(q) for view, q in self._targets.items()}
        q, terms = self.targets(batch), []
        for view, log in self.log_probabilities(model, batch.views).items():
            mean = self.memory * self._means[view][batch.index] + (1 - self.memory) * log.detach().exp()
            self._means[view][batch.index] = mean
            held = (1 - (mean * log.exp()).sum(dim=1)).clamp_min(1e-4).log()
            terms.append(self.strength * held.mean() - (q[view] * log).sum(dim=1).mean())
        return {"total": torch.stack(terms).sum()}


@dataclass(kw_only=True, eq=False)
class Weighted(Taught):
    """Samples count by how sure EM is of them: 1 - entropy of q / log K."""

    def loss(self, batch: Batch, model: WitnessNetwork, position: Step) -> dict[str, Tensor]:
        q, terms = self.targets(batch), []
        for view, log in self.log_probabilities(model, batch.views).items():
            weight = 1 + torch.special.xlogy(q[view], q[view]).sum(dim=1) / np.log(q[view].shape[1])
            terms.append(-(weight * (q[view] * log).sum(dim=1)).sum() / weight.sum())
        return {"total": torch.stack(terms).sum()}


@dataclass(kw_only=True, eq=False)
class Agreeing(Taught):
    """Plus the cross-entropy of each view's prediction with the mean prediction of all views of the sample."""

    strength: float

    def loss(self, batch: Batch, model: WitnessNetwork, position: Step) -> dict[str, Tensor]:
        q, logs = self.targets(batch), self.log_probabilities(model, batch.views)
        mean = torch.stack([log.exp() for log in logs.values()]).mean(dim=0).detach()
        terms = [-((q[view] + self.strength * mean) * log).sum(dim=1).mean() for view, log in logs.items()]
        return {"total": torch.stack(terms).sum()}


@dataclass(kw_only=True, eq=False)
class Mixed(Taught):
    """Convex combinations of two samples and of their targets (mixup: Zhang et al., ICLR 2018)."""

    alpha: float

    def loss(self, batch: Batch, model: WitnessNetwork, position: Step) -> dict[str, Tensor]:
        share = torch.distributions.Beta(self.alpha, self.alpha).sample()
        other = torch.randperm(len(batch.index))
        q = {view: share * rows + (1 - share) * rows[other] for view, rows in self.targets(batch).items()}
        views = {view: share * x + (1 - share) * x[other] for view, x in batch.views.items()}
        terms = [-(q[v] * log).sum(dim=1).mean() for v, log in self.log_probabilities(model, views).items()]
        return {"total": torch.stack(terms).sum()}


@dataclass(kw_only=True, eq=False)
class Powered(Taught):
    """Readout of p^power, normalised: another temperature than that of training."""

    power: float

    def readout(self, train: Split, valid: Split, run: Run) -> Readout:
        embedder = self.fit(train, valid, run).at(BEST_VALIDATION)

        def embed(views: Views) -> Embeddings:
            powers = {view: p.astype(float) ** self.power for view, p in probabilities(embedder, views).items()}
            return match_embeddings({view: p / p.sum(axis=1, keepdims=True) for view, p in powers.items()})

        return embed


@dataclass(kw_only=True, eq=False)
class Kernel(Taught):
    """Readout of share * kernel regression on q + (1 - share) * network."""

    share: float

    def readout(self, train: Split, valid: Split, run: Run) -> Readout:
        embedder = self.fit(train, valid, run).at(BEST_VALIDATION)

        def embed(views: Views) -> Embeddings:
            mixed = {}
            for view, p in probabilities(embedder, views).items():
                kernel = self._judged(torch.tensor(train.views[view]), torch.tensor(views[view]))
                mixed[view] = self.share * kernel + (1 - self.share) * p
            return match_embeddings(mixed)

        return embed

    def _judged(self, train: Tensor, new: Tensor) -> Array:
        """New samples are a fold of their own, which no regression of theirs has seen."""
        draw = torch.Generator().manual_seed(0)
        x = GaussianFeatures(train, draw)(torch.cat([train, new]))
        fold = torch.cat([torch.zeros(len(train)), torch.ones(len(new))]).long()
        q = torch.tensor(self.believed.posterior)
        nothing = torch.full((len(new), q.shape[1]), 1 / q.shape[1], dtype=q.dtype)
        model = SoftRegression(principal(x), fold, q.shape[1], penalty_of(self.believed))
        judged: Array = model.fit(torch.cat([q, nothing]), 60)[len(train) :].exp().numpy()
        return judged


@dataclass(kw_only=True, eq=False)
class Two(Taught):
    """The mean prediction of two networks that are trained for `duration` times the epochs each."""

    duration: float

    def readout(self, train: Split, valid: Split, run: Run) -> Readout:
        method = Taught(**vars_of(self) | {"epochs": round(self.duration * self.epochs)})
        runs = [replace(run, seed=seed) for seed in (run.seed, run.seed + 1000)]
        pair = [method.fit(train, valid, one).at(BEST_VALIDATION) for one in runs]

        def embed(views: Views) -> Embeddings:
            parts = [probabilities(embedder, views) for embedder in pair]
            return match_embeddings({view: np.mean([part[view] for part in parts], axis=0) for view in views})

        return embed


@dataclass(kw_only=True, eq=False)
class DeepEM(Taught):
    """One more E-step with out-of-fold predictions of networks (network_share) and kernel regressions (the rest)."""

    network_share: float
    refresh: int = 10

    def readout(self, train: Split, valid: Split, run: Run) -> Readout:
        given = [torch.tensor(y) for y in train.labels.values()]
        q = torch.tensor(self.believed.posterior)
        draw = torch.Generator().manual_seed(run.seed)
        fold = torch.randperm(len(q), generator=draw) % self.folds
        logs = {view: torch.zeros_like(q) for view in train.views}
        for number in range(self.folds):
            seen, held = (np.flatnonzero(mask) for mask in (fold != number, fold == number))
            part = replace(self.believed, posterior=self.believed.posterior[seen])
            method = Taught(**vars_of(self) | {"believed": part, "epochs": self.refresh})
            embedder = method.fit(taken(train, seen), None, run).at(LAST_EPOCH)
            for view, p in probabilities(embedder, {v: x[held] for v, x in train.views.items()}).items():
                logs[view][held] = torch.tensor(p).double().clamp_min(1e-12).log()
        for view, rows in train.views.items():
            x = GaussianFeatures(torch.tensor(rows), draw)(torch.tensor(rows))
            kernel = SoftRegression(principal(x), fold, q.shape[1], penalty_of(self.believed)).fit(q, 60)
            logs[view] = self.network_share * logs[view] + (1 - self.network_share) * kernel
        opinion = joint_opinion([log.log_softmax(dim=1) for log in logs.values()], q)
        q = expectation(opinion, [uniform_errors(q, labels) for labels in given], given)
        better = replace(self.believed, posterior=q.numpy())
        return Taught(**vars_of(self) | {"believed": better}).readout(train, valid, run)


def probabilities(embedder: Embedder, views: Views) -> dict[str, Array]:
    """Class probabilities of a sample, n x K per view: the first columns of its match vector."""
    return {view: z[:, : embedder.classes] for view, z in embedder.transform(views).items()}


def penalty_of(believed: LabelPosterior) -> float:
    assert believed.penalty is not None, "EM ran without classifiers"
    return believed.penalty


def vars_of(method: Taught) -> dict[str, Any]:
    """The settings that a method was built with."""
    return {field.name: getattr(method, field.name) for field in fields(Taught)}


def taken(split: Split, rows: Array) -> Split:
    return Split(
        {view: x[rows] for view, x in split.views.items()},
        {view: y[rows] for view, y in split.labels.items()},
        np.arange(len(rows)),
        split.classes,
    )


def sharpened(believed: LabelPosterior, power: float) -> LabelPosterior:
    q = believed.posterior**power
    return replace(believed, posterior=q / q.sum(axis=1, keepdims=True))


Make = Callable[[dict[str, Any], LabelPosterior], Taught]
IDEAS: dict[str, Make] = {
    "reference": lambda settings, believed: Taught(**settings, believed=believed),
    "bounded loss .3": lambda settings, believed: Bounded(**settings, believed=believed, bound=0.3),
    "bounded loss .7": lambda settings, believed: Bounded(**settings, believed=believed, bound=0.7),
    "early learning 1": lambda settings, believed: EarlyLearning(**settings, believed=believed, strength=1.0),
    "weighted by certainty": lambda settings, believed: Weighted(**settings, believed=believed),
    "views agree .5": lambda settings, believed: Agreeing(**settings, believed=believed, strength=0.5),
    "mixup .2": lambda settings, believed: Mixed(**settings, believed=believed, alpha=0.2),
    "mixup 1": lambda settings, believed: Mixed(**settings, believed=believed, alpha=1.0),
    "sharper targets": lambda settings, believed: Taught(**settings, believed=sharpened(believed, 2.0)),
    "softer targets": lambda settings, believed: Taught(**settings, believed=sharpened(believed, 0.7)),
    "readout power .7": lambda settings, believed: Powered(**settings, believed=believed, power=0.7),
    "readout power 1.5": lambda settings, believed: Powered(**settings, believed=believed, power=1.5),
    "kernel .3": lambda settings, believed: Kernel(**settings, believed=believed, share=0.3),
    "kernel .5": lambda settings, believed: Kernel(**settings, believed=believed, share=0.5),
    "kernel 1": lambda settings, believed: Kernel(**settings, believed=believed, share=1.0),
    "two networks, half the epochs": lambda settings, believed: Two(**settings, believed=believed, duration=0.5),
    "two networks, twice the cost": lambda settings, believed: Two(**settings, believed=believed, duration=1.0),
    "dropouts .1 .3": lambda settings, believed: Taught(**settings | {"dropouts": (0.1, 0.3)}, believed=believed),
    "deep EM": lambda settings, believed: DeepEM(**settings, believed=believed, network_share=1.0),
    "deep EM with kernel": lambda settings, believed: DeepEM(**settings, believed=believed, network_share=0.5),
    "hidden 512": lambda settings, believed: Taught(**settings | {"hidden": [512]}, believed=believed),
}


def rows_of(project: Project, dataset: str, rate: float, seed: int, ideas: list[str]) -> Iterator[dict[str, Any]]:
    splits = featurestore.read(Path("data/features") / dataset).splits
    train, valid, test = splits["train"], splits["valid"], splits["test"]
    source = plugins.build("pipeline.noise", NOISE, Noise, project.noise_settings(NOISE, dataset))
    noise, _ = make(source, NOISE, dataset, train.labels, train.classes, rate, seed, train.views)
    given = noise.applied(train)
    settings = project.settings("witness", DEFAULT, dataset)
    run = Run(seed, CPU)
    believed = plugins.build("pipeline.methods", "witness", Witness, settings)._recover(given, list(given.views), run)
    for idea in ideas:
        embed = IDEAS[idea](settings, believed).readout(given, valid, run)
        on_valid, on_test = (mean_average_precision(embed(split.views), split.labels) for split in (valid, test))
        for direction, value in on_valid.items():
            yield {
                "idea": idea,
                "dataset": dataset,
                "rate": rate,
                "seed": seed,
                "direction": direction,
                "validation_map": round(value, 6),
                "test_map": round(on_test[direction], 6),
            }


@click.command()
@click.option("--dataset", "datasets", multiple=True, default=("emoji", "mnist3d"))
@click.option("--rate", "rates", type=float, multiple=True, default=(0.4, 0.8))
@click.option("--seed", "seeds", type=int, multiple=True, default=(0, 1, 2))
@click.option("--idea", "ideas", multiple=True, type=click.Choice(list(IDEAS)), help="Beside reference; repeat.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs/data/witness_ideas.csv"))
def main(
    datasets: tuple[str, ...], rates: tuple[float, ...], seeds: tuple[int, ...], ideas: tuple[str, ...], out: Path
) -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    project = load(Path("params.yaml"))
    out.parent.mkdir(parents=True, exist_ok=True)
    wanted = [idea for idea in IDEAS if idea in ("reference", *(ideas or IDEAS))]
    rows = []
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for dataset, rate, seed in product(datasets, rates, seeds):
            for row in rows_of(project, dataset, rate, seed, wanted):
                writer.writerow(row)
                rows.append(row)
    click.echo(summary(pd.DataFrame(rows)))


if __name__ == "__main__":
    main()
