"""What a dialect writes, its provider reads back: nothing is lost that the wire can carry."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from taggers import (
    BoundingBox,
    Image,
    ImageFacts,
    Match,
    Options,
    Provenance,
    Region,
    Result,
    Tag,
    Verdict,
)
from taggers._dialect import Asked, Dialect, Incoming, Refusal
from taggers._reading import read_answer
from taggers._registry import installed
from taggers._wire import Request, Response, prepare
from taggers.emulator import coverage
from taggers.emulator._service import Service
from taggers.testing import png
from taggers.testing._leaves import Path as Place
from taggers.testing._leaves import replaced

DIALECTS = [dialect for dialect in installed().dialects() if dialect.write_result]
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
        id=f"ai_{name.strip()}",
    )


def _without_id(tag: Tag) -> Tag:
    return evolve(tag, id=None)


CARRIED: dict[str, Any] = {
    "clarifai": lambda tag: evolve(tag, category=(), names={}, categories={}, regions=()),
    "huawei-tagging-v1": lambda tag: evolve(
        tag, id=None, kind="concept", category=(), categories={}, regions=()
    ),
    "huawei-tagging-v2": _without_id,
    "huawei-media-tagging": lambda tag: evolve(tag, id=None, regions=()),
    "huawei-media-tagging-det": lambda tag: evolve(tag, id=None, categories={}),
    "imagga-tags": lambda tag: evolve(
        tag, id=None, names={"zh": tag.name}, category=(), categories={}, regions=()
    ),
    "tencent-detect-label": lambda tag: evolve(tag, id=None, names={}, categories={}, regions=()),
    "tencent-content-analysis": lambda tag: evolve(
        tag,
        id=None,
        names={},
        categories={},
        source="web",
        regions=tuple(evolve(region, confidence=None) for region in tag.regions),
    ),
}
"""What is left of a tag on each wire."""

TAGGING = [dialect for dialect in DIALECTS if dialect.name in CARRIED]


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


def test_a_newer_searchs_matches_and_objects_come_back() -> None:
    labels = {"kind": "boot", "desc": "left one", "keywords": "red, new"}
    matches = tuple(Match(f"item-{index}", index / 10, labels) for index in range(9, 0, -1))
    places = [Region(BoundingBox(10.0 * index, 2.0, 30.0, 40.0)) for index in range(4)]
    subject = evolve(places[1], kind="main")
    tags = (
        Tag("shoe", kind="object", regions=(places[0], subject)),
        Tag("bag", kind="object", regions=(places[2],)),
    )

    found = _written(
        _dialect("huawei-image-search-v2"),
        _result(tags=tags, regions=(places[3],), matches=matches),
        limit=3,
        offset=1,
        min_score=0.7,
        tags={"kind": ["boot"]},
        do_det=True,
    )

    voted = [item for item in found if isinstance(item, Tag) and item.source == "neighbours"]
    assert [*matches[1:3], places[3], *tags] == [item for item in found if item not in voted]
    assert ["red", "new", "boot"] == [tag.name for tag in voted]


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 200, None),
        ({"limit": 1000}, 200, None),
        ({"limit": 1000, "offset": 1}, 400, "MMS.0003"),
        ({"limit": 0}, 400, "MMS.0003"),
        ({"min_score": 1.1}, 400, "MMS.0003"),
        ({"custom_tags": {"kind": "boot"}}, 400, "MMS.0003"),
        ({"custom_tags": {"kind": ["boot"]}}, 200, None),
        ({"image_base64": "?"}, 400, "MMS.0003"),
        ({"image_base64": None}, 400, "MMS.0003"),
        ({"image_base64": None, "image_url": "https://example.com/x"}, 400, "ModelArts.4603"),
        ({"search_type": "image"}, 400, "MMS.0003"),
        ({"search_type": "TEXT"}, 501, None),
        ({"optional_params": {"box": "1,2,30,40"}}, 200, None),
        ({"optional_params": {"box": "1,2,15,40"}}, 400, "MMS.0003"),
        ({"optional_params": {"box": "1,2,641,40"}}, 400, "MMS.0003"),
        ({"optional_params": {"box": [1, 2, 30, 40]}}, 400, "MMS.0003"),
        ({"optional_params": {"category": 3}}, 501, None),
        ({"optional_params": {"do_det": "yes"}}, 400, "MMS.0003"),
    ],
)
def test_the_newer_search_takes_its_parameters_within_their_ranges(
    asked: dict[str, Any], status: int, code: str | None
) -> None:
    picture = base64.b64encode(png(640, 480)).decode()
    incoming = Incoming(
        method="POST",
        target="/v2/emulator/mms/emulator/search",
        headers={"host": "mms.cn-north-4.myhuaweicloud.com"},
        body=json.dumps({"search_type": "IMAGE", "image_base64": picture, **asked}).encode(),
    )
    service = Service(dialects=[_dialect("huawei-image-search-v2")], verify=False)

    response = service.respond(service.enter(incoming), incoming)

    said = json.loads(response.body) if status != 501 else {}
    assert (status, code) == (response.status, said.get("error_code"))


def test_a_form_is_read_back_byte_for_byte() -> None:
    content = random.Random(7).randbytes(300_000) + b"\r\n\n\r"
    sent = prepare(
        Request(path="/", form={"image": content, "name": "猫\r\n"}), "https://a.example"
    )

    parts = Incoming(method="POST", target="/", headers=sent.headers, body=sent.body)
    line = Incoming(
        method="POST",
        target="/",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=b"image=a%2Bb%3D&limit=",
    )

    assert {"image": content, "name": "猫\r\n".encode()} == parts.form()
    assert {"image": b"a+b=", "limit": b""} == line.form()
    assert {} == evolve(line, headers={}).form()


PICTURE = base64.b64encode(png(640, 480)).decode()


@pytest.mark.parametrize(
    ("method", "asked", "form", "status"),
    [
        ("POST", {}, {"image": png(640, 480)}, 200),
        ("POST", {}, {"image_base64": PICTURE}, 200),
        ("POST", {}, {"image_base64": PICTURE, "limit": "2", "language": "de,zh_cht"}, 200),
        ("POST", {"limit": "-1", "threshold": "30.5", "verbose": "1"}, {"image": png(9, 9)}, 200),
        ("POST", {}, {"image_base64": PICTURE, "image": png(640, 480)}, 400),
        ("POST", {}, {"limit": "2"}, 400),
        ("POST", {}, {"image_base64": "?"}, 400),
        ("POST", {}, {"image": b"hello"}, 400),
        ("GET", {}, {}, 400),
        ("GET", {"image_url": "https://example.com/nothing"}, {}, 400),
        ("GET", {"image_upload_id": "i05"}, {}, 501),
        ("POST", {"limit": "0"}, {"image": png(640, 480)}, 501),
        ("POST", {"threshold": "much"}, {"image": png(640, 480)}, 501),
        ("POST", {"language": "zh"}, {"image": png(640, 480)}, 501),
    ],
)
def test_imagga_takes_a_picture_in_each_of_its_ways(
    method: str, asked: dict[str, str], form: dict[str, str | bytes], status: int
) -> None:
    request = Request(method=method, path="/v2/tags", query=asked, form=form)
    sent = prepare(request, "https://api.imagga.com")
    headers = {**sent.headers, "host": sent.host}
    target = sent.url.removeprefix("https://api.imagga.com")
    incoming = Incoming(method=method, target=target, headers=headers, body=sent.body)
    service = Service(dialects=[_dialect("imagga-tags")], verify=False)

    response = service.respond(service.enter(incoming), incoming)

    assert status == response.status


def test_imagga_lets_only_its_own_account_in() -> None:
    service = Service(dialects=[_dialect("imagga-tags")])
    right, wrong = (f"Basic {base64.b64encode(pair).decode()}" for pair in
                    (b"emulator:emulator-secret", b"emulator:other"))  # fmt: skip

    statuses = []
    for token in (right, wrong, ""):
        headers = {"host": "api.imagga.com", "authorization": token}
        incoming = Incoming(method="GET", target="/v2/tags", headers=headers)
        statuses.append(service.respond(service.enter(incoming), incoming).status)

    assert [400, 401, 401] == statuses


def _configured(**config: Any) -> dict[str, Any]:
    """The `model` of a request to Clarifai with these options."""
    return {"output_info": {"output_config": config}}


def test_a_detectors_places_come_back_under_their_names() -> None:
    here, there, nameless = (
        Region(BoundingBox(left, 0.25, 0.25, 0.5, "relative"), confidence)
        for left, confidence in ((0.0, 0.75), (0.5, 0.5), (0.25, 0.25))
    )
    tags = (Tag("blurred", 0.9, id="b"), Tag("猫", 0.75, regions=(here, there), id="c"))

    found = _written(_dialect("clarifai-regions"), _result(tags=tags, regions=(nameless,)))

    assert [tags[0], nameless, tags[1]] == found


@pytest.mark.parametrize(
    ("path", "asked", "status", "code"),
    [
        ((), {}, 200, 10000),
        (("inputs",), [], 400, 11102),
        (("inputs", 0, "data"), {}, 400, 30104),
        (("inputs", 0, "data", "image"), {"base64": "?"}, 400, 30300),
        (("inputs", 0, "data", "image"), {"base64": "YQ=="}, 400, 30101),
        (("inputs", 0, "data", "image"), {"url": "https://example.com/x"}, 400, 30002),
        (("model",), _configured(max_concepts=0), 200, 10000),
        (("model",), _configured(max_concepts=201), 400, 21202),
        (("model",), _configured(min_value=1.5), 400, 21202),
        (("model",), _configured(language="tlh"), 400, 21202),
        (("model",), _configured(select_concepts=[{"name": "cat"}]), 501, None),
    ],
)
def test_clarifais_models_take_their_parameters_within_their_ranges(
    path: Place, asked: Any, status: int, code: int | None
) -> None:
    image = {"base64": base64.b64encode(png(640, 480)).decode()}
    body = {"model": {}, "inputs": [{"data": {"image": image}}]}
    incoming = Incoming(
        method="POST",
        target="/v2/users/clarifai/apps/main/models/general-image-recognition/outputs",
        headers={"host": "api.clarifai.com", "authorization": "Key emulator-secret"},
        body=json.dumps(replaced(body, path, asked) if path else body).encode(),
    )
    service = Service(dialects=[_dialect("clarifai")])

    response = service.respond(service.enter(incoming), incoming)

    said = json.loads(response.body)["status"] if status != 501 else {}
    assert (status, code) == (response.status, said.get("code"))


def test_faces_come_back_with_their_place() -> None:
    place = Region(BoundingBox(1.0, 2.0, 30.0, 40.0), 0.93)
    face = Tag("玛丽·居里", 0.93, kind="celebrity", regions=(place,))

    found = _written(_dialect("huawei-celebrity"), _result(tags=(Tag("桌子", 0.9), face)))

    assert [face] == found


def test_main_objects_come_back_with_their_kind() -> None:
    places = tuple(
        Region(BoundingBox(1.5, 2.0, 30.0, 40.0), confidence, kind)
        for confidence, kind in ((0.9, "other"), (0.8, "main"), (0.7, "other"))
    )

    assert list(places) == _written(_dialect("huawei-main-object"), _result(regions=places))


@pytest.mark.parametrize("answer", ["yes", "no", "unsure"])
def test_a_verdict_comes_back(answer: Any) -> None:
    verdict = Verdict("recapture", answer, 0.75, {"recapture": 0.75})

    assert [verdict] == _written(_dialect("huawei-recapture"), _result(verdicts=(verdict,)))


def test_the_music_of_a_video_comes_back() -> None:
    tags = (Tag("茉莉花", kind="music"),)

    assert list(tags) == _written(_dialect("huawei-bgm"), _result(tags=tags))


@pytest.mark.parametrize("name", ["dark-enhance", "defog", "super-resolution"])
@pytest.mark.parametrize("form", [True, False])
def test_a_picture_that_was_made_comes_back(name: str, form: bool) -> None:
    (found,) = _written(_dialect(f"huawei-{name}"), _result(), form=form)

    made = Image.from_bytes(found.content)
    scale = 3 if name == "super-resolution" else 1
    assert "image/jpeg" == found.media_type
    assert (640 * scale, 480 * scale) == (made.width, made.height)


def test_google_says_an_object_once_for_each_place() -> None:
    boxes = [(0.0, 0.0, 0.5, 1.0), (0.25, 0.5, 0.25, 0.125), (-0.125, 0.25, 1.25, 0.5)]
    places = tuple(
        Region(BoundingBox(*box, "relative"), 0.75 - index / 4) for index, box in enumerate(boxes)
    )
    label, cat = Tag("猫", 0.5), Tag("猫", 0.75, kind="object", regions=places)
    unsure = Tag("half \ud83d", None)
    most = {"LABEL_DETECTION": 9, "OBJECT_LOCALIZATION": 9}

    dialect = _dialect("google-vision")
    found = _written(dialect, _result(tags=(cat, label, unsure)), most=most)
    fewer = _written(dialect, _result(tags=(cat, label)), most={"OBJECT_LOCALIZATION": 2})

    assert [label, evolve(unsure, name="half ?"), cat] == found
    assert [evolve(cat, regions=places[:2])] == fewer


LABELS = {"type": "LABEL_DETECTION"}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 200, None),
        ({"features": [{**LABELS, "maxResults": 2}]}, 200, None),
        ({"features": [{**LABELS, "maxResults": -1}]}, 400, 400),
        ({"features": []}, 400, 400),
        ({"features": "labels"}, 400, 400),
        ({"features": [{"type": "FACE_DETECTION"}]}, 501, None),
        ({"image": {}}, 400, 400),
        ({"image": {"content": "?"}}, 400, 400),
        ({"image": {"content": "YWJj"}}, 200, 3),
        ({"image": {"source": {"imageUri": "https://example.com/x"}}}, 200, 14),
    ],
)
def test_google_takes_its_parameters_within_their_ranges(
    asked: dict[str, Any], status: int, code: int | None
) -> None:
    picture = base64.b64encode(png(640, 480)).decode()
    whole = {"image": {"content": picture}, "features": [LABELS], **asked}

    response = _google({"requests": [whole]}, {"x-goog-api-key": "emulator-secret"})

    said = json.loads(response.body) if status != 501 else {}
    error = said.get("error") or said.get("responses", [{}])[0].get("error", {})
    assert (status, code) == (response.status, error.get("code"))


@pytest.mark.parametrize(
    ("requests", "status"), [([], 501), ([{}] * 16, 501), ([{}] * 17, 400), (None, 400)]
)
def test_google_is_asked_about_one_picture_at_a_time(requests: Any, status: int) -> None:
    assert status == _google({"requests": requests}, {"x-goog-api-key": "emulator-secret"}).status


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, "", 403),
        ({"x-goog-api-key": "wrong"}, "", 400),
        ({}, "?key=wrong", 400),
        ({"authorization": "Bearer wrong"}, "", 401),
        ({}, "?key=emulator-secret", 501),
        ({"authorization": "Bearer emulator-secret"}, "", 501),
    ],
)
def test_google_lets_in_a_key_or_a_token(headers: dict[str, str], query: str, status: int) -> None:
    assert status == _google({"requests": []}, headers, query).status


def _google(body: Any, headers: dict[str, str], query: str = "") -> Response:
    incoming = Incoming(
        method="POST",
        target=f"/v1/images:annotate{query}",
        headers={"host": "vision.googleapis.com", **headers},
        body=json.dumps(body).encode(),
    )
    service = Service(dialects=[_dialect("google-vision")])
    return service.respond(service.enter(incoming), incoming)


def _dialect(name: str) -> Dialect:
    return next(dialect for dialect in DIALECTS if dialect.name == name)


def test_the_coverage_page_is_that_of_the_dialects() -> None:
    page = Path(__file__).parent.parent / "docs" / "emulator-coverage.md"

    assert coverage(installed().dialects()) == page.read_text("utf-8")


def test_every_provider_with_an_endpoint_has_its_server_half() -> None:
    remote = {provider.name for provider in installed().all() if provider.endpoint}

    assert remote == {dialect.provider.name for dialect in DIALECTS if dialect.provider}


@pytest.mark.parametrize("code", ["AIS.0032", *(f"IS.{number:04}" for number in range(1, 17))])
def test_a_documented_error_has_its_text(code: str) -> None:
    dialect = _dialect("huawei-image-search")
    incoming = Incoming(method="POST", target="/", headers={})

    said = json.loads(dialect.write_error(Refusal(code), "1", incoming).body)

    assert (code, False) == (said["error_code"], said["error_msg"] == "The request failed.")
