"""Experiments whose seeds draw splits of their own: each seed of a dataset becomes a dataset."""

from __future__ import annotations

from typing import Any


def name(dataset: str, seed: int) -> str:
    """Name of the dataset whose split a seed has drawn."""
    return f"{dataset}_{seed}"


def redrawn(params: dict[str, Any]) -> dict[str, Any]:
    """The content of params.yaml with every dataset of its experiments replaced by one per seed of the first of them.

    Split, features where they are learned, noise and initial weights are then those of the seed.
    """
    seeds = params["experiments"][0]["seeds"]
    datasets = {
        name(dataset, seed): _drawn_by(dataset, params["datasets"][dataset], seed)
        for dataset in params["experiments"][0]["datasets"]
        for seed in seeds
    }
    experiments = [
        experiment | {"datasets": [name(dataset, seed) for dataset in experiment["datasets"] for seed in seeds]}
        for experiment in params["experiments"]
    ]
    return params | {"experiments": experiments, "datasets": params["datasets"] | datasets}


def _drawn_by(dataset: str, block: dict[str, Any], seed: int) -> dict[str, Any]:
    load = (block.get("load") or {}) | {"seed": seed}
    return block | {"source": block.get("source") or dataset, "load": load, "seeds": [seed]}
