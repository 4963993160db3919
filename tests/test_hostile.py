"""What strangers send: texts that would take over a terminal, and files that are no pictures."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from server import Server, Step, answer, answer_json

from taggers import Result, Tagger, TaggersError
from taggers.errors import LocalError
from taggers.testing import png

TEXTS = {
    "an escape sequence": "\x1b[2J\x1b]0;owned\x07cat",
    "right to left": "\u202egpj.tac\u2066",
    "NUL and other controls": "c\x00a\x08t\r\n\x9b31m!",
    "half a surrogate pair": "cat \ud83d",
    "a megabyte": "c" * 1_000_000,
    "markup": "[bold red]cat[/] <script>alert(1)</script> =cmd|'/c calc'!A0",
    "no character at all": "\ufeff\u2028\u200b",
}


def _said(text: str) -> bytes:
    tags = [{"tag": text, "confidence": "88", "type": "a", "i18n_tag": {"zh": "猫", "en": text}}]
    return json.dumps({"result": {"tags": tags}}).encode()


@contextmanager
def _tagger(step: Step) -> Iterator[tuple[Server, Tagger]]:
    """A server that answers so, and a tagger that asks it."""
    with Server(step) as server, Tagger("huawei-tagging-v2", **_settings(server)) as tagger:
        yield server, tagger


def _settings(server: Server) -> dict[str, str]:
    return {"endpoint": server.url, "project_id": "p", "ak": "AK", "sk": "a-secret-key"}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_vendors_text_is_kept_and_can_be_written_down(text: str) -> None:
    with _tagger(answer(_said(text))) as (_, tagger):
        result = tagger.tag(png(64, 48), language="en")

    assert _clean(text)[:1000] == result.tags[0].name
    assert result == Result.from_dict(json.loads(json.dumps(result.to_dict())))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("form", ["table", "csv", "json", "jsonl"])
def test_a_vendors_text_commands_no_terminal(text: str, form: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(64, 48))
    with Server(answer(_said(text))) as server:
        config = {**_settings(server), "plugin": "huawei-tagging-v2"}
        config["ak"], config["sk"] = "${HUAWEICLOUD_SDK_AK}", "${HUAWEICLOUD_SDK_SK}"
        lines = [f"{name} = {json.dumps(value)}" for name, value in config.items()]
        (tmp_path / "taggers.toml").write_text("[providers.hw]\n" + "\n".join(lines))

        done = subprocess.run(
            [sys.executable, "-m", "taggers", "tag", "a.png", "-p", "hw", "-f", form],
            cwd=tmp_path,
            env={**os.environ, "HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "a-secret-key"},
            capture_output=True,
            check=False,
            timeout=60,
        )

    assert (0, b"") == (done.returncode, done.stderr)
    assert not {0x1B, 0x00, 0x07, 0x08} & set(done.stdout)
    if form.startswith("json"):
        assert _clean(text)[:1000] == _first(json.loads(done.stdout))["tags"][0]["names"]["en"]


def _clean(text: str) -> str:
    """The text with what cannot be encoded in any file replaced."""
    return text.encode("utf-8", "replace").decode()


def _first(document: Any) -> Any:
    return document[0] if isinstance(document, list) else document


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_vendors_error_can_be_written_down(text: str) -> None:
    body = {"error_code": "AIS.0014", "error_msg": text}
    with _tagger(answer_json(body, 400)) as (_, tagger), pytest.raises(TaggersError) as caught:
        tagger.tag(png(64, 48))

    assert json.loads(json.dumps(caught.value.to_dict()))["code"] == "AIS.0014"


def _junk(count: int) -> Iterator[bytes]:
    """Files that are no pictures, or not whole ones, or pretend to be others."""
    dice, picture = random.Random(7), png(64, 48)
    starts = [b"", b"\xff\xd8\xff", b"GIF89a", b"BM", b"RIFF", b"<svg", b"%PDF-1.7", b"II*\0"]
    for index in range(count):
        kind = index % 3
        if kind == 0:
            yield dice.choice(starts) + dice.randbytes(dice.randrange(0, 200))
        elif kind == 1:
            yield picture[: dice.randrange(0, 24)]
        else:
            yield starts[index % len(starts)] * dice.randrange(0, 3)


def test_what_can_be_refused_here_goes_nowhere(tmp_path: Path) -> None:
    files = []
    for index, content in enumerate(_junk(300)):
        files.append(tmp_path / f"{index}.jpg")
        files[-1].write_bytes(content)

    with _tagger(answer(_said("cat"))) as (server, tagger):
        outcomes = list(tagger.tag_many(files))

    assert 300 == len(outcomes)
    assert [] == [x for x in outcomes if not isinstance(x, LocalError)]
    assert {"not sent"} == {getattr(outcome, "outcome", None) for outcome in outcomes}
    assert 0 == server.accepted
