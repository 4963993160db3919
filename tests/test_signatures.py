"""Both vendors' signatures against every vector that the vendors have published."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from taggers_huawei import _account as huawei
from taggers_huawei._sign import sign as huawei_sign
from taggers_huawei._sign import signature as huawei_signature
from taggers_tencent import _account as tencent
from taggers_tencent._sign import pairs
from taggers_tencent._sign import sign as tencent_sign
from taggers_tencent._sign import signature as tencent_signature

from taggers._registry import Registry
from taggers._wire import Request, prepare
from taggers.plugin import Prepared
from taggers.testing import settings

VPCS = (
    "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
    "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0"
)
RESOURCES = "https://service.endpoint.myhuaweicloud.com/resources?size=1"
GUIDE_SECRET = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"

HUAWEI: Mapping[str, Any] = {
    "signing-guide-get-vpcs": (
        "GET", VPCS, "20191115T033655Z", {"content-type": "application/json"}, b"", GUIDE_SECRET,
        "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
    ),
    "python-sdk-get-resources": (
        "GET", RESOURCES, "20200608T023900Z", {}, b"", "SecretKey",
        "cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd842",
    ),
    "python-sdk-post-resources": (
        "POST", RESOURCES, "20200608T023900Z", {}, b'{"name":"test","id":1}', "SecretKey",
        "436b1ac0a1ae03705934bb70ef2f2e09f7bfed2117d731a38235053199323a1f",
    ),
    "java-sdk-get-vpcs": (
        "GET", VPCS, "20191115T033655Z", {}, b"", "SecretKey",
        "fd95e7da6f695cfb4cabbb9d6b0968aec155bc576b064835282473539ae9ea1d",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "url", "date", "headers", "body", "secret", "expected"),
    HUAWEI.values(),
    ids=list(HUAWEI),
)
def test_huawei_sdk_hmac_sha256(
    method: str,
    url: str,
    date: str,
    headers: dict[str, str],
    body: bytes,
    secret: str,
    expected: str,
) -> None:
    host = url.split("/")[2]

    found = huawei_signature(
        method, url, {**headers, "Host": host, "X-Sdk-Date": date}, sha256(body).hexdigest(), secret
    )

    assert expected == found


COS_KEY = "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz"
COS_HOST = "examplebucket-1250000000.cos.ap-beijing.myqcloud.com"

TENCENT: Mapping[str, Any] = {
    "document-put-object": (
        "PUT", "/exampleobject(腾讯云)", {},
        {
            "Date": "Thu, 16 May 2019 06:45:51 GMT", "Host": COS_HOST,
            "Content-Type": "text/plain", "Content-Length": "13",
            "Content-MD5": "mQ/fVh815F3k6TAUm8m0eg==", "x-cos-acl": "private",
            "x-cos-grant-read": 'uin="100000000011"',
        },
        "1557989151;1557996351",
        "eb2519b498b02ac213cb1f3d1a3d27a3b3c9bc5f",
        "8b2751e77f43a0995d6e9eb9477f4b685cca4172",
        "3b8851a11a569213c17ba8fa7dcf2abec6935172",
    ),
    "document-get-object": (
        "GET", "/exampleobject(腾讯云)",
        {
            "response-content-type": "application/octet-stream",
            "response-cache-control": "max-age=600",
        },
        {"Date": "Thu, 16 May 2019 06:55:53 GMT", "Host": COS_HOST},
        "1557989753;1557996953",
        "937914bf490e9e8c189836aad2052e4feeb35eaf",
        "54ecfe22f59d3514fdc764b87a32d8133ea611e6",
        "01681b8c9d798a678e43b685a9f1bba0f6c0e012",
    ),
    "sdk-get-testfile-range": (
        "GET", "/testfile", {},
        {"host": "bucket1-1254000000.cos.ap-beijing.myqcloud.com", "range": "bytes=0-3"},
        "1417773892;1417853898",
        "d265642cf75792e70e35030fd14e73134094d673",
        "3a529544cb1559b8be98f079df87742e8fad26dc",
        "4b6cbab14ce01381c29032423481ebffd514e8be",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "parameters", "headers", "key_time", "sign_key", "sha1", "expected"),
    TENCENT.values(),
    ids=list(TENCENT),
)
def test_tencent_q_sign_algorithm_sha1(
    method: str,
    path: str,
    parameters: dict[str, str],
    headers: dict[str, str],
    key_time: str,
    sign_key: str,
    sha1: str,
    expected: str,
) -> None:
    found = tencent_signature(
        method, path, pairs(parameters.items()), pairs(headers.items()), COS_KEY, key_time
    )

    assert (sign_key, sha1, expected) == found


def test_huawei_encodes_and_sorts_the_query_as_its_sdk_tests_do() -> None:
    query = {
        "limit": "1",
        "path": "/tmp/123",
        "multi": ["3", "1", "2"],
        "enable": "true",
        "test": "一 (&=?!#%.*)",
    }
    unsorted = prepare(Request(path="/x", query=query), "https://h.example.com")
    canonical = (
        "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123"
        "&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29"
    )
    signed = {"host": "h.example.com", "x-sdk-date": "20200101T000000Z"}

    found = huawei_signature("GET", unsorted.url, signed, sha256(b"").hexdigest(), "s")

    url = f"https://h.example.com/x?{canonical}"
    assert huawei_signature("GET", url, signed, sha256(b"").hexdigest(), "s") == found


def test_a_huawei_request_is_signed_over_host_date_project_and_token() -> None:
    prepared = _prepared().with_headers({"X-Project-Id": "p", "X-Security-Token": "t"})

    headers = huawei_sign(prepared, "AK", "SK", 1_591_584_000.0).headers

    signed = "SignedHeaders=host;x-project-id;x-sdk-date;x-security-token, Signature="
    assert headers["authorization"].startswith(f"SDK-HMAC-SHA256 Access=AK, {signed}")
    assert "20200608T024000Z" == headers["x-sdk-date"]


def test_a_ready_huawei_token_is_sent_instead_of_a_signature() -> None:
    provider = Registry().provider("huawei-tagging-v2")
    chosen = settings(provider, ak="a", sk="s", auth_token="ready", project_id="p")

    headers = huawei.authorize(_prepared(), chosen, 0.0).headers

    assert "ready" == headers["x-auth-token"]
    assert "authorization" not in headers


def test_temporary_huawei_credentials_bring_their_token_and_project_into_the_signature() -> None:
    provider = Registry().provider("huawei-tagging-v2")
    chosen = settings(provider, ak="a", sk="s", security_token="session", project_id="p")

    headers = huawei.authorize(_prepared(), chosen, 0.0).headers

    assert (headers["x-security-token"], headers["x-project-id"]) == ("session", "p")
    assert "host;x-project-id;x-sdk-date;x-security-token" in headers["authorization"]


def test_a_tencent_session_token_is_sent_and_signed() -> None:
    provider = Registry().provider("tencent-detect-label")
    chosen = settings(provider, secret_id="i", secret_key="k", token="session", bucket="b-1")

    headers = tencent.authorize(_prepared(), chosen, 1000.0).headers

    assert "session" == headers["x-cos-security-token"]
    assert "q-header-list=host;x-cos-security-token&" in headers["authorization"]
    assert "q-sign-time=940;1900&" in headers["authorization"]


def test_a_port_of_its_own_is_part_of_the_signed_host() -> None:
    plain = Prepared(method="GET", url="http://127.0.0.1:8080/a", headers={})
    other = Prepared(method="GET", url="http://127.0.0.1:8081/a", headers={})

    assert "127.0.0.1:8080" == plain.host
    assert _authorization(plain) != _authorization(other)


@pytest.mark.parametrize("url", ["https://h/a?x=1+1", "https://h/a?x=1%2B1"])
def test_a_plus_in_a_query_is_a_plus_to_both_vendors(url: str) -> None:
    encoded = Prepared(method="GET", url="https://h/a?x=1%2B1", headers={})
    spaced = Prepared(method="GET", url="https://h/a?x=1%201", headers={})
    written = Prepared(method="GET", url=url, headers={})

    assert _authorization(encoded) == _authorization(written) != _authorization(spaced)


def _prepared() -> Prepared:
    return Prepared(method="POST", url="https://h.example.com/v2/p/x", headers={}, body=b"{}")


def _authorization(prepared: Prepared) -> tuple[str, str]:
    return (
        huawei_sign(prepared, "a", "s", 0.0).headers["authorization"],
        tencent_sign(prepared, "a", "s", 1000.0).headers["authorization"],
    )
