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

from ._asked import CALL_S, LOCAL_CALL_S
from ._batch import AsyncBatch, Batch, Sources
from ._errand import Errand, Open, Picture, Place, Retry
from ._export import FORMATS, export, write_lines, write_parts
from ._item import Item, Tell
from ._job import Job, Progress
from ._journal import Journal
from ._judgements import Judged, Judgement, judge, judgements
from ._known import Known
from ._outcomes import outcomes
from ._plan import Plan, Planned, Reason, plan
from ._renormalize import Reading, read_again, renormalize
from ._run import batch
from ._runs import Run, asked_otherwise, ensure_alone, ensure_one_kind, recovered, runs
from ._source import ensure_there, find, sampled
from ._store import Store
from ._tally import Happened, Tally
from ._tariff import Tariff, tariff
from ._undo import Undone, undo, undoable
from ._unfinished import Unfinished, to_retry, unfinished
from ._unread import Unread, unread
from ._views import COLUMNS, VIEWS, Answer, query, search
from ._where import Where

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
