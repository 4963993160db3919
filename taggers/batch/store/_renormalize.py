"""Reading stored answers again: what today's plugins find in them, without one call."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from attrs import evolve, frozen

from ..._image import Image
from ..._keep import keep
from ..._model import Finding, Match, Options, OutputImage, Region, Result, Tag, Verdict
from ..._prepare import Fitted
from ..._reading import read_answer
from ..._registry import Registry
from ..._serial import to_record
from ...errors import InvalidInput, TaggersError
from ._results import Results
from ._runs import begin_run, end_run, recover, refuse_company
from ._settled import Kept, Settled, unpacked
from ._store import Store

__all__ = ["Reading", "read_again", "renormalize"]

GROUP = 500
"""How many results are read, or written, at a time."""


@frozen
class Reading:
    """A stored answer, read again: the result as it `was`, and as it is `now`, or the error in
    which reading ended; then it stays as it was. `changed` names what is different."""

    call: int
    picture: int
    was: Result
    now: Result | TaggersError
    changed: tuple[str, ...]


def renormalize(store: Store, registry: Registry) -> Iterator[Reading]:
    """Every result of a store, read again with today's plugins; nothing is written."""
    options: dict[int, Options] = {}
    for call, picture, run, chosen, content in _kept(store):
        if run not in options:
            options[run] = _options(chosen)
        was = unpacked(content)
        yield _reading(call, picture, was, options[run], registry)


def read_again(store: Store, readings: Iterable[Reading]) -> int:
    """Puts what has changed in place of what was there, which is kept; how many. It is a run of its
    own, which can be undone; one that is interrupted keeps what it has read so far."""
    with store.write() as sql:
        recover(sql, time.time())
        refuse_company(sql, store, time.time())
        run = begin_run(sql, "renormalize", {}, time.time())
    state, count = "stopped", 0
    try:
        for group in _groups(_changed(readings)):
            with store.write() as sql:
                results = Results()
                for reading, kept in group:
                    results.read_again(sql, run, reading.call, reading.picture, kept)
            count += len(group)
        state = "done"
    finally:
        with store.write() as sql:
            end_run(sql, run, state, time.time())
    return count


def _kept(store: Store) -> Iterator[tuple[int, int, int, str, bytes]]:
    """Each result with its call, picture, run and the run's options. Between groups the store is
    free, so that they may be written meanwhile."""
    last = 0
    while True:
        with store.read() as sql:
            group = sql.execute(
                "SELECT r.call, c.picture, c.run, n.options, r.content FROM result_rows AS r "
                "JOIN call_rows AS c ON c.id = r.call JOIN run_rows AS n ON n.id = c.run "
                "WHERE r.call > ? ORDER BY r.call LIMIT ?",
                (last, GROUP),
            ).fetchall()
        if not group:
            return
        yield from group
        last = group[-1][0]


def _options(text: str) -> Options:
    """What a run asked of every call, of all that is written down of it."""
    chosen: Mapping[str, Any] = json.loads(text)
    names = {field.name for field in attrs.fields(Options)}
    return Options(**{name: value for name, value in chosen.items() if name in names})


def _reading(call: int, picture: int, was: Result, options: Options, registry: Registry) -> Reading:
    try:
        now = _read(was, options, registry)
    except TaggersError as error:
        return Reading(call, picture, was, error, ())
    return Reading(call, picture, was, now, tuple(_differences(was, now)))


def _read(was: Result, options: Options, registry: Registry) -> Result:
    """The result of the same answer as `_flow.call` would make it today."""
    about = was.provenance
    if was.raw is None:
        raise InvalidInput("the raw answer was not kept", scope="call")
    provider = registry.provider(about.plugin)
    facts = was.image
    image = Image(facts.source, format=facts.format, width=facts.width, height=facts.height)
    found, said = read_answer(provider, was.raw)
    fitted = Fitted(image, frame=about.frame)
    findings, adjusted = keep(
        [fitted.restored(finding) for finding in found], options, provider, image
    )
    version = registry.distribution(about.plugin)[1]
    return evolve(
        was,
        **_sorted(findings),
        provenance=evolve(about, plugin_version=version),
        warnings=(*_of_the_call(was, said, adjusted), *said, *adjusted),
    )


def _sorted(findings: list[Finding]) -> dict[str, Any]:
    """Findings as the fields of a result; of pictures the bytes are not kept."""
    kinds = {"tags": Tag, "regions": Region, "matches": Match, "verdicts": Verdict}
    found: dict[str, Any] = {
        name: tuple(item for item in findings if isinstance(item, kind))
        for name, kind in kinds.items()
    }
    images = [item for item in findings if isinstance(item, OutputImage)]
    return {**found, "images": tuple(evolve(image, content=b"") for image in images)}


def _of_the_call(was: Result, said: list[str], adjusted: list[str]) -> tuple[str, ...]:
    """The warnings that came from asking and not from reading: those before what reading says now.
    Which of the old ones came from reading is not known, so none of another text is dropped."""
    again = {*said, *adjusted}
    return tuple(warning for warning in was.warnings if warning not in again)


def _differences(was: Result, now: Result) -> Iterator[str]:
    for name in ("tags", "regions", "matches", "verdicts", "images", "warnings"):
        before, after = (_plain(getattr(result, name)) for result in (was, now))
        if not _same(before, after):
            yield name


def _plain(values: tuple[Any, ...]) -> list[Any]:
    return [value if isinstance(value, str) else to_record(value) for value in values]


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same but for the rounding of boxes."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)
    return bool(one == other)


def _changed(readings: Iterable[Reading]) -> Iterator[tuple[Reading, Kept]]:
    for reading in readings:
        if reading.changed and isinstance(reading.now, Result):
            kept = Settled.of(reading.now).kept
            if kept is not None:
                yield reading, kept


def _groups(items: Iterable[tuple[Reading, Kept]]) -> Iterator[list[tuple[Reading, Kept]]]:
    group: list[tuple[Reading, Kept]] = []
    for item in items:
        group.append(item)
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group
