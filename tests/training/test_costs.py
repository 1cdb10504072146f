"""What training costs."""

import numpy as np
import torch

from pipeline.training.costs import peak_memory


def test_the_peak_grows_with_what_is_held_and_does_not_fall():
    before = peak_memory(torch.device("cpu"))
    held = np.ones(60_000_000)
    during = peak_memory(torch.device("cpu"))
    del held
    assert during >= before
    assert during > 400e6
    assert peak_memory(torch.device("cpu")) >= during
