"""Results as a batch would get them, for the tests of the store."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from taggers import BoundingBox, ImageFacts, Provenance, Region, Result, Tag
from taggers._model import Attempt
from taggers.batch import Errand, Journal, Picture, Place, Store, query


def sha(name: str) -> str:
    """The content's SHA-256 of a picture of this name."""
    return hashlib.sha256(name.encode()).hexdigest()


def errand(name: str, provider: str = "hw", **more: Any) -> Errand:
    picture = Picture(key=sha(name), format="jpeg", width=640, height=480, size=1000)
    return Errand(picture=picture, provider=provider, place=Place(source=name), **more)


def result(name: str, *labels: str, provider: str = "hw", **more: Any) -> Result:
    """A result with these tags, of which the first one has a place."""
    box = Region(BoundingBox(1, 2, 30, 40), 0.5)
    tags = tuple(
        Tag(label, round(0.9 - rank / 10, 2), regions=() if rank else (box,))
        for rank, label in enumerate(labels)
    )
    image = ImageFacts(source=name, sha256=sha(name), format="jpeg", width=640, height=480)
    sent = Attempt(provider=provider, status=200, units=2, billed="yes")
    about = Provenance(plugin=provider, plugin_version="1.0", billable_units=2, attempts=(sent,))
    values = {"raw": {"said": list(labels)}, **more}
    return Result(provider=provider, image=image, tags=tags, provenance=about, **values)


def keep(journal: Journal, *results: Result) -> None:
    """Begins and settles the errands of these results."""
    calls = journal.begin([errand(said.image.source, said.provider) for said in results])
    journal.settle(
        [(call, said) for call, said in zip(calls, results, strict=True) if call is not None]
    )


def filled(path: Path, *results: Result) -> Store:
    """A store into which one run has written these results."""
    store = Store.open(path, make=True)
    journal = Journal.open(store, "batch photos", {"limit": 5})
    keep(journal, *results)
    journal.close()
    return store


def asked(store: Store, statement: str) -> list[tuple[Any, ...]]:
    """The rows that a query gives."""
    with query(store, statement) as answer:
        return list(answer.rows)
