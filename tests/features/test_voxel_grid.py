import numpy as np
import torch

from pipeline.features.voxel_grid import HALF, VoxelGrid


def slow_grid(cloud, resolution):
    counts = np.zeros((resolution, resolution, resolution))
    width = 2 * HALF / resolution
    for point in cloud:
        cell = [min(max(int(np.floor((value + HALF) / width)), 0), resolution - 1) for value in point]
        counts[tuple(cell)] += 1
    return np.sqrt(counts * counts.size / len(cloud)).ravel()


def test_agrees_with_counting_point_by_point():
    clouds = np.random.default_rng(0).normal(0, 0.35, (3, 200, 3)).astype(np.float32)
    rows = VoxelGrid(5).transform(clouds, torch.device("cpu"), lambda done, total: None)
    np.testing.assert_allclose(rows, [slow_grid(cloud, 5) for cloud in clouds], atol=1e-6)
    np.testing.assert_allclose((rows**2).mean(axis=1), 1, rtol=1e-6)
