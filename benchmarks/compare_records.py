"""Do two folders of records hold the same numbers? Each may have a file per method or a file per dataset.

    python -m benchmarks.compare_records OLD NEW

Compared at the recorded digits: how every cell ended, its MAP by criterion and direction, suspicion, readout, curves
and epochs; confident learning, noise, probes and tuning. What one layout alone records (another metric, MAP@50,
statistics, fingerprints) is left out. Prints how many numbers are identical and every other one; exit code 1 if there
is any.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

Key = tuple[str, ...]
"""Kind of record, dataset, then all that names one number."""
Numbers = dict[Key, tuple[str, int]]
"""Its text, and the significant digits that it was written with."""
SIX, FOUR, ALL = 6, 4, 17


def numbers(folder: Path) -> Numbers:
    """Every number of a folder of records, in either layout."""
    collected: Numbers = {}
    for kind, read in TABLES.items():
        for dataset, method, row in _rows(folder / kind):
            collected |= {(kind, dataset, method, *key): value for key, value in read(row)}
    for kind, read_object in OBJECTS.items():
        for file in sorted((folder / kind).glob("*.json")):
            for item in json.loads(file.read_text(encoding="utf-8")):
                collected |= {(kind, file.stem, *key): value for key, value in read_object(item)}
    return collected


def same(one: tuple[str, int], other: tuple[str, int]) -> bool:
    """Whether two texts can be the same number: equal, or, written with different digits, apart by their rounding."""
    (text, digits), (other_text, other_digits) = one, other
    if text == other_text:
        return True
    try:
        a, b = float(text), float(other_text)
    except ValueError:
        return False
    if digits == other_digits:
        return a == b
    reach = sum(0.5 * 10.0 ** (_magnitude(x) - d + 1) for x, d in ((a, digits), (b, other_digits)))
    return abs(a - b) <= reach * (1 + 1e-9)


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else -300


def _rows(folder: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Dataset, method and row of every CSV file: <dataset>/<method>.csv, or <dataset>.csv with a column method."""
    for file in sorted(folder.rglob("*.csv")):
        with file.open(newline="", encoding="utf-8") as content:
            for row in csv.DictReader(content):
                apart = file.parent != folder
                dataset = file.parent.name if apart else file.stem
                yield dataset, file.stem if apart else row.get("method", folder.name), row


def _setting(row: dict[str, str]) -> Key:
    rate = f"{float(row['rate']):g}" if row["rate"] else ""
    return (row["variant"], row["noise"], rate, *([f"seed {row['seed']}"] if "seed" in row else []))


def _cells(row: dict[str, str]) -> Iterator[tuple[Key, tuple[str, int]]]:
    setting = _setting(row)
    yield (*setting, "status"), (f"{row['status']} {row['reason']}".strip(), ALL)
    maps = {name.removeprefix("map "): value for name, value in row.items() if name.startswith("map ")}
    if "direction" in row:
        maps = {row["direction"]: row["map"]}
    for direction, value in maps.items():
        if value:
            yield (*setting, row["criterion"], direction, "map"), (value, SIX)


def _epochs(row: dict[str, str]) -> Iterator[tuple[Key, tuple[str, int]]]:
    setting = _setting(row)
    if "measure" in row:
        for epoch, value in enumerate(row["values"].split(), start=1):
            if value != "nan":
                yield (*setting, row["measure"], f"epoch {epoch}"), (value, FOUR)
        return
    for name, value in row.items():
        if name not in ("variant", "noise", "rate", "epoch") and value:
            yield (*setting, name, f"epoch {row['epoch']}"), (value, SIX)


def _curves(row: dict[str, str]) -> Iterator[tuple[Key, tuple[str, int]]]:
    levels = {name.removeprefix("recall "): value for name, value in row.items() if name.startswith("recall ")}
    if "precision" in row:
        levels = {f"{float(row['recall']):.1f}": row["precision"]}
    for level, value in levels.items():
        yield (*_setting(row), row["direction"], f"recall {level}"), (value, SIX)


def _named(place: str, *measures: str) -> Callable[[dict[str, str]], Iterator[tuple[Key, tuple[str, int]]]]:
    def read(row: dict[str, str]) -> Iterator[tuple[Key, tuple[str, int]]]:
        for measure in measures:
            if row.get(measure):
                yield (*_setting(row), row[place], measure), (row[measure], SIX)

    return read


def _receipt(item: dict[str, Any]) -> Iterator[tuple[Key, tuple[str, int]]]:
    key = (item["kind"], f"{item['rate']:g}", f"seed {item['seed']}")
    for name in ("per_pair", "hash", "realised", "transition"):
        yield (*key, name), (json.dumps(item.get(name)), ALL)


def _probe(item: dict[str, Any]) -> Iterator[tuple[Key, tuple[str, int]]]:
    for name in ("dimension", "accuracy", "used"):
        yield (item["view"], item["extractor"], name), (json.dumps(item[name]), ALL)


def _trial(item: dict[str, Any]) -> Iterator[tuple[Key, tuple[str, int]]]:
    settings = json.dumps(item["settings"], sort_keys=True)
    for name in ("published", "maps", "reason"):
        yield (settings, name), (json.dumps(item[name], sort_keys=True), ALL)


_SUSPICION = _named("view", "auc", "precision", "wrong", "estimate", "certain")
TABLES = {
    "cells": _cells,
    "suspicion": _SUSPICION,
    "confident_learning": _SUSPICION,
    "readout": _named("direction", "temperature", "map"),
    "curves": _curves,
    "epochs": _epochs,
}
OBJECTS = {"noise": _receipt, "probes": _probe, "tuning": _trial}


@click.command()
@click.argument("old", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dataset", "datasets", multiple=True, help="Compare these alone; repeat. Leaves tuning out.")
def main(old: Path, new: Path, datasets: tuple[str, ...]) -> None:
    before, after = (
        {key: value for key, value in numbers(folder).items() if not datasets or key[1] in datasets}
        for folder in (old, new)
    )
    counts: dict[tuple[str, str], Counter[str]] = {}
    for key in dict.fromkeys([*before, *after]):
        count = counts.setdefault((key[0], key[1] if key[0] != "tuning" else ""), Counter())
        if key not in before or key not in after:
            side = "only in NEW" if key in after else "only in OLD"
            value = (after if key in after else before)[key][0]
            count[side] += 1
            print(f"{side}: {' '.join(filter(None, key))} = {value}")
        elif same(before[key], after[key]):
            count["identical"] += 1
        else:
            count["differ"] += 1
            print(f"differs: {' '.join(filter(None, key))}: {before[key][0]} -> {after[key][0]}")
    for (kind, dataset), count in counts.items():
        others = "".join(f", {count[name]} {name}" for name in ("differ", "only in OLD", "only in NEW") if count[name])
        print(f"{kind} {dataset}".strip() + f": {count['identical']} identical{others}")
    total = sum(counts.values(), Counter())
    print(f"together: {total['identical']} of {total.total()} identical")
    sys.exit(int(total["identical"] < total.total()))


if __name__ == "__main__":
    main()
