"""Files that are openly served on the web: whole or not at all, going on where a download stopped."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

import requests
from filelock import FileLock
from urllib3.exceptions import HTTPError, TimeoutError

from pipeline.core.errors import BadInput, MissingFiles

PATIENCE = 30.0
"""Seconds of silence after which a connection is given up."""
PAUSES = (1.0, 3.0, 9.0, 27.0)
"""Seconds before each further attempt."""
CHUNK = 1 << 16
PASSING = (408, 429, 500, 502, 503, 504)
"""Answers that may be others a little later: timeouts, too many requests, errors of the server."""
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")

Progress = Callable[[int, int], None]


class _Failed(Exception):
    """An attempt that brought no whole file: why, and whether another one is worth while."""

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

    What came before an interruption stays in <file>.part, its url and the server's ETag or date of change in
    <file>.part.json; the next call asks for the rest (RFC 9110, sections 13.1.5 and 14). It starts anew where the
    server has another file now, ignores the question, or gives neither a strong ETag nor a date. <file>.lock lets
    a second process wait.

    Raises MissingFiles where the file cannot be had, BadInput where another one than declared is served or there.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise BadInput("only http:// and https:// are downloaded", url, "correct the address")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{file}.lock"):
            if not file.exists():
                _Download(url, file, size, sha256).bring(progress)
            elif wrong := _difference(file, size, sha256):
                raise BadInput(wrong, str(file), f"delete it to have {url} downloaded")
        progress(file.stat().st_size, file.stat().st_size)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadInput(f"the file cannot be read or written ({reason})", str(file), "mend that and run again") from None


class _Download:
    def __init__(self, url: str, file: Path, size: int | None, sha256: str | None) -> None:
        self.url, self.file, self.size, self.sha256 = url, file, size, sha256
        self.part, self.origin = Path(f"{file}.part"), Path(f"{file}.part.json")

    def bring(self, progress: Progress) -> None:
        for pause in (*PAUSES, None):
            try:
                self._attempt(progress)
                break
            except _Failed as failure:
                if not failure.again or pause is None:
                    remedy = f"download {self.url} by hand and save it under this path"
                    if failure.again:
                        remedy = f"run again to go on where it stopped, or {remedy}"
                    what = f"the file is missing and its download failed ({failure})"
                    raise MissingFiles(what, str(self.file), remedy) from None
                time.sleep(pause)
        if wrong := _difference(self.part, self.size, self.sha256):
            raise self._refused(wrong)
        os.replace(self.part, self.file)
        self.origin.unlink(missing_ok=True)

    def _attempt(self, progress: Progress) -> None:
        """One request for what is lacking."""
        have, validator = self._stopped()
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": validator}
        try:
            with requests.get(self.url, headers=headers, stream=True, timeout=PATIENCE) as answer:
                self._take(answer, have, validator, progress)
        except (requests.Timeout, TimeoutError):
            raise _Failed(f"the server was silent for {PATIENCE:g} seconds", again=True) from None
        except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL, requests.TooManyRedirects) as error:
            reason = f"the address, or where it redirects to, cannot be followed: {type(error).__name__}"
            raise _Failed(reason, again=False) from None
        except (requests.RequestException, HTTPError) as error:
            raise _Failed(f"no connection, or it broke off: {type(error).__name__}", again=True) from None

    def _take(self, answer: requests.Response, have: int, validator: str, progress: Progress) -> None:
        """Append what is answered to the part, or begin a new one with it; the bytes are kept as they are served."""
        status, headers = answer.status_code, answer.headers
        if have and status in (206, 416):
            told = CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
            start, announced = told.groups() if told else (None, "")
            whole = status == 416 and announced == str(have)
            if _validator(answer) not in (validator, "") or not (whole or start == str(have)):
                self._forget()
                raise _Failed("the server does not go on with the same file", again=True)
            if whole:
                return
        elif status == 200:
            self._forget()
            self.origin.write_text(json.dumps({"url": self.url, "validator": _validator(answer)}), encoding="utf-8")
            have, announced = 0, headers.get("Content-Length", "")
        else:
            raise _Failed(f"the server answers {status} {answer.reason}", again=status in PASSING)
        total = int(announced) if announced.isdecimal() else self.size
        if self.size is not None and total != self.size:
            raise self._refused(f"the server offers {total} bytes where {self.size} are declared")
        if total is None and self.sha256 is None and headers.get("Transfer-Encoding", "").lower() != "chunked":
            raise _Failed("nobody says how long the file is", again=False)
        with self.part.open("ab") as part:
            for block in answer.raw.stream(CHUNK, decode_content=False):
                part.write(block)
                have += len(block)
                if total is not None and have > total:
                    raise self._refused(f"more than the {total} bytes that are declared or announced come")
                progress(have, total or have)
        if total is not None and have < total:
            raise _Failed(f"the connection broke off after {have} of {total} bytes", again=True)

    def _stopped(self) -> tuple[int, str]:
        """Bytes that came from the same url before, and the validator of the file that they belong to."""
        try:
            origin = json.loads(self.origin.read_text(encoding="utf-8"))
            if origin["url"] == self.url and origin["validator"]:
                return self.part.stat().st_size, str(origin["validator"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            pass
        return 0, ""

    def _forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self.origin.unlink(missing_ok=True)

    def _refused(self, wrong: str) -> BadInput:
        self._forget()
        return BadInput(f"this is another file: {wrong}", self.url, f"find the file and save it as {self.file}")


def _validator(answer: requests.Response) -> str:
    """What a range may be asked with: a strong ETag, or else the date of the last change."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")


def _difference(file: Path, size: int | None, sha256: str | None) -> str:
    """How the file differs from what is declared; empty where it does not."""
    length = file.stat().st_size
    if size is not None and length != size:
        return f"{length} bytes where {size} are declared"
    if sha256 is not None:
        with file.open("rb") as content:
            found = file_digest(content, "sha256").hexdigest()
        if found != sha256.lower():
            return f"SHA-256 {found} where {sha256} is declared"
    return ""
