"""The model card of a bundle: what was trained on what, how well it retrieves, and where that ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from safetensors import safe_open

from pipeline.config.project import Project
from pipeline.core.cells import CellKey
from pipeline.data.base import configured
from pipeline.explore.search.extractor_state import vocabulary
from pipeline.explore.search.loaded_run import Trained, headline, model_file, result_of
from pipeline.records.reader import Records
from pipeline.reporting.results.report_scope import noise_words
from pipeline.reporting.results.results import CRITERION_NAMES

PACKAGES = ("torch", "numpy", "scikit-learn", "gensim", "pillow", "safetensors")


def card(project: Project, run: Path, trained: Trained, records: Records) -> str:
    """The text of README.md, in Markdown. run: the folder of the finished cell."""
    assert trained.raw is not None
    fingerprint, criterion = result_of(run)["fingerprint"], headline(run)
    with safe_open(model_file(run), "np") as stored:
        settings = json.loads(stored.metadata()["about"])["settings"]
    environment = Environment(
        loader=PackageLoader("pipeline.explore.search", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("card.md.j2").render(
        key=trained.key,
        noise=trained.key.noise and noise_words(trained.key.noise),
        method=trained.method,
        settings=json.dumps(settings, indent=1),
        dataset=configured(project, trained.key.dataset),
        class_names=trained.class_names,
        train=int((trained.raw.split == "train").sum()),
        test=int((trained.raw.split == "test").sum()),
        realised=realised(records.receipts(trained.key.dataset), trained.key),
        views=[(view, form, trained.fitted(view).display) for view, form in trained.forms.items()],
        words={view: len(known) for view in trained.forms if (known := vocabulary(trained.fitted(view))) is not None},
        criterion=CRITERION_NAMES[criterion],
        fingerprint=fingerprint,
        scores=scores(records.cells(trained.key.dataset, trained.key.method), fingerprint, criterion),
        packages={name: version(name) for name in PACKAGES},
    )


def scores(cells: pd.DataFrame, fingerprint: str, criterion: str) -> list[dict[str, Any]]:
    """Per direction the test MAP of the cell with this fingerprint, and mean, standard deviation and seeds of all that
    differ from it in the seed alone; none where the records do not hold this very cell."""
    cells = cells[(cells["status"] == "done") & (cells["criterion"] == criterion)]
    found = []
    for _, own in cells[cells["fingerprint"] == fingerprint].iterrows():
        same = cells[(cells["variant"] == own["variant"]) & (cells["direction"] == own["direction"])]
        if pd.notna(own["noise"]):
            same = same[(same["noise"] == own["noise"]) & (same["rate"] == own["rate"])]
        seeds = [int(seed) for seed in same["seed"].dropna()]
        spread = {"mean": float(same["map"].mean()), "std": float(same["map"].std()), "seeds": seeds}
        found.append({"direction": own["direction"], "map": float(own["map"]), **spread})
    return found


def realised(receipts: Sequence[dict[str, Any]], key: CellKey) -> dict[str, float]:
    """View -> share of training labels that are really wrong; none where no receipt tells."""
    for receipt in receipts:
        if (receipt["kind"], receipt["rate"], receipt["seed"]) == (key.noise, key.rate, key.seed or 0):
            return dict(receipt["realised"])
    return {}
