import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from random import Random

import pytest

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.base import archives as module
from pipeline.data.base.archives import unpack

FILES = {"readme.txt": b"pairs", "images/a.png": Random(0).randbytes(5000), "images/deep/b.png": b""}
LIMIT = 1_000_000
TAR_MODES = ("w", "w:gz", "w:bz2", "w:xz")
LEAVING = ("../evil", "a/../../evil", "/evil", "C:/evil", "C:evil", "//server/share/evil", "..\\evil", "\\evil")


def write_zip(file, entries, **options):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content, **options)
    return file


def write_tar(file, entries, how="w", **fields):
    """fields: what the header of every entry says besides name and size."""
    with tarfile.open(file, how) as archive:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(content))
    return file


@pytest.fixture
def file(tmp_path):
    return tmp_path / "archive"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "new" / "data"


def found(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".unpacked")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def refused(file, folder, limit=LIMIT):
    """The sentence; nothing may be left anywhere."""
    before = set(file.parent.rglob("*"))
    with pytest.raises(BadInput) as caught:
        unpack(file, folder, limit)
    assert set(file.parent.rglob("*")) - before <= {folder.parent, folder.parent / "data.lock"}
    return str(caught.value)


WRITERS = {"zip": write_zip} | {how: lambda file, entries, how=how: write_tar(file, entries, how) for how in TAR_MODES}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_files_come_out_as_they_went_in(write, file, folder):
    unpack(write(file, FILES), folder, LIMIT)
    assert found(folder) == FILES
    assert sorted(path.name for path in folder.parent.iterdir()) == ["data", "data.lock"]


def test_empty_folders_and_folder_entries(file, folder):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("images/", b"")
        archive.writestr("images/a.png", b"a")
        archive.writestr("empty/", b"")
    unpack(file, folder, LIMIT)
    assert found(folder) == {"images/a.png": b"a"}
    assert (folder / "empty").is_dir()


def test_folders_of_a_tar_as_the_command_line_writes_it(file, folder, tmp_path):
    (tmp_path / "source" / "images").mkdir(parents=True)
    (tmp_path / "source" / "images" / "a.png").write_bytes(b"a")
    with tarfile.open(file, "w:gz") as archive:
        archive.add(tmp_path / "source", ".")
    unpack(file, folder, LIMIT)
    assert found(folder) == {"images/a.png": b"a"}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names(form, file, folder):
    name = "/".join(["folder" * 10] * 3) + "/картинка.png"
    with tarfile.open(file, "w", format=form) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"a"))
    unpack(file, folder, LIMIT)
    assert found(folder) == {name: b"a"}


def test_names_with_backslashes_are_paths(file, folder):
    write_zip(file, {"images\\a.png": b"a"})
    unpack(file, folder, LIMIT)
    assert found(folder) == {"images/a.png": b"a"}


def test_permissions_do_not_carry_over(file, folder):
    unpack(write_tar(file, {"tool": b"#!/bin/sh"}, mode=0o6777), folder, LIMIT)
    assert not (folder / "tool").stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IXUSR)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("name", LEAVING)
def test_no_entry_leaves_the_folder(write, name, file, folder):
    told = refused(write(file, {"fine": b"a", name: b"evil"}), folder)
    assert told.startswith(f"{file}: entry ")
    assert "leads out of the folder; get the archive again from those who made it." in told


@pytest.mark.parametrize("name", ["../evil/", "/evil/", "C:/evil/"])
def test_no_folder_entry_leaves_the_folder(name, file, folder):
    assert "leads out of the folder" in refused(write_zip(file, {name: b""}), folder)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar(kind, file, folder):
    write_tar(file, {"fine": b""})
    with tarfile.open(file, "a") as archive:
        entry = tarfile.TarInfo("odd")
        entry.type, entry.linkname = kind, "fine"
        archive.addfile(entry)
    assert "entry 'odd' is a link or a device" in refused(file, folder)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip(kind, file, folder):
    entry = zipfile.ZipInfo("odd")
    entry.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, b"/etc/passwd")
    assert "entry 'odd' is a link or a device" in refused(file, folder)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_the_limit_holds_for_all_files_together(write, file, folder):
    write(file, {"a": bytes(600), "b": bytes(600)})
    assert "it unpacks to more than 1199 bytes" in refused(file, folder, 1199)
    unpack(file, folder, 1200)
    assert len(found(folder)) == 2


def test_a_bomb_is_stopped_early(file, folder):
    write_zip(file, {"bomb": bytes(50_000_000)})
    tracemalloc.start()
    told = refused(file, folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "it unpacks to more than 1000000 bytes" in told
    assert peak < 5_000_000


@pytest.mark.parametrize("claimed", [10, 0xFFFF_FFF0])
def test_a_zip_whose_header_lies_about_the_size(claimed, file, folder):
    content = bytearray(write_zip(file, {"bomb": bytes(5_000_000)}).read_bytes())
    local, central = content.index(b"PK\3\4"), content.index(b"PK\1\2")
    struct.pack_into("<I", content, local + 22, claimed)
    struct.pack_into("<I", content, central + 24, claimed)
    file.write_bytes(content)
    told = refused(file, folder)
    assert "BadZipFile" in told or "it unpacks to more than" in told


def test_a_tar_whose_header_lies_about_the_size(file, folder):
    content = bytearray(write_tar(file, {"a": bytes(600)}).read_bytes())
    entry = tarfile.TarInfo("a")
    entry.size = 8**11 - 1
    content[:512] = entry.tobuf(tarfile.USTAR_FORMAT)
    file.write_bytes(content)
    assert "cannot be unpacked" in refused(file, folder)


def test_a_long_header_does_not_fill_the_memory(file, folder):
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 30_000_000
    with gzip.open(file, "wb") as content:
        content.write(header.tobuf(tarfile.USTAR_FORMAT) + bytes(header.size))
    tracemalloc.start()
    told = refused(file, folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "cannot be unpacked" in told
    assert peak < 5_000_000


def test_a_sparse_file_is_counted_at_its_full_length(file, folder):
    entry = tarfile.TarInfo("sparse")
    entry.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % 5_000_000
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    file.write_bytes(header + bytes(1024))
    assert "it unpacks to more than 1000000 bytes" in refused(file, folder)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_the_number_of_entries_is_limited(write, file, folder, monkeypatch):
    monkeypatch.setattr(module, "ENTRIES", 2)
    assert "it has more than 2 entries" in refused(write(file, FILES), folder)


def test_an_encrypted_zip(file, folder):
    content = bytearray(write_zip(file, {"secret": b"a"}).read_bytes())
    content[content.index(b"PK\3\4") + 6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    file.write_bytes(content)
    assert "entry 'secret' is encrypted" in refused(file, folder)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["a", "./a", ".unpacked"])
def test_a_name_that_is_there_twice(name, file, folder):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"first")
        archive.writestr(name, b"second")
    assert f"entry '{name}' is there twice" in refused(file, folder)


@pytest.mark.parametrize(
    ("names", "reason"),
    [(["a", "a/b"], "File exists"), (["x" * 300], "File name too long"), (["ä\0b"], "ValueError"), (["."], "twice")],
)
def test_names_that_no_file_can_have(names, reason, file, folder):
    assert reason in refused(write_tar(file, dict.fromkeys(names, b"")), folder)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("part", [0.2, 0.5, 0.75])
def test_an_archive_that_was_cut_off(write, part, file, folder):
    content = write(file, {str(number): Random(number).randbytes(3000) for number in range(10)}).read_bytes()
    file.write_bytes(content[: int(part * len(content))])
    refused(file, folder)


def test_a_tar_that_was_cut_off_between_two_entries(file, folder):
    content = write_tar(file, {"a": bytes(512), "b": bytes(512)}).read_bytes()
    file.write_bytes(content[:1024])
    assert "it is damaged or cut off" in refused(file, folder)


def test_a_tar_with_a_damaged_header_in_the_middle(file, folder):
    content = bytearray(write_tar(file, {"a": bytes(512), "b": bytes(512)}).read_bytes())
    content[1024 + 150] ^= 1
    file.write_bytes(content)
    assert "it is damaged or cut off" in refused(file, folder)


@pytest.mark.parametrize("write", [WRITERS[name] for name in WRITERS if name != "w"], ids=lambda _: "")
def test_a_flipped_bit(write, file, folder):
    content = bytearray(write(file, {"a": Random(0).randbytes(3000)}).read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refused(file, folder)


def test_a_wrong_checksum_at_the_end_of_a_compressed_tar(file, folder):
    content = bytearray(write_tar(file, FILES, "w:gz").read_bytes())
    content[-6] ^= 1
    file.write_bytes(content)
    refused(file, folder)


OTHERS = {
    "nothing": b"",
    "text": b"<html>404</html>",
    "PK": b"PK\3\4rest",
    "gz": gzip.compress(b"text"),
    "bz2": bz2.compress(b"text"),
    "xz": lzma.compress(b"text"),
    "broken gz": b"\x1f\x8brest",
    "broken bz2": b"BZhrest",
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(2000),
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_what_is_no_archive(content, file, folder):
    file.write_bytes(content)
    assert refused(file, folder).startswith(f"{file}: ")


def test_a_missing_archive_is_named(file, folder):
    with pytest.raises(MissingFiles, match="the archive is missing; put it there"):
        unpack(file, folder, LIMIT)


def test_a_folder_from_the_same_archive_is_left_as_it_is(file, folder):
    write_zip(file, FILES)
    unpack(file, folder, LIMIT)
    (folder / "mine").write_bytes(b"kept")
    unpack(file, folder, LIMIT)
    assert found(folder) == FILES | {"mine": b"kept"}


@pytest.mark.parametrize("known", [True, False], ids=["another archive", "by hand"])
def test_a_folder_of_another_origin_is_refused_and_kept(known, file, folder):
    if known:
        unpack(write_zip(file, {"old": b"old"}), folder, LIMIT)
    else:
        folder.mkdir(parents=True)
        (folder / "old").write_bytes(b"old")
    told = refused(write_zip(file, FILES), folder)
    assert told == (f"{folder}: the folder is there and was not unpacked from {file}; move it away and run again.")
    assert found(folder) == {"old": b"old"}


def test_what_a_killed_process_left_is_replaced(file, folder):
    remains = folder.parent / "data.part"
    remains.mkdir(parents=True)
    (remains / "readme.txt").write_bytes(b"half")
    unpack(write_zip(file, FILES), folder, LIMIT)
    assert found(folder) == FILES
    assert not remains.exists()


def test_an_interruption_leaves_nothing(file, folder, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        unpack(write_zip(file, FILES), folder, LIMIT)
    assert [path.name for path in folder.parent.iterdir()] == ["data.lock"]
