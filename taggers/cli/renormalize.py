"""`taggers renormalize`: reads the answers of a store again."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator

import click
from attrs import define, field

from .._model import Result
from .._registry import installed
from ..batch import Reading, Store, read_again, renormalize
from ..errors import TaggersError
from ._confirming import confirmed
from ._terminal import console, many, safe, table

__all__ = ["command"]

EXAMPLES = 10
"""How many of the changed results are shown."""
LONGEST = 100
"""The most characters that are shown of each."""


@click.command("renormalize")
@click.argument("store", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask whether you mean it.")
def command(store: str, dry_run: bool, yes: bool) -> int:
    """Read every raw answer in STORE again with today's plugins, without one call.

    It shows what would change before it writes, and keeps what was read before: `taggers undo`
    brings that back.
    """
    opened, tally = Store.open(store), Tally()
    for _ in tally.counted(renormalize(opened, installed())):
        pass
    tally.show()
    if tally.changed and not dry_run:
        question = f"write {many(tally.changed, 'changed result')}?"
        confirmed(question, yes=yes, why=f"{many(tally.changed, 'result')} would change")
        count = read_again(opened, renormalize(opened, installed()))
        click.echo(f"read {many(count, 'result')} anew", err=True)
    opened.close()
    return 1 if tally.errors else 0


@define
class Tally:
    """What reading again finds: how many results, changes by plugin and field, and errors."""

    results: int = 0
    changed: int = 0
    changes: Counter[tuple[str, str]] = field(factory=Counter)
    errors: Counter[str] = field(factory=Counter)
    examples: list[Reading] = field(factory=list)

    def counted(self, readings: Iterable[Reading]) -> Iterator[Reading]:
        """Passes the readings on, each one counted."""
        for reading in readings:
            self.results += 1
            if isinstance(reading.now, TaggersError):
                self.errors[f"{reading.was.provenance.plugin}: {reading.now.message}"] += 1
            elif reading.changed:
                self.changed += 1
                plugin = reading.was.provenance.plugin
                self.changes.update((plugin, name) for name in reading.changed)
                if len(self.examples) < EXAMPLES:
                    self.examples.append(reading)
            yield reading

    def show(self) -> None:
        """Prints the changes, with examples, on stdout, and the errors on stderr."""
        results, change = many(self.results, "result"), many(self.changed, "changes", "change")
        print(f"{results} read again, {change}", flush=True)
        if self.changes:
            shown = table("plugin", "what", "results")
            for (plugin, name), count in sorted(self.changes.items()):
                shown.add_row(safe(plugin), name, f"{count:,}")
            console().print(shown)
        for reading in self.examples:
            if isinstance(reading.now, Result):
                print(f"{safe(reading.was.image.source)}  {safe(reading.was.provider)}")
                print(f"  - {_words(reading.was)}\n  + {_words(reading.now)}")
        sys.stdout.flush()
        for error, count in self.errors.most_common():
            text = f"{many(count, 'stays', 'stay')} as before: {safe(error)}"
            click.echo(f"taggers: {text}", err=True)


def _words(result: Result) -> str:
    """A result in a line."""
    tags = [
        f"{tag.name} {'–' if tag.confidence is None else f'{tag.confidence:.0%}'}"
        + (f" ({len(tag.regions)})" if tag.regions else "")
        for tag in result.tags
    ]
    text = safe(", ".join(tags) or "no tags")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
