"""The store of finished cells, keyed by a fingerprint of all that made them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.runs.finished_cell import COST, FinishedCell


class CellStore:
    """Finished cells under one folder; a cell is there whole or not at all, also after a kill."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, fingerprint: str) -> Path:
        return self.root / fingerprint

    def __contains__(self, fingerprint: str) -> bool:
        return self.path(fingerprint).is_dir()

    def add(self, fingerprint: str, write: Callable[[Path], None]) -> None:
        """Let write fill a folder, then make it the cell in one step."""
        self.root.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=self.root))
        try:
            write(unfinished)
            try:
                os.rename(unfinished, self.path(fingerprint))
            except OSError:
                if fingerprint not in self:
                    raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    @contextmanager
    def running(self, fingerprint: str) -> Iterator[None]:
        """Show that this process is computing a cell; of two that do, the first one shows it."""
        self.root.mkdir(parents=True, exist_ok=True)
        mark = self._mark(fingerprint)
        lock = FileLock(mark)
        with suppress(Timeout):
            lock.acquire(timeout=0)
        try:
            yield
        finally:
            if lock.is_locked:
                mark.unlink(missing_ok=True)
                lock.release()

    def is_running(self, fingerprint: str) -> bool:
        """Whether a process is computing a cell: the system frees the lock of a killed one."""
        mark = self._mark(fingerprint)
        if not mark.exists():
            return False
        try:
            with FileLock(mark, timeout=0):
                return False
        except Timeout:
            return True

    def read(self, fingerprint: str) -> FinishedCell:
        """A finished cell of the store."""
        return FinishedCell.read(self.path(fingerprint))

    def publish(self, fingerprint: str, folder: Path) -> None:
        """Show a cell's results under a folder of its own, without a second copy on disk; its cost stays behind."""
        folder.mkdir(parents=True, exist_ok=True)
        for file in self.path(fingerprint).iterdir():
            if file.name != COST:
                _link(file, folder / file.name)

    def _mark(self, fingerprint: str) -> Path:
        return self.root / f"running-{fingerprint}"


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
