"""One epoch of MRL at the size of NUS-WIDE and the paper's widths, on the CPU with all cores, on generated features.

    python -m benchmarks.nus_wide_epoch --pairs 5000

Prints seconds and the peak of resident memory as measured, then what a step must compute and move and what that gives
for a GPU. The latter is arithmetic, not a measurement: products of the linear layers alone, and per parameter the bytes
of reading weights, writing gradients and one fused Adam; activations, losses and kernel launches are left out.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

import click
import numpy as np
import torch
from torch import nn

from pipeline.config.load import load
from pipeline.config.project import DEFAULT
from pipeline.core import plugins
from pipeline.core.splits import Array, Split
from pipeline.data.nus_wide import CLASSES, SIZES
from pipeline.learning.loop import Batch, run_epochs
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.mrl import MRL
from pipeline.retrieval.ranking import mean_average_precision

WIDTHS = {"image": 4096, "text": 300}
FORWARD, BACKWARD, GRADIENT, ADAM = 4, 4, 4, 28
"""Bytes per parameter and step: weights read forward, read again for the gradient of a layer's input (not needed for
first layers), the gradient written, and Adam: parameter, gradient and both moments read, all but the gradient written.
"""
GPU, BANDWIDTH = "H100 (SXM)", 0.85 * 3.35e12
"""Bytes per second: 85 % of what the data sheet gives."""
RATES = {"fp32": 0.6 * 67e12, "TF32": 0.6 * 495e12}
"""Floating-point operations per second: 60 % of the data sheet."""


def generated(rng: np.random.Generator, size: int) -> Split:
    labels = rng.integers(0, CLASSES, size)
    views = {view: rng.standard_normal((size, width), dtype=np.float32) for view, width in WIDTHS.items()}
    return Split(views, dict.fromkeys(views, labels), np.arange(size), CLASSES)


def peak() -> float:
    """Largest resident memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9


def embedded(model: PrototypeNetwork, split: Split) -> dict[str, Array]:
    with torch.inference_mode():
        return {view: model.encode(view, torch.from_numpy(x)).numpy() for view, x in split.views.items()}


def work(model: PrototypeNetwork, batch: int) -> tuple[float, float, float]:
    """Operations of a step's products, bytes of all but Adam, bytes of Adam."""
    layers = [[m for m in encoder.modules() if isinstance(m, nn.Linear)] for encoder in model.encoders.values()]
    weights = sum(layer.weight.numel() for encoder in layers for layer in encoder)
    first = sum(encoder[0].weight.numel() for encoder in layers)
    parameters = sum(p.numel() for p in model.parameters())
    operations = 2 * batch * (3 * weights - first)
    moved = (FORWARD + BACKWARD + GRADIENT) * parameters - BACKWARD * first
    return operations, moved, ADAM * parameters


@click.command()
@click.option("--pairs", default=SIZES["train"], show_default=True, help="Training pairs.")
def main(pairs: int) -> None:
    torch.set_num_threads(os.cpu_count() or 1)
    settings = load(Path("params.yaml")).settings("mrl", DEFAULT, "nus_wide")
    method = plugins.build("pipeline.methods", "mrl", MRL, settings | {"epochs": 1})
    rng = np.random.default_rng(0)
    click.echo(
        f"{pairs} pairs, inputs {WIDTHS}, hidden {method.hidden}, embedding {method.embedding}, "
        f"batch {method.batch_size}, {torch.get_num_threads()} threads"
    )
    given, valid = generated(rng, pairs), generated(rng, SIZES["valid"])
    data = Batch.of(given, torch.device("cpu"))
    model = method.build(WIDTHS, CLASSES)
    before = peak()
    start = time.perf_counter()
    run_epochs(method, model, data, torch.Generator().manual_seed(0), lambda model, epoch: {})
    trained = time.perf_counter() - start
    steps = -(-pairs // method.batch_size)
    start = time.perf_counter()
    mean_average_precision(embedded(model, valid), valid.labels)
    validated = time.perf_counter() - start

    operations, moved, adam = work(model, method.batch_size)
    parameters = sum(p.numel() for p in model.parameters())
    click.echo(
        f"measured: {trained:.1f} s of training ({steps} steps, {trained / steps * 1e3:.0f} ms each, "
        f"{operations * steps / trained / 1e9:.0f} GFLOP/s) and {validated:.1f} s of validation on {len(valid)} pairs; "
        f"peak of resident memory {peak():.2f} GB, {before:.2f} GB of it before training, two copies of the "
        f"{len(given)} pairs among them\n"
        f"a step: {parameters / 1e6:.2f} M parameters, {operations / 1e9:.1f} GFLOP, {(moved + adam) / 1e9:.2f} GB, "
        f"{adam / (moved + adam):.0%} of them by Adam"
    )
    rows = sum(x.numel() for x in data.views.values())
    click.echo(
        f"by calculation, {GPU}: {(6 * 4 * parameters + 4 * rows) / 1e9:.2f} GB for parameters, gradients, moments, "
        "two kept states and the features"
    )
    for name, rate in RATES.items():
        step = adam / BANDWIDTH + max(moved / BANDWIDTH, operations / rate)
        click.echo(f"by calculation, {GPU}, {name}: {step * 1e3:.2f} ms a step, {step * steps:.3f} s an epoch")


if __name__ == "__main__":
    main()
