"""A headless Chromium driven over its DevTools pipe: no driver, no port, no network."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio"),
    *("--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-extensions", "--disable-domain-reliability", "--remote-debugging-pipe"),
)
_REPLY_SECONDS = 60


def installed() -> str | None:
    """Path of the first Chromium that this machine has."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """One browser process with an empty profile of its own; a context manager."""

    def __init__(self, program: str) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        read, self._write = _pipe()
        self._read, write = _pipe()

        def at_three_and_four() -> None:
            os.dup2(read, 3)
            os.dup2(write, 4)

        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(3, 4),
            preexec_fn=at_three_and_four,
        )
        os.close(read)
        os.close(write)
        self._buffer, self._number = b"", 0
        self.listeners: list[Callable[[dict[str, Any]], None]] = []

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, *_: object) -> None:
        self.send("Browser.close")
        self._process.wait(_REPLY_SECONDS)
        os.close(self._write)
        os.close(self._read)
        self._profile.cleanup()

    def page(self) -> Page:
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        return Page(self, target, self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])

    def send(self, command: str, session: str | None = None, **arguments: Any) -> dict[str, Any]:
        """The result of a command; events that arrive before it go to the listeners."""
        self._number += 1
        call = {"id": self._number, "method": command, "params": arguments}
        if session:
            call["sessionId"] = session
        os.write(self._write, json.dumps(call).encode() + b"\0")
        while True:
            message = self._receive()
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{command}: {message['error']['message']}")
                return dict(message["result"])
            for listener in self.listeners:
                listener(message)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not (more := os.read(self._read, 1 << 20)):
                raise RuntimeError("Chromium has gone")
            self._buffer += more
        message, self._buffer = self._buffer.split(b"\0", 1)
        return dict(json.loads(message))


class Page:
    """A tab. complaints: errors and warnings of the console, exceptions; requests: every address asked for."""

    def __init__(self, browser: Chromium, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        browser.listeners.append(self._hear)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.resize(1280, 900)

    def send(self, command: str, **arguments: Any) -> dict[str, Any]:
        return self._browser.send(command, self._session, **arguments)

    def close(self) -> None:
        self._browser.listeners.remove(self._hear)
        self._browser.send("Target.closeTarget", targetId=self._target)

    def open(self, file: Path) -> None:
        """Load a file and wait until it is there."""
        self._load("Page.navigate", url=file.resolve().as_uri())

    def reload(self) -> None:
        """Load the same file again, in the same process, which knows at once what it has kept."""
        self._load("Page.reload")

    def _load(self, command: str, **arguments: Any) -> None:
        self._loaded = False
        self.send(command, **arguments)
        while not self._loaded:
            self.send("Page.getLayoutMetrics")
            time.sleep(0.02)

    def evaluate(self, script: str) -> Any:
        """Value of an expression, a promise's once it is kept."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", script))
        return result["result"].get("value")

    def resize(self, width: int, height: int) -> None:
        """CSS pixels; below 600 wide as on a phone."""
        phone = width < 600
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def prefer(self, scheme: str) -> None:
        """What the system asks for: 'light' or 'dark'."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def press(self, key: str) -> None:
        """One key on what has the focus: 'Tab', 'Enter', ' '."""
        code = {"Tab": 9, "Enter": 13, " ": 32, "Escape": 27}[key]
        text = {"Enter": "\r", " ": " "}.get(key, "")
        common = {"key": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def screenshot(self, file: Path, whole: bool = False) -> None:
        """What is seen, or the whole page, as PNG."""
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("sessionId") != self._session:
            return
        method, printed = message["method"], message["params"]
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(printed["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(printed["exceptionDetails"].get("exception", printed["exceptionDetails"])))
        elif method == "Runtime.consoleAPICalled" and printed["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(argument.get("value", "")) for argument in printed["args"]))
        elif method == "Log.entryAdded" and printed["entry"]["level"] in ("error", "warning"):
            self.complaints.append(printed["entry"]["text"])


def _pipe() -> tuple[int, int]:
    """Both ends above the numbers that the browser expects its own at."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]
