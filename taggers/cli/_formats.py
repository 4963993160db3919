"""Outcomes as a table, JSON, JSON Lines or CSV, written as they come."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from .._image import Image, Source
from .._model import Region, Result, Tag
from .._serial import as_json
from ..errors import TaggersError
from ._terminal import console, safe, table

__all__ = ["FORMATS", "Outcome", "write"]

FORMATS = ("table", "json", "jsonl", "csv")
LONGEST = 120
"""The most characters of an error in a table."""


@frozen
class Outcome:
    """What one provider said about one picture: a result, or the error."""

    picture: Source | Image
    provider: str
    said: Result | TaggersError

    @property
    def name(self) -> str:
        """The name that a person knows the picture by."""
        return self.picture.source if isinstance(self.picture, Image) else str(self.picture)

    @property
    def who(self) -> str:
        """The provider that answered; of an error, whom the caller asked."""
        return self.said.provider if isinstance(self.said, Result) else self.provider


def write(form: str, outcomes: Iterable[Outcome]) -> None:
    """Writes all outcomes to stdout in a format of `FORMATS`."""
    {"table": _table, "json": _json, "jsonl": _jsonl, "csv": _csv}[form](outcomes)


def _record(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome.said, Result):
        return outcome.said.to_dict()
    image = {"source": outcome.name}
    error = outcome.said.to_dict()
    error["provider"] = error["provider"] or outcome.provider
    return {"provider": outcome.provider, "image": image, "error": error}


def _line(outcome: Outcome) -> str:
    return as_json(_record(outcome))


def _jsonl(outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        print(_line(outcome), flush=True)


def _json(outcomes: Iterable[Outcome]) -> None:
    before = "["
    for outcome in outcomes:
        print(f"{before}\n{_line(outcome)}", end="")
        before = ","
    print("[]" if before == "[" else "\n]")


_COLUMNS = (
    "image", "provider", "tag", "confidence", "kind", "category", "source",
    "x", "y", "width", "height", "unit", "region_confidence", "match", "similarity",
    "error", "message",
)  # fmt: skip


def _csv(outcomes: Iterable[Outcome]) -> None:
    writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for outcome in outcomes:
        about = {"image": outcome.name, "provider": outcome.who}
        writer.writerows({**about, **row} for row in _rows(outcome.said))


def _rows(said: Result | TaggersError) -> Iterator[dict[str, Any]]:
    """One row for each box of a tag, each tag without boxes, each unnamed box and each match; one
    for an error, and one for a result that has nothing of that."""
    if isinstance(said, TaggersError):
        yield {"error": type(said).__name__, "message": _cell(str(said))}
        return
    rows = [
        *(row for tag in said.tags for row in _tag_rows(tag)),
        *({"kind": region.kind, **_box(region)} for region in said.regions),
        *({"match": _cell(match.path), "similarity": match.similarity} for match in said.matches),
    ]
    yield from rows or [{}]


def _tag_rows(tag: Tag) -> Iterator[dict[str, Any]]:
    row = {
        "tag": _cell(tag.name),
        "confidence": tag.confidence,
        "kind": tag.kind,
        "category": _cell("/".join(tag.category)),
        "source": tag.source,
    }
    if not tag.regions:
        yield row
    for region in tag.regions:
        yield row | _box(region)


def _box(region: Region) -> dict[str, Any]:
    box = region.box
    return {
        "x": box.x,
        "y": box.y,
        "width": box.width,
        "height": box.height,
        "unit": box.unit,
        "region_confidence": region.confidence,
    }


def _cell(text: str) -> str:
    """A text that a spreadsheet does not take for a formula, and a terminal not for an order."""
    shown = safe(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _table(outcomes: Iterable[Outcome]) -> None:
    said = list(outcomes)
    if len(said) == 1 and isinstance(said[0].said, Result):
        _one(said[0].said)
    else:
        _many(said)


def _one(result: Result) -> None:
    """A single result with everything that is known of each tag."""
    out = console()
    boxed = any(tag.regions for tag in result.tags)
    shown = table("tag", "confidence", "", "about", *(["boxes"] if boxed else []))
    shown.columns[1].justify = "right"
    for tag in result.tags:
        boxes = [str(len(tag.regions) or "")] if boxed else []
        shown.add_row(safe(tag.name), _percent(tag), _bar(tag), safe(_about(tag)), *boxes)
    out.print(f"{safe(result.image.source)}  {safe(result.provider)}{_emulated(result)}")
    out.print(shown if result.tags else "no tags")
    for match in result.matches:
        similar = "–" if match.similarity is None else f"{match.similarity:.0%}"
        out.print(f"similar {similar}  {safe(match.path)}")
    for verdict in result.verdicts:
        out.print(f"{safe(verdict.name)}: {verdict.answer}")
    for region in result.regions:
        box = region.box
        place = f"{box.width:g} × {box.height:g} at {box.x:g}, {box.y:g}"
        out.print(f"region {region.kind or ''}  {place}")
    for name, why in result.provenance.left.items():
        out.print(f"{safe(name)} was left: {safe(why)}", style="yellow")
    for warning in result.warnings:
        out.print(f"warning: {safe(warning)}", style="yellow")


def _many(outcomes: Iterable[Outcome]) -> None:
    """One row a picture and provider, with the tags in a line."""
    shown = table("picture", "provider", "tags")
    last = None
    for outcome in outcomes:
        name = "" if outcome.name == last else Path(outcome.name).name or outcome.name
        last = outcome.name
        provider = safe(outcome.who) + _emulated(outcome.said)
        shown.add_row(safe(name), provider, _said(outcome.said))
    console().print(shown)


def _said(said: Result | TaggersError) -> Any:
    """An outcome in a line: the tags or what else was found, and what must not be overlooked."""
    from rich.text import Text

    if isinstance(said, TaggersError):
        return Text(f"{type(said).__name__}: {_short(safe(said.message))}", style="red")
    words = Text()
    for index, (name, score) in enumerate(_found(said)):
        words.append(", " if index else "")
        words.append(safe(name))
        words.append(f" {score}" if score else "", style="dim")
    if not words:
        words = Text("no tags", style="dim")
    for name, why in said.provenance.left.items():
        words.append(f"\n{safe(name)} was left: {safe(why)}", style="yellow")
    for warning in said.warnings:
        words.append(f"\nwarning: {safe(warning)}", style="yellow")
    return words


def _short(text: str) -> str:
    """A vendor's text as far as a row has room for it; JSON has the whole."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _found(result: Result) -> Iterator[tuple[str, str]]:
    """What was found, each with its score in words."""
    for tag in result.tags:
        yield tag.name, _percent(tag) if tag.confidence is not None else ""
    for match in result.matches:
        yield match.path, "" if match.similarity is None else f"{match.similarity:.0%}"
    for verdict in result.verdicts:
        yield verdict.name, verdict.answer
    if result.regions or result.images:
        found = {"region": len(result.regions), "picture": len(result.images)}
        parts = [f"{n} {what}{'' if n == 1 else 's'}" for what, n in found.items() if n]
        yield ", ".join(parts), ""


def _percent(tag: Tag) -> str:
    return "–" if tag.confidence is None else f"{tag.confidence:.0%}"


def _bar(tag: Tag) -> str:
    return "" if tag.confidence is None else "█" * round(tag.confidence * 20)


def _about(tag: Tag) -> str:
    parts = [tag.kind or "", " / ".join(tag.category), tag.source or ""]
    return ", ".join(part for part in parts if part)


def _emulated(said: Result | TaggersError) -> str:
    emulated = isinstance(said, Result) and said.provenance.emulated
    return " (emulated)" if emulated else ""
