"""The model card of a bundle: what was trained on what, how well it retrieves, and where that ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from safetensors import safe_open

from pipeline.config.project import Project
from pipeline.core.cells import CellKey
from pipeline.data.base import configured
from pipeline.explore.search.loaded_run import LoadedRun, model_file
from pipeline.records.reader import Records
from pipeline.reporting.results.report_scope import noise_words
from pipeline.reporting.results.results import CRITERION_NAMES
from pipeline.runs.finished_cell import FinishedCell

PACKAGES = ("torch", "numpy", "scikit-learn", "gensim", "pillow", "safetensors")


def model_card(project: Project, cell: FinishedCell, loaded: LoadedRun, records: Records) -> str:
    """The text of README.md, in Markdown."""
    assert loaded.raw is not None
    headline = cell.states[0]
    with safe_open(model_file(cell), "np") as stored:
        settings = json.loads(stored.metadata()["about"])["settings"]
    environment = Environment(
        loader=PackageLoader("pipeline.explore.search", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    vocabularies = {view: loaded.extractor(view).vocabulary() for view in loaded.forms}
    return environment.get_template("card.md.j2").render(
        key=loaded.key,
        noise=loaded.key.noise and noise_words(loaded.key.noise),
        method=loaded.method,
        settings=json.dumps(settings, indent=1),
        dataset=configured(project, loaded.key.dataset),
        class_names=loaded.class_names,
        train=int((loaded.raw.split == "train").sum()),
        test=int((loaded.raw.split == "test").sum()),
        realised=realised(records.receipts(loaded.key.dataset), loaded.key),
        views=[(view, form, loaded.extractor(view).display) for view, form in loaded.forms.items()],
        words={view: len(words) for view, words in vocabularies.items() if words is not None},
        criterion=CRITERION_NAMES[headline],
        fingerprint=cell.fingerprint,
        scores=scores(records.cells(loaded.key.dataset, loaded.key.method), cell.fingerprint, headline),
        packages={name: version(name) for name in PACKAGES},
    )


def scores(cells: pd.DataFrame, fingerprint: str, criterion: str) -> list[dict[str, Any]]:
    """Test MAP per direction of the cell with this fingerprint; none where the records do not hold this very cell.

    mean, std and seeds: over all cells that differ from it in the seed alone.
    """
    cells = cells[(cells["status"] == "done") & (cells["criterion"] == criterion)]
    rows = []
    for _, own in cells[cells["fingerprint"] == fingerprint].iterrows():
        same = cells[(cells["variant"] == own["variant"]) & (cells["direction"] == own["direction"])]
        if pd.notna(own["noise"]):
            same = same[(same["noise"] == own["noise"]) & (same["rate"] == own["rate"])]
        seeds = [int(seed) for seed in same["seed"].dropna()]
        spread = {"mean": float(same["map"].mean()), "std": float(same["map"].std()), "seeds": seeds}
        rows.append({"direction": own["direction"], "map": float(own["map"]), **spread})
    return rows


def realised(receipts: Sequence[dict[str, Any]], key: CellKey) -> dict[str, float]:
    """View -> share of training labels that are really wrong; empty without a receipt of the cell's noise."""
    for receipt in receipts:
        if (receipt["kind"], receipt["rate"], receipt["seed"]) == (key.noise, key.rate, key.seed):
            return dict(receipt["realised"])
    return {}
