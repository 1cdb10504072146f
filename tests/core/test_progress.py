"""Progress says what is left in words that hold, and is one line where nobody looks."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline.core import progress
from pipeline.core.progress import counting, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    screen = Terminal()
    for name in ("CI", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "Console", lambda **_: Console(file=screen, width=120))
    return screen


@pytest.mark.parametrize(
    ("seconds", "printed"),
    [(0.2, "1 s"), (42.4, "42 s"), (90, "2 min"), (3570, "1 h 0 min"), (3500, "58 min"), (11_100, "3 h 5 min")],
)
def test_durations_are_told_as_people_say_them(seconds: float, printed: str) -> None:
    assert duration(seconds) == printed


def test_without_a_terminal_the_title_is_all(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("emoji: mrl, 24 cells") as move:
        move(1, 24)
        move(24, 24)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "emoji: mrl, 24 cells\n")


def test_ci_gets_the_title_alone_even_on_a_terminal(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with counting("emoji: mrl, 24 cells") as move:
        move(1, 24)
    assert terminal.getvalue() == "emoji: mrl, 24 cells\n"


def test_a_terminal_shows_what_is_running(terminal: Terminal) -> None:
    with counting("emoji: mrl", running=lambda: ["default-symmetric-0.2-0", "default-symmetric-0.4-0"]) as move:
        move(3, 24)
    assert "3/24" in terminal.getvalue()
    assert "now: default-symmetric-0.2-0, default-symmetric-0.4-0" in terminal.getvalue()


def test_the_time_left_counts_what_was_done_since_the_start() -> None:
    clock = [0.0]
    bar = progress.RichProgress(progress.TimeLeft(), get_time=lambda: clock[0])
    bar.add_task("", total=24, already=20)
    (task,) = bar.tasks
    clock[0] = 60.0
    bar.update(task.id, completed=20)
    assert progress.TimeLeft().render(task).plain == ""
    bar.update(task.id, completed=21)
    assert progress.TimeLeft().render(task).plain == "about 3 min left"
    bar.update(task.id, completed=24)
    assert progress.TimeLeft().render(task).plain == ""
