"""Where the stages read and write, relative to the project's root."""

from pathlib import Path

PARAMS = Path("params.yaml")
TUNED = Path("tuned.yaml")
BROUGHT = Path("files")
BUILD = Path("build")
RAW = Path("data/raw")
FINDINGS = Path("data/findings")
AP = Path("data/ap")
FEATURES = Path("data/features")
PARTS = Path("data/parts")
NOISE = Path("data/noise")
PLAN = Path("data/plan")
DRAWS = Path("data/draws")
RUNS = Path("data/runs")
CELLS = Path(".cells")
REPORTS = Path("reports")
VIEWER = REPORTS / "viewer"
RECORDS = REPORTS / "records"
COSTS = REPORTS / "cost.csv"
MACHINE = REPORTS / "machine.json"
