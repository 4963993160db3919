"""A program of five lines, run unchanged while the configuration moves between providers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from server import Exchange, Server

PROGRAM = """\
from taggers import Tagger
with Tagger.from_config() as tagger:
    result = tagger.tag("cat.jpg")
    for tag in result:
        print(tag.name, tag.confidence)
"""

SERVICES = """
[providers.hw]
plugin = "huawei-tagging-v2"
endpoint = "{url}"
project_id = "p"

[providers.tx]
plugin = "tencent-detect-label"
endpoint = "{url}"
bucket = "photos-1250000000"
"""

KEYS = dict.fromkeys(
    (
        "HUAWEICLOUD_SDK_AK",
        "HUAWEICLOUD_SDK_SK",
        "TENCENTCLOUD_SECRET_ID",
        "TENCENTCLOUD_SECRET_KEY",
    ),
    "example",
)


def _both_vendors(exchange: Exchange) -> None:
    """Answers as Huawei or as Tencent would, whichever is asked."""
    request = exchange.read()
    if request.target.startswith("/v2/"):
        tag = {"tag": "cat", "confidence": "88.5", "type": "Animal"}
        body = json.dumps({"result": {"tags": [tag]}}).encode()
    elif request.method == "GET":
        body = (
            "<RecognitionResult><Labels><Name>猫</Name><Confidence>77</Confidence></Labels>"
            "</RecognitionResult>"
        ).encode()
    else:
        body = b""
    exchange.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@pytest.mark.parametrize(
    ("default", "says", "asks"),
    [
        ("hw", "cat 0.885", ["POST"]),
        ("tx", "猫 0.77", ["PUT", "GET", "DELETE"]),
        ("local-basic", "brown 0.456", []),
    ],
)
def test_one_line_of_configuration_moves_a_program_to_another_provider(
    tmp_path: Path, photos: Path, default: str, says: str, asks: list[str]
) -> None:
    (tmp_path / "cat.jpg").write_bytes((photos / "cat.jpg").read_bytes())
    with Server(_both_vendors) as server:
        config = f'default = "{default}"\n' + SERVICES.format(url=server.url)
        (tmp_path / "taggers.toml").write_text(config)

        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=tmp_path,
            env={**os.environ, **KEYS},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

        assert says == done.stdout.partition("\n")[0], done.stderr
        assert asks == [request.method for request in server.requests]
