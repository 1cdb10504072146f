"""What tests of several folders ask for by name; every test process computes on one thread."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy and PyTorch read it; the processes that tests start take it over

from collections.abc import Iterator

import pytest
import torch

from pipeline.runs import pool

torch.set_num_threads(1)


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train in this process and on the CPU, without leaving its settings behind."""
    monkeypatch.setattr(pool, "cpu_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    deterministic = torch.are_deterministic_algorithms_enabled()
    yield
    torch.use_deterministic_algorithms(deterministic)
    torch.set_flush_denormal(False)
