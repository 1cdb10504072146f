"""The paper that MRL and its three ablations come from."""

from __future__ import annotations

from pipeline.core.papers import Paper


def mrl_paper(*rows: str) -> Paper:
    """MRL's paper, for the method itself and its ablations. rows: names in its tables."""
    return Paper(
        title="Learning Cross-Modal Retrieval with Noisy Labels",
        authors="Hu, Peng, Zhu, Zhen, Lin",
        venue="CVPR",
        year=2021,
        url="https://openaccess.thecvf.com/content/CVPR2021/html/Hu_Learning_Cross-Modal_Retrieval_With_Noisy_Labels_CVPR_2021_paper.html",
        rows=rows,
    )
