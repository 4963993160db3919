"""What a person sees of a run while it lasts: progress on stderr, results on stdout."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from attrs import define, field

from .._model import Result
from .._serial import as_json
from ..batch import Happened, Tally
from ._terminal import console, safe

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Screen"]


@define(eq=False)
class Screen:
    """Shows how far a run is on stderr where that is a terminal, and prints results as JSON Lines
    where that is wanted. `total` is how many errands there are."""

    total: int | None
    printing: bool
    tally: Tally = field(factory=Tally)
    _progress: Progress | None = None
    _task: TaskID | None = None

    def show(self, one: Happened) -> None:
        """Shows what happened, which is counted already."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=1, about=self._about())
        if not self.printing:
            return
        if isinstance(one.said, Result):
            print(as_json(one.said.to_dict()), flush=True)
        elif one.said != "known":
            image = {"source": one.source}
            error = {"provider": one.provider, "image": image, "error": one.said.to_dict()}
            print(as_json(error), flush=True)

    def say(self, text: str) -> None:
        """Tells a person something that lasts."""
        if self._progress is not None:
            self._progress.console.print(safe(text))
        else:
            print(f"taggers: {safe(text)}", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            self._progress = Progress(
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[about]}"),
                console=console(stderr=True),
                transient=True,
            )
            self._progress.start()
            self._task = self._progress.add_task("", total=self.total, about="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _about(self) -> str:
        tally = self.tally
        failed = ", ".join(f"{count} {safe(kind)}" for kind, count in tally.failed.most_common(3))
        return f"{tally.done:,} done, {tally.units:,} units" + (f"; {failed}" if failed else "")
