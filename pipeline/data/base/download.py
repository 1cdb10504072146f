"""Files that are openly served on the web, whole or not at all.

Written on requests instead of pooch, which knows no size, asks again after a lasting refusal such as 404 or else
never, moves a file into place before its caller can judge it, and unpacks what a server labels Content-Encoding.
A download that breaks off begins anew: the largest file served has about 50 MB.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256 as new_sha256
from pathlib import Path

import requests
from filelock import FileLock
from urllib3.exceptions import HTTPError, TimeoutError

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.files import atomic_write
from pipeline.core.files import sha256 as sha256_of

PATIENCE = 30.0
"""Seconds of silence after which a connection is given up."""
PAUSES = (1.0, 3.0, 9.0, 27.0)
"""Seconds before each further attempt."""
CHUNK = 1 << 16
PASSING = (408, 429, 500, 502, 503, 504)
"""Answers that may be others a little later: timeouts, too many requests, errors of the server."""

Progress = Callable[[int, int], None]


class _Failed(Exception):
    """An attempt that brought no file: why, and whether another one is worth while."""

    def __init__(self, reason: str, again: bool) -> None:
        super().__init__(reason)
        self.again = again


def download(
    url: str,
    file: Path,
    size: int | None = None,
    sha256: str | None = None,
    progress: Progress = lambda done, total: None,
) -> None:
    """Save what url (http or https) gives as file; a file that is there already is checked and kept.

    size: bytes, sha256: hexadecimal; where declared, the file has them. Else it is as long as the server announces.
    progress: called with the bytes so far and in all (the bytes so far again while nobody says how many).
    <file>.lock lets a second process wait.

    Raises MissingFiles where the file cannot be had, BadInput where another one than declared is served or there.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise BadInput("only http:// and https:// are downloaded", url, "correct the address")
    wanted = _Wanted(url, file, size, sha256)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{file}.lock"):
            if not file.exists():
                _fetch(wanted, progress)
            elif wrong := wanted.difference(file.stat().st_size, sha256_of(file) if sha256 else ""):
                raise BadInput(wrong, str(file), f"delete it to have {url} downloaded")
        progress(file.stat().st_size, file.stat().st_size)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadInput(f"the file cannot be read or written ({reason})", str(file), "mend that and run again") from None


@dataclass(frozen=True)
class _Wanted:
    """Where a file comes from, where it goes, and what is declared of it."""

    url: str
    file: Path
    size: int | None
    sha256: str | None

    def difference(self, size: int | None, sha256: str) -> str:
        """How a file differs from what is declared; empty where it does not."""
        if self.size is not None and size != self.size:
            return f"{size} bytes where {self.size} are declared"
        if self.sha256 is not None and sha256 != self.sha256.lower():
            return f"SHA-256 {sha256} where {self.sha256} is declared"
        return ""

    def refusal(self, wrong: str) -> BadInput:
        return BadInput(f"this is another file: {wrong}", self.url, f"find the file and save it as {self.file}")


def _fetch(wanted: _Wanted, progress: Progress) -> None:
    for pause in (*PAUSES, None):
        try:
            _attempt(wanted, progress)
            return
        except _Failed as failure:
            if not failure.again or pause is None:
                reason = f"the file is missing and its download failed ({failure})"
                remedy = f"download {wanted.url} by hand and save it under this path"
                again = "run again, or " if failure.again else ""
                raise MissingFiles(reason, str(wanted.file), again + remedy) from None
            time.sleep(pause)


def _attempt(wanted: _Wanted, progress: Progress) -> None:
    headers = {"Accept-Encoding": "identity"}
    try:
        with requests.get(wanted.url, headers=headers, stream=True, timeout=PATIENCE) as answer:
            if answer.status_code != requests.codes.ok:
                reason = f"the server answers {answer.status_code} {answer.reason}"
                raise _Failed(reason, again=answer.status_code in PASSING)
            _save(answer, wanted, progress)
    except (requests.Timeout, TimeoutError):
        raise _Failed(f"the server was silent for {PATIENCE:g} seconds", again=True) from None
    except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL, requests.TooManyRedirects) as error:
        reason = f"the address, or where it redirects to, cannot be followed: {type(error).__name__}"
        raise _Failed(reason, again=False) from None
    except (requests.RequestException, HTTPError) as error:
        raise _Failed(f"no connection, or it broke off: {type(error).__name__}", again=True) from None


def _save(answer: requests.Response, wanted: _Wanted, progress: Progress) -> None:
    """Write the bytes as they are served; they become the file once they are judged."""
    announced = answer.headers.get("Content-Length", "")
    total = int(announced) if announced.isdecimal() else wanted.size
    chunked = answer.headers.get("Transfer-Encoding", "").lower() == "chunked"
    if total is None and wanted.sha256 is None and not chunked:
        raise _Failed("nobody says how long the file is", again=False)
    if wanted.size not in (None, total):
        raise wanted.refusal(f"the server offers {total} bytes where {wanted.size} are declared")
    done, digest = 0, new_sha256()
    with atomic_write(wanted.file) as part:
        for block in answer.raw.stream(CHUNK, decode_content=False):
            part.write(block)
            digest.update(block)
            done += len(block)
            if total is not None and done > total:
                raise wanted.refusal(f"more than the {total} bytes that are declared or announced come")
            progress(done, total or done)
        if total is not None and done < total:
            raise _Failed(f"the connection broke off after {done} of {total} bytes", again=True)
        if wrong := wanted.difference(done, digest.hexdigest()):
            raise wanted.refusal(wrong)
