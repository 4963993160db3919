"""How a command asks providers about pictures, and what it counts meanwhile."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

from attrs import define, field

from .._client import TagOptions
from .._config import Config
from .._image import Image, Source
from .._model import Result
from .._sync import Tagger
from ..errors import TaggersError
from ._formats import Outcome
from ._sources import expand
from ._terminal import console

if TYPE_CHECKING:
    from ..compare import Comparison

__all__ = ["Tally", "ask", "asked"]


def ask(
    tagger: Tagger, sources: list[Source | Image], asked: tuple[str, ...], options: TagOptions
) -> Generator[Outcome, None, None]:
    """What each provider says about each picture, picture by picture."""
    answers = [_answers(tagger, sources, {**options, "provider": name}) for name in asked]
    with _progress(len(sources)) as advance:
        for source, *said in zip(sources, *answers, strict=True):
            advance()
            for name, answer in zip(asked, said, strict=True):
                yield Outcome(source, name, answer)


def _answers(
    tagger: Tagger, sources: list[Source | Image], options: TagOptions
) -> Iterator[Result | TaggersError]:
    return tagger.tag_many(sources, **options)


def asked(
    config: Config,
    images: tuple[str, ...],
    providers: tuple[str, ...],
    options: TagOptions,
    tally: Tally,
) -> Comparison:
    """What the providers say now about the pictures of a command line, compared."""
    from ..compare import Comparison

    names = tuple(dict.fromkeys(providers))
    with Tagger(config=config) as tagger:
        for name in names:
            tagger.check(name)
        with contextlib.closing(ask(tagger, expand(images), names, options)) as outcomes:
            counted = tally.counted(outcomes)
            return Comparison.of((one.name, one.provider, one.said) for one in counted)


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr where that is a terminal and there is something to wait for."""
    if total < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("tagging", total=total)
        yield lambda: progress.advance(task)


@define
class Tally:
    """How many calls went well, and the errors of the others."""

    good: int = 0
    errors: list[TaggersError] = field(factory=list)

    def counted(self, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
        """Passes the outcomes on, each one counted."""
        for outcome in outcomes:
            if isinstance(outcome.said, Result):
                self.good += 1
            else:
                self.errors.append(outcome.said)
            yield outcome

    def exit_code(self) -> int:
        """0: all went well; 1: some did; otherwise 3 where it is the credentials, else 4."""
        if not self.errors:
            return 0
        if self.good:
            return 1
        return 3 if all(error.scope == "credential" for error in self.errors) else 4
