"""Signing in before a call: tokens, temporary keys, vendors' files, clocks."""

from __future__ import annotations

import asyncio
import datetime
import json
import time
from pathlib import Path
from typing import Any

import pytest
from server import Exchange, Received, Server, answer_by, written

from taggers import AsyncTagger, Policy, Result, Tagger, TaggersError
from taggers.emulator import Account, Emulator
from taggers.errors import Authentication, ClockSkew, ConfigurationError, RateLimited
from taggers.testing import png

V2 = "huawei-tagging-v2"
COS = "tencent-detect-label"
PICTURE = png(64, 64)


def _by_password(emulator: Emulator, **settings: str) -> dict[str, Any]:
    """Settings that sign in with a password."""
    return {
        "endpoint": emulator.url,
        "iam_endpoint": emulator.url,
        "user": "emulator",
        "password": "emulator-password",
        "domain": "emulator",
        "project_id": "emulator",
        **settings,
    }


def _calls(emulator: Emulator, service: str) -> int:
    return sum(call.service == service for call in emulator.journal)


async def _many(count: int, **settings: Any) -> list[Result | TaggersError]:
    """The outcomes of so many calls at once with one tagger."""
    async with AsyncTagger(V2, policy=Policy(deadline_s=20), **settings) as tagger:
        return [outcome async for outcome in tagger.tag_many([PICTURE] * count, concurrency=count)]


def test_a_password_becomes_one_token_for_all_calls(taggers_emulator: Emulator) -> None:
    outcomes = asyncio.run(_many(20, **_by_password(taggers_emulator)))

    assert [Result] * 20 == [type(outcome) for outcome in outcomes]
    assert (1, 20) == (_calls(taggers_emulator, "huawei-iam"), taggers_emulator.billed)


def test_a_token_is_for_a_project_by_its_name_too(taggers_emulator: Emulator) -> None:
    settings = _by_password(taggers_emulator, region="cn-north-4")
    del settings["project_id"]

    with Tagger("huawei-tagging-v1", **settings) as tagger:
        result = tagger.tag(PICTURE)

    assert result.tags


def test_a_revoked_token_is_refreshed_once_for_all_waiting_calls(
    taggers_emulator: Emulator,
) -> None:
    async def run() -> list[Result | TaggersError]:
        async with AsyncTagger(V2, **_by_password(taggers_emulator)) as tagger:
            await tagger.tag(PICTURE)
            taggers_emulator._service.world.tokens.clear()
            return [o async for o in tagger.tag_many([PICTURE] * 20, concurrency=20)]

    outcomes = asyncio.run(run())

    assert [Result] * 20 == [type(outcome) for outcome in outcomes]
    assert 2 == _calls(taggers_emulator, "huawei-iam")
    assert 21 == taggers_emulator.billed


def test_a_token_that_is_refused_again_is_not_asked_for_for_ever(
    taggers_emulator: Emulator,
) -> None:
    taggers_emulator.fail("code", code="AIS.0002", only=V2)

    tagger = Tagger(V2, **_by_password(taggers_emulator))
    with tagger, pytest.raises(Authentication) as caught:
        tagger.tag(PICTURE)

    assert 2 == len(caught.value.attempts)
    assert 2 == _calls(taggers_emulator, "huawei-iam")


def test_a_ready_token_is_the_users_and_is_not_refreshed(taggers_emulator: Emulator) -> None:
    settings = {**taggers_emulator.settings(V2), "auth_token": "the-users-own"}

    with Tagger(V2, **settings) as tagger, pytest.raises(Authentication) as caught:
        tagger.tag(PICTURE)

    assert 1 == len(caught.value.attempts)


def test_a_wrong_password_is_tried_once(taggers_emulator: Emulator) -> None:
    outcomes = asyncio.run(_many(20, **_by_password(taggers_emulator, password="not-it")))

    assert [Authentication] * 20 == [type(outcome) for outcome in outcomes]
    assert 1 == _calls(taggers_emulator, "huawei-iam")
    assert "The username or password is wrong." in str(outcomes[-1])
    assert 0 == taggers_emulator.billed


def test_a_wrong_password_appears_nowhere(taggers_emulator: Emulator) -> None:
    settings = _by_password(taggers_emulator, password="pa55-w0rd", user="nobody")

    with Tagger(V2, **settings) as tagger, pytest.raises(Authentication) as caught:
        tagger.tag(PICTURE)

    assert "pa55-w0rd" not in repr(caught.value) + str(caught.value) + repr(caught.value.__cause__)


def test_a_token_is_renewed_when_four_fifths_of_its_life_are_over() -> None:
    def asked(lives_s: float) -> int:
        given = []

        def reply(exchange: Exchange) -> None:
            request = exchange.read()
            said: dict[str, Any] = {"result": {"tags": []}}
            if request.target.startswith("/v3/auth"):
                given.append(request)
                ends = datetime.datetime.fromtimestamp(time.time() + lives_s, datetime.UTC)
                said = {"token": {"expires_at": _iso(ends)}}
            headers = {"X-Subject-Token": "t" * 2000}
            exchange.write(written(json.dumps(said).encode(), 201, headers))

        with Server(reply) as server:
            settings = {
                "endpoint": server.url, "iam_endpoint": server.url, "user": "u",
                "password": "p", "domain": "d", "project_id": "p",
            }  # fmt: skip
            with Tagger(V2, **settings) as tagger:
                tagger.tag(PICTURE)
                tagger.tag(PICTURE)
        return len(given)

    assert (1, 2) == (asked(lives_s=1000), asked(lives_s=0))


def _iso(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_an_ecs_gives_the_keys_of_its_agency() -> None:
    asked: list[str] = []

    def metadata(request: Received) -> Any:
        asked.append(request.target)
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
        return {
            "credential": {
                "access": "emulator",
                "secret": "emulator-secret",
                "securitytoken": "session",
                "expires_at": _iso(ends),
            }
        }

    vendor = Emulator(account=Account(session_token="session"))
    with Server(answer_by(metadata)) as server, vendor:
        settings = {
            "endpoint": vendor.url,
            "metadata": server.url,
            "project_id": "emulator",
        }
        with Tagger(V2, **settings) as tagger:
            results = [tagger.tag(PICTURE) for _ in range(3)]

    assert [True] * 3 == [bool(result.tags) for result in results]
    assert ["/openstack/latest/securitykey"] == asked


def test_the_vendors_own_files_of_keys_are_read(
    tmp_path: Path, taggers_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hw").write_text(
        "[basic]\nak = emulator\nsk = emulator-secret\nproject_id = emulator\n"
    )
    (tmp_path / "tx").write_text("[default]\nsecret_id = emulator\nsecret_key = emulator-secret\n")
    monkeypatch.setenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE", str(tmp_path / "hw"))
    monkeypatch.setenv("TENCENTCLOUD_CREDENTIALS_FILE", str(tmp_path / "tx"))

    with Tagger(V2, endpoint=taggers_emulator.url) as tagger:
        huawei = tagger.tag(PICTURE)
    bucket = Account().bucket
    with Tagger(COS, endpoint=taggers_emulator.url, bucket=bucket) as tagger:
        tencent = tagger.tag(PICTURE)

    assert huawei.tags
    assert tencent.tags


def test_a_damaged_file_of_keys_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hw").write_text("no section at all\n")
    monkeypatch.setenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE", str(tmp_path / "hw"))

    with pytest.raises(ConfigurationError, match=r"hw cannot be read"):
        Tagger(V2).check()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, r"HUAWEICLOUD_SDK_CREDENTIALS_FILE names .*hw, which is not there"),
        ("[default]\nak = a\n[more]\n", r"has no section \[basic\]; it has \[default\] \[more\]"),
        ("", r"has no section \[basic\]$"),
    ],
)
def test_a_file_of_keys_that_is_named_must_hold_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, says: str
) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE", str(tmp_path / "hw"))
    if text is not None:
        (tmp_path / "hw").write_text(text)

    with pytest.raises(ConfigurationError, match=says):
        Tagger(V2).check()


def test_a_file_of_keys_need_not_stand_at_its_usual_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE")
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(ConfigurationError, match=r"or \[basic\] in ~/\.huaweicloud/credentials"):
        Tagger(V2).check()


def test_a_password_goes_to_no_other_host_than_the_vendors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HW_USER_NAME", "me")
    monkeypatch.setenv("HW_USER_PASSWORD", "mine")
    monkeypatch.setenv("HW_DOMAIN_NAME", "ours")
    config = tmp_path / "taggers.toml"
    config.write_text(
        'default = "hw"\n[providers.hw]\nplugin = "huawei-tagging-v2"\nproject_id = "p"\n'
        'iam_endpoint = "https://evil.example.com"\n'
    )

    with pytest.raises(ConfigurationError, match=r"keys would be sent to evil\.example\.com"):
        Tagger.from_config(config).check()


@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.parametrize("provider", [V2, COS])
def test_a_clock_that_is_off_is_corrected_once_with_a_warning(provider: str, hours: int) -> None:
    late = Emulator(now=lambda: time.time() + hours * 3600)

    with late, late.tagger(provider) as tagger:
        first, second = tagger.tag(PICTURE), tagger.tag(PICTURE)

    off_s = float(first.warnings[0].split()[4])
    assert 3600 == pytest.approx(-off_s * hours, abs=5)
    assert 1 == len(first.warnings)
    assert () == second.warnings
    assert len(second.provenance.attempts) + 1 == len(first.provenance.attempts)


@pytest.mark.parametrize("provider", [V2, COS])
def test_a_clock_that_is_off_is_corrected_for_all_calls_at_once(provider: str) -> None:
    async def run() -> list[Result | TaggersError]:
        async with AsyncTagger(provider, **late.settings(provider)) as tagger:
            return [o async for o in tagger.tag_many([PICTURE] * 20, concurrency=20)]

    with Emulator(now=lambda: time.time() + 3600) as late:
        outcomes = asyncio.run(run())

    assert [Result] * 20 == [type(outcome) for outcome in outcomes]
    assert 1 == sum(len(o.warnings) for o in outcomes if isinstance(o, Result))


@pytest.mark.parametrize("provider", [V2, COS])
def test_a_clock_that_jumps_is_corrected_by_every_call_under_way(provider: str) -> None:
    ahead_s = [0]

    async def run() -> list[Result | TaggersError]:
        settings = jumping.settings(provider)
        async with AsyncTagger(provider, **settings) as tagger:
            await tagger.tag(PICTURE)
            ahead_s[0] = 3600
            return [o async for o in tagger.tag_many([PICTURE] * 4, concurrency=4)]

    with Emulator(now=lambda: time.time() + ahead_s[0]) as jumping:
        jumping.fail("slow", latency_s=0.3)
        outcomes = asyncio.run(run())

    assert [Result] * 4 == [type(outcome) for outcome in outcomes]
    assert [1] * 4 == [len(o.warnings) for o in outcomes if isinstance(o, Result)]


def test_a_token_lives_as_long_as_the_vendors_clock_says() -> None:
    with Emulator(now=lambda: time.time() - 30 * 3600) as late:
        with Tagger(V2, **_by_password(late)) as tagger:
            results = [tagger.tag(PICTURE) for _ in range(3)]

        assert 1 == _calls(late, "huawei-iam")
    assert [True] * 3 == [bool(result.tags) for result in results]


def test_a_clock_that_stays_off_is_given_up_on(taggers_emulator: Emulator) -> None:
    taggers_emulator.fail("code", code="RequestTimeTooSkewed", only="cos-put-object")

    with taggers_emulator.tagger(COS) as tagger, pytest.raises(ClockSkew) as caught:
        tagger.tag(PICTURE)

    assert 1 == len(caught.value.attempts)


def test_a_throttled_token_service_is_a_typed_error(taggers_emulator: Emulator) -> None:
    taggers_emulator.fail("throttle", only="huawei-iam")

    tagger = Tagger(V2, policy=Policy(attempts=1), **_by_password(taggers_emulator))
    with tagger, pytest.raises(RateLimited):
        tagger.tag(PICTURE)

    assert 0 == taggers_emulator.billed


def test_a_presigned_request_signs_in_its_url() -> None:
    with Emulator(account=Account(session_token="session")) as emulator:
        with emulator.tagger(COS, presigned="yes") as tagger:
            result = tagger.tag(PICTURE)
        without = emulator.tagger(COS, presigned="yes", token="another")
        with without as tagger, pytest.raises(TaggersError) as caught:
            tagger.tag(PICTURE)

    assert result.tags
    assert "AccessDenied" == caught.value.code
