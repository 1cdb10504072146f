import numpy as np
import torch

from pipeline.features.pixels import Pixels


def test_pixels_in_reading_order_between_0_and_1():
    pictures = np.array([[[0, 51], [102, 255]]], dtype=np.uint8)
    rows = Pixels().transform(pictures, torch.device("cpu"), lambda done, total: None)
    np.testing.assert_allclose(rows, [[0, 0.2, 0.4, 1]], rtol=1e-6)
