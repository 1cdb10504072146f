"""A page of one's own from made records: methods whose test embeddings are random, or know a share of the classes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pipeline.core.cells import DONE, CellKey
from pipeline.core.criteria import BEST_VALIDATION
from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput, PipelineError
from pipeline.core.runs import LabelNoise
from pipeline.explore.own_page.own_page import Links, page
from pipeline.explore.suspects.suspects import Suspects
from pipeline.records import descriptions
from pipeline.records.probes import PROBES
from pipeline.records.reader import Records
from pipeline.retrieval.chance import chance_limit, chance_map
from pipeline.retrieval.majority import majority_accuracy, majority_map
from pipeline.retrieval.ranking import mean_average_precision
from tests.support import tiny
from tests.support.records import write_cells

TEST = np.arange(60) % 3
CLASSES = ["cats", "dogs <b>", "birds"]
LINKS = Links("reports/viewer/emoji.html", "suspects/emoji.html", "suspects/emoji.csv")
NO_SUSPECTS = BadInput("no label is more suspicious than another", "Witness", "try other extractors")


def records(folder: Path, known: float) -> Records:
    """known: the weight of the class in what a method embeds, 0 for random features."""
    rng = np.random.default_rng(0)
    labels = {"image": TEST, "text": TEST}
    for method, noise, rate, seed in (("mcca", "", "", ""), ("ce", "symmetric", 0.2, 0)):
        z = {view: known * np.eye(3)[TEST] + rng.standard_normal((len(TEST), 3)) for view in labels}
        write_cells(
            folder,
            "emoji",
            method,
            [
                ["default", noise, rate, seed, BEST_VALIDATION, direction, f"{value:.6g}", DONE, "", "c", "f"]
                for direction, value in mean_average_precision(z, labels).items()
            ],
        )
    described = {
        "classes": CLASSES,
        "sizes": {"train": 24, "valid": 9, "test": len(TEST)},
        "clean": False,
        "chance": chance_map(TEST),
        "chance_limit": chance_limit(TEST),
        "majority": majority_accuracy(TEST, TEST),
        "majority_map": majority_map(TEST, TEST),
        "views": {"image": {"extractor": "Pixels", "dimension": 5}, "text": {"extractor": "Doc2Vec", "dimension": 4}},
    }
    descriptions.file(folder, "emoji").parent.mkdir(parents=True, exist_ok=True)
    descriptions.file(folder, "emoji").write_text(json.dumps(described), encoding="utf-8")
    accuracies = {"image": 0.35 if not known else 0.9, "text": 0.3 if not known else 0.8}
    rows = [
        {"view": view, "extractor": name, "dimension": 5, "accuracy": accuracies[view], "used": True}
        for view, name in (("image", "Pixels"), ("text", "Doc2Vec"))
    ]
    PROBES.write(folder, "emoji", rows)
    return Records(folder)


def suspects(noise: LabelNoise | None, count: int = 40) -> Suspects:
    """What a method says of so many pairs of grey squares and texts, the last the most suspicious."""
    given, places = np.arange(count) % 3, np.arange(count)
    pictures = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 16, 16, 3))
    views = {
        "image": RawView("image", np.ascontiguousarray(pictures)),
        "text": RawView("text", [f"<i>text {row}</i> {'with many words ' * 20}" for row in places]),
    }
    return Suspects(
        CellKey("emoji", "witness", "default", None, None, 0),
        np.array([f"id{row}" for row in places], dtype=object),
        np.array(CLASSES, dtype=object),
        views,
        dict.fromkeys(views, places),
        {view: np.random.default_rng(0).standard_normal((count, 4)) for view in views},
        np.repeat(["train", "test"], count // 2),
        dict.fromkeys(views, given),
        dict.fromkeys(views, places / count),
        (given + 1) % 3,
        None,
        {},
        noise,
    )


def write(folder: Path, known: float, judged: Suspects | PipelineError, links: Links = LINKS) -> str:
    return page(tiny.project(), "emoji", records(folder, known), judged, "Witness", links)
