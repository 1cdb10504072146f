"""All judged labels as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.explore.suspects.suspects import Suspects


def suspicion_table(suspects: Suspects) -> pd.DataFrame:
    """A row per label, the most suspicious first: per pair where its views share the label, else per pair and view.

    index: the pair's place in the training split, or in the dataset where all splits are judged.
    """
    names, suggested, places = suspects.class_names, suspects.suggested, np.arange(len(suspects.split))
    class_suggested = "" if suggested is None else names[suggested]
    if suspects.one_label:
        view, given = next(iter(suspects.given.items()))
        table = pd.DataFrame(
            {"sample": suspects.ids[suspects.rows[view]], "index": places, "split": suspects.split}
            | {"given": names[given], "suggested": class_suggested, "suspicion": suspects.per_pair}
            | {f"vote of {name}": votes for name, votes in suspects.votes.items()}
        )
    else:
        frames = [
            pd.DataFrame(
                {"sample": suspects.ids[suspects.rows[view]], "index": places, "view": view}
                | {"given": names[given], "suggested": class_suggested, "suspicion": suspects.suspicion[view]}
            )
            for view, given in suspects.given.items()
        ]
        table = pd.concat(frames)
    return table.sort_values("suspicion", ascending=False, kind="stable", ignore_index=True)
