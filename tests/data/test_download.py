import json
import re
import socket
import threading
import time
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

import pytest

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.base import download as module
from pipeline.data.base.download import download

CONTENT = Random(0).randbytes(300_000)
OTHER = Random(1).randbytes(250_000)
DIGEST = sha256(CONTENT).hexdigest()
CUT = 200_000
TAG = '"first"'


def serve(request, content=CONTENT, tag=TAG, cut=None, ranges=True, check=True, length=0, extra=None):
    """Answer like a web server: cut: bytes of the file after which the connection drops; ranges: does it know Range;
    check: does it heed If-Range; length: how much too long the announced length is; extra: more headers."""
    asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    fits = request.headers.get("If-Range") in (tag, (extra or {}).get("Last-Modified")) or not check
    start = int(asked[1]) if asked and ranges and fits else 0
    if start >= len(content):
        request.send_response(416)
        request.send_header("Content-Range", f"bytes */{len(content)}")
        content = b" " * start + b"<html>416</html>"
    elif start:
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    else:
        request.send_response(200)
    body = content[start:cut]
    headers = {"ETag": tag, "Content-Length": str(len(content) - start + length), **(extra or {})}
    for name, value in headers.items():
        if value is not None:
            request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def fail(request, status):
    request.send_error(status)


def redirect(request, to):
    request.send_response(302)
    request.send_header("Location", to)
    request.send_header("Content-Length", "0")
    request.end_headers()


def chunked(request, cut=None):
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    for start in range(0, len(CONTENT[:cut]), 50_000):
        request.wfile.write(b"%x\r\n%s\r\n" % (50_000, CONTENT[start : start + 50_000]))
    if cut is None:
        request.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    """Answers each request with the next entry of answers, the last one again and again."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.headers = [serve], [], []
        self.url = f"http://127.0.0.1:{self.server_port}/data.bin"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def end_headers(self):
        self.send_header("Connection", "close")
        super().end_headers()

    def do_GET(self):
        self.server.asked.append(self.headers.get("Range"))
        self.server.headers.append(self.headers)
        answer = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        answer(self)

    def log_message(self, *arguments):
        """Silent."""


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr(module, "CHUNK", 4096)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "new" / "data.bin"


def left(file):
    """What is in the folder besides the lock."""
    return sorted(path.name for path in file.parent.iterdir() if path.suffix != ".lock")


def sentence(kind, *arguments, **declared):
    with pytest.raises(kind) as caught:
        download(*arguments, **declared)
    return str(caught.value)


def test_a_file_comes_whole_and_alone(server, file):
    steps = []
    download(server.url, file, len(CONTENT), DIGEST.upper(), lambda *step: steps.append(step))
    assert file.read_bytes() == CONTENT
    assert left(file) == ["data.bin"]
    assert {total for _, total in steps} == {len(CONTENT)}
    done = [done for done, _ in steps]
    assert len(done) > 10
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)


def test_a_file_that_is_there_is_kept_without_asking_the_server(server, file):
    download(server.url, file, len(CONTENT), DIGEST)
    download(server.url, file, len(CONTENT), DIGEST)
    assert server.asked == [None]


@pytest.mark.parametrize("declared", [{"size": len(CONTENT)}, {"sha256": DIGEST}], ids=str)
def test_another_file_in_its_place_is_named_and_kept(server, file, declared):
    file.parent.mkdir()
    file.write_bytes(OTHER)
    told = sentence(BadInput, server.url, file, **declared)
    assert told.startswith(f"{file}: ")
    assert "declared; delete it to have" in told
    assert file.read_bytes() == OTHER
    assert server.asked == []


@pytest.mark.parametrize("validator", [{}, {"ETag": 'W/"weak"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}])
def test_a_dropped_connection_goes_on_where_it_stopped(server, file, validator):
    server.answers = [partial(serve, cut=CUT, extra=validator), partial(serve, extra=validator)]
    download(server.url, file)
    assert file.read_bytes() == CONTENT
    assert [headers.get("If-Range") for headers in server.headers] == [None, validator.get("Last-Modified", TAG)]
    first, second = server.asked
    assert first is None
    assert CUT - module.CHUNK <= int(second.removeprefix("bytes=").removesuffix("-")) <= CUT


def test_what_came_stays_where_all_attempts_fail_and_the_next_call_goes_on(server, file):
    server.answers = [partial(serve, cut=CUT), partial(fail, status=503)]
    told = sentence(MissingFiles, server.url, file)
    assert told == (
        f"{file}: the file is missing and its download failed (the server answers 503 Service Unavailable); run again "
        f"to go on where it stopped, or download {server.url} by hand and save it under this path."
    )
    assert len(server.asked) == 1 + len(module.PAUSES)
    assert left(file) == ["data.bin.part", "data.bin.part.json"]
    server.answers = [serve]
    download(server.url, file)
    assert file.read_bytes() == CONTENT
    assert server.asked[-1] != "bytes=0-"
    assert left(file) == ["data.bin"]


class Killed(BaseException):
    """As a signal would end the process."""


@pytest.mark.parametrize("after", [1, len(CONTENT)])
def test_a_killed_process_leaves_what_the_next_call_goes_on_with(server, file, after):
    def killer(done, total):
        if done >= after:
            raise Killed

    with pytest.raises(Killed):
        download(server.url, file, size=len(CONTENT), sha256=DIGEST, progress=killer)
    have = (file.parent / "data.bin.part").stat().st_size
    assert not file.exists()
    assert have >= after
    download(server.url, file, size=len(CONTENT), sha256=DIGEST)
    assert file.read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={have}-"]


def test_a_server_that_ignores_ranges_gives_all_again(server, file):
    server.answers = [partial(serve, cut=CUT), partial(serve, ranges=False)]
    download(server.url, file)
    assert server.asked[1] is not None
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize("check", [True, False], ids=["If-Range heeded", "If-Range ignored"])
def test_two_versions_of_a_file_are_never_mixed(server, file, check):
    server.answers = [partial(serve, cut=CUT), partial(serve, content=OTHER, tag='"second"', check=check)]
    download(server.url, file)
    assert file.read_bytes() == OTHER
    assert server.asked[1] is not None


def test_a_shorter_version_behind_what_came_starts_anew(server, file):
    server.answers = [partial(serve, cut=CUT), partial(serve, content=OTHER[:1000], tag='"second"', check=False)]
    download(server.url, file)
    assert file.read_bytes() == OTHER[:1000]


def test_a_rest_from_elsewhere_in_the_file_is_not_taken(server, file):
    wrong = {"Content-Range": f"bytes 5-{len(CONTENT) - 1}/{len(CONTENT)}"}

    def misplaced(request):
        request.send_response(206)
        for name, value in (wrong | {"ETag": TAG, "Content-Length": str(len(CONTENT) - 5)}).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(CONTENT[5:])

    server.answers = [partial(serve, cut=CUT), misplaced, serve]
    download(server.url, file)
    assert file.read_bytes() == CONTENT


def test_without_tag_and_date_nothing_is_continued(server, file):
    server.answers = [partial(serve, cut=CUT, tag=None), partial(serve, content=OTHER, tag=None)]
    download(server.url, file)
    assert server.asked == [None, None]
    assert file.read_bytes() == OTHER


@pytest.mark.parametrize("note", [None, "{", "[]", '{"url": "https://example.org/other", "validator": "\\"first\\""}'])
def test_a_part_of_unknown_origin_is_not_continued(server, file, note):
    file.parent.mkdir()
    (file.parent / "data.bin.part").write_bytes(OTHER[:1000])
    if note:
        (file.parent / "data.bin.part.json").write_text(note)
    download(server.url, file)
    assert server.asked == [None]
    assert file.read_bytes() == CONTENT
    assert left(file) == ["data.bin"]


def test_the_note_beside_a_part_names_url_and_tag(server, file):
    server.answers = [partial(serve, cut=CUT), partial(fail, status=500)]
    sentence(MissingFiles, server.url, file)
    assert json.loads((file.parent / "data.bin.part.json").read_text()) == {"url": server.url, "validator": TAG}


def test_a_length_that_is_announced_too_long_is_never_a_whole_file(server, file):
    server.answers = [partial(serve, length=10, ranges=False)]
    assert "no connection, or it broke off: ProtocolError" in sentence(MissingFiles, server.url, file)
    assert not file.exists()


def test_a_length_that_is_announced_too_short_is_told_from_the_declared_one(server, file):
    server.answers = [partial(serve, length=-10)]
    told = sentence(BadInput, server.url, file, size=len(CONTENT))
    assert told == (
        f"{server.url}: this is another file: the server offers {len(CONTENT) - 10} bytes where {len(CONTENT)} are "
        f"declared; find the file and save it as {file}."
    )
    assert left(file) == []


def test_a_length_that_is_announced_too_short_is_told_by_the_hash(server, file):
    server.answers = [partial(serve, length=-10)]
    assert "this is another file: SHA-256 " in sentence(BadInput, server.url, file, sha256=DIGEST)
    assert left(file) == []


def test_a_wrong_file_is_deleted_and_named(server, file):
    server.answers = [partial(serve, content=OTHER)]
    told = sentence(BadInput, server.url, file, len(OTHER), DIGEST)
    assert told == (
        f"{server.url}: this is another file: SHA-256 {sha256(OTHER).hexdigest()} where {DIGEST} is declared; "
        f"find the file and save it as {file}."
    )
    assert left(file) == []
    assert len(server.asked) == 1


def test_a_part_that_was_damaged_on_disk_is_found_out_and_the_next_call_starts_anew(server, file):
    server.answers = [partial(serve, cut=CUT), partial(fail, status=500)]
    sentence(MissingFiles, server.url, file)
    part = file.parent / "data.bin.part"
    part.write_bytes(bytes(part.stat().st_size))
    server.answers = [serve]
    assert "SHA-256" in sentence(BadInput, server.url, file, len(CONTENT), DIGEST)
    download(server.url, file, len(CONTENT), DIGEST)
    assert file.read_bytes() == CONTENT


def test_chunks_need_no_length(server, file):
    server.answers = [chunked]
    download(server.url, file)
    assert file.read_bytes() == CONTENT


def test_chunks_that_break_off_are_no_file(server, file):
    server.answers = [partial(chunked, cut=100_000)]
    assert "broke off" in sentence(MissingFiles, server.url, file)
    assert not file.exists()


def test_chunks_beyond_the_declared_size_are_cut_off(server, file):
    server.answers = [chunked]
    told = sentence(BadInput, server.url, file, size=100_000)
    assert "more than the 100000 bytes" in told
    assert left(file) == []


def test_an_answer_whose_end_nobody_knows_is_refused_unless_it_is_declared(server, file):
    server.answers = [partial(serve, extra={"Content-Length": None})]
    assert "nobody says how long the file is" in sentence(MissingFiles, server.url, file)
    download(server.url, file, size=len(CONTENT))
    assert file.read_bytes() == CONTENT


def test_a_declared_size_tells_where_an_answer_without_length_broke_off(server, file):
    server.answers = [partial(serve, cut=CUT, extra={"Content-Length": None}), partial(fail, status=404)]
    sentence(MissingFiles, server.url, file, size=len(CONTENT))
    assert server.asked == [None, f"bytes={CUT}-"]
    server.answers = [partial(serve, cut=CUT + 10, extra={"Content-Length": None})]
    told = sentence(MissingFiles, server.url, file, size=len(CONTENT))
    assert f"the connection broke off after {CUT + 10} of {len(CONTENT)} bytes" in told


def test_a_compressed_file_stays_as_it_is_served(server, file):
    server.answers = [partial(serve, extra={"Content-Encoding": "gzip"})]
    download(server.url, file)
    assert file.read_bytes() == CONTENT
    assert server.headers[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_lasting_refusal_is_not_asked_again(server, file, status):
    server.answers = [partial(fail, status=status)]
    told = sentence(MissingFiles, server.url, file)
    assert f"its download failed (the server answers {status} " in told
    assert told.endswith(f"; download {server.url} by hand and save it under this path.")
    assert len(server.asked) == 1
    assert left(file) == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_refusal_is_asked_again_after_growing_pauses(server, file, status, monkeypatch):
    pauses = []
    monkeypatch.setattr(module, "PAUSES", (1.0, 3.0))
    monkeypatch.setattr(time, "sleep", pauses.append)
    server.answers = [partial(fail, status=status), partial(fail, status=status), serve]
    download(server.url, file)
    assert pauses == [1.0, 3.0]
    assert file.read_bytes() == CONTENT


def test_the_pauses_grow():
    assert list(module.PAUSES) == sorted(module.PAUSES)


def test_redirects_are_followed_also_for_the_rest(server, file):
    hop = partial(redirect, to=server.url + "?moved")
    server.answers = [hop, partial(serve, cut=CUT), hop, serve]
    download(server.url, file)
    assert file.read_bytes() == CONTENT
    assert server.asked[:2] == [None, None]
    assert server.asked[2]
    assert server.asked[2] == server.asked[3]


@pytest.mark.parametrize("scheme", ["file", "ftp", "data"])
def test_a_redirect_to_another_scheme_is_not_followed(server, file, tmp_path, scheme):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    server.answers = [partial(redirect, to=secret.as_uri().replace("file", scheme))]
    assert "cannot be followed: InvalidSchema" in sentence(MissingFiles, server.url, file)
    assert len(server.asked) == 1
    assert left(file) == []


def test_redirects_in_a_circle_end(server, file):
    server.answers = [partial(redirect, to=server.url)]
    assert "cannot be followed: TooManyRedirects" in sentence(MissingFiles, server.url, file)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://example.org/a", "data:,a", "/etc/hostname", ""])
def test_other_schemes_are_refused(url, file):
    assert "only http:// and https:// are downloaded; correct the address" in sentence(BadInput, url, file)
    assert not file.parent.exists()


@pytest.mark.parametrize("url", ["http://", "http://[", "https://exa mple.org:x/"])
def test_a_broken_address(url, file):
    assert "cannot be followed: InvalidURL" in sentence(MissingFiles, url, file)


@pytest.mark.parametrize("cut", [None, CUT], ids=["before the answer", "within the file"])
def test_a_silent_server_is_given_up(server, file, cut, monkeypatch):
    done = threading.Event()

    def stall(request):
        if cut:
            serve(request, cut=cut)
        done.wait()

    monkeypatch.setattr(module, "PATIENCE", 0.1)
    server.answers = [stall]
    started = time.monotonic()
    assert "the server was silent for 0.1 seconds" in sentence(MissingFiles, server.url, file)
    assert time.monotonic() - started < 5
    done.set()


def test_nobody_listens(file):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.bin"
        assert "no connection, or it broke off: ConnectionError" in sentence(MissingFiles, url, file)


def test_a_place_that_cannot_be_written(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    told = sentence(BadInput, server.url, tmp_path / "file" / "data.bin")
    assert told.endswith("; mend that and run again.")
    assert server.asked == []


def test_two_at_once_do_not_mix(server, file):
    running = [threading.Thread(target=download, args=(server.url, file, len(CONTENT), DIGEST)) for _ in range(3)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert server.asked == [None]
    assert file.read_bytes() == CONTENT
