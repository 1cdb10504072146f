"""The pictures of MLflow in README: python -m tests.browser.screenshots, where mlflow.db holds the runs of the grid."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from mlflow import MlflowClient

from tests.support.chromium import Chromium, Page, installed

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
DATABASE = f"sqlite:///{ROOT / 'mlflow.db'}"
DATASET, RUN = "emoji", "mrl, symmetric 0.4, seed 0"
PORT = 5099
START_SECONDS, DRAW_SECONDS = 120, 8


def main() -> None:
    browser = installed()
    if browser is None:
        sys.exit("There is no Chromium on this machine: install one.")
    client = MlflowClient(DATABASE)
    experiment = client.get_experiment_by_name(DATASET)
    if experiment is None:
        sys.exit(f"mlflow.db: no runs of {DATASET}; run make reproduce first.")
    run = client.search_runs([experiment.experiment_id], f'run_name = "{RUN}"')[0].info.run_id
    runs = f"#/experiments/{experiment.experiment_id}/runs"
    address = f"http://127.0.0.1:{PORT}"
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", DATABASE, "--port", str(PORT)]
    server = subprocess.Popen([*command, "--workers", "1"], cwd=ROOT)
    try:
        _wait(address)
        IMAGES.mkdir(exist_ok=True)
        with Chromium(browser) as chromium:
            page = chromium.page()
            page.resize(1280, 760)
            _open(page, f'{address}/{runs}?searchFilter=tags.kind%20%3D%20"cell"')
            _click(page, "button[aria-label='Close']")
            _click(page, "button[aria-label='Toggle sidebar']")
            for tag in ("method", "rate"):
                _click(page, "button", "Group by")
                _click(page, "[role^=menuitem]", tag)
            _shoot(page, IMAGES / "mlflow_runs.png")
            _open(page, f"{address}/{runs}/{run}/model-metrics")
            _shoot(page, IMAGES / "mlflow_curves.png")
    finally:
        server.terminate()
        server.wait()


def _wait(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urlopen(address, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.5)
    sys.exit(f"{address} did not answer within {START_SECONDS} s.")


def _open(page: Page, address: str) -> None:
    page.send("Page.navigate", url=address)
    time.sleep(DRAW_SECONDS)


def _click(page: Page, selector: str, text: str = "") -> None:
    """The first element that the selector finds and whose text begins so."""
    result = f"[...document.querySelectorAll({selector!r})].find(e => e.innerText.startsWith({text!r}))"
    place = page.evaluate(f"(b => [b.x + b.width / 2, b.y + b.height / 2])(({result}).getBoundingClientRect())")
    for kind in ("mousePressed", "mouseReleased"):
        page.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
    time.sleep(1)


def _shoot(page: Page, file: Path) -> None:
    time.sleep(DRAW_SECONDS)
    page.screenshot(file)


if __name__ == "__main__":
    main()
