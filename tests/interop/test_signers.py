"""Our signers against the vendors' own, on random requests.

The suite tries some; TAGGERS_DIFFERENTIAL=100000 tries as many.
"""

from __future__ import annotations

import os
import random
import string
from collections.abc import Mapping
from hashlib import sha256
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from taggers_huawei._sign import signature as huawei_signature
from taggers_tencent._sign import pairs
from taggers_tencent._sign import signature as tencent_signature

from taggers._wire import Request, prepare

pytest.importorskip("huaweicloudsdkcore", reason="needs the extra interop")
pytest.importorskip("qcloud_cos", reason="needs the extra interop")

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from qcloud_cos import CosConfig
from qcloud_cos.cos_auth import CosS3Auth

TRIES = int(os.environ.get("TAGGERS_DIFFERENTIAL", "2000"))
ODD = (
    string.ascii_letters + string.digits + " +%&=?/#'\"()*!~-_.;:,@$[]{}|\\^`<>" + "猫ñ🐈e\u0301\t"
)


def _text(draw: random.Random, least: int = 0) -> str:
    return "".join(draw.choices(ODD, k=draw.randint(least, 12)))


def _path(draw: random.Random) -> str:
    return "/" + "/".join(_text(draw, 1).replace("/", "") or "x" for _ in range(draw.randint(1, 4)))


def test_huaweis_signer_and_ours_agree() -> None:
    draw = random.Random(20261120)
    credentials = BasicCredentials("AK", "SK", "project")

    for _ in range(TRIES):
        path, body = _path(draw), _text(draw).encode()
        query: dict[str, str | list[str]] = {
            _text(draw, 1): [_text(draw) for _ in range(draw.randint(1, 3))] for _ in range(3)
        }
        repeated = [(name, value) for name, values in query.items() for value in values]
        headers = {"X-Sdk-Date": "20261120T101112Z", "Host": "image.example.com", "X-Id": "a b"}
        prepared = prepare(Request(path=path, query=query), "https://image.example.com")
        encoded = urlsplit(prepared.url).path  # which the SDK decodes first
        theirs = SdkRequest(
            "POST", "https", "image.example.com", encoded, None, repeated, {**headers}, body
        )

        signed = Signer(credentials).sign(theirs)
        ours = huawei_signature("POST", prepared.url, headers, sha256(body).hexdigest(), "SK")

        assert signed.header_params["Authorization"].endswith(f"Signature={ours}"), theirs


def test_tencents_signer_and_ours_agree() -> None:
    draw = random.Random(20261120)
    config = CosConfig(Region="ap-guangzhou", SecretId="ID", SecretKey="KEY")

    for _ in range(TRIES):
        path = _path(draw)
        query: Mapping[str, str] = {_text(draw, 1): _text(draw) for _ in range(3)}
        lower = {name.lower() for name in query}
        if len(lower) < len(query):
            continue  # the SDK keeps one of two names that differ only in case
        headers = {"host": "b-1.cos.ap-guangzhou.myqcloud.com", "x-cos-acl": _text(draw)}
        request = SimpleNamespace(method="GET", url="https://b-1/", headers={**headers})

        signed = CosS3Auth(config, key=path, params=query)(request)
        given = dict(parse_qsl(signed.headers["Authorization"], keep_blank_values=True))
        ours = tencent_signature(
            "GET", path, pairs(query.items()), pairs(headers.items()), "KEY", given["q-key-time"]
        )

        assert given["q-signature"] == ours.signature, (path, query)
