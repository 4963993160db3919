"""Tagging many pictures, and what is kept of it.

    from taggers import Tagger
    from taggers.batch import Batch, query

    with Tagger("local-basic") as tagger:
        batch = Batch(tagger, "photos.sqlite3")
        tally = batch.run("photos/")
    with query(batch.store, "SELECT source, label FROM tags") as answer:
        print(tally.done, *answer.rows)

A `Store` is one SQLite file. A run writes into it by a `Journal`: `begin` before a request leaves,
`settle` when something came of it; `batch` does that for all pictures. What is in it is asked for
with `query` and `search`, written into files by `export`, read again with today's plugins by
`renormalize`, and taken out, run by run, with `undo`.
"""

from __future__ import annotations

from ._batch import AsyncBatch, Batch, Sources
from .cluster._job import Job, Progress
from .engine._run import batch
from .engine._tally import Tally
from .estimate._counted import CALL_S, LOCAL_CALL_S
from .estimate._known import Known
from .estimate._plan import Plan, Planned, Reason, plan
from .reading._export import FORMATS, export, write_lines, write_parts
from .reading._outcomes import outcomes
from .reading._views import COLUMNS, VIEWS, Answer, query, search
from .sources._item import Item, Tell
from .sources._source import ensure_there, find, sampled
from .sources._where import Where
from .store._errand import Errand, Open, Picture, Place, Retry
from .store._happened import Happened
from .store._journal import Journal
from .store._judgements import Judged, Judgement, judge, judgements
from .store._renormalize import Reading, read_again, renormalize
from .store._runs import Run, asked_otherwise, ensure_alone, ensure_one_kind, recovered, runs
from .store._store import Store
from .store._tariff import Tariff, tariff
from .store._undo import Undone, undo, undoable
from .store._unfinished import Unfinished, to_retry, unfinished
from .store._unread import Unread, unread

__all__ = [
    "CALL_S",
    "COLUMNS",
    "FORMATS",
    "LOCAL_CALL_S",
    "VIEWS",
    "Answer",
    "AsyncBatch",
    "Batch",
    "Errand",
    "Happened",
    "Item",
    "Job",
    "Journal",
    "Judged",
    "Judgement",
    "Known",
    "Open",
    "Picture",
    "Place",
    "Plan",
    "Planned",
    "Progress",
    "Reading",
    "Reason",
    "Retry",
    "Run",
    "Sources",
    "Store",
    "Tally",
    "Tariff",
    "Tell",
    "Undone",
    "Unfinished",
    "Unread",
    "Where",
    "asked_otherwise",
    "batch",
    "ensure_alone",
    "ensure_one_kind",
    "ensure_there",
    "export",
    "find",
    "judge",
    "judgements",
    "outcomes",
    "plan",
    "query",
    "read_again",
    "recovered",
    "renormalize",
    "runs",
    "sampled",
    "search",
    "tariff",
    "to_retry",
    "undo",
    "undoable",
    "unfinished",
    "unread",
    "write_lines",
    "write_parts",
]
