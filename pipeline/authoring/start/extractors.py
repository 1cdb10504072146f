"""The extractor of every view of a dataset of one's own, and why."""

from __future__ import annotations

from pipeline.authoring.start.understood import Understood
from pipeline.core import plugins
from pipeline.core.errors import BadInput
from pipeline.features.base import Extractor
from pipeline.features.base.proposal import Proposal, propose, propose_for_pictures
from pipeline.samples import base as kinds


def proposed(understood: Understood) -> dict[str, Proposal]:
    """View -> its extractor. Raises BadInput for a kind of sample that no extractor reads."""
    return {view: _of(view, understood) for view in understood.layout.views}


def _of(view: str, understood: Understood) -> Proposal:
    if kinds.kind(view).typed:
        return propose(understood.texts)
    if view == "image":
        return propose_for_pictures()
    package = "pipeline.features"
    able = [name for name in plugins.names(package) if view in plugins.find(package, name, Extractor).accepts]
    if not able:
        remedy = "write one, as CONTRIBUTING.md shows"
        raise BadInput(f"no extractor reads samples of kind '{view}'", str(understood.layout.folder), remedy)
    return Proposal(able[0], f"of {', '.join(able)}, the first" if len(able) > 1 else "the one that reads them")
