"""The same question and the same export by DuckDB, over the Parquet that a store has become."""

from __future__ import annotations

import json
import time

import duckdb

from .. import cores
from .task import Task

QUESTION = """
    SELECT count(*) FROM '{0}' AS a WHERE provider = 'a'
    AND list_contains(list_transform(tags, lambda tag: tag.label), 'label 20') AND EXISTS (
        SELECT 1 FROM '{0}' AS b WHERE b.sha256 = a.sha256 AND b.provider = 'b'
        AND NOT list_contains(list_transform(b.tags, lambda tag: tag.label), 'label 20')
    )
"""
COPY = "COPY (SELECT * FROM '{}') TO '{}' (FORMAT parquet, COMPRESSION zstd)"


def _measure(task: Task) -> None:
    parquet = task.picture.with_name("store.parquet")
    began = time.perf_counter()
    (found,) = duckdb.execute(QUESTION.format(parquet)).fetchall()[0]
    asked = time.perf_counter()
    assert found
    duckdb.execute(COPY.format(parquet, parquet.with_name("copy.parquet")))
    print(json.dumps({"query_s": asked - began, "export_s": time.perf_counter() - asked}))


if __name__ == "__main__":
    cores.unpin()
    _measure(Task.given())
