"""What a dialect writes, its provider reads back: nothing is lost that the wire can carry."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from taggers import BoundingBox, Image, ImageFacts, Match, Options, Provenance, Region, Result, Tag
from taggers._dialect import Asked, Dialect
from taggers._flow import read_answer
from taggers._registry import installed
from taggers.emulator import coverage
from taggers.testing import png

DIALECTS = [dialect for dialect in installed().dialects() if dialect.write_result]
TAGGING = [dialect for dialect in DIALECTS if dialect.answers_with == "tags"]
NAMES = ["猫", "a<b>&\"c'", " ‮x", "e\u0301", "🐈", "生活/娱乐场所", "x" * 300]


def _image() -> Image:
    return Image.from_bytes(png(640, 480))


def _written(dialect: Dialect, result: Result, **more: Any) -> list[Any]:
    """What the provider reads in the answer that the dialect writes."""
    asked = Asked(image=_image(), options=Options(language="zh"), more={"scenes": (), **more})
    assert dialect.write_result is not None
    assert dialect.provider is not None
    response = dialect.write_result(result, asked)
    findings, warnings = read_answer(dialect.provider, dialect.provider.decode(response.body))
    assert [] == warnings
    return findings


def _result(**findings: Any) -> Result:
    return Result(
        provider="p",
        image=ImageFacts(source="x"),
        provenance=Provenance(plugin="p"),
        **findings,
    )


def _random_tag(draw: random.Random, name: str) -> Tag:
    box = BoundingBox(*(float(draw.randint(-9, 600)) for _ in range(4)))
    return Tag(
        name.strip(),
        draw.randint(0, 100) / 100,
        category=("自然",),
        names={"zh": name.strip(), "en": "n"},
        categories={"zh": ("自然",), "en": ("nature",)},
        regions=(Region(box, 0.5),) if draw.random() < 0.5 else (),
    )


CARRIED: dict[str, Any] = {
    "huawei-tagging-v1": lambda tag: evolve(
        tag, kind="concept", category=(), categories={}, regions=()
    ),
    "huawei-tagging-v2": lambda tag: tag,
    "huawei-media-tagging": lambda tag: evolve(tag, regions=()),
    "huawei-media-tagging-det": lambda tag: evolve(tag, categories={}),
    "tencent-detect-label": lambda tag: evolve(tag, names={}, categories={}, regions=()),
    "tencent-content-analysis": lambda tag: evolve(
        tag,
        names={},
        categories={},
        source="web",
        regions=tuple(evolve(region, confidence=None) for region in tag.regions),
    ),
}
"""What is left of a tag on each wire."""


@pytest.mark.parametrize("dialect", TAGGING, ids=lambda dialect: dialect.name)
def test_reading_what_was_written_gives_all_that_the_wire_carries(dialect: Dialect) -> None:
    draw = random.Random(dialect.name)
    scenes = ("web",) if dialect.name == "tencent-content-analysis" else ()

    for count in (0, 1, 2, 300):
        tags = tuple(_random_tag(draw, draw.choice(NAMES)) for _ in range(count))
        found = _written(dialect, _result(tags=tags), scenes=scenes)

        assert [CARRIED[dialect.name](tag) for tag in tags] == found


def test_scenes_come_back_as_the_tags_source() -> None:
    dialect = next(item for item in DIALECTS if item.name == "tencent-detect-label")
    tags = (Tag("猫", 0.5, source="camera"), Tag("狗", 0.4, source="web"), Tag("草", 0.3))

    found = _written(dialect, _result(tags=tags), scenes=("web", "camera", "news"))

    assert [
        ("猫", "camera"), ("草", "camera"), ("草", "news"), ("狗", "web"), ("草", "web"),
    ] == [(tag.name, tag.source) for tag in found]  # fmt: skip


def test_matches_and_their_labels_come_back() -> None:
    dialect = next(item for item in DIALECTS if item.answers_with == "matches")
    matches = tuple(Match(f"{index}.jpg", index / 10, {"k": "v"}) for index in range(9, 0, -1))

    found = _written(dialect, _result(matches=matches), limit=3, offset=1, tags={"k": "v"})

    assert list(matches[1:4]) == [item for item in found if isinstance(item, Match)]


def test_the_coverage_page_is_that_of_the_dialects() -> None:
    page = Path(__file__).parent.parent / "docs" / "emulator-coverage.md"

    assert coverage(installed().dialects()) == page.read_text("utf-8")


def test_every_provider_with_an_endpoint_has_its_server_half() -> None:
    remote = {provider.name for provider in installed().all() if provider.endpoint}

    assert remote == {dialect.provider.name for dialect in DIALECTS if dialect.provider}
