"""Conditions on the columns of a manifest."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from taggers import errors
from taggers.batch import Where, find

ROW = {"plan": "gold", "n": "10", "city": "São Paulo", "ok": "true", "big size": "7"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plan = gold", True),
        ("plan='gold'", True),
        ("plan != gold", False),
        ("n > 9", True),  # as numbers: as texts "10" comes before "9"
        ("n > '9'", False),
        ("n = 10.0", True),
        ("n >= 10 and n <= 10", True),
        ("n < 10", False),
        ("plan > 5", False),
        ("city = 'São Paulo'", True),
        ('"big size" = 7', True),
        ("ok = true AND plan = gold", True),
        ("plan = tin and n = 10 or city = 'São Paulo'", True),
        ("plan = gold or n = 1 and n = 2", True),
        ("missing != x", False),
    ],
)
def test_a_row_fits_as_its_columns_say(text: str, expected: bool) -> None:
    assert expected == Where.parse(text).fits(ROW)


@pytest.mark.parametrize(
    "text",
    ["", "plan", "plan =", "= gold", "plan = gold and", "a = b c", "a == b", "a = 'b"],
)
def test_what_is_no_condition_is_named(text: str) -> None:
    with pytest.raises(errors.InvalidInput, match=r"--where .* not understood"):
        Where.parse(text)


def test_rows_are_chosen_by_their_columns(tmp_path: Path) -> None:
    rows = [{"image": "a.png", "ok": True, "n": 1}, {"image": "b.png", "ok": False, "n": None}]
    manifest = tmp_path / "m.jsonl"
    manifest.write_text("\n".join(map(json.dumps, rows)))

    (chosen,) = find([str(manifest)], where=Where.parse("ok = true and n = 1"))

    assert str(tmp_path / "a.png") == chosen.source


def test_a_condition_that_nothing_fits_is_told_with_the_columns(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("image,plan\na.png,gold\n")

    with pytest.raises(errors.InvalidInput, match="where pln = gold: its columns are image, plan"):
        list(find([str(tmp_path / "m.csv")], where=Where.parse("pln = gold")))
    with pytest.raises(errors.InvalidInput, match="'-' has no columns"):
        list(find(["-"], where=Where.parse("a = 1"), stdin=io.BytesIO(b"a.png")))
