"""Archives from elsewhere: whole or not at all, and nothing outside the folder."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
from io import BufferedIOBase
from pathlib import Path, PureWindowsPath
from typing import IO, Any

from filelock import FileLock

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.files import sha256

ENTRIES = 1_000_000
"""More files and folders than any dataset here has."""
RATIO = 200
"""Times its own size that an archive may unpack to; meshes and pictures stay below 20."""
CHUNK = 1 << 16
"""Bytes that tarfile may read at a time, so the longest header too."""
ORIGIN = ".unpacked"
"""File in the folder that holds the SHA-256 of its archive."""
ZIP = (b"PK\3\4", b"PK\5\6")
COMPRESSED: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
"""First bytes -> how a compressed tar is opened."""
FILTER: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""tarfile's own check, which Python 3.11.0 to 3.11.3 lack: a second lock behind _Guard, which judges every entry."""


def unpack(archive: Path, folder: Path, limit: int) -> None:
    """Unpack a zip, tar, tar.gz, tar.bz2 or tar.xz (recognised by its content, not its name) into a new folder.

    limit: bytes of all files together. Everything goes to <folder>.part, which is renamed at the end; .unpacked in
    the folder names the archive, and a folder that came from the same archive is left as it is. <folder>.lock lets
    a second process wait.

    Raises MissingFiles without an archive, and BadInput where the folder has another origin, the archive is damaged
    or encrypted, unpacks to more than limit, 200 times its own size or a million entries, holds a link or a device,
    holds a name twice, or an entry leads out of the folder.
    """
    if not archive.is_file():
        raise MissingFiles("the archive is missing", str(archive), "put it there")
    part = Path(f"{folder}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            digest = sha256(archive)
            if folder.exists():
                _check_origin(folder, digest, archive)
                return
            shutil.rmtree(part, ignore_errors=True)
            try:
                part.mkdir()
                (part / ORIGIN).write_text(digest, encoding="utf-8")
                _extract(archive, _Guard(archive, part, limit))
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


def _check_origin(folder: Path, digest: str, archive: Path) -> None:
    origin = folder / ORIGIN
    if not origin.is_file() or origin.read_bytes() != digest.encode():
        reason = f"the folder is there and was not unpacked from {archive}"
        raise BadInput(reason, str(folder), "move it away and run again")


class _Guard:
    """Judges every entry before it is extracted."""

    def __init__(self, archive: Path, folder: Path, limit: int) -> None:
        self.archive, self.folder, self.limit = archive, folder, limit
        self.ratio_limit = RATIO * archive.stat().st_size
        self.entries = self.size = 0

    def refusal(self, reason: str) -> BadInput:
        return BadInput(reason, str(self.archive), "get the archive again from those who made it")

    def admit(self, name: str, size: int, plain: bool, file: bool) -> str:
        """Give the entry's path below the folder. Names are read as Windows reads them: the strictest reading.

        size: bytes that the readers write at most, whatever follows; plain: it is a file or a folder.
        """
        entry = f"entry {name[:100]!r}"
        path = PureWindowsPath(name)
        self.entries += 1
        self.size += size
        if self.entries > ENTRIES:
            raise self.refusal(f"it has more than {ENTRIES} entries")
        if not plain:
            raise self.refusal(f"{entry} is a link or a device")
        if path.drive or path.root or ".." in path.parts:
            raise self.refusal(f"{entry} leads out of the folder")
        if size < 0 or self.size > self.limit:
            raise self.refusal(f"it unpacks to more than {self.limit} bytes")
        if self.size > self.ratio_limit:
            raise self.refusal(f"it unpacks to more than {RATIO} times its own size")
        if file and self.folder.joinpath(*path.parts).exists():
            raise self.refusal(f"{entry} is there twice")
        return path.as_posix()


def _extract(archive: Path, guard: _Guard) -> None:
    with archive.open("rb") as file:
        head = file.read(max(map(len, COMPRESSED)))
    if head.startswith(ZIP):
        _extract_zip(archive, guard)
        return
    reader = next((reader for magic, reader in COMPRESSED.items() if head.startswith(magic)), None)
    with reader(archive) if reader else archive.open("rb") as stream:
        _extract_tar(stream, guard)


def _extract_zip(archive: Path, guard: _Guard) -> None:
    with zipfile.ZipFile(archive) as content:
        for entry in content.infolist():
            if entry.flag_bits & 1:
                raise guard.refusal(f"entry {entry.filename[:100]!r} is encrypted")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack in one piece
                raise guard.refusal(f"entry {entry.filename[:100]!r} is compressed in another way than deflate")
            plain = stat.S_IFMT(entry.external_attr >> 16) in (0, stat.S_IFREG, stat.S_IFDIR)
            folder = entry.is_dir()
            path = guard.admit(entry.filename, entry.file_size, plain, not folder)
            entry.filename = f"{path}/" if folder else path
            content.extract(entry, guard.folder)


def _extract_tar(stream: BufferedIOBase, guard: _Guard) -> None:
    bounded: Any = _Bounded(stream)
    with tarfile.open(fileobj=bounded, mode="r:") as content:
        for entry in content:
            entry.name = guard.admit(entry.name, entry.size, entry.isfile() or entry.isdir(), entry.isfile())
            content.extract(entry, guard.folder, set_attrs=False, **FILTER)
        stream.seek(content.offset)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):  # tarfile takes a broken header for the end
        raise guard.refusal("it is damaged or cut off")
    while stream.read(CHUNK):
        """To the end, where a compressed file has its checksum."""


class _Bounded:
    """A stream for tarfile, which would take headers into memory at any length that they claim."""

    def __init__(self, stream: IO[bytes] | BufferedIOBase) -> None:
        self.stream = stream
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= CHUNK:
            raise tarfile.ReadError
        return self.stream.read(size)
