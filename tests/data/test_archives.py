"""One test for each danger that an archive from elsewhere may hold."""

import gzip
import io
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from random import Random

import pytest

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.base import archives
from pipeline.data.base.archives import unpack

FILES = {"readme.txt": b"pairs", "images/a.png": Random(0).randbytes(5000), "images/deep/b.png": b""}
LIMIT = 1_000_000


def write_zip(file, entries, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file


def write_tar(file, entries, how="w", **fields):
    """fields: further fields in the header of every entry."""
    with tarfile.open(file, how) as archive:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(content))
    return file


WRITERS = {"zip": write_zip} | {
    how: lambda file, entries, how=how: write_tar(file, entries, how) for how in ("w", "w:gz", "w:bz2", "w:xz")
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "archive"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "new" / "data"


def files(folder):
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != ".unpacked")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def refusal(file, folder, limit=LIMIT):
    """The sentence; nothing may be left anywhere."""
    before = set(file.parent.rglob("*"))
    with pytest.raises(BadInput) as caught:
        unpack(file, folder, limit)
    assert set(file.parent.rglob("*")) - before <= {folder.parent, folder.parent / "data.lock"}
    sentence = str(caught.value)
    assert sentence.startswith(f"{file}: ")
    return sentence


def memory(file, folder):
    """The sentence and the most bytes that were held on the way to it."""
    tracemalloc.start()
    sentence = refusal(file, folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return sentence, peak


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_files_come_out_as_they_went_in(write, file, folder):
    unpack(write(file, FILES), folder, LIMIT)
    assert files(folder) == FILES
    assert sorted(path.name for path in folder.parent.iterdir()) == ["data", "data.lock"]


def test_folders_of_a_tar_as_the_command_line_writes_it(file, folder, tmp_path):
    (tmp_path / "source" / "empty").mkdir(parents=True)
    (tmp_path / "source" / "a.png").write_bytes(b"a")
    with tarfile.open(file, "w:gz") as archive:
        archive.add(tmp_path / "source", ".")
    unpack(file, folder, LIMIT)
    assert files(folder) == {"a.png": b"a"}
    assert (folder / "empty").is_dir()


def test_a_zip_with_an_empty_folder_and_with_backslashes(file, folder):
    unpack(write_zip(file, {"images\\a.png": b"a", "empty/": b""}), folder, LIMIT)
    assert files(folder) == {"images/a.png": b"a"}
    assert (folder / "empty").is_dir()


def test_dangerous_permissions_do_not_carry_over(file, folder):
    unpack(write_tar(file, {"tool": b"#!/bin/sh"}, mode=0o6777), folder, LIMIT)
    assert not (folder / "tool").stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH)


@pytest.mark.parametrize("name", ["a/../../evil", "/evil", "C:evil", "//server/share/evil", "..\\evil"])
@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_no_entry_leads_out_of_the_folder(write, name, file, folder):
    sentence = refusal(write(file, {"fine": b"a", name: b"evil"}), folder)
    assert "leads out of the folder; get the archive again from those who made it." in sentence


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar(kind, file, folder):
    write_tar(file, {"fine": b"", "odd": b""})
    with tarfile.open(file, "a") as archive:
        entry = tarfile.TarInfo("odd")
        entry.type, entry.linkname = kind, "fine"
        archive.addfile(entry)
    assert "entry 'odd' is a link or a device" in refusal(file, folder)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO])
def test_links_and_devices_in_a_zip(kind, file, folder):
    entry = zipfile.ZipInfo("odd")
    entry.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, b"/etc/passwd")
    assert "entry 'odd' is a link or a device" in refusal(file, folder)


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_the_limit_holds_for_all_files_together(write, file, folder):
    write(file, {"a": bytes(600), "b": bytes(600)})
    assert "it unpacks to more than 1199 bytes" in refusal(file, folder, 1199)
    unpack(file, folder, 1200)
    assert len(files(folder)) == 2


@pytest.mark.parametrize("write", [write_zip, WRITERS["w:gz"]])
def test_a_bomb_is_refused_before_it_unpacks(write, file, folder):
    write(file, {"bomb": bytes(900_000)})
    sentence, peak = memory(file, folder)
    assert "it unpacks to more than 200 times its own size" in sentence
    assert peak < 500_000


def test_a_zip_whose_header_lies_about_the_size(file, folder):
    content = bytearray(write_zip(file, {"bomb": bytes(5_000_000)}).read_bytes())
    for start in (content.index(b"PK\3\4") + 22, content.index(b"PK\1\2") + 24):
        struct.pack_into("<I", content, start, 10)
    file.write_bytes(content)
    sentence, peak = memory(file, folder)
    assert "BadZipFile" in sentence
    assert peak < 1_000_000


def test_a_zip_that_would_unpack_in_one_piece(file, folder):
    write_zip(file, {"bomb": bytes(1000)}, zipfile.ZIP_BZIP2)
    assert "entry 'bomb' is compressed in another way than deflate" in refusal(file, folder)


def test_a_long_header_of_a_tar_does_not_fill_the_memory(file, folder):
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 30_000_000
    with gzip.open(file, "wb") as content:
        content.write(header.tobuf(tarfile.USTAR_FORMAT) + bytes(header.size))
    sentence, peak = memory(file, folder)
    assert "cannot be unpacked" in sentence
    assert peak < 5_000_000


def test_a_sparse_file_counts_at_its_full_length(file, folder):
    entry = tarfile.TarInfo("sparse")
    entry.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % 5_000_000
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    file.write_bytes(header + bytes(1024))
    assert "it unpacks to more than 1000000 bytes" in refusal(file, folder)


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_the_number_of_entries_is_limited(write, file, folder, monkeypatch):
    monkeypatch.setattr(archives, "ENTRIES", 2)
    assert "it has more than 2 entries" in refusal(write(file, FILES), folder)


def test_an_encrypted_zip(file, folder):
    content = bytearray(write_zip(file, {"secret": b"a"}).read_bytes())
    content[content.index(b"PK\3\4") + 6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    file.write_bytes(content)
    assert "entry 'secret' is encrypted" in refusal(file, folder)


@pytest.mark.parametrize("name", ["./a", ".unpacked"])
def test_a_name_that_is_there_twice(name, file, folder):
    assert f"entry '{name}' is there twice" in refusal(write_zip(file, {"a": b"first", name: b"second"}), folder)


@pytest.mark.parametrize(("names", "reason"), [(["a", "a/b"], "Not a directory"), (["x" * 300], "File name too long")])
def test_names_that_no_file_can_have(names, reason, file, folder):
    assert reason in refusal(write_tar(file, dict.fromkeys(names, b"")), folder)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_an_archive_that_was_cut_off(write, file, folder):
    content = write(file, {str(number): Random(number).randbytes(3000) for number in range(10)}).read_bytes()
    file.write_bytes(content[: len(content) // 2])
    refusal(file, folder)


def test_a_tar_that_ends_or_is_damaged_between_two_entries(file, folder):
    content = bytearray(write_tar(file, {"a": bytes(512), "b": bytes(512)}).read_bytes())
    file.write_bytes(content[:1024])
    assert "it is damaged or cut off" in refusal(file, folder)
    content[1024 + 150] ^= 1
    file.write_bytes(content)
    assert "it is damaged or cut off" in refusal(file, folder)


@pytest.mark.parametrize("write", [write_zip, WRITERS["w:gz"]])
def test_a_flipped_bit(write, file, folder):
    content = bytearray(write(file, {"a": Random(0).randbytes(3000)}).read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refusal(file, folder)


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\3\4rest", gzip.compress(b"text")])
def test_no_archive_at_all(content, file, folder):
    file.write_bytes(content)
    refusal(file, folder)


def test_a_missing_archive_is_named(file, folder):
    with pytest.raises(MissingFiles, match="the archive is missing; put it there"):
        unpack(file, folder, LIMIT)


def test_a_folder_from_the_same_archive_is_left_as_it_is(file, folder):
    unpack(write_zip(file, FILES), folder, LIMIT)
    (folder / "mine").write_bytes(b"kept")
    unpack(file, folder, LIMIT)
    assert files(folder) == FILES | {"mine": b"kept"}


def test_a_folder_of_another_origin_is_refused_and_kept(file, folder):
    unpack(write_zip(file, {"old": b"old"}), folder, LIMIT)
    write_zip(file, FILES)
    with pytest.raises(BadInput) as caught:
        unpack(file, folder, LIMIT)
    assert str(caught.value) == (
        f"{folder}: the folder is there and was not unpacked from {file}; move it away and run again."
    )
    assert files(folder) == {"old": b"old"}


def interrupt(*paths):
    raise KeyboardInterrupt


def test_a_killed_process_leaves_nothing_that_stays(file, folder, monkeypatch):
    remains = folder.parent / "data.part"
    remains.mkdir(parents=True)
    (remains / "readme.txt").write_bytes(b"half")
    write_zip(file, FILES)
    with monkeypatch.context() as patch:
        patch.setattr(archives.os, "rename", interrupt)
        with pytest.raises(KeyboardInterrupt):
            unpack(file, folder, LIMIT)
    assert [path.name for path in folder.parent.iterdir()] == ["data.lock"]
    unpack(file, folder, LIMIT)
    assert files(folder) == FILES
