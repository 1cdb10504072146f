"""Progress says what is left in words that hold, and is one line where nobody looks."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline.core import progress
from pipeline.core.progress import Countdown, counting, duration


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
    ("seconds", "told"),
    [(0.2, "1 s"), (42.4, "42 s"), (90, "2 min"), (3570, "1 h 0 min"), (3500, "58 min"), (11_100, "3 h 5 min")],
)
def test_durations_are_told_as_people_say_them(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_without_a_terminal_the_title_is_all(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("emoji: mrl, 24 cells") as move:
        move(1, 24)
        move(24, 24)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "emoji: mrl, 24 cells\n")


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


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_countdown_names_the_place_and_what_the_rest_takes() -> None:
    clock = Clock()
    count = Countdown({"a": 60.0, "b": 120.0, "c": 60.0}, clock)
    assert count.reach("fetch", True) == ""
    clock.now = 999.0
    assert count.reach("a", True) == "1 of 3, about 4 min left"
    clock.now += 60.0
    assert count.reach("b", False) == "2 of 3, about 3 min left"
    assert count.reach("c", True) == "3 of 3, about 1 min left"


def test_a_countdown_learns_from_what_stages_took() -> None:
    clock = Clock()
    count = Countdown({"a": 60.0, "b": 120.0}, clock)
    count.reach("a", True)
    clock.now = 180.0
    assert count.reach("fetch", True) == ""
    clock.now = 999.0
    assert count.reach("b", True) == "2 of 2, about 6 min left"


def test_a_short_stage_teaches_nothing() -> None:
    clock = Clock()
    count = Countdown({"a": 1.0, "b": 120.0}, clock)
    count.reach("a", True)
    clock.now = 5.0
    assert count.reach("b", True) == "2 of 2, about 2 min left"


def test_a_countdown_is_silent_about_time_that_nothing_tells() -> None:
    count = Countdown({"a": 1.0, "b": None, "c": 60.0}, Clock())
    assert count.reach("a", True) == "1 of 3"
    assert count.reach("b", True) == "2 of 3"
    assert count.reach("c", True) == "3 of 3, about 1 min left"
