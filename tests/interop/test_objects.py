"""Random answers, read by Huawei's own SDK and by us: they agree field by field."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from server import Exchange, Server

from taggers import Tagger

pytest.importorskip("huaweicloudsdkimage", reason="needs the extra interop")

from test_huawei_sdk import OPERATIONS, TAGGING, _call, _client

ANSWERS = 25
WORDS = ["猫", "cat", "Ж", "sea side", 'a"b\\c', "🙂", "玛丽·居里", "0"]


def _box(random: Random, *names: str) -> dict[str, int]:
    """Whole numbers: of fractions, the SDK's objects for media tagging cut off what we keep."""
    return {name: random.randrange(4000) for name in names}


def _tag(random: Random) -> dict[str, Any]:
    name, kind = random.choice(WORDS), random.choice(WORDS)
    instances = [
        {
            "bounding_box": _box(random, "top_left_x", "top_left_y", "width", "height"),
            "confidence": f"{random.uniform(0, 100):.2f}",
        }
        for _ in range(random.randrange(4))
    ]
    tag: dict[str, Any] = {
        "tag": name,
        "confidence": f"{random.uniform(0, 100):.2f}",
        "type": kind,
        "i18n_tag": {"zh": name, "en": random.choice(WORDS)},
        "i18n_type": {"zh": kind, "en": random.choice(WORDS)},
        "instances": instances,
    }
    left_out = [name for name in ("type", "i18n_type", "instances") if random.random() < 0.2]
    return {name: value for name, value in tag.items() if name not in left_out}


def _answer(provider: str, random: Random) -> dict[str, Any]:
    if provider in TAGGING:
        return {"result": {"tags": [_tag(random) for _ in range(random.randrange(6))]}}
    if provider == "huawei-celebrity":
        faces = [
            {
                "label": random.choice(WORDS),
                "confidence": random.random(),
                "face_detail": _box(random, "x", "y", "w", "h"),
            }
            for _ in range(random.randrange(6))
        ]
        return {"result": faces}
    if provider == "huawei-main-object":
        things = [
            {
                "label": random.choice(["main_object_box", "bounding_box"]),
                "confidence": f"{random.uniform(0, 100):.2f}",
                "location": _box(random, "top_left_x", "top_left_y", "width", "height"),
            }
            for _ in range(random.randrange(6))
        ]
        return {"result": things}
    score = f"{random.random():.4f}"
    verdict = {
        "suggestion": random.choice(["true", "false", "uncertainty"]),
        "category": "recapture",
        "score": score,
        "detail": [{"label": "recapture", "confidence": score}],
    }
    return {"result": verdict}


def _theirs(provider: str, result: Any) -> list[Any]:
    """What the SDK's objects say."""
    if provider in TAGGING:
        return [
            (
                tag.tag,
                float(tag.confidence) / 100,
                (tag.i18n_tag.zh, tag.i18n_tag.en),
                tag.type or "",
                _languages(tag.i18n_type) if hasattr(tag, "i18n_type") else None,
                [
                    (tuple(_sides(area.bounding_box)), float(area.confidence) / 100)
                    for area in tag.instances or ()
                ],
            )
            for tag in result.tags
        ]
    if provider == "huawei-celebrity":
        return [
            (face.label, float(face.confidence), tuple(face.face_detail[name] for name in "xywh"))
            for face in result
        ]
    if provider == "huawei-main-object":
        return [
            (item.label, float(item.confidence) / 100, tuple(_sides(item.location)))
            for item in result
        ]
    scores = {item.label: float(item.confidence) for item in result.detail}
    return [(result.suggestion, float(result.score), scores)]


def _ours(provider: str, result: Any) -> list[Any]:
    if provider in TAGGING:
        return [
            (
                tag.name,
                tag.confidence,
                (tag.names["zh"], tag.names["en"]),
                "".join(tag.category),
                None
                if provider == "huawei-media-tagging-det"  # whose objects have no such field
                else tuple("".join(tag.categories.get(name, ())) for name in ("zh", "en")),
                [(_area(region.box), region.confidence) for region in tag.regions],
            )
            for tag in result.tags
        ]
    if provider == "huawei-celebrity":
        return [(tag.name, tag.confidence, _area(tag.regions[0].box)) for tag in result.tags]
    if provider == "huawei-main-object":
        kinds = {"main": "main_object_box", "other": "bounding_box"}
        return [(kinds[item.kind], item.confidence, _area(item.box)) for item in result.regions]
    words = {"no": "true", "yes": "false", "unsure": "uncertainty"}
    return [(item.answer and words[item.answer], item.confidence, dict(item.scores))
            for item in result.verdicts]  # fmt: skip


def _languages(said: Any) -> tuple[str, str]:
    return (said.zh or "", said.en or "") if said else ("", "")


def _sides(box: Any) -> list[float]:
    names = ("top_left_x", "top_left_y", "width", "height")
    return [box[name] if isinstance(box, dict) else getattr(box, name) for name in names]


def _area(box: Any) -> tuple[float, ...]:
    return (box.x, box.y, box.width, box.height)


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [part for item in sorted(value.items()) for part in _flat(item)]
    if isinstance(value, list | tuple):
        return [len(value), *(part for item in value for part in _flat(item))]
    return [round(float(value), 9) if isinstance(value, float | int | Decimal) else value]


@pytest.mark.parametrize("provider", OPERATIONS)
def test_both_read_the_same(provider: str, photos: Path) -> None:
    random = Random(provider)
    picture = base64.b64encode((photos / "cat.jpg").read_bytes()).decode()
    bodies = [_answer(provider, random) for _ in range(ANSWERS)]
    said = iter(body for body in bodies for _ in range(2))

    def answer(exchange: Exchange) -> None:
        exchange.read()
        content = json.dumps(next(said)).encode()
        exchange.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % len(content)
            + content
        )

    with Server(answer) as server:
        settings = {"ak": "emulator", "sk": "s", "project_id": "p", "endpoint": server.url}
        client = _client(server.url, "s", "p")
        with Tagger(provider, **settings) as tagger:
            for _ in bodies:
                theirs = _theirs(provider, _call(client, provider, image=picture).result)
                ours = _ours(provider, tagger.tag(photos / "cat.jpg"))

                assert _flat(theirs) == _flat(ours)
