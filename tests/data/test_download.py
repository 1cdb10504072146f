"""Downloads from a server on this machine: whole or not at all, and one sentence where they fail."""

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
OTHER_DIGEST = sha256(OTHER).hexdigest()
DIGEST = sha256(CONTENT).hexdigest()
CUT = 200_000


def serve(request, content=CONTENT, cut=None, **headers):
    """Answer with the content, of which the first cut bytes come; headers: others than usual, None drops one."""
    request.send_response(200)
    for name, value in ({"Content_Length": str(len(content))} | headers).items():
        if value is not None:
            request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(content[:cut])


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
        self.answers, self.requests = [serve], []
        self.url = f"http://127.0.0.1:{self.server_port}/data.bin"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def end_headers(self):
        self.send_header("Connection", "close")
        super().end_headers()

    def do_GET(self):
        self.server.requests.append(self.headers)
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
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "new" / "data.bin"


def sentence(kind, *arguments, **declared):
    with pytest.raises(kind) as caught:
        download(*arguments, **declared)
    return str(caught.value)


def contents(file):
    """Names in the folder besides the lock."""
    return sorted(path.name for path in file.parent.iterdir() if path.suffix != ".lock")


def test_a_file_comes_whole_and_alone_and_is_then_kept(server, file):
    steps = []
    download(server.url, file, len(CONTENT), DIGEST.upper(), lambda *step: steps.append(step))
    assert file.read_bytes() == CONTENT
    assert contents(file) == ["data.bin"]
    assert len(steps) > 3
    assert steps == sorted(steps)
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    download(server.url, file, len(CONTENT), DIGEST)
    assert len(server.requests) == 1


@pytest.mark.parametrize("declared", [{"size": len(CONTENT)}, {"sha256": DIGEST}], ids=str)
def test_another_file_in_its_place_is_named_and_kept(server, file, declared):
    file.parent.mkdir()
    file.write_bytes(OTHER)
    assert "declared; delete it to have" in sentence(BadInput, server.url, file, **declared)
    assert file.read_bytes() == OTHER
    assert server.requests == []


def test_a_dropped_connection_begins_anew(server, file):
    server.answers = [partial(serve, cut=CUT), partial(chunked, cut=100_000), serve]
    download(server.url, file)
    assert file.read_bytes() == CONTENT


class Killed(BaseException):
    """As a signal would end the process."""


def test_a_killed_process_leaves_no_file(server, file):
    def kill(done, total):
        raise Killed

    with pytest.raises(Killed):
        download(server.url, file, progress=kill)
    assert contents(file) == []


@pytest.mark.parametrize("answer", [partial(serve, Content_Length="300010"), partial(chunked, cut=100_000)])
def test_less_than_announced_is_no_file(server, file, answer):
    server.answers = [answer]
    reason = sentence(MissingFiles, server.url, file)
    assert "no connection, or it broke off: ProtocolError" in reason
    assert f"); run again, or download {server.url} by hand and save it under this path." in reason
    assert contents(file) == []


@pytest.mark.parametrize(
    ("answer", "declared", "reason"),
    [
        (serve, {"size": 9}, "the server offers 300000 bytes where 9 are declared"),
        (chunked, {"size": 100_000}, "more than the 100000 bytes that are declared or announced come"),
        (
            partial(serve, content=OTHER),
            {"sha256": DIGEST},
            f"SHA-256 {OTHER_DIGEST} where {DIGEST} is declared",
        ),
    ],
    ids=["length", "more", "hash"],
)
def test_another_file_than_declared_is_refused(server, file, answer, declared, reason):
    server.answers = [answer]
    complaint = f"{server.url}: this is another file: {reason}; find the file and save it as {file}."
    assert sentence(BadInput, server.url, file, **declared) == complaint
    assert contents(file) == []
    assert len(server.requests) == 1


def test_chunks_need_no_length(server, file):
    server.answers = [chunked]
    download(server.url, file)
    assert file.read_bytes() == CONTENT


def test_an_answer_whose_end_nobody_knows_is_refused_unless_it_is_declared(server, file):
    server.answers = [partial(serve, Content_Length=None)]
    assert "nobody says how long the file is" in sentence(MissingFiles, server.url, file)
    server.answers = [partial(serve, cut=CUT, Content_Length=None)]
    reason = sentence(MissingFiles, server.url, file, size=len(CONTENT))
    assert f"the connection broke off after {CUT} of {len(CONTENT)} bytes" in reason
    server.answers = [partial(serve, Content_Length=None)]
    download(server.url, file, size=len(CONTENT))
    assert file.read_bytes() == CONTENT


def test_a_compressed_file_stays_as_it_is_served(server, file):
    server.answers = [partial(serve, Content_Encoding="gzip")]
    download(server.url, file)
    assert file.read_bytes() == CONTENT
    assert server.requests[0]["Accept-Encoding"] == "identity"


def test_a_lasting_refusal_is_not_asked_again(server, file):
    server.answers = [partial(fail, status=404)]
    assert sentence(MissingFiles, server.url, file) == (
        f"{file}: the file is missing and its download failed (the server answers 404 Not Found); "
        f"download {server.url} by hand and save it under this path."
    )
    assert len(server.requests) == 1


def test_a_passing_refusal_is_asked_again_after_growing_pauses(server, file, monkeypatch):
    pauses = []
    monkeypatch.setattr(module, "PAUSES", (1.0, 3.0))
    monkeypatch.setattr(time, "sleep", pauses.append)
    server.answers = [partial(fail, status=429), partial(fail, status=503), serve]
    download(server.url, file)
    assert pauses == [1.0, 3.0]
    assert file.read_bytes() == CONTENT


def test_a_redirect_is_followed(server, file):
    server.answers = [partial(redirect, to=server.url + "?moved"), serve]
    download(server.url, file)
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize("scheme", ["file", "ftp", "data"])
def test_a_redirect_to_another_scheme_is_not_followed(server, file, tmp_path, scheme):
    server.answers = [partial(redirect, to=tmp_path.as_uri().replace("file", scheme))]
    assert "cannot be followed: InvalidSchema" in sentence(MissingFiles, server.url, file)
    assert len(server.requests) == 1
    assert contents(file) == []


def test_redirects_in_a_circle_end(server, file):
    server.answers = [partial(redirect, to=server.url)]
    assert "cannot be followed: TooManyRedirects" in sentence(MissingFiles, server.url, file)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://example.org/a", "/etc/hostname"])
def test_other_schemes_are_refused(url, file):
    assert "only http:// and https:// are downloaded; correct the address" in sentence(BadInput, url, file)
    assert not file.parent.exists()


def test_a_broken_address(file):
    assert "cannot be followed: InvalidURL" in sentence(MissingFiles, "http://[", file)


@pytest.mark.parametrize("cut", [None, CUT], ids=["before the answer", "within the file"])
def test_a_silent_server_is_given_up(server, file, cut, monkeypatch):
    done = threading.Event()

    def stall(request):
        if cut:
            serve(request, cut=cut)
        done.wait()

    monkeypatch.setattr(module, "PATIENCE", 0.1)
    server.answers = [stall]
    assert "the server was silent for 0.1 seconds" in sentence(MissingFiles, server.url, file)
    done.set()


def test_nobody_listens(file):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.bin"
        assert "no connection, or it broke off: ConnectionError" in sentence(MissingFiles, url, file)


def test_a_place_that_cannot_be_written(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    complaint = sentence(BadInput, server.url, tmp_path / "file" / "data.bin")
    assert complaint.endswith("; mend that and run again.")
    assert server.requests == []


def test_two_at_once_do_not_mix(server, file):
    running = [threading.Thread(target=download, args=(server.url, file, len(CONTENT), DIGEST)) for _ in range(3)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(server.requests) == 1
    assert file.read_bytes() == CONTENT
