"""Archives from elsewhere: whole or not at all, and nothing outside the folder."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import zipfile
from bz2 import BZ2File
from collections.abc import Callable
from gzip import GzipFile
from hashlib import file_digest
from io import BufferedIOBase, RawIOBase
from lzma import LZMAFile
from pathlib import Path, PureWindowsPath
from typing import IO

from filelock import FileLock

from pipeline.core.errors import BadInput, MissingFiles

ENTRIES = 1_000_000
"""More files and folders than any dataset here has."""
CHUNK = 1 << 16
"""Bytes that are written at a time, and the longest header that a tar may have."""
ORIGIN = ".unpacked"
"""File in the folder that holds the SHA-256 of its archive."""
ZIP = (b"PK\3\4", b"PK\5\6")
COMPRESSED: dict[bytes, Callable[[Path], BufferedIOBase]] = {
    b"\x1f\x8b": GzipFile,
    b"BZh": BZ2File,
    b"\xfd7zXZ\0": LZMAFile,
}
"""First bytes -> how a compressed tar is read."""


def unpack(archive: Path, folder: Path, limit: int) -> None:
    """Unpack a zip, tar, tar.gz, tar.bz2 or tar.xz (told by its content, not its name) into a new folder.

    limit: bytes of all files together, counted as they are written. Only names and contents carry over, neither
    permissions nor times. Everything goes to <folder>.part, which is renamed at the end; .unpacked in the folder
    names the archive, and a folder that came from the same archive is left as it is. <folder>.lock lets a second
    process wait.

    Raises MissingFiles without an archive, and BadInput where the folder has another origin, the archive is damaged
    or encrypted, exceeds limit or a million entries, holds a link or a device, holds a name twice, or an entry
    leads out of the folder.
    """
    if not archive.is_file():
        raise MissingFiles("the archive is missing", str(archive), "put it there")
    part = Path(f"{folder}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"), archive.open("rb") as content:
            digest = file_digest(content, "sha256").hexdigest()
            if folder.exists():
                _check_origin(folder, digest, archive)
                return
            shutil.rmtree(part, ignore_errors=True)
            try:
                part.mkdir()
                (part / ORIGIN).write_text(digest, encoding="utf-8")
                _read(archive, _Target(archive, part, limit))
                os.rename(part, folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except BadInput:
        raise
    except Exception as error:  # a damaged archive makes the readers raise almost anything
        reason = (isinstance(error, OSError) and error.strerror) or type(error).__name__
        raise BadInput(
            f"it cannot be unpacked to {folder} ({reason})", str(archive), "mend that, or get the archive again"
        ) from None


class _Target:
    """The folder that is being filled, and what is refused on the way."""

    def __init__(self, archive: Path, folder: Path, limit: int) -> None:
        self.archive, self.folder, self.limit = archive, folder, limit
        self.entries = self.written = 0

    def refused(self, what: str) -> BadInput:
        return BadInput(what, str(self.archive), "get the archive again from those who made it")

    def add(self, name: str, content: IO[bytes] | None) -> None:
        """A file with its content, or a folder. Names are judged as Windows reads them: the strictest reading."""
        self.entries += 1
        if self.entries > ENTRIES:
            raise self.refused(f"it has more than {ENTRIES} entries")
        path = PureWindowsPath(name)
        if path.drive or path.root or ".." in path.parts:
            raise self.refused(f"entry {name[:100]!r} leads out of the folder")
        place = self.folder.joinpath(*path.parts)
        if content is None:
            place.mkdir(parents=True, exist_ok=True)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            raise self.refused(f"entry {name[:100]!r} is there twice")
        with place.open("xb") as file:
            while block := content.read(CHUNK):
                self.written += len(block)
                if self.written > self.limit:
                    raise self.refused(f"it unpacks to more than {self.limit} bytes")
                file.write(block)


def _check_origin(folder: Path, digest: str, archive: Path) -> None:
    origin = folder / ORIGIN
    if not origin.is_file() or origin.read_bytes() != digest.encode():
        what = f"the folder is there and was not unpacked from {archive}"
        raise BadInput(what, str(folder), "move it away and run again")


def _read(archive: Path, target: _Target) -> None:
    with archive.open("rb") as file:
        head = file.read(max(map(len, COMPRESSED)))
    if head.startswith(ZIP):
        _read_zip(archive, target)
        return
    reader = next((reader for magic, reader in COMPRESSED.items() if head.startswith(magic)), None)
    with reader(archive) if reader else archive.open("rb") as content:
        _read_tar(_Stream(content), target)


def _read_zip(archive: Path, target: _Target) -> None:
    with zipfile.ZipFile(archive) as content:
        for entry in content.infolist():
            if entry.flag_bits & 1:
                raise target.refused(f"entry {entry.filename[:100]!r} is encrypted")
            if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise target.refused(f"entry {entry.filename[:100]!r} is a link or a device")
            if entry.is_dir():
                target.add(entry.filename, None)
            else:
                with content.open(entry) as file:
                    target.add(entry.filename, file)


def _read_tar(stream: _Stream, target: _Target) -> None:
    with tarfile.open(fileobj=stream, mode="r:") as content:
        for entry in content:
            if not entry.isfile() and not entry.isdir():
                raise target.refused(f"entry {entry.name[:100]!r} is a link or a device")
            target.add(entry.name, content.extractfile(entry))
    if stream.last != bytes(tarfile.BLOCKSIZE):
        raise target.refused("it is damaged or cut off")
    while stream.read(CHUNK):
        """To the end, where a compressed file has its checksum."""


class _Stream(RawIOBase):
    """What tarfile reads from.

    tarfile takes headers into memory at any length that they claim, and a broken or missing header for the
    archive's end: here a read has a limit, and the last one, which must be a block of zeros, is kept.
    """

    def __init__(self, source: BufferedIOBase) -> None:
        self.source = source
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= CHUNK:
            raise tarfile.ReadError
        self.last = self.source.read(size)
        return self.last

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        return self.source.seek(position, whence)

    def tell(self) -> int:
        return self.source.tell()
