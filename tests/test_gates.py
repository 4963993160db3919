"""Gates before credentials: a wrong key is tried once, whoever asks."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from server import Exchange, Server, answer, answer_json, closed_port, silence

from taggers import AsyncTagger, Policy, Result, Tagger, TaggersError
from taggers._clock import Moment
from taggers._gates import LOCKED_OUT_S, PROVING_S, Gate
from taggers._shared import Shared, fingerprint, forget
from taggers.emulator import Emulator
from taggers.errors import (
    Authentication,
    ConnectFailed,
    CredentialLocked,
    DeadlineExceeded,
    InvalidRequest,
    Unavailable,
    UnknownVendorError,
)
from taggers.plugin import Secret
from taggers.testing import png

V2 = "huawei-tagging-v2"
COS = "tencent-detect-label"
PICTURE = png(64, 64)
NO_TAGS = answer_json({"result": {"tags": []}})
WRONG = {V2: {"sk": "not-it"}, COS: {"secret_key": "not-it"}}


def _at(seconds: float) -> Moment:
    return Moment(seconds, 1_800_000_000 + seconds)


async def _many(count: int, provider: str, **settings: Any) -> list[Result | TaggersError]:
    """The outcomes of so many calls at once with one tagger."""
    async with AsyncTagger(provider, policy=Policy(deadline_s=20), **settings) as tagger:
        return [outcome async for outcome in tagger.tag_many([PICTURE] * count, concurrency=count)]


def _errors(outcomes: list[Result | TaggersError]) -> list[TaggersError]:
    return [outcome for outcome in outcomes if isinstance(outcome, TaggersError)]


@pytest.mark.parametrize("provider", [V2, COS])
def test_a_wrong_key_is_sent_once_however_many_calls_want_it(
    provider: str, taggers_emulator: Emulator
) -> None:
    settings = {**taggers_emulator.settings(provider), **WRONG[provider]}

    errors = _errors(asyncio.run(_many(20, provider, **settings)))

    assert [Authentication] * 20 == [type(error) for error in errors]
    assert 1 == len(taggers_emulator.journal)
    assert ["not sent"] * 19 + ["rejected"] == sorted(error.outcome for error in errors)
    assert [()] * 19 == [error.attempts for error in errors if error.outcome == "not sent"]


def test_a_refused_key_stays_off_for_every_tagger_and_says_since_when(
    taggers_emulator: Emulator,
) -> None:
    settings = {**taggers_emulator.settings(V2), "sk": "not-it"}
    asyncio.run(_many(1, V2, **settings))

    with Tagger(V2, **settings) as tagger, pytest.raises(Authentication) as caught:
        tagger.tag(PICTURE)

    assert 1 == len(taggers_emulator.journal)
    assert "not sent again before" in caught.value.message
    assert "check ak and sk" in (caught.value.hint or "")
    assert LOCKED_OUT_S == pytest.approx(caught.value.retry_after_s, abs=5)


def test_another_key_is_tried_at_once(taggers_emulator: Emulator) -> None:
    asyncio.run(_many(1, V2, **{**taggers_emulator.settings(V2), "sk": "not-it"}))

    with taggers_emulator.tagger(V2) as tagger:
        result = tagger.tag(PICTURE)

    assert result.tags


def test_taggers_in_several_threads_try_a_wrong_key_once(taggers_emulator: Emulator) -> None:
    settings = {**taggers_emulator.settings(V2), "sk": "not-it"}

    with ThreadPoolExecutor(8) as threads:
        runs = [threads.submit(asyncio.run, _many(3, V2, **settings)) for _ in range(8)]
        errors = _errors([outcome for run in runs for outcome in run.result()])

    assert [Authentication] * 24 == [type(error) for error in errors]
    assert 1 == len(taggers_emulator.journal)


def test_taggers_in_several_threads_sign_in_once(taggers_emulator: Emulator) -> None:
    settings = {
        "endpoint": taggers_emulator.url, "iam_endpoint": taggers_emulator.url,
        "user": "emulator", "domain": "emulator", "project_id": "emulator",
    }  # fmt: skip

    def run(password: str) -> list[str]:
        with ThreadPoolExecutor(8) as threads:
            many = [_many(3, V2, password=password, **settings) for _ in range(8)]
            runs = [threads.submit(asyncio.run, one) for one in many]
            return [type(outcome).__name__ for run in runs for outcome in run.result()]

    good, bad = run("emulator-password"), run("not-it")

    assert (["Result"] * 24, ["Authentication"] * 24) == (good, bad)
    assert 2 == sum(call.service == "huawei-iam" for call in taggers_emulator.journal)


def _at_server(server: Server) -> dict[str, str]:
    return {"endpoint": server.url, "ak": "a", "sk": "s", "project_id": "p"}


def _when_five_have_come(exchange: Exchange) -> None:
    exchange.read()
    if exchange.server.wait_until_received(5):
        NO_TAGS(exchange)


def test_a_good_key_is_tried_by_one_call_and_then_by_all_at_once() -> None:
    with Server(NO_TAGS, _when_five_have_come) as server:
        outcomes = asyncio.run(_many(5, V2, **_at_server(server)))

    assert [Result] * 5 == [type(outcome) for outcome in outcomes]
    assert 4 == server.busiest


def test_when_the_call_that_tries_a_key_is_cancelled_the_next_one_tries_it() -> None:
    async def run(server: Server) -> Result:
        async with AsyncTagger(V2, **_at_server(server)) as tagger:
            trying = asyncio.create_task(tagger.tag(PICTURE))
            await asyncio.to_thread(server.wait_until_received, 1)
            waiting = asyncio.create_task(tagger.tag(PICTURE))
            await asyncio.wait([waiting], timeout=0.2)
            assert 1 == len(server.requests)
            trying.cancel()
            return await waiting

    with Server(silence(), NO_TAGS) as server:
        result = asyncio.run(run(server))

    assert (1, 2) == (len(result.provenance.attempts), len(server.requests))


def test_when_the_call_that_signs_in_is_cancelled_the_next_one_signs_in() -> None:
    async def run(server: Server) -> Result:
        settings = {
            "endpoint": server.url, "iam_endpoint": server.url,
            "user": "u", "password": "p", "domain": "d", "project_id": "p",
        }  # fmt: skip
        async with AsyncTagger(V2, **settings) as tagger:
            trying = asyncio.create_task(tagger.tag(PICTURE))
            await asyncio.to_thread(server.wait_until_received, 1)
            waiting = asyncio.create_task(tagger.tag(PICTURE))
            await asyncio.wait([waiting], timeout=0.2)
            trying.cancel()
            return await waiting

    token = answer(b'{"token": {"expires_at": "2100-01-01T00:00:00Z"}}', x_subject_token="t")
    with Server(silence(), token, NO_TAGS) as server:
        result = asyncio.run(run(server))

    assert 3 == len(server.requests)
    assert () == result.tags


def test_a_key_that_did_not_reach_the_server_is_tried_by_the_next_call_meanwhile() -> None:
    settings = {"endpoint": closed_port(), "ak": "a", "sk": "s", "project_id": "p"}

    errors = _errors(asyncio.run(_many(5, V2, **settings)))

    assert [(ConnectFailed, 3)] * 5 == [(type(error), len(error.attempts)) for error in errors]


def test_a_healed_emulator_is_asked_again(taggers_emulator: Emulator) -> None:
    taggers_emulator.fail("code", code="APIG.0301")

    with taggers_emulator.tagger(V2) as tagger:
        with pytest.raises(Authentication):
            tagger.tag(PICTURE)
        taggers_emulator.heal()
        result = tagger.tag(PICTURE)

    assert result.tags


def test_who_waits_for_another_call_keeps_to_the_deadline() -> None:
    async def run(server: Server) -> TaggersError:
        settings = _at_server(server)
        async with (
            AsyncTagger(V2, **settings) as patient,
            AsyncTagger(V2, policy=Policy(deadline_s=0.3), **settings) as hasty,
        ):
            trying = asyncio.create_task(patient.tag(PICTURE))
            await asyncio.to_thread(server.wait_until_received, 1)
            with pytest.raises(TaggersError) as caught:
                await hasty.tag(PICTURE)
            trying.cancel()
            await asyncio.wait([trying])
            return caught.value

    with Server(silence()) as server:
        error = asyncio.run(run(server))

    assert (DeadlineExceeded, "not sent") == (type(error), error.outcome)
    assert 1 == len(server.requests)


def test_a_refused_key_may_be_tried_by_one_when_the_time_is_over() -> None:
    gate = Gate()
    gate.enter(1, _at(0))
    gate.judge(CredentialLocked("locked", code="X"), _at(0))

    with pytest.raises(CredentialLocked, match="locked") as caught:
        gate.enter(2, _at(LOCKED_OUT_S - 1))
    first, second = gate.enter(3, _at(LOCKED_OUT_S)), gate.enter(4, _at(LOCKED_OUT_S))

    assert ("not sent", 1.0, "X") == (
        caught.value.outcome, caught.value.retry_after_s, caught.value.code
    )  # fmt: skip
    assert (True, False) == (first is None, second is None)


@pytest.mark.parametrize(
    ("error", "proves"),
    [
        (None, True),
        (InvalidRequest("no"), True),
        (Unavailable("busy"), False),
        (UnknownVendorError("?"), False),
        (DeadlineExceeded("late"), False),
    ],
)
def test_only_an_answer_for_which_the_key_was_looked_at_proves_it(
    error: TaggersError | None, proves: bool
) -> None:
    gate = Gate()
    gate.enter(1, _at(0))

    gate.judge(error, _at(1))

    assert proves == (gate.enter(2, _at(1)) is None)


def test_an_answer_from_before_does_not_open_the_gate_again() -> None:
    gate = Gate()
    gate.enter(1, _at(0))
    gate.judge(Authentication("wrong"), _at(1))

    gate.judge(None, _at(2))

    with pytest.raises(Authentication):
        gate.enter(2, _at(3))


def test_a_call_that_never_ends_holds_the_others_up_for_a_while_only() -> None:
    gate = Gate()
    gate.enter(1, _at(0))

    before, after = gate.enter(2, _at(PROVING_S - 1)), gate.enter(3, _at(PROVING_S))

    assert (False, True) == (before is None, after is None)


def test_a_fingerprint_tells_secrets_apart_and_hides_them() -> None:
    prints = [fingerprint(("a", Secret(text))) for text in ("one", "two", "one")]

    assert (prints[0], True) == (prints[2], prints[0] != prints[1])
    assert not any(b"one" in each for each in prints)


def test_what_is_known_of_one_address_is_forgotten_alone() -> None:
    table = Shared(object)
    kept, lost = table.of(("a:1", b"")), table.of(("b:1", b""))

    forget("https://B:1/path")

    assert (True, False) == (table.of(("a:1", b"")) is kept, table.of(("b:1", b"")) is lost)
