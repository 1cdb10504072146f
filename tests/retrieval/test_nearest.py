"""The nearest samples come in the order of a slow sort, whatever BLAS makes of equal rows."""

from __future__ import annotations

import numpy as np

from pipeline.retrieval.nearest import nearest


def test_nearest_is_a_slow_sort_by_cosine_and_then_by_position() -> None:
    rng = np.random.default_rng(0)
    queries, gallery = rng.standard_normal((5, 3)), rng.standard_normal((20, 3))
    gallery[7] = gallery[2] * 4
    gallery[11] = 0
    ranks = nearest(queries.astype("f4"), gallery.astype("f4"), 20)
    for query, ranking in zip(queries, ranks, strict=True):

        def similarity(row: int, query: np.ndarray = query) -> float:
            length = np.linalg.norm(query) * np.linalg.norm(gallery[row])
            return round(float(query @ gallery[row] / length), 6) if length else 0.0

        assert ranking.tolist() == sorted(range(20), key=lambda row: (-similarity(row), row))
    assert np.array_equal(nearest(queries, gallery, 4), nearest(queries, gallery, 20)[:, :4])
    assert nearest(queries, gallery, 99).shape == (5, 20)


def test_equal_gallery_rows_stand_in_order_of_position_at_any_width() -> None:
    rng = np.random.default_rng(1)
    row = rng.standard_normal(301).astype("f4")
    ranks = nearest(row[None] * 0.7, np.vstack([rng.standard_normal(301), *[row * s for s in (1, 2, 4, 8, 16)]]), 6)
    assert ranks.tolist() == [[1, 2, 3, 4, 5, 0]]
