"""What tests of several folders ask for by name."""

from collections.abc import Iterator

import pytest
import torch

from pipeline.runs import pool


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Results that must be the same bits are compared on one thread, as the stages compute them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train in this process and on the CPU, without leaving its settings behind."""
    monkeypatch.setattr(pool, "cpu_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)
