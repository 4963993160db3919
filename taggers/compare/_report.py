"""A comparison as one file that opens in a browser: the viewer with the report inside."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._image import Image
from .._model import Result
from ..errors import TaggersError, UnsupportedImage
from ._comparison import Comparison, Picture
from ._summary import Summary

__all__ = ["report"]

VIEWER = Path(__file__).with_name("viewer.html")
BEGIN, END = '<script type="application/json" id="report">', "</script>"
MAX_EDGES_PX = ((60, 960), (400, 480), (None, 256))
"""How long the longer edge of a picture is in the report, for up to so many pictures."""
JPEG_QUALITY = 78


def report(summary: Summary, *, title: str = "", quality: Mapping[str, Any] | None = None) -> str:
    """The comparison as an HTML page that asks the network for nothing.

    Inside are the vendors' own answers, and small copies of the pictures: of those files that are
    still what was compared. `quality` is what `taggers bench` found, as its `to_dict` returns it.
    Raises `LocalResourceError` where Pillow is missing.
    """
    record = summary.to_dict() | {"title": title, "quality": quality}
    max_edge_px = _max_edge_px(len(summary.comparison.pictures))
    for picture, shown in zip(summary.comparison.pictures, record["pictures"], strict=True):
        shown["thumbnail"] = _thumbnail(picture, max_edge_px)
        shown["raw"] = _raw(summary.comparison, picture)
    before, _, after = VIEWER.read_text("utf-8").partition(BEGIN)
    return f"{before}{BEGIN}{_script(record)}{END}{after.partition(END)[2]}"


def _script(record: Any) -> str:
    """JSON that ends no script element, whatever a vendor said, and that any encoding can hold."""
    return json.dumps(record, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _max_edge_px(pictures: int) -> int:
    return next(edge for most, edge in MAX_EDGES_PX if most is None or pictures <= most)


def _thumbnail(picture: Picture, max_edge_px: int) -> str | None:
    """A small copy as a data URL; None of what is no file, or another one by now."""
    try:
        image = Image.open(picture.source)
    except TaggersError:
        return None
    if image.sha256 != picture.id:
        return None
    file = io.BytesIO()
    try:
        image.pixels(max_edge_px).save(file, "JPEG", quality=JPEG_QUALITY)
    except UnsupportedImage:
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _raw(comparison: Comparison, picture: Picture) -> str:
    """All providers' own answers about a picture, packed: gzip in base64."""
    said = (comparison.said.get((picture.id, name)) for name in comparison.providers)
    answers = [one.raw if isinstance(one, Result) else None for one in said]
    return base64.b64encode(gzip.compress(json.dumps(answers).encode(), mtime=0)).decode()
