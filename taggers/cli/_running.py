"""What a person sees of a run while it lasts: progress on stderr, results on stdout."""

from __future__ import annotations

import sys
import time
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
    where that is wanted."""

    printing: bool
    tally: Tally = field(factory=Tally)
    _progress: Progress | None = None
    _task: TaskID | None = None
    _began: float = field(factory=time.monotonic)

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
                Progress,
                SpinnerColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            self._progress = Progress(
                SpinnerColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[about]}"),
                console=console(stderr=True),
                transient=True,
            )
            self._progress.start()
            self._task = self._progress.add_task("", total=None, about="")
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
        tally, took_s = self.tally, time.monotonic() - self._began
        rate = (tally.done + tally.failed.total()) / max(took_s, 0.001)
        failed = ", ".join(f"{count} {safe(kind)}" for kind, count in tally.failed.most_common(3))
        known = f", {tally.known:,} known" if tally.known else ""
        about = f"{tally.done:,} done{known}, {tally.units:,} units, {rate:,.0f} a second"
        return about + (f"; {failed}" if failed else "")
