"""Progress on the terminal: a bar with the time left where somebody looks, one line where nobody does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

Names = Callable[[], Sequence[str]]
Progress = Callable[[int, int], None]
"""progress(done, total) is called as work goes on."""


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


@contextmanager
def counting(title: str, already: int = 0, running: Names = tuple) -> Iterator[Progress]:
    """Give a function (done, total) that moves the bar; in CI or without a terminal the title is all that is printed.

    already: how many are done before it starts, which tells nothing about the time left; running: names of what is
    being done at the moment.
    """
    console = Console(stderr=True)
    if not console.is_terminal or os.environ.get("CI"):
        console.print(title, soft_wrap=True, highlight=False)
        yield quiet
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeLeft())
    with _Bar(running, columns, console) as progress:
        task = progress.add_task(title, total=None, already=already)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def duration(seconds: float) -> str:
    """As people say it: 40 s, 12 min, 3 h 5 min."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class TimeLeft(ProgressColumn):
    """What is left takes as long, one by one, as what was done since the start did; a cell may take minutes."""

    def render(self, task: Task) -> Text:
        done = task.completed - task.fields["already"]
        if task.total is None or done <= 0 or not task.elapsed or task.finished:
            return Text("")
        return Text(f"about {duration(task.elapsed / done * task.remaining)} left")


class _Bar(RichProgress):
    """A bar, and below it what is being done."""

    def __init__(self, running: Names, columns: Sequence[ProgressColumn], console: Console) -> None:
        self.running = running
        super().__init__(*columns, console=console, refresh_per_second=2)

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if names := self.running():
            yield Text("now: " + ", ".join(names), no_wrap=True, overflow="ellipsis")
