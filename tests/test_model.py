"""Results as JSON and back, and what the values themselves refuse."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from taggers import (
    Attempt,
    BoundingBox,
    ImageFacts,
    Match,
    Options,
    OutputImage,
    Provenance,
    Region,
    Result,
    Tag,
    Verdict,
)
from taggers.errors import InvalidInput

FULL = Result(
    provider="hw",
    image=ImageFacts(source="猫.jpg", sha256="0" * 64, format="jpeg", width=3, height=2),
    tags=(
        Tag(
            "猫",
            0.5,
            kind="object",
            category=("动植物", "哺乳动物"),
            names={"zh": "猫", "en": "cat 🐈"},
            categories={"en": ("Animals", "Mammals")},
            regions=(Region(BoundingBox(-1.5, 0, 2, 1e-9), 0.25), Region(BoundingBox(0, 0, 1, 1))),
            source="camera",
            evidence=("a.jpg",),
        ),
        Tag("none"),
    ),
    matches=(Match("a.jpg", 0.9, {"k": "v"}),),
    verdicts=(Verdict("recapture", "unsure", 0.4),),
    images=(OutputImage(b"\x00\xff", "image/png"),),
    provenance=Provenance(
        plugin="huawei-tagging-v2",
        attempts=(Attempt(status=200, duration_s=0.1),),
        left={"tx": "refused"},
        emulated=True,
    ),
    warnings=("w",),
    raw={"result": [1, None, {"x": "‮"}]},
)
BARE = Result(provider="p", image=ImageFacts(source="x"), provenance=Provenance(plugin="p"))


@pytest.mark.parametrize("result", [FULL, BARE], ids=["full", "bare"])
def test_a_result_becomes_json_and_comes_back_the_same(result: Result) -> None:
    text = json.dumps(result.to_dict())

    assert result == Result.from_dict(json.loads(text))


@pytest.mark.parametrize("result", [FULL, BARE], ids=["full", "bare"])
def test_a_result_keeps_its_published_schema(result: Result) -> None:
    record = json.loads(json.dumps(result.to_dict()))

    jsonschema.validate(record, Result.json_schema())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tags": [{"name": "a", "confidense": 1}]}, "confidense"),
        ({"tags": 5}, "tags"),
        ({"image": {}}, "image"),
        ({"images": [{"content": "?", "media_type": "x"}]}, "content"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_record_of_another_shape_is_refused_with_its_place(
    change: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidInput, match=f"no record of a Result: .*{says}"):
        Result.from_dict({**BARE.to_dict(), **change})


def test_the_schema_refuses_what_from_dict_refuses() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**BARE.to_dict(), "extra": 1}, Result.json_schema())


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": True},
        {"limit": "5"},
        {"min_confidence": 60},
        {"min_confidence": -0.1},
        {"min_confidence": float("nan")},
    ],
)
def test_an_option_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        Options(**wrong)


def test_a_box_over_the_edge_is_kept_and_clipped_on_request() -> None:
    box = BoundingBox.from_corners(-5, 10, 30, 60)

    assert not box.inside(20, 50)
    assert BoundingBox(-5, 10, 35, 50) == box
    assert BoundingBox(0, 10, 20, 40) == box.clipped(20, 50)
    assert box.clipped(20, 50).inside(20, 50)


def test_a_result_iterates_over_its_tags_and_repr_keeps_pictures_short() -> None:
    assert ["猫", "none"] == [tag.name for tag in FULL]
    assert "<2 bytes>" in repr(FULL)
