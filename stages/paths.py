"""Where the stages read and write, relative to the project's root."""

from pathlib import Path

PARAMS = Path("params.yaml")
BROUGHT = Path("files")
RAW = Path("data/raw")
AP = Path("data/ap")
FEATURES = Path("data/features")
NOISE = Path("data/noise")
RUNS = Path("data/runs")
CELLS = Path(".cells")
REPORTS = Path("reports")
RECORDS = REPORTS / "records"
COSTS = REPORTS / "cost.csv"
MACHINE = REPORTS / "machine.json"
