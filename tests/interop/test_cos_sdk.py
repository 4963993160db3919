"""Tencent's own COS SDK, unmodified, as a stranger to our emulator.

It takes the emulator for its proxy, so that it asks the vendor's own host.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from server import Server, answer

from taggers import Tagger
from taggers.emulator import Account, Emulator, Fixture

pytest.importorskip("qcloud_cos", reason="needs the extra interop")

from qcloud_cos import CosConfig, CosS3Client, CosServiceError

BUCKET = "emulator-1250000000"
KEY = "猫/a b+c%20.jpg"


def _client(proxy: str, **config: Any) -> CosS3Client:
    account = {"SecretId": "emulator", "SecretKey": "emulator-secret"}
    return CosS3Client(
        CosConfig(
            Region="ap-guangzhou",
            Scheme="http",
            Proxies={"http": proxy},
            **{**account, **config},
        ),
        retry=0,
    )


@pytest.fixture
def content(photos: Path) -> bytes:
    return (photos / "cat.jpg").read_bytes()


def test_a_picture_is_stored_labelled_and_deleted(
    content: bytes, taggers_emulator: Emulator
) -> None:
    client = _client(taggers_emulator.url)

    client.put_object(Bucket=BUCKET, Key=KEY, Body=content)
    back = client.get_object(Bucket=BUCKET, Key=KEY)["Body"].get_raw_stream().read()
    flat = client.ci_image_detect_label(Bucket=BUCKET, Key=KEY)
    scenes = client.ci_image_detect_label(Bucket=BUCKET, Key=KEY, Scenes="web,camera")
    client.delete_object(Bucket=BUCKET, Key=KEY)
    with pytest.raises(CosServiceError) as gone:
        client.ci_image_detect_label(Bucket=BUCKET, Key=KEY)

    assert content == back
    assert "清晰" == flat["Labels"][0]["Name"]
    assert {"CameraLabels", "WebLabels"} == set(scenes)
    assert ("NoSuchKey", 404) == (gone.value.get_error_code(), gone.value.get_status_code())
    assert [1, 2] == [call.units for call in taggers_emulator.journal if call.units]


def test_a_strangers_script_works_by_changing_the_domain(
    content: bytes, taggers_emulator: Emulator
) -> None:
    config = CosConfig(
        Region="ap-guangzhou",
        SecretId="emulator",
        SecretKey="emulator-secret",
        Scheme="http",
        Domain=taggers_emulator.url.removeprefix("http://"),
    )
    client = CosS3Client(config)

    client.put_object(Bucket=BUCKET, Key="a.jpg", Body=content)
    answer = client.ci_image_detect_label(Bucket=BUCKET, Key="a.jpg", Scenes="camera")

    assert "清晰" == answer["CameraLabels"]["Labels"][0]["Name"]


def test_a_picture_is_labelled_by_its_url(content: bytes) -> None:
    url = "https://example.com/a b.jpg?x=1&y=%20"
    with Emulator(fixtures=[Fixture(content=content, url=url)]) as emulator:
        client = _client(emulator.url)

        known = client.ci_image_detect_label(Bucket=BUCKET, DetectUrl=url)
        with pytest.raises(CosServiceError) as unknown:
            client.ci_image_detect_label(Bucket=BUCKET, DetectUrl=url + "1")

    assert "清晰" == known["Labels"][0]["Name"]
    assert 400 == unknown.value.get_status_code()
    assert "ResourceDownloadFailed" == emulator.journal[-1].code


OPERATIONS: Any = {
    "put": lambda client: client.put_object(Bucket=BUCKET, Key=KEY, Body=b"x"),
    "label": lambda client: client.ci_image_detect_label(Bucket=BUCKET, Key=KEY),
    "url": lambda client: client.ci_image_detect_label(Bucket=BUCKET, DetectUrl="http://x/y"),
    "delete": lambda client: client.delete_object(Bucket=BUCKET, Key=KEY),
    "get": lambda client: client.get_object(Bucket=BUCKET, Key=KEY),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"SecretKey": "wrong"}, "SignatureDoesNotMatch"),
        ({"SecretId": "wrong"}, "InvalidAccessKeyId"),
    ],
)
def test_the_sdk_fails_as_with_the_vendor(
    operation: str, config: dict[str, str], code: str, taggers_emulator: Emulator
) -> None:
    with pytest.raises(CosServiceError) as caught:
        OPERATIONS[operation](_client(taggers_emulator.url, **config))

    assert (code, 403) == (caught.value.get_error_code(), caught.value.get_status_code())
    assert caught.value.get_request_id()


def test_another_bucket_and_an_unknown_scene_are_refused(
    content: bytes, taggers_emulator: Emulator
) -> None:
    client = _client(taggers_emulator.url)
    client.put_object(Bucket=BUCKET, Key=KEY, Body=content)

    with pytest.raises(CosServiceError) as bucket:
        client.put_object(Bucket="other-1250000000", Key=KEY, Body=content)
    with pytest.raises(CosServiceError) as scene:
        client.ci_image_detect_label(Bucket=BUCKET, Key=KEY, Scenes="sky")

    assert "NoSuchBucket" == bucket.value.get_error_code()
    # Cloud Infinite's errors have no Resource, and without one this SDK does not find the code.
    assert ("Unknown", 400) == (scene.value.get_error_code(), scene.value.get_status_code())
    assert "InvalidArgument" == taggers_emulator.journal[-1].code


def test_a_temporary_key_needs_its_token(content: bytes) -> None:
    with Emulator(account=Account(session_token="session")) as emulator:
        with pytest.raises(CosServiceError) as without:
            _client(emulator.url).put_object(Bucket=BUCKET, Key=KEY, Body=content)
        stored = _client(emulator.url, Token="session").put_object(
            Bucket=BUCKET, Key=KEY, Body=content
        )

    assert "AccessDenied" == without.value.get_error_code()
    assert "ETag" in stored


def test_a_presigned_url_opens_the_picture(content: bytes, taggers_emulator: Emulator) -> None:
    import requests

    client = _client(taggers_emulator.url)
    client.put_object(Bucket=BUCKET, Key=KEY, Body=content)
    url = client.get_presigned_url(Method="GET", Bucket=BUCKET, Key=KEY, Expired=60)

    answer = requests.get(url, proxies={"http": taggers_emulator.url}, timeout=10)

    assert (200, content) == (answer.status_code, answer.content)


def test_our_request_is_the_sdks(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answer(b"<RecognitionResult/>")) as server:
        monkeypatch.setenv("http_proxy", server.url)
        host = f"{BUCKET}.cos.ap-guangzhou.myqcloud.com"
        settings = {
            "secret_id": "emulator", "secret_key": "s", "bucket": BUCKET,
            "endpoint": f"http://{host}", "scenes": ["web", "camera"],
        }  # fmt: skip

        _client(server.url).ci_image_detect_label(Bucket=BUCKET, Key="a/b.jpg", Scenes="web,camera")
        with Tagger("tencent-detect-label", **settings) as tagger:
            tagger.tag(f"http://{host}/a/b.jpg")
        theirs, ours = server.requests

    assert (theirs.method, _query(theirs.target)) == (ours.method, _query(ours.target))
    assert theirs.headers["host"] == ours.headers["host"] == host
    for part in ("&q-header-list=host&", "&q-url-param-list=ci-process;scenes&"):
        assert part in theirs.headers["authorization"]
        assert part in ours.headers["authorization"]


def _query(target: str) -> tuple[str, list[str]]:
    path, _, query = target.partition("?")
    return path, sorted(query.replace("%2C", ",").split("&"))
