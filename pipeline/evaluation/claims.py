"""AP of every query of experiments whose seeds drew their own splits -> endpoints and the comparisons behind a claim.

The endpoint of a seed is the mean over queries, rates and directions. Rivals are read the same way as the claimed
method. One that is taught by the claimed method's own label model is compared as well, but is not among the rivals that
the claim is about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.project import DEFAULT, Experiment, Project
from pipeline.core.readouts import READOUTS
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.evaluation import precisions
from pipeline.evaluation.hierarchical import against_best, nested_interval, paired_differences
from pipeline.methods.base.targets import EM
from pipeline.records.claims import CLAIMS
from pipeline.records.endpoints import ENDPOINTS
from pipeline.runs.redraw import name

ROUNDS = 10_000
TAIL = 0.025

Entry = tuple[str, str]
"""Method and variant."""
Ap = Mapping[tuple[str, str], Mapping[Entry, list[Array]]]
"""(noise, readout) -> entry -> AP of each seed, Q x C, a column per rate and direction."""


def write_claims(project: Project, experiment: Experiment, trained: Path, records: Path) -> None:
    """Write the records of an experiment that claims something. trained: folder of the AP of all drawn datasets."""
    assert experiment.claim is not None
    for dataset in experiment.datasets:
        folders = {seed: trained / name(dataset, seed) for seed in experiment.seeds}
        ap = collected(folders)
        kin = [
            (method, variant)
            for method, variants in experiment.methods.items()
            for variant in variants
            if project.settings(method, variant, dataset).get("targets") == EM
        ]
        ENDPOINTS.write(records, dataset, endpoint_rows(ap, experiment.seeds))
        CLAIMS.write(records, dataset, claim_rows(ap, (experiment.claim, DEFAULT), kin, dataset))


def collected(folders: Mapping[int, Path]) -> Ap:
    """The AP of entries with labels that have all columns in every seed. folders: seed -> that of <method>.npz."""
    columns: dict[tuple[str, str], dict[Entry, dict[int, dict[tuple[Any, ...], Array]]]] = defaultdict(dict)
    for seed, folder in folders.items():
        for file in sorted(folder.glob("*.npz")):
            for one in precisions.read(file):
                if not one.noise:
                    continue
                entry = (file.stem, one.variant)
                seeds = columns[one.noise, one.readout].setdefault(entry, {})
                seeds.setdefault(seed, {})[one.rate, one.direction] = one.ap
    complete: dict[tuple[str, str], dict[Entry, list[Array]]] = {}
    for place, entries in columns.items():
        wanted = max((set(ap) for seeds in entries.values() for ap in seeds.values()), key=len)
        complete[place] = {
            entry: [np.stack([seeds[seed][column] for column in sorted(wanted)], axis=1) for seed in folders]
            for entry, seeds in entries.items()
            if set(seeds) == set(folders) and all(set(ap) == wanted for ap in seeds.values())
        }
    return complete


def endpoint_rows(ap: Ap, seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the record of endpoints."""
    for (noise, readout), entries in ap.items():
        for (method, variant), by_seed in entries.items():
            row = {"noise": noise, "readout": readout, "method": method, "variant": variant}
            for seed, values in zip(seeds, by_seed, strict=True):
                yield row | {"seed": seed, "map": float(values.mean())}


def claim_rows(ap: Ap, claimed: Entry, kin: Sequence[Entry], dataset: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of the record of claims. kin: entries that share the claimed method's label model."""
    for (noise, readout), entries in ap.items():
        if readout not in READOUTS or claimed not in entries:
            continue
        own = entries[claimed]
        others = {entry: values for entry, values in entries.items() if entry != claimed}
        place = {"claimed": claimed[0], "noise": noise, "readout": readout}
        for entry, values in others.items():
            yield place | _row(own, {entry: values}, 0, dataset, noise, readout)
        rivals = {entry: values for entry, values in others.items() if entry[0] != claimed[0] and entry not in kin}
        if rivals:
            yield place | _row(own, rivals, 1, dataset, noise, readout)


def _row(own: list[Array], rivals: Mapping[Entry, list[Array]], best: int, *words: str) -> dict[str, Any]:
    compared = against_best(own, {"/".join(entry): values for entry, values in rivals.items()})
    method, variant = compared.rival.split("/")
    differences = paired_differences(own, rivals[method, variant])
    rng = generator(0, "claims", *words, method, variant)
    low, high = (end if np.isfinite(end) else None for end in nested_interval(differences, ROUNDS, rng, TAIL))
    row = {"method": method, "variant": variant, "difference": compared.difference, "low": compared.low}
    ends = {"high": compared.high, "p": compared.p, "nested_low": low, "nested_high": high}
    return row | ends | {"seeds": compared.seeds, "best": best}
