"""Huawei's own SDK for ImageSearch v2, unmodified: every operation that it has.

Those of v1 are in its versions up to 3.1.48, which cannot be installed beside this one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from server import Server, answer_json

from taggers import BoundingBox, Image
from taggers.emulator import Emulator
from taggers.library import Library

pytest.importorskip("huaweicloudsdkimagesearch", reason="needs the extra interop")

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkimagesearch import v2

Call = Callable[..., Any]
OPERATIONS = {
    "add": ("run_add_data", v2.RunAddDataRequest, v2.AddDataParam),
    "check": ("run_check_data", v2.RunCheckDataRequest, v2.CheckParam),
    "update": ("run_update_data", v2.RunUpdateDataRequest, v2.UpdateParam),
    "delete": ("run_delete_data", v2.RunDeleteDataRequest, v2.DeleteParam),
    "search": ("run_search", v2.RunSearchRequest, v2.SearchParam),
}


def _caller(url: str, service: str = "emulator") -> Call:
    credentials = BasicCredentials("emulator", "emulator-secret", "emulator")
    builder = v2.ImageSearchClient.new_builder().with_credentials(credentials)
    client = builder.with_endpoint(url).build()

    def call(operation: str, **body: Any) -> Any:
        method, request, kind = OPERATIONS[operation]
        return getattr(client, method)(request(service_name=service, body=kind(**body)))

    return call


@pytest.fixture
def call(taggers_emulator: Emulator) -> Call:
    return _caller(taggers_emulator.url)


@pytest.fixture
def pictures(photos: Path) -> dict[str, str]:
    names = ("boats", "cat", "coffee")
    contents = {name: (photos / f"{name}.jpg").read_bytes() for name in names}
    return {name: base64.b64encode(content).decode() for name, content in contents.items()}


def test_all_operations_of_the_sdk_are_here() -> None:
    there = {name for name in vars(v2.ImageSearchClient) if name.startswith("run_")}

    theirs = {name for name in there if not name.endswith(("_invoker", "_http_info"))}
    assert {method for method, _, _ in OPERATIONS.values()} == theirs


def test_the_sdk_fills_a_library_and_finds_what_our_client_finds(
    call: Call, pictures: dict[str, str], photos: Path, taggers_emulator: Emulator
) -> None:
    for name, content in pictures.items():
        made = call(
            "add",
            item_id=name,
            image_base64=content,
            desc=f"a photo of {name}",
            custom_tags={"kind": name},
            custom_num_tags={"price": 12.5},
            keywords=["photo", name],
        )
        assert "success" == made.result

    theirs = call("search", search_type="IMAGE", image_base64=pictures["cat"], limit=2)
    with taggers_emulator.tagger("huawei-image-search-v2") as tagger:
        ours = Library(tagger).search(photos / "cat.jpg", limit=2)

    found = [(item.id, item.score) for item in theirs.data.items]
    assert [(match.path, match.similarity) for match in ours.matches] == found
    source = theirs.data.items[0].source
    assert ("cat", "a photo of cat") == (found[0][0], source.desc)
    assert ({"kind": "cat"}, {"price": 12.5}) == (source.custom_tags, source.custom_num_tags)
    assert ["photo", "cat"] == source.keywords
    assert (3, 2) == (theirs.data.search_info.total_num, theirs.data.search_info.return_num)


def test_the_sdk_checks_changes_and_deletes(call: Call, pictures: dict[str, str]) -> None:
    for name, content in pictures.items():
        call("add", item_id=name, image_base64=content, custom_tags={"kind": "photo"})

    there = call("check", item_id="cat").data
    listed = call("check", custom_tags={"kind": ["photo", "drawing"]}, limit=2).data
    rest = call(
        "check", custom_tags={"kind": ["photo"]}, limit=2, last_item=listed.check_info.last_item
    ).data
    changed = call("update", item_id="cat", custom_tags={"kind": "animal"})
    gone = call("delete", item_id="cat").data
    many = call("delete", custom_tags={"kind": ["photo"]}).data

    assert (True, {"kind": "photo"}) == (there.existed, there.item_info.custom_tags)
    assert ["boats", "cat", "coffee"] == [item.id for item in [*listed.items, *rest.items]]
    assert (3, 2) == (listed.check_info.total_num, listed.check_info.return_num)
    assert "success" == changed.result
    assert ["cat"] == [item.id for item in gone.items]
    assert (2, 2) == (many.delete_info.total_num, many.delete_info.delete_num)
    assert call("check", item_id="boats").data.existed is False


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("add", {"item_id": "a"}, "MMS.0003"),
        ("add", {"image_base64": "?", "item_id": "a"}, "MMS.0003"),
        ("check", {}, "MMS.0003"),
        ("check", {"item_id": ""}, "MMS.0003"),
        ("update", {"item_id": "nowhere"}, "MMS.0003"),
        ("delete", {"item_id": "nowhere"}, "MMS.0003"),
        ("search", {"search_type": "IMAGE"}, "MMS.0003"),
    ],
)
def test_the_sdk_is_refused_what_the_vendor_refuses(
    operation: str, body: dict[str, Any], code: str, call: Call
) -> None:
    with pytest.raises(ClientRequestException) as no:
        call(operation, **body)

    assert (400, code) == (no.value.status_code, no.value.error_code)


def test_the_sdk_is_told_that_there_is_no_such_service(taggers_emulator: Emulator) -> None:
    with pytest.raises(ClientRequestException) as no:
        _caller(taggers_emulator.url, "other")("check", item_id="cat")

    assert "MMS.1001" == no.value.error_code


def test_deleting_twice_succeeds_where_that_was_asked_for(call: Call) -> None:
    assert "success" == call("delete", item_id="nowhere", force=True).result


def test_our_requests_are_the_sdks(pictures: dict[str, str], photos: Path) -> None:
    cat, image = pictures["cat"], Image.open(photos / "cat.jpg")
    box = BoundingBox(100, 60, 120, 90)
    body = {"result": "success", "data": {"items": [], "existed": True}}
    with Server(answer_json(body)) as server:
        call = _caller(server.url, "shop")
        call("add", item_id="cat", image_base64=cat, force=True, custom_tags={"kind": "animal"})
        call("check", item_id="cat")
        call("update", item_id="cat", custom_tags={"kind": "tabby"})
        call("delete", item_id="cat")
        call(
            "search", search_type="IMAGE", image_base64=cat, limit=20,
            custom_tags={"kind": ["tabby"]},
            optional_params=v2.SearchOptionalParam(box="100,60,220,150"),
        )  # fmt: skip
        call("check", custom_tags={"kind": ["tabby"]}, limit=10)
        theirs = list(server.requests)
        _ask_the_same(server.url, image, box)
        ours = server.requests[len(theirs) :]

    assert [(one.method, one.target) for one in theirs] == [
        (one.method, one.target) for one in ours
    ]
    assert [json.loads(one.body) for one in theirs] == [json.loads(one.body) for one in ours]


def _ask_the_same(url: str, image: Image, box: BoundingBox) -> None:
    from taggers import Tagger

    settings = {"ak": "emulator", "sk": "s", "project_id": "emulator", "service_name": "shop"}
    with Tagger("huawei-image-search-v2", endpoint=url, **settings) as tagger:
        library = Library(tagger)
        library.add("cat", image, {"kind": "animal"})
        library.check("cat")
        library.modify("cat", {"kind": "tabby"})
        library.delete("cat")
        library.search(image, box=box, labels={"kind": "tabby"}, limit=20)
        library.search(labels={"kind": "tabby"})
