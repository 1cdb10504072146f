"""Is there something to learn from in every sample of a view?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from pipeline.core.datasets import RawView
from pipeline.core.splits import Array
from pipeline.doctor.finding import Finding, Severity, marked

REPLACEMENT = "\ufffd"
MOJIBAKE = re.compile("[ÂÃ][\u0080-\u00bf]|â(?:€|\u0080)|ð(?:Ÿ|\u009f)")
"""First bytes of UTF-8 sequences, and what follows them, as Latin-1 or Windows-1252 show them: 'Ã©', 'â€™', 'ðŸ'."""
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters but tab and line ends."""


def check_samples(view: RawView, ids: Sequence[str], where: str) -> Iterator[Finding]:
    """Findings in a view whose shape is sound."""
    if view.kind == "text":
        yield from _texts(view.samples, ids, where)
        return
    array = np.asarray(view.samples)
    if view.kind == "image":
        flat = (array.min(axis=(1, 2)) == array.max(axis=(1, 2))).reshape(len(array), -1).all(axis=1)
        remedy = "look at the picture file and bring it again or drop the pair"
        yield from marked(Severity.WARNING, "the picture is all one colour", flat, ids, where, remedy)
        return
    broken = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
    remedy = "mend the numbers or drop the pair"
    yield from marked(Severity.ERROR, "there are NaN or infinite numbers", broken, ids, where, remedy)
    if view.kind == "cloud":
        single = (array.min(axis=1) == array.max(axis=1)).all(axis=1)
        yield from marked(Severity.WARNING, "all points of the cloud are equal", single, ids, where, remedy)


def _texts(texts: Sequence[str] | Array, ids: Sequence[str], where: str) -> Iterator[Finding]:
    again = "read the source again as UTF-8"
    checks: list[tuple[str, Callable[[str], object], str]] = [
        ("the text is empty", lambda text: not text.strip(), "write one or drop the pair"),
        ("the text has replacement characters (U+FFFD)", lambda text: REPLACEMENT in text, again),
        ("the text is UTF-8 that was read as something else", MOJIBAKE.search, again),
        ("the text has control characters", CONTROL.search, "remove them"),
    ]
    for what, test, remedy in checks:
        mask = np.array([bool(test(text)) for text in texts])
        yield from marked(Severity.WARNING, what, mask, ids, where, remedy)
