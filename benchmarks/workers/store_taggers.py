"""A store that is filled, asked and exported: so many results, half of them of each provider."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow.parquet  # noqa: F401  (which takes its time, and is not measured)

from taggers import ImageFacts, Provenance, Result, Tag
from taggers._model import Attempt
from taggers.batch import Errand, Journal, Picture, Place, Store, export, query

from .. import cores
from .task import Task

GROUP = 500
"""How many results are one commit."""
LABELS = [(f"label {number}", f"标签{number}") for number in range(2_000)]
WEIGHTS = [1 / (rank + 1) for rank in range(len(LABELS))]
PROVIDERS = ("a", "b")
QUESTION = (
    "SELECT count(*) FROM disagreements WHERE label = 'label 20' AND said_by = 'a' AND not_by = 'b'"
)


def _result(name: str, provider: str, dice: random.Random) -> Result:
    """A result as Huawei's tagging makes them: ten tags in two languages, and the raw answer."""
    drawn = dict.fromkeys(dice.choices(LABELS, WEIGHTS, k=14))
    said = [(*names, round(98.5 - 3 * rank, 2)) for rank, names in enumerate(drawn)][:10]
    key = hashlib.sha256(name.encode()).hexdigest()
    sent = Attempt(provider=provider, status=200, request_id=key[:32], units=1, billed="yes")
    about = Provenance(
        plugin="huawei-tagging-v2", plugin_version="1.0", endpoint="https://image.example.com",
        request_id=key[:32], attempts=(sent,), duration_s=0.25, billable_units=1,
    )  # fmt: skip
    return Result(
        provider=provider,
        image=ImageFacts(source=name, sha256=key, format="jpeg", width=640, height=480),
        tags=tuple(
            Tag(english, score / 100, kind="object", names={"en": english, "zh": chinese})
            for english, chinese, score in said
        ),
        provenance=about,
        raw={"result": {"tags": [_raw(*one) for one in said]}},
    )


def _raw(english: str, chinese: str, score: float) -> dict[str, Any]:
    return {
        "confidence": str(score), "type": "object", "tag": english, "instances": [],
        "i18n_tag": {"en": english, "zh": chinese}, "i18n_type": {"en": "object", "zh": "物体"},
    }  # fmt: skip


def _errand(result: Result) -> Errand:
    facts = result.image
    assert facts.sha256 is not None
    picture = Picture(key=facts.sha256, format="jpeg", width=640, height=480, size=150_000)
    place = Place(source=facts.source, size=150_000, mtime_ns=1_700_000_000_000_000_000)
    return Errand(picture=picture, provider=result.provider, place=place)


def _groups(count: int) -> Iterator[list[Result]]:
    dice = random.Random(7)
    for first in range(0, count, GROUP):
        numbers = range(first, first + GROUP)
        yield [_result(f"/photos/{n // 2:08}.jpg", PROVIDERS[n % 2], dice) for n in numbers]


def _filled(store: Store, count: int) -> float:
    """For how many seconds the results of a store were written; all of them are on the disk."""
    journal, spent_s = Journal.open(store, "a benchmark"), 0.0
    for results in _groups(count):
        calls = [call for call in journal.begin([*map(_errand, results)]) if call is not None]
        outcomes = [*zip(calls, results, strict=True)]
        spent_s += _timed(lambda outcomes=outcomes: journal.settle(outcomes))
    journal.close()
    return spent_s


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _ask(store: Store) -> None:
    with query(store, QUESTION) as answer:
        assert next(answer.rows) != (0,)


def _measure(task: Task) -> None:
    path = task.picture.with_name("store.sqlite3")
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    with contextlib.closing(Store.open(path, make=True)) as store:
        settle_s = _filled(store, task.calls)
    with Store.open(path) as store:
        measured = {
            "settled_a_second": task.calls / settle_s,
            "bytes": path.stat().st_size / task.calls,
            "query_s": _timed(lambda: _ask(store)),
            "export_s": _timed(lambda: export(store, "parquet", path.with_suffix(".parquet"))),
        }
    print(json.dumps(measured))


if __name__ == "__main__":
    cores.unpin()
    _measure(Task.given())
