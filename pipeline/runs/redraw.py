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
    drawn = {
        name(dataset, seed): (dataset, seed)
        for dataset in dict.fromkeys(name for block in params["experiments"] for name in block["datasets"])
        for seed in seeds
    }
    datasets = {new: _drawn_by(old, params["datasets"][old], seed) for new, (old, seed) in drawn.items()}
    methods = {
        method: block | {"datasets": own | _of(own, drawn)} if (own := block.get("datasets")) else block
        for method, block in params["methods"].items()
    }
    experiments = [
        block | {"datasets": [name(dataset, seed) for dataset in block["datasets"] for seed in seeds]}
        for block in params["experiments"]
    ]
    return params | {"experiments": experiments, "datasets": params["datasets"] | datasets, "methods": methods}


def _drawn_by(dataset: str, block: dict[str, Any], seed: int) -> dict[str, Any]:
    load = (block.get("load") or {}) | {"seed": seed}
    return block | {"source": block.get("source") or dataset, "load": load, "seeds": [seed]}


def _of(settings: dict[str, Any], drawn: dict[str, tuple[str, int]]) -> dict[str, Any]:
    """Settings that a method has on a dataset, for all that were drawn from it."""
    return {new: settings[old] for new, (old, _) in drawn.items() if old in settings}
