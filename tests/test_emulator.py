"""The emulator: as strict as the vendors, wrong when told to be, and honest about itself."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from taggers_huawei._sign import sign

from taggers import AsyncTagger, Policy, Result, Tag, Tagger, TaggersError
from taggers._registry import installed
from taggers.emulator import Account, Emulator, Fault, Fixture, Limits
from taggers.errors import (
    Authentication,
    ConfigurationError,
    CredentialLocked,
    ImageDimensions,
    LocalResourceError,
    MalformedResponse,
    OutcomeUnknown,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    ServerFault,
    TokenExpired,
    UnsupportedImage,
)
from taggers.plugin import Accepts, Prepared
from taggers.testing import png

V2 = "huawei-tagging-v2"
COS = "tencent-detect-label"
PASSWORD = Account().password
ONCE = Policy(attempts=1, deadline_s=10)


def _said(
    emulator: Emulator, provider: str, picture: Any, **settings: Any
) -> Result | TaggersError:
    """The outcome of one call, tried once."""
    with Tagger(provider, policy=ONCE, **{**emulator.settings(provider), **settings}) as tagger:
        try:
            return tagger.tag(picture)
        except TaggersError as error:
            return error


def _http(
    emulator: Emulator, path: str, body: Any = None, method: str | None = None, **headers: str
) -> tuple[int, dict[str, str], Any]:
    """A plain request, as a stranger would make it."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(emulator.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status, given, text = answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        status, given, text = error.code, dict(error.headers), error.read().decode()
    try:
        return status, given, json.loads(text)
    except ValueError:
        return status, given, text


def test_every_provider_is_answered_through_its_own_wire(
    photos: Path, taggers_emulator: Emulator
) -> None:
    billed = 0

    for provider in set(taggers_emulator.providers()) - {"huawei-bgm"}:
        result = _said(taggers_emulator, provider, photos / "cat.jpg")

        assert isinstance(result, Result), (provider, result)
        assert result.provenance.emulated
        assert 1 <= result.provenance.billable_units
        billed += result.provenance.billable_units

    assert billed == taggers_emulator.billed


def test_an_answer_waits_for_no_acknowledgement(taggers_emulator: Emulator) -> None:
    took_s = []
    with taggers_emulator.tagger(V2) as tagger:
        for _ in range(30):
            began = time.monotonic()
            tagger.tag(png(64, 48))
            took_s.append(time.monotonic() - began)

    assert statistics.median(took_s) < 0.03  # a delayed acknowledgement takes 0.04


def test_answers_depend_on_the_picture_and_repeat(photos: Path, taggers_emulator: Emulator) -> None:
    cat, again, coffee = (
        _said(taggers_emulator, COS, photos / name) for name in ("cat.jpg", "cat.jpg", "coffee.jpg")
    )

    assert isinstance(cat, Result)
    assert isinstance(again, Result)
    assert isinstance(coffee, Result)
    assert cat.tags == again.tags != coffee.tags


def test_a_picture_that_it_was_told_about_is_answered_as_told(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes((photos / "cat.jpg").read_bytes())
    (tmp_path / "told.toml").write_text(
        """
        [[pictures]]
        file = "cat.jpg"
        url = "https://example.com/cat.jpg"
        labels = { kind = "cat" }

        [[pictures.tags]]
        name = "cat"
        zh = "猫"
        confidence = 0.97
        category = "animal"
        category_zh = "动物"
        boxes = [[10, 20, 100, 80]]

        [[pictures.tags]]
        name = "sofa"
        zh = "沙发"
        confidence = 0.2

        [[rules]]
        name = "*/dogs/*"
        tags = [{ name = "dog", zh = "狗", confidence = 0.9 }]
        """,
        "utf-8",
    )
    with Emulator(fixtures=tmp_path / "told.toml") as emulator:
        huawei = _said(emulator, V2, photos / "cat.jpg")
        tencent = _said(emulator, COS, photos / "cat.jpg")
        by_url = _said(emulator, V2, "https://example.com/cat.jpg")
        search = _said(emulator, "huawei-image-search", photos / "cat.jpg")

    assert isinstance(huawei, Result)
    assert isinstance(tencent, Result)
    assert isinstance(by_url, Result)
    assert isinstance(search, Result)
    assert [("猫", 0.97, ("动物",))] == [(t.name, t.confidence, t.category) for t in huawei]
    assert [80.0] == [region.box.height for region in huawei.tags[0].regions]
    assert ["猫", "沙发"] == [tag.name for tag in tencent]
    assert huawei.tags == by_url.tags
    assert [("https://example.com/cat.jpg", 1.0)] == [
        (match.path, match.similarity) for match in search.matches
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[pictures]]\n", r"pictures\[0\].file: is missing"),
        ("[[rules]]\nnam = 'x'", r"rules\[0\].nam: there is no such key; did you mean 'name'"),
        ("[[rules]]\ntags = [{ zh = 'x' }]", r"rules\[0\].tags\[0\].name: is missing"),
        ("nonsense", "told.toml"),
    ],
)
def test_a_mistake_in_the_fixtures_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "told.toml").write_text(text)

    with pytest.raises(ConfigurationError, match=says):
        Emulator(fixtures=tmp_path / "told.toml")


def test_wrong_credentials_are_refused_with_the_vendors_codes(
    photos: Path, taggers_emulator: Emulator
) -> None:
    cat = photos / "cat.jpg"
    cases = {
        (V2, "sk", "wrong"): (Authentication, "APIGW.0301"),
        (V2, "ak", "unknown"): (Authentication, "APIGW.0301"),
        (V2, "project_id", "other"): (ConfigurationError, "APIG.0310"),
        (V2, "auth_token", "never-given"): (Authentication, "APIGW.0301"),
        (COS, "secret_key", "wrong"): (Authentication, "SignatureDoesNotMatch"),
        (COS, "secret_id", "unknown"): (Authentication, "InvalidAccessKeyId"),
    }
    for (provider, name, value), (kind, code) in cases.items():
        found = _said(taggers_emulator, provider, cat, **{name: value})

        assert isinstance(found, kind), (provider, name, found)
        assert code == found.code
        assert found.request_id
    assert 0 == taggers_emulator.billed


@pytest.mark.parametrize(
    ("skew_s", "statuses"), [(16 * 60, [401, 200]), (-16 * 60, [401, 200]), (14 * 60, [200])]
)
def test_a_clock_beyond_fifteen_minutes_is_refused(skew_s: int, statuses: list[int]) -> None:
    with Emulator(now=lambda: time.time() + skew_s) as emulator:
        _said(emulator, V2, png(64, 64))  # which corrects its clock, and asks again

    assert statuses == [call.status for call in emulator.journal]


def test_a_cos_signature_ends_with_its_key_time() -> None:
    with Emulator(now=lambda: time.time() + 3600) as emulator:
        _said(emulator, COS, png(64, 64))

    assert (403, "AccessDenied") == (emulator.journal[0].status, emulator.journal[0].code)


def test_a_changed_body_breaks_the_signature(photos: Path, taggers_emulator: Emulator) -> None:
    path = "/v2/emulator/image/tagging"
    url = taggers_emulator.url + path
    prepared = Prepared(method="POST", url=url, headers={}, body=b'{"image": ""}')
    signed = sign(prepared, "emulator", "emulator-secret", time.time())

    status, _, said = _http(taggers_emulator, path, {"image": "x"}, **signed.headers)

    assert (401, "APIGW.0301") == (status, said["error_code"])
    assert "canonicalRequest:POST|/v2/emulator/image/tagging/||host:" in said["error_msg"]


def test_without_verifying_anybody_may_ask(photos: Path) -> None:
    with Emulator(verify=False) as emulator:
        found = _said(emulator, V2, photos / "cat.jpg", sk="wrong")

    assert isinstance(found, Result)


def test_a_picture_over_the_limits_is_refused_by_the_server_too(
    taggers_emulator: Emulator,
) -> None:
    registry = installed()
    anything = Accepts(formats=("png", "gif"))
    careless = evolve(registry.provider(V2), accepts=anything)
    registry._loaded[V2], kept = careless, registry.provider(V2)
    try:
        large = _said(taggers_emulator, V2, png(4097, 10))
        strange = _said(taggers_emulator, V2, b"GIF89a\x0a\0\x0a\0\0\0\0;")
    finally:
        registry._loaded[V2] = kept

    assert isinstance(large, ImageDimensions)
    assert isinstance(strange, UnsupportedImage)
    assert ("AIS.0504", "rejected") == (large.code, large.outcome)
    assert "AIS.0502" == strange.code


def test_a_token_is_given_for_a_password_and_opens_the_service(
    photos: Path, taggers_emulator: Emulator
) -> None:
    def asked(password: str, scope: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        user = {"name": "emulator", "password": password, "domain": {"name": "emulator"}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": scope}}
        return _http(taggers_emulator, "/v3/auth/tokens", body)

    project = {"project": {"name": "cn-north-4"}}
    status, headers, said = asked("emulator-password", project)
    wrong = asked("wrong", project)
    unscoped = asked("emulator-password", {})
    token = {name.lower(): value for name, value in headers.items()}["x-subject-token"]
    result = _said(taggers_emulator, V2, photos / "cat.jpg", auth_token=token)
    loose = {name.lower(): value for name, value in unscoped[1].items()}["x-subject-token"]
    refused = _said(taggers_emulator, V2, photos / "cat.jpg", auth_token=loose)

    assert 201 == status
    assert said["token"]["expires_at"].endswith("Z")
    assert len(token) > 1000
    assert isinstance(result, Result)
    assert (401, 401) == (wrong[0], wrong[2]["error"]["code"])
    assert "AIS.0026" == getattr(refused, "code", None)


def test_an_unknown_path_says_so_with_501(taggers_emulator: Emulator) -> None:
    status, headers, said = _http(taggers_emulator, "/v9/unheard", {}, method="PATCH")

    assert 501 == status
    assert "does not know how the vendor answers PATCH /v9/unheard" in said
    assert "x-taggers-emulator" in {name.lower() for name in headers}


@pytest.mark.parametrize(
    ("fault", "kind", "billed"),
    [
        (Fault(do="throttle"), RateLimited, 0),
        (Fault(do="code", code="AIS.0506"), ServerFault, 0),
        (Fault(do="reset-before"), OutcomeUnknown, 0),
        (Fault(do="reset-after"), OutcomeUnknown, 1),
        (Fault(do="truncate"), MalformedResponse, 1),
        (Fault(do="malformed"), MalformedResponse, 1),
        (Fault(do="html"), MalformedResponse, 1),
        (Fault(do="drip"), Result, 1),
        (Fault(do="slow", latency_s=0.1), Result, 1),
    ],
    ids=lambda value: value.do if isinstance(value, Fault) else None,
)
def test_a_fault_does_what_it_says(
    fault: Fault, kind: type, billed: int, taggers_emulator: Emulator
) -> None:
    taggers_emulator.fail(fault)

    found = _said(taggers_emulator, V2, png(64, 64))

    assert kind is type(found), found
    assert billed == taggers_emulator.billed
    assert fault.do == taggers_emulator.journal[0].fault


def test_silence_lasts_until_the_caller_gives_up(taggers_emulator: Emulator) -> None:
    taggers_emulator.fail("silence")
    settings = taggers_emulator.settings(V2)

    impatient = Tagger(V2, policy=Policy(deadline_s=0.3), **settings)
    with impatient, pytest.raises(TaggersError) as caught:
        impatient.tag(png(64, 64))

    assert "unknown" == caught.value.outcome


def test_faults_strike_in_order_and_as_often_as_told(taggers_emulator: Emulator) -> None:
    taggers_emulator.fail("throttle", times=2)
    taggers_emulator.fail("code", code="AIS.0032", after=3)

    kinds = [type(_said(taggers_emulator, V2, png(64, 64))) for _ in range(5)]

    assert [RateLimited, RateLimited, Result, QuotaExhausted, QuotaExhausted] == kinds


def test_a_rate_repeats_with_its_seed() -> None:
    def struck() -> list[bool]:
        with Emulator(seed=7, faults=[Fault(do="throttle", rate=0.5)]) as emulator:
            return [isinstance(_said(emulator, V2, png(64, 64)), Result) for _ in range(12)]

    first = struck()

    assert first == struck()
    assert 0 < sum(first) < 12


def test_more_calls_than_the_limits_are_throttled_with_their_text() -> None:
    with Emulator(
        limits=Limits(rate_per_s=2), now=lambda: 1_800_000_000.5, verify=False
    ) as emulator:
        found = [_said(emulator, V2, png(64, 64)) for _ in range(3)]

    assert [Result, Result, RateLimited] == [type(outcome) for outcome in found]
    assert "limit:2,time:1 second" in str(found[2])
    assert 1.0 == getattr(found[2], "retry_after_s", None)


def test_our_client_waits_out_a_throttled_second(taggers_emulator: Emulator) -> None:
    taggers_emulator.fail("throttle", times=1)

    with taggers_emulator.tagger(V2, policy=Policy(throttle_s=0.01)) as tagger:
        result = tagger.tag(png(64, 64))

    assert [429, 200] == [attempt.status for attempt in result.provenance.attempts]
    assert 1 == taggers_emulator.billed


def test_an_upload_is_deleted_also_when_tagging_fails(taggers_emulator: Emulator) -> None:
    taggers_emulator.fail("code", code="InternalError", only=COS)

    found = _said(taggers_emulator, COS, png(64, 64))

    assert isinstance(found, ServerFault)
    assert ["PUT", "GET", "DELETE"] == [call.method for call in taggers_emulator.journal]
    assert {} == taggers_emulator._service.world.objects


def test_expired_tokens_are_refused(photos: Path, taggers_emulator: Emulator) -> None:
    taggers_emulator._service.world.tokens["t"] = (9e9, "emulator")
    taggers_emulator.fail("expire-tokens", after=1)

    first = _said(taggers_emulator, V2, png(64, 64), auth_token="t")
    second = _said(taggers_emulator, V2, png(64, 64), auth_token="t")

    assert (Result, TokenExpired) == (type(first), type(second))


def test_the_control_plane_shows_what_happened_without_secrets(
    photos: Path, taggers_emulator: Emulator
) -> None:
    _said(taggers_emulator, V2, photos / "cat.jpg")
    _said(taggers_emulator, COS, photos / "cat.jpg", secret_key="a-wrong-secret")

    health = _http(taggers_emulator, "/_emulator/health")
    journal = _http(taggers_emulator, "/_emulator/journal")
    reset = _http(taggers_emulator, "/_emulator/reset", {})
    after = _http(taggers_emulator, "/_emulator/journal")

    assert ("ok", 200) == (health[2]["status"], health[0])
    assert 1 == journal[2]["billed"]
    assert [200, 403] == [call["status"] for call in journal[2]["calls"]]
    assert "q-signature" not in json.dumps(journal[2])
    assert "secret" not in json.dumps(journal[2])
    assert (200, []) == (reset[0], after[2]["calls"])


def test_faults_and_fixtures_are_set_over_http(taggers_emulator: Emulator) -> None:
    content = base64.b64encode(png(64, 64)).decode()
    told = {"content": content, "tags": [{"name": "grey", "zh": "灰", "confidence": 0.9}]}

    fixture = _http(taggers_emulator, "/_emulator/fixtures", told)
    fault = _http(taggers_emulator, "/_emulator/faults", {"do": "throttle", "times": 1})
    wrong = _http(taggers_emulator, "/_emulator/faults", {"do": "trottle"})
    first, second = (_said(taggers_emulator, V2, png(64, 64)) for _ in range(2))
    listed = _http(taggers_emulator, "/_emulator/faults")
    cleared = _http(taggers_emulator, "/_emulator/faults", method="DELETE")

    assert (201, 201, 204) == (fixture[0], fault[0], cleared[0])
    assert (400, "fault: there is no fault 'trottle'; did you mean 'throttle'?") == (
        wrong[0],
        wrong[2]["detail"],
    )
    assert isinstance(first, RateLimited)
    assert isinstance(second, Result)
    assert ["灰"] == [tag.name for tag in second]
    assert [1] == [item["struck"] for item in listed[2]]


def test_a_taken_port_is_a_clear_error(taggers_emulator: Emulator) -> None:
    port = int(taggers_emulator.url.rpartition(":")[2])

    with pytest.raises(LocalResourceError, match=f"cannot listen on 127.0.0.1:{port}"):
        Emulator(port=port).start()


def test_a_provider_that_is_not_emulated_is_named(taggers_emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="local-basic is not emulated; these are: "):
        taggers_emulator.settings("local-basic")


def test_another_account_has_other_keys(photos: Path) -> None:
    account = Account(key_id="me", secret="mine", project_id="p1", bucket="b-1")
    with Emulator(account=account) as emulator:
        found = _said(emulator, COS, photos / "cat.jpg")
        refused = _said(emulator, COS, photos / "cat.jpg", secret_key="emulator-secret")

    assert isinstance(found, Result)
    assert isinstance(refused, Authentication | PermissionDenied)


def test_fixtures_may_be_values(photos: Path) -> None:
    content = (photos / "cat.jpg").read_bytes()
    with Emulator(fixtures=[Fixture(content=content, tags=(Tag("猫", 0.9),))]) as emulator:
        found = _said(emulator, COS, content)

    assert isinstance(found, Result)
    assert (Tag("猫", 0.9),) == found.tags


def test_what_some_providers_say_comes_before_what_all_say(photos: Path) -> None:
    content = (photos / "cat.jpg").read_bytes()
    told = [
        Fixture(content=content, tags=(Tag("猫", 0.9),)),
        Fixture(content=content, only="tencent-*", tags=(Tag("宠物", 0.8),)),
        Fixture(only="tencent-*", tags=(Tag("什么", 0.8),)),
    ]
    with Emulator(fixtures=told) as emulator:
        found = [_said(emulator, name, content) for name in (V2, COS)]

    assert ["猫", "宠物"] == [said.tags[0].name for said in found if isinstance(said, Result)]


def test_the_command_says_how_to_sign_in_by_password(photos: Path) -> None:
    command = [sys.executable, "-m", "taggers", "emulate", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout)
        said = "".join(itertools.takewhile(lambda line: "HW_USER_PASSWORD" not in line, lines))
        endpoint = re.findall(r'^endpoint = "(.+)"', said, re.M)[0]
        given = dict(re.findall(r'(user|domain|iam_endpoint) = "([^"]+)"', said))
        with Tagger(
            V2, endpoint=endpoint, project_id="emulator", password=PASSWORD, **given
        ) as ask:
            result = ask.tag(photos / "cat.jpg")
        process.send_signal(signal.SIGINT)
        process.wait(20)

    assert {"user", "domain", "iam_endpoint"} == set(given)
    assert result.provenance.emulated


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path, photos: Path) -> None:
    command = [sys.executable, "-m", "taggers", "emulate", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        config, keys = [], {}
        for line in process.stdout:
            config.append(line)
            if line.startswith("# export "):
                name, _, value = line.removeprefix("# export ").strip().partition("=")
                keys[name] = value
            elif keys:
                break
        (tmp_path / "taggers.toml").write_text("".join(config))
        done = subprocess.run(
            [sys.executable, "-m", "taggers", "tag", photos / "cat.jpg", "-p", V2, "-p", COS],
            cwd=tmp_path, env={**os.environ, **keys}, capture_output=True, text=True, check=False,
            timeout=60,
        )  # fmt: skip
        process.send_signal(signal.SIGINT)
        process.wait(20)

    assert 0 == done.returncode, done.stderr
    assert [V2, COS] == [json.loads(line)["provider"] for line in done.stdout.splitlines()]
    assert 130 == process.returncode


def _raw(emulator: Emulator, request: bytes, *, wait_s: float = 5.0) -> bytes:
    """What comes back for these bytes; b"reset" where the connection is reset."""
    host, _, port = emulator.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=wait_s) as stream:
        stream.sendall(request)
        try:
            return stream.recv(65536)
        except ConnectionResetError:
            return b"reset"


def test_a_reset_before_the_body_does_not_wait_for_it(taggers_emulator: Emulator) -> None:
    taggers_emulator.fail("reset-before")
    head = b"POST /v2/emulator/image/tagging HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"

    assert _raw(taggers_emulator, head) == b"reset"


ODD_BODIES = [
    b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff\xfe", b'{"image": 5}', b'{"image": []}',
    b'{"url": 5}', b'{"url": "ftp://x"}', b'{"image": "aGVsbG8="}', b'{"file": {}}',
    b'{"image": "/9j/4AAQ", "limit": "x"}', b'{"threshold": "NaN"}', b'{"tags": ["a"]}',
    b'{"path": 1, "limit": true}', b'{"auth": null}', b'{"auth": {"scope": null}}',
    b'{"auth": {"identity": {"password": {"user": []}}, "scope": {"project": "x"}}}',
]  # fmt: skip


def test_nothing_that_a_stranger_sends_is_answered_by_a_fault_of_the_emulators(
    photos: Path,
) -> None:
    cut = base64.b64encode((photos / "cat.jpg").read_bytes()[:900]).decode()
    bodies = [*ODD_BODIES, json.dumps({"image": cut}).encode(), json.dumps({"file": cut}).encode()]
    targets = [
        f"{route.method} {route.path.replace('*', '').format_map(_Emulated())}"
        for dialect in installed().dialects()
        for route in dialect.routes
    ]
    odd = ["GET //[x", "GET /%00%ff?%ff=%zz", "PUT //a", "GET /a?q-key-time=" + "9" * 5000]
    with Emulator(verify=False) as emulator:
        statuses = {
            (target, body[:40]): _status(emulator, target, body)
            for target in [*targets, *odd]
            for body in bodies
        }

    wrong = {asked: status for asked, status in statuses.items() if status >= 500}
    assert {} == {asked: status for asked, status in wrong.items() if status != 501}


class _Emulated(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "emulator"


def _status(emulator: Emulator, target: str, body: bytes) -> int:
    head = f"{target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    answer = _raw(emulator, head.encode() + b"\r\n" + body)
    return int(answer.split(b" ")[1])


def test_a_damaged_picture_is_refused_as_one(photos: Path) -> None:
    cut = base64.b64encode((photos / "cat.jpg").read_bytes()[:9000]).decode()
    with Emulator(verify=False) as emulator:
        status, _, said = _http(emulator, "/v2/emulator/image/tagging", {"image": cut})

    assert (400, "AIS.0502") == (status, said["error_code"])


def test_ten_slow_calls_do_not_fit_into_nine_slots() -> None:
    limits = Limits(concurrency=9)
    slow = Fault(do="slow", latency_s=0.5, after=1)
    with Emulator(limits=limits, faults=[slow], verify=False) as emulator:
        settings = emulator.settings(V2)

        async def run() -> list[Any]:
            async with AsyncTagger(V2, policy=ONCE, **settings) as tagger:
                await tagger.tag(png(64, 64))
                return [o async for o in tagger.tag_many([png(64, 64)] * 10)]

        kinds = [type(outcome) for outcome in asyncio.run(run())]

    assert (9, 1) == (kinds.count(Result), kinds.count(RateLimited))


def test_many_threads_at_once_are_all_answered_and_counted(taggers_emulator: Emulator) -> None:
    def ask(_: int) -> Any:
        return _said(taggers_emulator, V2, png(64, 64))

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(ask, range(48)))

    assert {Result} == {type(outcome) for outcome in outcomes}
    assert 48 == taggers_emulator.billed == len({call.number for call in taggers_emulator.journal})


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/a.jpg?ci-process=detect-face"),
        ("GET", "/a.jpg?acl"),
        ("PUT", "/a.jpg?acl"),
        ("PUT", "/a.jpg?partNumber=1&uploadId=2"),
        ("GET", "/?prefix=a"),
        ("GET", "/v2/emulator/image/tagging"),
    ],
)
def test_what_is_not_known_of_a_store_is_a_501(method: str, target: str) -> None:
    with Emulator(verify=False) as emulator:
        status, _, _ = _http(emulator, target, None if method == "GET" else {}, method)

    assert 501 == status


def test_a_rule_is_for_what_is_seen_and_may_choose_by_its_seed(photos: Path) -> None:
    words = tuple(Tag(name, 0.9) for name in ("猫", "狗", "鸟", "鱼", "马"))
    rules = [
        Fixture(sees="greyscale", tags=(Tag("灰度", 0.8),)),
        Fixture(name="/nothing/*", tags=()),
        Fixture(tags=words, choose=2, seed=7),
    ]

    def said(name: str) -> list[str]:
        with Emulator(fixtures=rules) as emulator:
            result = _said(emulator, COS, photos / name)
        assert isinstance(result, Result)
        return [tag.name for tag in result]

    assert ["灰度"] == said("grass.jpg")
    assert 2 == len(said("cat.jpg"))
    assert said("cat.jpg") == said("cat.jpg")
    assert said("cat.jpg") != said("coffee.jpg")


def test_faults_and_limits_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text('[limits]\nconcurrency = 10\n[[faults]]\ndo = "throttle"\ntimes = 1\n')
    with Emulator(faults=path) as emulator:
        kinds = [type(_said(emulator, V2, png(64, 64))) for _ in range(2)]
        limits = _http(emulator, "/_emulator/limits")

    assert [RateLimited, Result] == kinds
    assert 10 == limits[2]["concurrency"]


def test_the_command_takes_limits_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text("[limits]\nconcurrency = 3\n")
    command = [sys.executable, "-m", "taggers", "emulate", "--port", "0", "--faults", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = "".join(itertools.takewhile(lambda line: "PASSWORD" not in line, process.stdout))
        url = re.findall(r'^endpoint = "(.+)"', said, re.M)[0]
        with urllib.request.urlopen(f"{url}/_emulator/limits", timeout=10) as answer:
            limits = json.loads(answer.read())
        process.send_signal(signal.SIGINT)
        process.wait(20)

    assert 3 == limits["concurrency"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[fault]]\ndo = 'slow'", "fault: there is no such key; did you mean 'faults'"),
        ("faults = 5", "faults: must be tables"),
        ("[[faults]]\ntimes = 1", r"faults\[0\].do: is missing"),
        ("[[faults]]\ndo = 'slow'\ntimes = '3'", r"faults\[0\]: times must be a whole number"),
        ("[[faults]]\ndo = 'slow'\nrate = 7", "rate must be a number from 0 to 1, not 7"),
        ("[[faults]]\ndo = 'slow'\nonly = 'huawei-tagging-v9'", "only: there is no service"),
        ("[[faults]]\ndo = 'code'", "code goes with do"),
        ("[[faults]]\ndo = 'code'\ncode = 'NoSuchThing'", "no such service answers"),
        ("[limits]\nrate_per_s = 0", "limits: rate_per_s must be a whole number from 1"),
    ],
)
def test_a_mistake_in_the_faults_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "faults.toml").write_text(text)

    with pytest.raises(ConfigurationError, match=says):
        Emulator(faults=tmp_path / "faults.toml")


@pytest.mark.parametrize(
    "body", [b"{", b"5", b'{"do": 5}', b'{"do": "slow", "times": "3"}', b'{"do": "slow", "x": 1}']
)
def test_a_wrong_fault_over_http_is_a_400(body: bytes, taggers_emulator: Emulator) -> None:
    head = f"POST /_emulator/faults HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"

    assert b" 400 " in _raw(taggers_emulator, head.encode() + body)[:20]


@pytest.mark.parametrize(
    "table",
    [
        {"tags": 5}, {"tags": [{"name": "a", "confidence": 93}]}, {"tagz": []}, {"name": 5},
        {"tags": [{"name": "a", "boxes": [[1, 2]]}]}, {"content": "aGVsbG8="}, {"content": 5},
        {"labels": ["a"]}, [], {"tags": ["cat"]},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_fixture_over_http_is_a_400(table: Any, taggers_emulator: Emulator) -> None:
    assert 400 == _http(taggers_emulator, "/_emulator/fixtures", table)[0]


def test_the_journal_tells_what_was_asked(photos: Path, taggers_emulator: Emulator) -> None:
    with taggers_emulator.tagger(V2) as tagger:
        tagger.tag(photos / "cat.jpg", limit=3, language="en")
    with taggers_emulator.tagger(COS, scenes=["web", "camera"]) as tagger:
        tagger.tag(photos / "cat.jpg")

    with taggers_emulator.tagger("google-vision") as tagger:
        tagger.tag(photos / "cat.jpg")

    huawei, _, tencent, _, google = taggers_emulator.journal
    assert (3, "en") == (huawei.asked["limit"], huawei.asked["language"])
    assert huawei.asked["image"].endswith(" characters>")
    assert google.asked["requests"][0]["image"]["content"].endswith(" characters>")
    assert {"ci-process": "detect-label", "scenes": "web,camera"} == dict(tencent.asked)


def test_more_than_five_wrong_signatures_lock_the_key(taggers_emulator: Emulator) -> None:
    for number in range(6):
        _said(taggers_emulator, V2, png(64, 64), sk=f"wrong-{number}")

    locked = _said(taggers_emulator, V2, png(64, 64))

    assert isinstance(locked, CredentialLocked)


def test_a_projects_id_is_found_by_its_name(taggers_emulator: Emulator) -> None:
    with Emulator(verify=False) as emulator:
        _, _, found = _http(emulator, "/v3/projects?name=cn-north-4")
        _, _, none = _http(emulator, "/v3/projects?name=elsewhere")

    assert ["emulator"] == [project["id"] for project in found["projects"]]
    assert [] == none["projects"]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=" + "0" * 64},
        {"x-auth-token": "a token"},
    ],
)
def test_what_is_signed_for_one_vendor_is_not_anothers_file(
    headers: dict[str, str], taggers_emulator: Emulator
) -> None:
    for method in ("GET", "PUT", "DELETE"):
        path = "/v1/emulator/service/emulator"

        status, _, said = _http(taggers_emulator, path, method=method, **headers)

        assert (501, True) == (status, f"{method} {path}" in said)


def test_a_file_may_be_called_like_another_vendors_path(taggers_emulator: Emulator) -> None:
    signed = "q-sign-algorithm=sha1&q-ak=stranger"

    status, _, said = _http(
        taggers_emulator, "/v1.0/image/tagging", method="PUT", authorization=signed
    )

    assert (403, True) == (status, "<Code>InvalidAccessKeyId</Code>" in said)


def test_a_path_that_no_vendor_claims_is_a_file(taggers_emulator: Emulator) -> None:
    status, _, said = _http(taggers_emulator, "/v1/emulator/service/emulator")

    assert (403, True) == (status, "<Code>AccessDenied</Code>" in said)


def test_an_upload_that_breaks_off_leaves_nothing_behind(taggers_emulator: Emulator) -> None:
    address = urllib.parse.urlsplit(taggers_emulator.url)
    head = b"PUT /half.jpg HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n"
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head + b"half")

    journal = _journal_of(taggers_emulator, 1)

    assert [("PUT", None)] == [(call.method, call.status) for call in journal]
    assert {} == taggers_emulator._service.world.objects


def _journal_of(emulator: Emulator, count: int) -> tuple[Any, ...]:
    """The journal, as soon as so many calls are in it."""
    ends = time.monotonic() + 10
    while len(emulator.journal) < count and time.monotonic() < ends:
        threading.Event().wait(0.01)
    return emulator.journal


@pytest.mark.parametrize("kind", ["reset-before", "reset-after", "truncate"])
def test_a_connection_that_is_broken_on_purpose_is_no_error_of_the_emulator(
    kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with Emulator(verify=False) as emulator:
        emulator.fail(kind)
        with pytest.raises(OSError):
            urllib.request.urlopen(emulator.url, timeout=10).read()
        emulator.heal()
        _http(emulator, "/")

    assert "" == capfd.readouterr().err
